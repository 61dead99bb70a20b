"""Lists that a spreadsheet saved its own way are named as that, not as somebody else's."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path

import pytest

from videmo.annotate.pictures import LIST, read_list
from videmo.archive import Shard
from videmo.archive.ledger import Entry, begin_ledger, ledger_path, read_ledger
from videmo.errors import OutputError
from videmo.exporters.lists import list_text
from videmo.extract.segments import SEGMENTS, SEGMENTS_COLUMNS, read_segments
from videmo.schema import EMOTIONS, column_names


def segments(folder: Path) -> Path:
    path = folder / SEGMENTS
    path.write_text(list_text(SEGMENTS_COLUMNS, [dict.fromkeys(SEGMENTS_COLUMNS, "1")]))
    return path


def pictures(folder: Path) -> Path:
    columns = ("file", *column_names(EMOTIONS))
    (folder / LIST).write_text(list_text(columns, [{"file": "a.jpg"}]))
    return folder / LIST


def archive(folder: Path) -> Path:
    begin_ledger(ledger_path(folder, Shard()), [Entry("a.mp4", "ok", frames=1)], EMOTIONS)
    return ledger_path(folder, Shard())


LISTS = {
    segments: lambda path: read_segments(path.parent),
    pictures: lambda path: read_list(path.parent),
    archive: read_ledger,
}


@pytest.mark.parametrize(
    "saved",
    [
        lambda text: codecs.BOM_UTF8 + text.replace(",", ";").replace("\n", "\r\n").encode(),
        lambda text: text.replace(",", ";").encode(),
        lambda text: text.replace(",", "\t").replace("\n", "\r\n").encode(),
        lambda text: codecs.BOM_UTF8 + text.encode(),
    ],
    ids=["Excel in Germany", "semicolons", "tabs", "mark of UTF-8"],
)
@pytest.mark.parametrize("make", LISTS, ids=lambda make: make.__name__)
def test_a_list_that_a_spreadsheet_saved_is_named_as_that(
    tmp_path: Path, make: Callable[[Path], Path], saved: Callable[[str], bytes]
) -> None:
    path = make(tmp_path)
    assert LISTS[make](path)
    path.write_bytes(saved(path.read_text()))
    with pytest.raises(OutputError, match=f"{path.name}: was saved by a spreadsheet") as error:
        LISTS[make](path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("make", LISTS, ids=lambda make: make.__name__)
def test_another_program_s_list_is_refused_as_before(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    path = make(tmp_path)
    path.write_text("a;b;c\n1;2;3\n")
    with pytest.raises(OutputError, match="is not the list"):
        LISTS[make](path)
