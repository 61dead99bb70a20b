"""How a live session is done, how well it goes, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from videmo.live.capture import Gap
from videmo.live.finish import Finished
from videmo.live.look import Look
from videmo.live.repeater import Rule
from videmo.live.shot import Shot
from videmo.scan import Settings
from videmo.video import Wish


@dataclass(frozen=True)
class LiveSettings:
    """How a live session is done, and what is kept of it."""

    scan: Settings = field(default_factory=Settings)
    """Detector, model, and gap."""
    wish: Wish = field(default_factory=Wish)
    rule: Rule = field(default_factory=Rule)
    """When an emotion counts."""
    folder: Path | None = None
    """Where its table goes; None: none is made."""
    record: Path | None = None
    """The MP4 that is recorded; None: none is."""
    draw: bool = False
    """Whether faces are drawn into what is recorded."""
    give_up: float | None = None
    """Seconds after which a source that broke has ended; None: never."""


class Stats(NamedTuple):
    """How well it goes."""

    captured: int
    looked: int
    dropped: int
    """Pictures that were not looked at."""
    not_recorded: int
    fps: float
    """Pictures captured in a second, lately."""
    looks: float
    """Looks in a second, lately."""
    lag: float
    """Seconds from capture to labels, in the middle, lately."""
    slow: float
    """The same, for the slowest of 20."""
    gaps: int


class Shown(NamedTuple):
    """A picture to be shown now, with what was last seen."""

    shot: Shot
    look: Look | None


class Ended(NamedTuple):
    """What became of a session."""

    stats: Stats
    finished: Finished | None
    """The table, if one was wished for."""
    recorded: Path | None
    gaps: tuple[Gap, ...]
