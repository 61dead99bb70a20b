"""A timeline for editing programs, through OpenTimelineIO: the supercut, to be worked on."""

from __future__ import annotations

from videmo.errors import SetupError, to_install
from videmo.exporters.address import address_of
from videmo.exporters.cuts import Cut, Edit, planned
from videmo.exporters.rates import count, drops, hour_one
from videmo.exporters.selection import Exported
from videmo.files import shown, write_atomic
from videmo.schema import Run

try:
    import opentimelineio as otio
except ImportError as error:
    raise SetupError(f"otio: needs OpenTimelineIO; {to_install('edit')}") from error

NAME = "supercut.otio"

COLOURS = {
    "angry": otio.schema.MarkerColor.RED,
    "disgust": otio.schema.MarkerColor.GREEN,
    "fear": otio.schema.MarkerColor.PINK,
    "happy": otio.schema.MarkerColor.YELLOW,
    "sad": otio.schema.MarkerColor.BLUE,
    "surprise": otio.schema.MarkerColor.ORANGE,
    "neutral": otio.schema.MarkerColor.WHITE,
}
"""Of the markers; as near to `draw.EMOTION_COLOURS` as there are names for."""
OTHER = otio.schema.MarkerColor.CYAN
"""Of other labels."""


def export(edit: Edit) -> Exported:
    """Write ``supercut.otio``: the moments of all movies, one after the other."""
    cuts = planned(edit.cuts, edit.choice)
    target = edit.folder / NAME
    write_atomic(target, (timeline(cuts).to_json_string(indent=2) + "\n").encode())
    return Exported([target])


def timeline(cuts: list[Cut]) -> otio.schema.Timeline:
    """A picture track and, if a movie has sound, a sound track, with a clip for each cut.

    Each clip is counted as its own movie is, from its first timecode on. Its markers are the runs.
    """
    made = otio.schema.Timeline("supercut")
    rate = max(count(cut.movie.fps).rate for cut in cuts)
    first = count(rate, hour_one(drops(rate))).first
    made.global_start_time = otio.opentime.RationalTime(first, float(rate))
    picture = otio.schema.Track("picture", kind=otio.schema.TrackKind.Video)
    for cut in cuts:
        clip = _clip(cut)
        for run, said in zip(cut.runs, cut.said, strict=True):
            clip.markers.append(_marker(cut, run, said))
        picture.append(clip)
    made.tracks.append(picture)
    if any(cut.movie.sounds for cut in cuts):
        sound = otio.schema.Track("sound", kind=otio.schema.TrackKind.Audio)
        sound.extend(_clip(cut) if cut.movie.sounds else _silence(cut) for cut in cuts)
        made.tracks.append(sound)
    return made


def _clip(cut: Cut) -> otio.schema.Clip:
    path = address_of(cut.movie)
    media = otio.schema.ExternalReference(
        target_url=path.as_uri(),
        available_range=_range(cut, 0.0, cut.movie_end),
    )
    name = shown(path.name)
    return otio.schema.Clip(name, media, _range(cut, cut.start, cut.end))


def _silence(cut: Cut) -> otio.schema.Gap:
    length = _range(cut, cut.start, cut.end).duration
    nothing = otio.opentime.RationalTime(0, length.rate)
    return otio.schema.Gap(source_range=otio.opentime.TimeRange(nothing, length))


def _marker(cut: Cut, run: Run, said: str) -> otio.schema.Marker:
    about = {
        "emotion": run.emotion,
        "track": run.track,
        "first": run.first,
        "last": run.last,
        "repeat": run.repeat,
    }
    return otio.schema.Marker(
        name=shown(said),
        marked_range=_range(cut, max(run.start, cut.start), min(run.end, cut.end)),
        color=COLOURS.get(run.emotion, OTHER),
        metadata={"videmo": about},
    )


def _range(cut: Cut, start: float, end: float) -> otio.opentime.TimeRange:
    """A stretch of the cut's movie, in seconds, as frames: one at least."""
    counted = count(cut.movie.fps, cut.movie.timecode)
    begin = counted.frame(start)
    length = max(1, counted.frame(end) - begin)
    time, rate = otio.opentime.RationalTime, float(counted.rate)
    return otio.opentime.TimeRange(time(begin, rate), time(length, rate))
