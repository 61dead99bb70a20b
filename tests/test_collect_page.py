"""`videmo collect`'s page: who is answered, bursts of movies and of live sources, and a browser."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from tests.browser import answering, opened
from tests.movies import person
from tests.test_collect import check_whole, files, take
from tests.test_view import ask
from tests.waiting import PATIENCE, eventually
from videmo.cli import cli
from videmo.collect.folder import Files
from videmo.collect.labels import find_labels
from videmo.collect.serve import listening
from videmo.collect.session import COUNT_DOWN, IN_A_MOVIE, LARGEST
from videmo.collect.store import Store
from videmo.demo import Shot, Story, demo_story, make_movie
from videmo.errors import RequestError
from videmo.exporters.clips import find_ffmpeg
from videmo.faces import DetectorConfig, StillPicture, detector_of
from videmo.schema import EMOTIONS, FRAME

LABELS = ("happy", "sad", "neutral")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    movie = tmp_path_factory.mktemp("demo") / "demo.mp4"
    make_movie(movie, demo_story())
    return movie


@contextlib.contextmanager
def served(folder: Path, labels: tuple[str, ...] = LABELS, **how: Any) -> Iterator[str]:
    """The address of the page."""
    with listening(labels, folder, **how) as (server, _), answering(server) as address:
        yield address


def told(address: str) -> dict[str, Any]:
    status, _, body = ask(address, "state")
    assert status == 200
    return json.loads(body)


def seen(address: str, after: int = 0) -> tuple[dict[str, Any], np.ndarray]:
    status, headers, body = ask(address, f"picture?after={after}")
    assert status == 200
    picture = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)
    return json.loads(headers["x-seen"]), picture


def do(address: str, what: str, **body: Any) -> dict[str, Any]:
    status, _, answer = ask(address, what, "POST", body)
    assert status == 200, answer
    return json.loads(answer)


def waited(address: str, true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    def as_it_is() -> dict[str, Any] | None:
        return state if true(state := told(address)) else None

    found: dict[str, Any] = eventually(as_it_is)
    return found


def burst(address: str, label: str, at: float | None = None) -> dict[str, Any]:
    if at is not None:
        do(address, "seek", time=at)
    do(address, "take", label=label)
    return waited(address, lambda state: not state["taking"])


def count(state: dict[str, Any], label: str) -> int:
    return next(one["count"] for one in state["labels"] if one["name"] == label)


# Who is answered.


def test_only_who_knows_the_token_and_is_of_this_page_is_answered(
    demo: Path, tmp_path: Path
) -> None:
    with served(tmp_path / "c", movie=demo) as address:
        token, port = urlsplit(address).path.strip("/"), urlsplit(address).port
        for path in ("!/", "!/state", f"!/{token[:-1]}/state", f"!/{token}x/picture"):
            assert ask(address, path)[::2] == (403, b"forbidden\n")
        assert ask(address, "state", Host=f"evil.example:{port}")[0] == 403
        for what in ("take", "undo", "delete", "stop", "seek"):
            foreign = ask(address, what, "POST", {"label": "happy"}, Origin="http://evil.example")
            assert foreign[0] == 403
        typed = {"Content_Type": "text/plain"}  # what a form of a foreign page can send
        assert ask(address, "take", "POST", {"label": "happy"}, **typed)[0] == 409
        assert told(address)["taking"] == "" and count(told(address), "happy") == 0
        status, headers, page = ask(address, "")
        assert status == 200 and b"demo.mp4" in page
        assert "script-src 'sha256-" in headers["content-security-policy"]
    assert check_whole(tmp_path / "c") == {}


@pytest.mark.parametrize(
    ("what", "body", "message"),
    [
        ("take", {}, "label: is missing"),
        ("take", {"label": "../x"}, "no such label; choose: happy, sad, neutral"),
        ("relabel", {"pictures": ["face0.png"], "label": "glad"}, "no such label"),
        ("relabel", {"pictures": "face0.png", "label": "sad"}, "pictures: are missing"),
        ("delete", {"pictures": ["../collected.csv"]}, "no such picture"),
        ("delete", {"pictures": []}, "no such picture"),
        ("seek", {"time": "1"}, "time: is no number"),
        ("seek", {"time": 1e300}, "time: is no number"),
        ("mean", {"x": True, "y": 0}, "x: is no number"),
    ],
)
def test_what_cannot_be_is_told(
    demo: Path, tmp_path: Path, what: str, body: dict[str, Any], message: str
) -> None:
    with served(tmp_path / "c", movie=demo) as address:
        status, _, answer = ask(address, what, "POST", body)
        assert status == 409 and message in json.loads(answer)["error"]
        for path in (
            "images/..%2fcollected.csv",
            "images/face0.png",
            "images/..",
            "picture?after=x",
        ):
            status, _, content = ask(address, path)
            assert status in (404, 409) and b"file,label" not in content
    assert check_whole(tmp_path / "c") == {}


# Bursts.


def test_a_movie_s_burst_goes_on_from_what_is_shown_and_ends_in_its_shot(
    demo: Path, tmp_path: Path
) -> None:
    with served(tmp_path / "c", movie=demo) as address:
        first = burst(address, "happy", 2.6)
        assert count(first, "happy") >= 4 and "of happy kept" in first["said"]
        now, _ = seen(address)
        assert now["time"] == pytest.approx(2.6 + IN_A_MOVIE, abs=0.05)
        burst(address, "happy")  # goes on there
        do(address, "seek", time=4.6)
        burst(address, "neutral")  # Ben and Clara come at 5
    pictures = Files(tmp_path / "c").read()
    times = {label: [p.time for p in pictures if p.label == label] for label in LABELS}
    assert min(times["happy"]) == pytest.approx(2.6, abs=0.05)
    assert max(times["happy"]) > 3.7 and max(times["neutral"]) < 5
    assert {one.split for one in pictures} == {"train"}  # all are neighbours
    detector = detector_of(DetectorConfig(min_face=0.2))
    for name in check_whole(tmp_path / "c"):
        picture = cv2.imread(str(tmp_path / "c/Images" / name))
        assert 100 < max(picture.shape[:2]) <= LARGEST
        found = detector.detect(StillPicture(picture), ())
        assert any(one.confidence >= detector.sure for one in found), name


def test_the_face_that_is_clicked_is_taken_and_followed(demo: Path, tmp_path: Path) -> None:
    with served(tmp_path / "c", movie=demo) as address:
        do(address, "seek", time=6.0)
        now, _ = seen(address)
        assert len(now["faces"]) == 2
        x, y, w, h = min(now["faces"])  # Ben, on the left
        do(address, "mean", x=x + w / 2, y=y + h / 2)
        assert seen(address)[0]["meant"] == now["faces"].index([x, y, w, h])
        burst(address, "sad")
    movie = cv2.VideoCapture(str(demo))
    for one in Files(tmp_path / "c").read():
        movie.set(cv2.CAP_PROP_POS_MSEC, one.time * 1000)
        _, frame = movie.read()
        kept = cv2.imread(str(tmp_path / "c/Images" / one.file))
        place = cv2.minMaxLoc(cv2.matchTemplate(frame, kept, cv2.TM_CCOEFF_NORMED))
        assert place[1] > 0.9 and place[3][0] < 320, one  # found, in the left half
    movie.release()


def test_whole_pictures_are_kept_for_gestures(demo: Path, tmp_path: Path) -> None:
    with served(tmp_path / "c", ("fist", "palm"), movie=demo, crop=FRAME) as address:
        state = burst(address, "fist", 10.0)  # nobody is there
        assert count(state, "fist") >= 1
        assert count(burst(address, "palm", 12.0), "palm") >= 1
    for name in check_whole(tmp_path / "c"):
        assert cv2.imread(str(tmp_path / "c/Images" / name)).shape == (180, LARGEST, 3)


def test_a_picture_that_was_just_taken_away_is_still_shown_to_who_asks(
    demo: Path, tmp_path: Path
) -> None:
    """A page asks for what it was told of, and its user may undo that meanwhile."""
    with served(tmp_path / "c", movie=demo) as address:
        burst(address, "happy", 2.6)
        names = [one[0] for one in json.loads(ask(address, "list")[2])]
        before = [ask(address, f"images/{name}")[2] for name in names]
        do(address, "delete", pictures=names[:1])
        do(address, "undo")
        do(address, "undo")
        assert json.loads(ask(address, "list")[2]) == []
        for name, content in zip(names, before, strict=True):
            assert ask(address, f"images/{name}")[::2] == (200, content)
        assert ask(address, "images/face99.png")[0] == ask(address, "images/x%00")[0] == 404
    with served(tmp_path / "c", movie=demo) as address:
        assert ask(address, f"images/{names[0]}")[0] == 404


def test_a_place_behind_the_end_shows_the_last_picture(demo: Path, tmp_path: Path) -> None:
    with served(tmp_path / "c", movie=demo) as address:
        do(address, "seek", time=99.0)
        assert seen(address)[0]["time"] == pytest.approx(20 - 1 / 24, abs=0.01)
        assert do(address, "play", playing=True)["error"] == ""
        waited(address, lambda state: not state["playing"])
        do(address, "seek", time=0)
        do(address, "play", playing=True)
        number = seen(address)[0]["number"]
        assert seen(address, number)[0]["time"] > 0


def test_a_live_source_is_counted_down_and_taken_at_its_own_speed(tmp_path: Path) -> None:
    movie = tmp_path / "live.mp4"
    moving = tuple(person(1, 160, (0, "sad" if n % 2 else "happy")) for n in range(40))
    make_movie(movie, Story(tuple(Shot(0.5, (one,), background=n) for n, one in enumerate(moving))))
    with served(tmp_path / "c", source=str(movie)) as address:
        begin = time.monotonic()
        state = do(address, "take", label="happy")
        assert state["taking"] == "happy" and 0 < state["wait"] <= COUNT_DOWN
        status, _, answer = ask(address, "take", "POST", {"label": "sad"})
        assert status == 409 and "a burst of happy is taken" in json.loads(answer)["error"]
        waited(address, lambda state: state["kept"] > 2)
        assert time.monotonic() - begin > COUNT_DOWN
        do(address, "stop")
        state = waited(address, lambda state: not state["taking"])
        kept = count(state, "happy")
        assert 2 < kept < 2 + (time.monotonic() - begin) / 0.5  # a shot has half a second
        assert "taken away again" in do(address, "undo")["said"]
        waited(address, lambda state: state["gone"])
        status, _, answer = ask(address, "take", "POST", {"label": "sad"})
        assert status == 409 and "the source has ended" in json.loads(answer)["error"]
    assert check_whole(tmp_path / "c") == {}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_source_that_breaks_is_said_to_be_away_and_comes_back(demo: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    send = [find_ffmpeg(), "-loglevel", "error", "-re", "-i", str(demo), "-an", "-c", "copy"]
    send += ["-f", "mpegts", "-y", str(fifo)]
    with subprocess.Popen(send) as first, served(tmp_path / "c", source=str(fifo)) as address:
        do(address, "take", label="happy")
        kept = waited(address, lambda state: state["kept"] > 1)["kept"]
        first.kill()
        state = waited(address, lambda state: state["error"])
        assert "fifo: it ended; it is opened again when it is back" in state["error"]
        assert state["taking"] == "happy" and not state["gone"]
        with subprocess.Popen(send) as second:
            state = waited(address, lambda state: not state["error"] and not state["taking"])
            assert state["kept"] >= kept
            second.kill()
    assert set(check_whole(tmp_path / "c").values()) == {"happy"}


def test_a_full_disk_is_told_on_the_page(demo: Path, small_disk: Callable[[int], Path]) -> None:
    folder = small_disk(1000) / "c"
    with served(folder, movie=demo) as address:
        for at in range(0, 20):
            state = burst(address, LABELS[at % 3], at)
            if state["error"]:
                break
        assert "disk full; make room" in state["error"]
        kept = sum(one["count"] for one in state["labels"])
        assert kept > 2
        names = json.loads(ask(address, "list")[2])
        assert ask(address, f"images/{names[-1][0]}")[0] == 200
        with contextlib.suppress(AssertionError):
            do(address, "delete", pictures=[one[0] for one in names[:kept]])
    for name in read_names(folder):
        assert cv2.imread(str(folder / "Images" / name)) is not None


def read_names(folder: Path) -> list[str]:
    return [path.name for path in (folder / "Images").glob("face*.png")]


# The command.


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a/b", "c"), "'a/b' is no name of a label"),
        (("glad", "Glad"), "are alike"),
        (("glad",), "name another label, too"),
        (("x.csv",), "x.csv: cannot be read (No such file or directory)"),
        (tuple(f"l{n}" for n in range(40)), "40 labels are too many for the keys"),
        (("a", "b", "--source", "77"), "/dev/video77: no such camera; look at: videmo live --list"),
        (("a", "b", "--from", "gone.mp4"), "gone.mp4: no such movie"),
        (("a", "b", "--from", "x", "--source", "0"), "exclude each other"),
        (("a", "b", "--detector", "eyes"), "no such detector"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["collect", *arguments, "-o", "c"])
    assert isinstance(done.exception, RequestError) and done.exception.exit_code == 2
    assert message in str(done.exception) and "\n" not in str(done.exception)
    assert list(tmp_path.iterdir()) == []


def test_labels_come_from_the_folder_where_none_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    assert find_labels((), folder) == EMOTIONS
    store = Store(folder, ("glad", "corss", "calm"))
    take(store, "glad", 1)
    store.close()
    assert find_labels((), folder) == ("glad", "corss", "calm")
    assert find_labels(("cross",), folder) == (
        "glad",
        "cross",
    )  # corss was a slip, without pictures
    (tmp_path / "labelList.csv").write_text("0,calm\n1,glad\n")
    assert find_labels((str(tmp_path / "labelList.csv"),), folder) == ("glad", "calm")


def test_without_the_extra_it_says_which() -> None:
    script = (
        "import sys; sys.modules['uvicorn'] = None\n"
        "from videmo.cli import main; sys.argv[0] = 'videmo'; main()"
    )
    command = [sys.executable, "-c", script, "collect", "a", "b", "-o", "never"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "videmo collect needs the extra view (uvicorn)" in done.stderr


def test_the_command_serves_and_says_what_to_do_next(demo: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "videmo", "collect", "happy", "sad", "-o", "own"]
    command += ["--from", str(demo), "--no-browser"]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=tmp_path, **pipes) as process:
        assert process.stdout is not None and process.stderr is not None
        address = process.stdout.readline().strip()
        for label, times in (("happy", (2.6, 16.6, 18.9)), ("sad", (0.0, 10.0, 12.0))):
            for at in times:
                burst(address, label, at)
        lacking = told(address)["lacking"]
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    assert lacking and all(line in said for line in lacking)
    labels = check_whole(tmp_path / "own")
    assert set(labels.values()) == {"happy", "sad"}
    assert (tmp_path / "own/labelList.csv").read_text() == "0,happy\n1,sad\n"


# In the browser.


def test_keys_take_undo_relabel_and_delete(browser: Any, demo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "c"
    with served(folder, movie=demo) as address, opened(browser, address) as watched:
        page = watched.page
        watched.until("seen && document.querySelectorAll('.label').length === 3")
        page.evaluate("send('seek', {time: 2.6})")
        watched.until("Math.abs(seen.time - 2.6) < 0.05")
        shown = watched.value(
            "(() => { const c = $('picture').getContext('2d');"
            " return [...c.getImageData(0, 0, 640, 360).data].filter((v, n) => n % 4 < 3 && v > 60)"
            ".length; })()"
        )
        assert shown > 50_000  # the picture is there
        page.keyboard.press("1")
        watched.until("state.said.includes('of happy kept')")
        watched.until("document.querySelectorAll('.taken img').length > 3")
        happy = watched.value("state.labels[0].count")
        page.keyboard.press("Backspace")
        watched.until("state.labels[0].count === 0 && !document.querySelector('.taken')")
        page.evaluate("send('seek', {time: 16.6})")
        watched.until("Math.abs(seen.time - 16.6) < 0.05")
        page.click(".label[data-label=sad]")
        watched.until("state.said.includes('of sad kept') && document.querySelector('.taken')")
        watched.until("[...document.querySelectorAll('.taken img')].every(i => i.naturalWidth > 9)")
        page.click(".taken", modifiers=["Shift"])
        page.select_option("#relabel", "happy")
        watched.until("state.labels[0].count > 3 && state.labels[1].count === 0")
        there = watched.value("state.labels[0].count")
        page.click(".taken")
        page.keyboard.press("Delete")
        watched.until(f"state.labels[0].count === {there - 1}")
        page.keyboard.press("Backspace")
        watched.until(f"state.labels[0].count === {there}")
        page.keyboard.press("?")
        watched.until("$('help').open")
        assert "take a burst of neutral" in page.text_content("#keys")
        assert happy > 3 and watched.errors == []
        assert all(request.startswith(address) for request in watched.requests)
    assert set(check_whole(folder).values()) == {"happy"}


def test_a_stranger_s_label_and_movie_name_are_text(
    browser: Any, demo: Path, tmp_path: Path
) -> None:
    movie = tmp_path / "<img src=x onerror=alert(1)>=cmd.mp4"
    movie.write_bytes(demo.read_bytes())
    with (
        served(tmp_path / "c", movie=movie) as address,
        opened(browser, address) as watched,
    ):
        watched.until("seen && document.querySelectorAll('.label').length === 3")
        assert watched.value("document.querySelectorAll('img').length") == 0
        page = watched.page
        page.keyboard.press("2")
        watched.until("state.said.includes('of sad kept')")
        assert watched.errors == []
    listed = (tmp_path / "c/collected.csv").read_text()
    assert "<img" not in listed
    assert "collected.csv" in files(tmp_path / "c")
