"""A model file, and what the JSON beside it says of it: checked before it is used."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from videmo.errors import RequestError, SetupError
from videmo.files import sha256, shown
from videmo.schema import CROPS, EMOTIONS, FACE, is_label

COLOURS = {"grey": 1, "rgb": 3}
"""Channels of the pictures that models look at."""
SIDE = 48
"""Width and height, in pixels, of a picture as a model sees it that does not say so."""
LARGEST_SIDE = 1024
EQUAL, TRAINING = "equal", "training"
MOST_TEMPERATURE = 20.0
DEFAULT_MODEL = "emotion.tflite"


@dataclass(frozen=True)
class Model:
    """A model file whose bytes are known to be the right ones."""

    path: Path
    name: str
    sha256: str
    content: bytes
    labels: tuple[str, ...] = EMOTIONS
    """What its scores are of, in order."""
    side: int = SIDE
    """Width and height, in pixels, of a picture as it sees it."""
    crop: str = FACE
    """What of a picture it looks at: one of `CROPS`."""
    colour: str = "grey"
    """A key of `COLOURS`."""
    frequencies: tuple[float, ...] = ()
    """How frequent each label was among what it learnt from, if its file answers accordingly; its
    scores are divided by them. Empty: they are taken as they are."""
    temperature: float = 1.0
    """What the logarithms of its scores are divided by, so that they are as sure as they are often
    right (C. Guo et al., On Calibration of Modern Neural Networks, ICML 2017)."""
    about: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """All that the .json beside it says."""

    @property
    def prior(self) -> str:
        """How frequent the labels are in the world of its scores: `EQUAL`, or as they were in its
        `TRAINING`, where it does not say."""
        return EQUAL if self.frequencies or self.about.get("prior") == EQUAL else TRAINING


def model_folder() -> Path:
    """Where the models lie that come with videmo: in the package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "models"
    return installed if installed.is_dir() else package.parent / "models"


def find_model(path: Path | None = None) -> Model:
    """The model at `path`, or the one that comes with videmo: one that a movie can be scanned with.

    Raises:
        RequestError: there is no file at `path`.
        SetupError: as `read_model`; or its labels cannot be columns of a table.
    """
    model = read_model(path)
    wrong = [label for label in model.labels if not is_label(label)]
    if wrong:
        raise SetupError(
            f"{shown(model.path)}: cannot scan with it: its label {shown(repr(wrong[0]))} cannot "
            "name a column; train it with letters, digits, spaces and _.+- in the labels, and not "
            "with names of the table's own columns"
        )
    if len({label.casefold() for label in model.labels}) < len(model.labels):
        raise SetupError(
            f"{shown(model.path)}: cannot scan with it: it has one label twice; train it again"
        )
    return model


def mistaken(digest: str) -> dict[str, str]:
    """What the model of this SHA-256 often takes some emotions for, as its card says; of models
    that did not come with videmo nothing is known."""
    shipped = read_model()
    return dict(shipped.about.get("mistaken", {})) if shipped.sha256 == digest else {}


