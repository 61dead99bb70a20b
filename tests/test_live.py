"""Live sessions on real sources: movies at their own speed, pipes, servers on the loopback."""

from __future__ import annotations

import gc
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from tests.conftest import ROOT, Made
from tests.live import (
    Everybody,
    Watched,
    ffmpeg,
    free_port,
    http_server,
    rtsp_server,
    sending,
    watch,
)
from tests.movies import SIZE, person, still
from tests.waiting import PATIENCE, eventually
from videmo.demo import Shot, Story, make_movie
from videmo.errors import DiskFullError, MovieError, OutputError, RequestError
from videmo.faces import DetectorConfig
from videmo.live import Event, Gap, Live, LiveSettings, Look, Rule, finish_left
from videmo.live import finish as finish_module
from videmo.live.finish import Finished, table_of
from videmo.live.journal import JOURNAL_SUFFIX, read_journal
from videmo.scan import Settings, scan_movie
from videmo.schema import DEFAULT_REPEAT
from videmo.table import read_record, read_table, record_path
from videmo.video import Connection, Wish, find_place, open_movie, open_sound, probe

MODEL = ROOT / "models" / "emotion.tflite"
TOGETHER = 0.95
"""Part of the frames that both saw on which a scan and a live session hold the same emotion."""


HAPPY_ONCE = [("start", "happy"), ("end", "happy")]


