"""How a model hangs on how tightly a face is cut out: run with python -m benchmarks.framing.

On the faces of FER+'s split ``valid`` that Haar finds (enlarged four times, their borders repeated
around them), and on the clip of a woman who cries and then laughs.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import cv2
import numpy as np

from videmo.emotions import SIDE, Classify, classifier, find_model
from videmo.faces import DetectorConfig, StillPicture, detector_of
from videmo.schema import EMOTIONS, Box
from videmo.training.dataset import Look, read
from videmo.training.measure import figures, in_short
from videmo.video import open_movie, probe

DATA = Path(os.environ.get("VIDEMO_DATA", "../shared/data"))
MARGINS = (0.8, 0.9, 1.0, 1.1, 1.2, 1.3)
STRETCHES = {"0-140 (never happy)": (0, 140), "144-240 (mixed)": (144, 240), "300-471": (300, 471)}
LARGER = 4


def cut(grey: np.ndarray, box: Box, margin: float) -> np.ndarray:
    """The part of `grey` in `box` times `margin`, around its middle, as the model sees it."""
    side = max(2, round(box.w * margin))
    around = (box.x + box.w / 2, box.y + box.h / 2)
    part = cv2.getRectSubPix(grey, (side, side), around)
    how = cv2.INTER_AREA if side > SIDE else cv2.INTER_LINEAR
    return cv2.resize(part, (SIDE, SIDE), interpolation=how)


def on_stills(classify: Classify) -> None:
    """Print how often the model is right on valid faces, by margin."""
    as_they_are = Look(detector="")
    valid = read(DATA / "fer", as_they_are, labels="ferplus", splits=["valid"]).splits["valid"]
    detector = detector_of(DetectorConfig("haar", width=0, interval=1, min_face=0.3))
    found = []
    for i, face in enumerate(valid.images[..., 0]):
        large = cv2.resize(face, None, fx=LARGER, fy=LARGER, interpolation=cv2.INTER_CUBIC)
        edge = large.shape[0] // 4
        grey = cv2.copyMakeBorder(large, *(edge,) * 4, cv2.BORDER_REPLICATE)
        still = StillPicture(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR))
        boxes = [detection.box for detection in detector.detect(still, ())]
        if boxes:
            found.append((i, grey, max(boxes, key=lambda box: box.w)))
    labels = valid.labels[[i for i, _, _ in found], 0]
    said = {"as it is": [valid.images[i] for i, _, _ in found]}
    for margin in MARGINS[:-1]:
        said[f"{margin}"] = [cut(grey, box, margin) for _, grey, box in found]
    print(f"{len(found)} of {len(valid.images)} faces of valid")
    for name, faces in said.items():
        print(f"{name:10} {in_short(figures(classify(faces), labels, EMOTIONS))}")


def on_a_clip(classify: Classify) -> None:
    """Print in how many frames the strongest score is happy, by margin."""
    detector = detector_of(DetectorConfig("haar", interval=1))
    found = []
    with open_movie(probe(DATA / "clips" / "sad_to_happy.mp4")) as reader:
        for number, frame in enumerate(reader.frames()):
            boxes = [detection.box for detection in detector.detect(frame, ())]
            if boxes:
                found.append((number, frame.grey.copy(), max(boxes, key=lambda box: box.w)))
    for margin in MARGINS:
        scores = classify([cut(grey, box, margin) for _, grey, box in found])
        happy = scores.argmax(axis=1) == EMOTIONS.index("happy")
        numbers = np.array([number for number, _, _ in found])
        parts = []
        for name, (first, last) in STRETCHES.items():
            among = happy[(numbers >= first) & (numbers <= last)]
            parts.append(f"{name}: {among.mean():.1%} of {len(among)}")
        print(f"{margin:<10} {'; '.join(parts)}")


if __name__ == "__main__":
    model = classifier(find_model(Path(sys.argv[1]) if sys.argv[1:] else None))
    on_stills(model)
    on_a_clip(model)
