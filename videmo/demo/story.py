"""Who is where in a made movie, when, and with which emotion. Pure."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from videmo.errors import RequestError
from videmo.schema import EMOTIONS

Seconds = int | float | Fraction
"""A time. A float means the decimal number that it shows: 0.1 is one tenth exactly."""

Angle = float | tuple[tuple[Seconds, float], ...]
"""Degrees: one number, or keyframes of time and degrees, rising in time, as of `Place`."""

MOST_YAW, MOST_PITCH = 90.0, 45.0
"""Degrees by which a head can be turned to either side, and down or up."""

TICK = Fraction(1, 90_000)
"""Unit of the times of frames at a variable rate, in seconds, as in MPEG streams."""

BLINK = 0.3
"""Seconds from eyes open over eyes shut to eyes open."""


@dataclass(frozen=True)
class Place:
    """Where a face is at one time."""

    time: Seconds
    """Seconds since the shot began."""
    x: float
    y: float
    """Centre of the face's box, in pixels of the upright picture: the box that it has, or would
    have if the head were not turned."""
    size: float
    """Width and height of that box, in pixels; the face itself, from the hairline to the chin, is
    0.94 of it high."""


@dataclass(frozen=True)
class Actor:
    """One person in one shot; all times are seconds since the shot began."""

    number: int
    """Who it is, from 1. Looks come from it: the same number looks the same in every shot."""
    places: tuple[Place, ...]
    """Keyframes, rising in time: the face moves straight from one to the next, and then rests."""
    emotions: tuple[tuple[Seconds, str], ...] = ((0, "neutral"),)
    """What is felt from when on, rising in time; the first one holds before its time, too."""
    start: Seconds = 0
    end: Seconds | None = None
    """The actor is there while ``start <= time < end``; None: up to the end of the shot."""
    morph: Seconds = 0.25
    """Seconds over which one emotion becomes the next; the time of the change is their middle."""
    blinks: tuple[Seconds, ...] = ()
    """Times at which the eyes are shut."""
    tilt: float = 0.0
    """Degrees by which the head leans clockwise; Haar loses faces beyond some 12."""
    yaw: Angle = 0.0
    """Degrees by which the head is turned: above 0 towards the right of the picture, below 0
    towards its left; 90 is a profile. The head turns about its neck, which stays at its place.
    Who turns or nods at any time of the shot is painted as a body all the time."""
    pitch: Angle = 0.0
    """Degrees by which the head nods: above 0 down, with the lids lowered (from 20 on the eyes
    seem shut), below 0 up."""

    def __post_init__(self) -> None:
        if self.number < 1:
            raise RequestError(f"actor {self.number}: actors are numbered from 1")
        if not self.places or not _rising(place.time for place in self.places):
            raise RequestError(f"actor {self.number}: give places, rising in time")
        if not self.emotions or not _rising(time for time, _ in self.emotions):
            raise RequestError(f"actor {self.number}: give emotions, rising in time")
        for _, emotion in self.emotions:
            if emotion not in EMOTIONS:
                known = ", ".join(EMOTIONS)
                raise RequestError(f"actor {self.number}: no emotion {emotion}; known: {known}")
        for angle, most in ((self.yaw, MOST_YAW), (self.pitch, MOST_PITCH)):
            keys = _keys(angle)
            if not keys or not _rising(time for time, _ in keys):
                raise RequestError(f"actor {self.number}: give turns, rising in time")
            if any(abs(degrees) > most for _, degrees in keys):
                raise RequestError(f"actor {self.number}: heads turn by at most {most:g} degrees")


@dataclass(frozen=True)
class Shot:
    """What happens between two cuts."""

    seconds: Seconds
    actors: tuple[Actor, ...] = ()
    """Painted in this order: a later one hides an earlier one."""
    background: int = 0
    """Any number: the same number is the same room."""
    tone: float | None = 220.0
    """Pitch of the sound, in hertz; None: silence."""
    light: float = 1.0
    """The part of the full light in which a camera sees all this, above 0: at 0.06 it is nearly
    dark."""

    def __post_init__(self) -> None:
        numbers = [actor.number for actor in self.actors]
        if exact(self.seconds) <= 0:
            raise RequestError(f"a shot of {self.seconds} s: shots last longer than nothing")
        if not 0 < self.light <= 1:
            raise RequestError(f"a shot in a light of {self.light}; give more than 0, at most 1")
        if len(set(numbers)) < len(numbers):
            raise RequestError(f"actors {numbers}: each can be in a shot once")


@dataclass(frozen=True)
class Story:
    """A movie before it is made: everything that will be seen and heard in it."""

    shots: tuple[Shot, ...]
    size: tuple[int, int] = (640, 360)
    """Width and height of the upright picture, in pixels; even."""
    fps: Fraction = Fraction(24)
    times: tuple[Seconds, ...] | None = None
    """The time of each frame where the rate is variable (kept to 1/90000 s); None: use `fps`."""
    sound: bool = True
    """Whether the movie has an audio stream: the tones of the shots and a beep on every second."""

    def __post_init__(self) -> None:
        if not self.shots:
            raise RequestError("a story without shots; give at least one")
        if min(self.size) < 16 or self.size[0] % 2 or self.size[1] % 2:
            raise RequestError(f"{self.size[0]}x{self.size[1]}: sizes are even, from 16 on")
        if self.fps <= 0:
            raise RequestError(f"{self.fps} frames per second; give more than none")
        if self.times is not None:
            times = list(self.frame_times())
            if not times or times[0] != 0 or not _rising(times) or times[-1] >= self.duration:
                raise RequestError(
                    "times of frames start at 0, rise, and end before the story does"
                )

    @cached_property
    def cuts(self) -> tuple[Fraction, ...]:
        """When each shot begins, in seconds, and as the last one when the story ends."""
        return (Fraction(0), *itertools.accumulate(exact(shot.seconds) for shot in self.shots))

    @property
    def duration(self) -> Fraction:
        """The sum of the shots, in seconds."""
        return self.cuts[-1]

    @property
    def frames(self) -> int:
        """How many frames the movie has."""
        return (
            len(self.times) if self.times is not None else -(-self.duration * exact(self.fps) // 1)
        )

    @property
    def end(self) -> Fraction:
        """When the last frame ends, in seconds: at most a frame after the story's `duration`."""
        return self.duration if self.times is not None else self.frames / exact(self.fps)

    def frame_times(self) -> Iterator[Fraction]:
        """The time of each frame in exact seconds, the first 0."""
        if self.times is not None:
            yield from (round(exact(time) / TICK) * TICK for time in self.times)
        else:
            yield from (index / exact(self.fps) for index in range(self.frames))

    def shot_at(self, time: Fraction) -> tuple[int, Fraction]:
        """Which shot is on at `time` (its index), and for how many seconds it has been."""
        index = bisect.bisect_right(self.cuts[:-1], time) - 1
        return index, time - self.cuts[index]


