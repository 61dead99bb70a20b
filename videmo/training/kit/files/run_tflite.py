#!/usr/bin/env python3
"""Find faces and their emotions, on the processor.

Use: python3 run_tflite.py PICTURE|MOVIE|CAMERA ...

Prints a line for each face: source, frame, x, y, w, h, emotion, score. CAMERA is a number: 0.
A model that learnt from whole pictures is given these: a line for each of them.
Python 3.6 or newer, numpy, cv2, and one of ai_edge_litert, tflite_runtime, tensorflow, onnxruntime.
"""

import importlib
import json
import os
import sys

import cv2
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
RUNTIMES = ("ai_edge_litert.interpreter", "tflite_runtime.interpreter", "tensorflow.lite")
MEAN, DEVIATION = np.array([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]], np.float32)


def load(name):
    """The name of a runtime, and a function: grey uint8 picture, any size -> scores."""
    path = os.path.join(HERE, name)
    if path.endswith(".onnx"):
        return load_onnx(path)
    for runtime in RUNTIMES:
        try:
            make = importlib.import_module(runtime).Interpreter
        except ImportError:
            continue
        package = runtime.split(".")[0]
        version = getattr(importlib.import_module(package), "__version__", "")
        return (package + " " + version).strip(), load_tflite(make(model_path=path))
    raise RuntimeError("no TFLite runtime: run install_jetpack4.sh or install_jetpack6.sh")


def load_tflite(interpreter):
    interpreter.allocate_tensors()
    source, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]

    def classify(grey):
        grey = resized(grey, source["shape"][1]).astype(np.float32)
        interpreter.set_tensor(source["index"], grey[None, :, :, None])
        interpreter.invoke()
        return interpreter.get_tensor(result["index"])[0]

    return classify


def load_onnx(path):
    """The ONNX by onnxruntime, with the preprocessing that jetson-inference has."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def classify(grey):
        grey = resized(grey, session.get_inputs()[0].shape[2])[:, :, None].astype(np.float32)
        values = ((grey / 255 - MEAN) / DEVIATION).transpose(2, 0, 1)[None]
        return session.run(["output_0"], {"input_0": np.ascontiguousarray(values)})[0][0]

    return "onnxruntime " + onnxruntime.__version__, classify


def resized(grey, side):
    if grey.shape == (side, side):
        return grey
    how = cv2.INTER_AREA if grey.shape[1] > side else cv2.INTER_LINEAR
    return cv2.resize(grey, (int(side), int(side)), interpolation=how)


def frames(source):
    """Each picture of `source`, in grey."""
    picture = None if source.isdigit() else cv2.imread(source, cv2.IMREAD_GRAYSCALE)
    if picture is not None:
        yield picture
        return
    capture = cv2.VideoCapture(int(source) if source.isdigit() else source)
    if not capture.isOpened():
        sys.exit("%s: cannot be opened" % source)
    done, picture = capture.read()
    while done:
        yield cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        done, picture = capture.read()


def looker():
    """What says at which places of a grey picture the model is to look: at faces, or at all of it.

    Places are (x, y, w, h) in pixels.
    """
    crop = manifest()["input"]["crop"]
    if crop == "frame":
        return lambda grey: [(0, 0, grey.shape[1], grey.shape[0])]
    if crop != "face":
        sys.exit("manifest.json: crop %r: this kit gives face or frame; export it again" % crop)
    find = cv2.CascadeClassifier(os.path.join(HERE, "haarcascade_frontalface_default.xml"))

    def faces(grey):
        least = max(24, int(0.08 * len(grey)))
        return find.detectMultiScale(grey, 1.1, 5, minSize=(least, least))

    return faces


def run(classify):
    """Print a line for each place; `classify` makes of grey pixels a label and its score."""
    if len(sys.argv) < 2:
        sys.exit("Use: python3 %s PICTURE|MOVIE|CAMERA ..." % sys.argv[0])
    places = looker()
    for source in sys.argv[1:]:
        for index, grey in enumerate(frames(source)):
            for x, y, w, h in places(grey):
                label, score = classify(grey[y : y + h, x : x + w])
                print("%s,%d,%d,%d,%d,%d,%s,%.4f" % (source, index, x, y, w, h, label, score))


def manifest():
    with open(os.path.join(HERE, "manifest.json")) as file:
        return json.load(file)


def classifier(name):
    """What makes of grey pixels a label and its score, by a model file."""
    runtime, scores_of = load(name)
    sys.stderr.write(runtime + "\n")
    labels = manifest()["labels"]

    def classify(grey):
        scores = scores_of(grey)
        return labels[int(np.argmax(scores))], float(np.max(scores))

    return classify


if __name__ == "__main__":
    run(classifier("emotion_f32.tflite"))
