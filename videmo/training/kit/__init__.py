"""The kit for a Jetson Nano: a folder with the models, a self-test and all that runs them there.

Two routes: TFLite on the processor (``run_tflite.py``, plain Python 3.6 with numpy and cv2), and
the ONNX in jetson-inference on the GPU (``run_jetson.py``). ``selftest.py`` says whether the
runtime of the board gives the right scores: some old ones are wrong without a word.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from videmo import __version__
from videmo.emotions import read_model
from videmo.files import sha256, write_atomic
from videmo.schema import EMOTIONS, FACE
from videmo.training import wrong
from videmo.training.export import USUAL, Made, make, scores_of
from videmo.training.recipe import as_json
from videmo.training.weights import Trained, read_trained

CASCADE = "haarcascade_frontalface_default.xml"  # OpenCV's, which the board's own may lack
NAMES = {
    "float32": "emotion_f32.tflite",
    "int8": "emotion_int8.tflite",
    "onnx": "emotion_jetson.onnx",
}
SCENE = "selftest/scene.png"
TOLERANCE = {"float32": 0.001, "int8": 0.05}
"""How far a score may be from what the same file says here, in the self-test."""


def write_kit(source: Path, folder: Path, say: Callable[[str], None], **how: Any) -> list[Path]:
    """Write the kit of `source` (a training's folder, or a model of ours) into `folder`.

    The int8 file is in it if pictures are there to make it of, and if it is as good as it must be.
    `how` is as in `videmo.training.export.make`.
    """
    if not all(c.isascii() and (c.isalnum() or c in "/._-") for c in str(folder)):
        what = "choose a path of letters, digits, '.', '_' and '-'"
        raise wrong(folder, f"{what}: jetson-inference gives it to a shell")
    trained = read_trained(source)
    _check(source, trained)
    made = make(trained, folder / NAMES["float32"], USUAL, optional=["int8"], **how)
    files = {NAMES[kind]: content for kind, content in made.files.items()}
    if "int8" not in made.files:
        say(*made.refused or ["without an int8 file: name pictures with --data to have one"])
    files["labels.txt"] = ("\n".join(trained.classes) + "\n").encode()
    if trained.recipe.crop == FACE:
        cascades: Any = cv2.data  # type: ignore[attr-defined]
        files[CASCADE] = Path(cascades.haarcascades, CASCADE).read_bytes()
    for place in (resources(__package__) / "files").iterdir():
        if place.is_file():
            files[place.name] = place.read_bytes()
    files |= _selftest(trained, made)
    files["manifest.json"] = as_json(_manifest(trained, made, files))
    for name, content in files.items():
        write_atomic(folder / name, content)
    return [folder / name for name in files]


def _check(source: Path, trained: Trained) -> None:
    """Refuse what the kit's programs cannot give a model, or cannot make of what it says.

    Several heads are no hindrance: the files answer with their mean.
    """
    if trained.recipe.colour != "grey":
        raise wrong(source, "looks at colours; the kit is for models of grey")
    beside = source.with_suffix(".tflite")
    if source.is_dir() or not beside.is_file() or not beside.with_suffix(".json").is_file():
        return
    model, look = read_model(beside), trained.recipe.look
    said = (model.labels, model.side, model.crop, model.colour)
    if said != (trained.classes, look.side, look.crop, look.colour):
        raise wrong(source, "its .json says other things of it than its weights; export it again")
    if model.frequencies or model.temperature != 1:
        what = "its .json corrects its scores (frequencies, temperature), which the kit does not"
        raise wrong(source, f"{what}; train with balance 1 in the recipe, and name that training")


def _selftest(trained: Trained, made: Made) -> dict[str, bytes]:
    """The crops, and what the files say of them here."""
    pictures, files = crops(trained.recipe.side), {}
    for i, picture in enumerate(pictures):
        files[f"selftest/crop{i:02}.png"] = cv2.imencode(".png", picture)[1].tobytes()
    said = {
        kind: scores_of(made.files[kind], trained, Path(NAMES[kind]), pictures[..., None]).tolist()
        for kind in TOLERANCE
        if kind in made.files
    }
    files[SCENE], place = scene(trained.recipe.crop)
    values = {
        "picture": SCENE,
        "places": [place],
        "labels": trained.classes,
        "tolerance": TOLERANCE,
        "crops": [name for name in files if name != SCENE],
        "scores": said,
    }
    return {**files, "selftest/expected.json": as_json(values)}


def scene(crop: str) -> tuple[bytes, list[int]]:
    """A picture, as PNG, with a face of nobody's in it, and where in it is to be looked."""
    width, height, side, x, y = 320, 240, 130, 120, 60
    picture = np.repeat(np.linspace(90, 150, width)[None].astype(np.uint8), height, axis=0)
    picture[y : y + side, x : x + side] = crops(side)[2 * EMOTIONS.index("happy")]
    place = [x, y, side, side] if crop == FACE else [0, 0, width, height]
    return cv2.imencode(".png", picture)[1].tobytes(), place


def crops(side: int) -> np.ndarray:
    """(14, side, side) uint8, grey, always the same: the demo's faces, which are nobody's."""
    found = []
    for emotion in EMOTIONS:
        data = (resources("videmo.demo") / "faces" / f"{emotion}.png").read_bytes()
        face: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
        small = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
        found += [small, (0.7 * small[:, ::-1] + 20).astype(np.uint8)]
    return np.stack(found)


def _manifest(trained: Trained, made: Made, files: dict[str, bytes]) -> dict[str, Any]:
    side, about = trained.recipe.side, made.about["float32"]
    taken = ("labels", "learnt", "trained_on", "operators", "made_with", "measured")
    return {
        **{"kit": "videmo nano", "videmo": __version__},
        **{name: about[name] for name in taken if name in about},
        "input": {
            "tflite": f"1x{side}x{side}x1 (NHWC), grey 0..255, float32",
            "onnx": f"1x3x{side}x{side} (NCHW), RGB as jetson-inference normalises it, float32",
            "grey": "0.299 R + 0.587 G + 0.114 B; standardised inside the graph",
            **{"crop": trained.recipe.crop, "side": side},
        },
        "onnx": {"opset": 11, "ir": 6, "input": "input_0", "output": "output_0"},
        "agreement_int8": made.about.get("int8", {}).get("agrees"),
        "sha256": {name: sha256(content) for name, content in sorted(files.items())},
    }
