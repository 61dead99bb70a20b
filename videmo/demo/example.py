"""The demo of the README: twenty seconds in which every emotion is felt by somebody. Pure."""

from __future__ import annotations

from videmo.demo.story import Actor, Place, Shot, Story

ANNA, BEN, CLARA, DAN, EVA = 1, 2, 3, 4, 5
"""Actors; the number makes the looks."""


def demo_story() -> Story:
    """640 x 360 pixels, 24 frames a second, 20 s, five shots: happy for some seven seconds.

    Anna cheers up; Ben and Clara talk; nobody is there; Dan is frightened; all is well.
    """
    return Story((_good_news(), _two_people(), _empty_room(), _a_fright(), _all_is_well()))


def _good_news() -> Shot:
    anna = Actor(
        ANNA,
        (Place(0, 250, 165, 130), Place(5, 360, 158, 170)),
        ((0, "sad"), (1.3, "neutral"), (2.2, "happy"), (4.4, "neutral")),
        blinks=(1.75, 3.4),
    )
    return Shot(5, (anna,), background=0, tone=220.0)


def _two_people() -> Shot:
    ben = Actor(
        BEN,
        (Place(0, 180, 160, 132), Place(4.5, 200, 160, 136)),
        ((0, "neutral"), (1.0, "angry"), (2.8, "surprise"), (3.8, "happy")),
        blinks=(0.5,),
        tilt=2.0,
    )
    clara = Actor(
        CLARA,
        (Place(0, 460, 172, 124), Place(4.5, 445, 168, 124)),
        ((0, "happy"), (1.6, "disgust"), (3.0, "neutral")),
        blinks=(3.6,),
        tilt=-3.0,
    )
    return Shot(4.5, (ben, clara), background=2, tone=277.2)


def _empty_room() -> Shot:
    return Shot(2, background=4, tone=165.0)


def _a_fright() -> Shot:
    dan = Actor(
        DAN,
        (Place(0, 330, 170, 120), Place(1.2, 330, 170, 120), Place(1.6, 322, 160, 180)),
        ((0, "neutral"), (1.4, "fear"), (3.2, "surprise")),
        blinks=(0.7,),
    )
    return Shot(4, (dan,), background=1, tone=185.0)


def _all_is_well() -> Shot:
    eva = Actor(
        EVA,
        (Place(0, 154, 176, 98), Place(4.5, 200, 170, 116)),
        ((0, "surprise"), (0.9, "happy")),
        blinks=(2.6,),
    )
    anna = Actor(
        ANNA,
        (Place(0, 420, 165, 128), Place(4.5, 440, 165, 136)),
        ((0, "neutral"), (1.5, "happy")),
        start=0.75,
        blinks=(3.5,),
        tilt=-2.0,
    )
    return Shot(4.5, (eva, anna), background=9, tone=330.0)
