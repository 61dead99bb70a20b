"""The page of `videmo live`: who is answered, what is seen, and that no viewer holds it up."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.browser import opened
from tests.live import Everybody, ffmpeg, free_port, sending
from tests.movies import SIZE, person, still
from tests.test_view import ask
from tests.waiting import PATIENCE, eventually
from videmo.demo import Shot, Story, make_movie
from videmo.errors import OutputError
from videmo.live import Live, LiveSettings, Rule
from videmo.schema import EMOTIONS
from videmo.view.watch import Page
from videmo.view.watch.minute import Minute

HAPPY = EMOTIONS.index("happy")
FRAMES = 48
TOLD: dict[str, Any] = {"capture_output": True, "text": True}


@pytest.fixture(scope="session")
def happy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A happy person for two seconds."""
    movie = tmp_path_factory.mktemp("page") / "happy.mp4"
    make_movie(movie, still(FRAMES / 24))
    return movie


@pytest.fixture(scope="session")
def long(happy: Path) -> Path:
    """The same for ten minutes: longer than any of these tests looks at it."""
    movie = happy.with_name("long.mp4")
    subprocess.run(ffmpeg("-stream_loop", 299, "-i", happy, "-c", "copy", movie), check=True)
    return movie


@contextlib.contextmanager
def shown(source: Path, *, settings: LiveSettings | None = None, **how: Any) -> Iterator[Page]:
    """A session and its page, until the block ends."""
    live = Live(str(source), settings, **how)
    page = Page(live)
    page.live = live  # type: ignore[attr-defined]
    try:
        with live, page:
            yield page
    finally:
        page.close()


def look(address: str, after: int = 0) -> tuple[dict[str, Any], bytes]:
    """What a viewer is told, and the picture."""
    status, _, body = ask(address, f"look?after={after}")
    assert status == 200
    length = int.from_bytes(body[:4], "big")
    return json.loads(body[4 : 4 + length]), body[4 + length :]


def test_the_page_shows_the_picture_what_is_held_and_the_last_minute(
    browser: Any, long: Path
) -> None:
    with shown(long) as page, opened(browser, page.address) as watched:
        watched.until(f"seen.told && seen.told.faces && seen.told.faces[0]?.held === {HAPPY}")
        watched.until("document.querySelector('.card .held')?.textContent === 'happy'")
        number = watched.value("seen.number")
        watched.until(f"seen.number > {number + 5}")
        # The face's box is where the face is, and the picture is under it.
        x, y, w, h = watched.value("seen.told.faces[0].box")
        assert x < 160 < x + w and y < 115 < y + h
        colours = watched.value(
            "(() => { const c = $('picture'); const d = c.getContext('2d')"
            ".getImageData(0, 0, c.width, c.height).data;"
            "return new Set(Array.from({length: d.length / 4}, (_, n) => d[4 * n])).size })()"
        )
        assert colours > 50
        # A run goes on in the first lane, in its colour, with its letter's ink upon it.
        watched.until("minute.told.lanes[0]?.runs.some((run) => run[1] === null)")
        assert watched.value("minute.told.lanes[0].who") == "track 1"
        yellow = watched.value(
            "(() => { const c = $('lanes-canvas'); const d = c.getContext('2d')"
            ".getImageData(0, 0, c.width, c.height).data; let n = 0;"
            "for (let i = 0; i < d.length; i += 4) "
            "n += d[i] === 0xf0 && d[i + 1] === 0xe4 && d[i + 2] === 0x42; return n })()"
        )
        assert yellow > 20
        rates = watched.value("$('rates').textContent")
        assert re.search(r"[\d.]+ pictures a second, .* labels \d+ ms behind", rates)
        assert watched.value("$('about').textContent") == "live"
        origin = "http://" + urlsplit(page.address).netloc
        assert watched.requests and all(one.startswith(origin) for one in watched.requests)
        assert watched.errors == []


YELLOW = (
    "(() => { const c = $('picture'); const d = c.getContext('2d')"
    ".getImageData(0, 0, c.width, c.height).data; let n = 0;"
    "for (let i = 0; i < d.length; i += 4) "
    "n += d[i] === 0xf0 && d[i + 1] === 0xe4 && d[i + 2] === 0x42; return n })()"
)
"""How much of the picture is of the colour of what is happy, and of nothing else."""