@pytest.fixture(scope="session")
def happy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A happy person for two seconds, with a tone."""
    movie = tmp_path_factory.mktemp("happy") / "happy.mp4"
    make_movie(movie, still(2))
    return movie


@pytest.fixture(scope="session")
def long(happy: Path) -> Path:
    """The same for ten minutes: longer than any of these tests looks at it."""
    movie = happy.with_name("long.mp4")
    subprocess.run(ffmpeg("-stream_loop", 299, "-i", happy, "-c", "copy", movie), check=True)
    return movie


def after(count: int) -> Callable[[Live, list[Look]], bool]:
    return lambda live, looks: len(looks) >= count


def test_a_movie_at_its_own_speed_agrees_with_its_scan(people: Made, tmp_path: Path) -> None:
    begin = time.monotonic()
    seen = watch(people.movie, LiveSettings(folder=tmp_path))
    assert time.monotonic() - begin >= 5.5  # the movie's six seconds
    assert seen.ended.finished is not None
    table, record = seen.ended.finished
    live, scanned = read_table(table), people.table
    assert record["status"] == "ok" and record["frames_read"] == len(scanned["frame"].unique())
    assert record["movie"]["fingerprint"] == people.scanned.record["movie"]["fingerprint"]
    # Who is slow, as we may be, misses looks; the table does not.
    assert live["frame"].nunique() == record["frames_scanned"] >= len(seen.looks) > 0
    # Who is who may have other numbers: faces are matched by their places.
    pairs = live.merge(scanned, on="frame", suffixes=("", "_scan"))
    near = (pairs["x"] - pairs["x_scan"]).abs() < pairs["w"] / 2
    pairs = pairs[near.fillna(False)]
    held = pairs[(pairs["repeat_scan"] >= DEFAULT_REPEAT) & (pairs["repeat"] >= DEFAULT_REPEAT)]
    assert len(held) > 10
    assert (held["emotion"] == held["emotion_scan"]).mean() >= TOGETHER
    assert (pairs["time"] - pairs["time_scan"]).abs().max() == 0


def test_a_real_clip_agrees_with_its_scan(clips: Path, tmp_path: Path) -> None:
    movie = clips / "night_phone.mp4"
    scanned = read_table(scan_movie(movie, tmp_path).table)
    seen = watch(movie, LiveSettings(folder=tmp_path))
    assert seen.ended.finished is not None
    pairs = read_table(seen.ended.finished.table).merge(scanned, on="frame", suffixes=("", "_scan"))
    held = pairs[(pairs["repeat_scan"] >= DEFAULT_REPEAT) & (pairs["repeat"] >= DEFAULT_REPEAT)]
    assert len(held) > 3
    # Which pictures are looked at hangs on the machine, and so from which on an emotion is held.
    assert (held["emotion"] == held["emotion_scan"]).mean() >= 0.9


def test_who_is_too_dark_to_be_read_is_seen_and_does_not_count(tmp_path: Path) -> None:
    shot = Shot(2, (person(2, 150, (0, "happy")),), background=1, light=0.02)
    make_movie(tmp_path / "dark.mp4", Story((shot,), SIZE))
    seen = watch(tmp_path / "dark.mp4")
    faces = [face for look in seen.looks for face in look.seen]
    assert faces and not any(face.aligned for face in faces) and not seen.events


def test_what_happens_is_told_once_and_at_the_end(happy: Path) -> None:
    seen = watch(happy)
    told = [(e.event, e.emotion) for e in seen.events if isinstance(e, Event)]
    assert told == HAPPY_ONCE
    assert seen.looks[-1].faces[0].held == "happy"


def test_what_holds_to_the_end_ends_with_the_last_picture_as_in_a_scan(
    happy: Path, tmp_path: Path
) -> None:
    *_, last = watch(happy).events
    assert isinstance(last, Event)
    assert last.time == scan_movie(happy, tmp_path).record["end"]


def test_the_door_of_python_gives_looks_and_calls_back(happy: Path) -> None:
    import videmo

    told: list[str] = []
    live = videmo.Live(happy, videmo.LiveSettings(rule=Rule(repeat=3)))
    live.on("happy", lambda event: told.append(event.event))
    live.on("sad", lambda event: told.append("sad"))
    with live:
        emotions = {face.emotion for look in live for face in look.faces}
    assert "happy" in emotions
    assert told == ["start", "end"]


def test_an_error_in_one_thread_ends_all(happy: Path) -> None:
    class Failing(Everybody):
        def who(self, key: int, time: float) -> tuple[str, bool]:
            raise ValueError("mine")

    live = Live(str(happy), names=Failing("Ann"))
    with pytest.raises(ValueError, match="mine"), live:
        for _ in live:
            pass
    ended = [t for t in threading.enumerate() if t.name in ("capture", "look", "record", "keep")]
    assert not any(thread.is_alive() for thread in ended)


def test_a_hook_that_hangs_holds_nothing_up(long: Path) -> None:
    hangs, let, over = threading.Event(), threading.Event(), threading.Event()

    def hang(event: Event) -> None:
        hangs.set()
        let.wait(PATIENCE)
        over.set()

    live = Live(str(long))
    live.on(None, hang)
    meanwhile = 0
    with live:
        for _ in live:
            meanwhile += hangs.is_set()
            if meanwhile > 5:
                break
    assert meanwhile > 5 and not over.is_set()
    let.set()


def test_viewers_get_the_latest_and_a_slow_one_holds_up_nobody(long: Path) -> None:
    live = Live(str(long))
    counts, let = [0] * 10, threading.Event()

    def view(which: int) -> None:
        number = 0
        while (found := live.shown(number)) is not None:
            number, (shot, _) = found
            assert shot.ordinary.shape[2] == 3
            counts[which] += 1
            if which == 0:
                let.wait(PATIENCE)

    with live:
        viewers = [threading.Thread(target=view, args=(n,)) for n in range(10)]
        for viewer in viewers:
            viewer.start()
        for _ in live:
            if counts[0] and min(counts[1:]) > 3:
                break
        assert counts[0] == 1 and min(counts[1:]) > 3
    let.set()
    for viewer in viewers:
        viewer.join(PATIENCE)
        assert not viewer.is_alive()
    assert counts[0] <= 2  # the latest one, and none of those between


def test_who_looks_on_is_told_of_the_end_while_the_source_hangs(
    happy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a driver that does not come back."""
    live, let, seen = Live(str(happy)), threading.Event(), []
    monkeypatch.setattr(live._capture, "run", lambda *_: let.wait(PATIENCE))
    viewer = threading.Thread(target=lambda: seen.append(live.shown()))
    viewer.start()
    threading.Timer(0.2, live.close).start()
    try:
        with live:
            pass
        viewer.join(2)
        assert seen == [None]
    finally:
        let.set()
        viewer.join(PATIENCE)


