"""The command `videmo live`."""

from __future__ import annotations

import json
import sys
import threading
import time
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from videmo.cli.options import DETECTOR, MODEL, PATH, QUIET, RATE, REPEAT, TIME
from videmo.cli.tell import say
from videmo.files import shown
from videmo.schema import DEFAULT_DETECTOR, DEFAULT_GAP, DEFAULT_MIN_FACE, DEFAULT_REPEAT

if TYPE_CHECKING:
    from videmo.live import Ended, Event, Gap, Live, LiveSettings

STATUS_EVERY = 5.0
"""Seconds from one line about lag and rates to the next, on a terminal."""
AS = ("text", "jsonl")


class PictureSize(click.ParamType):  # type: ignore[type-arg]
    """Width and height in pixels: 1280x720."""

    name = "WxH"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        parts = str(value).lower().split("x")
        if len(parts) != 2 or not all(part.isascii() and part.isdecimal() for part in parts):
            self.fail(f"{value!r} is no size; write 1280x720", param, ctx)
        width, height = (min(int(part[:6]), 100_000) for part in parts)
        return width, height


@click.command()
@click.argument("source", default="0")
@click.option("--list", "listing", is_flag=True, help="List the cameras of this machine, and end.")
@click.option("--text", is_flag=True, help="Write a line for each change to the terminal.")
@click.option(
    "--as",
    "form",
    type=click.Choice(AS),
    default=AS[0],
    show_default=True,
    help="What --text writes: lines to read, or JSON lines for other programs.",
)
@click.option("--window", is_flag=True, help="Show the picture in a window, with faces.")
@click.option("--table", "folder", type=PATH, help="Keep a table and its record in this folder.")
@click.option("--record", type=PATH, metavar="FILE.mp4", help="Record picture and sound.")
@click.option("--draw", is_flag=True, help="Draw the faces into what is recorded.")
@click.option(
    "--on",
    "commands",
    nargs=2,
    multiple=True,
    metavar="EMOTION COMMAND",
    help='Run a program when a run of this emotion (or "all") begins and ends; without a shell. '
    "Its environment has VIDEMO_EVENT (start, end), VIDEMO_EMOTION, VIDEMO_PERSON, VIDEMO_TRACK, "
    "VIDEMO_SCORE and VIDEMO_TIME, its standard input the same as JSON.",
)
@click.option(
    "--webhook",
    "webhooks",
    multiple=True,
    metavar="URL",
    help="Post each start and end of a run there, as JSON.",
)
@click.option(
    "--repeat",
    type=REPEAT,
    default=str(DEFAULT_REPEAT),
    show_default=True,
    help="How long an emotion must hold: looks in a row (5), or seconds (0.2s).",
)
@click.option(
    "--gap",
    type=click.FloatRange(0),
    default=DEFAULT_GAP,
    show_default=True,
    help="Seconds that a face may be unknown without ending its run.",
)
@click.option(
    "--min-score", type=click.FloatRange(0, 1), default=0.0, help="Least score that counts."
)
@click.option(
    "--cooldown",
    type=click.FloatRange(0),
    default=0.0,
    help="Seconds after which a command or address is told of another start, at the soonest.",
)
@click.option(
    "--at-once",
    type=click.IntRange(1, 64),
    default=4,
    show_default=True,
    help="Of each --on, programs that run at the same time, at most.",
)
@click.option(
    "--hook-timeout",
    type=click.FloatRange(0.1),
    default=10.0,
    show_default=True,
    help="Seconds after which such a program is killed, and an address given up.",
)
@click.option("--for", "seconds", type=TIME, help="End after so long: seconds, or hh:mm:ss.")
@click.option("--size", type=PictureSize(), help="Size to ask a camera for.")
@click.option("--rate", type=RATE, help="Pictures a second to ask a camera for.")
@click.option(
    "--stall",
    type=click.FloatRange(1),
    default=10.0,
    show_default=True,
    help="Seconds without a picture after which a source is opened again.",
)
@click.option(
    "--give-up",
    type=click.FloatRange(0),
    help="End when a source that broke is not back after so many seconds.  [default: never]",
)
@click.option(
    "--finish",
    type=PATH,
    metavar="FOLDER",
    help="Make tables of what killed sessions left in this folder, and end.",
)
@MODEL
@DETECTOR
@click.option(
    "--min-face",
    type=click.FloatRange(0.01, 1),
    default=DEFAULT_MIN_FACE,
    show_default=True,
    help="Height of the smallest face, as a part of the picture's height.",
)
@QUIET
def live(
    source: str,
    listing: bool,
    finish: Path | None,
    text: bool,
    form: str,
    window: bool,
    quiet: bool,
    seconds: float | None,
    **options: Any,
) -> None:
    """Look at a camera or a stream, and say who holds which emotion, as it happens.

    SOURCE is a camera (0, /dev/video0, a part of its name; see --list), a movie, played at its own
    speed, an address (rtsp, http, https, udp, rtmp), the only one that videmo ever opens, or - for
    what another program writes into a pipe. Without one, camera 0.

    It ends with the source, or with Ctrl-C. A source that breaks is opened again, after growing
    waits. With --table, each session has a table and a record of its own, of which extract and all
    others make what they make of a scan's; with --record, too, the table is that of the recording.
    """
    if listing:
        _list_cameras()
        return
    if finish is not None:
        sys.exit(0 if _finish(finish) else 1)
    from videmo.live import Live

    settings = _settings(options)
    if window:
        from videmo.live.window import check_window

        check_window()
    session = Live(source, settings)
    _hook(session, options)
    speak = None if quiet and not text else _Speaker(form == AS[1])
    try:
        with session:
            _tell_left(session.left)
            _run(session, speak, seconds, window, quiet)
    except KeyboardInterrupt:
        if session.ended is None:
            raise
    _speak_now(session, speak)  # what ended with the end
    ended = session.ended
    assert ended is not None
    _tell_ended(ended, quiet)
    sys.exit(1 if ended.gaps or ended.stats.not_recorded else 0)


