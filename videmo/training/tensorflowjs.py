"""Read the weights of a MobileNet that others trained and TensorFlow.js keeps (``model.json``).

For what was learnt from far more faces than are here: such a network is a better beginning than
none. Its batch norms lie inside its convolutions, as its converter leaves them; its colours are
summed up to grey, and its last layers are left behind. Only numbers are read: nothing is run.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from videmo.errors import RequestError
from videmo.files import shown
from videmo.training.network import draw
from videmo.training.network.classics import MOBILENET

GREY_LEVELS = 60.0
"""The deviation, in grey levels, of the pictures that such networks know; ours come with 1."""

SIDE = 96
"""Pixels at which it sees a picture, unless told otherwise."""

LARGEST = 1 << 20
"""What no side of a tensor is longer than."""

NUMBERS = {"float32": np.float32, "float16": np.float16, "int32": np.int32}


def read_mobilenet(path: Path) -> dict[str, np.ndarray]:
    """The weights of `path` by the names of our drawing: convolutions and their biases.

    A layer called ``NAME`` has ``NAME.conv.weight`` in PyTorch's order and ``NAME.norm.bias``.

    Raises:
        RequestError: it cannot be read, or is no MobileNet of full width.
    """
    tensors = _tensors(path)
    found: dict[str, np.ndarray] = {}

    def take(name: str, source: str, kernel: str, scale: float = 1.0) -> None:
        weight, scales = tensors[f"{source}/{kernel}"], tensors.get(f"{source}_bn/batchnorm_1/mul")
        if kernel == "depthwise_kernel":
            # (k, k, channels, 1): each channel has its own
            weight = weight[:, :, :, 0] * (1 if scales is None else scales)
            weight = weight.transpose(2, 0, 1)[:, None]
        else:
            weight = weight.transpose(3, 2, 0, 1)
        found[f"{name}.conv.weight"] = np.ascontiguousarray(weight * np.float32(scale))
        found[f"{name}.norm.bias"] = tensors[f"{source}_bn/batchnorm_1/sub"]

    # Each array must be as large as our drawing wants it, or a smaller network would be taken.
    wanted = {step.name: step for step in draw("mobilenet", side=SIDE, classes=1).steps}
    try:
        take("stem", "conv1", "convolution/merged_input", GREY_LEVELS)
        found["stem.conv.weight"] = found["stem.conv.weight"].sum(axis=1, keepdims=True)
        for i in range(len(MOBILENET)):
            take(f"block{i}.depthwise", f"conv_dw_{i + 1}", "depthwise_kernel")
            take(f"block{i}", f"conv_pw_{i + 1}", "convolution/merged_input")
        for name, array in found.items():
            layer, _, part = name.rpartition(".")
            step = wanted[layer]
            weights = (step.channels, step.taken // step.groups, step.kernel, step.kernel)
            if array.shape != (weights if part == "weight" else (step.channels,)):
                raise ValueError(f"{name} is {array.shape}")
    except (KeyError, ValueError, IndexError) as error:
        raise RequestError(
            f"{shown(path)}: no MobileNet of full width with its norms folded in, as TensorFlow.js "
            f"keeps it ({error}); begin without --init"
        ) from error
    return found


def made_by(path: Path) -> str:
    """Who made the model at `path`, as far as it says so."""
    said = json.loads(path.read_bytes()).get("generatedBy")
    return said if isinstance(said, str) else "somebody"


def _tensors(path: Path) -> dict[str, np.ndarray]:
    """All tensors of the model, as float32, by name."""
    found: dict[str, np.ndarray] = {}
    try:
        groups = json.loads(path.read_bytes())["weightsManifest"]
        for group in groups:
            content, start = _content(path, group["paths"]), 0
            for entry in group["weights"]:
                array, start = _tensor(entry, content, start)
                found[str(entry["name"])] = array
    except OSError as error:
        reason = error.strerror or str(error)
        raise RequestError(
            f"{shown(error.filename or path)}: cannot read the weights ({reason})"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RequestError(
            f"{shown(path)}: no model of TensorFlow.js ({type(error).__name__}: {error}); the "
            "description of one of ours? Name the .tflite beside it"
        ) from error
    return found


def _content(path: Path, names: list[str]) -> bytes:
    for name in names:
        if Path(name).name != name or name in ("", ".."):
            raise ValueError(f"{name!r} lies outside its folder")
    return b"".join((path.parent / name).read_bytes() for name in names)


def _tensor(entry: dict[str, Any], content: bytes, start: int) -> tuple[np.ndarray, int]:
    """The tensor that begins at `start`, and where the next one does."""
    shape = tuple(entry["shape"])
    if not all(isinstance(n, int) and 0 <= n <= LARGEST for n in shape):
        raise ValueError(f"{entry['name']} is of shape {shape}")
    kept = (entry.get("quantization") or {}).get("dtype", entry["dtype"])
    if kept not in NUMBERS:
        raise ValueError(f"{entry['name']} is kept as {kept}, which is not read here")
    kind, count = np.dtype(NUMBERS[kept]), math.prod(shape)
    if start + count * kind.itemsize > len(content):
        raise ValueError(f"{entry['name']} is not all there")
    array = np.frombuffer(content, kind, count, start).reshape(shape)
    return array.astype(np.float32), start + array.nbytes
