"""Moments found in tables and archives, and the index that they are found in."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.movies import still
from tests.tables import ABSENT, UNKNOWN, told
from videmo.cli import cli
from videmo.demo import make_movie
from videmo.errors import OutputError, RequestError
from videmo.files import file_lock
from videmo.index import INDEX, ORDERS, Asked, Index, Kept, index_in_memory, open_index
from videmo.moments import Moment
from videmo.names import people_path, people_record_path
from videmo.reading import read_moments
from videmo.review import REMOVED, Fix, Key, Review, write_review
from videmo.search import find_moments, renew_index
from videmo.table import record_path, review_path

JIM, RACHEL = "Jim", "Rachel"
SMILE, FROWN = ["happy"] * 10, ["angry:0.5"] * 10


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Three movies at ten frames a second.

    a: Jim smiles for 1 s, frowns for 1 s, smiles for 3 s; Rachel is there from 3 s on, and sad.
    2019/b: Jim smiles for 2 s, surely; nobody else. c: somebody smiles for half a second.
    """
    looks = {1: [*SMILE, *FROWN, *SMILE * 3], 2: [ABSENT] * 30 + ["sad"] * 20}
    told(tmp_path, "a.mp4", looks, persons={1: JIM, 2: RACHEL})
    told(tmp_path / "2019", "b.mp4", {1: ["happy:0.99"] * 20}, persons={1: JIM})
    told(tmp_path, "c.mp4", {1: ["happy:0.7"] * 5})
    return tmp_path


def found(place: Path, **asked: Any) -> list[tuple[str, float, float]]:
    """Movie, start and end of what is found."""
    with find_moments(place, Asked(**{"limit": 50, **asked})) as answer:
        return [(m.movie, round(m.start, 3), round(m.end, 3)) for m in answer.moments]


A1, A2, A3 = ("a.mp4", 0.0, 1.0), ("a.mp4", 1.0, 2.0), ("a.mp4", 2.0, 5.0)
RACHELS = ("a.mp4", 3.0, 5.0)
B, C = ("2019/b.mp4", 0.0, 2.0), ("c.mp4", 0.0, 0.5)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"emotions": ("happy",), "order": "score"}, [B, A1, A3, C]),
        ({"emotions": ("happy",), "order": "length"}, [A3, B, A1, C]),
        ({"order": "time"}, [B, A1, A2, A3, RACHELS, C]),
        ({"order": "movie"}, [B, A1, A3, RACHELS, A2, C]),
        ({"persons": (JIM,), "order": "time"}, [B, A1, A2, A3]),
        ({"persons": ("jim",), "emotions": ("angry",)}, [A2]),
        ({"persons": (JIM, RACHEL), "emotions": ("sad", "angry"), "order": "time"}, [A2, RACHELS]),
        ({"seconds": 2, "order": "time"}, [B, A3, RACHELS]),
        ({"seconds": 2.01, "order": "time"}, [A3]),
        ({"emotions": ("happy",), "min_score": 0.9}, [B]),
        ({"alongside": (RACHEL,), "order": "time"}, [A3]),
        ({"alongside": (RACHEL,), "persons": (JIM,), "emotions": ("angry",)}, []),
        ({"movies": ("*2019*",)}, [B]),
        ({"movies": ("*A.MP4", "c.*"), "emotions": ("happy",), "order": "time"}, [A1, A3, C]),
        ({"order": "score", "limit": 2, "emotions": ("happy",)}, [B, A1]),
        ({"repeat": 6, "emotions": ("happy",), "order": "time"}, [B, A1, A3]),
        ({"emotions": ("fear",)}, []),
    ],
)
def test_what_is_asked_for_is_found(
    archive: Path, asked: dict[str, Any], expected: list[tuple[str, float, float]]
) -> None:
    assert found(archive, **asked) == expected


def test_one_table_is_asked_like_an_archive_and_leaves_no_index(archive: Path) -> None:
    table = archive / "a.mp4.faces.csv"
    assert found(table, emotions=("happy",), order="time") == [A1, A3]
    assert found(archive / "2019" / "b.mp4.faces.csv") == [("b.mp4", 0.0, 2.0)]
    assert not list(archive.rglob(f"{INDEX}*"))


