"""How far the maps of a file of whole numbers reach, chosen by what the file then answers.

The converter lets each map reach to the highest value that it saw, however rare, so that all others
are rounded more coarsely. Here one map after the other is tried with a shorter and a longer reach,
and what brings the scores of typical pictures nearer to the float32 network's is kept (as in "Loss
aware post-training quantization", Nahshan and others, Machine Learning 110, 2021, but map by map).
Values beyond the reach become its end. Weights, and what is computed, stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

from videmo.errors import SetupError
from videmo.training.export.tflite_file import kind_of, opened, packed

FACTORS = (0.8, 1.15)
"""By how much a reach is multiplied; again, as long as that helps."""

AT_MOST = 5
"""Times that a reach is multiplied."""

WORTH = 0.999
"""What is kept must bring the mean distance of scores below this part of it."""

ALIKE = ("AVERAGE_POOL_2D", "CONCATENATION", "MAX_POOL_2D", "RESIZE_BILINEAR")
"""Operators that give what they took in, rounded as it was."""

FROM_0_TO_1 = ("LOGISTIC", "SOFTMAX")
"""Operators of which runtimes know how far their result reaches."""

WITH_BIAS = ("CONV_2D", "DEPTHWISE_CONV_2D")

Map = int
"""A tensor of the file, by its number."""


def fitted(content: bytes, wanted: np.ndarray, scores_of: Callable[[bytes], np.ndarray]) -> bytes:
    """`content`, an int8 file, with the reaches by which its scores are nearest to `wanted`.

    `scores_of` gives a file's scores of the typical pictures whose scores are to be `wanted`, both
    ``(n, classes)``, each row summing to 1. It is asked at least twice for each map.

    Raises:
        SetupError: the runtime does not take `content`.
    """
    reaches = Reaches(content)
    least = _distance(scores_of(content), wanted)
    for maps in reaches.groups():
        for factor in FACTORS:
            best = 0
            for times in range(1, AT_MOST + 1):
                reaches.set(maps, factor**times)
                try:
                    found = _distance(scores_of(reaches.packed()), wanted)
                except SetupError:  # a runtime does not compute with so unlike reaches
                    break
                if not found < WORTH * least:
                    break
                least, best = found, times
            reaches.set(maps, factor**best)
            if best:
                break
    return reaches.packed()


def _distance(scores: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.square(scores - wanted).sum(axis=1).mean())


class Reaches:
    """A file of whole numbers, of whose maps the reaches can be changed."""

    def __init__(self, content: bytes) -> None:
        self._model = opened(content)
        (self._graph,) = self._model.subgraphs
        self._operators = [(kind_of(self._model, o), o) for o in self._graph.operators]
        made = {int(i) for o in self._graph.operators for i in o.outputs}
        # As it was in the beginning: rounded again and again, it would move a little each time.
        self._scales = {i: self._scale(i) for i in made if self._scale(i) is not None}
        biases = [int(o.inputs[2]) for kind, o in self._operators if kind in WITH_BIAS]
        self._biases = {i: self._whole(i) * self._scale(i).astype(np.float64) for i in biases}

    def groups(self) -> Iterator[frozenset[Map]]:
        """The maps that can be changed, those together that must reach equally far, in the order
        in which they are made."""
        made = [int(i) for _, operator in self._operators for i in operator.outputs]
        fixed = {int(i) for i in (*self._graph.inputs, *self._graph.outputs)}
        group_of = {i: frozenset({i}) for i in made}
        for kind, operator in self._operators:
            out = int(operator.outputs[0])
            if kind in FROM_0_TO_1:
                fixed.add(out)
            if kind in ALIKE:
                # The second thing that a resize takes in is its size.
                alike = operator.inputs if kind == "CONCATENATION" else operator.inputs[:1]
                maps = group_of[out].union(*(group_of.get(int(i), {int(i)}) for i in alike))
                group_of |= dict.fromkeys(maps, maps)
        for i in made:
            maps = group_of[i]
            rounded = all(self._graph.tensors[m].type == schema.TensorType.INT8 for m in maps)
            if i == next(m for m in made if m in maps) and rounded and not maps & fixed:
                yield maps

    def set(self, maps: frozenset[Map], factor: float) -> None:
        """Let `maps` reach `factor` times as far as in the beginning; what was 0 still is."""
        for i in maps:
            self._graph.tensors[i].quantization.scale = self._scales[i] * np.float32(factor)
        for kind, operator in self._operators:
            if kind in WITH_BIAS and int(operator.inputs[0]) in maps:
                self._round_bias(*(int(i) for i in operator.inputs[:3]))

    def _round_bias(self, taken: int, weights: int, bias: int) -> None:
        """A bias is counted in steps of what is taken in times those of the weights."""
        step = self._scale(taken) * self._scale(weights)
        tensor = self._graph.tensors[bias]
        tensor.quantization.scale = step
        whole = np.round(self._biases[bias] / step.astype(np.float64))
        # Where weights are next to nothing, so are their steps.
        whole = np.clip(whole, -(2**31) + 1, 2**31 - 1).astype("<i4")
        self._model.buffers[tensor.buffer].data = np.frombuffer(whole.tobytes(), np.uint8)

    def _scale(self, i: int) -> Any:
        how = self._graph.tensors[i].quantization
        return None if how is None or how.scale is None else np.asarray(how.scale, np.float32)

    def _whole(self, i: int) -> np.ndarray:
        return np.frombuffer(bytes(self._model.buffers[self._graph.tensors[i].buffer].data), "<i4")

    def packed(self) -> bytes:
        """The file as it is now."""
        return packed(self._model)
