"""Find faces in a picture, and how they are turned: the detectors.

A new detector is one module with a function from a `DetectorConfig` to a `Detector`, and one line
in `DETECTORS`.
"""

from videmo.errors import RequestError
from videmo.faces.crops import crop_face, crop_picture
from videmo.faces.detector import Detector, DetectorConfig, Sightings
from videmo.faces.haar import haar
from videmo.faces.picture import Picture, StillPicture
from videmo.faces.pixels import crop_resize, similar
from videmo.faces.points import PART, points_at
from videmo.faces.whole import WHOLE, whole
from videmo.faces.yunet import yunet

DETECTORS = {"yunet": yunet, "haar": haar}
"""Those that a user can choose from."""

ORIGINS = {
    "yunet": "YuNet (OpenCV's face_detection_yunet_2023mar, MIT, (c) 2020 Shiqi Yu); it learnt "
    "from WIDER FACE, whose pictures are not free",
    "haar": "the Haar cascades of the OpenCV wheel (Intel licence, as BSD)",
}
"""What they are, and under which licences."""

MARGINS = {"yunet": -0.04}
"""What is to be left around a detector's boxes, as a part of their height on each side, so that a
square is framed as emotion models learnt it; of others nothing."""

__all__ = [
    "DETECTORS",
    "MARGINS",
    "ORIGINS",
    "PART",
    "WHOLE",
    "Detector",
    "DetectorConfig",
    "Picture",
    "Sightings",
    "StillPicture",
    "crop_face",
    "crop_picture",
    "crop_resize",
    "detector_of",
    "points_at",
    "similar",
]


def detector_of(config: DetectorConfig) -> Detector:
    """The detector that `config` names.

    Raises:
        RequestError: there is none of this name.
        SetupError: what it has learnt is missing, or not what it should be.
    """
    make = whole if config.detector == WHOLE else DETECTORS.get(config.detector)
    if make is None:
        known = ", ".join(DETECTORS)
        raise RequestError(f"{config.detector}: no such detector; choose from {known}")
    return make(config)
