"""Tables made by hand, of movies that need not be: who looks how in which frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from tests.test_table import RECORD
from videmo.files import fingerprint, sha256
from videmo.names import Line, write_people
from videmo.schema import EMOTIONS
from videmo.table import Row, place_of, read_record, table_path, write_table

SCORE = 0.88
ABSENT, UNKNOWN = "-", ""
"""The face is not there; it is there and not aligned."""


def told(
    folder: Path,
    name: str,
    tracks: Mapping[int, Sequence[str]],
    *,
    fps: int = 10,
    persons: Mapping[int, str] | None = None,
    movie: Path | None = None,
    width: Mapping[int, int] | None = None,
) -> Path:
    """Write the table of a movie in which each track looks so, frame by frame.

    A look is an emotion, with its score behind a colon if it is not `SCORE`; or `ABSENT`; or
    `UNKNOWN`. The other emotions share the rest.

    Args:
        folder: for the table.
        name: the movie's.
        tracks: the looks of each, from the first frame on.
        fps: frames in a second.
        persons: who each track is, as videmo people writes it.
        movie: one that is there.
        width: of each track's face, in pixels.
    """
    frames = max(map(len, tracks.values()))
    rows = []
    for frame in range(frames):
        looks = {track: looks[frame] for track, looks in tracks.items() if frame < len(looks)}
        seen = {track: look for track, look in looks.items() if look != ABSENT}
        rows += [
            _row(frame, frame / fps, track, look, (width or {}).get(track, 40))
            for track, look in seen.items()
        ] or [Row(frame, frame / fps)]
    path = table_path(folder, Path(name))
    path.parent.mkdir(parents=True, exist_ok=True)
    about = {"file": name, "fingerprint": sha256(name.encode())}
    if movie is not None:
        about = {"file": place_of(movie, folder), "fingerprint": fingerprint(movie)}
    counts = dict.fromkeys(("frames_read", "frames_scanned", "frames_expected"), frames)
    more = {"fps": f"{Fraction(fps)}/1", "end": frames / fps, "cuts": [], "movie": about}
    write_table(path, rows, {**RECORD, **counts, **more, "width": 320, "height": 160})
    if persons is not None:
        lines = [Line(track, persons.get(track, ""), 0.1) for track in tracks]
        record = read_record(path)
        write_people(path, record, lines, sorted(set(persons.values())), {})
    return path


def _row(frame: int, time: float, track: int, look: str, width: int) -> Row:
    emotion, _, said = (look or "sad").partition(":")
    score = float(said or SCORE)
    rest = (1 - score) / (len(EMOTIONS) - 1)
    scores = tuple(score if name == emotion else rest for name in EMOTIONS)
    observed = (10 * track, 20, width, 60, 0.9, 2 if look else 0, 0.0, 0.0)
    return Row(frame, time, track, observed, emotion, score, 1 if look else 0, scores)
