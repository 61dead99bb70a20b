"""The command `videmo live`."""

from __future__ import annotations

import sys
import threading
import time
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from videmo.cli.live_page import page_of, page_options, served
from videmo.cli.live_people import names_of, people_options
from videmo.cli.live_tell import (
    Told,
    finish_in,
    list_cameras,
    status_line,
    tell_ended,
    tell_left,
)
from videmo.cli.options import (
    CAMERA_RATE,
    CAMERA_SIZE,
    DETECTOR,
    MODEL,
    PATH,
    QUIET,
    TIME,
    repeat_option,
)
from videmo.cli.tell import say
from videmo.files import shown
from videmo.schema import ALL_LABELS, DEFAULT_DETECTOR, DEFAULT_GAP, DEFAULT_MIN_FACE

if TYPE_CHECKING:
    from videmo.live import Live, LiveSettings

STATUS_EVERY = 5.0
"""Seconds from one line about lag and rates to the next, on a terminal."""
AS = ("text", "jsonl")


@click.command()
@click.argument("source", default="0")
@click.option("--list", "listing", is_flag=True, help="List the cameras of this machine, and end.")
@click.option("--text", is_flag=True, help="Write changes even with -q.")
@click.option(
    "--as",
    "form",
    type=click.Choice(AS),
    default=AS[0],
    show_default=True,
    help="How changes are written: as lines to read, or as JSON lines for other programs.",
)
@page_options
@click.option("--window", is_flag=True, help="Show the picture in a window, with faces.")
@click.option("--table", "folder", type=PATH, help="Keep a table and its record in this folder.")
@click.option(
    "--record",
    type=PATH,
    metavar="FILE.mp4",
    help="Record picture and sound; with --table, too, the table is of that.",
)
@click.option("--draw", is_flag=True, help="Draw the faces into what is recorded.")
@click.option(
    "--on",
    "commands",
    nargs=2,
    multiple=True,
    metavar="EMOTION COMMAND",
    help='Run a program when a run of this emotion (or "all") begins, and again when it ends; '
    "without a shell. Its environment has VIDEMO_EVENT (start, end), VIDEMO_EMOTION, "
    "VIDEMO_PERSON, VIDEMO_TRACK, VIDEMO_SCORE and VIDEMO_TIME, its standard input the same as "
    "JSON.",
)
@click.option(
    "--on-start",
    "start_commands",
    nargs=2,
    multiple=True,
    metavar="EMOTION COMMAND",
    help="The same, but only when it begins.",
)
@click.option(
    "--webhook",
    "webhooks",
    multiple=True,
    metavar="URL",
    help="Post each start and end of a run there, as JSON.",
)
@people_options
@repeat_option("How long an emotion must hold: looks in a row (5), or seconds (0.2s).")
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
    help="Of each --on or --on-start, programs that run at the same time, at most.",
)
@click.option(
    "--hook-timeout",
    type=click.FloatRange(0.1),
    default=10.0,
    show_default=True,
    help="Seconds after which such a program is killed, and an address given up.",
)
@click.option("--for", "seconds", type=TIME, help="End after so long: seconds, or hh:mm:ss.")
@CAMERA_SIZE
@CAMERA_RATE
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
    speed, an address (rtsp, http, https, udp, rtmp), or - for what another program writes into a
    pipe. Without one, camera 0. No other addresses are opened but those of --webhook.

    It ends with the source, or with Ctrl-C, with exit code 0, or 1 where the source was gone or
    pictures could not be recorded. A source that breaks is opened again, after growing
    waits. With --table, each session has a table and a record of its own, of which extract and all
    others make what they make of a scan's; with --record, too, the table is that of the recording.
    """
    if listing:
        list_cameras()
        return
    if finish is not None:
        sys.exit(0 if finish_in(finish) else 1)
    from videmo.live import Live

    settings = _settings(options)
    if window:
        from videmo.live.window import check_window

        check_window()
    session = Live(source, settings, names=names_of(options, quiet))
    _hook(session, options)
    told = Told(session.news, form == AS[1], silent=quiet and not text)
    try:
        with page_of(session, options, quiet) as page, session, served(page, told, options):
            tell_left(session.left)
            _run(session, told, seconds, window, quiet)
    except KeyboardInterrupt:
        if session.ended is None or not session.ended.stats.captured:
            raise
    told()  # what ended with the end
    ended = session.ended
    assert ended is not None
    tell_ended(ended, quiet)
    sys.exit(1 if ended.gaps or ended.stats.not_recorded else 0)


def _run(session: Live, told: Told, seconds: float | None, window: bool, quiet: bool) -> None:
    """Until it ends: tell what begins and ends, or show it."""
    if seconds is not None:
        timer = threading.Timer(seconds, session.close)
        timer.daemon = True
        timer.start()
    if window:
        from videmo.live.window import show

        # What is said and what is shown hold each other up no more than anything else.
        threading.Thread(target=_speak, args=(session, told, quiet), daemon=True).start()
        show(session)
    else:
        _speak(session, told, quiet)


def _speak(session: Live, told: Told, quiet: bool) -> None:
    """Tell what happens, to the end; now and then, on a terminal, how well it goes."""
    last = time.monotonic()
    while not session.looks.closed:
        told(0.5)
        if not quiet and sys.stderr.isatty() and time.monotonic() - last > STATUS_EVERY:
            last = time.monotonic()
            say(status_line(session))


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
    told_of = {"--on": options["commands"], "--on-start": options["start_commands"]}
    for option, (emotion, line) in ((name, one) for name in told_of for one in told_of[name]):
        if emotion not in (ALL_LABELS, *session.labels):
            raise RequestError(
                f"{shown(emotion)}: no such emotion; choose from all, {', '.join(session.labels)}"
            )
        command = Command(line, limit)
        session.on(
            None if emotion == ALL_LABELS else emotion,
            command,
            name=f"{option} {emotion} {shown(command.arguments[0])}",
            cooldown=cooldown,
            ends=option == "--on",
            at_once=options["at_once"],
            stop=command.stop,
        )
    for url in options["webhooks"]:
        post = Post(url, limit)
        session.on(None, post, name=f"--webhook {shown(post.name)}", cooldown=cooldown)
