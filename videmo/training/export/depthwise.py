"""A TFLite file of dynamic range whose depthwise convolutions compute in float32.

XNNPACK computes ordinary convolutions in 8 bits by each picture's own range, depthwise ones not:
a runtime then takes its slow code for them, and the file is slower than the float32 one. They hold
few of the weights; kept as float16, which a runtime widens once, when it loads the file, they
take XNNPACK's float32 code.
"""

from __future__ import annotations

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

from videmo.training.export.tflite_file import code_of, kind_of, opened, packed

DEPTHWISE = "DEPTHWISE_CONV_2D"

DEQUANTIZE_VERSION = 3
"""The first that takes float16."""


def with_float_depthwise(dynamic: bytes, exact: bytes) -> bytes:
    """`dynamic`, with the depthwise weights of `exact`, the float32 file of the same network.

    A file without such weights in 8 bits stays as it is.
    """
    model, source = opened(dynamic), opened(exact)
    (graph,) = model.subgraphs
    rounded = [op for op in _depthwise(model) if _weights(model, op).type == schema.TensorType.INT8]
    if not rounded:
        return dynamic
    values = {_weights(source, op).name: _values(source, op) for op in _depthwise(source)}
    widened = code_of(model, "DEQUANTIZE", DEQUANTIZE_VERSION)
    widenings = []
    for operator in rounded:
        weights = _weights(model, operator)
        weights.type, weights.quantization = schema.TensorType.FLOAT16, None
        half = values[weights.name].astype(np.float16)
        model.buffers[weights.buffer].data = np.frombuffer(half.tobytes(), np.uint8)
        graph.tensors.append(_wide(weights))
        wide = len(graph.tensors) - 1
        widening = schema.OperatorT()
        widening.opcodeIndex = widened
        widening.inputs = np.array([operator.inputs[1]], np.int32)
        widening.outputs = np.array([wide], np.int32)
        widenings.append(widening)
        operator.inputs = np.array([operator.inputs[0], wide, *operator.inputs[2:]], np.int32)
    graph.operators = widenings + list(graph.operators)
    for operator in _depthwise(model):
        # That of weights in 8 bits was newer.
        model.operatorCodes[operator.opcodeIndex].version = 1
    return packed(model)


def _depthwise(model: schema.ModelT) -> list[schema.OperatorT]:
    return [op for op in model.subgraphs[0].operators if kind_of(model, op) == DEPTHWISE]


def _weights(model: schema.ModelT, operator: schema.OperatorT) -> schema.TensorT:
    return model.subgraphs[0].tensors[operator.inputs[1]]


def _values(model: schema.ModelT, operator: schema.OperatorT) -> np.ndarray:
    data = model.buffers[_weights(model, operator).buffer].data
    return np.frombuffer(bytes(data), np.float32)


def _wide(weights: schema.TensorT) -> schema.TensorT:
    """A tensor that holds `weights` once they are widened."""
    wide = schema.TensorT()
    wide.name, wide.shape = weights.name + b"_widened", weights.shape
    wide.type, wide.buffer = schema.TensorType.FLOAT32, 0
    return wide
