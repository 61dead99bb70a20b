"""The Haar cascades that come inside the OpenCV 4 wheel.

P. Viola and M. Jones, Rapid object detection using a boosted cascade of simple features, CVPR 2001.
"""

from __future__ import annotations

import functools
from pathlib import Path

import cv2

from videmo.errors import SetupError
from videmo.files import sha256


@functools.cache
def cascade(name: str) -> cv2.CascadeClassifier:
    """The cascade of this file name.

    Raises:
        SetupError: OpenCV comes without it.
    """
    if not hasattr(cv2, "CascadeClassifier"):
        raise SetupError(_missing(name))
    return cv2.CascadeClassifier(str(_file(name)))


@functools.cache
def cascade_sha256(name: str) -> str:
    """The SHA-256 of the cascade of this file name; raises as `cascade`."""
    return sha256(_file(name).read_bytes())


def _file(name: str) -> Path:
    folder = getattr(getattr(cv2, "data", None), "haarcascades", "")
    file = Path(folder) / name
    if not file.is_file():
        raise SetupError(_missing(name))
    return file


def _missing(name: str) -> str:
    return (
        f"OpenCV {cv2.__version__}: comes without {name}; "
        'run: pip install "opencv-python-headless>=4.10,<5"'
    )
