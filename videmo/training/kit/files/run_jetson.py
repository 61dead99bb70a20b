#!/usr/bin/env python3
"""Find faces and their emotions, on the GPU by jetson-inference: as run_tflite.py does it.

The first start builds an engine beside the ONNX, which takes minutes: this folder must be writable,
its path without spaces.
"""

import os

import numpy as np

try:
    from jetson_inference import imageNet
    from jetson_utils import cudaFromNumpy
except ImportError:  # older releases
    from jetson.inference import imageNet
    from jetson.utils import cudaFromNumpy

from run_tflite import HERE, manifest, resized, run


def load():
    """What makes of grey pixels a label and its score."""
    files = {"model": "emotion_jetson.onnx", "labels": "labels.txt"}
    files = {name: os.path.join(HERE, file) for name, file in files.items()}
    net = imageNet(input_blob="input_0", output_blob="output_0", **files)
    side = manifest()["input"]["side"]

    def classify(grey):
        # As large as the network sees it: jetson-inference takes the nearest pixels.
        face = resized(grey, side)
        rgb = np.ascontiguousarray(np.repeat(face[:, :, None], 3, axis=2))
        best, score = net.Classify(cudaFromNumpy(rgb))
        return net.GetClassDesc(best), score

    return classify


if __name__ == "__main__":
    run(load())
