"""What the user is told of a live session, and of cameras."""

from __future__ import annotations

import json
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from videmo.cli.tell import say
from videmo.files import shown

if TYPE_CHECKING:
    from videmo.live import Ended, Event, Gap, Live
    from videmo.live.news import News


class Told:
    """Writes what happens to standard output, a line each. Remembers what was told."""

    def __init__(self, news: News[Event | Gap], as_json: bool, *, silent: bool) -> None:
        from videmo.live.news import Follower

        self._follower = Follower(news)
        self.as_json, self._silent = as_json, silent

    def __call__(self, timeout: float = 0.0) -> None:
        """Tell what is new, until nothing came for `timeout` seconds."""
        for event in self._follower.each(timeout):
            if not self._silent:
                click.echo(self._text(event))

    def _text(self, event: Event | Gap) -> str:
        from videmo.live import Event

        if self.as_json:
            return json.dumps(event.as_dict() if isinstance(event, Event) else _gap_dict(event))
        if isinstance(event, Event):
            return _line(event)
        if event.end is not None:
            return f"{_clock()} the source is back, after {event.end - event.start:.1f} s"
        return f"{_clock()} the source is gone"


def _line(event: Event) -> str:
    who = shown(event.person) or f"t{event.track}"
    if event.event == "start":
        return f"{_clock(event.wall)} {who} {event.emotion} {event.score:.2f}"
    return f"{_clock(event.wall)} {who} no longer {event.emotion}, {event.time - event.start:.1f} s"


def _clock(wall: float | None = None) -> str:
    now = datetime.now() if wall is None else datetime.fromtimestamp(wall)
    return now.strftime("%H:%M:%S")


def _gap_dict(gap: Gap) -> dict[str, Any]:
    event = "gone" if gap.end is None else "back"
    return {"event": event, **gap._asdict(), "wall": time.time()}


def status_line(session: Live) -> str:
    stats = session.stats()
    return (
        f"{stats.fps:.1f} pictures and {stats.looks:.1f} looks in a second, labels "
        f"{stats.lag * 1000:.0f} ms behind, {stats.dropped} of {stats.captured} not looked at"
    )


def tell_ended(ended: Ended, quiet: bool) -> None:
    stats = ended.stats
    if stats.not_recorded:
        say(f"videmo: {stats.not_recorded} pictures were not recorded, for lack of time")
    for gap in ended.gaps:
        until = f"back after {gap.end - gap.start:.1f} s" if gap.end is not None else "not back"
        say(f"videmo: {gap.why}, at {gap.start:.1f} s; {until}")
    if quiet:
        return
    made = [ended.finished.table] if ended.finished else []
    made += [ended.recorded] if ended.recorded else []
    written = f"; written: {', '.join(shown(path) for path in made)}" if made else ""
    say(
        f"{stats.captured} pictures, {stats.looked} looked at, labels {stats.lag * 1000:.0f} ms "
        f"behind{written}"
    )


def tell_left(left: Any) -> bool:
    """What was made of what killed sessions had left."""
    well = True
    for one in left:
        if isinstance(one, Exception):
            well = False
            say(f"videmo: {one}")
        else:
            say(f"{shown(one.table)}: finished now, a session before was killed")
    return well


def finish_in(folder: Path) -> bool:
    from videmo.errors import RequestError
    from videmo.live import finish_left

    if not folder.is_dir():
        raise RequestError(f"{shown(folder)}: no such folder; check the name")
    left = list(finish_left(folder))
    if not left:
        click.echo(f"{shown(folder)}: nothing was left to finish")
    return tell_left(left)


def list_cameras() -> None:
    from videmo.video import cameras, with_modes

    found = [camera for one in cameras() if (camera := with_modes(one)) is not None]
    if not found:
        click.echo("no cameras; a movie, an address or - (a pipe) can be looked at, too")
    for camera in found:
        click.echo(f"{shown(camera.path)}: {shown(camera.name)}")
        for mode in camera.modes:
            rates = ", ".join(f"{float(rate):g}" for rate in mode.rates)
            click.echo(f"  {mode.width}x{mode.height} {shown(mode.form)} {rates}".rstrip())
