"""Read the weights of a MobileFaceNet that FaceX-Zoo trained to tell people apart (``.pkl``).

The file is a pickle, which could run anything when it is loaded; so it is not loaded. Its opcodes
are looked through for the order of its arrays, and the numbers, which lie behind the pickles, are
read as numbers. The norms are folded into the convolutions, the colours summed up to grey, and the
layers in which it knows people are left behind, as `insightface` does.
"""

from __future__ import annotations

import pickletools
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from videmo.errors import RequestError
from videmo.files import shown
from videmo.training.network import draw
from videmo.training.network.drawing import PICTURE, Step

NETWORK = "mobilefacenet-slim"

GREY_LEVELS = 60 / 128
"""The deviation of the pictures that it knows, which come as about -1..1; ours come with 1."""

COLOURS = 3

NORM_EPSILON = 1e-5

PARTS_OF_A_NORM = 4
"""Its weight, its bias, the mean and the variance."""

MAGIC = 0x1950A86A20F9469CFC6C
"""With which PyTorch's files began until version 1.6."""

PICKLES_BEFORE = 2
"""Between the magic number and the network: the format's version, and how numbers are kept."""

KINDS = {"torch FloatStorage": np.float32, "torch LongStorage": np.int64}


class _Storage(NamedTuple):
    """An array as the pickle names it."""

    key: str
    kind: str
    count: int


def read_mobilefacenet(path: Path) -> dict[str, np.ndarray]:
    """The weights of `path` by the names of our drawing, as `insightface.read_mobilefacenet`.

    Raises:
        RequestError: it cannot be read, or is no such network.
    """
    try:
        with path.open("rb") as file:
            return _named(_arrays(file))
    except OSError as error:
        reason = error.strerror or str(error)
        raise RequestError(f"{shown(path)}: cannot read the weights ({reason})") from error
    except (ValueError, KeyError, TypeError, IndexError, OverflowError, StopIteration) as error:
        raise RequestError(
            f"{shown(path)}: no MobileFaceNet of FaceX-Zoo ({error}); begin without --init"
        ) from error


def _named(arrays: Iterator[np.ndarray]) -> dict[str, np.ndarray]:
    """The file's arrays, which come layer by layer, as those of our drawing."""
    found: dict[str, np.ndarray] = {}
    steps = draw(NETWORK, side=48, classes=1).steps
    for step in [s for s in steps if s.kind in ("conv", "depthwise", "prelu")][:-1]:
        if step.kind == "prelu":
            found[f"{step.name}.weight"] = _next(arrays, step.name, (step.channels,))
            continue
        colours = COLOURS if _first(step, steps) else step.taken // step.groups
        weight = _next(arrays, step.name, (step.channels, colours, step.kernel, step.kernel))
        norm = [_next(arrays, step.name, (step.channels,)) for _ in range(PARTS_OF_A_NORM)]
        scale = norm[0] / np.sqrt(norm[3] + np.float32(NORM_EPSILON))
        weight = weight * scale[:, None, None, None]
        if _first(step, steps):
            weight = weight.sum(axis=1, keepdims=True) * np.float32(GREY_LEVELS)
        found[f"{step.name}.weight"] = weight
        if step.name.endswith(".conv") and step.side > 1:
            # The weighed mean has none of ours after it, and a constant means nothing to the head.
            name = step.name.removesuffix("conv") + "norm.bias"
            found[name] = norm[1] - norm[2] * scale
    return found


def _first(step: Step, steps: tuple[Step, ...]) -> bool:
    enlarged = [s.name for s in steps if s.kind == "resize"]
    return step.inputs[0] in (PICTURE, *enlarged)


def _next(arrays: Iterator[np.ndarray], name: str, shape: tuple[int, ...]) -> np.ndarray:
    array = next(arrays, None)
    if array is None or array.size != np.prod(shape):
        there = "nothing" if array is None else f"{array.size} numbers"
        raise ValueError(f"{there} for {name}, which has {np.prod(shape)}")
    return array.reshape(shape)


def _arrays(file: BinaryIO) -> Iterator[np.ndarray]:
    """The float32 arrays of the file in the order in which its pickle names them."""
    if [value for name, value in _opcodes(file) if name == "LONG1"] != [MAGIC]:
        raise ValueError("not a file of PyTorch before 1.6")
    for _ in range(PICKLES_BEFORE):
        _opcodes(file)
    storages = {storage.key: storage for storage in _storages(_opcodes(file))}
    kept: dict[str, np.ndarray] = {}
    for key in [str(value) for name, value in _opcodes(file) if name == "BINUNICODE"]:
        count = int(np.fromfile(file, np.int64, 1)[0])
        if count != storages[key].count:
            raise ValueError(f"{count} numbers where {storages[key].count} are named")
        kept[key] = np.fromfile(file, KINDS[storages[key].kind], count)
        if len(kept[key]) < count:
            raise ValueError("not all there")
    return (kept[key] for key in storages if kept[key].dtype == np.float32)


def _storages(opcodes: list[tuple[str, object]]) -> Iterator[_Storage]:
    """The arrays that a pickle names: tuples of "storage", kind, key, device, count and a view."""
    memo: dict[object, object] = {}
    since_mark: list[object] = []
    for name, value in opcodes:
        if name == "MARK":
            since_mark = []
        elif name in ("BINPUT", "LONG_BINPUT"):
            memo[value] = since_mark[-1] if since_mark else None
        elif name in ("BINGET", "LONG_BINGET"):
            since_mark.append(memo.get(value))
        elif name in ("BINUNICODE", "GLOBAL", "BININT", "BININT1", "BININT2"):
            since_mark.append(value)
        elif name == "BINPERSID" and since_mark[0] == "storage":
            _, kind, key, _, count = since_mark[:5]
            if not isinstance(count, int):
                raise TypeError(f"{key} has {count} numbers")
            yield _Storage(str(key), str(kind), count)


def _opcodes(file: BinaryIO) -> list[tuple[str, object]]:
    """Those of the next pickle in the file, with their arguments: read, not obeyed."""
    return [(opcode.name, value) for opcode, value, _ in pickletools.genops(file)]
