#!/usr/bin/env python3
"""Find faces and their emotions, on the processor.

Use: python3 run_tflite.py PICTURE|MOVIE|CAMERA ...

Prints a line for each face: source, frame, x, y, w, h, emotion, score. CAMERA is a number: 0.
A model that learnt from whole pictures is given these: a line for each of them.
Python 3.6 or newer, numpy, cv2, and one of ai_edge_litert, tflite_runtime, tensorflow, onnxruntime.
"""

import json
import os
import sys

import cv2
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
MODEL = os.path.join(HERE, "emotion_f32.tflite")
CASCADE = os.path.join(HERE, "haarcascade_frontalface_default.xml")
RUNTIMES = ("ai_edge_litert", "tflite_runtime", "tensorflow.lite")
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


def load(path):
    """The name of a runtime, and a function: grey uint8 picture, any size -> scores."""
    if path.endswith(".onnx"):
        return load_onnx(path)
    name, interpreter = interpreter_of(path)
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]
    result = interpreter.get_output_details()[0]
    side = int(source["shape"][1])

    def classify(grey):
        grey = resized(grey, side)[None, :, :, None]
        if source["dtype"] == np.float32:
            values = grey.astype(np.float32)
        else:
            scale, zero = source["quantization"]
            limits = np.iinfo(source["dtype"])
            values = np.clip(np.rint(grey / scale) + zero, limits.min, limits.max)
            values = values.astype(source["dtype"])
        interpreter.set_tensor(source["index"], values)
        interpreter.invoke()
        scores = interpreter.get_tensor(result["index"])[0]
        if result["dtype"] != np.float32:
            scale, zero = result["quantization"]
            scores = (scores.astype(np.float32) - zero) * scale
            scores = scores / max(scores.sum(), scale)
        return scores

    return name, classify


def interpreter_of(path):
    """The first runtime that is there, with the model in it."""
    import importlib

    for package in RUNTIMES:
        try:
            module = importlib.import_module(
                package + ".interpreter" if package != "tensorflow.lite" else package
            )
        except ImportError:
            continue
        version = getattr(importlib.import_module(package.split(".")[0]), "__version__", "")
        return (package + " " + version).strip(), module.Interpreter(model_path=path)
    raise RuntimeError("no TFLite runtime: run install_jetpack4.sh or install_jetpack6.sh")


def load_onnx(path):
    """The ONNX by onnxruntime, with the preprocessing that jetson-inference has."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    side = session.get_inputs()[0].shape[2]

    def classify(grey):
        grey = resized(grey, side).astype(np.float32) / 255
        values = (grey[:, :, None] - MEAN) / DEVIATION
        values = np.ascontiguousarray(values.transpose(2, 0, 1)[None], np.float32)
        return session.run(["output_0"], {"input_0": values})[0][0]

    return "onnxruntime " + onnxruntime.__version__, classify


def resized(grey, side):
    if grey.shape == (side, side):
        return grey
    how = cv2.INTER_AREA if grey.shape[1] > side else cv2.INTER_LINEAR
    return cv2.resize(grey, (side, side), interpolation=how)


def frames(source):
    """Each picture of `source`, in grey."""
    picture = None if source.isdigit() else cv2.imread(source, cv2.IMREAD_GRAYSCALE)
    if picture is not None:
        yield picture
        return
    capture = cv2.VideoCapture(int(source) if source.isdigit() else source)
    if not capture.isOpened():
        sys.exit("%s: cannot be opened" % source)
    while True:
        done, picture = capture.read()
        if not done:
            break
        yield cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)


def finder(crop):
    """A function: grey picture -> the places to classify, each x, y, w, h."""
    if crop == "frame":
        return lambda grey: [(0, 0, grey.shape[1], grey.shape[0])]
    cascade = cv2.CascadeClassifier(CASCADE)

    def find(grey):
        side = max(24, int(0.08 * grey.shape[0]))
        return cascade.detectMultiScale(grey, 1.1, 5, minSize=(side, side))

    return find


def manifest():
    with open(os.path.join(HERE, "manifest.json")) as file:
        return json.load(file)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    about = manifest()
    labels = about["labels"]
    runtime, classify = load(MODEL)
    sys.stderr.write(runtime + "\n")
    find = finder(about["input"]["crop"])
    for source in sys.argv[1:]:
        for index, grey in enumerate(frames(source)):
            for x, y, w, h in find(grey):
                scores = classify(grey[y : y + h, x : x + w])
                best = int(np.argmax(scores))
                print(
                    "%s,%d,%d,%d,%d,%d,%s,%.4f"
                    % (source, index, x, y, w, h, labels[best], scores[best])
                )


if __name__ == "__main__":
    main()
