"""How alike two faces are: a network turns each into 128 numbers, and like faces lie near.

dlib's face recognition network, a ResNet of 29 layers trained on 3 million faces (D. King, High
Quality Face Recognition with Deep Metric Learning, blog.dlib.net, 2017; public domain), behind its
frontal face detector (N. Dalal and B. Triggs, Histograms of oriented gradients, CVPR 2005) and its
predictor of five points, by which a face is turned upright. Not the predictor of 68 points that
lies beside them: the licence of its training pictures forbids commercial use.

The points are worth their while: on the real clip of a stage show (faces by `haar`), from the
picture of a man to his tracks (medians of their faces) it is 0.46, 0.50 and 0.59, to anybody else's
0.68 and more; with the detector's box alone 0.56, 0.58 and 0.62 against 0.67 and more.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from videmo import __version__
from videmo.errors import SetupError, to_install
from videmo.files import shown
from videmo.packaged import packaged_weights
from videmo.schema import Box

NETWORK = "dlib_face_recognition_resnet_model_v1"
WEIGHTS = {
    f"{NETWORK}.dat": "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
    "shape_predictor_5_face_landmarks.dat": (
        "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888"
    ),
}
"""The files of weights that are used, and their SHA-256: the distances were measured with these."""

INSTALL = to_install("people")

SIDE = 300
"""Width and height in pixels to which the surroundings of a face are brought."""
MARGIN = 0.5
"""What is left around a face's box on each side, as a part of it: what the detector needs."""
NEAR = 0.3
"""Intersection over union of a face's box with what the detector finds in its place."""
LEAST_DETECTION = 0.0
"""The detector's own score, from which on it calls something a face."""


class DlibFace(NamedTuple):
    """A face that dlib's detector finds, too."""

    box: Box
    """In pixels of the picture that was searched."""
    score: float
    """How sure the detector is; 0 and more."""


class _Networks(NamedTuple):
    detect: Any
    points: Any
    describe: Any


def surroundings(picture: np.ndarray, box: Box) -> np.ndarray:
    """A square of `SIDE` pixels (BGR uint8) with the face `box` of `picture` in its middle.

    What lies outside of the picture repeats its edge.
    """
    side = max(1, round(max(box.w, box.h) * (1 + 2 * MARGIN)))
    left, top = box.x + (box.w - side) // 2, box.y + (box.h - side) // 2
    height, width = picture.shape[:2]
    inside = picture[max(0, top) : top + side, max(0, left) : left + side]
    over = (max(0, -top), max(0, top + side - height), max(0, -left), max(0, left + side - width))
    square = cv2.copyMakeBorder(inside, *over, cv2.BORDER_REPLICATE)
    how = cv2.INTER_AREA if side > SIDE else cv2.INTER_CUBIC
    return cv2.resize(square, (SIDE, SIDE), interpolation=how)


def find_faces(picture: np.ndarray, *, twice: bool = False) -> list[DlibFace]:
    """The faces in `picture` (BGR uint8) from about 80 pixels on, the surest first.

    With `twice` the picture is searched at twice its size: faces from 40 pixels on.
    """
    rgb = np.ascontiguousarray(picture[:, :, ::-1])
    found, scores, _ = _networks().detect.run(rgb, int(twice), LEAST_DETECTION)
    seen = [
        DlibFace(Box(r.left(), r.top(), r.width(), r.height()), round(float(score), 6))
        for r, score in zip(found, scores, strict=True)
    ]
    return sorted(seen, key=lambda face: (-face.score, face.box))


def face_in_the_middle(square: np.ndarray) -> DlibFace | None:
    """The face in the middle of what `surroundings` gave; None: dlib sees none there."""
    side = round(SIDE / (1 + 2 * MARGIN))
    place = Box((SIDE - side) // 2, (SIDE - side) // 2, side, side)
    return next((face for face in find_faces(square) if face.box.iou(place) >= NEAR), None)


def embed(picture: np.ndarray, face: DlibFace) -> np.ndarray:
    """The embedding of a face in `picture` (BGR uint8): (128,) float64.

    Of two pictures of one person they are some 0.4 apart, of two people some 0.8 (Euclidean).
    """
    import dlib

    networks = _networks()
    rgb = np.ascontiguousarray(picture[:, :, ::-1])
    x, y, w, h = face.box
    points = networks.points(rgb, dlib.rectangle(x, y, x + w - 1, y + h - 1))
    return np.array(networks.describe.compute_face_descriptor(rgb, points), np.float64)


def check_setup() -> None:
    """Find out, before any work, whether everything is there.

    Raises:
        SetupError: dlib or the weights are missing, or these are not the ones they should be.
    """
    _networks()


def how_told(by: str, distance: float) -> dict[str, Any]:
    """What is written of how people were told apart."""
    return {
        "videmo": __version__,
        "by": by,
        "distance": distance,
        "network": NETWORK,
        "network_sha256": WEIGHTS[f"{NETWORK}.dat"],
    }


@functools.cache
def _networks() -> _Networks:
    try:
        import dlib
    except ImportError as error:
        raise SetupError(f"dlib is not installed, which compares faces; {INSTALL}") from error
    network, points = (_weights(name) for name in WEIGHTS)
    try:
        return _Networks(
            dlib.get_frontal_face_detector(),
            dlib.shape_predictor(str(points)),
            dlib.face_recognition_model_v1(str(network)),
        )
    except RuntimeError as error:
        raise SetupError(f"{shown(network)}: dlib cannot load it ({error}); {INSTALL}") from error


def _weights(name: str) -> Path:
    """A file of weights, found without running the package that holds it.

    It would not run: it needs `pkg_resources`, which newer versions of setuptools do not have.
    """
    path, _ = packaged_weights("face_recognition_models", f"models/{name}", WEIGHTS[name], INSTALL)
    return path
