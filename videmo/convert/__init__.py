"""Write tables in the forms that other programs read.

A new form is one function in `forms`, which makes its rows, and one entry in `FORMS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from videmo.errors import DiskFullError, RequestError, SetupError, VidemoError
from videmo.files import write_atomic


class Form(NamedTuple):
    """How a form is called, and written."""

    about: str
    suffix: str
    """What its files' names end in, after the movie's name."""
    write: str = "commas"
    """Which function of `files` makes its bytes."""


FORMS = {
    "openface": Form("OpenFace 2: a row for each face", ".openface.csv", "openface_commas"),
    "pyfeat": Form("py-feat 1 and 2: a row for each face", ".pyfeat.csv"),
    "fer": Form("fer: a row for each frame with faces, without times", ".fer.csv"),
    "counts": Form("how many show each emotion, frame by frame", ".counts.csv"),
    "parquet": Form("the table itself, in columns", ".faces.parquet", "parquet"),
}


@dataclass(frozen=True)
class Converted:
    """What became of a table."""

    table: Path
    file: Path | None = None
    rows: int = 0
    error: VidemoError | None = None


def convert_tables(tables: Mapping[Path, str], form: str, folder: Path | str) -> list[Converted]:
    """Write each table in another form into `folder`; one bad table costs one table.

    Args:
        tables: each with the name of its own, as `find_tables` gives them.
        form: a key of `FORMS`.
        folder: made if it is missing.

    Raises:
        RequestError: there is no such form.
        DiskFullError: no room is left.
        SetupError: a library is missing.
    """
    if form not in FORMS:
        raise RequestError(f"{form}: no such form; choose from {', '.join(FORMS)}")
    done = []
    for table, name in tables.items():
        try:
            target = Path(folder) / (name + FORMS[form].suffix)
            done.append(_convert(table, form, target))
        except (DiskFullError, SetupError):
            raise
        except VidemoError as error:
            done.append(Converted(table, error=error))
    return done


def _convert(table: Path, form: str, target: Path) -> Converted:
    from videmo.convert import forms, write
    from videmo.table import read_record, read_table

    made = getattr(forms, form)(read_table(table), read_record(table))
    write_atomic(target, getattr(write, FORMS[form].write)(made))
    return Converted(table, target, len(made))
