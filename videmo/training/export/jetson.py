"""Run an ONNX file as jetson-inference would, but by onnxruntime and without a Jetson."""

from __future__ import annotations

import numpy as np

from videmo.errors import OutputError
from videmo.training.network.in_onnx import IMAGENET_DEVIATION, IMAGENET_MEAN, INPUT, OUTPUT


def preprocessed(rgb: np.ndarray, side: int) -> np.ndarray:
    """``(h, w, 3)`` uint8 RGB to ``(1, 3, side, side)`` float32, as its tensorConvert.cu does it.

    The nearest pixel of the picture, 0 to 1, ImageNet's mean and deviation, planes.
    """
    height, width = rgb.shape[:2]
    rows = (np.arange(side) * np.float32(height / side)).astype(int)
    columns = (np.arange(side) * np.float32(width / side)).astype(int)
    scaled = rgb[rows][:, columns].astype(np.float32) / np.float32(255)
    normal = (scaled - IMAGENET_MEAN.astype(np.float32)) / IMAGENET_DEVIATION.astype(np.float32)
    return np.ascontiguousarray(normal.transpose(2, 0, 1)[None])


def scores_of(content: bytes, images: np.ndarray) -> np.ndarray:
    """The scores ``(n, classes)`` of grey `images` ``(n, side, side)`` uint8.

    Raises:
        OutputError: the file does not keep jetson-inference's contract.
    """
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    side = images.shape[1]
    (source,), (result,) = session.get_inputs(), session.get_outputs()
    if (source.name, result.name) != (INPUT, OUTPUT) or source.shape != [1, 3, side, side]:
        raise OutputError(f"the ONNX takes {source.name} {source.shape}: not as jetson-inference")
    found = []
    for image in images:
        rgb = np.repeat(image[:, :, None], 3, axis=2)
        found.append(session.run([OUTPUT], {INPUT: preprocessed(rgb, side)})[0][0])
    return np.stack(found)
