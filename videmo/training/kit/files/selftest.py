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

from run_tflite import load

HERE = os.path.dirname(os.path.abspath(__file__))


def test(name, kind, expected, pictures):
    """One line about one model file; whether it passed, None if it cannot be run."""
    path = os.path.join(HERE, name)
    if not os.path.exists(path):
        return None
    try:
        runtime, classify = load(path)
    except Exception as error:  # whatever a runtime raises, it is an answer
        print("%-20s FAIL  %s" % (name, str(error).split("\n")[0]))
        return False
    wanted = np.array([crop["scores"] for crop in expected["crops"]])
    scores = np.array([classify(picture) for picture in pictures])
    far = float(np.abs(scores - wanted).max())
    # An int8 file may see two nearly equal scores the other way round.
    best = wanted[np.arange(len(wanted)), scores.argmax(1)]
    tolerance = expected["tolerance"][kind]
    same = (scores.argmax(1) == wanted.argmax(1)).sum()
    well = bool(np.isfinite(scores).all()) and far <= tolerance
    well = well and bool((best >= wanted.max(1) - 2 * tolerance).all())
    if kind == "float32":
        well = well and same == len(wanted)
    said = "PASS" if well else "FAIL"
    print(
        "%-20s %s  %s, %d of %d answers the same, scores at most %.5f away"
        % (name, said, runtime, same, len(wanted), far)
    )
    return well


def main():
    with open(os.path.join(HERE, "selftest", "expected.json")) as file:
        expected = json.load(file)
    pictures = []
    for crop in expected["crops"]:
        path = os.path.join(HERE, "selftest", crop["file"])
        picture = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
        if picture is None:
            sys.exit("%s: cannot be read; copy the kit again" % path)
        pictures.append(picture)
    print(
        "Python %s, numpy %s, OpenCV %s" % (sys.version.split()[0], np.__version__, cv2.__version__)
    )
    results = [
        test("emotion_f32.tflite", "float32", expected, pictures),
        test("emotion_int8.tflite", "int8", expected, pictures),
    ]
    try:
        import onnxruntime  # noqa: F401

        results.append(test("emotion_jetson.onnx", "float32", expected, pictures))
    except ImportError:
        print(
            "%-20s not tried: no onnxruntime (run_jetson.py does not need it)"
            % "emotion_jetson.onnx"
        )
    failed = [result for result in results if result is False]
    if results[0] is False:
        print("FAIL: do not use this runtime; see README.md")
    elif failed:
        print("PASS for emotion_f32.tflite; do not use what failed")
    else:
        print("PASS")
    sys.exit(1 if results[0] is False else 0)


if __name__ == "__main__":
    main()
