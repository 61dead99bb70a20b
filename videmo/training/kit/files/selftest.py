#!/usr/bin/env python3
"""Say whether this machine's runtime gives the scores that it should.

Some old runtimes give wrong scores for files that they do not quite know, without any error.
Python 3.6 or newer, numpy and cv2. Ends with 0 if all is well.
"""

import importlib
import json
import os
import sys

import cv2
import numpy as np

from run_tflite import HERE, load, looker

NEAR = 0.5  # of the area of two boxes together, what they must share to be of one face


def test(name, expected, pictures):
    """One line about one model file; whether it passed, None if it is not there."""
    if not os.path.exists(os.path.join(HERE, name)):
        return None
    try:
        runtime, classify = load(name)
        scores = np.array([classify(picture) for picture in pictures])
    except Exception as error:  # whatever a runtime raises, it is an answer
        print("%-20s FAIL  %s" % (name, str(error).split("\n")[0]))
        return False
    kind = "int8" if "int8" in name else "float32"
    wanted = np.array(expected["scores"][kind])
    far = float(np.abs(scores - wanted).max())
    well = far <= expected["tolerance"][kind]  # so that NaN fails too
    said = (name, "PASS" if well else "FAIL", runtime, far)
    print("%-20s %s  %s, scores at most %.5f away" % said)
    return well


def test_places(expected):
    """One line about where the programs look in a picture with one face; whether it is right."""
    grey = cv2.imread(os.path.join(HERE, expected["picture"]), cv2.IMREAD_GRAYSCALE)
    places = [[int(value) for value in place] for place in looker()(grey)]
    wanted = expected["places"]
    near = len(places) == len(wanted) and all(map(overlap, sorted(places), sorted(wanted)))
    said = ("where it looks", "PASS" if near else "FAIL", places, wanted)
    print("%-20s %s  at %s, should be %s" % said)
    return near


def overlap(one, other):
    """Whether two boxes share most of their area."""
    across, down = (
        min(one[i] + one[i + 2], other[i] + other[i + 2]) - max(one[i], other[i]) for i in (0, 1)
    )
    shared = max(0, across) * max(0, down)
    return shared >= NEAR * (one[2] * one[3] + other[2] * other[3] - shared)


def main():
    with open(os.path.join(HERE, "selftest", "expected.json")) as file:
        expected = json.load(file)
    versions = (sys.version.split()[0], np.__version__, cv2.__version__)
    print("Python %s, numpy %s, OpenCV %s" % versions)
    files = [os.path.join(HERE, name) for name in expected["crops"]]
    pictures = [cv2.imread(file, cv2.IMREAD_GRAYSCALE) for file in files]
    if any(picture is None for picture in pictures):
        sys.exit("selftest: a picture cannot be read; copy the kit again")
    names = ["emotion_f32.tflite", "emotion_int8.tflite", "emotion_jetson.onnx"]
    try:
        importlib.import_module("onnxruntime")
    except ImportError:
        print("%s  not tried: no onnxruntime (run_jetson.py does not need it)" % names.pop())
    results = [test(name, expected, pictures) for name in names]
    if not test_places(expected):
        print("FAIL: it does not look where the model learnt to; copy the kit again")
        sys.exit(1)
    if not results[0]:
        print("FAIL: do not use this runtime; see README.md")
    elif False in results:
        print("PASS for emotion_f32.tflite; do not use what failed")
    else:
        print("PASS")
    sys.exit(0 if results[0] else 1)


if __name__ == "__main__":
    main()
