"""Look at a camera, a stream, a pipe or a movie while it goes on, and let something happen.

Capture, looking, recording and keeping run side by side, each in a thread of its own; each takes
the latest picture. What is kept is a table like that of a scan. Viewers, of which there may be any
number, subscribe to `Live.shown` (pictures) or `Live.looks` (what was seen).
"""

from videmo.live.actions import Command, Post
from videmo.live.capture import Gap
from videmo.live.finish import Finished, finish_left
from videmo.live.look import LiveFace, Look
from videmo.live.repeater import END, START, Event, Repeater, Rule
from videmo.live.session import Live
from videmo.live.settings import Ended, LiveSettings, Shown, Stats
from videmo.live.shot import Shot

__all__ = [
    "END",
    "START",
    "Command",
    "Ended",
    "Event",
    "Finished",
    "Gap",
    "Live",
    "LiveFace",
    "LiveSettings",
    "Look",
    "Post",
    "Repeater",
    "Rule",
    "Shot",
    "Shown",
    "Stats",
    "finish_left",
]
