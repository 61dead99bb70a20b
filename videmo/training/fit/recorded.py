"""Arithmetic recorded once on a GPU and played back: launching it takes longer than doing it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch

WARM = 3
"""Times that something is done as usual before it is recorded, while its kernels are chosen."""

Tensors = tuple[torch.Tensor, ...]
Given = tuple[torch.Tensor | None, ...]


class Film(NamedTuple):
    """A recording (a CUDA graph), and the memory from which it takes, and in which it leaves."""

    graph: torch.cuda.CUDAGraph
    given: Given
    gradients: list[torch.Tensor | None]
    results: Tensors


class Recorded:
    """Does `work`, which puts new gradients into `parameters`; the same for tensors of a shape."""

    def __init__(
        self, work: Callable[..., Tensors], parameters: Iterable[torch.nn.Parameter]
    ) -> None:
        self.work, self.parameters = work, list(parameters)
        self.films: dict[tuple, Film] = {}
        self.done: Counter[tuple] = Counter()
        # What is recorded, and what is done before, must not be in the usual stream.
        self.stream = torch.cuda.Stream()

    def __call__(self, *given: torch.Tensor | None) -> Tensors:
        shapes = tuple(None if x is None else tuple(x.shape) for x in given)
        if shapes not in self.films:
            if self.done[shapes] < WARM:
                self.done[shapes] += 1
                return self._done(given)
            self.films[shapes] = self._film(given)
        film = self.films[shapes]
        for place, x in zip(film.given, given, strict=True):
            if place is not None and x is not None:
                place.copy_(x)
        film.graph.replay()
        for parameter, gradient in zip(self.parameters, film.gradients, strict=True):
            parameter.grad = gradient
        # The next playing writes over them.
        return tuple(x.clone() for x in film.results)

    def _done(self, given: Given) -> Tensors:
        usual = torch.cuda.current_stream()
        self.stream.wait_stream(usual)
        with torch.cuda.stream(self.stream):
            results = self.work(*given)
        usual.wait_stream(self.stream)
        return results

    def _film(self, given: Given) -> Film:
        places = tuple(None if x is None else x.clone() for x in given)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=self.stream):
            results = self.work(*places)
        return Film(graph, places, [p.grad for p in self.parameters], results)