def test_who_is_on_the_screen_at_once_is_told_from_all_that_is_seen(tmp_path: Path) -> None:
    """Not only from faces that count; and who is away for longer than a gap is away."""
    there = {1: ["happy"] * 40, 2: [UNKNOWN] * 10 + [ABSENT] * 10 + [UNKNOWN] * 10}
    told(tmp_path, "a.mp4", there, persons={1: JIM, 2: RACHEL})
    later = {1: [ABSENT] * 10 + ["happy"] * 10, 2: there[2]}
    told(tmp_path, "b.mp4", later, persons={1: JIM, 2: RACHEL})
    assert found(tmp_path, alongside=(RACHEL,)) == [("a.mp4", 0.0, 4.0)]
    assert found(tmp_path, alongside=(RACHEL, JIM)) == []  # nobody is beside himself


def test_two_others_must_be_there_at_one_instant(tmp_path: Path) -> None:
    looks = {1: ["happy"] * 40, 2: ["sad"] * 20, 3: [ABSENT] * 20 + ["sad"] * 20}
    told(tmp_path, "apart.mp4", looks, persons={1: JIM, 2: RACHEL, 3: "Monica"})
    looks |= {3: [ABSENT] * 19 + ["sad"] * 20}
    told(tmp_path, "together.mp4", looks, persons={1: JIM, 2: RACHEL, 3: "Monica"})
    theirs = found(tmp_path, alongside=(RACHEL, "Monica"), persons=(JIM,))
    assert theirs == [("together.mp4", 0.0, 4.0)]


def test_short_runs_are_kept_for_who_asks_for_them(tmp_path: Path) -> None:
    told(tmp_path, "a.mp4", {1: ["happy", *["sad"] * 6]})
    assert found(tmp_path, emotions=("happy",)) == []
    assert found(tmp_path, emotions=("happy",), repeat=1) == [("a.mp4", 0.0, 0.1)]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"persons": ("Jin",)}, "Jin: nobody has this name; there are: Jim, Rachel"),
        ({"alongside": ("Ross",)}, "Ross: nobody has this name; there are: Jim, Rachel"),
        ({"emotions": ("joy",)}, "joy: no such emotion; did you mean happy?"),
    ],
)
def test_who_and_what_there_is_not_is_told(
    archive: Path, asked: dict[str, Any], message: str
) -> None:
    with pytest.raises(RequestError, match="^" + message.replace("?", r"\?")):
        found(archive, **asked)


# The index is kept up to date.


def test_a_table_that_changed_is_read_again_and_only_that(archive: Path) -> None:
    assert renew_index(archive).changed == 3
    assert renew_index(archive).changed == 0
    told(archive, "c.mp4", {1: ["surprise"] * 9})
    assert found(archive, emotions=("surprise",)) == [("c.mp4", 0.0, 0.9)]
    told(archive, "d.mp4", {1: SMILE})
    (archive / "a.mp4.faces.csv").unlink()
    record_path(archive / "a.mp4.faces.csv").unlink()
    assert renew_index(archive).changed == 2
    assert found(archive, order="time") == [B, ("c.mp4", 0.0, 0.9), ("d.mp4", 0.0, 1.0)]


def test_a_scan_of_a_folder_leaves_an_index_that_is_up_to_date(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    make_movie(tmp_path / "in" / "movie.mp4", still(1))
    done = run("scan", "-q", tmp_path / "in", "-o", tmp_path / "out", "-j", 1)
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / "out" / INDEX).is_file()
    assert renew_index(tmp_path / "out").changed == 0
    ((movie, start, _),) = found(tmp_path / "out", emotions=("happy",))
    assert (movie, start) == ("movie.mp4", 0.0)


