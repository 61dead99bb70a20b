"""A TFLite file that looks at a picture and at its mirror image, and answers with the mean of both.

What computes is there twice, its weights are there once, so that the file hardly grows; whoever
runs it gets the answer of both without knowing of it, in twice the time.
"""

from __future__ import annotations

from copy import copy

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

from videmo.training.export.tflite_file import code_of, kind_of, opened, packed

ALL_AXES = 0b1111
"""Slices from one end to the other, however large an axis is: the batch's size may change."""


def with_mirror_image(content: bytes) -> bytes:
    """`content`, a file of ours that ends with a mean over all places and a softmax, whose mean is
    then taken over the places of both maps: of the logits, that is.

    Float or whole numbers, with weights of any kind.

    Raises:
        ValueError: it ends in another way.
    """
    model = opened(content)
    (graph,) = model.subgraphs
    at = _last_mean(model)
    body, mean = graph.operators[:at], graph.operators[at]
    picture, logits = int(graph.inputs[0]), int(mean.inputs[0])
    turned = _like(graph, picture)
    mirrored = {picture: turned}
    again = []
    for operator in body:
        # What does not hang on the picture (weights that are widened) is done once.
        if not mirrored.keys() & {int(i) for i in operator.inputs}:
            continue
        mirrored |= {int(i): _like(graph, int(i)) for i in operator.outputs}
        again.append(_with(operator, mirrored))
    both = _like(graph, logits)
    for what in ("shape", "shapeSignature"):
        size = getattr(graph.tensors[logits], what)
        if size is not None:
            setattr(graph.tensors[both], what, np.array(size) * [1, 2, 1, 1])
    mean.inputs = np.array([both, *mean.inputs[1:]], np.int32)
    graph.operators = [
        *body,
        _turning(model, picture, turned),
        *again,
        _above(model, (logits, mirrored[logits]), both),
        *graph.operators[at:],
    ]
    return packed(model)


def _last_mean(model: schema.ModelT) -> int:
    """Where the mean stands of which the softmax is taken."""
    (graph,) = model.subgraphs
    kinds = [kind_of(model, operator) for operator in graph.operators]
    if kinds.count("SOFTMAX") == 1:
        taken = int(graph.operators[kinds.index("SOFTMAX")].inputs[0])
        for i, operator in enumerate(graph.operators):
            if kinds[i] == "MEAN" and int(operator.outputs[0]) == taken:
                return i
    raise ValueError("does not end with a mean and a softmax")


def _like(graph: schema.SubGraphT, i: int) -> int:
    """The number of a new tensor of the kind of `i`."""
    tensor = copy(graph.tensors[i])
    tensor.buffer = 0  # nothing is in it before something is computed
    graph.tensors.append(tensor)
    number = len(graph.tensors) - 1
    tensor.name = b"%d" % number
    return number


def _with(operator: schema.OperatorT, other: dict[int, int]) -> schema.OperatorT:
    """`operator`, with other tensors where there are such."""
    result = copy(operator)
    for side in ("inputs", "outputs"):
        numbers = [other.get(int(i), int(i)) for i in getattr(operator, side)]
        setattr(result, side, np.array(numbers, np.int32))
    return result


def _turning(model: schema.ModelT, picture: int, turned: int) -> schema.OperatorT:
    """What swaps left and right: a slice that runs backwards."""
    options = schema.StridedSliceOptionsT()
    options.beginMask = options.endMask = ALL_AXES
    begin, end, strides = (_constant(model, n) for n in ((0,) * 4, (0,) * 4, (1, 1, -1, 1)))
    operator = schema.OperatorT()
    operator.opcodeIndex = code_of(model, "STRIDED_SLICE", 1)
    operator.inputs = np.array([picture, begin, end, strides], np.int32)
    operator.outputs = np.array([turned], np.int32)
    operator.builtinOptions = options
    operator.builtinOptionsType = schema.BuiltinOptions.StridedSliceOptions
    return operator


def _above(model: schema.ModelT, maps: tuple[int, int], both: int) -> schema.OperatorT:
    """What makes one map of two, one above the other."""
    options = schema.ConcatenationOptionsT()
    options.axis = 1
    whole = model.subgraphs[0].tensors[both].type == schema.TensorType.INT8
    operator = schema.OperatorT()
    operator.opcodeIndex = code_of(model, "CONCATENATION", 2 if whole else 1)
    operator.inputs, operator.outputs = np.array(maps, np.int32), np.array([both], np.int32)
    operator.builtinOptions = options
    operator.builtinOptionsType = schema.BuiltinOptions.ConcatenationOptions
    return operator


def _constant(model: schema.ModelT, numbers: tuple[int, ...]) -> int:
    """The number of a new tensor that holds `numbers`."""
    buffer, tensor = schema.BufferT(), schema.TensorT()
    buffer.data = np.frombuffer(np.array(numbers, "<i4").tobytes(), np.uint8)
    model.buffers.append(buffer)
    tensors = model.subgraphs[0].tensors
    tensor.buffer, tensor.type = len(model.buffers) - 1, schema.TensorType.INT32
    tensor.shape, tensor.name = np.array([len(numbers)], np.int32), b"%d" % len(tensors)
    tensors.append(tensor)
    return len(tensors) - 1
