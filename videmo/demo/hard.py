"""A second demo, of faces that are hard to find: to compare detectors by. Pure."""

from __future__ import annotations

from videmo.demo.example import ANNA, BEN, CLARA, DAN, EVA
from videmo.demo.story import Actor, Angle, Place, Shot, Story

LEFT, MIDDLE, RIGHT = 120, 320, 520
"""Where three people stand side by side: x, in pixels."""
EYE_LEVEL = 165
"""Where their faces are: y, in pixels."""


def hard_story() -> Story:
    """640 x 360 pixels, 24 frames a second, 37.2 s: each of `KINDS`, most in two shots.

    Faces were chosen by what a viewer calls a face, and not by what any detector sees. Each has
    one difficulty at a time.
    """
    return Story(
        (
            *(_frontal(), _turned(), _turning(), _profiles()),
            *(_tilted(), _dim(0.12, 2), _dim(0.06, 0), _small(), _smaller()),
            *(_large(CLARA, "happy"), _large(DAN, "neutral"), _cast_down(), _nodding()),
        )
    )


def _person(
    number: int,
    x: float,
    emotion: str = "neutral",
    *,
    y: float = EYE_LEVEL,
    size: float = 130,
    drift: float = 8,
    tilt: float = 0.0,
    yaw: Angle = 0.0,
    pitch: Angle = 0.0,
) -> Actor:
    """Somebody who moves by `drift` pixels to the right in three seconds."""
    places = (Place(0, x - drift / 2, y, size), Place(3, x + drift / 2, y, size))
    return Actor(number, places, ((0, emotion),), tilt=tilt, yaw=yaw, pitch=pitch)


def _frontal() -> Shot:
    people = (_person(ANNA, LEFT, "happy"), _person(BEN, MIDDLE), _person(EVA, RIGHT, "sad"))
    return Shot(3, people, background=0, tone=220.0)


def _turned() -> Shot:
    """The same angles to both sides, one after the other: 15, 30, 45 and 60 degrees."""
    steps = ((0, 15), (0.7, 15), (0.8, 30), (1.5, 30), (1.6, 45), (2.3, 45), (2.4, 60), (3.2, 60))
    back = tuple((time, -degrees) for time, degrees in steps)
    people = (
        _person(ANNA, LEFT, yaw=steps),
        _person(BEN, MIDDLE, "happy", yaw=back),
        _person(DAN, RIGHT, "surprise", yaw=steps),
    )
    return Shot(3.2, people, background=2, tone=246.9)


def _turning() -> Shot:
    """Slowly from one side to the other, and the other way round."""
    people = (
        _person(CLARA, LEFT, "happy", yaw=((0, -60.0), (4, 60.0))),
        _person(DAN, MIDDLE, yaw=((0, 60.0), (4, -60.0))),
        _person(EVA, RIGHT, "surprise"),
    )
    return Shot(4, people, background=4, tone=261.6)


def _profiles() -> Shot:
    people = (
        _person(ANNA, LEFT, yaw=90.0),
        _person(BEN, MIDDLE, "happy", yaw=((0, -75.0), (3, -90.0))),
        _person(DAN, RIGHT, yaw=((0, -90.0), (3, -80.0))),
    )
    return Shot(3, people, background=1, tone=277.2)


def _tilted() -> Shot:
    people = (
        _person(EVA, LEFT, "happy", tilt=15.0),
        _person(BEN, MIDDLE, tilt=-30.0),
        _person(CLARA, RIGHT, "happy", tilt=45.0),
    )
    return Shot(3, people, background=3, tone=293.7)


def _dim(light: float, background: int) -> Shot:
    people = (_person(DAN, LEFT, "happy"), _person(ANNA, MIDDLE), _person(BEN, RIGHT, "fear"))
    return Shot(2.5, people, background=background, tone=311.1, light=light)


def _small() -> Shot:
    """29, 24 and 19 pixels high, and a frontal one beside them."""
    people = (
        _person(BEN, 90, size=31, y=150),
        _person(ANNA, 220, "happy", size=26, y=150),
        _person(DAN, 340, size=20.5, y=150),
        _person(EVA, RIGHT, "happy"),
    )
    return Shot(3, people, background=5, tone=329.6)


def _smaller() -> Shot:
    """11, 13, 16, 22 and 27 pixels high."""
    sizes = ((CLARA, 12), (DAN, 14), (EVA, 17), (BEN, 23.5), (ANNA, 29))
    people = (
        _person(number, 80 + 120 * index, ("neutral", "happy")[index % 2], size=size, y=140)
        for index, (number, size) in enumerate(sizes)
    )
    return Shot(3, tuple(people), background=3, tone=349.2)


def _large(number: int, emotion: str) -> Shot:
    """A close-up that fills the picture's height."""
    return Shot(2, (_person(number, 300, emotion, y=180, size=350),), background=2, tone=370.0)


def _cast_down() -> Shot:
    people = (
        _person(EVA, LEFT, "sad", pitch=20.0),
        _person(BEN, MIDDLE, pitch=30.0),
        _person(CLARA, RIGHT, pitch=25.0),
    )
    return Shot(3, people, background=0, tone=392.0)


def _nodding() -> Shot:
    """Down and up again; one turned a little as well, one who looks ahead."""
    people = (
        _person(ANNA, LEFT, pitch=((0, 0.0), (1.4, 32.0), (2.8, 0.0))),
        _person(DAN, MIDDLE, "sad", pitch=((0, 30.0), (3, 15.0)), yaw=9.0),
        _person(BEN, RIGHT, "happy"),
    )
    return Shot(3, people, background=4, tone=415.3)
