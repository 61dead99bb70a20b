"""Figures of tables: what is in them is what the table says, and the same bytes each time."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pandas as pd
import pytest

from tests.conftest import Made, rows_of
from videmo.draw import colours_of
from videmo.errors import RequestError, SetupError, TableError
from videmo.find import find_tables
from videmo.names import Line, write_people
from videmo.plot import plot_tables
from videmo.plot.series import Held, Shown, Subject, shown_of
from videmo.review import REMOVED, Fix, Key, Review, TrackName, write_review
from videmo.runs import find_runs
from videmo.schema import EMOTIONS, Run, column_names
from videmo.table import read_record, read_table, record_path, review_path

pytest.importorskip("matplotlib", reason="an extra: plot")
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from videmo.plot import figure

SVG = "{http://www.w3.org/2000/svg}"
EVIL = "$\\frac{a}$</text><script>alert(1)</script>&amp;\n_^{2}"


def shown(made: Made, **names: str) -> Shown:
    record = read_record(made.scanned.table)
    people = {int(track[1:]): name for track, name in names.items()}
    return shown_of(made.table, record, "movie.mp4", people, (), Held(5), 6)


def with_scores(table: pd.DataFrame) -> pd.DataFrame:
    """Rows made by hand, with all columns of a table by a model of two labels."""
    whole = table.reindex(columns=column_names(("happy", "sad")))
    return whole.assign(happy=0.9, sad=0.1)


def about(end: float) -> dict[str, object]:
    """What a figure needs of a record."""
    return {"end": end, "settings": {}, "model": {"crop": "face"}}


def texts(svg: bytes) -> list[str]:
    """All that is written in a picture, as a reader of XML sees it."""
    root = ElementTree.fromstring(svg)
    return ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]


def test_lanes_are_the_runs_of_the_table(people: Made) -> None:
    found = shown(people)
    runs = find_runs(people.table, repeat=5, end=read_record(people.scanned.table)["end"])
    assert sorted((run for one in found.subjects for run in one.runs), key=repr) == sorted(
        runs, key=repr
    )
    assert [one.name for one in found.subjects] == ["track 1", "track 2", "track 3"]


def test_lines_are_the_scores_of_faces_that_count(people: Made) -> None:
    table = people.table
    for one in shown(people).subjects:
        rows = table[(table["track"] == int(one.name.split()[1])) & (table["eyes"] == 2)]
        times = one.times[~np.isnan(one.times)]
        assert times == pytest.approx(rows["time"].to_numpy())
        scores = one.scores[~np.isnan(one.times)]
        assert scores == pytest.approx(rows[list(EMOTIONS)].to_numpy(float))


def test_tracks_of_one_person_are_one_lane(people: Made) -> None:
    found = shown(people, t1="Lin", t3="Lin")
    assert [one.name for one in found.subjects] == ["Lin", "track 2"]
    assert {run.track for run in found.subjects[0].runs} == {1, 3}


def test_a_line_breaks_off_where_nobody_is_there_and_only_there() -> None:
    table = rows_of(["happy"] * 10 + [""] * 20 + ["happy"] * 10 + [""] * 3 + ["happy"] * 10)
    (one,) = shown_of(with_scores(table), about(5.3), "a", {}, (), Held(5), 6).subjects
    assert np.flatnonzero(np.isnan(one.times)).tolist() == [10]
    assert one.seen == ((0.0, 5.3),)  # though for 2 s it is not aligned
    assert [(run.start, run.end) for run in one.runs] == [(0.0, 1.0), (3.0, 5.3)]


def test_a_long_movie_has_no_more_points_than_can_be_seen() -> None:
    table = with_scores(rows_of(["happy", "sad"] * 20_000, fps=25))
    (one,) = shown_of(table, about(1600.0), "a", {}, (), Held(5), 6).subjects
    assert len(one.times) <= 901 and one.scores[:, 0] == pytest.approx(0.9)


def test_who_is_left_out_is_counted_and_said(people: Made, tmp_path: Path) -> None:
    tables = find_tables([people.scanned.table])
    (one,) = plot_tables(tables, tmp_path, formats=["svg"], most=1)
    assert (one.drawn, one.left_out) == (1, 2)
    said = texts(one.files[0].read_bytes())
    assert any("2 more tracks are not shown" in text for text in said)


def test_a_figure_has_the_same_bytes_each_time_and_no_date(people: Made, tmp_path: Path) -> None:
    """In another process, too, and whatever somebody's own settings for matplotlib are."""
    tables = find_tables([people.scanned.table])
    (one,) = plot_tables(tables, tmp_path / "a")
    settings = tmp_path / "matplotlibrc"
    settings.write_text("font.size: 30\nsvg.fonttype: path\nlines.linewidth: 9\n")
    command = [sys.executable, "-m", "videmo", "plot", str(people.scanned.table), "-o", "b", "-q"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    for file in one.files:
        content = file.read_bytes()
        assert content == (tmp_path / "b" / file.name).read_bytes()
        assert b"date" not in content.lower() and b"matplotlib v" not in content.lower()
    assert [file.name for file in one.files] == ["movie.mp4.plot.png", "movie.mp4.plot.svg"]


def test_the_pictures_are_in_the_colours_of_what_was_held(people: Made, tmp_path: Path) -> None:
    (one,) = plot_tables(find_tables([people.scanned.table]), tmp_path, formats=["png"])
    picture = cv2.imread(str(one.files[0]))
    assert picture.shape[1] == figure.WIDTH * figure.DPI
    colours = figure._colours(shown(people))
    for emotion in ("happy", "sad", "surprise"):
        bgr = np.array(colours[emotion][::-1]) * 255
        assert (np.abs(picture - bgr).max(axis=2) < 2).sum() > 2000, emotion


def test_a_name_is_text_and_nothing_else(people: Made) -> None:
    what = replace(shown(people, t1=EVIL), title=EVIL)
    svg = figure.drawn(what, "svg")
    assert b"<script" not in svg and b"alert(1)</script>" not in svg
    said = texts(svg)
    assert any(text.startswith("$\\frac{a}$</text><scri") for text in said)
    assert all("\n" not in text for text in said)
    assert figure.drawn(what, "png").startswith(b"\x89PNG")


def test_labels_of_another_model_are_written_as_they_are(people: Made) -> None:
    what = shown(people)
    labels = ("_fist", "$x$", *EMOTIONS[2:])
    runs = tuple(replace(one, runs=()) for one in what.subjects)
    said = texts(figure.drawn(replace(what, labels=labels, emotions=labels, subjects=runs), "svg"))
    assert {"_fist", "$x$"} <= set(said)


def test_letters_that_the_font_lacks_are_no_reason_to_warn(people: Made) -> None:
    """Warnings are errors here; an SVG keeps the letters."""
    what = replace(shown(people), title="映画.mp4")
    assert figure.drawn(what, "png") and "映画.mp4" in texts(figure.drawn(what, "svg"))


def test_only_the_emotions_that_are_wanted_are_drawn(people: Made, tmp_path: Path) -> None:
    tables = find_tables([people.scanned.table])
    (one,) = plot_tables(tables, tmp_path, formats=["svg"], emotions=["sad"])
    said = texts(one.files[0].read_bytes())
    assert "sad" in said and "happy" not in said
    (one,) = plot_tables(tables, tmp_path, emotions=["Joy"])
    assert isinstance(one.error, RequestError) and "did you mean happy?" in str(one.error)


def test_a_table_without_faces_is_a_figure_that_says_so(people: Made) -> None:
    empty = replace(shown(people), subjects=())
    assert "nobody is there" in texts(figure.drawn(empty, "svg"))


def test_one_bad_table_costs_one(people: Made, tmp_path: Path) -> None:
    bad = tmp_path / "bad.mp4.faces.csv"
    bad.write_text("nothing")
    tables = {bad: "bad.mp4", people.scanned.table: "movie.mp4"}
    first, second = plot_tables(tables, tmp_path, formats=["svg"])
    assert isinstance(first.error, TableError) and second.files[0].is_file()
    with pytest.raises(RequestError, match="gif: cannot be drawn; choose from png, svg"):
        plot_tables(tables, tmp_path, formats=["gif"])


def test_names_of_people_stand_in_the_figure(people: Made, tmp_path: Path) -> None:
    table = tmp_path / people.scanned.table.name
    for path in people.scanned.table.parent.glob("*.faces.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    write_people(table, read_record(table), [Line(1, "Lin", 0.1)], ["Lin"], {})
    (one,) = plot_tables({table: "movie.mp4"}, tmp_path, formats=["svg"])
    assert "Lin" in texts(one.files[0].read_bytes()) and read_table(table) is not None


@pytest.mark.parametrize("raw", [False, True])
def test_corrections_are_drawn_unless_they_are_to_be_ignored(
    people: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raw: bool
) -> None:
    table = tmp_path / people.scanned.table.name
    for file in (people.scanned.table, record_path(people.scanned.table)):
        shutil.copy(file, tmp_path)
    end = read_record(table)["end"]
    first, *others = find_runs(people.table, repeat=5, end=end)
    key = Key(first.track, first.emotion, first.start, first.end)
    named = TrackName(first.track, 0.0, 99.0, "Jim")
    write_review(review_path(table), Review((Fix(key, REMOVED),), tracks=(named,)))
    seen: list[Shown] = []
    drawn = figure.drawn

    def looked_at(found: Shown, form: str) -> bytes:
        seen.append(found)
        return drawn(found, form)

    monkeypatch.setattr(figure, "drawn", looked_at)
    (done,) = plot_tables({table: "a"}, tmp_path, formats=("svg",), most=100, raw=raw)
    assert done.error is None
    runs = [run for one in seen[0].subjects for run in one.runs]
    assert sorted(runs, key=repr) == sorted([first, *others] if raw else others, key=repr)
    assert ("Jim" in {one.name for one in seen[0].subjects}) is not raw


# What is drawn: the data, places and colours of what matplotlib was given


def by_hand() -> Shown:
    """Two people from 10 s to 20 s: happy then sad; sad, and not there for a while."""
    jim = Subject(
        "Jim",
        np.array([10.0, 14.0, np.nan, 18.0]),
        np.array([[0.9, 0.1], [0.3, 0.7], [np.nan, np.nan], [0.2, 0.8]]),
        ((10.0, 15.0), (17.0, 20.0)),
        (Run(1, "happy", (0,), 10.0, 12.0), Run(1, "sad", (4,), 13.0, 15.0)),
    )
    pam = Subject(
        "Pam",
        np.array([12.0, 13.0]),
        np.array([[0.4, 0.6], [0.25, 0.75]]),
        ((12.0, 13.5),),
        (Run(2, "sad", (2,), 12.0, 13.5),),
    )
    labels = ("happy", "sad")
    return Shown("a.mp4", (jim, pam), 0, labels, labels, 10.0, 20.0, Held(5), False)


def axes_of(what: Shown) -> list[Axes]:
    with figure._ours():
        return list(figure._figure(what).axes)


def bars(panel: Axes) -> list[tuple[str, float, float, float, float]]:
    """Each bar of a lane: its colour, from and to when, and from which height to which."""
    return [
        (to_hex(lane.get_facecolor()[0]), *(round(float(n), 6) for n in (x0, x1, y0, y1)))
        for lane in panel.collections
        for (x0, y0), (x1, y1) in (
            (path.vertices.min(axis=0), path.vertices.max(axis=0)) for path in lane.get_paths()
        )
    ]


def darker(emotion: str) -> str:
    """The colour that is drawn: the same as everywhere, a tenth of its light taken away."""
    blue, green, red = (0.9 * part / 255 for part in colours_of(("happy", "sad"))[emotion])
    return str(to_hex((red, green, blue)))


def test_each_panel_has_a_line_for_each_emotion_with_its_scores() -> None:
    what = by_hand()
    for panel, one in zip(axes_of(what), what.subjects, strict=False):
        assert panel.get_title(loc="left") == one.name
        assert [to_hex(line.get_color()) for line in panel.lines] == [*map(darker, what.emotions)]
        for place, line in enumerate(panel.lines):
            assert np.array_equal(line.get_xdata(), one.times, equal_nan=True)
            assert np.array_equal(line.get_ydata(), one.scores[:, place], equal_nan=True)


def test_a_line_is_of_the_emotion_that_was_asked_for() -> None:
    """Not of the one that comes first among the labels."""
    what = replace(by_hand(), emotions=("sad",))
    (line,) = axes_of(what)[0].lines
    assert np.array_equal(line.get_ydata(), what.subjects[0].scores[:, 1], equal_nan=True)
    assert to_hex(line.get_color()) == darker("sad")


def test_lanes_are_drawn_from_the_begin_of_a_run_to_its_end_in_its_colour() -> None:
    """Each person has a lane, the first above; what was held is broad, a face thin and grey."""
    lanes = axes_of(by_hand())[-1]
    assert sorted(bars(lanes)) == sorted(
        [
            ("#dcdcdc", 10.0, 15.0, -0.06, 0.06),
            ("#dcdcdc", 17.0, 20.0, -0.06, 0.06),
            (darker("happy"), 10.0, 12.0, -0.36, 0.36),
            (darker("sad"), 13.0, 15.0, -0.36, 0.36),
            ("#dcdcdc", 12.0, 13.5, 0.94, 1.06),
            (darker("sad"), 12.0, 13.5, 0.64, 1.36),
        ]
    )
    assert [text.get_text() for text in lanes.get_yticklabels()] == ["Jim", "Pam"]
    assert list(lanes.get_yticks()) == [0, 1] and lanes.get_ylim() == (1.5, -0.5)


def test_what_was_held_lies_over_the_grey_and_not_under_it() -> None:
    lanes = axes_of(by_hand())[-1]
    grey = [
        to_hex(one.get_facecolor()[0]) == "#dcdcdc"
        for one in lanes.collections
        if len(one.get_paths())
    ]
    assert grey == [True, False, False, True, False]
    assert len({one.get_zorder() for one in lanes.collections}) == 1  # else order says nothing


def test_all_panels_show_the_time_that_was_scanned_and_scores_from_0_to_1() -> None:
    *panels, lanes = axes_of(by_hand())
    assert len(panels) == 2
    assert {panel.get_xlim() for panel in (*panels, lanes)} == {(10.0, 20.0)}
    for panel in panels:
        low, high = panel.get_ylim()
        assert -0.05 < low < 0 and 1 < high < 1.05
        assert list(panel.get_yticks()) == [0, 0.5, 1]


def test_the_legend_has_each_emotion_beside_its_colour() -> None:
    with figure._ours():
        (legend,) = figure._figure(by_hand()).legends
    said = [text.get_text() for text in legend.get_texts()]
    shown_in = [to_hex(patch.get_facecolor()) for patch in legend.get_patches()]
    assert list(zip(said, shown_in, strict=True)) == [(e, darker(e)) for e in ("happy", "sad")]


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        *((0, "0"), (7.5, "7.5"), (59, "59"), (60, "1:00"), (61.25, "1:01.25")),
        *((3599, "59:59"), (3600, "1:00:00"), (3723, "1:02:03")),
    ],
)
def test_times_on_the_axis_are_as_clocks_show_them(seconds: float, says: str) -> None:
    assert figure._clock(seconds, None) == says


