"""Make whole frames of interlaced ones: one of each, at its own time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
import av.filter

FILTER = "bwdif"
OPTIONS = {"mode": "send_frame", "deint": "interlaced"}
"""One frame for each, and those that are whole already as they are."""


def deinterlaced(frames: Iterable[av.VideoFrame], time_base: Fraction) -> Iterator[av.VideoFrame]:
    """`frames`, whose timestamps count in `time_base`, without combs; each waits for the next."""
    graph: av.filter.Graph | None = None
    form: tuple[int, int, str] | None = None
    for raw in frames:
        now = (raw.width, raw.height, raw.format.name)
        if now != form:  # a stream may change its size
            yield from _rest(graph, time_base)
            graph, form = _graph(raw, time_base), now
        assert graph is not None
        graph.push(raw)
        yield from _ready(graph, time_base)
    yield from _rest(graph, time_base)


def _graph(raw: av.VideoFrame, time_base: Fraction) -> av.filter.Graph:
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=raw.width, height=raw.height, format=raw.format, time_base=time_base
    )
    graph.link_nodes(source, graph.add(FILTER, **OPTIONS), graph.add("buffersink")).configure()
    return graph


def _rest(graph: av.filter.Graph | None, time_base: Fraction) -> Iterator[av.VideoFrame]:
    if graph is not None:
        graph.push(None)
        yield from _ready(graph, time_base)


def _ready(graph: av.filter.Graph, time_base: Fraction) -> Iterator[av.VideoFrame]:
    """What the filter gives now; it counts time in units of its own."""
    while True:
        try:
            frame = graph.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        if frame.pts is not None and frame.time_base is not None:
            frame.pts = int(frame.pts * frame.time_base / time_base)
        frame.time_base = time_base
        yield frame