def _run(
    session: Live, speak: _Speaker | None, seconds: float | None, window: bool, quiet: bool
) -> None:
    """Until it ends: tell what begins and ends, or show it."""
    if seconds is not None:
        timer = threading.Timer(seconds, session.close)
        timer.daemon = True
        timer.start()
    if window:
        from videmo.live.window import show

        # What is said and what is shown hold each other up no more than anything else.
        threading.Thread(target=_speak, args=(session, speak, quiet), daemon=True).start()
        show(session)
    else:
        _speak(session, speak, quiet)


def _speak(session: Live, speak: _Speaker | None, quiet: bool) -> None:
    told = time.monotonic()
    while not session.looks.closed:
        _speak_now(session, speak, 0.5)
        if not quiet and sys.stderr.isatty() and time.monotonic() - told > STATUS_EVERY:
            told = time.monotonic()
            say(_status(session))
    _speak_now(session, speak)


def _speak_now(session: Live, speak: _Speaker | None, timeout: float = 0.0) -> None:
    for event in session.events(timeout):
        if speak:
            speak(event)


def _settings(options: dict[str, Any]) -> LiveSettings:
    from videmo.errors import RequestError
    from videmo.faces import DetectorConfig
    from videmo.live import LiveSettings, Rule
    from videmo.scan import Settings
    from videmo.video import Wish

    if options["draw"] and options["record"] is None:
        raise RequestError("--draw is for what is recorded; say --record FILE.mp4, too")
    config = DetectorConfig(options["detector"] or DEFAULT_DETECTOR, min_face=options["min_face"])
    frames, least = options["repeat"]
    rate: Fraction | None = options["rate"]
    return LiveSettings(
        scan=Settings(config, gap=options["gap"], model=options["model"]),
        wish=Wish(options["size"], rate, options["stall"]),
        rule=Rule(frames, least, options["gap"], options["min_score"]),
        folder=options["folder"],
        record=options["record"],
        draw=options["draw"],
        give_up=options["give_up"],
    )


def _hook(session: Live, options: dict[str, Any]) -> None:
    """Let commands and addresses be told.

    Raises:
        RequestError: no such program, emotion or address.
    """
    from videmo.errors import RequestError
    from videmo.live import Command, Post

    limit, cooldown = options["hook_timeout"], options["cooldown"]
    for emotion, line in options["commands"]:
        if emotion not in ("all", *session.labels):
            raise RequestError(
                f"{shown(emotion)}: no such emotion; choose from all, {', '.join(session.labels)}"
            )
        command = Command(line, limit)
        session.on(
            None if emotion == "all" else emotion,
            command,
            name=f"--on {emotion} {shown(command.arguments[0])}",
            cooldown=cooldown,
            at_once=options["at_once"],
            stop=command.stop,
        )
    for url in options["webhooks"]:
        post = Post(url, limit)
        session.on(None, post, name=f"--webhook {shown(post.name)}", cooldown=cooldown)


class _Speaker:
    """Writes what happens to standard output, a line each."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json

    def __call__(self, event: Event | Gap) -> None:
        from videmo.live import Event

        if self._as_json:
            about = event.as_dict() if isinstance(event, Event) else _gap_dict(event)
            click.echo(json.dumps(about))
        elif isinstance(event, Event):
            click.echo(_line(event))
        elif event.end is not None:
            click.echo(f"{_clock()} the source is back, after {event.end - event.start:.1f} s")
        else:
            click.echo(f"{_clock()} the source is gone")


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


def _status(session: Live) -> str:
    stats = session.stats()
    return (
        f"{stats.fps:.1f} pictures and {stats.looks:.1f} looks in a second, labels "
        f"{stats.lag * 1000:.0f} ms behind, {stats.dropped} of {stats.captured} not looked at"
    )


def _tell_ended(ended: Ended, quiet: bool) -> None:
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


def _tell_left(left: Any) -> bool:
    """What was made of what killed sessions had left."""
    well = True
    for one in left:
        if isinstance(one, Exception):
            well = False
            say(f"videmo: {one}")
        else:
            say(f"{shown(one.table)}: finished now, a session before was killed")
    return well


def _finish(folder: Path) -> bool:
    from videmo.errors import RequestError
    from videmo.live import finish_left

    if not folder.is_dir():
        raise RequestError(f"{shown(folder)}: no such folder; check the name")
    left = list(finish_left(folder))
    if not left:
        click.echo(f"{shown(folder)}: nothing was left to finish")
    return _tell_left(left)


def _list_cameras() -> None:
    from videmo.video import cameras, with_modes

    found = [camera for one in cameras() if (camera := with_modes(one)) is not None]
    if not found:
        click.echo("no cameras; a movie, an address or - (a pipe) can be looked at, too")
    for camera in found:
        click.echo(f"{shown(camera.path)}: {shown(camera.name)}")
        for mode in camera.modes:
            rates = ", ".join(f"{float(rate):g}" for rate in mode.rates)
            click.echo(f"  {mode.width}x{mode.height} {shown(mode.form)} {rates}".rstrip())
