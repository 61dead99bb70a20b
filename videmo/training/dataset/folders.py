"""A folder of pictures for each class: own emotions, gestures, whatever can be told apart."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from videmo.errors import RequestError
from videmo.faces import DetectorConfig, StillPicture, crop_face, crop_picture, detector_of
from videmo.files import sha256, shown
from videmo.schema import EMOTIONS, is_label
from videmo.training.dataset.examples import Data, Examples, sure
from videmo.training.dataset.ferplus import VOTE_OF_EMOTION

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")
SPLITS = {
    "train": ("train", "training"),
    "valid": ("valid", "val", "validation"),
    "test": ("test", "testing"),
}
"""Our splits, and what their folders may be called."""

KEPT_BACK = 0.15
"""Part of a flat folder's pictures that becomes ``valid``, and as many ``test``."""

SMALLEST = 16
"""Width and height, in pixels, under which a picture shows nothing."""

FACE_ALREADY = 100
"""A picture at most as large as this, in pixels, is taken for a face cut out already."""

MIN_FACE = 0.2
"""Height of the smallest face looked for in a larger picture, as a part of the picture's."""

EMOTION_OF = {
    **{emotion: emotion for emotion in EMOTIONS},
    **{vote: emotion for emotion, vote in VOTE_OF_EMOTION.items()},
    **{"surprised": "surprise", "fearful": "fear", "disgusted": "disgust"},
}
"""Names of folders that mean one of our emotions."""

Cut = Callable[[np.ndarray, int], np.ndarray | None]


def read_folders(path: Path, *, crop: str = "face", side: int = 48) -> Data:
    """Read ``train/CLASS/*.png`` and so on, or ``CLASS/*.png``, which is then split.

    Raises:
        RequestError: a picture cannot be read, a class is empty, the splits have other classes.
    """
    places = _splits(path)
    flat = not places
    files = {name: _pictures(folder) for name, folder in (places or {"train": path}).items()}
    names = sorted(files["train"])
    for split, found in files.items():
        if sorted(found) != names:
            other = sorted(set(found) ^ set(names))
            raise RequestError(
                f"{shown(path)}: {split} and train have other classes ({', '.join(other[:5])})"
            )
    if flat or "valid" not in files:
        kept = ("valid", "test") if flat else ("valid",)
        files = {**files, **_kept_back(files["train"], kept)}
    known_as = _known_as(names)
    classes = EMOTIONS if set(known_as) == set(EMOTIONS) else known_as
    cut, faceless = CROPS[crop](), list[Path]()
    splits = {
        split: _examples(found, [classes.index(n) for n in known_as], cut, side, faceless)
        for split, found in files.items()
    }
    notes = _notes(files, flat, faceless)
    return Data(classes, splits, ({"name": path.resolve().name, "licence": "the user's"},), notes)


def _splits(path: Path) -> dict[str, Path]:
    """The folders of the splits; none where the folders are classes."""
    folders = {f.name.lower(): f for f in _listed(path) if f.is_dir()}
    found = {
        split: folders[name] for split, names in SPLITS.items() for name in names if name in folders
    }
    return found if "train" in found else {}


def _pictures(folder: Path) -> dict[str, list[Path]]:
    """The pictures of each class, sorted by name."""
    places = [f for f in _listed(folder) if f.is_dir()]
    if not places:
        raise RequestError(f"{shown(folder)}: no folders in it, one for each class")
    found: dict[str, list[Path]] = {}
    taken: dict[str, Path] = {}
    for place in places:
        name = unicodedata.normalize("NFC", place.name)  # a Mac takes letters and accents apart
        if not is_label(name):
            raise RequestError(
                f"{shown(place)}: give this class a simpler name: letters, digits, spaces and "
                "_.+- inside, 60 at most, and no word that tables or Windows need, such as time, "
                "all or con"
            )
        other = taken.setdefault(name.casefold(), place)
        if other is not place:
            raise RequestError(
                f"{shown(place)}: would be one class with {shown(other.name)} beside it, as "
                "capitals make no difference; rename one, or put all pictures into one"
            )
        found[name] = [f for f in _listed(place) if f.suffix.lower() in PICTURES and f.is_file()]
        if not found[name]:
            raise RequestError(f"{shown(place)}: no pictures of this class ({', '.join(PICTURES)})")
    return found


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(f for f in folder.iterdir() if not f.name.startswith("."))
    except OSError as error:
        raise RequestError(f"{shown(folder)}: cannot read ({error.strerror})") from error


