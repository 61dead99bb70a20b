"""Just the lines of a list are cut, also after somebody has edited it in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from click.testing import CliRunner, Result

from tests.movies import another, number_of, numbered
from tests.tables import ABSENT, UNKNOWN, told
from videmo.cli import cli
from videmo.errors import RequestError
from videmo.exporters.selection import Exported, Selection
from videmo.listed import Listed, read_listed
from videmo.review import Review, TrackName, write_review
from videmo.table import review_path

FPS = 25
NAMES = ("a.mp4", "b.mp4")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two movies of 4 s whose pictures show their number; in each, Jim is happy, then sad, then
    happy, and later somebody else is there."""
    folder = tmp_path_factory.mktemp("archive")
    first = numbered(folder / NAMES[0], 100, fps=FPS)
    for movie in (first, another(first, folder / NAMES[1])):
        jim = [*["happy"] * 20, *["sad"] * 10, *["happy"] * 20]
        other = [ABSENT] * 60 + [UNKNOWN] * 10 + ["happy:0.95"] * 30
        told(
            folder / "tables",
            movie.name,
            {1: jim, 2: other},
            fps=FPS,
            persons={1: "Jim"},
            movie=movie,
        )
    return folder


@pytest.fixture
def listed(archive: Path, tmp_path: Path) -> Path:
    """What find writes of the happy moments, movie by movie as they come."""
    target = tmp_path / "moments.csv"
    command = ["find", str(archive / "tables"), "-e", "happy", "--order", "time", "-o", str(target)]
    done = CliRunner().invoke(cli, [*command, "-q"])
    assert done.exit_code == 0, done.output
    return target


def extract(listed: Path, *more: object) -> Result:
    out = listed.parent / "out"
    command = ["extract", "--moments", listed, "-o", out, "-q", "--as", "clips", *more]
    return CliRunner().invoke(cli, [str(one) for one in command])


def clips(listed: Path) -> dict[str, tuple[int, int]]:
    """Of each clip the numbers that its first and its last picture show."""
    out = listed.parent / "out"
    return {
        path.relative_to(out).as_posix(): numbers(path) for path in sorted(out.rglob("clips/*.mp4"))
    }


