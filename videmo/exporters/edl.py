"""Edit lists for editing programs: CMX 3600, one for each movie.

The format is that of CMX's editor of the name, as editing programs read it today: events with the
source's and the record's timecode, and comments for what it has no field for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from videmo.exporters.address import in_one_file
from videmo.exporters.cuts import Cut, cuts_of, planned
from videmo.exporters.rates import Count, count, hour_one
from videmo.exporters.selection import Exported, Moments
from videmo.files import shown, write_atomic

REEL_LETTERS = 8
NO_REEL = "AX"
"""The name for a source that has none."""


def export(moments: Moments) -> Exported:
    """Write ``STEM.edl``: the movie's moments, one after the other."""
    in_one_file(moments.movie)
    cuts = planned(cuts_of(moments), moments.choice)
    if not cuts:
        return Exported([])
    target = moments.folder / f"{moments.stem}.edl"
    text = edit_list(cuts, moments.stem, count(moments.movie.fps, moments.movie.timecode))
    write_atomic(target, text.encode("utf-8", "backslashreplace"))
    return Exported([target])


def edit_list(cuts: list[Cut], title: str, counted: Count) -> str:
    """The cuts of one movie as the text of an edit list. Pure."""
    lines = [
        f"TITLE: {shown(title)}",
        f"FCM: {'DROP FRAME' if counted.drop else 'NON-DROP FRAME'}",
    ]
    record = count(counted.rate, hour_one(counted.drop))
    at = record.first
    for number, (cut, begin, end) in enumerate(_events(cuts, counted), 1):
        times = (
            *(counted.timecode(begin), _end(counted, end)),
            *(record.timecode(at), record.timecode(at + end - begin)),
        )
        channels = "AA/V" if cut.movie.sounds else "V"
        lines += [
            "",
            f"{number:03}  {reel(title):8} {channels:5} C        {' '.join(times)}",
            f"* FROM CLIP NAME: {shown(cut.movie.path.name)}",
            *(f"* COMMENT: {shown(words)}" for words in cut.titles),
        ]
        at += end - begin
    return "\n".join([*lines, ""])


def _events(cuts: list[Cut], counted: Count) -> Iterator[tuple[Cut, int, int]]:
    """Each cut with the frames from and up to which (excluded) it goes; one that goes over midnight
    in two: its end would be before its start."""
    for cut in cuts:
        first = counted.frame(cut.start)
        for begin, end in counted.pieces(first, max(first + 1, counted.frame(cut.end))):
            yield cut, begin, end


def _end(counted: Count, frame: int) -> str:
    """The timecode at which an event ends: at midnight that is 24 hours, not none."""
    said = counted.timecode(frame)
    return said if frame % counted.day else f"24{said[2:]}"


def reel(name: str) -> str:
    """A movie's name as that of a reel: eight capital letters and digits at most."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub("[^A-Z0-9]", "", plain.upper())[:REEL_LETTERS] or NO_REEL
