"""Numbered pictures in a folder, which are a movie together: found by their names."""

from __future__ import annotations

import itertools
import os
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from videmo.errors import RequestError
from videmo.files import shown

FEWEST = 3
"""Pictures that are a series; fewer are just pictures."""

SUFFIXES = {
    *(".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".jp2", ".j2k"),
    *(".dpx", ".exr", ".tga", ".sgi", ".ppm", ".pgm", ".pbm", ".dng"),
}
"""What names of pictures end with that come in series."""

_NUMBERED = re.compile(r"(.*?)(\d{1,15})(\.\w+)", re.ASCII | re.DOTALL)


class Series(NamedTuple):
    """Pictures whose names differ by a number alone."""

    pattern: str
    """Their names, with ``%04d`` or its like where the number stands."""
    first: int
    pictures: int
    """How many there are."""
    missing: int | None = None
    """The first number between them that is not there; None where they run on."""

    def name(self, index: int) -> str:
        """The name of the picture `index`, counted from 0, where none is missing."""
        return self.pattern % (self.first + index)


def find_series(names: Iterable[str]) -> list[Series]:
    """The series of pictures among names of files in one folder, the longest first."""
    numbers: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in names:
        if (found := _NUMBERED.fullmatch(name)) and found[3].lower() in SUFFIXES:
            numbers[found[1], found[3]].append(found[2])
    every = (_series(*ends, digits) for ends, digits in numbers.items() if len(digits) >= FEWEST)
    return sorted((one for one in every if one), key=lambda one: (-one.pictures, one.pattern))


def _series(before: str, after: str, digits: list[str]) -> Series | None:
    """The series of names with these `digits`; None where one number is written in two ways."""
    width = min(map(len, digits))
    number = f"%0{width}d" if width > 1 else "%d"
    if any(number % int(one) != one for one in digits):
        return None
    values = sorted(map(int, digits))
    pattern = before.replace("%", "%%") + number + after
    pairs = itertools.pairwise(values)
    missing = next((one + 1 for one, other in pairs if other != one + 1), None)
    return Series(pattern, values[0], len(values), missing)


def holds_series(path: Path) -> bool:
    """Whether `path` is a folder with numbered pictures, as far as it can be read."""
    try:
        return os.path.isdir(path) and bool(find_series(_names(path)))
    except RequestError:
        return False


def pictures_in(folder: Path) -> list[Path]:
    """The numbered pictures in `folder`, in their order; raises as `series_in`."""
    series = series_in(folder)
    return [folder / series.name(index) for index in range(series.pictures)]


def series_in(folder: Path) -> Series:
    """The numbered pictures in `folder`.

    Raises:
        RequestError: there are none, or several series, or one with gaps; or it cannot be read.
    """
    found = find_series(_names(folder))
    if not found:
        raise RequestError(f"{shown(folder)}: is a folder; name the movies in it")
    if len(found) > 1:
        raise RequestError(
            f"{shown(folder)}: holds {len(found)} series of numbered pictures; move each to a "
            "folder of its own"
        )
    (series,) = found
    if series.missing is not None:
        raise RequestError(
            f"{shown(folder)}: {shown(series.pattern % series.missing)} is missing between its "
            "numbered pictures; number them without gaps"
        )
    return series


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError as error:
        raise RequestError(f"{shown(folder)}: cannot be read ({error.strerror})") from error
