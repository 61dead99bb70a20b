"""The Haar cascades that come inside the OpenCV 4 wheel.

P. Viola and M. Jones, Rapid object detection using a boosted cascade of simple features, CVPR 2001.
"""

from __future__ import annotations

import functools
from pathlib import Path

import cv2

from videmo.errors import SetupError
from videmo.files import sha256, shown

FRONTAL, EYE = "haarcascade_frontalface_default.xml", "haarcascade_eye.xml"
CASCADES = {
    FRONTAL: "0f7d4527844eb514d4a4948e822da90fbb16a34a0bbbbc6adc6498747a5aafb0",
    EYE: "71cc64fc305a355dc60067880f6fbbd43dd155bd63ee3844661a1bda34b2fd8c",
}
"""Their files, and the SHA-256 of each: the same in all wheels of OpenCV 4."""

INSTALL = 'run: pip install --force-reinstall --no-deps "opencv-python-headless>=4.10,<5"'


@functools.cache
def cascade(name: str) -> cv2.CascadeClassifier:
    """The cascade of this file name, one of `CASCADES`.

    Raises:
        SetupError: OpenCV comes without it, or with another one.
    """
    folder = getattr(getattr(cv2, "data", None), "haarcascades", "")
    file = Path(folder) / name
    if not hasattr(cv2, "CascadeClassifier") or not file.is_file():
        raise SetupError(f"OpenCV {cv2.__version__}: comes without {name}; {INSTALL}")
    if sha256(file.read_bytes()) != CASCADES[name]:
        raise SetupError(f"{shown(file)}: is not the cascade that videmo knows; {INSTALL}")
    return cv2.CascadeClassifier(str(file))
