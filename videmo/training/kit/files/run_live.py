#!/usr/bin/env python3
"""Look at a camera while it goes on, say who holds which emotion, and let something happen.

Python 3.6 or newer, numpy, cv2, and one of the runtimes of run_tflite.py; see README.md.
"""

import argparse
import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time

import cv2

from capture import Source
from held import Held
from run_tflite import HERE, classifier, looker, manifest

SMALL = 360  # pixels: height to which a picture is brought before faces are looked for
HOOKS, HOOK_SECONDS = 4, 10.0  # programs that run at once, at most, and for how long


def options():
    one = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    one.add_argument(
        "source",
        nargs="?",
        default="0",
        help="a camera (0, /dev/video0), csi or csi:1, a GStreamer pipeline (with !), a movie, "
        "or an address of rtsp",
    )
    one.add_argument("--size", default="1280x720", help="of camera or pipeline (1280x720)")
    one.add_argument("--rate", type=int, default=30, help="pictures a second of a camera (30)")
    one.add_argument("--repeat", type=int, default=5, help="looks in a row that count (5)")
    one.add_argument("--gap", type=float, default=0.5, help="seconds a face may be away (0.5)")
    one.add_argument("--on", nargs=2, action="append", default=[], metavar=("EMOTION", "COMMAND"))
    one.add_argument("--jsonl", action="store_true", help="write JSON lines")
    one.add_argument("--table", help="write a line for each face of each look into this file")
    one.add_argument("--gpu", action="store_true", help="the ONNX by jetson-inference")
    one.add_argument("--model", default="emotion_f32.tflite", help="another file of this folder")
    one.add_argument(
        "--for", dest="seconds", type=float, default=float("inf"), help="end after so many seconds"
    )
    one.add_argument("--each", action="store_true", help="of a movie each picture, at no speed")
    one.add_argument("--draw", help="with --each: the movie with faces and emotions, .avi or .mp4")
    asked = one.parse_args()
    if asked.draw and not asked.each:
        one.error("--draw is for each picture of a movie; say --each, too")
    try:
        check(asked)
    except ValueError as error:
        one.error(str(error))
    asked.width, asked.height = map(int, asked.size.split("x"))
    return asked


def check(asked):
    """ValueError: it cannot be done."""
    parts = asked.size.split("x")
    if len(parts) != 2 or not all(part.isdecimal() and int(part) for part in parts):
        raise ValueError("--size: write 1280x720")
    if "!" in asked.source:
        words("the pipeline", asked.source)
    elif asked.source.startswith("csi:") and not asked.source[4:].isdecimal():
        raise ValueError("%s: write csi, or csi:1" % asked.source)
    if asked.rate < 1 or asked.repeat < 1:
        raise ValueError("--rate and --repeat: 1 or more")
    if not asked.gap >= 0 or not asked.seconds > 0:
        raise ValueError("--gap: 0 or more seconds; --for: more than 0")
    if not asked.gpu and not os.path.isfile(os.path.join(HERE, asked.model)):
        raise ValueError("--model %s: no such file in %s" % (asked.model, HERE))
    for emotion, command in asked.on:
        if emotion not in ["all"] + manifest()["labels"]:
            labels = ", ".join(manifest()["labels"])
            raise ValueError("--on %s: choose from all, %s" % (emotion, labels))
        if not words("--on " + emotion, command):
            raise ValueError("--on %s: which program?" % emotion)


def words(what, line):
    try:
        return shlex.split(line)
    except ValueError as error:
        raise ValueError("%s: %s" % (what, error)) from None


