"""`videmo view`: who is answered, what is played, and what is put right and extracted from it."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import av
import pytest
from click.testing import CliRunner

from tests.browser import answering, opened
from tests.conftest import Made
from tests.tables import told
from tests.test_report import copied, data_in, data_of
from tests.waiting import PATIENCE, eventually
from videmo.cli import cli
from videmo.errors import RequestError
from videmo.exporters.clips import find_ffmpeg
from videmo.files import sha256
from videmo.find import find_tables
from videmo.index import INDEX
from videmo.report import write_report
from videmo.report.look import look, look_at, read_scan
from videmo.review import CONFIRMED, REMOVED, Fix, Key, Review, TrackName, read_review, write_review
from videmo.scan import scan_movie
from videmo.table import record_path, review_path
from videmo.video import probe
from videmo.view.said import key_of as key_of_seen
from videmo.view.said import rounded, with_said
from videmo.view.serve import _door, listen
from videmo.view.stream import Converted, stream_command

NOTHING = {"verdict": "", "emotion": "", "start": None, "end": None, "note": ""}


@pytest.fixture
def table(people: Made, tmp_path: Path) -> Path:
    return copied(people, tmp_path / "work", "movie.mp4")


@contextlib.contextmanager
def served(*tables: Path, **how: Any) -> Iterator[str]:
    """The address at which tables are served."""
    names = {table: table.name.removesuffix(".faces.csv") for table in tables}
    with answering(listen(names, tables[0].parent / "extracted", **how)) as address:
        yield address


def ask(
    address: str, path: str, method: str = "GET", body: Any = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body; a path is sent as it is, and goes after the token's."""
    parts = urlsplit(address)
    whole = path if path.startswith("!") else parts.path + path
    said = {"Host": parts.netloc, "Origin": f"http://{parts.netloc}"}
    said |= {name.replace("_", "-"): value for name, value in headers.items()}
    content = None
    if body is not None:
        content, said = json.dumps(body).encode(), {"Content-Type": "application/json", **said}
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=PATIENCE)
    try:
        connection.putrequest(method, whole.lstrip("!"), skip_host=True)
        for name, value in said.items():
            connection.putheader(name, value)
        if content is not None:
            connection.putheader("Content-Length", str(len(content)))
        connection.endheaders(content)
        answer = connection.getresponse()
        got = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, got, answer.read()
    finally:
        connection.close()


def key_of(table: Path, number: int = 0) -> list[Any]:
    """A moment as pages name it."""
    found = look_at(table, "m").moments[number].found
    return [found.track, found.emotion, round(found.start, 3), round(found.end, 3)]


def test_who_does_not_know_the_token_gets_nothing(table: Path) -> None:
    with served(table) as address:
        token = urlsplit(address).path.strip("/")
        for path in ("!/", "!/movie/0/", f"!/{token[:-1]}/", f"!/{token}x/movie/0/", "!//", "!/?"):
            status, headers, body = ask(address, path)
            assert (status, body) == (403, b"forbidden\n"), path
            assert "access-control-allow-origin" not in headers
        status, _, page = ask(address, "movie/0/")
        assert status == 200 and b"movie.mp4" in page
        assert len(token) >= 32


def test_only_this_machine_s_own_names_are_answered(table: Path) -> None:
    with served(table) as address:
        port = urlsplit(address).port
        assert ask(address, "movie/0/", Host=f"localhost:{port}")[0] == 200
        for host in (f"evil.example:{port}", "127.0.0.1", f"127.0.0.1:{port + 1}", ""):
            assert ask(address, "movie/0/", Host=host)[0] in (400, 403), host
        listeners = [one for one in ("0.0.0.0", socket.gethostname()) if one != "127.0.0.1"]
        outside = {found[4][0] for found in socket.getaddrinfo(listeners[-1], port, socket.AF_INET)}
        for place in outside - {"127.0.0.1"}:
            if not place.startswith("127."):
                with pytest.raises(OSError), socket.create_connection((place, port), timeout=3):
                    pass


