"""Find faces in a picture, and how they are turned: the detectors.

A new detector is one module with a function from a `DetectorConfig` to a `Detector`, and one line
in `DETECTORS`.
"""

from videmo.errors import RequestError
from videmo.faces.crops import crop_face, crop_picture
from videmo.faces.detector import Detector, DetectorConfig, Region, Sightings
from videmo.faces.haar import haar
from videmo.faces.picture import Picture, StillPicture
from videmo.faces.pixels import crop_resize, similar
from videmo.faces.points import points_at
from videmo.faces.region import limited
from videmo.faces.whole import WHOLE, whole
from videmo.faces.yunet import yunet
from videmo.files import shown

DETECTORS = {"yunet": yunet, "haar": haar}
"""Those that a user can choose from."""

__all__ = [
    "DETECTORS",
    "WHOLE",
    "Detector",
    "DetectorConfig",
    "Picture",
    "Region",
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
        name = shown(config.detector) or "no name"
        raise RequestError(f"{name}: no such detector; choose from {known}")
    if config.regions and make is whole:
        raise RequestError("this model looks at whole pictures; leave out --region")
    found = make(config)
    return limited(found, config.regions) if config.regions else found
