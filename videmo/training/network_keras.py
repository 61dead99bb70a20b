"""A `Plan` as a Keras model: the one that is exported, with the weights of the trained one."""

from __future__ import annotations

from collections.abc import Mapping

import keras
import numpy as np
from keras import layers, ops

from videmo.schema import EMOTIONS
from videmo.training.dataset import SIDE
from videmo.training.network import BATCH_NORM_EPSILON, GREY_EPSILON, Block, Plan


def build(plan: Plan) -> keras.Model:
    """The network of `plan`: ``(n, 48, 48, 1)`` float32 grey 0..255 in, ``(n, 7)`` scores out."""
    grey = keras.Input((SIDE, SIDE, 1), name="grey")
    x = layers.ReLU()(_conv_norm(_standardised(grey), plan.stem, "stem"))
    for block in plan.blocks():
        x = _residual(x, block, plan.squeeze)
    # The head comes before the pooling: a dense layer or a reshape would fix the batch's size.
    x = layers.Conv2D(len(EMOTIONS), 1, name="head")(x)
    scores = layers.Softmax(name="scores")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(grey, scores, name="emotion")


def set_weights(model: keras.Model, arrays: Mapping[str, np.ndarray]) -> None:
    """Give `model` the weights of a `network_torch.Network`, by the names of its state."""
    left = set(arrays)
    for layer in model.layers:
        if layer.weights:
            names = _torch_names(layer)
            layer.set_weights([_as_keras(arrays[name]) for name in names])
            left -= set(names)
    if left:
        raise ValueError(f"weights without a layer: {', '.join(sorted(left))}")


def _conv_norm(x, channels: int, name: str, *, kernel: int = 3, stride: int = 1):
    conv = layers.Conv2D(
        channels, kernel, strides=stride, padding="same", use_bias=False, name=f"{name}.conv"
    )
    return layers.BatchNormalization(epsilon=BATCH_NORM_EPSILON, name=f"{name}.norm")(conv(x))


def _residual(x, block: Block, squeeze: int):
    name = f"blocks.{block.name}"
    y = _conv_norm(x, block.outputs, f"{name}.first", stride=2 if block.halves else 1)
    y = _conv_norm(layers.ReLU()(y), block.outputs, f"{name}.second")
    y = _gated(y, squeeze, f"{name}.gate")
    if block.halves:
        x = layers.AveragePooling2D(2)(x)
    if block.projects:
        x = _conv_norm(x, block.outputs, f"{name}.shortcut", kernel=1)
    return layers.ReLU()(layers.Add()([x, y]))


def _gated(x, squeeze: int, name: str):
    channels = x.shape[-1]
    mean = layers.GlobalAveragePooling2D(keepdims=True)(x)
    narrow = layers.Conv2D(channels // squeeze, 1, activation="relu", name=f"{name}.narrow")(mean)
    gate = layers.Conv2D(channels, 1, activation="sigmoid", name=f"{name}.widen")(narrow)
    return layers.Multiply()([x, gate])


def _standardised(grey):
    grey = grey - ops.mean(grey, axis=(1, 2), keepdims=True)
    return grey * ops.rsqrt(ops.mean(grey * grey, axis=(1, 2), keepdims=True) + GREY_EPSILON)


def _torch_names(layer: keras.Layer) -> list[str]:
    if isinstance(layer, layers.BatchNormalization):
        parts = ("weight", "bias", "running_mean", "running_var")
    else:
        parts = ("weight", "bias")[: len(layer.weights)]
    return [f"{layer.name}.{part}" for part in parts]


def _as_keras(array: np.ndarray) -> np.ndarray:
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array
