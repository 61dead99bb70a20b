"""Read pictures from files, upright, in colour, whole; make them smaller, and JPEG files."""

from __future__ import annotations

import functools
import os
import warnings
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from videmo.errors import OutputError, PictureError, RequestError
from videmo.files import one_line, shown

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "PPM", "JPEG2000", "AVIF")
"""What is read, by content; nothing that reads other files, or runs other programs."""
SUFFIXES = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".bmp", ".dib"),
        *(".ppm", ".pgm", ".pnm", ".jp2", ".avif"),
    }
)

JPEG_QUALITY = 95
"""Of a picture that is kept."""
JPEG_LARGEST = 65_500
"""Pixels in a row or column, at most, as libjpeg has it."""


def is_picture(path: Path) -> bool:
    """Whether a file's name says that it is a picture."""
    return path.suffix.lower() in SUFFIXES


def find_pictures(paths: Iterable[Path], leave_out: str = "") -> dict[Path, str]:
    """The pictures that `paths` name: files, or folders, searched to their depth.

    Returns:
        For each picture a name of its own: its file's, with the folders below the one searched. In
        folders, names that end in `leave_out` are passed over.

    Raises:
        RequestError: a path does not exist, a folder holds no picture, or two have one name.
    """
    found: dict[Path, str] = {}
    for path in paths:
        if not os.path.exists(path):  # Path.exists raises where a name is too long
            raise RequestError(f"{shown(path)}: no such file or folder; check the name")
        if not path.is_dir():
            found[path] = one_line(path.name)
            continue
        inside = [
            p
            for p in sorted(path.rglob("*"))
            if is_picture(p) and p.is_file() and not (leave_out and p.name.endswith(leave_out))
        ]
        if not inside:
            raise RequestError(f"{shown(path)}: holds no pictures, and no movies or tables")
        found |= {p: one_line(p.relative_to(path).as_posix()) for p in inside}
    twins = [name for name, count in Counter(found.values()).items() if count > 1]
    if twins:
        raise RequestError(
            f"{shown(twins[0])}: several pictures have this name; name the folder that holds them"
        )
    return found


def read_picture(path: Path) -> np.ndarray:
    """The picture at `path`, turned as its EXIF says: (height, width, 3) uint8, blue first.

    Of a file with several pictures, the first. What is transparent is shown on white.

    Raises:
        PictureError: it is none, is cut off or damaged, or too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # of odd but harmless tags, and of many, but not too many, pixels
            with Image.open(path, formats=_formats()) as image:
                image.load()
                return _bgr(ImageOps.exif_transpose(image))
    except UnidentifiedImageError:
        raise PictureError(
            f"{shown(path)}: is not a picture that videmo can read; convert it to JPEG or PNG"
        ) from None
    except Image.DecompressionBombError:
        raise PictureError(f"{shown(path)}: has too many pixels; make it smaller") from None
    except MemoryError as error:
        raise PictureError(f"{shown(path)}: does not fit into memory; make it smaller") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise PictureError(f"{shown(path)}: cannot be read ({reason}); get it again") from error
    except (ValueError, SyntaxError, TypeError, EOFError, IndexError, KeyError) as error:
        raise PictureError(f"{shown(path)}: is damaged ({error}); get it again") from error


def decoded(path: Path) -> np.ndarray | None:
    """The picture at `path` as OpenCV reads it (BGR uint8); None: it cannot be read."""
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
        return cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    except (OSError, cv2.error):
        return None


def encode_jpeg(picture: np.ndarray, quality: int = JPEG_QUALITY) -> bytes:
    """A picture (BGR uint8) as the bytes of a JPEG file.

    Raises:
        OutputError: it is too large for that.
    """
    # Not imwrite: that only returns False on a full disk, and crashes on names that are not UTF-8.
    height, width = picture.shape[:2]
    if max(height, width) > JPEG_LARGEST:
        raise OutputError(f"a picture of {width}x{height} is too large for JPEG; make it smaller")
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise OutputError(f"a picture of {width}x{height} cannot be written as JPEG")
    return data.tobytes()


def reduced(picture: np.ndarray, longest: int, *, across: bool = False) -> np.ndarray:
    """A picture whose longer side, or with `across` whose width, is at most `longest` pixels."""
    height, width = picture.shape[:2]
    size = reduced_size(width, height, longest, across=across)
    if size == (width, height):
        return picture
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def reduced_size(width: int, height: int, longest: int, *, across: bool = False) -> tuple[int, int]:
    """Width and height of a picture that is `reduced`."""
    scale = min(1.0, longest / (width if across else max(height, width)))
    return max(1, round(width * scale)), max(1, round(height * scale))


@functools.cache
def _formats() -> list[str]:
    """Those of `FORMATS` that the Pillow on this machine knows: older ones know no AVIF."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _bgr(image: Image.Image) -> np.ndarray:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):  # 16 bits a pixel, grey
        pixels = np.asarray(image).astype(np.float64)
        most = 255 if pixels.max(initial=0) <= 255 else 65535
        grey = np.clip(np.rint(pixels * (255 / most)), 0, 255).astype(np.uint8)
        return np.ascontiguousarray(np.repeat(grey[:, :, None], 3, axis=2))
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        clear = image.convert("RGBA")
        image = Image.new("RGBA", clear.size, "white")
        image.alpha_composite(clear)
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])
