"""A TFLite file that looks at a picture and at its mirror image, and answers with the mean of both.

What computes is there twice, its weights are there once, so that the file hardly grows; whoever
runs it gets the better answer without knowing of it, in twice the time.
"""

from __future__ import annotations

from copy import copy

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

from videmo.training.export.compact import packed

Kind = schema.BuiltinOperator

ALL_AXES = 0b1111
"""Slices from one end to the other, however large an axis is: the batch's size may change."""


def with_mirror_image(content: bytes) -> bytes:
    """`content`, a file of ours that ends with a mean over all places and a softmax, whose mean is
    then taken over the places of both maps: of the logits, that is.

    Float or whole numbers, with weights of any kind.
    """
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    (graph,) = model.subgraphs
    kinds = [_kind(model.operatorCodes[operator.opcodeIndex]) for operator in graph.operators]
    end = max(i for i, kind in enumerate(kinds) if kind == Kind.MEAN)
    body, mean = graph.operators[:end], graph.operators[end]
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
    graph.tensors[both].shape = np.array(graph.tensors[logits].shape) * [1, 2, 1, 1]
    if graph.tensors[both].shapeSignature is not None:
        signature = np.array(graph.tensors[logits].shapeSignature)
        graph.tensors[both].shapeSignature = signature * [1, 2, 1, 1]
    mean.inputs = np.array([both, *mean.inputs[1:]], np.int32)
    graph.operators = [
        *body,
        _turning(model, picture, turned),
        *again,
        _beside(model, (logits, mirrored[logits]), both),
        *graph.operators[end:],
    ]
    return packed(model)


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
    ends = [_constant(model, numbers) for numbers in ((0,) * 4, (0,) * 4, (1, 1, -1, 1))]
    kind = (Kind.STRIDED_SLICE, 1)
    return _operator(model, kind, (picture, *ends), turned, options, "StridedSliceOptions")


def _beside(model: schema.ModelT, maps: tuple[int, int], both: int) -> schema.OperatorT:
    """What puts two maps into one, one above the other."""
    options = schema.ConcatenationOptionsT()
    options.axis = 1
    whole = model.subgraphs[0].tensors[both].type == schema.TensorType.INT8
    kind = (Kind.CONCATENATION, 2 if whole else 1)
    return _operator(model, kind, maps, both, options, "ConcatenationOptions")


def _operator(
    model: schema.ModelT,
    kind: tuple[int, int],
    inputs: tuple[int, ...],
    output: int,
    options: object,
    name: str,
) -> schema.OperatorT:
    """A new operator of a kind and version."""
    operator = schema.OperatorT()
    there = [(_kind(code), code.version) for code in model.operatorCodes]
    if kind not in there:
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = kind[0]
        code.version = kind[1]
        model.operatorCodes.append(code)
        there.append(kind)
    operator.opcodeIndex = there.index(kind)
    operator.inputs, operator.outputs = np.array(inputs, np.int32), np.array([output], np.int32)
    operator.builtinOptions = options
    operator.builtinOptionsType = getattr(schema.BuiltinOptions, name)
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


def _kind(code: schema.OperatorCodeT) -> int:
    return int(max(code.builtinCode, code.deprecatedBuiltinCode))