def test_names_that_change_are_heeded(archive: Path) -> None:
    found(archive)
    people = people_path(archive / "2019" / "b.mp4.faces.csv")
    people.write_text(people.read_text().replace(JIM, "Ross"))
    assert found(archive, persons=("Ross",)) == [B]
    people = people_path(archive / "a.mp4.faces.csv")
    people.write_text(people.read_text().replace(JIM, "Ross"))
    with pytest.raises(RequestError, match="there are: Rachel, Ross"):
        found(archive, persons=(JIM,))


def test_corrections_are_heeded_and_raw_ignores_them(archive: Path) -> None:
    smile, frown = Key(1, "happy", 0.0, 1.0), Key(1, "angry", 1.0, 2.0)
    fixes = (Fix(smile, REMOVED), Fix(frown, emotion="sad", end=1.5))
    review = Review(fixes, persons={RACHEL: "Bob"})
    before = {how: found(archive, order=how) for how in ORDERS}
    write_review(review_path(archive / "a.mp4.faces.csv"), review)
    shorter = ("a.mp4", 1.0, 1.5)
    for place in (archive, archive / "a.mp4.faces.csv"):
        assert found(place, emotions=("happy",), movies=("a*",)) == [A3]
        assert found(place, emotions=("sad",), order="time") == [shorter, RACHELS]
        assert found(place, emotions=("angry",)) == []
        assert found(place, persons=("Bob",)) == found(place, persons=(RACHEL,), raw=True)
        assert found(place, persons=(RACHEL,)) == found(place, persons=("Bob",), raw=True) == []
        assert found(place, alongside=("Bob",)) == [A3]
        assert found(place, alongside=(RACHEL,), raw=True) == [A3]
        assert found(place, alongside=(RACHEL,)) == found(place, alongside=("Bob",), raw=True) == []
    assert {how: found(archive, order=how, raw=True) for how in ORDERS} == before
    done = CliRunner().invoke(cli, ["find", str(archive), "-e", "angry", "--raw"])
    assert len(done.stdout.splitlines()) == 2
    assert renew_index(archive).moments == 5


def test_a_copy_is_found_once(archive: Path) -> None:
    (archive / "copies").mkdir()
    for suffix in (".csv", ".json"):
        content = (archive / f"c.mp4.faces{suffix}").read_bytes()
        (archive / "copies" / f"c.mp4.faces{suffix}").write_bytes(content)
    assert len(found(archive, movies=("*c.mp4",))) == 1
    assert renew_index(archive).changed == 0
    for suffix in (".csv", ".json"):
        (archive / f"c.mp4.faces{suffix}").unlink()
    assert found(archive, movies=("*c.mp4",)) == [("copies/c.mp4", 0.0, 0.5)]


def test_a_bad_table_costs_one_table_and_is_told_each_time(archive: Path) -> None:
    table = archive / "a.mp4.faces.csv"
    table.write_bytes(table.read_bytes()[:-100])
    for _ in range(2):
        done = run("find", archive, "--order", "time")
        assert done.exit_code == 1
        assert "a.mp4.faces.csv: is not the table that was written" in done.stderr
        assert "b.mp4" in done.stdout and "c.mp4" in done.stdout


def test_corrections_that_cannot_be_read_cost_nothing_with_raw(archive: Path) -> None:
    before = found(archive, order="time")
    review_path(archive / "a.mp4.faces.csv").write_text("rubbish")
    assert found(archive, order="time") == [B, C]
    assert found(archive, order="time", raw=True) == before
    assert found(archive, alongside=(RACHEL,), raw=True) == [A3]
    plain, raw = run("find", archive), run("find", archive, "--raw")
    assert plain.exit_code == 1 and "a.mp4.review.csv" in plain.stderr
    assert raw.exit_code == 0 and "review.csv" not in raw.stderr
    assert renew_index(archive).tables == 2


