"""Read pictures from files: upright, in colour, whole."""

from __future__ import annotations

import functools
import os
import warnings
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from videmo.errors import PictureError, RequestError
from videmo.files import one_line, shown

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "PPM", "JPEG2000", "AVIF")
"""What is read, by content; nothing that reads other files, or runs other programs."""
SUFFIXES = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".bmp", ".dib"),
        *(".ppm", ".pgm", ".pnm", ".jp2", ".avif"),
    }
)


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
