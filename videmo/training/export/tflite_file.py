"""A TFLite file taken apart, its operators by their names, and put together again."""

from __future__ import annotations

import flatbuffers
import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

IDENTIFIER = b"TFL3"

NUMBERS: dict[str, int] = {
    name: value for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)
}
NAMES = {number: name for name, number in NUMBERS.items()}


def opened(content: bytes) -> schema.ModelT:
    return schema.ModelT.InitFromPackedBuf(content, 0)


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


def kind_of(model: schema.ModelT, operator: schema.OperatorT) -> str:
    """What an operator does, by its name in capitals."""
    return _name(model.operatorCodes[operator.opcodeIndex])


def versions(model: schema.ModelT) -> dict[str, int]:
    """The kinds of operators in a file, each with its newest version."""
    found: dict[str, int] = {}
    for code in model.operatorCodes:
        found[_name(code)] = max(code.version, found.get(_name(code), 0))
    return found


def code_of(model: schema.ModelT, kind: str, version: int) -> int:
    """The number under which operators of a kind and version stand in a file; added if need be."""
    there = [(_name(code), code.version) for code in model.operatorCodes]
    if (kind, version) not in there:
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = NUMBERS[kind]
        code.version = version
        model.operatorCodes.append(code)
        there.append((kind, version))
    return there.index((kind, version))


def _name(code: schema.OperatorCodeT) -> str:
    # Old runtimes read the deprecated one, which cannot hold all numbers.
    return NAMES[max(code.builtinCode, code.deprecatedBuiltinCode)]


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
