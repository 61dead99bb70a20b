"""A drawn network as a Keras model: the one from which TFLite files are made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from videmo.training.network.drawing import BATCH_NORM_EPSILON, GREY_EPSILON, Network, Step


def build(network: Network) -> keras.Model:
    """`network`: ``(n, side, side, 1)`` float32 grey 0..255 in, ``(n, classes)`` scores out."""
    grey, kept = _maps(network)
    # A mean over one place, too: a reshape would fix the batch's size.
    logits = layers.GlobalAveragePooling2D(name="logits")(kept[network.result])
    return keras.Model(grey, layers.Softmax(name="scores")(logits), name="emotion")


def build_maps(network: Network) -> keras.Model:
    """`network` with the map of each step as an output, in their order."""
    grey, kept = _maps(network)
    return keras.Model(grey, [kept[step.name] for step in network.steps])


def set_weights(model: keras.Model, arrays: Mapping[str, np.ndarray]) -> None:
    """Give `model` the weights of a trained network, by the names of its steps."""
    left = set(arrays)
    for layer in model.layers:
        if layer.weights:
            names = _names(layer)
            layer.set_weights([_as_keras(arrays[name], layer) for name in names])
            left -= set(names)
    if left:
        raise ValueError(f"weights without a layer: {', '.join(sorted(left))}")


def _maps(network: Network) -> tuple[Any, dict[str, Any]]:
    grey = keras.Input((network.side, network.side, 1), name="grey")
    kept: dict[str, Any] = {"picture": _standardised(grey)}
    for step in network.steps:
        kept[step.name] = _run(step, [kept[name] for name in step.inputs])
    return grey, kept


def _run(step: Step, inputs: list[Any]) -> Any:
    x = inputs[0]
    if step.kind in PLAIN:
        return PLAIN[step.kind](*inputs)
    if step.kind == "dropout":
        return x
    if step.kind == "resize":
        return ops.image.resize(x, (step.side, step.side), interpolation="bilinear")
    if step.kind == "norm":
        return layers.BatchNormalization(epsilon=BATCH_NORM_EPSILON, name=step.name)(x)
    if step.kind == "prelu":
        return layers.PReLU(shared_axes=[1, 2], name=step.name)(x)
    how = {"strides": step.stride, "padding": "same" if any(step.pad) else "valid"}
    if step.kind == "maximum":
        return layers.MaxPooling2D(step.kernel, **how)(x)
    how |= {"use_bias": step.bias, "name": step.name}
    if step.kind == "depthwise":
        return layers.DepthwiseConv2D(step.kernel, **how)(x)
    return layers.Conv2D(step.channels, step.kernel, groups=step.groups, **how)(x)


PLAIN = {
    "relu": lambda x: layers.ReLU()(x),
    "relu6": lambda x: layers.ReLU(max_value=6)(x),
    "elu": lambda x: layers.ELU()(x),
    "sigmoid": lambda x: layers.Activation("sigmoid")(x),
    "average": lambda x: layers.AveragePooling2D(2)(x),
    "mean": lambda x: layers.GlobalAveragePooling2D(keepdims=True)(x),
    "add": lambda x, y: layers.Add()([x, y]),
    "multiply": lambda x, y: layers.Multiply()([x, y]),
    "concat": lambda *several: layers.Concatenate()(list(several)),
}


def _standardised(grey: Any) -> Any:
    grey = grey - ops.mean(grey, axis=(1, 2), keepdims=True)
    return grey * ops.rsqrt(ops.mean(grey * grey, axis=(1, 2), keepdims=True) + GREY_EPSILON)


def _names(layer: keras.Layer) -> list[str]:
    if isinstance(layer, layers.BatchNormalization):
        parts = ("weight", "bias", "running_mean", "running_var")
    else:
        parts = ("weight", "bias")[: len(layer.weights)]
    return [f"{layer.name}.{part}" for part in parts]


def _as_keras(array: np.ndarray, layer: keras.Layer) -> np.ndarray:
    if isinstance(layer, layers.PReLU):
        return array.reshape(1, 1, -1)
    if array.ndim != 4:
        return array
    depthwise = isinstance(layer, layers.DepthwiseConv2D)
    return array.transpose(2, 3, 0, 1) if depthwise else array.transpose(2, 3, 1, 0)
