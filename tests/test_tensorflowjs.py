"""A MobileNet that others trained is read as they made it, and only that."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from videmo.errors import RequestError
from videmo.training.joined import read_joined
from videmo.training.network.classics import MOBILENET
from videmo.training.tensorflowjs import GREY_LEVELS, read_mobilenet
from videmo.training.weights import read_trained


def write_mobilenet(folder: Path, *, kept: str = "float16") -> dict[str, np.ndarray]:
    """The files of a random MobileNet; returns its tensors."""
    rng = np.random.default_rng(0)
    tensors: dict[str, np.ndarray] = {}

    def layer(name: str, kernel: str, shape: tuple[int, ...], width: int) -> None:
        tensors[f"{name}/{kernel}"] = rng.normal(0, 0.1, shape)
        tensors[f"{name}_bn/batchnorm_1/sub"] = rng.normal(0, 0.1, width)

    layer("conv1", "convolution/merged_input", (3, 3, 3, 32), 32)
    before = 32
    for i, (width, _) in enumerate(MOBILENET, 1):
        layer(f"conv_dw_{i}", "depthwise_kernel", (3, 3, before, 1), before)
        tensors[f"conv_dw_{i}_bn/batchnorm_1/mul"] = rng.uniform(0.5, 2, before)
        layer(f"conv_pw_{i}", "convolution/merged_input", (1, 1, before, width), width)
        before = width
    tensors = {name: array.astype(kept).astype(np.float32) for name, array in tensors.items()}
    entries = [
        {"name": name, "shape": list(array.shape), "dtype": "float32"}
        | ({} if kept == "float32" else {"quantization": {"dtype": kept}})
        for name, array in tensors.items()
    ]
    content = b"".join(array.astype(kept).tobytes() for array in tensors.values())
    (folder / "model.bin").write_bytes(content)
    groups = [{"paths": ["model.bin"], "weights": entries}]
    (folder / "model.json").write_text(json.dumps({"weightsManifest": groups}))
    return tensors


@pytest.mark.parametrize("kept", ["float16", "float32"])
def test_colours_are_summed_and_the_norms_scales_folded_in(tmp_path: Path, kept: str) -> None:
    tensors = write_mobilenet(tmp_path, kept=kept)
    found = read_mobilenet(tmp_path / "model.json")
    colours = tensors["conv1/convolution/merged_input"]
    assert found["stem.conv.weight"].shape == (32, 1, 3, 3)
    wanted = colours[1, 2, :, 5].sum() * GREY_LEVELS
    assert found["stem.conv.weight"][5, 0, 1, 2] == pytest.approx(wanted, rel=1e-4)
    kernel = tensors["conv_dw_3/depthwise_kernel"]
    scale = tensors["conv_dw_3_bn/batchnorm_1/mul"]
    assert found["block2.depthwise.conv.weight"].shape == (128, 1, 3, 3)
    assert found["block2.depthwise.conv.weight"][7, 0, 2, 1] == pytest.approx(
        kernel[2, 1, 7, 0] * scale[7], rel=1e-4
    )
    point = tensors["conv_pw_13/convolution/merged_input"]
    assert found["block12.conv.weight"][9, 4, 0, 0] == point[0, 0, 4, 9]
    assert np.array_equal(found["block12.norm.bias"], tensors["conv_pw_13_bn/batchnorm_1/sub"])


def test_every_layer_but_the_last_is_filled(tmp_path: Path) -> None:
    write_mobilenet(tmp_path)
    trained = read_trained(tmp_path / "model.json")
    layers = {
        step.name
        for step in trained.network.steps
        if step.kind in ("conv", "depthwise", "norm") and step.name != "head"
    }
    assert {name.rpartition(".")[0] for name in trained.arrays} == layers
    assert trained.body == trained.arrays


def test_it_cannot_be_exported_as_it_is(tmp_path: Path) -> None:
    write_mobilenet(tmp_path)
    with pytest.raises(RequestError, match="no last layer of ours"):
        read_joined([tmp_path / "model.json"])


def cut(folder: Path) -> None:
    content = (folder / "model.bin").read_bytes()
    (folder / "model.bin").write_bytes(content[:-1])


def change(folder: Path, name: str, value: object) -> None:
    """Say something else of the first tensor."""
    about = json.loads((folder / "model.json").read_text())
    about["weightsManifest"][0]["weights"][0][name] = value
    (folder / "model.json").write_text(json.dumps(about))


def outside(folder: Path) -> None:
    text = (folder / "model.json").read_text()
    (folder / "model.json").write_text(text.replace("model.bin", "../model.bin"))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (cut, "no model of TensorFlow.js"),
        (outside, "outside its folder"),
        (lambda folder: (folder / "model.bin").unlink(), "model.bin: cannot read"),
        (lambda folder: (folder / "model.json").write_text("[]"), "no model of TensorFlow.js"),
        (lambda folder: (folder / "model.json").write_text("[" * 100_000), "no model of"),
        (lambda folder: change(folder, "shape", [10**30]), "is of shape"),
        (lambda folder: change(folder, "shape", [-1]), "is of shape"),
        (lambda folder: change(folder, "shape", [3, 3, 32, 3]), r"stem.conv.weight is"),
        (lambda folder: change(folder, "quantization", "none"), "no model of TensorFlow.js"),
        (lambda folder: change(folder, "quantization", {"dtype": "uint8"}), "kept as uint8"),
        (
            lambda folder: (folder / "model.json").write_text('{"weightsManifest": []}'),
            "no MobileNet",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    tmp_path: Path, spoil: Callable[[Path], None], message: str
) -> None:
    write_mobilenet(tmp_path)
    spoil(tmp_path)
    with pytest.raises(RequestError, match=message) as caught:
        read_mobilenet(tmp_path / "model.json")
    assert "\n" not in str(caught.value)