def test_a_foreign_origin_changes_nothing(table: Path) -> None:
    body = {"of": key_of(table), "verdict": REMOVED}
    with served(table) as address:
        port = urlsplit(address).port
        for origin in ("http://evil.example", "null", f"http://127.0.0.1:{port + 1}", ""):
            assert ask(address, "movie/0/correct", "POST", body, Origin=origin)[0] == 403, origin
        typed = {"Content_Type": "text/plain"}  # what a form of a foreign page can send
        assert ask(address, "movie/0/correct", "POST", body, **typed)[0] == 409
        assert not review_path(table).exists()
        assert ask(address, "movie/0/correct", "POST", body)[0] == 200
        assert review_path(table).exists()


@pytest.mark.parametrize(
    "path",
    [
        "../../../../etc/passwd",
        "movie/0/../../../../../etc/passwd",
        "movie/0/file/../../../etc/passwd",
        "movie/0/..%2f..%2f..%2fetc%2fpasswd",
        "movie/0/faces/..%2f..%2fmovie.mp4",
        "/etc/passwd",
        "movie//etc/passwd",
        "movie/1/file",
        "movie/-1/file",
        "movie/0/jobs/7",
        "movie/0/file?path=/etc/passwd",
        "static/style.css",
    ],
)
def test_no_path_leads_to_other_files(table: Path, path: str) -> None:
    movie = (table.parent / "movie.mp4").read_bytes()
    with served(table) as address:
        status, _, body = ask(address, path)
        assert b"root:" not in body
        assert status in (403, 404, 409) or (status == 200 and body == movie and "?" in path)


def test_a_number_of_thousands_of_digits_is_no_movie(table: Path) -> None:
    with served(table) as address:
        assert ask(address, f"movie/{'1' * 5000}/")[0] == 404


def test_movies_are_sent_from_any_place_on(table: Path) -> None:
    movie = (table.parent / "movie.mp4").read_bytes()
    with served(table) as address:
        status, headers, body = ask(address, "movie/0/file", Range="bytes=100-199")
        assert (status, body) == (206, movie[100:200])
        assert headers["content-range"] == f"bytes 100-199/{len(movie)}"
        assert ask(address, "movie/0/file")[2] == movie
        assert ask(address, "movie/0/file", Range=f"bytes={len(movie)}-")[0] == 416


def test_a_correction_is_kept_and_comes_back(table: Path) -> None:
    before = table.read_bytes()
    key = key_of(table, 1)
    said = {"of": key, "emotion": "fear", "start": key[2] + 0.05, "end": key[3], "note": "a note"}
    with served(table) as address:
        status, _, body = ask(address, "movie/0/correct", "POST", said)
        assert status == 200, body
        told = json.loads(body)
        (number,) = told["fixes"]
        assert told["fixes"][number]["note"] == "a note"
        assert told["moments"]["start"][int(number)] == pytest.approx(key[2] + 0.05)
        # What stays as it was found is not written as a correction.
        (fix,) = read_review(review_path(table)).fixes
        assert fix == Fix(Key(*key), "", "fear", key[2] + 0.05, None, "a note")
        ask(address, "movie/0/correct", "POST", {"of": key, **NOTHING})
        assert not read_review(review_path(table))
    assert table.read_bytes() == before


def test_of_two_corrections_sent_at_once_neither_is_lost(table: Path) -> None:
    key = key_of(table, 1)
    with served(table) as address:
        for said in ({"verdict": CONFIRMED}, {"note": "a note"}):  # neither knows the other
            assert ask(address, "movie/0/correct", "POST", {"of": key, **said})[0] == 200
    assert read_review(review_path(table)).fixes == (Fix(Key(*key), CONFIRMED, note="a note"),)


