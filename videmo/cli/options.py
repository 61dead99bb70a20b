"""What the commands' options have in common: kinds of values, and options that several have."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from videmo.schema import ALL_SOUND, DEFAULT_DETECTOR, DEFAULT_REPEAT

Decorator = Callable[[Any], Any]

PATH = click.Path(path_type=Path)

LONGEST = 100_000 * 3600.0
"""Seconds that no movie lasts."""
FASTEST = 10_000
"""Pictures in a second that no camera for people takes."""
MOST = float(1 << 60)
"""Bytes that no machine has."""


class Time(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4
    """A place in a movie: seconds, or hours, minutes and seconds with colons between."""

    name = "time"
    form = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?|\.\d+)", re.ASCII)

    @staticmethod
    def seconds(found: re.Match[str]) -> float:
        """What `form` found, in seconds."""
        hours, minutes, seconds = found.groups()
        return float(hours or 0) * 3600 + float(minutes or 0) * 60 + float(seconds)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        found = self.form.fullmatch(str(value))
        if not found:
            self.fail(f"{value!r} is no time; write seconds (72.5) or 0:01:12.5", param, ctx)
        time = self.seconds(found)
        if time > LONGEST:
            self.fail("no movie lasts so long; write seconds (72.5) or 0:01:12.5", param, ctx)
        return time


class Length(click.ParamType):  # type: ignore[type-arg]
    """How long something lasts: seconds (2.5, 2.5s), or minutes and more with colons (1:30)."""

    name = "seconds"

    def __init__(self, *, some: bool = False) -> None:
        """`some`: it must be more than nothing."""
        self._some = some

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, float):
            return value
        found = Time.form.fullmatch(str(value).removesuffix("s"))
        length = Time.seconds(found) if found else -1.0
        if not 0 <= length <= LONGEST or (self._some and not length):
            more = ", more than 0" if self._some else ""
            self.fail(f"{value!r} is no length; write seconds (2.5) or 0:01:30{more}", param, ctx)
        return length


class Size(click.ParamType):  # type: ignore[type-arg]
    """Bytes, in mega- or gigabytes: 500M, 4G."""

    name = "size"
    _form = re.compile(r"(\d+(?:\.\d+)?)([MG])B?", re.ASCII | re.IGNORECASE)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = self._form.fullmatch(str(value))
        if not found:
            self.fail(f"{value!r} is no size; write 500M or 4G", param, ctx)
        size = float(found[1]) * (1 << (20 if found[2] in "mM" else 30))
        if size > MOST:
            self.fail("no machine has so much; write 500M or 4G", param, ctx)
        return int(size)


class Repeat(click.ParamType):  # type: ignore[type-arg]
    """How long something must hold: frames (5), or seconds (0.2s)."""

    name = "frames|seconds"
    _form = re.compile(r"(?:(\d{1,9})|(\d{1,6}(?:\.\d*)?)s)", re.ASCII)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, float]:
        """The fewest frames, and the fewest seconds."""
        found = self._form.fullmatch(str(value))
        frames = int(found[1] or 1) if found else 0
        if not found or not frames:
            self.fail(f"{value!r} is no length; write frames (5) or seconds (0.2s)", param, ctx)
        return frames, float(found[2] or 0)


class Part(click.ParamType):  # type: ignore[type-arg]
    """A part of the picture: x, y, width and height, in parts of it (0 to 1) or in pixels."""

    name = "x,y,w,h"
    _number = r"\s*(\d{1,6}(?:\.\d{0,6})?|\.\d{1,6})\s*"
    _form = re.compile(",".join([_number] * 4), re.ASCII)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, float, float, float]:
        found = self._form.fullmatch(str(value))
        if not found:
            self.fail(f"{value!r} is no part of a picture; write x,y,w,h", param, ctx)
        x, y, w, h = map(float, found.groups())
        return x, y, w, h


class SoundChoice(click.ParamType):  # type: ignore[type-arg]
    """The number of a sound track, from 1, or all of them."""

    name = "sound"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if value == "all":
            return ALL_SOUND
        if not re.fullmatch(r"[1-9]\d{0,3}", str(value), re.ASCII):
            self.fail(f"{value!r} is no sound track; write a number from 1 on, or all", param, ctx)
        return int(value)


class Rate(click.ParamType):  # type: ignore[type-arg]
    """Pictures in a second: 25, 23.976, 24000/1001."""

    name = "rate"
    _form = re.compile(r"\d{1,6}(\.\d{1,6}|/\d{1,6})?", re.ASCII)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Fraction:
        try:
            rate = Fraction(str(value)) if self._form.fullmatch(str(value)) else Fraction(0)
        except ZeroDivisionError:
            rate = Fraction(0)
        if not 0 < rate <= FASTEST:
            self.fail(f"{value!r} is no rate; write 25, 23.976 or 24000/1001", param, ctx)
        return rate


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


TIME = Time()
LENGTH, SOME_LENGTH = Length(), Length(some=True)
RATE = Rate()
SOUND = SoundChoice()
SIZE = Size()
REPEAT = Repeat()
PART = Part()

TABLES: Decorator = click.argument("tables", nargs=-1, type=PATH, metavar="[TABLE|FOLDER]...")
MOVED: Decorator = click.option(
    "--movie", type=PATH, help="Where the movie is now, if it was moved."
)
MODEL: Decorator = click.option(
    "--model", type=PATH, help="Another emotion model (.tflite, its .json beside it)."
)
DETECTOR: Decorator = click.option(
    "--detector",
    metavar="NAME",
    help="What finds faces: yunet, a small network, also in profile, in the dark, looking down; or "
    f"haar, the classic cascade and eye check, from the front.  [default: {DEFAULT_DETECTOR}]",
)
FPS: Decorator = click.option(
    "--fps",
    type=RATE,
    help="Folders of numbered pictures (f0001.png, f0002.png, ...) are movies, too, with so many "
    "pictures a second.",
)
RAW: Decorator = click.option(
    "--raw", is_flag=True, help="Ignore corrections (NAME.review.csv, made in videmo view)."
)
QUIET: Decorator = click.option(
    *("-q", "--quiet"), is_flag=True, help="Say nothing but what went wrong."
)

CAMERA_SIZE: Decorator = click.option(
    "--size", type=PictureSize(), help="Size to ask a camera for."
)
CAMERA_RATE: Decorator = click.option(
    "--rate", type=RATE, help="Pictures a second to ask a camera for."
)
NO_BROWSER: Decorator = click.option(
    "--no-browser", is_flag=True, help="Only print the address; open no browser."
)


def port_option(about: str = "Where it listens on this machine.") -> Decorator:
    """The option `--port`: where a page is."""
    return click.option(
        "--port", type=click.IntRange(1, 65535), help=f"{about}  [default: any free port]"
    )


def repeat_option(about: str) -> Decorator:
    """The option `-r/--repeat`: how long an emotion must hold."""
    return click.option(
        *("-r", "--repeat"),
        type=REPEAT,
        default=str(DEFAULT_REPEAT),
        show_default=True,
        metavar="FRAMES|SECONDS",
        help=about,
    )


def output(
    about: str,
    name: str = "folder",
    *,
    default: str | None = ".",
    required: bool = False,
    show_default: bool = False,
) -> Decorator:
    """The option `-o/--output`: the folder, called `name`, for what a command makes."""
    chosen = {"required": True} if required else {"default": default}
    return click.option(
        *("-o", "--output", name), type=PATH, help=about, show_default=show_default, **chosen
    )


def options_said() -> list[str]:
    """The names of the running command's options that somebody gave, and that are not defaults."""
    context = click.get_current_context()
    default = click.core.ParameterSource.DEFAULT
    return [name for name in context.params if context.get_parameter_source(name) is not default]
