"""The parts of a live session, each by itself: runs, time, places, cameras, hooks, journal."""

from __future__ import annotations

import errno
import os
import random
import struct
import sys
import threading
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.live import http_server
from tests.waiting import PATIENCE, eventually
from videmo.errors import MovieError, RequestError, SetupError
from videmo.live import END, START, Command, Event, Post, Repeater, Rule
from videmo.live.hooks import WAITING, Hook, HookRunner
from videmo.live.latest import Latest
from videmo.live.news import KEPT, Follower, News
from videmo.live.repeater import Seen
from videmo.runs import find_runs
from videmo.video.cameras import Camera, cameras, modes, takes_pictures
from videmo.video.clock import JUMP, Clock
from videmo.video.opening import Wish, open_source, refusal
from videmo.video.places import ADDRESS, CAMERA, MOVIE, PIPE, Place, find_place

# --- runs ---------------------------------------------------------------------------------------


def found_online(table: pd.DataFrame, rule: Rule, end: float) -> list[tuple[int, str, float, int]]:
    """The runs that the repeater tells of, when it is shown a table look by look."""
    repeater, events = Repeater(rule), []
    for _, rows in table.groupby("frame", sort=True):
        known = {
            int(row.track): Seen(row.emotion, row.score)
            for row in rows.itertuples()
            if pd.notna(row.track) and row.eyes == 2
        }
        events += repeater.see(float(rows["time"].iloc[0]), known)
    events += repeater.stop(end)
    starts = [(e.track, e.emotion, e.start) for e in events if e.event == START]
    ends = [(e.track, e.emotion, e.start) for e in events if e.event == END]
    assert sorted(starts) == sorted(ends), "each start has its end"
    return sorted((e.track, e.emotion, e.start, e.frames) for e in events if e.event == END)


def made_table(chance: random.Random) -> pd.DataFrame:
    """Two faces that come and go, turn away, and feel this and that, at uneven times."""
    rows, now = [], 0.0
    for frame in range(120):
        now = round(now + chance.choice([0.04, 0.04, 0.04, 0.2, 0.7]), 3)
        there = [track for track in (1, 2) if chance.random() < 0.8]
        for track in there:
            emotion = chance.choices(["happy", "sad"], [0.8, 0.2])[0]
            eyes, score = chance.choice([2, 2, 2, 1]), chance.choice([0.9, 0.4])
            rows.append((frame, now, track, eyes, emotion, score))
        if not there:
            rows.append((frame, now, None, None, "", None))
    names = ["frame", "time", "track", "eyes", "emotion", "score"]
    return pd.DataFrame(rows, columns=names).astype({"track": "Int64", "eyes": "Int64"})


def test_the_runs_while_time_goes_on_are_those_of_the_table() -> None:
    met = 0
    for seed in range(16):
        chance = random.Random(seed)
        table = made_table(chance)
        rule = Rule(repeat=chance.choice([1, 3, 5]), min_score=chance.choice([0.0, 0.5]))
        runs = find_runs(table, repeat=rule.repeat, gap=rule.gap, min_score=rule.min_score)
        truth = sorted((run.track, run.emotion, run.start, run.repeat) for run in runs)
        assert found_online(table, rule, float(table["time"].iloc[-1])) == truth, seed
        met += len(truth)
    assert met > 100


def test_a_run_is_told_when_it_is_long_enough_and_not_before() -> None:
    repeater = Repeater(Rule(repeat=3))
    told = [repeater.see(n / 10, {1: Seen("happy", 0.9)}) for n in range(5)]
    assert [len(events) for events in told] == [0, 0, 1, 0, 0]
    assert repeater.held(1) == ("happy", 5)
    (end,) = repeater.see(0.5, {1: Seen("sad", 0.9)})
    assert (end.event, end.emotion, end.time, end.frames) == (END, "happy", 0.5, 5)


def test_a_run_may_have_to_last_for_seconds() -> None:
    repeater = Repeater(Rule(repeat=1, seconds=0.25))
    told = [repeater.see(n / 10, {1: Seen("happy", 0.9)}) for n in range(5)]
    assert [len(events) for events in told] == [0, 0, 0, 1, 0]


def test_a_run_is_told_with_the_name_where_that_is_just_being_found_out() -> None:
    repeater = Repeater(Rule(repeat=2))
    told = [repeater.see(n / 10, {1: Seen("happy", 0.9, naming=True)}) for n in range(3)]
    assert [len(events) for events in told] == [0, 0, 0]
    assert repeater.held(1) == ("happy", 3)  # who looks on sees it at once
    (start,) = repeater.see(0.3, {1: Seen("happy", 0.9, "Ann")})
    assert (start.event, start.person, start.start) == (START, "Ann", 0.0)
    (end,) = repeater.stop(0.4)
    assert (end.event, end.person) == (END, "Ann")