@pytest.mark.parametrize("repeat, holds", [(3, True), (1_000_000, False)])
def test_what_is_not_held_is_not_drawn_as_if_it_were(
    browser: Any, long: Path, repeat: int, holds: bool
) -> None:
    rule = Rule(repeat=repeat)
    with (
        shown(long, settings=LiveSettings(rule=rule)) as page,
        opened(browser, page.address) as watched,
    ):
        watched.until("document.querySelector('.score-row.first')")
        if holds:
            watched.until("document.querySelector('.score-row.holds')")
        assert (watched.value(YELLOW) > 50) is holds
        held = "getComputedStyle(document.querySelector('.score-row.first i')).opacity"
        assert watched.value(held) == ("1" if holds else "0.4")
        assert "an emotion is held" in watched.value("$('legend').textContent")


def test_a_second_viewer_sees_the_same_and_names_are_text(browser: Any, long: Path) -> None:
    name = "<img src=x onerror=alert(1)>"
    with (
        shown(long, names=Everybody(name)) as page,
        opened(browser, page.address) as one,
        opened(browser, page.address) as two,
    ):
        for watched in (one, two, one):
            number = watched.value("seen.number")
            watched.until(f"seen.number > {number + 3}")
        for watched in (one, two):
            watched.until("document.querySelector('.card .who')")
            assert watched.value("document.querySelector('.card .who').textContent").startswith(
                name
            )
            assert watched.value("document.images.length") == 0
            assert watched.errors == []


def test_a_page_that_nobody_sees_asks_for_nothing(browser: Any, long: Path) -> None:
    with shown(long) as page, opened(browser, page.address) as watched:
        watched.until("seen.number > 2")
        watched.value(
            "Object.defineProperty(document, 'hidden', {get: () => window.away})"
            " && (window.away = true)"
        )

        def is_still() -> bool:
            before = len(watched.requests)
            watched.page.wait_for_timeout(1500)
            return len(watched.requests) == before

        eventually(is_still)  # it was asking when it was hidden
        watched.value("window.away = false, document.dispatchEvent(new Event('visibilitychange'))")
        number = watched.value("seen.number")
        watched.until(f"seen.number > {number}")


def view(address: str, numbers: list[int], let: threading.Event | None = None) -> None:
    """Look to the end of the session, and on from the first picture when it is let."""
    over = False
    while not over:
        told, picture = look(address, numbers[-1] if numbers else 0)
        over = told["over"]
        if picture:
            assert picture[:2] == b"\xff\xd8"
            numbers.append(told["number"])
        if let is not None:
            let.wait(PATIENCE)


@contextlib.contextmanager
def never_reading(address: str) -> Iterator[socket.socket]:
    """A viewer that asks for much, and reads nothing of it."""
    parts = urlsplit(address)
    request = f"GET {parts.path}look?after=0 HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n"
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.connect(("127.0.0.1", parts.port or 0))
        one.sendall(request.encode() * 200)
        yield one