def numbers(path: Path) -> tuple[int, int]:
    with av.open(str(path)) as container:
        seen = [number_of(frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]
    return seen[0], seen[-1]


ALL = {
    f"{name}/happy/clips/{clip}": ends
    for name in NAMES
    for clip, ends in (
        ("00-00-00.000_t1.mp4", (0, 19)),
        ("00-00-01.200_t1.mp4", (30, 49)),
        ("00-00-02.800_t2.mp4", (70, 99)),
    )
}


def test_every_line_is_a_clip_from_its_start_to_its_end(listed: Path) -> None:
    assert extract(listed).exit_code == 0
    assert clips(listed) == ALL


def edited(listed: Path, edit: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> Path:
    lines = edit(list(csv.DictReader(io.StringIO(listed.read_text("utf-8")))))
    text = io.StringIO()
    writer = csv.DictWriter(text, [*lines[0]], lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    listed.write_text(text.getvalue(), "utf-8")
    return listed


def test_lines_that_were_taken_out_are_not_cut(listed: Path) -> None:
    edited(listed, lambda lines: [line for line in lines if line["track"] == "2"])
    assert extract(listed).exit_code == 0
    assert clips(listed) == {clip: ends for clip, ends in ALL.items() if "_t2" in clip}


def test_times_that_were_edited_are_cut(listed: Path) -> None:
    def later(lines: list[dict[str, str]]) -> list[dict[str, str]]:
        return [{**lines[0], "start": "0.2", "end": "0:00:01.4"}]

    assert extract(edited(listed, later)).exit_code == 0
    assert clips(listed) == {"a.mp4/happy/clips/00-00-00.200_t1.mp4": (5, 34)}


def test_an_emotion_that_was_edited_is_another_folder_s(listed: Path) -> None:
    def surprised(lines: list[dict[str, str]]) -> list[dict[str, str]]:
        return [{**lines[0], "emotion": "surprise"}]

    assert extract(edited(listed, surprised)).exit_code == 0
    assert clips(listed) == {"a.mp4/surprise/clips/00-00-00.000_t1.mp4": (0, 19)}
    text = (listed.parent / "out" / "segments.csv").read_text("utf-8")
    (line,) = csv.DictReader(io.StringIO(text))
    assert (line["emotion"], line["person"], line["asked"]) == ("surprise", "Jim", "listed")
    assert float(line["score"]) == pytest.approx(0.02, abs=1e-4)  # that of surprise


def test_a_supercut_is_joined_in_the_order_of_the_list(listed: Path) -> None:
    edited(listed, lambda lines: [lines[5], lines[0], lines[2]])
    assert extract(listed, "--as", "supercut").exit_code == 0
    with av.open(str(listed.parent / "out" / "supercut.mp4")) as container:
        seen = [number_of(frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]
    assert seen == [*range(70, 100), *range(20), *range(70, 100)]


def test_a_list_that_does_not_say_where_its_tables_lie_is_told(listed: Path) -> None:
    edited(listed, lambda lines: [{**line, "table": ""} for line in lines])
    said = str(extract(listed).exception)
    assert "moments.csv: does not say where its tables lie; name their folder, too" in said


def test_an_edit_list_is_in_the_order_of_the_list(listed: Path) -> None:
    edited(listed, lambda lines: [lines[2], lines[0]])
    assert extract(listed, "--as", "edl").exit_code == 0
    text = (listed.parent / "out" / "a.mp4" / "a.edl").read_text("utf-8")
    sources = re.findall(r"^\d{3}  .* C +(\S+) \S+ \S+ \S+$", text, re.MULTILINE)
    assert sources == ["00:00:02:20", "00:00:00:00"]


@pytest.mark.parametrize("separator", [";", "\t", ","])
@pytest.mark.parametrize("begin", ["", "\ufeff", "sep={}\n"])
def test_what_spreadsheets_make_of_it_is_read(listed: Path, separator: str, begin: str) -> None:
    written = read_listed(listed)
    rows = list(csv.reader(io.StringIO(listed.read_text("utf-8"))))
    numbers = {rows[0].index(name) for name in ("start", "end", "seconds", "score")}
    commas = [[c.replace(".", ",") if n in numbers else c for n, c in enumerate(r)] for r in rows]
    moved = [[*row[5:], *row[:5], "", ""] for row in commas]  # columns moved, and empty ones added
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\r\n").writerows([*moved, [], [""] * 9])
    content = begin.format(separator) + text.getvalue()
    listed.write_bytes(content.encode())
    assert list(map(what, read_listed(listed))) == list(map(what, written))


def what(one: Listed) -> tuple[object, ...]:
    return (one.movie, one.track, one.emotion, one.start, one.end, one.table, one.scan)


def test_a_sheet_shows_moments_in_the_order_of_the_list(
    listed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last one of a movie first: neither in order of time nor of scores."""
    from videmo.exporters import sheet

    seen: list[list[float]] = []
    made = sheet.export

    def looked_at(selection: Selection) -> Exported:
        seen.append([moment.runs[0].start for moment in selection.ordered])
        return made(selection)

    monkeypatch.setattr(sheet, "export", looked_at)
    edited(listed, lambda lines: [lines[1], lines[0], lines[2]])
    with listed.open(newline="") as file:
        lines = [line for line in csv.DictReader(file) if line["movie"] == NAMES[0]]
    starts = [float(line["start"]) for line in lines]
    assert extract(listed, "--as", "sheet").exit_code == 0
    assert seen[0] == starts != sorted(starts)


def test_pads_are_added_where_they_are_asked_for(listed: Path) -> None:
    edited(listed, lambda lines: lines[:2])
    assert extract(listed, "--pad", "0.2").exit_code == 0
    assert clips(listed) == {
        "a.mp4/happy/clips/00-00-00.000_t1.mp4": (0, 24),
        "a.mp4/happy/clips/00-00-01.000_t1.mp4": (25, 54),
    }


def test_lines_that_begin_together_when_padded_lose_nothing(listed: Path) -> None:
    def near(lines: list[dict[str, str]]) -> list[dict[str, str]]:
        ends = (("0.04", "0.2"), ("0.12", "0.6"))
        return [{**lines[0], "start": start, "end": end} for start, end in ends]

    assert extract(edited(listed, near), "--pad", "0.2").exit_code == 0
    assert clips(listed) == {"a.mp4/happy/clips/00-00-00.000_t1.mp4": (0, 19)}


def test_a_list_of_another_folder_is_looked_up_by_the_movies_names(
    archive: Path, listed: Path
) -> None:
    def without(lines: list[dict[str, str]]) -> list[dict[str, str]]:
        kept = ("movie", "track", "emotion", "start", "end")
        return [{name: line[name] for name in kept} for line in lines]

    edited(listed, without)
    assert extract(listed, archive / "tables").exit_code == 0
    assert clips(listed) == ALL


def change(line: int, column: str, value: str) -> Callable[[Path], None]:
    def edit(listed: Path) -> None:
        def one(lines: list[dict[str, str]]) -> list[dict[str, str]]:
            lines[line - 2][column] = value
            return lines

        edited(listed, one)

    return edit


def twice(listed: Path) -> None:
    edited(listed, lambda lines: [*lines, lines[1]])


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (change(3, "start", "1,2,3"), "line 3, column start: '1,2,3' is no time"),
        (change(3, "start", "12. Mai"), "line 3, column start: '12. Mai' is no time"),
        (change(3, "start", "nan"), "line 3, column start: 'nan' is no time"),
        (change(3, "start", "-1"), "line 3, column start: lies before the movie begins"),
        (change(4, "end", ""), "line 4, column end: is empty"),
        (change(4, "end", "1.0"), "line 4, column end: 1.000 does not lie behind the start, 2.800"),
        (change(4, "end", "4.1"), "line 4, column end: 4.100 lies behind the end of what was"),
        (change(2, "track", "1.5"), "line 2, column track: '1.5' is no whole number"),
        (change(2, "track", "7"), "line 2, column track: track 7 is not on the screen from 0.000"),
        (change(5, "emotion", "hapy"), "line 5, column emotion: hapy: no such emotion; did you"),
        (
            change(5, "emotion", "bored"),
            "line 5, column emotion: bored: no such emotion; there are",
        ),
        (change(6, "movie", "c.mp4"), "line 6, column movie: c.mp4: is not that of its table"),
        (change(6, "movie", "../x/b.mp4x"), "line 6, column movie"),
        (
            change(6, "table", "no.faces.csv"),
            "line 6, column table: no.faces.csv: there is no such",
        ),
        (change(6, "table", "/etc/passwd"), "line 6, column table: /etc/passwd: there is no such"),
        (change(7, "scan", "scan abc"), "line 7, column scan: b.mp4 was scanned again since"),
        (twice, "line 8, column start: line 3 begins there, too"),
        (lambda path: path.write_text("a,b\n1,2\n"), "the column movie is missing"),
        (lambda path: path.write_text(""), "the column movie is missing"),
        (lambda path: path.write_text(path.read_text().partition("\n")[0]), "lists no moment"),
        (lambda path: path.write_bytes(b"movie;\xe4\n"), "is not in UTF-8; save it as CSV UTF-8"),
        (lambda path: path.write_text("movie,movie,track,emotion,start,end\n"), "movie twice"),
        (lambda path: path.write_bytes(b'movie\n"' + b"a" * 200_000), "is no CSV"),
        (lambda path: path.unlink(), "cannot be read"),
    ],
)
def test_a_wrong_edit_is_named_by_line_and_column_and_nothing_is_cut(
    listed: Path, edit: Callable[[Path], None], message: str
) -> None:
    edit(listed)
    done = extract(listed)
    said = str(done.exception) if isinstance(done.exception, RequestError) else done.stderr
    assert message in said and str(listed) in said
    assert done.exit_code != 0
    assert not [clip for clip in clips(listed) if clip.startswith("c.mp4") or "x" in clip[:1]]


def test_a_movie_s_name_leads_to_no_other_folder(listed: Path) -> None:
    change(2, "movie", "../../a.mp4")(listed)
    assert extract(listed).exit_code == 0
    assert "a.mp4/happy/clips/00-00-00.000_t1.mp4" in clips(listed)
    assert not (listed.parent.parent / "a.mp4").exists()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("-e", "happy"), "--emotion does not go with --moments"),
        (("--repeat", "5"), "--repeat does not go with --moments"),
        (("--person", "Jim"), "--person does not go with --moments"),
        (("--reviewed",), "--reviewed does not go with --moments"),
    ],
)
def test_a_list_says_what_is_cut(listed: Path, more: tuple[str, ...], message: str) -> None:
    done = extract(listed, *more)
    assert done.exit_code == 2 and message in done.stderr


def test_a_list_is_cut_as_if_nobody_had_corrected_anything_where_that_is_asked_for(
    archive: Path, listed: Path, tmp_path: Path
) -> None:
    """Corrections name who is who in `segments.csv`."""
    tables = shutil.copytree(archive / "tables", tmp_path / "tables")
    for name in NAMES:
        shutil.copy(archive / name, tmp_path / name)
    named = Review(tracks=(TrackName(1, 0.0, 9.0, "James"),))
    write_review(review_path(tables / "a.mp4.faces.csv"), named)
    for more, person in (((), "James"), (("--raw",), "Jim")):
        command = ["extract", tables, "--moments", listed, "-o", tmp_path / "out", "-q", *more]
        done = CliRunner().invoke(cli, [str(one) for one in command])
        assert done.exit_code == 0, done.output
        text = (tmp_path / "out" / "segments.csv").read_text("utf-8")
        lines = list(csv.DictReader(io.StringIO(text)))
        who = {one["person"] for one in lines if (one["movie"], one["track"]) == ("a.mp4", "1")}
        assert who == {person}


def test_without_a_list_an_emotion_is_needed() -> None:
    done = CliRunner().invoke(cli, ["extract"])
    assert done.exit_code == 2 and "--emotion" in done.stderr


def test_a_list_of_thousands_of_lines_is_read(listed: Path) -> None:
    edited(
        listed,
        lambda lines: [{**lines[0], "start": f"{n}", "end": f"{n}.5"} for n in range(20_000)],
    )
    assert len(read_listed(listed)) == 20_000