def test_a_run_that_ends_before_the_name_is_known_is_told_all_the_same() -> None:
    repeater = Repeater(Rule(repeat=2))
    for n in range(3):
        assert not repeater.see(n / 10, {1: Seen("happy", 0.9, naming=True)})
    events = repeater.see(0.3, {1: Seen("sad", 0.9, naming=True)})
    assert [(one.event, one.person, one.time) for one in events] == [
        (START, "", 0.0),
        (END, "", 0.3),
    ]
    assert not repeater.stop(0.4)  # of a run that is too short


# --- time ---------------------------------------------------------------------------------------


def test_the_time_of_a_stream_is_its_own_as_long_as_it_does_not_jump() -> None:
    clock = Clock(Fraction(10))
    assert clock.next(Fraction(500), 3.0) == 10
    assert clock.next(Fraction(50004, 100), 3.1) == Fraction(1004, 100)  # and not 10.1
    assert clock.of(Fraction(501)) == 11
    jumped = clock.next(Fraction(7), 4.0)
    assert float(jumped) == pytest.approx(11.0, abs=0.01)
    assert clock.next(Fraction(704, 100), 4.01) == jumped + Fraction(4, 100)


def test_times_rise_whatever_a_stream_says() -> None:
    chance = random.Random(1)
    clock, last, arrived = Clock(), Fraction(-1), 0.0
    for _ in range(500):
        arrived += chance.random() / 10
        stamp = None if chance.random() < 0.1 else Fraction(chance.randint(0, 3000), 100)
        now = clock.next(stamp, arrived)
        assert now > last
        last = now
    assert abs(float(last) - arrived) < 3 * JUMP


# --- the latest ---------------------------------------------------------------------------------


def test_a_slow_reader_misses_what_it_has_no_time_for_and_holds_nobody_up() -> None:
    latest: Latest[int] = Latest()
    got: list[int] = []

    def read() -> None:
        for value in latest.each():
            got.append(value)
            time.sleep(0.05)

    reader = threading.Thread(target=read)
    reader.start()
    for value in range(2000):
        latest.put(value)
    eventually(lambda: got and got[-1] == 1999)
    latest.close()
    reader.join(PATIENCE)
    assert len(got) < 2000 and got == sorted(set(got))


def test_each_follower_has_all_news_and_a_slow_one_the_last() -> None:
    news: News[int] = News()
    early = Follower(news)
    news.tell([1, 2])
    assert list(early.each(timeout=0)) == [1, 2]
    news.tell(range(3, 3 + KEPT))
    news.close()
    assert list(early.each()) == list(range(3, 3 + KEPT))
    assert list(Follower(news).each()) == list(range(3, 3 + KEPT))


# --- places and cameras -------------------------------------------------------------------------


def test_what_a_source_is(tmp_path: Path) -> None:
    movie = tmp_path / "a movie.mp4"
    movie.touch()
    os.mkfifo(tmp_path / "fifo")
    assert find_place("-")[:2] == (PIPE, "-")
    assert find_place(str(tmp_path / "fifo")).kind == PIPE
    assert find_place("3") == Place(CAMERA, "/dev/video3", "camera3")
    assert find_place("/dev/video77").kind == CAMERA
    assert find_place(str(movie)) == Place(MOVIE, str(movie), "a movie.mp4")
    assert find_place("/dev/null").kind == CAMERA  # a device, at least
    address = find_place("rtsp://jim:secret@cam.local:8554/front/door?key=hidden")
    assert address.kind == ADDRESS
    assert address.name == "rtsp-cam.local-8554-front-door"


@pytest.mark.parametrize(
    "source",
    [
        "nobody.mp4",
        "ftp://x/y",
        "file:///etc/passwd",
        "http://",
        "http://[::1",
        "rtsp://a:port/",
        "",
    ],
)
def test_what_is_no_source_is_refused_in_one_line(source: str) -> None:
    with pytest.raises(RequestError) as refused:
        find_place(source)
    assert len(str(refused.value).splitlines()) == 1


