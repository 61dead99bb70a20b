"""The loop over a webcam of `fer`, on a movie that is played at its own speed.

    python benchmarks/fer_loop.py MOVIE

Runs where fer is installed, without videmo; started by `benchmarks.live_beside`. Each picture is
there when its time has come, and the loop takes the latest: as a camera without a queue gives it.
"""

import json
import sys
import time

import cv2
from fer.fer import FER


def main(movie):
    detector = FER()  # Haar's cascade and its network as TFLite: its fastest
    capture = cv2.VideoCapture(movie)
    rate = capture.get(cv2.CAP_PROP_FPS)
    pictures = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    _, first = capture.read()
    detector.detect_emotions(first)  # what is only done once
    capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
    begin, used, at, lags = time.monotonic(), time.process_time(), -1, []
    while True:
        due = int((time.monotonic() - begin) * rate)
        if due <= at:
            time.sleep(max(0.0, begin + (at + 1) / rate - time.monotonic()))
            continue
        if due >= pictures:
            break
        while at < due and capture.grab():  # a camera would have dropped them
            at += 1
        done, picture = capture.retrieve()
        if not done:
            break
        detector.detect_emotions(picture)
        lags.append(time.monotonic() - begin - at / rate)
    passed = time.monotonic() - begin
    cores = (time.process_time() - used) / passed
    print(json.dumps({"captured": pictures, "lags": lags, "cores": cores}))


if __name__ == "__main__":
    main(sys.argv[1])