def read_model(path: Path | None = None) -> Model:
    """The model at `path`, or the one that comes with videmo, checked against its description.

    Raises:
        RequestError: there is no file at `path`.
        SetupError: the file or the .json beside it is missing, or says nothing of use, or names
            another checksum.
    """
    if path is not None and not path.is_file():
        raise RequestError(f"{shown(path)}: there is no model of this name")
    advice = "put the model and the .json that was made with it side by side, or export it again"
    if path is None:
        path, advice = model_folder() / DEFAULT_MODEL, "install videmo again"
    if path.suffix == ".onnx":
        raise SetupError(
            f"{shown(path)}: is for jetson-inference; scan with the .tflite that was made with it, "
            "which has its figures, too"
        )
    about = path.with_suffix(".json")
    try:
        content = path.read_bytes()
        description = json.loads(about.read_text("utf-8"))
    except OSError as error:
        raise SetupError(
            f"{shown(error.filename or path)}: the model cannot be read; {advice}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise SetupError(f"{shown(about)}: is not JSON; {advice}") from error
    labels = description.get("labels") if isinstance(description, dict) else None
    if not isinstance(labels, list) or not labels or not all(isinstance(x, str) for x in labels):
        raise SetupError(f"{shown(about)}: it does not say what the model's labels are")
    side = description.get("side", SIDE)
    if type(side) is not int or not 0 < side <= LARGEST_SIDE:
        raise SetupError(f"{shown(about)}: {shown(str(side))} is no size of pictures")
    crop, colour = description.get("crop", FACE), description.get("colour", "grey")
    if crop not in CROPS or colour not in tuple(COLOURS):
        raise SetupError(
            f"{shown(about)}: crop {shown(str(crop))}, colour {shown(str(colour))}: this videmo "
            f"gives {' or '.join(CROPS)}, and {' or '.join(COLOURS)}; use a newer one"
        )
    digest = sha256(content)
    if description.get("sha256") != digest:
        raise SetupError(
            f"{shown(path)}: is not the model that {about.name} describes (wrong checksum); "
            f"{advice}"
        )
    name = str(description.get("name", path.stem))
    frequencies, temperature = _correction(about, description)
    return Model(
        *(path, name, digest, content, tuple(labels), side, crop, colour),
        *(frequencies, temperature, description),
    )


def _correction(about: Path, description: dict[str, Any]) -> tuple[tuple[float, ...], float]:
    """The frequencies and the temperature in a description; see `Model`."""
    labels = description["labels"]
    said, temperature = description.get("frequencies", {}), description.get("temperature", 1.0)
    known = isinstance(said, dict) and (not said or set(said) == set(labels))
    frequencies = tuple(said[label] for label in labels) if known and said else ()
    sound = all(type(one) in (int, float) and 0 < one <= 1 for one in frequencies)
    if not known or not sound:
        raise SetupError(
            f"{shown(about)}: its frequencies are not a number above 0, up to 1, for each label; "
            "export it again"
        )
    if type(temperature) not in (int, float) or not 0 < temperature <= MOST_TEMPERATURE:
        raise SetupError(
            f"{shown(about)}: {shown(str(temperature))} is no temperature; export it again"
        )
    return frequencies, float(temperature)


def lines_about(model: Model) -> Iterator[tuple[str, str]]:
    """What a model's description says, for people: names and values, one line each."""
    about = model.about
    yield "model", f"{model.name} ({model.path})"
    parameters = about.get("parameters")
    many = f", {parameters:,} parameters" if isinstance(parameters, int) else ""
    yield "size", f"{len(model.content):,} bytes{many}"
    yield "labels", ", ".join(model.labels)
    equal = "as if all labels were equally frequent"
    yield "scores", equal if model.prior == EQUAL else "for labels as frequent as in its training"
    for name in ("input", "output"):
        yield name, str(about.get(name, "not said"))
    yield from _lines_about_figures(about.get("measured"))
    for also in about.get("also_measured") or ():
        yield from itertools.islice(_lines_about_figures(also), 1)
    for source in about.get("trained_on") or ():
        if isinstance(source, dict):
            made = f" by {source['by']}" if "by" in source else ""
            yield "learnt from", f"{source.get('name')}{made}; licence: {source.get('licence')}"
    recipe = about.get("recipe")
    if isinstance(recipe, dict):
        said = (
            f"{k} {v}" for k, v in recipe.items() if not isinstance(v, (dict, list)) and v != ""
        )
        yield "recipe", ", ".join(said)
    yield "sha256", f"{model.sha256} (as recorded)"


def _lines_about_figures(measured: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(measured, dict):
        yield "figures", "not said"
        return
    accuracy, macro_f1 = measured.get("accuracy"), measured.get("macro_f1")
    on = f"{measured.get('on')} ({measured.get('faces', measured.get('pictures'))})"
    yield "figures", f"accuracy {accuracy}, macro-F1 {macro_f1}, on {on}"
    classes = measured.get("classes")
    recalls = measured.get("recall")
    if isinstance(classes, dict):
        recalls = {name: one.get("recall") for name, one in classes.items()}
    if isinstance(recalls, dict):
        yield "recalls", ", ".join(f"{name} {value}" for name, value in recalls.items())