def test_cameras_are_listed_by_their_numbers(tmp_path: Path) -> None:
    for number, name in ((10, "Lid"), (2, "Desk\nevil")):
        (tmp_path / f"video{number}").mkdir()
        (tmp_path / f"video{number}" / "name").write_text(f"{name}\n")
    (tmp_path / "v4l-subdev0").mkdir()
    (tmp_path / "video11").mkdir()
    found = cameras(tmp_path, Path("/dev"))
    assert found == [
        Camera(Path("/dev/video2"), "Desk\nevil"),
        Camera(Path("/dev/video10"), "Lid"),
        Camera(Path("/dev/video11"), "video11"),
    ]
    assert cameras(tmp_path / "nothing") == []


def made_device(call: int, answer: bytearray) -> None:
    """A camera as videodev2.h describes one: MJPG in two sizes, and YUYV up to a largest size."""
    number = call & 0xFF
    (index,) = struct.unpack_from("=I", answer)
    if number == 0:  # VIDIOC_QUERYCAP
        struct.pack_into("=II", answer, 84, 0x84A00001, 0x04200001)
    elif number == 2 and index < 2:  # VIDIOC_ENUM_FMT
        answer[44:48] = (b"MJPG", b"YUYV")[index]
    elif number == 74:  # VIDIOC_ENUM_FRAMESIZES
        compressed = answer[4:8] == b"MJPG"
        if compressed and index < 2:
            struct.pack_into("=3I", answer, 8, 1, *((1280, 720), (640, 480))[index])
        elif not compressed and index == 0:
            struct.pack_into("=7I", answer, 8, 3, 16, 1920, 2, 16, 1080, 2)
        else:
            raise OSError(errno.EINVAL, "no more")
    elif number == 75 and index < 2:  # VIDIOC_ENUM_FRAMEINTERVALS
        struct.pack_into("=3I", answer, 16, 1, 1, (30, 15)[index])
    else:
        raise OSError(errno.EINVAL, "no more")


def test_a_camera_says_what_it_offers() -> None:
    assert takes_pictures(made_device)
    rates = (Fraction(30), Fraction(15))
    assert [tuple(mode) for mode in modes(made_device)] == [
        ("MJPG", 1280, 720, rates),
        ("MJPG", 640, 480, rates),
        ("YUYV", 1920, 1080, rates),
    ]


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        (errno.ENOENT, RequestError, "no such camera"),
        (errno.EACCES, MovieError, "group"),
        (errno.EBUSY, MovieError, "in use by another program"),
        (errno.ENOTTY, MovieError, "cannot be used as a camera"),
    ],
)
def test_why_a_camera_cannot_be_opened_is_said(code: int, kind: type, says: str) -> None:
    place = Place(CAMERA, "/dev/video0", "camera0")
    error = refusal(place, OSError(code, os.strerror(code)))
    assert type(error) is kind and says in str(error)


def test_what_comes_through_a_pipe_opens_no_other_place(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    sdp = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\n"
    pipe.write_text(sdp + "m=video 40404 RTP/AVP 96\na=rtpmap:96 H264/90000\n")
    with pytest.raises(MovieError, match="not a movie"):
        open_source(Place(PIPE, str(pipe), "pipe"), Wish(), threading.Event())


def test_what_this_pyav_lacks_is_said_with_a_way_out() -> None:
    import av

    place = Place(ADDRESS, "srt://host:1", "srt-host-1")
    error = refusal(place, av.error.ProtocolNotFoundError(1, "Protocol not found"))
    assert isinstance(error, SetupError) and "videmo live -" in str(error)


# --- hooks --------------------------------------------------------------------------------------


def event(kind: str = START, track: int = 1, emotion: str = "happy", start: float = 1.0) -> Event:
    return Event(kind, emotion, track, "Jim", 0.9, start, start, 5)


def python(code: str) -> str:
    return f"{sys.executable} -c '{code}'"


def test_a_program_is_told_by_its_environment_and_its_input(tmp_path: Path) -> None:
    script = tmp_path / "tell.py"
    names = "EVENT EMOTION PERSON TRACK SCORE TIME"
    script.write_text(
        "import os, sys\n"
        f"told = [os.environ['VIDEMO_' + name] for name in '{names}'.split()]\n"
        f"print(*told, sys.stdin.read().strip(), file=open({str(tmp_path / 'told')!r}, 'w'))\n"
    )
    Command(f"{sys.executable} {script}")(event())
    told = (tmp_path / "told").read_text()
    assert told.startswith("start happy Jim 1 0.9 1.0 {")
    assert '"emotion": "happy"' in told


def test_nothing_in_a_command_is_given_to_a_shell(tmp_path: Path) -> None:
    command = Command(f"touch '{tmp_path}/a b;c' $HOME")
    assert command.arguments == ["touch", f"{tmp_path}/a b;c", "$HOME"]


@pytest.mark.parametrize("line", ["", "'open", "no-such-program x"])
def test_what_is_no_command_is_refused(line: str) -> None:
    with pytest.raises(RequestError):
        Command(line)


def test_a_program_that_hangs_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    command = Command(f"sh -c 'exec 3>{fifo}; sleep 600 & sleep 600'", limit=0.5)
    held = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)

    def is_let_go() -> bool:
        try:
            return os.read(held, 1) == b""  # nobody who could write is alive
        except BlockingIOError:
            return False

    try:
        with pytest.raises(OSError, match="killed"):
            command(event())
        eventually(is_let_go)
    finally:
        os.close(held)


