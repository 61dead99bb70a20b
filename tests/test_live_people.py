"""Who is who while a live session goes on; skipped where dlib is not installed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from tests.live import eventually, ffmpeg, watch
from tests.movies import SIZE
from tests.test_cli import check_error, run
from tests.test_live import command
from tests.test_people import ANN, BOB, known, painted, standing  # noqa: F401
from videmo.demo import Shot, Story, make_movie
from videmo.faces import DetectorConfig, StillPicture, detector_of
from videmo.live import Live, LiveSettings, Look, finish_left
from videmo.live.journal import JOURNAL_SUFFIX, read_journal
from videmo.names import read_people
from videmo.people import Meeting
from videmo.people.meeting import FIRST_WAIT, PATIENCE, _helper
from videmo.schema import Box, Face

pytest.importorskip("dlib")

STRANGER = 3
"""Another actor of the demo, who is not known."""
LONG = 30.0
"""Seconds, in which even a busy machine describes a face or two; tests end when it has."""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ann and Bob, side by side, changing between two emotions."""
    movie = tmp_path_factory.mktemp("both") / "both.mp4"
    feelings = [(n * 0.5, ("happy", "surprise")[n % 2]) for n in range(int(2 * LONG))]
    actors = (standing(ANN, 90, *feelings), standing(BOB, 230, *feelings))
    make_movie(movie, Story((Shot(LONG, actors, background=2),), SIZE))
    return movie


def all_named(live: Live, looks: list[Look]) -> bool:
    return [face.person for face in looks[-1].faces].count("") == 0 and len(looks[-1].faces) == 2


