"""Read the weights of a MobileFaceNet that InsightFace trained to tell people apart (``.onnx``).

For what was learnt from far more faces than are here, as `tensorflowjs` does for a MobileNet. Its
batch norms lie inside its convolutions; its colours are summed up to grey, and the layers in which
it knows people, after the last map, are left behind. Only numbers are read: nothing is run.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from videmo.errors import RequestError
from videmo.files import shown
from videmo.training.network import draw
from videmo.training.network.drawing import PICTURE, Step

GREY_LEVELS = 60 / 127.5
"""The deviation of the pictures that it knows, which come as -1..1; ours come with 1."""

SIDE = 96
"""Pixels at which it sees a picture, unless told otherwise: FER's faces are then about as large as
the aligned ones of 112 pixels from which it learnt."""

COLOURS = 3


def read_mobilefacenet(path: Path) -> dict[str, np.ndarray]:
    """The weights of `path` by the names of our drawing: convolutions, their biases, and slopes.

    A layer called ``NAME`` has ``NAME.conv.weight``, ``NAME.norm.bias`` and ``NAME.slope.weight``.

    Raises:
        RequestError: it cannot be read, or is no such network.
    """
    found: dict[str, np.ndarray] = {}
    try:
        theirs, wanted = _layers(path), _wanted()
        if len(theirs) < len(wanted):
            raise ValueError(f"{len(theirs)} layers, not {len(wanted)}")
        # It has one more convolution after those that are wanted.
        for step, (kind, arrays) in zip(wanted, theirs, strict=False):
            _check(step, kind, arrays)
            weight = arrays[0].astype(np.float32)
            if step is wanted[0]:
                weight = weight.sum(axis=1, keepdims=True) * np.float32(GREY_LEVELS)
            if step.kind == "prelu":
                weight = weight.reshape(-1)
            else:
                found[step.name.removesuffix("conv") + "norm.bias"] = arrays[1].astype(np.float32)
            found[f"{step.name}.weight"] = weight
    except (ValueError, TypeError, KeyError) as error:
        raise RequestError(
            f"{shown(path)}: no MobileFaceNet of InsightFace with its norms folded in ({error}); "
            "begin without --init"
        ) from error
    return found


def _wanted() -> list[Step]:
    """Our layers with weights, in the order in which they are computed, but for the last two."""
    steps = draw("mobilefacenet", side=SIDE, classes=1).steps
    return [s for s in steps if s.kind in ("conv", "depthwise", "prelu")][:-2]


def _check(step: Step, kind: str, arrays: list[np.ndarray]) -> None:
    """That a layer is what our drawing wants there, or a smaller network would be taken."""
    channels, shapes = step.channels, [array.shape for array in arrays]
    if step.kind == "prelu":
        wanted = ("PRelu", [(channels, 1, 1)])
    else:
        taken = COLOURS if step.inputs == (PICTURE,) else step.taken // step.groups
        wanted = ("Conv", [(channels, taken, step.kernel, step.kernel), (channels,)])
    if (kind, shapes) != wanted:
        raise ValueError(f"{step.name} is {kind} {' '.join(map(str, shapes))}")


def _layers(path: Path) -> list[tuple[str, list[np.ndarray]]]:
    """The convolutions and slopes of the file, in their order: their kind and their arrays."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        # What lies in other files is not fetched: a name in there could be any.
        graph = onnx.load(path, load_external_data=False).graph
    except OSError as error:
        reason = error.strerror or str(error)
        raise RequestError(f"{shown(path)}: cannot read the weights ({reason})") from error
    except DecodeError as error:
        raise ValueError("not an ONNX file") from error
    kept = {tensor.name: tensor for tensor in graph.initializer}
    return [
        (node.op_type, [_array(kept[name]) for name in node.input if name in kept])
        for node in graph.node
        if node.op_type in ("Conv", "PRelu")
    ]


def _array(tensor: object) -> np.ndarray:
    from onnx import TensorProto, numpy_helper

    assert isinstance(tensor, TensorProto)
    if tensor.data_location == TensorProto.EXTERNAL:
        raise ValueError(f"{tensor.name} lies in another file")
    return numpy_helper.to_array(tensor)
