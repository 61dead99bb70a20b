#!/usr/bin/env python3
"""Find faces and their emotions, on the GPU by jetson-inference.

Use: python3 run_jetson.py PICTURE|MOVIE|CAMERA ...

Prints a line for each face: source, frame, x, y, w, h, emotion, score. The first start builds an
engine beside the ONNX, which takes minutes: this folder must be writable, its path without spaces.
"""

import os
import sys

import cv2
import numpy as np

try:
    from jetson_inference import imageNet
    from jetson_utils import cudaFromNumpy
except ImportError:  # older releases
    from jetson.inference import imageNet
    from jetson.utils import cudaFromNumpy

from run_tflite import CASCADE, HERE, frames, resized


def side_of():
    import json

    with open(os.path.join(HERE, "manifest.json")) as file:
        return json.load(file)["input"]["side"]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    side = side_of()
    net = imageNet(
        model=os.path.join(HERE, "emotion_jetson.onnx"),
        labels=os.path.join(HERE, "labels.txt"),
        input_blob="input_0",
        output_blob="output_0",
    )
    cascade = cv2.CascadeClassifier(CASCADE)
    for source in sys.argv[1:]:
        for index, grey in enumerate(frames(source)):
            smallest = max(24, int(0.08 * grey.shape[0]))
            for x, y, w, h in cascade.detectMultiScale(grey, 1.1, 5, minSize=(smallest,) * 2):
                # As large as the network sees it: jetson-inference takes the nearest pixels.
                face = resized(grey[y : y + h, x : x + w], side)
                rgb = np.ascontiguousarray(np.repeat(face[:, :, None], 3, axis=2))
                best, score = net.Classify(cudaFromNumpy(rgb))
                print(
                    "%s,%d,%d,%d,%d,%d,%s,%.4f"
                    % (source, index, x, y, w, h, net.GetClassDesc(best), score)
                )


if __name__ == "__main__":
    main()
