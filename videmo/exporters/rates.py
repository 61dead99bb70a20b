"""Frame rates and timecodes as editing programs count them. Pure.

Timecode after SMPTE ST 12-1: at 29.97 and 59.94 frames per second it counts 30 and 60 in a second,
and drops the first two (four) numbers of each minute but every tenth, so that it keeps up with the
clock. At 23.976 it counts 24 and drops none: there is no drop-frame timecode at that rate.
"""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

NTSC_FILM = Fraction(24000, 1001)

RATES = (
    *(NTSC_FILM, Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30)),
    *(Fraction(48), Fraction(50), Fraction(60000, 1001), Fraction(60)),
)
"""The rates at which editing programs work, rising."""

SAME = 3e-4
"""Rates that differ by a smaller part are one: files round 24000/1001 to 23.976, but 24 is not."""

_TIMECODE = re.compile(r"(\d\d):([0-5]\d):([0-5]\d)([:;.,])(\d\d)")


class Count(NamedTuple):
    """How the frames of a movie are counted."""

    rate: Fraction
    """Frames per second, one of `RATES`."""
    first: int
    """The number of the movie's first frame: its timecode, in frames."""
    drop: bool
    """Whether timecode is drop-frame."""

    def frame(self, time: float) -> int:
        """The number of the frame that begins at `time`, in seconds after the movie's start."""
        return self.first + round(time * self.rate)

    @property
    def day(self) -> int:
        """Frames in 24 hours, after which timecode begins anew."""
        base = round(self.rate)
        return 24 * 6 * (base * 600 - (9 * _dropped(base) if self.drop else 0))

    def pieces(self, first: int, end: int) -> list[tuple[int, int]]:
        """The frames from `first` to `end` (excluded), cut where a day ends: in no piece does
        timecode run backwards."""
        days = range(first // self.day + 1, -(-end // self.day))
        edges = [first, *(self.day * day for day in days), end]
        return list(pairwise(edges))

    def timecode(self, frame: int) -> str:
        """The timecode of a frame's number."""
        return timecode_of(frame, self.rate, self.drop)


def count(fps: Fraction, timecode: str = "") -> Count:
    """How editing programs count a movie of `fps` frames per second, on average.

    Its first frame has the `timecode` that the camera wrote, whose kind (drop-frame or not) holds
    then; without a usable one it is frame 0, and 29.97 and 59.94 are drop-frame.
    """
    rate = edit_rate(fps)
    first, drop = read_timecode(timecode, rate) or (0, drops(rate))
    return Count(rate, first, drop)


def hour_one(drop: bool) -> str:
    """The timecode at which edited pieces begin, as is the custom."""
    return "01:00:00;00" if drop else "01:00:00:00"


def snapped(fps: Fraction) -> Fraction:
    """The one of `RATES` that `fps` is meant to be, else `fps` itself."""
    nearest = min(RATES, key=lambda rate: abs(rate - fps))
    return nearest if abs(nearest - fps) <= SAME * fps else fps


def edit_rate(fps: Fraction) -> Fraction:
    """The one of `RATES` in which a movie of `fps` frames per second, on average, is counted.

    Its own, where it is one of them; else the lowest in which each of its frames is a whole number
    of frames (15: 30); else the next one above it, 60 at most. What is counted is time, so that the
    places in the movie are right at any rate.
    """
    fps = snapped(fps)
    if fps in RATES:
        return fps
    whole = (rate for rate in RATES if (rate / fps).denominator == 1)
    above = (rate for rate in RATES if rate > fps)
    return next(whole, None) or next(above, RATES[-1])


def drops(rate: Fraction) -> bool:
    """Whether timecode at `rate` is drop-frame, if nobody says otherwise."""
    return rate.denominator == 1001 and rate != NTSC_FILM


def timecode_of(frame: int, rate: Fraction, drop: bool) -> str:
    """The timecode of a frame, from 0, at `rate`; ``;`` before the frames where some are dropped.

    After 24 hours it begins anew.
    """
    base = round(rate)
    if drop:
        minute, ten = base * 60 - _dropped(base), base * 600 - 9 * _dropped(base)
        tens, rest = divmod(frame, ten)
        whole = max(0, (rest - _dropped(base)) // minute)
        frame += _dropped(base) * (9 * tens + whole)
    seconds, frames = divmod(frame, base)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours % 24:02}:{minutes:02}:{seconds:02}{';' if drop else ':'}{frames:02}"


def read_timecode(text: str, rate: Fraction) -> tuple[int, bool] | None:
    """The frame, from 0, that a timecode at `rate` names, and whether it is drop-frame.

    None where it is no timecode, or one that there cannot be at this rate.
    """
    match = _TIMECODE.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds, frames = (int(match[group]) for group in (1, 2, 3, 5))
    base, drop = round(rate), match[4] in ";,"
    dropped = _dropped(base) if drop else 0
    missing = drop and minutes % 10 and not seconds and frames < dropped
    if frames >= base or missing or (drop and not drops(rate)):
        return None
    minutes += 60 * hours
    frame = (60 * minutes + seconds) * base + frames
    return frame - dropped * (minutes - minutes // 10), drop


def _dropped(base: int) -> int:
    """Numbers dropped at the start of a minute."""
    return base // 15
