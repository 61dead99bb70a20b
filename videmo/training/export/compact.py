"""A TFLite file without what it only carries: long names of maps, and the same zeros many times.

Some tens of kilobytes in a file of a megabyte; what it computes stays, to the bit.
"""

from __future__ import annotations

import re

from tensorflow.lite.python import schema_py_generated as schema

from videmo.training.export.tflite_file import kind_of, opened, packed


def compact(content: bytes) -> bytes:
    """The same model in fewer bytes; weights keep the name of their layer."""
    model = opened(content)
    for graph in model.subgraphs:
        named = {int(i) for i in (*graph.inputs, *graph.outputs)}
        made = {int(i) for operator in graph.operators for i in operator.outputs}
        _name_slopes(model, graph)
        for i, tensor in enumerate(graph.tensors):
            if i not in named:
                tensor.name = b"%d" % i if i in made else _short(tensor.name)
    return packed(model)


def _name_slopes(model: schema.ModelT, graph: schema.SubGraphT) -> None:
    """Name the slopes of each PReLU after its layer; the converter calls them constants."""
    for operator in graph.operators:
        if kind_of(model, operator) == "PRELU":
            layer = graph.tensors[operator.outputs[0]].name.rpartition(b"/")[0]
            graph.tensors[operator.inputs[1]].name = layer + b"/slope"


def _short(name: bytes) -> bytes:
    """Of ``emotion_1/stem.norm_1/add;emotion_1/stem.conv_1/convolution`` the last, as
    ``stem.conv/convolution``: by it a layer's weights are found again."""
    parts = name.decode().split(";")
    kept = next((p for p in parts if re.search("/(convolution|depthwise|slope)", p)), parts[0])
    layer, _, what = kept.partition("/")[2].rpartition("/")
    return f"{re.sub(r'_[0-9]+$', '', layer)}/{what}".encode() if layer else kept.encode()
