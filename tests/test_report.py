"""`videmo report`: what its page knows, and what it does in a real browser."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from tests.browser import Watched, opened
from tests.conftest import Made
from tests.movies import SIZE
from tests.tables import told
from videmo.cli import cli
from videmo.demo import Shot, Story, make_movie
from videmo.errors import RequestError
from videmo.report import write_report
from videmo.report.data import FULL, NOTHING, movie_data
from videmo.report.html import safe_json
from videmo.report.index import MOST_BEST
from videmo.report.link import link_to
from videmo.report.look import look_at
from videmo.review import REMOVED, Fix, Key, Review, TrackName, write_review
from videmo.scan import scan_movie
from videmo.table import record_path, review_path


@pytest.fixture
def place(people: Made, tmp_path: Path) -> Path:
    """A copy of a scanned movie: its table."""
    return copied(people, tmp_path / "work", "movie.mp4")


def copied(people: Made, folder: Path, name: str) -> Path:
    """A movie under another name, with its table beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(people.movie, folder / name)
    table = folder / f"{name}.faces.csv"
    shutil.copy(people.scanned.table, table)
    record = json.loads(record_path(people.scanned.table).read_text())
    record["movie"]["file"] = name
    record_path(table).write_text(json.dumps(record))
    return table


def report(table: Path, *options: str) -> Path:
    page = table.parent / "report.html"
    done = CliRunner().invoke(cli, ["report", str(table), "-o", str(page), *options])
    assert done.exit_code == 0, done.output
    assert f"open: {page}" in done.output
    return page


def data_in(page: Path) -> Any:
    """What a page is given."""
    return data_of(page.read_text("utf-8"))


