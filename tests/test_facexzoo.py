"""A MobileFaceNet that FaceX-Zoo trained is read as they made it, without running its pickle."""

from __future__ import annotations

import os
import pickle
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from videmo.errors import RequestError
from videmo.training.network import HEAD, draw
from videmo.training.weights import read_trained

torch = pytest.importorskip("torch", reason="PyTorch is only there for training")


def write_mobilefacenet(path: Path, *, width: int = 0) -> torch.nn.Module:
    """A random one as FaceX-Zoo saves it, whole; `width`: of the first convolution, another."""
    torch.manual_seed(0)
    layers: list[torch.nn.Module] = []
    for step in draw("mobilefacenet-slim", side=48, classes=1).steps:
        channels, taken, groups = step.channels, step.taken, step.groups
        if step.name == "stem.conv":
            channels, taken = width or channels, 3
        if step.kind in ("conv", "depthwise") and step.name != HEAD:
            kernel = step.kernel
            layers.append(torch.nn.Conv2d(taken, channels, kernel, groups=groups, bias=False))
            norm = torch.nn.BatchNorm2d(channels)
            for values in (norm.weight, norm.running_var):
                torch.nn.init.uniform_(values, 0.5, 1.5)
            for values in (norm.bias, norm.running_mean):
                torch.nn.init.normal_(values)
            layers.append(norm)
        elif step.kind == "prelu":
            layers.append(torch.nn.PReLU(channels))
            torch.nn.init.uniform_(layers[-1].weight, -1, 1)
    layers += [torch.nn.Linear(512, 512), torch.nn.BatchNorm1d(512)]
    whole = torch.nn.Sequential(*layers).eval()
    torch.save(whole, path, _use_new_zipfile_serialization=False)
    return whole


def test_its_first_layer_answers_as_theirs_does(tmp_path: Path) -> None:
    from videmo.training.facexzoo import GREY_LEVELS
    from videmo.training.network import in_torch

    theirs = write_mobilefacenet(tmp_path / "faces.pkl")
    trained = read_trained(tmp_path / "faces.pkl")
    module = in_torch.build(trained.network).eval()
    arrays = {name: torch.from_numpy(array) for name, array in trained.arrays.items()}
    module.load_state_dict(arrays, strict=False)
    x = torch.rand(2, 1, 9, 9)
    with torch.no_grad():
        wanted = theirs[:3](x.expand(-1, 3, -1, -1) * GREY_LEVELS)
        ours = torch.nn.functional.conv2d(x, module.stem.conv.weight)
        found = module.stem.slope(module.stem.norm(ours))
    assert found.numpy() == pytest.approx(wanted.numpy(), abs=1e-5)


def test_every_layer_but_the_last_is_filled(tmp_path: Path) -> None:
    theirs = write_mobilefacenet(tmp_path / "faces.pkl")
    trained = read_trained(tmp_path / "faces.pkl")
    layers = {s.name for s in trained.network.steps if s.kind in ("conv", "depthwise", "prelu")}
    filled = {name.removesuffix(".weight") for name in trained.arrays if name.endswith(".weight")}
    assert layers - filled == {HEAD}
    slopes = [layer.weight for layer in theirs if isinstance(layer, torch.nn.PReLU)]
    assert np.array_equal(trained.arrays["last.slope.weight"], slopes[-1].detach().numpy())


def test_it_says_for_what_its_weights_are_given_out(tmp_path: Path) -> None:
    write_mobilefacenet(tmp_path / "faces.pkl")
    (source,) = read_trained(tmp_path / "faces.pkl").about["source"]
    assert "FaceX-Zoo" in source["by"]
    assert source["licence"] == "Apache License 2.0"


class _Trap:
    def __reduce__(self) -> tuple[Callable, tuple[str]]:
        return os.mkdir, ("trapped",)


def test_nothing_in_it_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Path("trap.pkl").open("wb") as file:
        pickle.dump(0x1950A86A20F9469CFC6C, file, 2)
        for _ in range(4):
            pickle.dump(_Trap(), file, 2)
    with pytest.raises(RequestError, match=r"trap\.pkl: no MobileFaceNet of FaceX-Zoo"):
        read_trained(Path("trap.pkl"))
    assert not Path("trapped").exists()


def test_another_network_is_refused(tmp_path: Path) -> None:
    write_mobilefacenet(tmp_path / "faces.pkl", width=32)
    with pytest.raises(RequestError, match=r"864 numbers for stem\.conv, which has 1728"):
        read_trained(tmp_path / "faces.pkl")


@pytest.mark.parametrize(
    ("cut", "what"),
    [
        (lambda content: b"no", "no MobileFaceNet"),
        (lambda content: b"", "no MobileFaceNet"),
        (lambda content: pickle.dumps(5, 2), "not a file of PyTorch before 1.6"),
        (lambda content: content[:3000], "no MobileFaceNet"),
        (lambda content: content[:-4000], "not all there"),
    ],
    ids=["text", "empty", "pickle", "within the pickle", "within the numbers"],
)
def test_what_is_no_such_file_is_refused(
    tmp_path: Path, cut: Callable[[bytes], bytes], what: str
) -> None:
    write_mobilefacenet(tmp_path / "whole.pkl")
    (tmp_path / "faces.pkl").write_bytes(cut((tmp_path / "whole.pkl").read_bytes()))
    with pytest.raises(RequestError, match=re.escape("faces.pkl: no MobileFaceNet")) as caught:
        read_trained(tmp_path / "faces.pkl")
    assert what in str(caught.value)