def spoil(path: Path) -> None:
    """Zeros in the middle of each page but the first."""
    content = bytearray(path.read_bytes())
    for page in range(4096, len(content), 4096):
        content[page : page + 2000] = bytes(2000)
    path.write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [
        spoil,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:5000]),
        lambda path: path.write_bytes(bytes(4096) + path.read_bytes()[4096:]),
        lambda path: path.write_bytes(b"no database, but text"),
    ],
    ids=["pages", "empty", "cut", "header", "text"],
)
def test_a_damaged_index_is_made_anew(archive: Path, damage: Any) -> None:
    expected = found(archive, order="time")
    damage(archive / INDEX)
    assert found(archive, order="time") == expected
    assert renew_index(archive).changed == 0


def test_an_index_of_another_layout_is_made_anew(
    archive: Path, caplog: pytest.LogCaptureFixture
) -> None:
    expected = found(archive)
    with sqlite3.connect(archive / INDEX) as db:
        db.execute("CREATE TRIGGER t AFTER INSERT ON moments BEGIN DELETE FROM moments; END")
    db.close()
    assert found(archive) == expected
    assert "is of another videmo" in caplog.text


def test_values_that_cannot_be_make_the_index_anew(archive: Path) -> None:
    expected = found(archive)
    db = sqlite3.connect(archive / INDEX)
    db.execute("UPDATE moments SET track = 'one'")
    db.commit()
    db.close()
    with pytest.raises(
        OutputError, match=r"is damaged \(a row that cannot be\); run: videmo index"
    ):
        found(archive, limit=None)  # whose answer has begun
    assert found(archive) == expected
    assert found(archive, limit=None) == expected


