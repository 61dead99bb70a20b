"""A MobileFaceNet that InsightFace trained is read as they made it, and only that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from videmo.errors import RequestError
from videmo.training.network import HEAD, draw
from videmo.training.weights import read_trained

onnx = pytest.importorskip("onnx", reason="onnx is only there for training")


def write_mobilefacenet(path: Path, *, width: int = 0, without: str = "") -> list[np.ndarray]:
    """A random one as InsightFace exports it; returns its tensors, in the order of its layers.

    `width`: of the first convolution, another than it should be; `without`: a kind of layers.
    """
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)
    nodes, constants, tensors, x = [], [], [], "input.1"

    def add(kind: str, *shapes: tuple[int, ...]) -> None:
        nonlocal x
        if kind == without:
            return
        names = []
        for shape in shapes:
            array = rng.normal(0, 0.1, shape).astype(np.float32)
            names.append(f"t{len(tensors)}")
            constants.append(numpy_helper.from_array(array, names[-1]))
            tensors.append(array)
        nodes.append(helper.make_node(kind, [x, *names], [x := f"x{len(nodes)}"]))

    for step in draw("mobilefacenet", side=112, classes=1).steps:
        channels = step.channels
        if step.kind == "prelu":
            add("PRelu", (channels, 1, 1))
        elif step.kind in ("conv", "depthwise") and step.name not in ("mean.conv", HEAD):
            taken = step.taken // step.groups
            if step.name == "stem.conv":
                channels, taken = width or channels, 3
            add("Conv", (channels, taken, step.kernel, step.kernel), (channels,))
    add("Conv", (64, 512, 1, 1), (64,))
    value = helper.make_tensor_value_info
    ends = [value("input.1", TensorProto.FLOAT, None)], [value(x, TensorProto.FLOAT, None)]
    graph = helper.make_graph(nodes, "torch-jit-export", *ends, constants)
    path.write_bytes(helper.make_model(graph).SerializeToString())
    return tensors


def test_colours_are_summed_and_the_slopes_are_kept(tmp_path: Path) -> None:
    from videmo.training.insightface import GREY_LEVELS, read_mobilefacenet

    weight, bias, slope, second, *_ = write_mobilefacenet(tmp_path / "faces.onnx")
    found = read_mobilefacenet(tmp_path / "faces.onnx")
    assert found["stem.conv.weight"].shape == (128, 1, 3, 3)
    assert found["stem.conv.weight"][5, 0, 1, 2] == pytest.approx(
        weight[5, :, 1, 2].sum() * GREY_LEVELS, rel=1e-4
    )
    assert np.array_equal(found["stem.norm.bias"], bias)
    assert np.array_equal(found["stem.slope.weight"], slope[:, 0, 0])
    assert np.array_equal(found["second.conv.weight"], second)


def test_every_layer_but_the_last_two_is_filled(tmp_path: Path) -> None:
    write_mobilefacenet(tmp_path / "faces.onnx")
    trained = read_trained(tmp_path / "faces.onnx")
    layers = {s.name for s in trained.network.steps if s.kind in ("conv", "depthwise", "prelu")}
    filled = {name.removesuffix(".weight") for name in trained.arrays if name.endswith(".weight")}
    assert layers - filled == {"mean.conv", HEAD}
    assert trained.name == "faces"


def test_it_says_for_what_its_weights_are_given_out(tmp_path: Path) -> None:
    write_mobilefacenet(tmp_path / "faces.onnx")
    (source,) = read_trained(tmp_path / "faces.onnx").about["source"]
    assert source["name"] == "a MobileFaceNet of others (faces.onnx)"
    assert "InsightFace" in source["by"]
    assert "not commercial" in source["licence"]


@pytest.mark.parametrize(
    ("change", "what"),
    [({"width": 64}, "stem.conv is Conv"), ({"without": "PRelu"}, "layers, not")],
)
def test_another_network_is_refused(tmp_path: Path, change: dict, what: str) -> None:
    write_mobilefacenet(tmp_path / "faces.onnx", **change)
    with pytest.raises(RequestError, match=rf"faces\.onnx: no MobileFaceNet .*{what}"):
        read_trained(tmp_path / "faces.onnx")


def test_what_is_no_onnx_is_refused(tmp_path: Path) -> None:
    (tmp_path / "faces.onnx").write_text("no")
    with pytest.raises(RequestError, match=r"faces\.onnx: no MobileFaceNet .*not an ONNX file"):
        read_trained(tmp_path / "faces.onnx")


def test_weights_in_other_files_are_not_fetched(tmp_path: Path) -> None:
    """Their name could be that of any file."""
    write_mobilefacenet(tmp_path / "faces.onnx")
    model = onnx.load(tmp_path / "faces.onnx")
    onnx.save(model, tmp_path / "other.onnx", save_as_external_data=True, location="weights.bin")
    with pytest.raises(RequestError, match=r"other\.onnx: .* lies in another file"):
        read_trained(tmp_path / "other.onnx")
