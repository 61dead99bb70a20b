"""Exported files do what the trained network does, in every runtime. Needs the extra `train`."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from tests.conftest import ROOT
from videmo.cli import cli
from videmo.emotions import classifier, read_model
from videmo.errors import OutputError, RequestError
from videmo.schema import EMOTIONS
from videmo.training import NETWORKS
from videmo.training.recipe import Recipe

KIT_FILES = ROOT / "videmo" / "training" / "kit" / "files"
MODEL = ROOT / "models" / "emotion.tflite"


def videmo(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


# --- what needs nothing --------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(KIT_FILES.glob("*.py")), ids=lambda p: p.name)
def test_what_runs_on_a_nano_is_python_3_6(path: Path) -> None:
    ast.parse(path.read_text("utf-8"), feature_version=(3, 6))


JETSON = """
class imageNet:
    def __init__(self, **files):
        pass
    def Classify(self, picture):
        assert picture.shape == (48, 48, 3)
        return 0, 1.0
    def GetClassDesc(self, number):
        return "seen"
def cudaFromNumpy(picture):
    return picture
"""
"""What stands in for jetson-inference, which is only there on the board."""


@pytest.mark.parametrize("program", ["run_tflite.py", "run_jetson.py"])
@pytest.mark.parametrize(("crop", "seen"), [("frame", [[0, 0, 64, 40]]), ("face", [])])
def test_the_kit_s_programs_look_at_what_the_model_learnt_from(
    tmp_path: Path, program: str, crop: str, seen: list[list[int]]
) -> None:
    """At all of a picture without a face, or at no place in it."""
    for path in KIT_FILES.glob("run_*.py"):
        shutil.copy(path, tmp_path)
    for name in ("jetson_inference.py", "jetson_utils.py"):
        (tmp_path / name).write_text(JETSON)
    shutil.copy(MODEL, tmp_path / "emotion_f32.tflite")
    shutil.copy(cv2.data.haarcascades + "haarcascade_frontalface_default.xml", tmp_path)
    about = {"labels": list(EMOTIONS), "input": {"crop": crop, "side": 48}}
    (tmp_path / "manifest.json").write_text(json.dumps(about))
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((40, 64), np.uint8))
    command = [sys.executable, str(tmp_path / program), "a.png"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    lines = [line.split(",") for line in done.stdout.splitlines()]
    assert [[int(value) for value in line[2:6]] for line in lines] == seen


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("export", "a", "-o", "b", "--mirrored"), "--mirrored: is gone; a model looks once"),
        (("export", "a", "-o", "b", "--average-weights"), "--average-weights: is gone; a training"),
        (("export", "a", "-o", "b", "--labels", "fer2013"), "--labels: is gone; what learnt both"),
        (("export", "a", "b", "-o", "c"), "networks side by side are gone; train one by several"),
        (
            ("train", "a", "-o", "b", "--arch", "swift"),
            "--arch swift: is gone; use --arch residual",
        ),
        (("train", "a", "-o", "b", "--arch", "mobilenet"), "--arch mobilenet: is gone; use"),
        (("export", "a", "-o", "b", "--kit", "nano", "--as", "int8"), "leave out --as and --name"),
    ],
)
def test_what_is_gone_is_refused_with_what_to_use_instead(
    words: tuple[str, ...], message: str
) -> None:
    done = videmo(*words)
    assert isinstance(done.exception, RequestError) and str(done.exception).startswith(message) | (
        message in str(done.exception)
    )
    assert "\n" not in str(done.exception)


# --- what needs the extra ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def frameworks() -> None:
    names = ("torch", "torchvision", "sklearn", "safetensors", "matplotlib", "litert_torch", "onnx")
    for name in (*names, "onnxruntime"):
        pytest.importorskip(name, reason=f"{name} is only there for training")


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of bars that lie or stand."""
    folder = tmp_path_factory.mktemp("bars")
    rng = np.random.default_rng(0)
    for name in ("lying", "standing"):
        (folder / name).mkdir(parents=True)
        for i in range(40):
            picture = rng.integers(0, 60, (48, 48)).astype(np.uint8)
            at, wide = rng.integers(8, 34), rng.integers(3, 7)
            picture[at : at + wide] = rng.integers(150, 250)
            cv2.imwrite(str(folder / name / f"{i}.png"), picture if name == "lying" else picture.T)
    return folder