@pytest.fixture
def enough_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Viewers hear of the end on a slow machine, too."""
    monkeypatch.setattr("videmo.view.watch.page.GRACE", 5.0)
    monkeypatch.setattr("videmo.view.watch.page.ENDING", PATIENCE)


def test_ten_viewers_and_a_slow_one_hold_each_other_up_in_nothing(
    long: Path, enough_grace: None
) -> None:
    seen: list[list[int]] = [[] for _ in range(11)]
    slow, *others = seen
    let = threading.Event()
    with shown(long) as page:
        threads = [
            threading.Thread(target=view, args=(page.address, one, let if one is slow else None))
            for one in seen
        ]
        for thread in threads:
            thread.start()
        for _ in page.live:  # type: ignore[attr-defined]
            if slow and all(len(set(numbers)) >= 3 for numbers in others):
                break
        assert len(slow) == 1 and all(len(set(numbers)) >= 3 for numbers in others)
        page.live.close()  # type: ignore[attr-defined]
        let.set()
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
    assert len(slow) <= 2 and slow == sorted(set(slow))
    assert all(numbers == sorted(numbers) for numbers in others)
    assert len({numbers[-1] for numbers in others}) == 1  # all have the last picture


def test_one_that_never_reads_holds_nothing_up(happy: Path, enough_grace: None) -> None:
    numbers: list[int] = []
    with shown(happy) as page, never_reading(page.address):
        live: Live = page.live  # type: ignore[attr-defined]
        viewer = threading.Thread(target=view, args=(page.address, numbers))
        viewer.start()
        assert sum(1 for _ in live)
        viewer.join(PATIENCE)
    assert live.ended is not None and live.ended.stats.captured == FRAMES
    assert numbers[-1] == FRAMES and numbers == sorted(numbers)


def test_the_end_of_a_session_ends_its_page(browser: Any, long: Path, enough_grace: None) -> None:
    numbers: list[int] = []
    with shown(long) as page, opened(browser, page.address) as watched:
        with never_reading(page.address):
            viewer = threading.Thread(target=view, args=(page.address, numbers))
            viewer.start()
            watched.until("seen.number > 2")
            eventually(lambda: len(numbers) > 2)
            page.live.close()  # type: ignore[attr-defined]
            viewer.join(PATIENCE)
            assert not viewer.is_alive()
            watched.until("seen.over && $('about').textContent === 'ended'")
            page.close()
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", urlsplit(page.address).port or 0), 1)
        assert watched.errors == []


def test_who_does_not_know_the_token_or_comes_from_elsewhere_gets_nothing(long: Path) -> None:
    with shown(long) as page:
        token = urlsplit(page.address).path.strip("/")
        port = urlsplit(page.address).port
        assert len(token) >= 32
        for path in ("!/", "!/look", f"!/{token[:-1]}/look", f"!/{token}x/look"):
            assert ask(page.address, path)[::2] == (403, b"forbidden\n"), path
        for origin in ("http://evil.example", "null", f"http://127.0.0.1:{port + 1}"):
            assert ask(page.address, "look", Origin=origin)[0] == 403, origin
        for host in (f"evil.example:{port}", "127.0.0.1"):
            assert ask(page.address, "look", Host=host)[0] == 403, host
        status, headers, _ = ask(page.address, "look")
        assert status == 200 and headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        for after in ("-1", "1e9", "x", "9" * 40, "%C2%B2"):
            assert look(page.address, after)[1], after  # type: ignore[arg-type]
        assert ask(page.address, "look", "POST")[0] == 405


def test_a_page_of_others_cannot_show_the_picture(browser: Any, long: Path) -> None:
    with shown(long) as page, opened(browser, "data:text/html,<p>other") as watched:
        got = watched.value(
            f"fetch('{page.address}look').then((a) => a.arrayBuffer()).then(() => 1, () => 0)"
        )
        assert got == 0
        assert look(page.address)[1]


def test_where_the_source_is_gone_the_page_says_so(
    browser: Any, happy: Path, tmp_path: Path
) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    how = ("-re", "-stream_loop", -1, "-i", happy, "-c", "copy", "-f", "mpegts", fifo)
    with contextlib.ExitStack() as stack:
        with sending(*how):
            page = stack.enter_context(shown(fifo))
            watched = stack.enter_context(opened(browser, page.address))
            watched.until("seen.told?.faces?.length === 1")
        watched.until("seen.told.minute.gone && $('about').textContent.includes('is gone')")
        first = watched.value("minute.told.now")
        watched.until(f"minute.told.now > {first + 0.5}")  # time goes on without pictures
        assert watched.value("minute.told.gaps.length") == 1
        assert watched.value("$('rates').textContent").endswith("1 gap")
        # Who comes now sees the last picture, and what is the matter.
        told, picture = look(page.address)
        assert picture and told["minute"]["gone"]["why"]
        with sending(*how):
            watched.until("!seen.told.minute.gone && $('about').textContent === 'live'")
            assert watched.value("minute.told.gaps[0][1]") > first


def test_an_error_of_the_page_ends_all(long: Path) -> None:
    with pytest.raises(ValueError, match="not in tuple"), shown(long) as page:
        live: Live = page.live  # type: ignore[attr-defined]
        live.labels = ("other",)  # the page does not know what the model says

        def ask_on() -> None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                while not live.over:
                    ask(page.address, "look")

        threading.Thread(target=ask_on).start()
        for _ in live:
            pass


def minute_of(live: Live) -> dict[str, Any]:
    """What is told after a session's end."""
    minute = Minute(live)
    follower = threading.Thread(target=minute.follow)
    with live:
        follower.start()
        for _ in live:
            pass
    follower.join(PATIENCE)
    return minute.told(live.labels)


def test_the_minute_has_who_was_seen_and_what_held(happy: Path) -> None:
    told = minute_of(Live(str(happy)))
    (lane,) = told["lanes"]
    ((start, end, emotion),) = lane["runs"]
    assert emotion == HAPPY and 0 <= start < 1 < end <= 2
    ((first, last),) = lane["seen"]
    assert first < 1 < last <= 2 and told["now"] == last
    assert told["gone"] is None and told["gaps"] == [] and told["more"] == 0