def faces_in(picture, places, classify):
    """Of each face (or the whole picture): x, y, w, h in pixels, label and score."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    scale = max(1.0, len(grey) / float(SMALL))
    size = (int(grey.shape[1] / scale + 0.5), int(len(grey) / scale + 0.5))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA) if scale > 1 else grey
    found = []
    for place in places(small):
        x, y, w, h = (int(value * scale + 0.5) for value in place)
        found.append((x, y, w, h) + classify(grey[y : y + h, x : x + w]))
    return found


class Hooks:
    """Runs programs, without a shell, and never waits for them."""

    def __init__(self, wanted):
        self.wanted = [(emotion, shlex.split(command)) for emotion, command in wanted]
        self.running = []
        self.left_out = 0

    def tell(self, event):
        self.tidy()
        for emotion, command in self.wanted:
            if emotion not in ("all", event["emotion"]):
                continue
            if len(self.running) >= HOOKS:
                self.left_out += 1
                continue
            named = {"VIDEMO_" + key.upper(): str(value) for key, value in event.items()}
            try:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=2,
                    env=dict(os.environ, **named),
                    start_new_session=True,
                )
            except OSError as error:  # there is none
                sys.stderr.write("--on %s: %s\n" % (emotion, error))
                continue
            self.running.append((time.time(), process))
            try:
                process.stdin.write(json.dumps(event).encode() + b"\n")
                process.stdin.close()
            except BrokenPipeError:  # it does not read, and need not
                pass

    def tidy(self, limit=HOOK_SECONDS):
        for began, process in self.running:
            if process.poll() is None and time.time() - began > limit:
                kill(process)
        self.running = [one for one in self.running if one[1].poll() is None]

    def close(self):
        end = time.time() + 1
        while self.running and time.time() < end:
            time.sleep(0.02)
            self.tidy()
        self.tidy(0.0)


def kill(process):
    """End a program and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def told(event, as_json):
    if as_json:
        return json.dumps(event)
    now, who = time.strftime("%H:%M:%S"), "t%d" % event["track"]
    if event["event"] == "start":
        return "%s %s %s %.2f" % (now, who, event["emotion"], event["score"])
    held = event["time"] - event["start"]
    return "%s %s no longer %s, %.1f s" % (now, who, event["emotion"], held)


def draw(picture, faces):
    for track, (x, y, w, h, label, score) in faces:
        cv2.rectangle(picture, (x, y), (x + w, y + h), (60, 220, 60), 2)
        text = "t%d %s %.2f" % (track, label, score)
        cv2.putText(picture, text, (x, max(12, y - 6)), 0, 0.6, (60, 220, 60), 2, cv2.LINE_AA)


def writer(name, picture, rate):
    code = cv2.VideoWriter_fourcc(*("mp4v" if name.endswith(".mp4") else "MJPG"))
    video = cv2.VideoWriter(name, code, rate, (picture.shape[1], picture.shape[0]))
    if not video.isOpened():
        sys.exit("%s: cannot be written; name a file .avi" % name)
    return video


def table_of(asked):
    try:
        return open(asked.table or os.devnull, "w")
    except OSError as error:
        sys.exit("--table %s: %s" % (asked.table, error.strerror))


def look_on(asked, source, places, classify, hooks):
    """To the end; how late each look was, in seconds."""
    held, lags, last, end, video = Held(asked.repeat, asked.gap), [], 0.0, None, None

    def tell(events):
        for event in events:
            try:
                print(told(event, asked.jsonl))
                sys.stdout.flush()
            except BrokenPipeError:  # nobody reads any more, as after | head -1: it ends
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                source.over = True
            hooks.tell(event)

    with table_of(asked) as table:
        table.write("frame,time,track,x,y,w,h,emotion,score\n")
        try:
            for number, at, arrived, picture in source.pictures():
                end = at + asked.seconds if end is None else end
                if at >= end:
                    break
                last = at
                faces, events = held.look(at, faces_in(picture, places, classify))
                lags.append(time.time() - arrived)
                tell(events)
                for track, face in faces:
                    table.write("%d,%.3f,%d,%d,%d,%d,%d,%s,%.4f\n" % ((number, at, track) + face))
                table.flush()
                if asked.draw:
                    video = video or writer(asked.draw, picture, source.rate)
                    draw(picture, faces)
                    video.write(picture)
        except KeyboardInterrupt:
            pass
        finally:
            tell(held.stop(last))
            if video:
                video.release()
    return lags


def main():
    asked = options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does
    places = looker()
    if asked.gpu:
        from run_jetson import load

        classify = load()
    else:
        try:
            classify = classifier(asked.model)
        except (ImportError, RuntimeError, ValueError) as error:  # no runtime, or no model
            sys.exit("--model %s: %s" % (asked.model, str(error).splitlines()[0]))
    hooks = Hooks(asked.on)
    source = Source(asked.source, asked.width, asked.height, asked.rate, asked.each)
    try:
        lags = sorted(look_on(asked, source, places, classify, hooks))
    finally:
        source.close()
        hooks.close()
    if not lags:
        sys.exit("%s: gave no picture" % asked.source)
    behind = "" if asked.each else ", labels %d ms behind" % (1000 * lags[len(lags) // 2])
    said = (source.captured, len(lags), behind)
    sys.stderr.write("%d pictures, %d looked at%s\n" % said)
    if hooks.left_out:
        sys.stderr.write("%d calls of --on left out: too many ran\n" % hooks.left_out)


if __name__ == "__main__":
    main()
