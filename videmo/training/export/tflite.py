"""A trained network as TFLite files: Keras -> SavedModel -> TFLite, float32 or all in int8.

Shorter roads wrote broken files without a word (Keras 3, TensorFlow 2.21). Runs in a process of its
own that loads TensorFlow and nothing else of its kind.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from videmo.training.export.compact import compact
from videmo.training.export.depthwise import with_float_depthwise
from videmo.training.export.equalise import equalised
from videmo.training.export.tflite_file import opened, versions
from videmo.training.network import in_keras
from videmo.training.network.drawing import Network

KNOWN_OPERATORS = {
    "ADD": 2,
    "AVERAGE_POOL_2D": 2,
    "CONCATENATION": 2,
    "CONV_2D": 5,
    "DEPTHWISE_CONV_2D": 6,
    "DEQUANTIZE": 3,
    "ELU": 1,
    "LOGISTIC": 2,
    "MAX_POOL_2D": 2,
    "MEAN": 2,
    "MUL": 2,
    "PRELU": 1,
    "QUANTIZE": 2,
    "RESIZE_BILINEAR": 3,
    "RSQRT": 2,
    "SOFTMAX": 2,
    "SQUARED_DIFFERENCE": 2,
    "STRIDED_SLICE": 1,
    "SUB": 3,
}
"""What runs on old runtimes too, and the newest version of each: no flex, no dense, no reshape."""

TOGETHER = 32
"""Pictures whose maps are looked at at once."""

VERSIONS = {"keras": keras.__version__, "tensorflow": tf.__version__}


def convert(
    network: Network,
    arrays: Mapping[str, np.ndarray],
    typical: np.ndarray | None = None,
    *,
    weights: str = "float32",
) -> bytes:
    """The file of `network`: float32, or int8 if `typical` pictures ``(n, s, s)`` are given.

    The float32 file's batch is 1, and may be resized. How its `weights` are kept: ``float32``;
    ``float16``, in half the bytes, which a runtime widens once, when it loads the file, and then
    computes in float32; or ``dynamic``, as int8 in a quarter of the bytes (TFLite's "dynamic range
    quantization"): what a convolution takes in is rounded to 8 bits by its own range, picture by
    picture, and all else is float32 (depthwise weights float16). That is some three times as fast
    where XNNPACK runs it.
    The int8 file takes grey levels as uint8 and gives scores as uint8; how large the values in it
    can be is learnt from the typical pictures, after channels were brought to like sizes.
    """
    if typical is not None:
        arrays = equalised(network, arrays, _highest(network, typical))
    model = in_keras.build(network)
    in_keras.set_weights(model, arrays)
    shape = (1, network.side, network.side, 1)
    with tempfile.TemporaryDirectory() as folder:
        signature = [keras.InputSpec(shape=shape, dtype="float32", name="grey")]
        model.export(folder, "tf_saved_model", input_signature=signature, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if typical is not None:
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: _one_by_one(typical)
            converter.inference_input_type = converter.inference_output_type = tf.uint8
        elif weights == "float16":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        elif weights == "dynamic":
            exact = converter.convert()
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            return compact(with_float_depthwise(converter.convert(), exact))
        return compact(converter.convert())


def _highest(
    network: Network, typical: np.ndarray
) -> Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]]:
    """What gives, for weights, the highest magnitudes in the maps of `typical` pictures."""
    model = in_keras.build_maps(network)

    def highest(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        in_keras.set_weights(model, arrays)
        found: dict[str, np.ndarray] = {}
        for start in range(0, len(typical), TOGETHER):
            grey = typical[start : start + TOGETHER, :, :, None].astype(np.float32)
            for step, values in zip(network.steps, model(grey), strict=True):
                top = np.abs(values).max(axis=(0, 1, 2))
                found[step.name] = np.maximum(found.get(step.name, top), top)
        return found

    return highest


def operators(content: bytes) -> dict[str, int]:
    """The operators that a TFLite file uses, each with its newest version."""
    return versions(opened(content))


def _one_by_one(images: np.ndarray) -> Iterator[list[np.ndarray]]:
    for image in images:
        yield [image[None, :, :, None].astype(np.float32)]