def _kept_back(
    train: dict[str, list[Path]], splits: tuple[str, ...]
) -> dict[str, dict[str, list[Path]]]:
    """Take pictures of each class out of `train` for other splits.

    Their contents decide, not their names or dates, so that anybody gets the same split; and one
    picture that is there twice does not come into two splits.
    """
    parts: dict[str, dict[str, list[Path]]] = {name: {} for name in ("train", *splits)}
    for name, files in train.items():
        same = defaultdict(list)
        for file in files:
            same[sha256(_bytes(file))].append(file)
        groups = [same[digest] for digest in sorted(same)]
        count = round(KEPT_BACK * len(groups)) or min(1, (len(groups) - 2) // len(splits))
        for i, split in enumerate(splits):
            picked = groups[i * count : (i + 1) * count]
            parts[split][name] = sorted(file for group in picked for file in group)
        rest = groups[len(splits) * count :]
        parts["train"][name] = sorted(file for group in rest for file in group)
    return parts


def _known_as(names: list[str]) -> tuple[str, ...]:
    """The classes' names; those of our emotions where the folders mean all seven."""
    meant = tuple(EMOTION_OF.get(name.lower(), name) for name in names)
    return meant if sorted(meant) == sorted(EMOTIONS) else tuple(names)


def _examples(
    files: dict[str, list[Path]], numbers: list[int], cut: Cut, side: int, faceless: list[Path]
) -> Examples:
    """The pictures of one split; `numbers` are the classes' indices, sorted by folder."""
    images, labels = [np.empty((0, side, side), np.uint8)], []
    for number, name in zip(numbers, sorted(files), strict=True):
        for file in files[name]:
            image = cut(read_bgr(file), side)
            if image is None:
                faceless.append(file)
            else:
                images.append(image[None])
                labels.append(number)
    return sure(np.concatenate(images), np.array(labels, np.int64), max(numbers) + 1)


def read_bgr(file: Path) -> np.ndarray:
    """A picture, upright: ``(h, w, 3)`` uint8, blue first.

    Raises:
        RequestError: it cannot be read, or is too small to show anything.
    """
    data = np.frombuffer(_bytes(file), np.uint8)
    try:
        image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    except cv2.error:
        image = None
    if image is None:
        raise RequestError(f"{shown(file)}: not a readable picture; take it away")
    if min(image.shape[:2]) < SMALLEST:
        height, width = image.shape[:2]
        raise RequestError(f"{shown(file)}: {width}x{height} pixels are too few; take it away")
    return image


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise RequestError(f"{shown(file)}: cannot read ({error.strerror})") from error


def _face_of() -> Cut:
    """Cuts out the largest face, as a scan does; small pictures are faces already."""
    detector = detector_of(DetectorConfig(min_face=MIN_FACE, interval=1))

    def cut(bgr: np.ndarray, side: int) -> np.ndarray | None:
        if max(bgr.shape[:2]) <= FACE_ALREADY:
            return _whole(bgr, side)
        still = StillPicture(bgr)
        found = [one for one in detector.detect(still, ()) if one.confidence >= detector.sure]
        if not found:
            return None
        largest = max(found, key=lambda one: one.box.w * one.box.h)
        return crop_face(still.grey, largest, side)

    return cut


def _whole(bgr: np.ndarray, side: int) -> np.ndarray:
    """The whole picture, stretched to a square."""
    return crop_picture(StillPicture(bgr).grey, side)


CROPS: dict[str, Callable[[], Cut]] = {"face": _face_of, "frame": lambda: _whole}
"""What of a picture is looked at: the largest face in it, or all of it."""


def _notes(
    files: dict[str, dict[str, list[Path]]], flat: bool, faceless: list[Path]
) -> tuple[str, ...]:
    notes = []
    counts = {split: sum(map(len, found.values())) for split, found in files.items()}
    total = sum(counts.values())
    if flat:
        said = ", ".join(f"{count} {split}" for split, count in counts.items())
        notes.append(f"split by the pictures' contents: {said}")
    if 2 * len(faceless) > total:
        raise RequestError(
            f"{shown(faceless[0])} and {len(faceless) - 1} others of {total}: no face found; "
            "use --crop frame to learn from whole pictures"
        )
    if faceless:
        notes.append(
            f"left out, no face found: {len(faceless)} of {total} ({shown(faceless[0])} ...)"
        )
    return tuple(notes)