def test_to_correct_a_piece_leaves_the_other_pieces_as_they_are(table: Path) -> None:
    """As after another scan: one line is about two moments."""
    scan = read_scan(table, "m")
    first = scan.found[0]
    begin, end = first.start, first.end
    pieces = [(begin, begin + (end - begin) * 0.3), (begin + (end - begin) * 0.6, end)]
    found = tuple(first._replace(start=a, end=b) for a, b in pieces)
    runs = tuple(replace(scan.runs[0], start=a, end=b) for a, b in pieces)
    scan = replace(scan, found=found, runs=runs)
    keys = [Key(first.track, first.emotion, *one) for one in pieces]
    line = Fix(Key(first.track, first.emotion, begin, end), note="both")
    review = with_said(scan, Review((line,)), rounded(keys[0]), {"verdict": REMOVED})
    told = {key_of_seen(one).start: one for one in look(scan, review).moments}
    one, other = (told[key.start] for key in keys)
    assert one.removed and one.fix == Fix(keys[0], REMOVED, note="both")
    assert not other.removed and other.fix == line
    # To take all back, too, is about the one alone.
    review = with_said(scan, review, rounded(keys[0]), NOTHING)
    told = {key_of_seen(one).start: one for one in look(scan, review).moments}
    assert told[keys[0].start].fix is None
    assert told[keys[1].start].fix.note == "both"  # type: ignore[union-attr]


def test_ends_between_which_nothing_is_seen_are_refused(table: Path) -> None:
    scan = read_scan(table, "m")
    first = next(one for one in scan.found if one.start > 2)
    key = rounded(Key(first.track, first.emotion, first.start, first.end))
    with pytest.raises(RequestError, match="nothing is seen of this track there"):
        with_said(scan, Review(), key, {"start": 0.0, "end": 0.1})


def test_the_ends_of_a_moment_in_parts_are_those_of_the_other(tmp_path: Path) -> None:
    scan = read_scan(told(tmp_path, "m.mp4", {1: ["happy"] * 10 + ["sad"] * 30}), "m")
    happy, sad = (Key(1, one.emotion, one.start, one.end) for one in scan.found)
    review = with_said(scan, Review(), happy, {"start": 2.0, "end": 2.5})
    shown = [(one.moment.emotion, one.moment.start) for one in look(scan, review).moments]
    assert shown == [("sad", 1.0), ("happy", 2.0), ("sad", 2.5)]
    for time in (2.2, 3.0):
        with pytest.raises(RequestError, match="another moment was moved into this one"):
            with_said(scan, review, sad, {"start": time})
    outer = with_said(scan, review, sad, {"start": 0.0, "end": 3.5})
    shown = [(one.moment.emotion, one.moment.start) for one in look(scan, outer).moments]
    assert shown == [("sad", 0.0), ("happy", 2.0), ("sad", 2.5)]
    # But what else is said is about both parts.
    review = with_said(scan, review, sad, {"verdict": REMOVED})
    assert [one.removed for one in look(scan, review).moments if one.found.emotion == "sad"] == [
        True
    ]


def test_ends_where_another_corrected_moment_lies_are_refused(tmp_path: Path) -> None:
    scan = read_scan(told(tmp_path, "m.mp4", {1: ["happy"] * 10 + ["sad"] * 30}), "m")
    happy, sad = (Key(1, one.emotion, one.start, one.end) for one in scan.found)
    review = with_said(scan, Review(), happy, {"end": 1.5})
    with pytest.raises(RequestError, match=r"another corrected moment .*happy, 0\.000 to 1\.500 s"):
        with_said(scan, review, sad, {"start": 1.2})
    assert look(scan, with_said(scan, review, sad, {"start": 1.5})).moments[1].moment.start == 1.5


def test_what_was_taken_out_is_taken_back_wherever_another_lies(tmp_path: Path) -> None:
    scan = read_scan(told(tmp_path, "m.mp4", {1: ["happy"] * 10 + ["sad"] * 10}), "m")
    happy, sad = (Key(1, one.emotion, one.start, one.end) for one in scan.found)
    review = with_said(scan, Review(), sad, {"verdict": REMOVED, "note": "no"})
    review = with_said(scan, review, happy, {"end": 2.0})
    review = with_said(scan, review, sad, {"verdict": ""})
    now = look(scan, review)
    assert [one.found.emotion for one in now.moments] == ["happy"]
    assert [fix.note for fix in now.lost] == ["no"]  # it is covered, and can be forgotten


def test_the_note_of_a_line_that_counts_for_nothing_is_kept(tmp_path: Path) -> None:
    scan = read_scan(told(tmp_path, "m.mp4", {1: ["happy"] * 10}), "m")
    (key,) = (Key(1, one.emotion, one.start, one.end) for one in scan.found)
    review = with_said(
        scan, Review((Fix(key, emotion="hapy", note="keep me"),)), key, {"verdict": CONFIRMED}
    )
    assert review.fixes == (Fix(key, CONFIRMED, note="keep me"),)


