"""A TFLite file without what it only carries: long names of maps, and the same zeros many times.

Some tens of kilobytes in a file of a megabyte; what it computes stays, to the bit.
"""

from __future__ import annotations

import re

import flatbuffers
import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

IDENTIFIER = b"TFL3"


class _Quantization(schema.QuantizationParametersT):  # type: ignore[misc]
    """How a tensor is rounded; equal lists of zero points are written once a file.

    Runtimes want one zero point for each channel, all 0 where weights are concerned.
    """

    def __init__(self, old: schema.QuantizationParametersT, written: dict[bytes, int]) -> None:
        super().__init__()
        vars(self).update(vars(old))
        self._written = written

    def Pack(self, builder: flatbuffers.Builder) -> int:
        points = np.asarray(self.zeroPoint, np.int64)
        key = points.tobytes()
        if key not in self._written:
            self._written[key] = builder.CreateNumpyVector(points)
        scales = builder.CreateNumpyVector(np.asarray(self.scale, np.float32))
        schema.QuantizationParametersStart(builder)
        schema.QuantizationParametersAddScale(builder, scales)
        schema.QuantizationParametersAddZeroPoint(builder, self._written[key])
        schema.QuantizationParametersAddQuantizedDimension(builder, self.quantizedDimension)
        return int(schema.QuantizationParametersEnd(builder))


def compact(content: bytes) -> bytes:
    """The same model in fewer bytes; weights keep the name of their layer."""
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for graph in model.subgraphs:
        named = {int(i) for i in (*graph.inputs, *graph.outputs)}
        made = {int(i) for operator in graph.operators for i in operator.outputs}
        _name_slopes(model, graph)
        for i, tensor in enumerate(graph.tensors):
            if i not in named:
                tensor.name = b"%d" % i if i in made else _short(tensor.name)
    return packed(model)


def packed(model: schema.ModelT) -> bytes:
    """The file of `model`, with equal zero points once."""
    written: dict[bytes, int] = {}
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            how = tensor.quantization
            if how is not None and how.scale is not None and how.zeroPoint is not None:
                tensor.quantization = _Quantization(how, written)
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())


def _name_slopes(model: schema.ModelT, graph: schema.SubGraphT) -> None:
    """Name the slopes of each PReLU after its layer; the converter calls them constants."""
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        if schema.BuiltinOperator.PRELU in (code.builtinCode, code.deprecatedBuiltinCode):
            layer = graph.tensors[operator.outputs[0]].name.rpartition(b"/")[0]
            graph.tensors[operator.inputs[1]].name = layer + b"/slope"


def _short(name: bytes) -> bytes:
    """Of ``emotion_1/stem.norm_1/add;emotion_1/stem.conv_1/convolution`` the last, as
    ``stem.conv/convolution``: by it a layer's weights are found again."""
    parts = name.decode().split(";")
    kept = next((p for p in parts if re.search("/(convolution|depthwise|slope)", p)), parts[0])
    layer, _, what = kept.partition("/")[2].rpartition("/")
    return f"{re.sub(r'_[0-9]+$', '', layer)}/{what}".encode() if layer else kept.encode()
