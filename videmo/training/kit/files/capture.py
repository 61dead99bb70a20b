"""Pictures of a camera while it goes on, always the latest, for run_live.py.

A camera is opened by OpenCV over V4L2; a CSI camera, and any GStreamer pipeline, by gst-launch-1.0,
which writes its pictures into a pipe: an OpenCV from PyPI has no GStreamer.
"""

import shlex
import subprocess
import sys
import threading
import time

import cv2
import numpy as np

CSI = (
    "nvarguscamerasrc sensor-id=%d ! video/x-raw(memory:NVMM),width=%d,height=%d,framerate=%d/1 "
    "! nvvidconv ! video/x-raw,format=BGRx"
)
RAW = (
    "%s ! videoconvert ! videoscale ! video/x-raw,format=BGR,width=%d,height=%d ! fdsink sync=false"
)
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0  # seconds before a camera that is gone is opened again


class Pipeline:
    """A GStreamer pipeline, by gst-launch-1.0; as much of cv2.VideoCapture as is needed."""

    def __init__(self, pipeline, width, height):
        command = ["gst-launch-1.0", "-q"] + shlex.split(RAW % (pipeline, width, height))
        self.shape = (height, width, 3)
        try:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, bufsize=-1
            )
        except OSError as error:
            sys.exit("gst-launch-1.0: %s; apt-get install gstreamer1.0-tools" % error)

    def isOpened(self):
        return True

    def read(self):
        size = self.shape[0] * self.shape[1] * 3
        content = self.process.stdout.read(size)
        if len(content) < size:
            return False, None
        return True, np.frombuffer(content, np.uint8).reshape(self.shape).copy()

    def release(self):
        self.process.terminate()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def opened(source, width, height, rate):
    """What gives the pictures of `source`, and whether it is a camera, which may come back."""
    if "!" in source:
        return Pipeline(source, width, height), True
    if source == "csi" or source.startswith("csi:"):
        sensor = int(source[4:] or 0)
        return Pipeline(CSI % (sensor, width, height, rate), width, height), True
    if source.isdecimal() or source.startswith("/dev/video"):
        name = int(source) if source.isdecimal() else source
        camera = cv2.VideoCapture(name, cv2.CAP_V4L2)
        wanted = (
            (cv2.CAP_PROP_FOURCC, cv2.VideoWriter_fourcc(*"MJPG")),  # raw, USB is full at 720p
            (cv2.CAP_PROP_FRAME_WIDTH, width),
            (cv2.CAP_PROP_FRAME_HEIGHT, height),
            (cv2.CAP_PROP_FPS, rate),
        )
        for what, value in wanted:
            camera.set(what, value)
        return camera, True
    return cv2.VideoCapture(source), "://" in source


class Source:
    """Gives the latest picture; or, with `each`, each picture of a movie, one after the other."""

    def __init__(self, source, width, height, rate, each):
        self.name, self.wish, self.each = source, (width, height, rate), each
        self.captured = 0
        self.capture, self.camera = opened(source, *self.wish)
        if not self.capture.isOpened():
            sys.exit("%s: cannot be opened" % source)
        told = 0 if isinstance(self.capture, Pipeline) else self.capture.get(cv2.CAP_PROP_FPS)
        self.rate = told if 0 < told < 1000 else float(rate)
        self.changed = threading.Condition()
        self.latest = None
        self.over = False
        self.thread = threading.Thread(target=self._run, daemon=True)

    def pictures(self):
        """Number, time in seconds after the first, when it came (time.time), picture."""
        if self.each and not self.camera:
            done, picture = self.capture.read()
            while done and not self.over:
                number, self.captured = self.captured, self.captured + 1
                yield number, number / self.rate, time.time(), picture
                done, picture = self.capture.read()
            return
        self.thread.start()
        last = -1
        while True:
            with self.changed:
                while not self.over and (self.latest is None or self.latest[0] == last):
                    self.changed.wait(0.2)
                if self.latest is None or self.latest[0] == last:
                    return
                found = self.latest
            last = found[0]
            yield found

    def close(self):
        self.over = True
        if self.thread.is_alive():
            self.thread.join(2)
        self.capture.release()

    def _run(self):
        began, wait = None, FIRST_WAIT
        while not self.over:
            done, picture = self.capture.read()
            if not done:
                if not self.camera or not self.captured:
                    break
                sys.stderr.write("%s: is gone; trying again\n" % self.name)
                time.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT)
                self.capture.release()
                self.capture = opened(self.name, *self.wish)[0]
                continue
            now, wait = time.time(), FIRST_WAIT
            began = began or now
            at = now - began if self.camera else self.captured / self.rate
            if not self.camera:  # a movie is played at its own speed
                time.sleep(max(0.0, began + at - now))
            with self.changed:
                self.latest = (self.captured, at, time.time(), picture)
                self.captured += 1
                self.changed.notify_all()
        with self.changed:
            self.over = True
            self.changed.notify_all()