def test_people_are_named_and_made_one(table: Path) -> None:
    with served(table) as address:
        for track, person in ((1, "Jim"), (2, "Rachel"), (3, "Jimmy")):
            body = {"track": track, "person": person}
            assert ask(address, "movie/0/name", "POST", body)[0] == 200
        told = json.loads(
            ask(address, "movie/0/name", "POST", {"was": "Jimmy", "person": "Jim"})[2]
        )
        lanes = {lane["who"]: lane["tracks"] for lane in told["lanes"]}
        assert lanes == {"Jim": [1, 3], "Rachel": [2]}


@pytest.mark.parametrize(
    "path, body",
    [
        ("correct", {"of": [1, "happy", 70.0, 71.0], "verdict": "removed"}),
        ("correct", {"of": "all", "verdict": "removed"}),
        ("correct", {"of": [1, "happy", 10**400, 2]}),
        ("correct", {"verdict": "perhaps"}),
        ("correct", {"emotion": "../../x"}),
        ("correct", {"start": -1}),
        ("correct", {"end": 1e9}),
        ("correct", {"end": 0}),
        ("correct", {"end": "soon"}),
        ("correct", {"note": ["a"]}),
        ("correct", []),
        ("name", {"track": 99, "person": "Jim"}),
        ("name", {"track": 1, "person": 7}),
        ("name", {"was": "nobody", "person": "Jim"}),
        ("extract", {"moments": [], "exports": ["crops"]}),
        ("extract", {"moments": [[1, "happy", 70.0, 71.0]], "exports": ["crops"]}),
        ("extract", {"exports": ["../../x"]}),
        ("extract", {"exports": []}),
        ("extract", {"exports": "crops"}),
    ],
)
def test_what_cannot_be_is_refused_with_a_line(table: Path, path: str, body: Any) -> None:
    if isinstance(body, dict) and path == "correct":
        body = {"of": key_of(table), **body}
    if isinstance(body, dict) and path == "extract":
        body = {"moments": [key_of(table)], **body}
    with served(table) as address:
        status, _, answer = ask(address, f"movie/0/{path}", "POST", body)
        assert status == 409 and json.loads(answer)["error"]
    assert not review_path(table).exists() and not (table.parent / "extracted").exists()


def test_with_raw_corrections_are_neither_shown_nor_made(table: Path) -> None:
    write_review(review_path(table), Review((Fix(Key(*key_of(table)), CONFIRMED),)))
    with served(table, raw=True) as address:
        body = {"of": key_of(table), "verdict": REMOVED}
        status, _, answer = ask(address, "movie/0/correct", "POST", body)
        assert status == 409 and b"--raw" in answer
        assert json.loads(ask(address, "movie/0/data")[2])["fixes"] == {}


def test_a_port_that_is_taken_is_said_in_one_line(table: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "videmo", "view", str(table), "--port", str(port)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.strip() == (
        f"videmo: port {port}: cannot be used (another program listens there); choose another with "
        "--port, or leave it out"
    )


def test_the_address_is_the_first_line_and_no_browser_is_no_error(table: Path) -> None:
    command = [sys.executable, "-m", "videmo", "view", str(table)]
    nowhere = {**os.environ, "PATH": str(table.parent), "BROWSER": "", "DISPLAY": ""}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=nowhere
    ) as process:
        assert process.stdout and process.stderr
        address = process.stdout.readline().strip()
        said = [process.stderr.readline(), process.stderr.readline()]
        assert ask(address, "movie/0/")[0] == 200
        process.terminate()
        process.wait(PATIENCE)
    assert any("no browser opens; open the address above yourself" in line for line in said)
    assert process.returncode == 0