def test_an_index_that_another_program_holds_is_made_anew(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("videmo.index.place.PATIENCE", 0.1)
    expected = found(archive)
    held = sqlite3.connect(archive / INDEX, isolation_level=None)
    held.execute("PRAGMA locking_mode = EXCLUSIVE")
    held.execute("BEGIN EXCLUSIVE")
    held.execute("DELETE FROM moments")
    try:
        assert found(archive) == expected
    finally:
        held.close()
    assert found(archive) == expected


def test_while_another_videmo_is_at_the_index_it_answers_as_it_was(
    archive: Path, caplog: pytest.LogCaptureFixture
) -> None:
    expected = found(archive, order="time")
    told(archive, "d.mp4", {1: SMILE})
    with file_lock(archive / INDEX):
        assert found(archive, order="time") == expected
        assert "another videmo is at work on it" in caplog.text
        with pytest.raises(OutputError, match="another videmo is at work on this"):
            renew_index(archive)
    assert len(found(archive)) == len(expected) + 1


def test_another_program_s_database_stays(archive: Path) -> None:
    db = sqlite3.connect(archive / INDEX)
    db.execute("CREATE TABLE mine (a)")
    db.commit()
    db.close()
    content = (archive / INDEX).read_bytes()
    done = run("find", archive)
    assert done.exit_code == 1 and "is another program's database" in done.stderr
    assert run("index", "--fresh", archive).exit_code == 1
    assert (archive / INDEX).read_bytes() == content
    (archive / INDEX).unlink()
    (archive / INDEX).mkdir()
    assert "is a folder" in run("index", archive).stderr


def test_a_full_disk_is_told_and_costs_nothing_but_the_index(
    archive: Path, small_disk: Callable[[int], Path]
) -> None:
    place = small_disk(200) / "tables"
    shutil.copytree(archive, place, ignore=shutil.ignore_patterns("disk-*"))
    done = run("find", place, "--order", "time")
    assert done.exit_code == 3 and "disk full; make room" in done.stderr
    assert len(list(place.rglob("*.faces.csv"))) == 3


def test_what_was_interrupted_goes_on(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put = Index.put
    done: list[str] = []

    def once(self: Index, kept: Kept) -> None:
        if done:
            raise KeyboardInterrupt
        done.append(kept.place)
        put(self, kept)

    monkeypatch.setattr(Index, "put", once)
    with pytest.raises(KeyboardInterrupt):
        renew_index(archive)
    monkeypatch.undo()
    assert renew_index(archive).changed == 2
    assert found(archive, order="time") == [B, A1, A2, A3, RACHELS, C]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is sealed for root")
def test_a_sealed_folder_is_asked_all_the_same(archive: Path) -> None:
    expected = found(archive)
    (archive / INDEX).unlink()
    archive.chmod(0o555)
    try:
        assert found(archive) == expected
    finally:
        archive.chmod(0o755)


def test_a_sealed_folder_is_asked_as_its_index_says(
    archive: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    expected = found(archive)
    assert not (archive / INDEX).exists() and "all is read anew" in caplog.text
    renew_index(archive)
    assert found(archive) == expected
    told(archive, "d.mp4", {1: SMILE})
    assert found(archive) == expected and "have changed since" in caplog.text


def test_every_field_of_a_moment_comes_back() -> None:
    moment = Moment("a.mp4", 3, JIM, "happy", 1.25, 2.5, 30, 60, 25, 0.75, 0.875, 40, 1.625, 24)
    index = index_in_memory()
    with index.changing():
        index.put(Kept("a", "a.mp4", "", moments=[moment], labels=["happy"]))
    (back,) = index.find(Asked())
    assert back == moment
    assert [type(value) for value in back] == [type(value) for value in moment]
    index.close()


def test_the_index_is_in_wal_mode(archive: Path) -> None:
    renew_index(archive)
    index = open_index(archive)
    assert index._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    index.close()


@pytest.mark.parametrize("order", ["score", "length", "time", "movie"])
@pytest.mark.parametrize("seconds", [0.0, 0.6])
def test_every_way_through_the_index_finds_the_same(order: str, seconds: float) -> None:
    """Against a search that looks at every moment."""
    moments = [
        Moment(
            *(f"{n % 7}.mp4", n % 3 + 1, ("", JIM, RACHEL)[n % 3], ("happy", "sad")[n % 2]),
            *(
                n / 10,
                n / 10 + n * 37 % 100 / 50,
                n,
                n + 9,
                9,
                round(n * 29 % 97 / 97, 4),
                1,
                n,
                0,
                n * 13 % 20,
            ),
        )
        for n in range(500)
    ]
    index = index_in_memory()
    were: dict[bool, list[Moment]] = {False: [], True: []}
    with index.changing(many=True):
        for movie in sorted({moment.movie for moment in moments}):
            theirs = [moment for moment in moments if moment.movie == movie]
            # Before corrections, one of three was somebody else's, and one of five of no emotion.
            raw = [m._replace(person="Bob") if m.first % 3 == 0 else m for m in theirs]
            raw = [m for m in raw if m.first % 5]
            were[False] += theirs
            were[True] += raw
            kept = Kept(movie, movie, "", moments=theirs, raw=(raw, {}), labels=["happy", "sad"])
            index.put(kept)
    keys: dict[str, Any] = {
        "score": lambda m: (-m.score, m.movie, m.start),
        "length": lambda m: (-m.seconds, m.movie, m.start),
        "time": lambda m: (m.movie, m.start, -m.score),
        "movie": lambda m: (m.movie, -m.score, m.start),
    }
    every = product(((), (JIM,)), ((), ("3*",)), ((), ("sad",)), (False, True))
    for persons, movies, emotions, raw in every:
        asked = Asked(emotions, persons, (), movies, 3, seconds, 0.2, order, raw=raw)
        expected = [
            m
            for m in sorted(were[raw], key=keys[order])
            if m.most_frames >= 3
            and m.seconds >= seconds - 0.002
            and m.score >= 0.2
            and (not persons or m.person in persons)
            and (not movies or m.movie == "3.mp4")
            and (not emotions or m.emotion in emotions)
        ]
        assert list(index.find(asked)) == expected and expected
    assert index.counts() == (7, len(were[False]))
    index.close()


# The command.


def run(*arguments: object) -> Result:
    code = "from videmo.cli import main; main()"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    return Result(
        CliRunner(), done.stdout.encode(), done.stderr.encode(), b"", None, done.returncode, None
    )


def test_the_command_shows_what_it_finds(archive: Path) -> None:
    done = CliRunner().invoke(cli, ["find", str(archive), "-e", "happy", "--limit", "2"])
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["score", "seconds", "start", "emotion", "who", "movie"]
    assert lines[1].split() == ["0.99", "2.00", "00:00:00.000", "happy", "Jim", "2019/b.mp4"]
    assert len(lines) == 3 and done.exit_code == 0
    assert "2 moments, 3 s in all; there are more: --limit 0 shows all" in done.stderr


def test_as_json_and_as_csv_say_the_same(archive: Path) -> None:
    runner = CliRunner()
    asked = ["find", str(archive), "--order", "time", "-q"]
    told_json = json.loads(runner.invoke(cli, [*asked, "--as", "json"]).stdout)
    lines = list(csv.DictReader(io.StringIO(runner.invoke(cli, [*asked, "--as", "csv"]).stdout)))
    assert [(one["movie"], one["start"]) for one in told_json] == [
        (line["movie"], float(line["start"])) for line in lines
    ]
    assert [line["person"] for line in lines] == ["Jim"] * 4 + ["Rachel", ""]


def test_all_emotions_may_be_named_as_all(archive: Path) -> None:
    named, unnamed = (
        CliRunner().invoke(cli, ["find", str(archive), *more]).stdout
        for more in (["-e", "all"], [])
    )
    assert named == unnamed and len(named.splitlines()) == 7


def test_where_nothing_matches_that_is_said(archive: Path) -> None:
    done = CliRunner().invoke(cli, ["find", str(archive), "--longer", "60", "--as", "json"])
    assert done.exit_code == 0 and json.loads(done.stdout) == []
    assert "nothing matches; ask for less" in done.stderr


def test_where_no_movie_has_such_a_name_that_is_said(archive: Path) -> None:
    done = CliRunner().invoke(cli, ["find", str(archive), "--movie", "tri"])
    assert "nothing matches; no movie has the name tri; a part of one is '*tri*'" in done.stderr


def test_what_is_wrong_with_a_table_is_no_reason_to_ask_for_less(tmp_path: Path) -> None:
    review_path(told(tmp_path, "a.mp4", {1: SMILE})).write_text("kind,what\n")
    done = CliRunner().invoke(cli, ["find", str(tmp_path)])
    assert "must have just the columns" in done.stderr
    assert done.stderr.splitlines()[-1] == "nothing matches"


def test_hostile_names_are_text(tmp_path: Path) -> None:
    name = '=cmd|\' \x1b[31m\n,"x".mp4'
    told(tmp_path, name, {1: SMILE}, persons={1: "=HYPERLINK(1)"})
    done = CliRunner().invoke(cli, ["find", str(tmp_path), "--as", "csv", "-q"])
    (line,) = csv.DictReader(io.StringIO(done.stdout))
    assert line["movie"].startswith("'=cmd") and "\x1b" not in done.stdout
    assert line["person"].startswith(("'", "_"))
    assert "\x1b" not in CliRunner().invoke(cli, ["find", str(tmp_path)]).stdout


def test_names_of_an_earlier_scan_cost_the_names_and_not_the_movie(tmp_path: Path) -> None:
    """In find, from the index, too, in summary and in compare."""
    table = told(tmp_path, "a.mp4", {1: SMILE}, persons={1: JIM})
    beside = people_record_path(table)
    about = json.loads(beside.read_text())
    beside.write_text(json.dumps({**about, "table": "0" * 64}))
    (tmp_path / "coded.csv").write_text("start,end,label\n0,1,happy\n")
    commands = (
        ("find", tmp_path, "-e", "happy"),
        ("find", tmp_path, "-e", "happy"),
        ("find", table, "-e", "happy"),
        ("index", tmp_path),
        ("summary", table),
        ("compare", table, "--with", tmp_path / "coded.csv"),
    )
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", "videmo", *map(str, command)], capture_output=True, text=True
        )
        assert done.returncode == 0, (command, done.stderr)
        assert "is of an earlier scan" in done.stderr
    assert [one.person for one in read_moments(table, "a.mp4").moments] == [""]
