"""A figure of a table by matplotlib: a panel of scores for each person, and a lane for each."""

from __future__ import annotations

import io
import logging
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from videmo.draw import colours_of
from videmo.errors import SetupError, to_install
from videmo.files import shown
from videmo.plot.series import Shown, Subject

try:
    import matplotlib
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch
    from matplotlib.ticker import FuncFormatter, MaxNLocator
except ImportError as error:
    raise SetupError(f"plots need matplotlib; {to_install('plot')}") from error

WIDTH = 7.2
"""Inches: that of two columns of a page."""
PANEL, LANE, AROUND = 0.95, 0.3, 1.25
"""Inches: of a panel, of a lane, and of title, legend and axis together."""
DPI = 200
LONGEST_NAME = 24
LONGEST_TITLE = 80
SEEN = "#dcdcdc"
INK = "#333333"
DARKER = 0.9
"""What is left of a colour's light, so that yellow is seen on white."""
PLAIN: dict[str, Any] = {"parse_math": False}
"""A ``$`` in a name begins no formula."""
SETTINGS: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],  # which comes with matplotlib: the same everywhere
    "font.size": 8,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.linewidth": 0.6,
    "svg.fonttype": "none",  # text stays text: to be searched, and set in the paper's letters
    "svg.hashsalt": "videmo",
}
NO_DATE: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
}
"""What would make other bytes each time, or with each version."""


def drawn(what: Shown, form: str) -> bytes:
    """The figure as a file of the format `form`; the same bytes each time."""
    with _ours():
        figure = _figure(what)
        buffer = io.BytesIO()
        figure.savefig(buffer, format=form, dpi=DPI, metadata=NO_DATE[form])
    return buffer.getvalue()


@contextmanager
def _ours() -> Iterator[None]:
    """Our settings, whatever the user's own for matplotlib are; and nothing said of letters that
    its font lacks, which are drawn as boxes in a PNG, and kept as they are in an SVG."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        yield


def _figure(what: Shown) -> Figure:
    count = max(1, len(what.subjects))
    height = AROUND + count * (PANEL + LANE)
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    ratios = [PANEL] * count + [LANE * count]
    panels = figure.subplots(count + 1, 1, sharex=True, height_ratios=ratios)
    colours = _colours(what)
    for panel, subject in zip(panels, what.subjects, strict=False):
        _draw_scores(panel, subject, what, colours)
    if not what.subjects:
        panels[0].text(0.5, 0.5, "nobody is there", ha="center", transform=panels[0].transAxes)
    _draw_lanes(panels[-1], what, colours)
    panels[-1].set_xlim(what.start, max(what.end, what.start + 1e-3))
    panels[-1].xaxis.set_major_locator(MaxNLocator(8, steps=[1, 1.5, 2, 3, 5, 6, 10]))
    panels[-1].xaxis.set_major_formatter(FuncFormatter(_clock))
    panels[-1].set_xlabel("time (min:s)" if what.end >= 60 else "time (s)")
    figure.suptitle(_cut(what.title, LONGEST_TITLE), fontsize=9, **PLAIN)
    _draw_legend(figure, what, colours)
    return figure


def _colours(what: Shown) -> dict[str, tuple[float, ...]]:
    """Red, green and blue, 0 to 1, of each label."""
    every = colours_of(what.labels).items()
    return {label: tuple(DARKER * part / 255 for part in bgr[::-1]) for label, bgr in every}


def _draw_scores(panel: Axes, subject: Subject, what: Shown, colours: Any) -> None:
    """A line for each emotion; where no face counts, none."""
    for emotion in what.emotions:
        scores = subject.scores[:, what.labels.index(emotion)]
        panel.plot(subject.times, scores, color=colours[emotion], linewidth=1.1)
    panel.set_ylim(-0.02, 1.02)  # so that a line at either end is seen whole
    panel.set_yticks([0, 0.5, 1])
    panel.set_ylabel("score")
    panel.set_title(_cut(subject.name, LONGEST_NAME), loc="left", fontsize=8, pad=3, **PLAIN)
    panel.grid(axis="y", linewidth=0.4, color="#e6e6e6")
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)
    panel.tick_params(axis="x", labelbottom=False)


def _draw_lanes(panel: Axes, what: Shown, colours: Any) -> None:
    """For each person, from above, grey where there is a face, and what was held in its colour."""
    for place, subject in enumerate(what.subjects):
        spans = [(start, end - start) for start, end in subject.seen]
        panel.broken_barh(spans, (place - 0.06, 0.12), facecolors=SEEN)
        for emotion in what.emotions:
            held = [
                (run.start, run.end - run.start) for run in subject.runs if run.emotion == emotion
            ]
            panel.broken_barh(held, (place - 0.36, 0.72), facecolors=[colours[emotion]])
    names = [_cut(subject.name, LONGEST_NAME) for subject in what.subjects]
    panel.set_yticks(range(len(names)), names, **PLAIN)
    panel.set_ylim(max(len(names), 1) - 0.5, -0.5)
    panel.tick_params(axis="y", length=0)
    panel.set_title(_rule(what), loc="left", fontsize=8, pad=3)
    panel.spines[["top", "right", "left"]].set_visible(False)


def _rule(what: Shown) -> str:
    """What is in the lanes."""
    held = what.held
    frames = f"{held.repeat} frames" if held.repeat > 1 else "" if held.seconds else "1 frame"
    long = " and ".join(filter(None, (frames, f"{held.seconds:g} s" if held.seconds else "")))
    seen = "" if what.whole else "; grey: a face is there"
    more = f"; {what.left_out} more tracks are not shown" if what.left_out else ""
    return f"held for {long} or more{seen}{more}"


def _draw_legend(figure: Figure, what: Shown, colours: Any) -> None:
    patches = [Patch(color=colours[emotion]) for emotion in what.emotions]
    blank = [str(number) for number in range(len(patches))]  # labels may begin with _
    columns = min(len(patches), 7)
    legend = figure.legend(
        patches, blank, loc="outside lower center", ncols=columns, frameon=False, handlelength=1
    )
    for text, emotion in zip(legend.get_texts(), what.emotions, strict=True):
        text.set_parse_math(False)
        text.set_text(emotion)


def _cut(text: str, longest: int) -> str:
    """A name as one line that is not too long."""
    line = shown(text)
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _clock(seconds: float, _: object) -> str:
    """Seconds as they are, below a minute; else minutes and seconds, with hours."""
    whole, part = math.floor(seconds), seconds - math.floor(seconds)
    behind = f"{part:.2f}"[1:].rstrip("0").rstrip(".") if part > 1e-6 else ""
    minutes, rest = divmod(whole, 60)
    if not minutes:
        return f"{rest}{behind}"
    if minutes < 60:
        return f"{minutes}:{rest:02}{behind}"
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}{behind}"
