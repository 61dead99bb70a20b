"""The Haar cascades that come inside the OpenCV 4 wheel.

P. Viola and M. Jones, Rapid object detection using a boosted cascade of simple features, CVPR 2001.
"""

from __future__ import annotations

import functools
from pathlib import Path

import cv2

from videmo.errors import SetupError


@functools.cache
def cascade(name: str) -> cv2.CascadeClassifier:
    """The cascade of this file name.

    Raises:
        SetupError: OpenCV comes without it.
    """
    folder = getattr(getattr(cv2, "data", None), "haarcascades", "")
    file = Path(folder) / name
    if not hasattr(cv2, "CascadeClassifier") or not file.is_file():
        raise SetupError(
            f"OpenCV {cv2.__version__}: comes without {name}; "
            'run: pip install "opencv-python-headless>=4.10,<5"'
        )
    return cv2.CascadeClassifier(str(file))
