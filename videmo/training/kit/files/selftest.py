#!/usr/bin/env python3
"""Say whether this machine's runtime gives the scores that it should.

Use: python3 selftest.py

Some old runtimes give wrong scores for files that they do not quite know, without any error.
Python 3.6 or newer, numpy and cv2. Ends with 0 if all is well.
"""

import json
import os
import sys

import cv2
import numpy as np

from run_tflite import HERE, load


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
    wanted, tolerance = np.array(expected["scores"][kind]), expected["tolerance"][kind]
    far = float(np.abs(scores - wanted).max())
    well = far <= tolerance  # so that NaN fails too
    same = (scores.argmax(1) == wanted.argmax(1)).sum()
    print(
        "%-20s %s  %s, %d of %d answers the same, scores at most %.5f away"
        % (name, "PASS" if well else "FAIL", runtime, same, len(wanted), far)
    )
    return well


def main():
    with open(os.path.join(HERE, "selftest", "expected.json")) as file:
        expected = json.load(file)
    pictures = []
    for name in expected["crops"]:
        path = os.path.join(HERE, "selftest", name)
        pictures.append(cv2.imread(path, cv2.IMREAD_GRAYSCALE))
        if pictures[-1] is None:
            sys.exit("%s: cannot be read; copy the kit again" % path)
    versions = (sys.version.split()[0], np.__version__, cv2.__version__)
    print("Python %s, numpy %s, OpenCV %s" % versions)
    names = ["emotion_f32.tflite", "emotion_int8.tflite"]
    try:
        import onnxruntime  # noqa: F401

        names.append("emotion_jetson.onnx")
    except ImportError:
        print("emotion_jetson.onnx  not tried: no onnxruntime (run_jetson.py does not need it)")
    results = [test(name, expected, pictures) for name in names]
    if not results[0]:
        print("FAIL: do not use this runtime; see README.md")
    elif False in results:
        print("PASS for emotion_f32.tflite; do not use what failed")
    else:
        print("PASS")
    sys.exit(0 if results[0] else 1)


if __name__ == "__main__":
    main()
