"""A drawn network as an ONNX file that jetson-inference and TensorRT take as it is.

jetson-inference (its ``imageNet``) gives every ONNX model colour pictures, normalised with
ImageNet's mean and deviation, and adds no softmax: so the file takes ``1x3xSxS`` of that kind,
undoes the normalisation and mixes grey in its first convolution, and ends with a softmax. Fixed
sizes, opset 11 and IR 6, because the parsers of old boards know no newer ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from videmo.training.network.drawing import BATCH_NORM_EPSILON, GREY_EPSILON, Network, Step

INPUT, OUTPUT = "input_0", "output_0"
OPSET, IR_VERSION = 11, 6
IMAGENET_MEAN = np.array([0.485, 0.456, 0.406])
IMAGENET_DEVIATION = np.array([0.229, 0.224, 0.225])
GREY_OF_RGB = np.array([0.299, 0.587, 0.114])
"""How much of red, green and blue is grey, as in OpenCV and in a decoder's luma plane."""

PLAIN = {"relu": "Relu", "elu": "Elu", "sigmoid": "Sigmoid", "add": "Add", "multiply": "Mul"}


def build(
    network: Network,
    arrays: Mapping[str, np.ndarray],
    producer: str = "videmo",
    *,
    mirrored: bool = False,
) -> bytes:
    """The file of `network` with the weights `arrays`.

    If `mirrored`, it answers with the mean of what it says of a picture and of its mirror image.
    """
    graph = _Graph(arrays)
    grey = _grey(graph)
    side = network.side
    logits = _logits(graph, network, grey)
    if mirrored:
        turned = graph.node("Gather", grey, graph.whole("mirror", range(side)[::-1]), axis=3)
        both = graph.node("Add", logits, _logits(graph, network, turned))
        logits = graph.node("Mul", both, graph.constant("half", np.array([0.5])))
    graph.node("Softmax", logits, axis=1, output=OUTPUT)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            network.name,
            [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [1, 3, side, side])],
            [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [1, network.classes])],
            graph.constants,
        ),
        producer_name=producer,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


def _logits(graph: _Graph, network: Network, grey: str) -> str:
    kept = {"picture": _standardised(graph, grey)}
    for step in network.steps:
        kept[step.name] = _run(graph, step, [kept[name] for name in step.inputs])
    logits = kept[network.result]
    if network.steps[-1].side > 1:
        logits = graph.node("ReduceMean", logits, axes=[2, 3], keepdims=1)
    return graph.node("Flatten", logits, axis=1)


class _Graph:
    """The nodes so far; `node` adds one and returns the name of what comes out."""

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self.arrays = arrays
        self.nodes: list[onnx.NodeProto] = []
        self._arrays: dict[str, np.ndarray] = {}

    def node(self, kind: str, *inputs: str, output: str = "", **attributes: object) -> str:
        output = output or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, name: str, array: np.ndarray) -> str:
        return self._named(name, array.astype(np.float32))

    def whole(self, name: str, numbers: Sequence[int]) -> str:
        return self._named(name, np.array(numbers, np.int64))

    @property
    def constants(self) -> list[onnx.TensorProto]:
        return [numpy_helper.from_array(array, name) for name, array in self._arrays.items()]

    def _named(self, name: str, array: np.ndarray) -> str:
        # What is used twice is kept once.
        assert np.array_equal(self._arrays.setdefault(name, array), array)
        return name

    def weight(self, name: str) -> str:
        return self.constant(name, self.arrays[name])


def _grey(graph: _Graph) -> str:
    """From ImageNet-normalised RGB to grey 0..255, in one convolution."""
    weight = 255 * GREY_OF_RGB * IMAGENET_DEVIATION
    bias = 255 * float(GREY_OF_RGB @ IMAGENET_MEAN)
    names = (
        graph.constant("grey.weight", weight.reshape(1, 3, 1, 1)),
        graph.constant("grey.bias", np.array([bias])),
    )
    return graph.node("Conv", INPUT, *names, kernel_shape=[1, 1])


def _standardised(graph: _Graph, grey: str) -> str:
    axes = {"axes": [1, 2, 3], "keepdims": 1}
    grey = graph.node("Sub", grey, graph.node("ReduceMean", grey, **axes))
    variance = graph.node("ReduceMean", graph.node("Mul", grey, grey), **axes)
    epsilon = graph.constant("grey.epsilon", np.array([GREY_EPSILON]))
    return graph.node("Div", grey, graph.node("Sqrt", graph.node("Add", variance, epsilon)))


def _run(graph: _Graph, step: Step, inputs: list[str]) -> str:
    if step.kind in PLAIN:
        return graph.node(PLAIN[step.kind], *inputs)
    if step.kind == "concat":
        return graph.node("Concat", *inputs, axis=1)
    (x,) = inputs
    if step.kind == "dropout":
        return x
    if step.kind == "relu6":
        limits = (graph.constant(f"{step.name}.{end}", np.array(end)) for end in (0, 6))
        return graph.node("Clip", x, *limits)
    if step.kind == "mean":
        return graph.node("ReduceMean", x, axes=[2, 3], keepdims=1)
    if step.kind == "resize":
        return _resized(graph, x, step)
    if step.kind == "prelu":
        slopes = graph.arrays[f"{step.name}.weight"].reshape(-1, 1, 1)
        return graph.node("PRelu", x, graph.constant(f"{step.name}.weight", slopes))
    if step.kind == "norm":
        parts = ("weight", "bias", "running_mean", "running_var")
        names = (graph.weight(f"{step.name}.{part}") for part in parts)
        return graph.node("BatchNormalization", x, *names, epsilon=BATCH_NORM_EPSILON)
    window = {
        "kernel_shape": [step.kernel] * 2,
        "strides": [step.stride] * 2,
        "pads": [step.pad[0]] * 2 + [step.pad[1]] * 2,
    }
    if step.kind in ("maximum", "average"):
        kind = "MaxPool" if step.kind == "maximum" else "AveragePool"
        return graph.node(kind, x, **window)
    names = [graph.weight(f"{step.name}.weight")]
    if step.bias:
        names.append(graph.weight(f"{step.name}.bias"))
    return graph.node("Conv", x, *names, group=step.groups, **window)


def _resized(graph: _Graph, x: str, step: Step) -> str:
    # This opset wants a region and scales, and takes them as not given if they are empty.
    empty = graph.constant(f"{step.name}.empty", np.empty(0))
    size = graph.whole(f"{step.name}.size", (1, step.channels, step.side, step.side))
    how = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
    return graph.node("Resize", x, empty, empty, size, **how)