def test_a_pipe_that_another_program_fills(happy: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    settings = LiveSettings(folder=tmp_path / "tables")
    with sending("-re", "-stream_loop", -1, "-i", happy, "-c", "copy", "-f", "mpegts", fifo):
        seen = watch(fifo, settings, after(10))
    assert any(face.emotion == "happy" for look in seen.looks for face in look.faces)
    record = read_record(seen.ended.finished.table)  # type: ignore[union-attr]
    assert record["live"]["kind"] == "pipe" and record["status"] == "ok"


def test_a_piped_mp4_whose_index_comes_last_is_refused_with_what_to_do(happy: Path) -> None:
    with happy.open("rb") as content:
        done = subprocess.run(
            command("-", "--no-page"), stdin=content, capture_output=True, text=True, check=False
        )
    assert done.returncode == 1 and "name the file instead" in done.stderr, done.stderr
    assert done.stderr.count("\n") == 1


def test_a_picture_is_freed_once_nobody_has_it(happy: Path, tmp_path: Path) -> None:
    """Not when Python next looks for circles, which may be hundreds of pictures later."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    gc.collect()
    gc.disable()
    held = []
    try:
        with sending("-re", "-stream_loop", -1, "-i", happy, "-c", "copy", "-f", "mpegts", fifo):
            connection = Connection(find_place(str(fifo)), Wish(), threading.Event())
            for _ in itertools.islice(connection.arrivals(), 20):
                held.append(sum(type(one) is av.VideoFrame for one in gc.get_objects()))
            connection.close()
    finally:
        gc.enable()
    assert len(held) == 20 and held[-1] <= held[5]


def test_a_writer_that_ends_is_a_gap_and_the_next_one_goes_on(happy: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    over = threading.Event()

    def write_again_and_again() -> None:
        while not over.wait(0.5):
            command = ffmpeg("-re", "-i", happy, "-c", "copy", "-f", "mpegts", fifo)
            subprocess.run(command, check=False, stdin=subprocess.DEVNULL)

    def back(live: Live, looks: list[Look]) -> bool:
        gaps = live.stats().gaps
        return bool(gaps) and sum(look.shot.time > 2.2 for look in looks) >= DEFAULT_REPEAT

    writer = threading.Thread(target=write_again_and_again)
    writer.start()
    try:
        seen = watch(fifo, LiveSettings(folder=tmp_path), back)
    finally:
        over.set()
        with open(os.open(fifo, os.O_RDONLY | os.O_NONBLOCK), "rb"):  # nobody waits for a reader
            writer.join(PATIENCE)
    (gap,) = seen.ended.gaps
    assert gap.end is not None and gap.end - gap.start >= 0.5
    record = read_record(seen.ended.finished.table)  # type: ignore[union-attr]
    assert record["status"] == "partial" and len(record["live"]["gaps"]) == 1
    told = [e for e in seen.events if isinstance(e, Gap)]
    assert [one.end is None for one in told] == [True, False]
    tracks = {face.track for look in seen.looks for face in look.faces}
    assert len(tracks) == 2  # who comes back is somebody new
    runs = [e for e in seen.events if isinstance(e, Event)]
    assert [e.event for e in runs] == ["start", "end", "start", "end"]


def test_a_stream_that_stalls_is_given_up(happy: Path) -> None:
    command = ffmpeg("-i", happy, "-c", "copy", "-f", "mpegts", "-")
    content = subprocess.run(command, capture_output=True, check=True).stdout
    read, write = os.pipe()
    os.write(write, content[:60_000])
    stdin = os.dup(0)
    os.dup2(read, 0)
    try:
        seen = watch("-", LiveSettings(wish=Wish(stall=1), give_up=1.5))
    finally:
        os.dup2(stdin, 0)
        for one in (read, write, stdin):
            os.close(one)
    assert seen.looks
    (gap,) = seen.ended.gaps
    assert gap.end is None and "nothing came for 1 s" in gap.why


def test_rubbish_is_refused(tmp_path: Path) -> None:
    rubbish = tmp_path / "rubbish"
    rubbish.write_bytes(bytes(range(1, 256)) * 500)
    with pytest.raises(MovieError, match="not a movie"):
        watch(rubbish)


def test_an_address_that_answers_rubbish_is_refused() -> None:
    with http_server() as server, pytest.raises(MovieError, match="check the address"):
        watch(server.url)


def test_pictures_that_change_their_size_are_brought_to_the_first(
    happy: Path, tmp_path: Path
) -> None:
    fifo, both = tmp_path / "fifo", tmp_path / "both.mjpeg"
    os.mkfifo(fifo)
    content = b""
    for size in ("320:240", "480:270"):
        how = ("-an", "-vf", f"scale={size}", "-q:v", 3, "-f", "mjpeg", "-")
        content += subprocess.run(ffmpeg("-i", happy, *how), capture_output=True, check=True).stdout
    both.write_bytes(content)
    how = ("-re", "-f", "mjpeg", "-framerate", 24, "-i", both)
    with sending(*how, "-c", "copy", "-f", "mjpeg", fifo):
        seen = watch(fifo, None, lambda live, looks: looks[-1].shot.time > 3)
    assert {look.shot.size for look in seen.looks} == {(320, 240)}
    last = seen.looks[-1].shot.ordinary
    assert last[:20].mean() < 5 < last[100:140].mean()  # bars above and below


def test_an_address_on_the_loopback(happy: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/stream"
    how = ("-re", "-stream_loop", -1, "-i", happy, "-c", "copy", "-f", "mpegts", "-listen", 1, url)
    with sending(*how) as server:
        killed = False

        def kill(live: Live, looks: list[Look]) -> bool:
            nonlocal killed
            if len(looks) >= 5 and not killed:
                server.kill()
                killed = True
            return False

        def watched() -> Watched | None:
            try:
                return watch(url, LiveSettings(give_up=2), kill)
            except MovieError:  # it does not listen yet
                return None

        seen = eventually(watched)
    assert len(seen.looks) >= 5
    assert [gap.end for gap in seen.ended.gaps] == [None]


def test_rtsp_from_a_server_on_the_loopback(happy: Path, tmp_path: Path) -> None:
    with rtsp_server(happy, tmp_path) as url:
        seen = watch(url, None, lambda live, looks: len(looks) >= 10 and bool(looks[-1].faces))
    assert seen.looks[-1].faces[0].emotion == "happy"


def test_nobody_at_an_address_is_said() -> None:
    with pytest.raises(MovieError, match="connection refused"):
        watch(f"http://127.0.0.1:{free_port()}/x")


def test_a_recording_has_picture_and_sound_and_its_table_is_of_it(
    happy: Path, tmp_path: Path
) -> None:
    target = tmp_path / "kept.mp4"
    seen = watch(happy, LiveSettings(folder=tmp_path, record=target, draw=True))
    assert seen.ended.recorded == target
    movie = probe(target)
    with open_movie(movie) as reader:
        frames = list(reader.frames())
        times = [round(float(frame.time), 3) for frame in frames]
        blue = frames[-1].bgr
    table = read_table(tmp_path / "kept.mp4.faces.csv")
    assert len(times) == seen.ended.stats.captured
    for row in table.itertuples():
        assert abs(times[row.frame] - row.time) <= 0.001
    with open_sound(movie) as sound:
        assert sound is not None
        heard = sum(frame.samples / frame.sample_rate for _, frame in sound.frames())
    assert heard == pytest.approx(2, abs=0.2)
    with open_movie(probe(happy)) as reader:
        plain = list(reader.frames())[-1].bgr
    assert (abs(blue.astype(int) - plain) > 60).any(2).sum() > 200  # something is drawn


def whole_pictures(folder: Path) -> Path:
    """A model that says of itself that it looks at whole pictures."""
    shutil.copy(MODEL, folder / "whole.tflite")
    about = json.loads(MODEL.with_suffix(".json").read_text())
    (folder / "whole.json").write_text(json.dumps({**about, "crop": "frame"}))
    return folder / "whole.tflite"


@pytest.mark.parametrize("whole", [True, False], ids=["whole pictures", "haar"])
def test_what_has_no_eyes_or_no_pose_is_kept_too(happy: Path, tmp_path: Path, whole: bool) -> None:
    model = whole_pictures(tmp_path) if whole else MODEL
    scan = Settings(DetectorConfig("yunet" if whole else "haar"), model=model)
    finished = watch(happy, LiveSettings(scan=scan, folder=tmp_path)).ended.finished
    assert finished is not None
    rows = read_table(finished.table)
    assert len(rows) > 3 and rows["yaw"].isna().all()
    assert rows["eyes"].isna().all() == whole


def test_with_a_model_of_whole_pictures_nobody_is_named(happy: Path, tmp_path: Path) -> None:
    settings = LiveSettings(scan=Settings(model=whole_pictures(tmp_path)))
    with pytest.raises(RequestError, match="no faces to be named"):
        Live(str(happy), settings, names=Everybody("Ann"))


def test_who_knows_people_is_told_how_long_a_face_may_be_away(happy: Path) -> None:
    names = Everybody("Ann")
    watch(happy, LiveSettings(scan=Settings(gap=15.0)), lambda live, looks: True, names=names)
    assert names.gap == 15.0


@pytest.mark.skipif(os.name == "nt", reason="such names cannot be")
@pytest.mark.parametrize("name", ["20:15.mp4", "http:x.mp4"])
def test_a_name_with_a_colon_is_a_name(
    happy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    watch(happy, LiveSettings(record=Path(name)))
    assert probe(tmp_path / name).width > 0
    with av.open(str(tmp_path / name)) as container:
        assert len([*container.demux(video=0)]) > 10


def test_nothing_that_is_there_is_recorded_over(happy: Path, tmp_path: Path) -> None:
    target = tmp_path / "kept.mp4"
    target.write_text("mine")
    with pytest.raises(OutputError, match="there already"):
        watch(happy, LiveSettings(record=target))
    assert target.read_text() == "mine"


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "videmo", "live", *map(str, arguments)]


def begun(folder: Path, looks: int) -> Path:
    """The journal in a folder, once it holds so many looks."""

    def there() -> Path | None:
        for journal in folder.glob(f"*{JOURNAL_SUFFIX}"):
            if journal.read_bytes().count(b'"f":') >= looks:
                return journal
        return None

    found = eventually(there)
    assert isinstance(found, Path)
    return found


def test_what_a_killed_session_left_becomes_a_table(happy: Path, tmp_path: Path) -> None:
    fifo, folder = tmp_path / "fifo", tmp_path / "kept"
    os.mkfifo(fifo)
    how = ("-re", "-stream_loop", -1, "-i", happy, "-c", "copy", "-f", "mpegts", fifo)
    record = folder / "kept.mp4"
    with sending(*how):
        work = subprocess.Popen(command(fifo, "--table", folder, "--record", record, "-q"))
        journal = begun(folder, 25)
        assert not [*finish_left(folder)]  # it is still at work
        assert journal.exists()
        work.kill()
        work.wait()
    said = subprocess.run(command("--finish", folder), capture_output=True, text=True, check=False)
    assert said.returncode == 0 and "finished now" in said.stderr
    assert not journal.exists()
    table = table_of(journal)
    kept = read_record(table)
    assert kept["status"] == "partial" and kept["live"]["killed"]
    with open_movie(probe(record)) as reader:
        times = [round(float(frame.time), 3) for frame in reader.frames()]
    rows = read_table(table)
    assert len(rows) >= 3 and rows["frame"].max() < len(times)
    for row in rows.itertuples():
        assert abs(times[row.frame] - row.time) <= 0.001


def test_a_journal_that_is_cut_off_in_a_line_loses_that_line(happy: Path, tmp_path: Path) -> None:
    watch(happy, LiveSettings(folder=tmp_path))
    (table,) = tmp_path.glob("*.faces.csv")
    journal = tmp_path / f"other{JOURNAL_SUFFIX}"
    record = read_record(table)
    head = {"journal": 1, "record": record, "recording": None}
    look = '{"f":0,"t":0.0,"a":[]}\n'
    journal.write_text(json.dumps(head) + "\n" + look + '{"f":1,"t":0.5,"a":[[1,[2')
    assert len(list(read_journal(journal))) == 2
    (done,) = finish_left(tmp_path)
    assert isinstance(done, Finished) and done.record["frames_scanned"] == 1
    assert len(read_table(done.table)) == 1


@pytest.mark.parametrize("killed", ["before the record", "before the journal's removal"])
def test_what_was_killed_while_it_made_its_table_is_finished(
    happy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed: str
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(finish_module, "_remove", lambda journal: None)
        watch(happy, LiveSettings(folder=tmp_path))
    (journal,) = tmp_path.glob(f"*{JOURNAL_SUFFIX}")
    table = table_of(journal)
    content, record = table.read_bytes(), read_record(table)
    if killed == "before the record":
        record_path(table).unlink()
    (done,) = finish_left(tmp_path)
    assert done == Finished(table, record) and table.read_bytes() == content
    assert read_record(table) == record and not journal.exists()


def test_a_table_of_something_else_is_not_written_over(happy: Path, tmp_path: Path) -> None:
    watch(happy, LiveSettings(folder=tmp_path))
    (table,) = tmp_path.glob("*.faces.csv")
    content, record = table.read_bytes(), read_record(table)
    journal = table.with_name(table.name.removesuffix(".csv") + ".live")
    record["live"]["started"] = "2000-01-01T00:00:00.000+00:00"
    head = {"journal": 1, "record": record, "recording": None}
    journal.write_text(json.dumps(head) + "\n" + '{"f":0,"t":0.0,"a":[]}\n')
    (left,) = finish_left(tmp_path)
    assert isinstance(left, OutputError) and "is there already" in str(left)
    assert table.read_bytes() == content and journal.exists()


def test_to_interrupt_is_to_end_well(happy: Path, tmp_path: Path) -> None:
    fifo, folder = tmp_path / "fifo", tmp_path / "kept"
    os.mkfifo(fifo)
    how = ("-re", "-stream_loop", -1, "-i", happy, "-c", "copy", "-f", "mpegts", fifo)
    with sending(*how):
        asked = command(fifo, "--table", folder, "--as", "jsonl", "--text")
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(asked, **pipes, text=True) as work:
            try:
                begun(folder, 10)
                work.send_signal(signal.SIGINT)
                out, _ = work.communicate(timeout=PATIENCE)
            finally:
                work.kill()
    assert work.returncode == 0
    lines = [json.loads(line) for line in out.splitlines()]
    assert {line["event"] for line in lines} <= {"start", "end"}
    assert lines[0]["emotion"] == "happy" and lines[-1]["event"] == "end"
    (table,) = folder.glob("*.faces.csv")
    assert read_record(table)["status"] == "ok"
    assert not list(folder.glob(f"*{JOURNAL_SUFFIX}"))


def test_programs_and_addresses_are_told_once_of_each_run(happy: Path, tmp_path: Path) -> None:
    told = tmp_path / "told"
    tell = f"sh -c 'echo $VIDEMO_EVENT $VIDEMO_EMOTION >> {told}'"
    with http_server() as server:
        asked = command(happy, "--as", "jsonl", "--on", "happy", tell, "--webhook", server.url)
        asked += ["--on-start", "happy", tell.replace("told", "begun")]
        done = subprocess.run(asked, capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["event"], one["emotion"]) for one in lines] == HAPPY_ONCE
    assert [tuple(line.split()) for line in told.read_text().splitlines()] == HAPPY_ONCE
    assert server.posts == lines
    assert (tmp_path / "begun").read_text() == "start happy\n"


@pytest.mark.parametrize("options, told", [((), 2), (("-q",), 0), (("-q", "--text"), 2)])
def test_changes_are_written_but_with_q_and_then_where_text_is_asked_for(
    happy: Path, options: tuple[str, ...], told: int
) -> None:
    asked = command(happy, "--no-page", "--as", "jsonl", *options)
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == told


def test_a_recording_alone_has_no_table(happy: Path, tmp_path: Path) -> None:
    asked = command(happy, "--no-page", "--record", tmp_path / "kept.mp4")
    subprocess.run(asked, check=True, capture_output=True)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.mp4"]


def test_cameras_are_listed_where_there_are_none_too() -> None:
    done = subprocess.run(command("--list"), capture_output=True, text=True, check=True)
    assert done.stdout.startswith(("no cameras", "/dev/video")) and not done.stderr


def test_a_full_disk_ends_it_and_what_was_kept_stays(
    happy: Path, tmp_path: Path, small_disk: Callable[[int], Path]
) -> None:
    disk, fifo = small_disk(24), tmp_path / "fifo"
    os.mkfifo(fifo)
    how = ("-re", "-stream_loop", -1, "-i", happy, "-c", "copy", "-f", "mpegts", fifo)
    with sending(*how), pytest.raises(DiskFullError, match="disk full"):
        watch(fifo, LiveSettings(folder=disk, record=disk / "kept.mp4"))
    (journal,) = disk.glob(f"*{JOURNAL_SUFFIX}")
    assert len(list(read_journal(journal))) > 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device on this system")
def test_a_disk_that_stays_full_to_the_end_is_told_as_such(happy: Path, tmp_path: Path) -> None:
    live = Live(str(happy), LiveSettings(folder=tmp_path))
    with pytest.raises(DiskFullError, match="disk full"), live:
        journal = live._keeper._journal
        assert journal is not None
        journal._file.close()
        journal._file = open("/dev/full", "wb")  # noqa: SIM115
        for _ in live:
            pass
    assert live.ended is not None and live.ended.finished is None


def test_what_cannot_be_asked_for_is_refused_in_one_line(happy: Path) -> None:
    for asked, code in (
        (("nobody.mp4",), 2),
        ((happy, "--draw"), 2),
        ((happy, "--on", "joy", "true"), 2),
        ((happy, "--on-start", "joy", "true"), 2),
        ((happy, "--webhook", "file:///x"), 2),
        (("/dev/video99",), 2),
        (("--finish", "nowhere"), 2),
    ):
        done = subprocess.run(command(*asked), capture_output=True, text=True, check=False)
        assert (done.returncode, len(done.stderr.splitlines())) == (code, 1), done.stderr


def test_a_source_that_does_not_exist_is_told_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(RequestError):
        Live("nobody.mp4", LiveSettings(folder=tmp_path / "out"))
    assert not (tmp_path / "out").exists()
