"""Keep what is finished of a scan: a file for each chunk, beside the table, until it is written.

`NAME.parts/KEY-INDEX.npz`. The key is made of everything that the observations depend on; files of
another key are of another movie, model or setting, and are thrown away.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from videmo.files import output_error, sha256, write_atomic
from videmo.scan.chunk import ChunkResult
from videmo.schema import OBSERVED

FORMAT = 6
"""Version of the files, and of what `scan_chunk` finds in the same movie."""
KEY_LENGTH = 16


class ChunkStore:
    """The finished chunks of one scan."""

    def __init__(self, folder: Path, depends_on: Mapping[str, Any]) -> None:
        """`folder` is made when the first chunk is kept; `depends_on` is all that decides."""
        self.folder = folder
        columns = [column.name for column in OBSERVED]
        said = json.dumps({"parts": FORMAT, "columns": columns, **depends_on}, sort_keys=True)
        self._key = sha256(said.encode())[:KEY_LENGTH]

    def load(self, index: int) -> ChunkResult | None:
        """What was seen in a chunk, if it is finished."""
        try:
            with (
                self._path(index).open("rb") as file,
                np.load(file, allow_pickle=False) as arrays,
            ):
                return _unpacked(dict(arrays))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None  # not there, or not whole: it is scanned again

    def save(self, index: int, seen: ChunkResult) -> None:
        """Keep what was seen in a chunk.

        Raises:
            OutputError: the folder cannot be written, or the disk is full.
        """
        buffer = io.BytesIO()
        arrays: dict[str, Any] = _packed(seen)
        np.savez_compressed(buffer, **arrays)
        write_atomic(self._path(index), buffer.getvalue())

    def forget(self, *, others_only: bool = False) -> None:
        """Throw everything away, or everything that was kept of other movies and settings."""
        try:
            for path in sorted(self.folder.glob("*")) if self.folder.is_dir() else []:
                if not (others_only and path.name.startswith(self._key)):
                    path.unlink()
            if self.folder.is_dir() and not any(self.folder.iterdir()):
                self.folder.rmdir()
        except OSError as error:
            raise output_error(error, self.folder) from error

    def _path(self, index: int) -> Path:
        return self.folder / f"{self._key}-{index:06}.npz"


def _packed(seen: ChunkResult) -> dict[str, np.ndarray]:
    return {name: np.asarray(value) for name, value in seen._asdict().items()}


def _unpacked(arrays: dict[str, np.ndarray]) -> ChunkResult:
    if arrays.keys() != set(ChunkResult._fields):
        raise ValueError("other fields")
    fields: dict[str, Any] = {n: v if v.ndim else v.item() for n, v in arrays.items()}
    return ChunkResult(**fields)