def test_a_program_that_fails_says_how() -> None:
    with pytest.raises(OSError, match="code 3"):
        Command(python("raise SystemExit(3)"))(event())


class Noted:
    """An action that notes what it was told, when it is let."""

    def __init__(self) -> None:
        self.let = threading.Event()
        self.told: list[tuple[str, int]] = []
        self.most = self.now = 0
        self._lock = threading.Lock()

    def __call__(self, told: Event) -> None:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.let.wait(PATIENCE)
        with self._lock:
            self.now -= 1
            self.told.append((told.event, told.track))


def test_so_many_run_at_once_and_an_end_comes_after_its_start() -> None:
    noted = Noted()
    runner = HookRunner(Hook("noted", noted), at_once=3)
    for track in range(1, 9):
        runner.offer(event(START, track))
        runner.offer(event(END, track))
    eventually(lambda: noted.now == 3)
    noted.let.set()
    runner.close(PATIENCE)
    assert noted.most == 3 and runner.tally.done == 16
    for track in range(1, 9):
        assert [kind for kind, who in noted.told if who == track] == [START, END]


def test_nothing_is_told_after_the_end_and_what_waits_is_counted() -> None:
    noted = Noted()
    runner = HookRunner(Hook("to be ended", noted))
    for track in range(1, WAITING + 50):
        runner.offer(event(START, track))
    runner.close(0.1)
    assert noted.told == []  # it did not wait for what is told now
    runner.offer(event(START, 999))
    noted.let.set()
    eventually(lambda: not [one for one in threading.enumerate() if "to be ended" in one.name])
    assert len(noted.told) <= 1
    assert runner.tally.left_out >= WAITING


def test_a_cooldown_leaves_out_starts_and_their_ends() -> None:
    noted = Noted()
    noted.let.set()
    runner = HookRunner(Hook("noted", noted, "happy", cooldown=3600))
    runner.offer(event(START, 1, "sad"))
    for track in (1, 2):
        runner.offer(event(START, track))
    for track in (2, 1):
        runner.offer(event(END, track))
    runner.close(PATIENCE)
    assert noted.told == [(START, 1), (END, 1)]


def test_a_function_that_raises_costs_one_event(caplog: pytest.LogCaptureFixture) -> None:
    told: list[Event] = []

    def act(one: Event) -> None:
        told.append(one)
        raise ValueError("mine")

    runner = HookRunner(Hook("mine", act))
    runner.offer(event(START))
    runner.offer(event(END))
    runner.close(PATIENCE)
    assert len(told) == 2 and runner.tally.failed == 2


def test_an_address_is_posted_to() -> None:
    with http_server() as heard:
        Post(f"{heard.url}?room=1")(event())
    assert heard.requests == [("POST", "/mood?room=1")]
    assert heard.posts[0]["emotion"] == "happy" and heard.posts[0]["person"] == "Jim"


def test_an_address_may_have_any_letters() -> None:
    with http_server() as server:
        Post(f"{server.url}/Küche licht?q=ä&b=%20")(event())
    assert server.requests == [("POST", "/mood/K%C3%BCche%20licht?q=%C3%A4&b=%20")]


def test_an_address_that_says_no_or_nothing_is_given_up() -> None:
    with http_server(status=500) as heard, pytest.raises(OSError, match="500"):
        Post(heard.url)(event())
    with http_server(delay=3) as heard, pytest.raises(OSError, match="timed out"):
        Post(heard.url, limit=0.3)(event())


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://", "x", "http://[::1", "ftp://a/b"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(RequestError):
        Post(url)


def test_a_password_in_an_address_is_not_shown() -> None:
    post: Any = Post("https://jim:secret@host:81/x?key=hidden")
    assert post.name == "https://host:81"
