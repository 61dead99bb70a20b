"""What several tests share: where the data lies, and rows made by hand."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("VIDEMO_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def clips() -> Path:
    """The folder of real clips; the test is skipped where it is absent."""
    folder = DATA / "clips"
    if not folder.is_dir():
        pytest.skip(f"no real clips at {folder}; set VIDEMO_DATA")
    return folder


def rows_of(
    emotions: Iterable[str], *, track: int = 1, fps: float = 10.0, first: int = 0
) -> pd.DataFrame:
    """A table of one face in each frame; "" is a face that is not aligned."""
    emotions = list(emotions)
    frames = range(first, first + len(emotions))
    return pd.DataFrame(
        {
            "frame": list(frames),
            "time": [round(frame / fps, 3) for frame in frames],
            "track": pd.array([track] * len(emotions), dtype="Int64"),
            "eyes": pd.array([2 if emotion else 0 for emotion in emotions], dtype="Int64"),
            "emotion": [emotion or "sad" for emotion in emotions],
            "score": [0.9] * len(emotions),
        }
    )
