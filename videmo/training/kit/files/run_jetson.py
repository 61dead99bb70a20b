#!/usr/bin/env python3
"""Find faces and their emotions, on the GPU by jetson-inference.

Use: python3 run_jetson.py PICTURE|MOVIE|CAMERA ...

Prints a line for each face: source, frame, x, y, w, h, emotion, score. The first start builds an
engine beside the ONNX, which takes minutes: this folder must be writable, its path without spaces.
"""

import os
import sys

import numpy as np

try:
    from jetson_inference import imageNet
    from jetson_utils import cudaFromNumpy
except ImportError:  # older releases
    from jetson.inference import imageNet
    from jetson.utils import cudaFromNumpy

from run_tflite import HERE, faces, manifest, resized, say


def main():
    about = manifest()["input"]
    net = imageNet(
        model=os.path.join(HERE, "emotion_jetson.onnx"),
        labels=os.path.join(HERE, "labels.txt"),
        input_blob="input_0",
        output_blob="output_0",
    )
    for source in sys.argv[1:]:
        for index, box, face in faces(source, about["crop"]):
            # As large as the network sees it: jetson-inference takes the nearest pixels.
            face = resized(face, about["side"])
            rgb = np.ascontiguousarray(np.repeat(face[:, :, None], 3, axis=2))
            best, score = net.Classify(cudaFromNumpy(rgb))
            say(source, index, box, net.GetClassDesc(best), score)


if __name__ == "__main__":
    main()