def data_of(page: str) -> Any:
    (text,) = re.findall(r'id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(text)


def test_lanes_moments_and_curves_are_those_of_the_table(people: Made) -> None:
    look = look_at(people.scanned.table, "movie.mp4")
    data = movie_data(look)
    moments = data["moments"]
    assert [lane["tracks"] for lane in data["lanes"]] == [[1], [2], [3]]
    assert len(moments["start"]) == len(look.moments) > 3
    for n, seen in enumerate(look.moments):
        assert moments["start"][n] == pytest.approx(seen.moment.start, abs=0.001)
        assert data["emotions"][moments["emotion"][n]]["name"] == seen.moment.emotion
    curve = data["curves"]["lanes"][0]
    bins = np.frombuffer(base64.b64decode(curve["bytes"]), np.uint8).reshape(-1, 7)
    step, rows = data["curves"]["step"], people.table[people.table["track"] == 1]
    third = rows[(rows["time"] / step + 1e-6).astype(int) == curve["first"] + 3]
    assert bins[3, 3] / FULL == pytest.approx(third["happy"].mean(), abs=0.003)
    assert not (bins == NOTHING).any()
    (seen_from, seen_to) = data["seen"][0]
    assert seen_from == 0.0 and seen_to == pytest.approx(3.0, abs=0.1)


def test_each_emotion_has_a_letter_of_its_own(people: Made) -> None:
    emotions = movie_data(look_at(people.scanned.table, "m"))["emotions"]
    letters = [emotion["letter"] for emotion in emotions]
    assert letters == ["A", "D", "F", "H", "S", "U", "N"]
    assert emotions[3]["colour"] == "#f0e442"


def test_corrections_are_shown_and_raw_ignores_them(place: Path) -> None:
    first, second, *_ = (seen.found for seen in look_at(place, "m").moments)
    fixes = (
        Fix(Key(first.track, first.emotion, first.start, first.end), REMOVED),
        Fix(Key(second.track, second.emotion, second.start, second.end), emotion="fear"),
        Fix(Key(99, "happy", 1.0, 2.0), note="of another scan"),
    )
    review = Review(fixes, (TrackName(2, 0.0, 99.0, "Jim"),))
    write_review(review_path(place), review)
    data, raw = movie_data(look_at(place, "m")), movie_data(look_at(place, "m", raw=True))
    assert len(data["moments"]["start"]) == len(raw["moments"]["start"]) - 1
    assert data["emotions"][data["moments"]["emotion"][0]]["name"] == "fear"
    assert data["lanes"][0] == {"who": "Jim", "tracks": [2], "named": True}
    assert data["lost"][0]["of"] == [99, "happy", 1.0, 2.0] and raw["lost"] == []


def test_nothing_in_the_data_ends_the_element_that_holds_it() -> None:
    text = safe_json({"a": "</script><!--\u2028\u2029&<", "b": "\udcff"})
    assert not set(text) & set("<>&\u2028\u2029")
    assert json.loads(text) == {"a": "</script><!--\u2028\u2029&<", "b": "\udcff"}


@pytest.mark.parametrize("name", ["a b.mp4", "#1?.mp4", "javascript:x.mp4", "%41.mp4", "é'\".mp4"])
def test_links_lead_to_files_whatever_they_are_called(tmp_path: Path, name: str) -> None:
    link = link_to(tmp_path / "movies" / name, tmp_path / "pages")
    assert re.fullmatch(r"\./\.\./movies/[\w.%~-]+", link)


def test_a_table_without_its_movie_has_a_page_without_pictures(
    place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (place.parent / "movie.mp4").unlink()
    data = data_in(report(place))
    assert data["player"]["src"] == "" and data["faces"] == {}
    assert "not where it was" in data["player"]["why"]
    assert "the movie is not there; say where it is with --movie" in caplog.text


def test_a_moved_movie_is_taken_from_where_it_is_said_to_be(place: Path) -> None:
    (place.parent / "elsewhere").mkdir()
    moved = (place.parent / "movie.mp4").rename(place.parent / "elsewhere" / "a.mp4")
    data = data_in(report(place, "--movie", str(moved)))
    assert data["player"]["src"] == "./elsewhere/a.mp4" and data["faces"]


def test_one_bad_table_costs_one_table(people: Made, tmp_path: Path) -> None:
    good = copied(people, tmp_path / "in", "good.mp4")
    bad = copied(people, tmp_path / "in" / "sub", "bad.mp4")
    bad.write_text(bad.read_text() + "more\n")
    record = json.loads(record_path(bad).read_text())
    record["movie"]["fingerprint"] = "of another movie"  # or it would be left out as a copy
    record_path(bad).write_text(json.dumps(record))
    page = tmp_path / "all.html"
    tables = {good: "good.mp4", bad: "sub/bad.mp4"}
    done = write_report(tables, page)
    assert (done.movies, len(done.errors)) == (1, 1)
    assert [movie["name"] for movie in data_in(page)["movies"]] == ["good.mp4"]
    assert (tmp_path / "all.movies" / "good.mp4.html").is_file()
    command = CliRunner().invoke(cli, ["report", str(tmp_path / "in"), "-o", str(page)])
    assert command.exit_code == 1 and "put the original back, or scan again" in command.output


def test_the_page_of_all_movies_says_how_many_best_moments_it_shows(tmp_path: Path) -> None:
    tables = {told(tmp_path, name, {1: ["happy"] * 6}): name for name in ("a.mp4", "b.mp4")}
    page = tmp_path / "all.html"
    write_report(tables, page)
    assert f"(up to {MOST_BEST} of each emotion)" in page.read_text("utf-8")


def test_a_movie_goes_with_one_table(people: Made, tmp_path: Path) -> None:
    tables = {copied(people, tmp_path, name): name for name in ("a.mp4", "b.mp4")}
    with pytest.raises(RequestError, match="--movie goes with one table; there are 2"):
        write_report(tables, tmp_path / "r.html", movie=people.movie)


@pytest.mark.skipif(os.name == "nt", reason="such names cannot be")
def test_a_name_that_is_no_text_is_shown_escaped(people: Made, tmp_path: Path) -> None:
    name = os.fsdecode(b"a\xff\n\xe2\x80\xaegpj.mp4")
    table = copied(people, tmp_path, name)
    write_report({table: name}, tmp_path / "r.html")
    data = data_in(tmp_path / "r.html")
    assert data["name"] == "a\\udcff\\n\\u202egpj.mp4"
    assert data["player"]["src"] == "./a%FF%0A%E2%80%AEgpj.mp4" and data["faces"]


def test_the_page_of_a_movie_without_anybody_is_empty_and_whole(
    browser: Any, tmp_path: Path
) -> None:
    make_movie(tmp_path / "empty.mp4", Story((Shot(1, background=3),), SIZE))
    table = scan_movie(tmp_path / "empty.mp4", tmp_path).table
    with opened(browser, report(table).as_uri()) as watched:
        watched.until("player.video.readyState > 1")
        assert watched.page.locator("#count").text_content() == "0 of 0"
        watched.page.keyboard.press("n")
        watched.page.keyboard.press("ArrowDown")
        assert watched.errors == []


def playing(watched: Watched) -> float:
    return float(watched.value("document.getElementById('video').currentTime"))


def test_the_page_draws_its_timeline_and_asks_nobody(browser: Any, place: Path) -> None:
    page = report(place)
    with opened(browser, page.as_uri()) as watched:
        watched.until("document.querySelectorAll('.moment').length > 3")
        colours = watched.value(
            """() => { const c = document.getElementById('lanes-canvas');
            const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            const seen = {}; for (let n = 0; n < d.length; n += 4) if (d[n + 3] === 255)
            { const k = [d[n], d[n+1], d[n+2]].join(); seen[k] = (seen[k] || 0) + 1; }
            return seen; }"""
        )
        assert colours["240,228,66"] > 500  # happy
        assert colours["0,114,178"] > 300  # sad
        assert watched.errors == []
        assert {*watched.requests} == {page.as_uri(), (place.parent / "movie.mp4").as_uri()}


def test_a_click_plays_just_the_moment(browser: Any, place: Path) -> None:
    moments = [s.moment for s in look_at(place, "m").moments]
    chosen = next(m for m in moments if m.emotion == "happy" and m.track == 1)
    with opened(browser, report(place).as_uri()) as watched:
        watched.until("player.video.readyState > 1 && player.pending === null")
        watched.value(
            "player.video.addEventListener('seeked', e => window.began ??= e.target.currentTime)"
        )
        number = next(n for n, m in enumerate(moments) if m == chosen)
        watched.page.click(f"#m{number}")
        watched.until("window.began !== undefined && player.video.paused")
        assert watched.value("window.began") == pytest.approx(chosen.start, abs=0.1)
        assert playing(watched) == pytest.approx(chosen.end, abs=0.1)
        assert watched.value("document.querySelector('.chosen').id") == f"m{number}"


def test_the_player_opens_at_the_first_moment_which_n_plays(browser: Any, place: Path) -> None:
    early, first, *_ = (s.moment for s in look_at(place, "m").moments)
    key = Key(early.track, early.emotion, early.start, early.end)
    write_review(review_path(place), Review((Fix(key, REMOVED),)))
    with opened(browser, report(place).as_uri()) as watched:
        watched.until("player.video.readyState > 1 && player.pending === null")
        assert first.start > 1 and playing(watched) == pytest.approx(first.start, abs=0.01)
        assert watched.value("$('clock').textContent").startswith("0:01")
        watched.page.keyboard.press("n")
        watched.until("model.chosen === 0")
    address = f"{report(place).as_uri()}#t=0,1.2"
    with opened(browser, address) as watched:
        watched.until("player.video.readyState > 1 && player.pending === null")
        assert playing(watched) == pytest.approx(0, abs=0.01)


def test_lanes_that_are_out_of_sight_are_told_and_led_to(browser: Any, tmp_path: Path) -> None:
    few = told(tmp_path, "few.mp4", {track: ["happy"] * 10 for track in range(1, 14)})
    many = told(tmp_path, "many.mp4", {track: ["happy"] * 10 for track in range(1, 20)})
    with opened(browser, report(few).as_uri()) as watched:
        watched.until("$('lanes').clientHeight > 300")
        assert not watched.page.locator("#more-lanes").is_visible()
    with opened(browser, report(many).as_uri()) as watched:
        more = watched.page.locator("#more-lanes")
        watched.until("$('more-lanes').textContent === '↓ 6 more of 19 lanes'")
        assert more.is_visible()
        more.click()
        watched.until("$('more-lanes').textContent === '↑ 6 more of 19 lanes'")
        more.click()
        watched.until("$('more-lanes').textContent === '↓ 6 more of 19 lanes'")


def test_filters_and_keys_work(browser: Any, place: Path) -> None:
    moments = [s.moment for s in look_at(place, "m").moments]
    with opened(browser, report(place).as_uri()) as watched:
        page = watched.page
        page.click("[data-emotion=happy]")
        happy = [m for m in moments if m.emotion == "happy"]
        watched.until(f"model.shown.length === {len(happy)}")
        assert page.locator(".moment").count() == len(happy)
        page.select_option("#by-who", label="track 1")
        watched.until("model.shown.length === 1")
        page.select_option("#by-who", "")
        page.fill("#by-length", "1.2")
        longer = [m for m in happy if m.end - m.start > 1.2]
        watched.until(f"model.shown.length === {len(longer)}")
        page.fill("#by-length", "0")
        page.click("[data-emotion=happy]")
        watched.until(f"model.shown.length === {len(moments)}")
        page.locator("[data-emotion=happy]").blur()
        page.keyboard.press("ArrowDown")
        assert watched.value("model.chosen") == 0
        page.keyboard.press("n")
        watched.until("model.chosen === 1 && player.stop !== null")
        page.keyboard.press("p")
        watched.until("model.chosen === 0")
        page.keyboard.press("k")
        watched.until("player.video.paused")
        page.keyboard.press("l")  # ten seconds on: its end
        watched.until("player.time > 5.5")
        page.keyboard.press("ArrowLeft")
        watched.until("player.time < 1.5")
        page.keyboard.press(" ")
        watched.until("!player.video.paused")


def test_the_list_can_be_read_out_and_walked_through(browser: Any, place: Path) -> None:
    with opened(browser, report(place).as_uri()) as watched:
        box = watched.page.get_by_role("listbox", name="Moments")
        box.focus()
        watched.page.keyboard.press("End")
        last = watched.value("model.shown.length - 1")
        assert watched.value("model.chosen") == last
        option = watched.page.locator(f"#{box.get_attribute('aria-activedescendant')}")
        assert option.get_attribute("aria-posinset") == str(last + 1)
        assert re.match(r"\w+, track \d, \d:\d\d\.\d, ", option.get_attribute("aria-label"))
        unnamed = watched.value(
            """() => [...document.querySelectorAll('button, input, select')].filter(e =>
            !(e.ariaLabel || e.textContent.trim() || e.labels?.length)).map(e => e.id)"""
        )
        assert unnamed == []


def test_the_page_of_a_real_clip_plays_it(browser: Any, clips: Path, tmp_path: Path) -> None:
    clip = shutil.copy(clips / "night_phone.mp4", tmp_path)
    table = scan_movie(Path(clip), tmp_path).table
    last = look_at(table, "m").moments[-1].moment
    with opened(browser, report(table).as_uri()) as watched:
        watched.until("player.video.readyState > 1")
        watched.page.locator("#list").focus()
        watched.page.keyboard.press("End")
        watched.page.keyboard.press("Enter")
        watched.until("player.playing && !player.soon && player.video.paused")
        assert playing(watched) == pytest.approx(last.end, abs=0.1)
        assert watched.value("document.querySelectorAll('.portrait img').length") > 0
        assert watched.errors == []


HOSTILE = "<img src=x onerror=window.hacked=1>.mp4"


@pytest.mark.skipif(os.name == "nt", reason="such names cannot be")
def test_hostile_names_show_as_text(browser: Any, people: Made, tmp_path: Path) -> None:
    table = copied(people, tmp_path / "in", HOSTILE)
    other = copied(people, tmp_path / "in", "other.mp4")
    found = look_at(table, "m").moments[0].found
    key = Key(found.track, found.emotion, found.start, found.end)
    note = "</script><script>window.hacked=1</script>"
    named = TrackName(1, 0.0, 99.0, "<b onmouseover=window.hacked=1>Jim")
    write_review(review_path(table), Review((Fix(key, note=note),), (named,)))
    page = tmp_path / "all.html"
    write_report({table: HOSTILE, other: "other.mp4"}, page)
    with opened(browser, page.as_uri()) as watched:
        watched.page.get_by_role("link", name=HOSTILE).first.click()
        watched.until("document.querySelectorAll('.moment').length > 3")
        assert watched.page.locator("h1").text_content() == HOSTILE
        assert watched.page.locator(".said").first.text_content() == note
        assert "b onmouseover=window.hacked=1" in watched.page.locator("#by-who").text_content()
        watched.until("player.video.readyState > 1")
        assert watched.value("window.hacked") is None and watched.errors == []
        watched.page.get_by_role("link", name="All movies").click()
        watched.until("document.querySelectorAll('tbody tr').length === 2")
        assert all(address.startswith("file:") for address in watched.requests)


@pytest.mark.parametrize("width", [400, 1600])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_window(
    browser: Any, place: Path, width: int, scheme: str
) -> None:
    how = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    with opened(browser, report(place).as_uri(), **how) as watched:
        watched.until("document.querySelectorAll('.moment').length > 3")
        assert watched.value("document.documentElement.scrollWidth") <= width
        paper = watched.value("getComputedStyle(document.body).backgroundColor")
        assert paper == {"light": "rgb(251, 250, 247)", "dark": "rgb(22, 21, 15)"}[scheme]