@pytest.fixture(scope="session")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody on the left, and in another shot on the right."""
    movie = tmp_path_factory.mktemp("page") / "twice.mp4"
    shots = (Shot(1.0, (person(x=90),), 0), Shot(1.0, (person(x=230),), 2))
    make_movie(movie, Story(shots, SIZE))
    return movie


def test_who_is_seen_again_goes_on_in_the_same_lane(twice: Path) -> None:
    told = minute_of(Live(str(twice), names=Everybody("Ann")))
    (lane,) = told["lanes"]
    assert (lane["who"], lane["tracks"]) == ("Ann", (1, 2))
    (_, end), (start, _) = lane["seen"]
    assert 0.5 < end < start < 1.5


def test_tracks_of_nobody_known_have_lanes_of_their_own(twice: Path) -> None:
    told = minute_of(Live(str(twice)))
    assert [lane["who"] for lane in told["lanes"]] == ["track 1", "track 2"]


# The command.


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "videmo", "live", *map(str, arguments)]


def test_the_address_is_the_first_line_and_json_stays_json(happy: Path, long: Path) -> None:
    how: dict[str, Any] = {"stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command(long), **how) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert look(address)[1]
        process.send_signal(2)
        process.wait(PATIENCE)
    assert process.returncode == 0
    done = subprocess.run(command(happy, "--as", "jsonl"), **TOLD)
    assert [json.loads(line)["event"] for line in done.stdout.splitlines()] == ["start", "end"]
    assert "http://127.0.0.1:" in done.stderr.splitlines()[0]


def test_no_page_serves_nothing(happy: Path) -> None:
    done = subprocess.run(command(happy, "--no-page"), **TOLD, check=True)
    assert "http" not in done.stdout + done.stderr and "happy" in done.stdout
    done = subprocess.run(command(happy, "--no-page", "--port", 8765), **TOLD)
    assert done.returncode == 2 and "leave --no-page out" in done.stderr


def test_without_the_extra_it_is_said_how_to_get_it_and_live_goes_on(happy: Path) -> None:
    script = "import sys; sys.modules['uvicorn'] = None; from videmo.cli import main; main()"
    asked = [sys.executable, "-c", script, "live", str(happy)]
    done = subprocess.run(asked, **TOLD, check=True)
    assert "happy" in done.stdout
    first, *rest = done.stderr.splitlines()
    assert first.startswith("videmo: no page:") and first.endswith('run: pip install ".[view]"')
    assert len(rest) == 1 and "pictures" in rest[0]


def test_a_port_that_is_taken_is_said_before_anything_begins(happy: Path, tmp_path: Path) -> None:
    record = tmp_path / "kept.mp4"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        asked = command(happy, "--port", port, "--record", record)
        done = subprocess.run(asked, **TOLD)
        with pytest.raises(OutputError, match="another program listens there"):
            Page(Live(str(happy)), port=port)
    assert done.returncode == 1 and done.stdout == "" and len(done.stderr.splitlines()) == 1
    assert "choose another with --port" in done.stderr and not record.exists()


def test_a_page_that_is_never_shown_gives_its_port_back(happy: Path) -> None:
    port = free_port()
    Page(Live(str(happy)), port=port).close()
    Page(Live(str(happy)), port=port).close()


@pytest.mark.skipif(os.name == "nt", reason="no terminals of this kind")
@pytest.mark.parametrize(
    "option, far, opens", [("-q", "", True), ("--no-browser", "", False), ("-q", "a b c d", False)]
)
def test_the_browser_opens_where_somebody_sits(
    option: str, far: str, opens: bool, happy: Path, tmp_path: Path
) -> None:
    browser, told = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f'#!/bin/sh\ncat "${{1#file://}}" > {told}.part; mv {told}.part {told}\n')
    browser.chmod(0o755)
    env = {key: value for key, value in os.environ.items() if key != "SSH_CONNECTION"}
    env |= {"BROWSER": f"{browser} %s"} | ({"SSH_CONNECTION": far} if far else {})
    reads, terminal = os.openpty()
    try:
        subprocess.run(
            command(happy, option),
            stdin=terminal,
            stdout=terminal,
            stderr=subprocess.DEVNULL,
            env=env,
            check=True,
        )
        address = os.read(reads, 200).decode().split()[0]
    finally:
        os.close(reads)
        os.close(terminal)
    assert address.startswith("http://127.0.0.1:")
    # It is shown a page that leads there: what a browser is started with, all users may read.
    assert (address in told.read_text()) if opens else not told.exists()
