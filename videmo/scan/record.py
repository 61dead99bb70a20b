"""What a scan says of itself: how it was made before it begins, and at its end what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from videmo import __version__
from videmo.emotions import Model
from videmo.faces import detector_of
from videmo.runs import countable_rows, find_runs
from videmo.scan.chunk import Settings, detector_config
from videmo.scan.integrity import expected_frames, identity, incomplete, warnings
from videmo.scan.merge import Merged
from videmo.schema import DEFAULT_REPEAT
from videmo.table import FORMAT, Record, place_of
from videmo.video import Movie, Survey


def made_with(settings: Settings, model: Model) -> Record:
    """What a record says of how its table was made, whatever the movie."""
    config = detector_config(settings, model)
    detector = detector_of(config)
    return {
        "format": FORMAT,
        "videmo": __version__,
        "settings": {
            **asdict(config),
            "regions": [list(region) for region in config.regions],  # as JSON gives it back
            "interval": detector.interval,
            "gap": settings.gap,
            "repeat": DEFAULT_REPEAT,  # for which `seconds` counts what was held
            "scan_every": settings.every,
            "start": settings.start,
            "end": settings.end,
            "deinterlace": settings.deinterlace,
            **({"fps": str(settings.fps)} if settings.fps else {}),
        },
        "detector": {
            "name": config.detector,
            "weights": dict(detector.weights),
            "margin": detector.margin,
        },
        "model": {
            "name": model.name,
            "sha256": model.sha256,
            "crop": model.crop,
            "side": model.side,
            "colour": model.colour,
            "frequencies": dict(zip(model.labels, model.frequencies, strict=False)),
            "temperature": model.temperature,
            "prior": model.prior,
        },
        "labels": list(model.labels),
    }


def begun_record(movie: Movie, settings: Settings, model: Model, about: Record) -> Record:
    """What can be said before a scan; `about` is the movie's identity."""
    return {
        "format": FORMAT,  # here, because the order of the fields is that of the file
        "videmo": __version__,
        "movie": about,
        "fps": f"{movie.fps.numerator}/{movie.fps.denominator}",
        "width": movie.width,
        "height": movie.height,
        "rotation": movie.turn.rotation,
        "timed": movie.timed,
        **made_with(settings, model),
    }


def finished_record(
    begun: Record,
    movie: Movie,
    found: Survey,
    merged: Merged,
    settings: Settings,
    *,
    first: int,
    folder: Path,
) -> Record:
    """The record of a scan, but for what the table adds.

    Args:
        begun: as `begun_record` gave it before the scan.
        first: the number of the first frame that was scanned.
        folder: where the record will lie.
    """
    about = begun["movie"]
    stop = _end(movie, merged)
    faces = merged.columns[merged.columns["track"] > 0]
    record = {
        **begun,
        "movie": {"file": place_of(movie.path, folder), **about},
        "first_frame": first,
        "frames_expected": expected_frames(movie, found, merged, settings),
        "frames_read": merged.frames,
        "frames_scanned": len(merged.times),
        "decode_failures": found.damaged + merged.failures,
        "timestamps_repaired": merged.repaired,
        "changed_meanwhile": identity(movie) != about,
        "cut_off": found.cut_off,
        "end": stop,
        "faces": len(faces),
        "aligned": int(countable_rows(faces).sum()),
        "tracks": merged.tracks,
        "cuts": merged.cuts,
        "smaller_faces": {"pictures": merged.samples, "faces": merged.smaller},
        "seconds": held_seconds(merged.columns, begun["labels"], stop, settings.gap),
        "warnings": warnings(movie, found),
    }
    record["status"] = "partial" if incomplete(record) else "ok"
    return record


def held_seconds(
    table: pd.DataFrame, labels: Sequence[str], end: float, gap: float
) -> dict[str, float]:
    """How long each emotion was held for `DEFAULT_REPEAT` frames or more, over all faces."""
    seconds = dict.fromkeys(labels, 0.0)
    for run in find_runs(table, repeat=DEFAULT_REPEAT, gap=gap, end=end):
        seconds[run.emotion] += run.end - run.start
    return {emotion: round(value, 3) for emotion, value in seconds.items()}


def _end(movie: Movie, merged: Merged) -> float:
    """Where the last frame decoded ends, in seconds."""
    if not merged.frames:
        return 0.0
    whole = movie.frames == merged.frames
    if movie.duration is not None and whole and movie.duration > merged.last:
        return round(float(movie.duration), 3)
    return round(merged.last + float(1 / movie.fps), 3)
