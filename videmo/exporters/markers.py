"""The moments of a movie as markers: for DaVinci Resolve, and for Premiere.

Resolve reads markers out of an edit list of events of one frame each, whose comment has colour,
name and length (Timelines > Import > Timeline Markers from EDL). Premiere reads them out of a
sequence in Final Cut Pro 7's XML (Apple, Final Cut Pro XML Interchange Format, version 5).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from videmo.exporters.address import address_of, in_one_file
from videmo.exporters.rates import Count, count, hour_one
from videmo.exporters.selection import Exported, Moments
from videmo.files import shown, write_atomic
from videmo.video import Movie

RESOLVE = {
    "angry": "ResolveColorRed",
    "disgust": "ResolveColorGreen",
    "fear": "ResolveColorPurple",
    "happy": "ResolveColorYellow",
    "sad": "ResolveColorBlue",
    "surprise": "ResolveColorFuchsia",
    "neutral": "ResolveColorSand",
}
OTHER = "ResolveColorCyan"
"""Of other labels."""

DOCTYPE = b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n'


class Marker(NamedTuple):
    """A moment, in frames from the movie's first one."""

    start: int
    frames: int
    """One at least."""
    name: str
    emotion: str


def export(moments: Moments) -> Exported:
    """Write ``STEM.markers.edl`` and ``STEM.markers.xml``."""
    in_one_file(moments.movie)
    counted = count(moments.movie.fps, moments.movie.timecode)
    found = markers_of(moments, counted)
    stem = moments.folder / f"{moments.stem}.markers"
    texts = {
        ".edl": marker_list(found, moments.stem, counted).encode("utf-8", "backslashreplace"),
        ".xml": DOCTYPE
        + sequence(found, moments.movie, moments.stem, float(moments.starts[-1]), counted),
    }
    files = [stem.with_name(f"{stem.name}{suffix}") for suffix in texts]
    for file, text in zip(files, texts.values(), strict=True):
        write_atomic(file, text)
    return Exported(files)


def markers_of(moments: Moments, counted: Count) -> list[Marker]:
    """A marker for each moment, from its first run to its last, in order of time."""
    markers = []
    for segment in moments.segments:
        begin = max(segment.start, segment.runs[0].start)
        stop = min(segment.end, max(run.end for run in segment.runs))
        start = counted.frame(begin) - counted.first
        frames = max(1, counted.frame(stop) - counted.first - start)
        name = f"{segment.emotion} ({moments.who(segment.track)})"
        markers.append(Marker(start, frames, name, segment.emotion))
    return sorted(markers, key=lambda marker: marker.start)


def marker_list(markers: Sequence[Marker], title: str, counted: Count) -> str:
    """Markers as Resolve reads them, on a timeline that begins at hour one as its do. Pure."""
    timeline = count(counted.rate, hour_one(counted.drop))
    lines = [
        f"TITLE: {shown(title)}",
        f"FCM: {'DROP FRAME' if counted.drop else 'NON-DROP FRAME'}",
    ]
    for number, one in enumerate(markers, 1):
        at = timeline.first + one.start
        begin, end = timeline.timecode(at), timeline.timecode(at + 1)
        colour = RESOLVE.get(one.emotion, OTHER)
        lines += [
            "",
            f"{number:03}  001      V     C        {begin} {end} {begin} {end}  ",
            f" |C:{colour} |M:{shown(one.name).replace('|', '/')} |D:{one.frames}",
        ]
    return "\n".join([*lines, ""])


def sequence(
    markers: Sequence[Marker], movie: Movie, title: str, end: float, counted: Count
) -> bytes:
    """The movie as a sequence with markers, as XML for Premiere; it ends at `end` seconds."""
    root = Element("xmeml", {"version": "5"})
    made = SubElement(root, "sequence", {"id": "videmo"})
    length = counted.frame(end) - counted.first
    _add(made, name=shown(title), duration=length)
    _add_rate(made, counted)
    track = SubElement(SubElement(SubElement(made, "media"), "video"), "track")
    item = SubElement(track, "clipitem", {"id": "movie"})
    _add(item, name=shown(movie.path.name), duration=length)
    _add_rate(item, counted)
    _add(item, start=0, end=length)
    item.append(Element("in"))
    item[-1].text = "0"
    _add(item, out=length)
    _add_file(item, movie, length, counted)
    for one in markers:
        marker = SubElement(made, "marker")
        _add(marker, name=shown(one.name), comment="videmo")
        SubElement(marker, "in").text = str(one.start)
        _add(marker, out=one.start + one.frames)
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="utf-8")
    return text + b"\n"


def _add_file(item: Element, movie: Movie, length: int, counted: Count) -> None:
    file = SubElement(item, "file", {"id": "file"})
    _add(file, name=shown(movie.path.name), pathurl=address_of(movie).as_uri())
    _add_rate(file, counted)
    _add(file, duration=length)
    code = SubElement(file, "timecode")
    _add_rate(code, counted)
    kind = "DF" if counted.drop else "NDF"
    _add(code, string=counted.timecode(counted.first), frame=counted.first, displayformat=kind)
    media = SubElement(file, "media")
    SubElement(media, "video")
    if movie.sound:
        SubElement(media, "audio")


def _add_rate(parent: Element, counted: Count) -> None:
    """Whole frames a second, and whether they are a thousandth slower."""
    rate = SubElement(parent, "rate")
    ntsc = "TRUE" if counted.rate.denominator == 1001 else "FALSE"
    _add(rate, timebase=round(counted.rate), ntsc=ntsc)


def _add(parent: Element, **values: str | int) -> None:
    for name, value in values.items():
        SubElement(parent, name).text = str(value)