@pytest.mark.parametrize(("end", "unit"), [(59.9, "time (s)"), (60.0, "time (min:s)")])
def test_the_axis_says_in_what_its_times_are(end: float, unit: str) -> None:
    lanes = axes_of(replace(by_hand(), end=end))[-1]
    assert lanes.get_xlabel() == unit
    marks = [lanes.xaxis.get_major_formatter()(at, 0) for at in (30.0, 90.0)]
    assert marks == ["30", "1:30"]


@pytest.mark.parametrize(
    ("held", "more", "says"),
    [
        (Held(5), {}, "held for 5 frames or more; grey: a face is there"),
        (Held(1, 0.5), {}, "held for 0.5 s or more; grey: a face is there"),
        (Held(3, 0.5), {}, "held for 3 frames and 0.5 s or more; grey: a face is there"),
        (Held(1), {"whole": True}, "held for 1 frame or more"),
    ],
)
def test_over_the_lanes_stands_what_is_in_them(
    held: Held, more: dict[str, bool], says: str
) -> None:
    assert axes_of(replace(by_hand(), held=held, **more))[-1].get_title(loc="left") == says


def test_without_matplotlib_it_says_how_to_get_it() -> None:
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from videmo.plot import plot_tables\nplot_tables({}, '.')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert SetupError.__name__ in done.stderr
    assert "plots need matplotlib" in done.stderr and '".[plot]"' in done.stderr
