"""Compare the detectors: on real clips in which people marked the faces, and on the hard demo.

python -m benchmarks.detectors
"""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import pandas as pd

from benchmarks.movies import data_folder
from benchmarks.truth import SAME, hold_against
from videmo.demo import TruthRow, hard_story, make_movie
from videmo.demo.truth import KINDS
from videmo.faces import DETECTORS, DetectorConfig
from videmo.scan import Settings, all_cores, scan_movie
from videmo.schema import ALIGNED_EYES
from videmo.table import face_boxes, read_table

CLIPS = ("night_phone", "sad_to_happy", "stage")
SMALL = DetectorConfig().min_face / 2
"""For the demo's small faces."""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        real_clips(folder)
        hard_demo(folder)


def scanned(movie: Path, folder: Path, config: DetectorConfig) -> pd.DataFrame:
    return read_table(scan_movie(movie, folder, Settings(config), jobs=all_cores()).table)


def real_clips(folder: Path) -> None:
    """Faces that people marked, and how many of them each detector has."""
    print("clip          detector  frames with a face  faces found  false  aligned")
    for clip in CLIPS:
        movie = data_folder() / "clips" / f"{clip}.mp4"
        if not movie.is_file():
            print(f"{clip}: not here; set VIDEMO_DATA")
            continue
        for name in DETECTORS:
            table = scanned(movie, folder / name, DetectorConfig(name))
            found = hold_against(table, clip)
            aligned = table[table["eyes"] >= ALIGNED_EYES]["frame"].nunique()
            print(
                f"{clip:13} {name:9} {found.frames_with:3} of {found.frames:3} marked    "
                f"{found.hits:3} of {found.faces:3}  {found.false:3} of {found.boxes:3}  "
                f"{aligned / table['frame'].nunique():.2f}"
            )


def hard_demo(folder: Path) -> None:
    """The part of the hard demo's faces that each detector has, by what makes them hard."""
    truth = make_movie(folder / "hard.mp4", hard_story())
    columns = {}
    for name in DETECTORS:
        config = DetectorConfig(name, min_face=SMALL)
        columns[name] = recall_by_kind(scanned(folder / "hard.mp4", folder / name, config), truth)
    print("\nthe hard demo: part of the faces found, and part found and aligned")
    print(f"{'':10} {'faces':>6}" + "".join(f"{name:>16}" for name in DETECTORS))
    for kind in KINDS:
        parts = (columns[name].get(kind, (0, 0.0, 0.0)) for name in DETECTORS)
        cells = [f"{found:10.2f} {aligned:.2f}" for _, found, aligned in parts]
        print(f"{kind:10} {columns['haar'].get(kind, (0,))[0]:6}" + " ".join(cells))


def recall_by_kind(
    table: pd.DataFrame, truth: list[TruthRow]
) -> dict[str, tuple[int, float, float]]:
    """Of each kind of face: how many there are, which part is found, and which part is aligned."""
    rows = table[table["track"].notna()]
    of_frame = {
        frame: list(zip(face_boxes(here), (here["eyes"] >= ALIGNED_EYES).tolist(), strict=True))
        for frame, here in rows.groupby("frame")
    }
    faces, found, aligned = (Counter[str]() for _ in range(3))
    for row in truth:
        near = [(box.iou(row.face), sees) for box, sees in of_frame.get(row.frame, [])]
        iou, sees = max(near, default=(0.0, False))
        faces[row.kind] += 1
        found[row.kind] += iou >= SAME
        aligned[row.kind] += iou >= SAME and sees
    return {kind: (n, found[kind] / n, aligned[kind] / n) for kind, n in faces.items()}


if __name__ == "__main__":
    main()