@pytest.mark.skipif(os.name != "posix", reason="a program in sh")
def test_the_list_of_processes_does_not_tell_the_token(table: Path) -> None:
    program, said = table.parent / "browser", table.parent / "said"
    program.write_text(f"#!/bin/sh\necho $1 > {said}.part\nmv {said}.part {said}\n")
    program.chmod(0o700)
    command = [sys.executable, "-m", "videmo", "view", str(table)]
    given = {**os.environ, "BROWSER": f"{program} %s"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=given) as process:
        assert process.stdout
        address = process.stdout.readline().strip()
        try:
            eventually(said.exists)
            opened = said.read_text().strip()
            assert opened.startswith("file:///") and urlsplit(address).path not in opened
            page = Path(unquote(urlsplit(opened).path))
            modes = page.stat().st_mode & 0o777, page.parent.stat().st_mode & 0o777
            content = page.read_text()
        finally:
            process.terminate()
            process.wait(PATIENCE)
    assert modes == (0o600, 0o700) and f"0;url={address}" in content
    assert not page.parent.exists()


def test_without_the_extra_it_is_said_how_to_get_it(table: Path) -> None:
    script = "import sys; sys.modules['uvicorn'] = None; from videmo.cli import main; main()"
    command = [sys.executable, "-c", script, "view", str(table), "--no-browser"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 3
    assert done.stderr.strip().endswith('run: pip install ".[view]"')
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_movie_is_converted_from_any_place_on(people: Made, tmp_path: Path) -> None:
    command = stream_command(find_ffmpeg(), probe(people.movie), 2.0)
    target = tmp_path / "from-2.mp4"
    target.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    with av.open(str(target)) as container:
        frames = [frame for frame in container.decode(video=0)]
        assert container.streams.audio[0].codec_context.name == "aac"
    assert len(frames) == pytest.approx(24 * 4, abs=1)
    assert frames[0].time == pytest.approx(0, abs=0.05)
    assert (frames[0].width, frames[0].height) == (320, 240)


@pytest.mark.parametrize("pause", [0.0, 0.5], ids=["waiting", "full"])
def test_a_listener_who_goes_ends_the_program_whatever_it_has_still_to_say(pause: float) -> None:
    """Half a second of what it says is more than is kept for a listener."""
    said = f"import sys, time; sys.stdout.write('x' * {1 << 20 if pause else 1}); "
    command = [sys.executable, "-c", said + "sys.stdout.flush(); time.sleep(300)"]

    async def listen_a_little() -> None:
        heard = asyncio.Event()

        async def receive() -> dict[str, Any]:
            await heard.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.body":
                await asyncio.sleep(pause)
                heard.set()

        await asyncio.wait_for(Converted(command, "a.mp4")({}, receive, send), PATIENCE)

    asyncio.run(listen_a_little())


def test_after_another_scan_faces_are_drawn_anew(people: Made, table: Path) -> None:
    found = look_at(table, "m").moments[0].found
    path = f"movie/0/faces/{found.track}-{found.best_frame}.jpg"
    with served(table) as address:
        status, headers, before = ask(address, path)
        assert status == 200 and headers["cache-control"] == "private, no-cache"
        text = table.read_text()
        frame = f"{found.best_frame},"
        header, *lines = text.splitlines()
        at = header.split(",").index("x")
        moved = []
        for line in lines:
            cells = line.split(",")
            if line.startswith(frame) and cells[at]:
                cells[at] = f"{float(cells[at]) + 40:.1f}"
            moved.append(",".join(cells))
        table.write_text("\n".join([header, *moved, ""]))
        record = json.loads(record_path(table).read_text())
        record["sha256"] = sha256(table.read_bytes())
        record_path(table).write_text(json.dumps(record))
        status, _, after = ask(address, path)
        assert status == 200 and after != before


def test_a_table_without_its_movie_is_shown_without_it(table: Path) -> None:
    (table.parent / "movie.mp4").unlink()
    with served(table) as address:
        data = json.loads(ask(address, "movie/0/data")[2])
        assert "the movie is not there" in data["player"]["why"]
        assert len(data["moments"]["start"]) > 3
        assert ask(address, "movie/0/file")[0] == 500
        assert ask(address, "movie/0/faces/1-1.jpg")[0] == 409


@pytest.mark.skipif(os.name == "nt", reason="such names cannot be")
def test_a_name_that_is_no_text_is_no_trouble(people: Made, tmp_path: Path) -> None:
    name = os.fsdecode(b"a\xff\n\xe2\x80\xaegpj.mp4")
    tables = [copied(people, tmp_path, name), copied(people, tmp_path, "b.mp4")]
    with served(*tables) as address:
        for path in ("", "movie/0/", "movie/0/data", "movie/0/file"):
            assert ask(address, path)[0] == 200, path
        body = {"of": key_of(tables[0]), "verdict": REMOVED}
        assert ask(address, "movie/0/correct", "POST", body)[0] == 200


# In the browser.


def number_of(table: Path, key: list[Any]) -> int:
    return next(n for n, seen in enumerate(look_at(table, "m").moments) if key == key_of(table, n))


def test_a_movie_that_browsers_cannot_play_is_converted_and_sought(
    browser: Any, people: Made, tmp_path: Path
) -> None:
    movie = tmp_path / "old.avi"
    command = [find_ffmpeg(), "-loglevel", "error", "-i", str(people.movie), "-c:v", "mpeg4"]
    subprocess.run([*command, "-q:v", "2", "-c:a", "mp2", str(movie)], check=True)
    table = scan_movie(movie, tmp_path).table
    chosen = look_at(table, "old.avi").moments[-1]
    number = len(look_at(table, "old.avi").moments) - 1
    with served(table) as address, opened(browser, address) as watched:
        watched.until("player.streamed && player.video.readyState > 1")
        watched.page.click(f"#m{number}")
        watched.until("player.playing && !player.soon && player.video.readyState > 1")
        assert watched.value("player.offset") == pytest.approx(chosen.moment.start, abs=0.001)
        watched.until("player.playing && player.video.paused")
        assert watched.value("player.time") == pytest.approx(chosen.moment.end, abs=0.3)
        assert watched.errors == []


def test_a_door_leads_a_browser_to_the_page(browser: Any, table: Path) -> None:
    with served(table) as address, _door(address) as door, opened(browser, door) as watched:
        watched.page.wait_for_url(f"{address}movie/0/")
        watched.until("document.querySelectorAll('.moment').length > 3")
        assert watched.errors == []


def test_corrections_in_the_browser_are_written_and_come_back(browser: Any, table: Path) -> None:
    key = key_of(table, 2)
    with served(table) as address, opened(browser, address) as watched:
        page = watched.page
        watched.until("document.querySelectorAll('.moment').length > 3")
        page.evaluate("choose(2)")
        page.keyboard.press("c")
        watched.until("chosenMoment().fix?.verdict === 'confirmed'")
        page.select_option("#emotion", label="surprise")
        watched.until("model.emotions[chosenMoment().emotion].name === 'surprise'")
        page.fill("#note", "<b>she</b> laughs")
        page.press("#note", "Tab")
        watched.until("chosenMoment().fix?.note")
        page.fill("#end", str(round(key[3] - 0.1, 3)))
        page.press("#end", "Tab")
        watched.until("chosenMoment().fix?.end")
        page.fill("#who", "Jim")
        page.click("#name")
        watched.until("who(chosenMoment()) === 'Jim'")
        (fix,) = read_review(review_path(table)).fixes
        assert fix == Fix(
            Key(*key), CONFIRMED, "surprise", None, round(key[3] - 0.1, 3), "<b>she</b> laughs"
        )
        page.reload()
        watched.until("document.querySelectorAll('.moment').length > 3")
        row = page.locator(".moment", has_text="confirmed")
        assert row.get_by_text("surprise").count() == 1 and "Jim" in row.text_content()
        assert row.get_by_text("<b>she</b> laughs").count() == 1
        page.keyboard.press("Home")
        page.evaluate("choose(model.shown.findIndex(m => m.fix))")
        page.keyboard.press("d")
        watched.until("document.querySelectorAll('.moment.out').length === 1")
        page.keyboard.press("u")
        watched.until("document.querySelectorAll('.moment.out').length === 0")
        assert read_review(review_path(table)).fixes == ()
        assert watched.errors == []


def test_corrections_that_match_nothing_are_shown_and_can_be_forgotten(
    browser: Any, table: Path
) -> None:
    lost = Fix(Key(77, "happy", 1.0, 2.0), note="of another scan")
    write_review(review_path(table), Review((lost,), (TrackName(78, 1.0, 2.0, "Jim"),)))
    with served(table) as address, opened(browser, address) as watched:
        lines = watched.page.locator("#lost-list li").all_text_contents()
        assert "of another scan" in lines[0] and "track 78: Jim" in lines[1]
        watched.page.click("#lost-list button")
        watched.until("document.querySelectorAll('#lost-list li').length === 1")
        watched.page.click("#lost-list button")
        watched.until("document.getElementById('lost').hidden")
    assert not read_review(review_path(table))


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_extraction_from_the_page_makes_the_same_files_as_the_command(
    browser: Any, table: Path
) -> None:
    removed = next(
        n for n, s in enumerate(look_at(table, "m").moments) if s.moment.emotion == "happy"
    )
    write_review(review_path(table), Review((Fix(Key(*key_of(table, removed)), REMOVED),)))
    with served(table) as address, opened(browser, address) as watched:
        watched.until("document.querySelectorAll('.moment').length > 3")
        watched.page.click("[data-emotion=happy]")
        watched.page.click("#tick-all")
        watched.page.check("input[value=supercut]")
        watched.page.click("#extract-go")
        watched.until("!extracting && document.getElementById('extract-said').textContent")
        said = watched.page.locator("#extract-said").text_content()
        assert f"in {table.parent / 'extracted'}" in said
    by_hand = table.parent / "by-hand"
    command = ["extract", str(table), "-e", "happy", "-o", str(by_hand), "-q"]
    done = CliRunner().invoke(cli, [*command, "--as", "crops,clips,sheet,supercut"])
    assert done.exit_code == 0, done.output
    made = tree(table.parent / "extracted")
    assert made == tree(by_hand)
    assert {"segments.csv", "supercut.mp4", "movie.mp4/happy/sheet.jpg"} <= made.keys()


HOSTILE = "<img src=x onerror=window.hacked=1>&'.mp4"


@pytest.fixture
def archive(people: Made, tmp_path: Path) -> Path:
    """Three movies of one folder with a name and corrections, and a table that cannot be read."""
    folder = tmp_path / "in"
    for number, name in enumerate(("a.mp4", "b.mp4", "c.mp4", "broken.mp4")):
        table = copied(people, folder, name)
        header, *lines = (line.split(",") for line in table.read_text().splitlines())
        at = header.index("confidence")
        for line in lines:  # so that none is a copy of another one
            line[at] = line[at] and f"0.{number + 5}000"
        table.write_text("".join(",".join(line) + "\n" for line in (header, *lines)))
        record = json.loads(record_path(table).read_text())
        record["sha256"] = "x" if name == "broken.mp4" else sha256(table.read_bytes())
        record_path(table).write_text(json.dumps(record))
    found = [one.found for one in look_at(folder / "a.mp4.faces.csv", "a.mp4").moments]
    keys = [Key(one.track, one.emotion, one.start, one.end) for one in found]
    fixes = (Fix(keys[0], REMOVED), Fix(keys[1], emotion="fear"))
    named = TrackName(found[1].track, found[1].start, found[1].end, "Jim")
    write_review(review_path(folder / "a.mp4.faces.csv"), Review(fixes, (named,)))
    return folder


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("indexed", [False, True])
def test_the_page_of_all_movies_says_what_the_report_s_does(
    archive: Path, raw: bool, indexed: bool
) -> None:
    names = find_tables([archive])
    page = archive.parent / "report.html"
    write_report(names, page, raw=raw)
    written = data_in(page)
    server = listen(names, archive.parent / "x", raw=raw, folder=archive if indexed else None)
    with answering(server) as address:
        shown = data_of(ask(address, "")[2].decode())
        assert (archive / INDEX).exists() is indexed
        (broken,) = (movie for movie in shown["movies"] if movie["name"] == "broken.mp4")
        assert broken["moments"] is None
        shown["movies"].remove(broken)
        jim = [movie["people"] for movie in shown["movies"]]
        assert jim == ([[], [], []] if raw else [["Jim"], [], []])
        assert len(shown["best"]) > 8 and shown["movies"][0]["moments"] > 1
        assert ("fear" in shown["movies"][0]["held"]) is not raw
        for one in (*shown["best"], *written["best"]):
            one["link"] = one["link"].split("#")[1]
        for one in shown["best"]:
            status, headers, _ = ask(address, one.pop("face"))
            assert (status, headers["content-type"]) == (200, "image/jpeg")
        assert all(one.pop("face").startswith("data:image/jpeg") for one in written["best"])
        assert shown["best"] == written["best"]
        for told in (shown, written):
            for movie in told["movies"]:
                movie.pop("link")
                movie["held"] = {name: round(s, 2) for name, s in movie["held"].items() if s}
        assert shown["movies"] == written["movies"]
        # What is corrected meanwhile is shown.
        review = review_path(archive / "b.mp4.faces.csv")
        first = look_at(archive / "b.mp4.faces.csv", "b.mp4").moments[0].found
        key = Key(first.track, first.emotion, first.start, first.end)
        write_review(review, Review((Fix(key, REMOVED),)))
        again = data_of(ask(address, "")[2].decode())
        before, after = shown["movies"][1]["moments"], again["movies"][1]["moments"]
        assert after == before - (0 if raw else 1)


def test_all_faces_of_a_movie_on_the_page_of_all_are_drawn_when_the_first_is_asked_for(
    archive: Path,
) -> None:
    """Its table and the movie are read once; the others are there when the movie is gone."""
    with answering(listen(find_tables([archive]), archive.parent / "x", folder=archive)) as address:
        best = data_of(ask(address, "")[2].decode())["best"]
        of_movie = sorted(one["face"] for one in best if one["movie"] == best[0]["movie"])
        assert len(of_movie) > 2 and ask(address, of_movie[0])[0] == 200
        (archive / best[0]["movie"]).unlink()
        assert {ask(address, face)[0] for face in of_movie} == {200}


def test_all_movies_have_a_page_and_nothing_leaves_this_machine(
    browser: Any, people: Made, tmp_path: Path
) -> None:
    tables = [copied(people, tmp_path / "in", name) for name in ("a.mp4", HOSTILE)]
    with served(*tables) as address, opened(browser, address) as watched:
        watched.page.get_by_role("link", name=HOSTILE).click()
        watched.page.wait_for_url(f"{address}movie/1/")
        watched.until("player.video.readyState > 1")
        assert watched.page.locator("h1").text_content() == HOSTILE
        watched.until(
            "[...document.querySelectorAll('.moment img')].some(i => i.naturalWidth > 50)"
        )
        watched.page.get_by_role("link", name="All movies").click()
        watched.until("document.querySelectorAll('tbody tr').length === 2")
        assert watched.value("window.hacked") is None and watched.errors == []
        assert len(watched.requests) > 4
        assert all(request.startswith(address) for request in watched.requests)


def test_a_foreign_page_in_the_same_browser_reads_and_changes_nothing(
    browser: Any, table: Path
) -> None:
    body = json.dumps({"of": key_of(table), "verdict": REMOVED})
    with served(table) as address, _foreign() as foreign, opened(browser, foreign) as watched:
        # Even though it knows the whole address.
        tries = f"""async () => {{
            const said = [], address = '{address}movie/0/correct';
            for (const how of [{{}}, {{mode: 'no-cors'}},
                {{method: 'POST', body: {body!r}, headers: {{'content-type': 'application/json'}}}},
                {{method: 'POST', mode: 'no-cors', body: {body!r}}}])
              try {{ said.push((await (await fetch(address, how)).text()).length); }}
              catch (error) {{ said.push('refused'); }}
            const frame = document.createElement('iframe');
            frame.src = '{address}movie/0/';
            document.body.append(frame);
            await new Promise(done => frame.addEventListener('load', done));
            try {{ said.push(frame.contentDocument.title); }}
            catch (error) {{ said.push('refused'); }}
            return said.map(one => one || 'refused');
        }}"""
        assert {*watched.value(tries)} <= {"refused"}
    assert not review_path(table).exists()


@contextlib.contextmanager
def _foreign() -> Iterator[str]:
    """A page of another origin on the same machine."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<body>another page</body>")

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