@dataclass(frozen=True)
class Appearance:
    """One actor at one moment: what the painter has to know."""

    actor: int
    x: float
    y: float
    """Centre of the face's box, in pixels."""
    size: float
    before: str
    after: str
    """The emotions between which the face is; the same one outside a morph."""
    share: float
    """How much of `after` shows, 0 to 1."""
    shut: float
    """How far the eyes are shut, 0 to 1."""
    tilt: float
    yaw: float
    pitch: float
    """Degrees, as of an `Actor`."""
    solid: bool
    """Whether the head is painted as a body: it turns or nods in this shot."""

    @property
    def emotion(self) -> str:
        """What counts as the truth: the emotion of which more shows."""
        return self.after if self.share >= 0.5 else self.before


def appearances(story: Story, time: Fraction) -> list[Appearance]:
    """Who is to be seen at `time` (exact seconds), in the order of painting."""
    index, passed = story.shot_at(time)
    return [_appearance(a, passed) for a in story.shots[index].actors if _is_there(a, passed)]


def exact(seconds: Seconds) -> Fraction:
    """`seconds` as a fraction; a float is taken as the decimal number that it shows."""
    return Fraction(repr(seconds)) if isinstance(seconds, float) else Fraction(seconds)


def _is_there(actor: Actor, time: Fraction) -> bool:
    return exact(actor.start) <= time and (actor.end is None or time < exact(actor.end))


def _appearance(actor: Actor, time: Fraction) -> Appearance:
    x, y, size = _place(actor, time)
    before, after, share = _blend(actor, time)
    shut = max((_shut(float(time - exact(blink))) for blink in actor.blinks), default=0.0)
    turn = (actor.tilt, _angle(actor.yaw, time), _angle(actor.pitch, time))
    solid = (actor.yaw, actor.pitch) != (0, 0)
    return Appearance(actor.number, x, y, size, before, after, share, shut, *turn, solid)


def _place(actor: Actor, time: Fraction) -> tuple[float, ...]:
    """Centre and size at `time`."""
    return _on_the_way([(p.time, (p.x, p.y, p.size)) for p in actor.places], time)


def _angle(angle: Angle, time: Fraction) -> float:
    """Degrees at `time`."""
    (degrees,) = _on_the_way([(when, (degrees,)) for when, degrees in _keys(angle)], time)
    return degrees


def _keys(angle: Angle) -> tuple[tuple[Seconds, float], ...]:
    return angle if isinstance(angle, tuple) else ((0, angle),)


def _on_the_way(
    keys: Sequence[tuple[Seconds, tuple[float, ...]]], time: Fraction
) -> tuple[float, ...]:
    """The numbers on the straight line between the keyframes around `time`."""
    before = next((key for key in reversed(keys) if exact(key[0]) <= time), keys[0])
    after = next((key for key in keys if exact(key[0]) > time), keys[-1])
    length = exact(after[0]) - exact(before[0])
    share = float((time - exact(before[0])) / length) if length > 0 else 0.0
    return tuple(a + share * (b - a) for a, b in zip(before[1], after[1], strict=True))


def _blend(actor: Actor, time: Fraction) -> tuple[str, str, float]:
    """The emotions before and after the change nearest to `time`, and the share of the second."""
    first = actor.emotions[0][1]
    changes = [
        (exact(when), before, after)
        for (_, before), (when, after) in itertools.pairwise(actor.emotions)
    ]
    if not changes:
        return first, first, 0.0
    when, before, after = min(changes, key=lambda change: (abs(time - change[0]), change[0]))
    morph = exact(actor.morph)
    if abs(time - when) * 2 >= morph:
        now = after if time >= when else before
        return now, now, 0.0
    return before, after, float((time - when) / morph + Fraction(1, 2))


def _shut(distance: float) -> float:
    """How far eyes are shut so many seconds before or after a blink's middle."""
    return min(1.0, max(0.0, 2 - 4 * abs(distance) / BLINK))


def _rising(times: Iterator[Seconds] | list[Fraction]) -> bool:
    return all(exact(a) < exact(b) for a, b in itertools.pairwise(times))
