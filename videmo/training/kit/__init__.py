"""The kit for a Jetson Nano: a folder with the models, a self-test and all that runs them there.

Two routes: TFLite on the processor (``run_tflite.py``, plain Python 3.6 with numpy and cv2), and
the ONNX in jetson-inference on the GPU (``run_jetson.py``). ``selftest.py`` says whether the
runtime of the board gives the right scores: some old ones are wrong without a word.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from videmo import __version__
from videmo.errors import OutputError, RequestError, SetupError
from videmo.files import sha256, shown, write_atomic
from videmo.training.export import AGREEMENT, FORMATS, Made, check, find_pictures, jetson, make
from videmo.training.joined import read_joined
from videmo.training.kit.crops import crops
from videmo.training.weights import Trained

FILES = Path(__file__).parent / "files"

CASCADES = ("haarcascade_frontalface_default.xml", "haarcascade_eye.xml")
"""OpenCV's, which the board's own OpenCV may lack."""

FLOAT, INT8, ONNX = "emotion_f32.tflite", "emotion_int8.tflite", "emotion_jetson.onnx"

NEAR_INT8 = 0.15
"""How far a score of the int8 file may be from the float one, in the self-test."""

Say = Callable[[str], None]


def write_kit(
    sources: Sequence[Path],
    folder: Path,
    *,
    labels: str = "",
    data: Path | None = None,
    agreement: float = AGREEMENT,
    mirrored: bool = False,
    say: Say = lambda line: None,
) -> tuple[Path, ...]:
    """Write the kit of `sources` (trainings' folders, or .tflite files of ours) into `folder`.

    The int8 file is in it if pictures are there to make it of, and if it is as good as it must be.
    `labels`, `data`, `agreement` and `mirrored` are as in `videmo.training.export.export`.

    Raises:
        RequestError: no head learnt `labels`, or `folder`'s path holds what jetson-inference would
            give to a shell.
        OutputError: a file does not do what the trained network does.
    """
    folder = Path(folder)
    _check_name(folder)
    trained = read_joined(sources, labels, mirrored=mirrored)
    made = _made(trained, folder, data, agreement, say)
    files: dict[str, bytes] = {FLOAT: made.main, ONNX: made.onnx or b""}
    if made.int8:
        files[INT8] = made.int8
    files["labels.txt"] = ("\n".join(trained.classes) + "\n").encode()
    pictures = crops(trained.network.side)
    files |= _selftest(trained, made, folder, pictures)
    for place in sorted(p for p in FILES.iterdir() if p.is_file()):
        files[place.name] = place.read_bytes()
    for name in CASCADES:
        files[name] = _cascade(name)
    files["manifest.json"] = _manifest(trained, made, files)
    for name, content in files.items():
        write_atomic(folder / name, content)
        if name.endswith(".sh"):
            (folder / name).chmod(0o755)
    return tuple(folder / name for name in files)


def _made(trained: Trained, folder: Path, data: Path | None, agreement: float, say: Say) -> Made:
    pictures = find_pictures(trained, data)
    formats = FORMATS if pictures else tuple(f for f in FORMATS if f != "int8")
    made = make(trained, folder / FLOAT, formats, pictures, agreement)
    if pictures is None:
        say("without an int8 file: name pictures with --data to have one")
    elif made.refused:
        say(made.refused)
    return made


def _check_name(folder: Path) -> None:
    """jetson-inference puts the path of the ONNX into a shell command as it is."""
    text = str(folder)
    fine = all(c.isascii() and (c.isalnum() or c in "/._-") for c in text)
    if not fine or folder.name.startswith("-"):
        raise RequestError(
            f"{shown(folder)}: choose a path of letters, digits, '.', '_' and '-': "
            "jetson-inference gives it to a shell"
        )


def _selftest(trained: Trained, made: Made, folder: Path, pictures: np.ndarray) -> dict[str, bytes]:
    """The crops, and what the float32 file says of them; OutputError where the ONNX disagrees."""
    scores = check.scores_of(made.main, folder / FLOAT, trained.classes, pictures)
    theirs = jetson.scores_of(made.onnx or b"", pictures)
    if (theirs.argmax(axis=1) != scores.argmax(axis=1)).any():
        raise OutputError(f"{shown(folder / ONNX)}: does not agree with {FLOAT} on the self-test")
    files: dict[str, bytes] = {}
    expected = []
    for i, (picture, row) in enumerate(zip(pictures, scores, strict=True)):
        done, content = cv2.imencode(".png", picture)
        if not done:
            raise OutputError(f"{shown(folder)}: crops cannot be encoded; reinstall OpenCV")
        name = f"crop{i:02}.png"
        files[f"selftest/{name}"] = content.tobytes()
        label = trained.classes[int(row.argmax())]
        rounded = [round(float(score), 5) for score in row]
        expected.append({"file": name, "label": label, "scores": rounded})
    values = {
        "labels": list(trained.classes),
        "tolerance": {"float32": 0.001, "int8": NEAR_INT8},
        "crops": expected,
    }
    files["selftest/expected.json"] = _json(values)
    return files


def _manifest(trained: Trained, made: Made, files: dict[str, bytes]) -> bytes:
    side = trained.network.side
    values: dict[str, Any] = {
        "kit": "videmo nano",
        "videmo": __version__,
        "labels": list(trained.classes),
        "input": {
            "tflite": f"1x{side}x{side}x1 (NHWC), grey 0..255, float32; the int8 file: uint8",
            "onnx": f"1x3x{side}x{side} (NCHW), RGB as jetson-inference normalises it, float32",
            "grey": "0.299 R + 0.587 G + 0.114 B; standardised inside the graph",
            "crop": trained.recipe.crop,
            "side": side,
        },
        "operators": made.about["operators"],
        "operators_int8": made.about_int8.get("operators", {}),
        "onnx": {"opset": 11, "ir": 6, "input": "input_0", "output": "output_0"},
        "made_with": made.about["made_with"],
        "measured": made.about.get("measured"),
        "agreement_int8": made.agreement,
        "learnt": made.about["learnt"],
        "mirrored": made.about["mirrored"],
        "trained_on": made.about["trained_on"],
        "sha256": {name: sha256(content) for name, content in sorted(files.items())},
    }
    return _json(values)


def _cascade(name: str) -> bytes:
    try:
        return (Path(cv2.data.haarcascades) / name).read_bytes()
    except OSError as error:
        raise SetupError(f"{name} is not there; reinstall opencv-python-headless (4.x)") from error


def _json(values: dict[str, Any]) -> bytes:
    return (json.dumps(values, indent=2) + "\n").encode()