def test_known_people_are_named_in_looks_events_and_the_table(
    both: Path,
    known: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    told: list[str] = []

    def until(live: Live, looks: list[Look]) -> bool:
        told.extend(event.person for event in looks[-1].events)
        return all_named(live, looks) and set(told) >= {"Ann", "Bob"}

    settings = LiveSettings(folder=tmp_path)
    seen = watch(both, settings, until, names=Meeting(known))
    left, right = sorted(seen.looks[-1].faces, key=lambda face: face.face.detection.box.x)
    assert (left.person, right.person) == ("Ann", "Bob")
    assert sorted(marked.name for marked in seen.looks[-1].marked()) == ["Ann", "Bob"]
    finished = seen.ended.finished
    assert finished is not None
    people = read_people(finished.table, finished.record)
    assert people.names == {left.track: "Ann", right.track: "Bob"}
    assert people.known == ("Ann", "Bob")
    assert not multiprocessing.active_children()


def test_who_was_named_before_a_kill_is_named_in_the_table_that_is_left(
    both: Path,
    known: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    def named() -> Path | None:
        for journal in tmp_path.glob(f"*{JOURNAL_SUFFIX}"):
            said = [one for line in [*read_journal(journal)] for one in line.get("who", ())]
            if {person for _, person, _ in said} >= {"Ann", "Bob"}:
                return journal
        return None

    work = subprocess.Popen(command(both, "--known", known, "--table", tmp_path, "-q"))
    eventually(named)
    (helper,) = children(work.pid)
    work.kill()
    work.wait()
    eventually(lambda: not Path(f"/proc/{helper}").exists())
    (finished,) = finish_left(tmp_path)
    assert not isinstance(finished, Exception)
    names = read_people(finished.table, finished.record).names
    assert set(names.values()) == {"Ann", "Bob"}


def children(process: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{process}/task").iterdir():
        for child in (task / "children").read_text().split():
            if "multiprocessing.spawn" in Path(f"/proc/{child}/cmdline").read_text():
                found.append(int(child))
    return found


def seen_face(picture: np.ndarray) -> Face:
    detector = detector_of(DetectorConfig())
    still = StillPicture(picture)
    (found,) = detector.detect(still, ())
    return Face(found, detector.align(still, found, None), (0.9, 0.1), 1)


def shot(time: float, picture: np.ndarray) -> Any:
    return SimpleNamespace(time=time, ordinary=picture)


@pytest.fixture
def meeting(known: Path) -> Any:  # noqa: F811
    one = Meeting(known)
    one.begin()
    yield one
    one.end()


def test_one_waits_for_the_first_answer_about_a_track_and_no_longer(meeting: Meeting) -> None:
    picture = painted(standing(ANN, 160))
    face = seen_face(picture)
    assert meeting.who(1, 0.0) == ("", False)  # not seen yet
    meeting.see(shot(0.0, picture), {1: face})
    assert meeting.who(1, PATIENCE + 0.1)[1] is False
    eventually(lambda: meeting.who(1, 0.1) == ("Ann", False))
    ((key, person, distance),) = meeting.told()
    assert (key, person) == (1, "Ann") and distance is not None and distance < 0.55
    assert not meeting.told()


def test_one_waits_for_a_second_face_where_the_first_is_like_nobody(meeting: Meeting) -> None:
    nobody, ann = (painted(standing(who, 160)) for who in (STRANGER, ANN))
    face = seen_face(ann)
    meeting.see(shot(0.0, nobody), {1: face})
    eventually(lambda: meeting._seen[1].tries == 1)
    assert meeting.who(1, 0.1) == ("", True)
    meeting.see(shot(FIRST_WAIT, ann), {1: face})
    eventually(lambda: meeting.who(1, FIRST_WAIT) == ("Ann", False))


def test_few_faces_of_a_track_are_looked_at_and_the_best_of_each_stretch(meeting: Meeting) -> None:
    picture = painted(standing(ANN, 160))
    face = seen_face(picture)
    worse, nothing = face._replace(scores=(0.5, 0.5)), np.zeros_like(picture)
    for n in range(8):
        meeting.see(shot(10 * n, picture), {1: face})
        meeting.see(shot(10 * n + 0.01, nothing), {1: worse})
        tries = min(5, n + 1)
        eventually(lambda tries=tries: meeting._seen[1].tries >= tries)  # type: ignore[misc]
    assert len(meeting._seen[1].looks) == meeting._seen[1].tries == 5


def test_small_and_unaligned_faces_are_not_looked_at(meeting: Meeting) -> None:
    picture = painted(standing(ANN, 160))
    face = seen_face(picture)
    small = face._replace(detection=face.detection._replace(box=Box(10, 10, 31, 31)))
    turned = face._replace(alignment=face.alignment._replace(eyes=1))
    meeting.see(shot(0.0, picture), {1: small, 2: turned})
    assert meeting.who(1, 0.0) == meeting.who(2, 0.0) == ("", False)


def test_two_at_once_are_never_one_person(meeting: Meeting) -> None:
    picture = painted(standing(ANN, 160))
    face = seen_face(picture)
    for n in range(3):
        meeting.see(shot(n * FIRST_WAIT, picture), {1: face, 2: face})
    eventually(lambda: sorted(meeting.who(key, 9.0)[0] for key in (1, 2)) == ["", "Ann"])


def test_a_track_that_is_gone_is_forgotten(meeting: Meeting) -> None:
    picture = painted(standing(ANN, 160))
    face = seen_face(picture)
    meeting.see(shot(0.0, picture), {1: face, 2: face})
    meeting.see(shot(60.0, picture), {2: face})
    meeting.see(shot(61.0, picture), {2: face})
    assert meeting.who(1, 61.0) == ("", False)
    assert [*meeting._seen] == [2] and not meeting._seen[2].beside


def test_who_may_be_away_for_long_keeps_the_name(known: Path) -> None:  # noqa: F811
    meeting = Meeting(known)
    meeting.begin(gap=15.0)
    picture = painted(standing(ANN, 160))
    meeting.see(shot(0.0, picture), {1: seen_face(picture)})
    eventually(lambda: meeting.who(1, 0.1) == ("Ann", False))
    meeting.see(shot(12.0, picture), {})
    assert meeting.who(1, 12.0) == ("Ann", False)
    meeting.see(shot(32.0, picture), {})
    assert meeting.who(1, 32.0) == ("", False)
    meeting.end()


def test_ctrl_c_does_not_end_the_process_that_compares_while_it_starts() -> None:
    before = signal.getsignal(signal.SIGINT)
    ours, process = _helper()
    assert signal.getsignal(signal.SIGINT) is before and process.pid is not None
    os.kill(process.pid, signal.SIGINT)
    assert ours.recv() is None  # ready
    ours.close()
    process.join()


def test_a_process_that_dies_costs_the_names_and_nothing_else(
    meeting: Meeting, caplog: pytest.LogCaptureFixture
) -> None:
    (process,) = multiprocessing.active_children()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    picture = painted(standing(ANN, 160))
    meeting.see(shot(0.0, picture), {1: seen_face(picture)})
    eventually(lambda: not meeting.who(1, 0.0)[1])
    assert meeting.who(1, 0.0) == ("", False)
    assert "nobody gets a name" in caplog.text


def test_the_man_on_stage_is_named_and_nobody_is_who_is_not_there(
    clips: Path, tmp_path: Path
) -> None:
    folder = clips.parent / "people"
    long = tmp_path / "stage.mp4"
    again = ("-stream_loop", 4, "-i", clips / "stage.mp4", "-c", "copy", "-an", long)
    subprocess.run(ffmpeg(*again), check=True)
    named: set[str] = set()

    def until(live: Live, looks: list[Look]) -> bool:
        named.update(face.person for face in looks[-1].faces)
        return "lin" in named

    watch(long, LiveSettings(folder=tmp_path), until, names=Meeting(folder))
    assert named == {"", "lin"}


def test_bad_pictures_are_refused_before_anything_begins(tmp_path: Path) -> None:
    check_error(
        run("live", "x.mp4", "--known", "nobody", cwd=tmp_path), 2, "no such file or folder"
    )
    (tmp_path / "known").mkdir()
    cv2.imwrite(str(tmp_path / "known" / "Ann.png"), np.zeros((99, 99, 3), np.uint8))
    done = run("live", "x.mp4", "--known", "known", cwd=tmp_path)
    check_error(done, 2, "Ann.png: no face is found in it")
    done = run("live", "x.mp4", "--distance", "0.4", cwd=tmp_path)
    check_error(done, 2, "say --known FOLDER")
    done = run("live", "x.mp4", "--distance", "0.55", cwd=tmp_path)  # the default, but said
    check_error(done, 2, "say --known FOLDER")


def test_without_the_extra_it_is_said_how_to_get_it(known: Path, tmp_path: Path) -> None:  # noqa: F811
    code = "import sys; sys.modules['dlib'] = None; from videmo.cli import main; main()"
    arguments = [sys.executable, "-c", code, "live", "x.mp4", "--known", str(known)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, cwd=tmp_path)
    check_error(done, 3, "dlib is not installed", "[people]")
