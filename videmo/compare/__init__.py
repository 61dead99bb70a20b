"""How far videmo agrees with people who coded the same movies, or with another table of videmo."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from videmo.compare.agreement import UNKNOWN, Agreement, agreement_of, units_of
from videmo.compare.coded import read_coded
from videmo.compare.grid import (
    NEUTRAL,
    OTHER,
    OUT,
    UNCODED,
    How,
    check_there,
    coded_on,
    found_on,
    steps_in,
    translated,
)
from videmo.errors import RequestError
from videmo.files import shown
from videmo.find import find_tables, without_copies
from videmo.reading import Reading, read_moments
from videmo.resample import Numbers
from videmo.table import TABLE_SUFFIX, movie_file

log = logging.getLogger(__name__)

__all__ = ["UNCODED", "Agreement", "Compared", "How", "compare", "pairs_of"]

CODINGS = (".eaf", ".csv", ".tsv", TABLE_SUFFIX)
"""How the file of a movie's coding may end, where a folder of them is given."""


@dataclass(frozen=True)
class Compared:
    """One movie, or all together."""

    movie: str
    """Empty: all."""
    agreement: Agreement
    scanned: float
    """Seconds that were scanned."""
    coded: float
    """Seconds that people coded, of what was scanned."""
    both: float
    """Seconds of that in which videmo says something, too."""


def pairs_of(tables: Sequence[Path], codings: Sequence[Path]) -> list[tuple[Path, str, Path]]:
    """Each table with its movie's name, and with the coding of that.

    Args:
        tables: as `find_tables` takes them.
        codings: as many, in order; or one folder, in which they are named as the movies.

    Raises:
        RequestError: they are not as many, or one is not there.
    """
    found = [
        (table, name)
        for place in tables
        for table, name in without_copies(find_tables([place])).items()
    ]
    if len(codings) == 1 and codings[0].is_dir():
        return [(table, name, _coding_in(codings[0], name)) for table, name in found]
    if len(codings) != len(found):
        raise RequestError(
            f"{len(found)} tables, and {len(codings)} codings: give each table its --with, in "
            "order, or one folder in which they are named as the movies"
        )
    return [(*one, coding) for one, coding in zip(found, codings, strict=True)]


def _coding_in(folder: Path, name: str) -> Path:
    file = Path(movie_file(name))
    for stem in (name, file.as_posix(), file.name, file.with_suffix("").as_posix(), file.stem):
        for suffix in CODINGS:
            place = folder / f"{stem}{suffix}"
            if place.is_file():
                return place
    raise RequestError(
        f"{shown(folder)}: holds no coding of {shown(name)}; name it {shown(file.stem)}.eaf or .csv"
    )


def compare(pairs: Sequence[tuple[Path, str, Path]], how: How) -> list[Compared]:
    """Compare each table with the coding of its movie; and all together, if they are several.

    Raises:
        RequestError: a coding cannot be read, or does not fit; there is no such person or track; or
            of a table, in place of a coding, something is said that goes with codings alone.
        TableError: a table is not whole.
    """
    _check_said(how, [coding for *_, coding in pairs])
    # As the scan found it: what people corrected would agree with people.
    reads = [(read_moments(table, name, raw=True), name, coding) for table, name, coding in pairs]
    check_there([read for read, *_ in reads], how)
    for warning in dict.fromkeys(one for read, *_ in reads for one in read.warnings):
        log.warning("%s", warning)
    labels = list(dict.fromkeys(label for read, *_ in reads for label in read.record["labels"]))
    grids = [_grids(read, name, coding, how, labels) for read, name, coding in reads]
    used = list(range(len(labels)))
    if how.uncoded == OTHER:  # what nobody coded anywhere is no emotion to agree on
        count = len(labels)
        used = sorted(
            {int(one) for coded, _ in grids for one in np.unique(coded) if 0 <= one < count}
        )
        labels = [*(labels[one] for one in used), OTHER]
        grids = [(_others(coded, used), _others(found, used)) for coded, found in grids]
    window = max(1, round(how.window / how.step))
    units = [units_of(*grid, len(labels), window, how.step) for grid in grids]
    names = [name for _, name, _ in reads]
    done = [
        Compared(name, agreement_of(unit, labels), *_seconds([grid], how))
        for name, unit, grid in zip(names, units, grids, strict=True)
    ]
    if len(done) > 1:
        every = agreement_of(np.concatenate(units), labels)
        done.append(Compared("", every, *_seconds(grids, how)))
    return done


def _check_said(how: How, codings: Sequence[Path]) -> None:
    """See whether nothing is said of people's coding where it is a table of videmo.

    Raises:
        RequestError: not so.
    """
    table = next((one for one in codings if one.name.endswith(TABLE_SUFFIX)), None)
    said = {
        "--tier": bool(how.tier),
        "--label": bool(how.words),
        "--offset": bool(how.offset),
        "--uncoded": how.uncoded != OUT,
    }
    option = next((name for name, given in said.items() if given), None)
    if table is not None and option is not None:
        raise RequestError(
            f"{shown(table)}: is a table of videmo, of which {option} says nothing; leave it out"
        )


def _seconds(grids: Sequence[tuple[Numbers, Numbers]], how: How) -> tuple[float, float, float]:
    every = sum(len(one) for one, _ in grids)
    coded = sum(int((one != UNKNOWN).sum()) for one, _ in grids)
    both = sum(int(((one != UNKNOWN) & (other != UNKNOWN)).sum()) for one, other in grids)
    return every * how.step, coded * how.step, both * how.step


def _others(grid: Numbers, used: Sequence[int]) -> Numbers:
    """The numbers of the labels that are `used` from 0 on, and then that of all others."""
    new = np.full(max([*used, int(grid.max(initial=0))]) + 1, len(used))
    new[list(used)] = np.arange(len(used))
    known = grid >= 0
    return np.where(known, new[np.where(known, grid, 0)], grid)


def _grids(
    read: Reading, name: str, coding: Path, how: How, labels: Sequence[str]
) -> tuple[Numbers, Numbers]:
    """What people and videmo say at each step of what was scanned."""
    record = read.record
    grid = steps_in(record["settings"]["start"], record["end"], how.step)
    found = found_on(grid, read, how, labels)
    if coding.name.endswith(TABLE_SUFFIX):
        other = read_moments(coding, name)
        if other.unknown:
            log.warning("%s", other.unknown)
        if other.record["movie"]["fingerprint"] != record["movie"]["fingerprint"]:
            of_what = f"{shown(coding)}: is of another file than that of {shown(name)}"
            log.warning("%s; compare tables of one movie", of_what)
        theirs = replace(how, tracks=())  # another scan's numbers are other tracks
        check_there([other], theirs)
        return found_on(grid, other, theirs, labels), found
    codes = translated(read_coded(coding, name), labels, how, coding)
    coded = coded_on(grid, codes, labels, coding)
    if (coded == UNKNOWN).all():
        raise RequestError(f"{shown(coding)}: nothing of it lies in what was scanned")
    if how.uncoded == NEUTRAL and NEUTRAL not in labels:
        raise RequestError(f"{shown(coding)}: --uncoded neutral: this model knows no neutral")
    if how.uncoded == NEUTRAL:
        coded[coded == UNKNOWN] = labels.index(NEUTRAL)
    elif how.uncoded == OTHER:
        coded[coded == UNKNOWN] = len(labels)
    return coded, found