@pytest.fixture(scope="module")
def run(frameworks: None, bars: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training on the bars."""
    from videmo.training.fit import fit
    from videmo.training.recipe import Variety

    recipe = Recipe(
        *("tiny", 12), batch=8, average=0.9, crop="frame", variety=Variety(turn=5, hidden=0)
    )
    folder = tmp_path_factory.mktemp("runs") / "run"
    found = fit(bars, folder, recipe, device="cpu", threads=1)["splits"]["test, labels folder"]
    assert found["accuracy"] == 1
    return folder


@pytest.fixture(scope="module")
def out(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All formats but one of that training."""
    folder = tmp_path_factory.mktemp("out")
    done = videmo("export", run, "-o", folder)
    assert done.exit_code == 0, (done.output, done.exception)
    return folder


@pytest.fixture(scope="module")
def pictures(bars: Path) -> np.ndarray:
    from videmo.training.dataset import Look, read

    return read(bars, Look("frame")).splits["valid"].images


def said_by_the_network(run: Path, pictures: np.ndarray) -> np.ndarray:
    from scipy.special import softmax

    from videmo.training.learner import logits_of
    from videmo.training.weights import read_trained

    trained = read_trained(run)
    logits = logits_of(trained.network(), pictures)
    return softmax(logits / trained.temperature, axis=1)


def test_an_export_is_files_and_what_describes_them(out: Path) -> None:
    names = ("run.tflite", "run.json", "run.safetensors", "run-int8.tflite", "run-int8.json")
    assert {path.name for path in out.iterdir()} == {*names, "run.onnx"}
    about = read_model(out / "run.tflite").about
    assert (about["labels"], about["crop"]) == (["lying", "standing"], "frame")
    assert about["bytes"] == (out / "run.tflite").stat().st_size
    assert about["measured"]["accuracy"] == 1 and about["recipe"]["network"] == "tiny"


@pytest.mark.parametrize(("name", "near"), [("run.tflite", 1e-4), ("run-int8.tflite", 0.1)])
def test_a_tflite_file_answers_as_the_network(
    run: Path, out: Path, pictures: np.ndarray, name: str, near: float
) -> None:
    scores = classifier(read_model(out / name))(list(pictures))
    assert scores == pytest.approx(said_by_the_network(run, pictures), abs=near)


def test_weights_in_8_bits_answer_as_the_network_in_fewer_bytes(
    run: Path, out: Path, pictures: np.ndarray, tmp_path: Path
) -> None:
    assert videmo("export", run, "-o", tmp_path, "--as", "dynamic").exit_code == 0
    small = read_model(tmp_path / "run.tflite")
    scores = classifier(small)(list(pictures))
    assert scores == pytest.approx(said_by_the_network(run, pictures), abs=0.05)
    assert len(small.content) < 0.6 * len(read_model(out / "run.tflite").content)


def test_the_onnx_answers_as_the_network_and_keeps_jetson_inference_s_contract(
    run: Path, out: Path, pictures: np.ndarray
) -> None:
    import onnx

    from videmo.training.export.convert import scores_of_onnx

    content = (out / "run.onnx").read_bytes()
    scores = scores_of_onnx(content, pictures)
    assert scores == pytest.approx(said_by_the_network(run, pictures), abs=1e-4)
    model = onnx.load_from_string(content)
    (source,), (result,) = model.graph.input, model.graph.output
    assert (source.name, result.name) == ("input_0", "output_0")
    assert [d.dim_value for d in source.type.tensor_type.shape.dim] == [1, 3, 48, 48]
    assert [d.dim_value for d in result.type.tensor_type.shape.dim] == [1, 2]
    assert [o.version for o in model.opset_import] == [11] and model.ir_version <= 7
    assert model.graph.node[-1].op_type == "Softmax"
    assert all(t.data_type == onnx.TensorProto.FLOAT for t in model.graph.initializer)
    assert {node.op_type for node in model.graph.node} <= {
        *("Conv", "Relu", "AveragePool", "ReduceMean", "Softmax", "Sigmoid", "Add", "Sub", "Mul"),
        *("Div", "Sqrt", "Constant", "Identity"),
    }


def test_an_exported_model_is_exported_and_learnt_on(out: Path, bars: Path, tmp_path: Path) -> None:
    """Its weights lie beside it."""
    assert videmo("export", out / "run.tflite", "-o", tmp_path, "--as", "float32").exit_code == 0
    assert (tmp_path / "run.tflite").read_bytes() == (out / "run.tflite").read_bytes()
    words = ("--init", out / "run.tflite", "--crop", "frame", "--epochs", 1, "--threads", 1)
    done = videmo("train", bars, "-o", tmp_path / "on", *words)
    assert done.exit_code == 0 and "accuracy 100.0%" in done.output, done.output


@pytest.fixture
def two_headed(frameworks: None) -> Callable[..., object]:
    """Makes networks that have learnt two kinds of labels, badly."""
    import torch

    from videmo.training.networks import build
    from videmo.training.weights import Trained

    def make(name: str, **how: object) -> Trained:
        torch.manual_seed(0)
        recipe = Recipe(name, labels="both", first=0.7, **how)  # type: ignore[arg-type]
        network = build(recipe, 2, 7)
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                torch.nn.init.uniform_(module.weight, 0.5, 1.5)
        weights = {k: v.clone() for k, v in network.state_dict().items()}
        about = {"recipe": {"labels": "both"}}
        return Trained(name, recipe, EMOTIONS, ("ferplus", "fer2013"), 1.7, about, weights)

    return make


@pytest.mark.parametrize("name", [name for name in NETWORKS if name not in ("vgg16", "elu6")])
def test_a_file_answers_with_both_heads(two_headed, tmp_path: Path, name: str) -> None:
    """In a file that old runtimes know: it is checked before it is written."""
    from videmo.training.export import make

    made = make(two_headed(name), tmp_path / "a.tflite", ("float32", "dynamic", "onnx"), None)
    assert set(made.files) == {"float32", "dynamic", "onnx"}
    assert made.about["float32"]["operators"]["CONV_2D"] <= 5


def test_a_network_of_colours_is_exported(two_headed, tmp_path: Path) -> None:
    from videmo.training.export import make

    made = make(two_headed("tiny", colour="rgb"), tmp_path / "a.tflite", ("float32", "onnx"), None)
    assert made.about["float32"]["input"].startswith("float32 (n, 48, 48, 3): rgb")


def test_a_file_that_does_not_do_what_the_network_does_is_not_written(
    two_headed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from videmo.training import export

    other = export.convert.to_tflite(two_headed("tiny", side=40))
    monkeypatch.setattr(export.convert, "to_tflite", lambda trained: other)
    trained = two_headed("tiny", side=40)
    trained.weights["head.bias"][0] += 1
    with pytest.raises(OutputError, match=r"a\.tflite: scores 0\.\d+ away from the network's"):
        export.make(trained, tmp_path / "a.tflite", ("float32",), None)


def test_operators_that_old_runtimes_do_not_know_are_refused(frameworks: None) -> None:
    from videmo.training.export import check_operators

    with pytest.raises(OutputError, match="FULLY_CONNECTED version 12"):
        check_operators({"CONV_2D": 5, "FULLY_CONNECTED": 12}, Path("a.tflite"))


def test_a_file_in_8_bits_that_answers_otherwise_is_not_written(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from videmo.training import export

    monkeypatch.setattr(export, "AGREEMENT", 0.99)
    real = export.scores_of
    calls: list[int] = []

    def turned(*arguments):  # type: ignore[no-untyped-def]
        calls.append(1)
        scores = real(*arguments)
        return scores if len(calls) == 1 else scores[:, ::-1]

    monkeypatch.setattr(export, "scores_of", turned)
    done = videmo("export", run, "-o", tmp_path / "out", "--as", "dynamic,onnx")
    assert (
        done.exit_code == 1 and "dynamic not written: it answers as the network on" in done.output
    )
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["run.onnx"]


def test_int8_without_pictures_is_refused_before_anything_is_made(
    out: Path, tmp_path: Path
) -> None:
    done = videmo("export", out / "run.tflite", "-o", tmp_path / "new", "--as", "int8")
    assert isinstance(done.exception, RequestError) and "--data" in str(done.exception)
    assert not (tmp_path / "new").exists()


def test_formats_that_cannot_be_are_refused(out: Path, tmp_path: Path) -> None:
    for formats, message in (
        ("float32,dynamic", "one file"),
        ("float16", "is gone; use dynamic"),
        ("jpeg", "no format 'jpeg'; there are float32, dynamic, int8, onnx"),
    ):
        done = videmo("export", out / "run.tflite", "-o", tmp_path, "--as", formats)
        assert isinstance(done.exception, RequestError) and message in str(done.exception)


# --- the kit -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kit(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kit") / "nano-kit"
    done = videmo("export", run, "--kit", "nano", "-o", folder)
    assert done.exit_code == 0, (done.output, done.exception)
    return folder


def test_the_kit_holds_all_that_a_nano_needs(kit: Path) -> None:
    names = {path.name for path in kit.iterdir()}
    assert names >= {
        *("README.md", "manifest.json", "labels.txt", "emotion_f32.tflite", "emotion_jetson.onnx"),
        *("emotion_int8.tflite", "selftest"),
        *("run_tflite.py", "run_jetson.py", "selftest.py"),
        *("install_jetpack4.sh", "install_jetpack6.sh"),
    }
    assert not list(kit.glob("haarcascade*"))  # it looks at whole pictures
    assert len(list((kit / "selftest").glob("crop*.png"))) == 14
    assert (kit / "labels.txt").read_bytes() == b"lying\nstanding\n"


def selftest(kit: Path, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    command = [python, str(kit / "selftest.py")]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, cwd=kit
    )


def test_the_kit_s_self_test_passes_here(kit: Path) -> None:
    done = selftest(kit)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("emotion_f32.tflite ", "emotion_int8.tflite", "emotion_jetson.onnx"):
        assert f"{name}  PASS" in done.stdout
    assert done.stdout.splitlines()[-1] == "PASS"


def test_the_kit_s_self_test_fails_where_scores_are_wrong(kit: Path, tmp_path: Path) -> None:
    shutil.copytree(kit, tmp_path / "kit")
    path = tmp_path / "kit" / "selftest" / "expected.json"
    expected = json.loads(path.read_text())
    expected["scores"]["float32"] = [row[::-1] for row in expected["scores"]["float32"]]
    path.write_text(json.dumps(expected))
    done = selftest(tmp_path / "kit")
    assert done.returncode == 1 and "FAIL: do not use this runtime" in done.stdout


def test_the_self_test_fails_where_the_kit_looks_for_faces_in_place_of_whole_pictures(
    kit: Path, tmp_path: Path
) -> None:
    shutil.copytree(kit, tmp_path / "kit")
    cascade = Path(cv2.data.haarcascades) / "haarcascade_frontalface_default.xml"
    shutil.copy(cascade, tmp_path / "kit")
    manifest = json.loads((tmp_path / "kit" / "manifest.json").read_text())
    assert manifest["input"]["crop"] == "frame" and selftest(tmp_path / "kit").returncode == 0
    manifest["input"]["crop"] = "face"
    (tmp_path / "kit" / "manifest.json").write_text(json.dumps(manifest))
    done = selftest(tmp_path / "kit")
    assert done.returncode == 1 and "where it looks       FAIL" in done.stdout
    manifest["input"]["crop"] = "hands"
    (tmp_path / "kit" / "manifest.json").write_text(json.dumps(manifest))
    done = selftest(tmp_path / "kit")
    assert done.returncode == 1 and "crop 'hands': this kit gives face or frame" in done.stderr


def test_the_weights_that_are_shipped_are_those_of_the_file_beside_them(frameworks: None) -> None:
    from scipy.special import softmax

    from videmo.training.kit import crops
    from videmo.training.learner import logits_of
    from videmo.training.weights import read_trained

    path, faces = ROOT / "models" / "emotion-wide.tflite", crops(48)[..., None]
    trained = read_trained(path)
    wanted = softmax(logits_of(trained.network(), faces) / trained.temperature, axis=1)
    # Its weights have 8 bits in the file.
    assert classifier(read_model(path))(list(faces)) == pytest.approx(wanted, abs=0.05)


def saved(trained: Any, folder: Path) -> Path:
    """What has learnt, as weights in a file."""
    from dataclasses import asdict

    from videmo.training.weights import packed

    about = {"recipe": asdict(trained.recipe), "classes": trained.classes}
    about |= {"heads": trained.heads, "temperature": trained.temperature}
    path = folder / "mine.safetensors"
    path.write_bytes(packed(trained.weights, about))
    return path


def test_a_kit_of_faces_and_of_two_heads_looks_at_faces_and_answers_as_the_network(
    two_headed, tmp_path: Path
) -> None:
    trained = two_headed("tiny")
    done = videmo("export", saved(trained, tmp_path), "--kit", "nano", "-o", tmp_path / "kit")
    assert done.exit_code == 0, (done.output, done.exception)
    assert (tmp_path / "kit" / "haarcascade_frontalface_default.xml").is_file()
    tested = selftest(tmp_path / "kit")
    assert tested.returncode == 0 and "where it looks       PASS" in tested.stdout, tested.stdout
    about = json.loads((tmp_path / "kit" / "selftest" / "expected.json").read_text())
    files = [str(tmp_path / "kit" / name) for name in about["crops"]]
    crops = np.stack([cv2.imread(file, cv2.IMREAD_GRAYSCALE)[..., None] for file in files])
    assert len(about["places"]) == 1 and about["places"] != [[0, 0, 320, 240]]
    from scipy.special import softmax

    from videmo.training.learner import logits_of

    said = softmax(logits_of(trained.network(), crops) / trained.temperature, axis=1)
    assert np.array(about["scores"]["float32"]) == pytest.approx(said, abs=1e-4)


def test_a_kit_that_cannot_do_what_the_model_wants_is_refused(
    two_headed, out: Path, tmp_path: Path
) -> None:
    colours = saved(two_headed("tiny", colour="rgb"), tmp_path)
    done = videmo("export", colours, "--kit", "nano", "-o", tmp_path / "kit")
    assert isinstance(done.exception, RequestError) and "looks at colours" in str(done.exception)
    for change, message in (
        ({"crop": "face"}, "its .json says other things of it than its weights"),
        ({"temperature": 0.65}, "corrects its scores"),
        ({"frequencies": {"lying": 0.9, "standing": 0.1}}, "corrects its scores"),
    ):
        shutil.copytree(out, tmp_path / message[:3], dirs_exist_ok=True)
        model = tmp_path / message[:3] / "run.tflite"
        about = json.loads(model.with_suffix(".json").read_text())
        model.with_suffix(".json").write_text(json.dumps({**about, **change}))
        done = videmo("export", model, "--kit", "nano", "-o", tmp_path / "kit")
        assert isinstance(done.exception, RequestError) and message in str(done.exception)
        assert "run.tflite" in str(done.exception) and "\n" not in str(done.exception)
    assert not (tmp_path / "kit").exists()


def test_a_kit_is_not_put_where_jetson_inference_would_run_its_name(frameworks: None) -> None:
    from videmo.training.kit import write_kit

    for name in ("my kit", "kit;reboot", "k$(id)", "kité"):
        with pytest.raises(RequestError, match="shell"):
            write_kit(MODEL, Path(name), say=print)


OLD_RUNTIMES = [("3.8", "2.7.0"), ("3.7", "2.11.0"), ("3.8", "2.13.0"), ("3.11", "2.14.0")]


@pytest.mark.long
@pytest.mark.parametrize(("python", "runtime"), OLD_RUNTIMES)
def test_the_kit_runs_in_an_old_runtime(
    kit: Path, tmp_path: Path, python: str, runtime: str
) -> None:
    versions = sorted((Path.home() / ".pyenv" / "versions").glob(f"{python}.*"))
    if not versions:
        pytest.skip(f"no Python {python} for tflite-runtime {runtime} here")
    subprocess.run([str(versions[0] / "bin" / "python"), "-m", "venv", str(tmp_path)], check=True)
    wanted = [f"tflite-runtime=={runtime}", "numpy<1.27", "opencv-python-headless==4.6.0.66"]
    install = [str(tmp_path / "bin" / "pip"), "install", "--quiet", *wanted]
    subprocess.run(install, check=True, capture_output=True)
    done = selftest(kit, str(tmp_path / "bin" / "python"))
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("emotion_f32.tflite ", "emotion_int8.tflite"):
        assert f"{name}  PASS  tflite_runtime {runtime}" in done.stdout
