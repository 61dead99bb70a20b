"""Exported files do what the trained network does, in every runtime. Needs the extra `train`."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from tests.conftest import DATA, ROOT
from videmo.cli import cli
from videmo.emotions import classifier, find_model, interpreter_of, read_model
from videmo.errors import OutputError, RequestError
from videmo.schema import EMOTIONS
from videmo.training.joined import read_joined
from videmo.training.network import draw
from videmo.training.recipe import Recipe, as_values
from videmo.training.weights import Trained, one_head, read_trained

KIT_FILES = ROOT / "videmo" / "training" / "kit" / "files"
MODEL = ROOT / "models" / "emotion.tflite"


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


@pytest.fixture(scope="module")
def frameworks() -> None:
    for name in ("torch", "keras", "tensorflow", "onnx", "onnxruntime"):
        pytest.importorskip(name, reason=f"{name} is only there for training")


@pytest.fixture(scope="module")
def kit(frameworks: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The kit of the shipped model; in a process of its own, as TensorFlow is loaded there."""
    folder = tmp_path_factory.mktemp("kit") / "nano-kit"
    command = ["-m", "videmo", "export", str(MODEL), "--kit", "nano", "-o", str(folder)]
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    return folder


def test_the_kit_holds_all_that_a_nano_needs(kit: Path) -> None:
    names = {path.name for path in kit.iterdir()}
    assert names >= {
        *("README.md", "manifest.json", "labels.txt", "emotion_f32.tflite", "emotion_jetson.onnx"),
        *("haarcascade_frontalface_default.xml", "haarcascade_eye.xml"),
        *("run_tflite.py", "run_jetson.py", "selftest.py", "selftest"),
        *("install_jetpack4.sh", "install_jetpack6.sh"),
    }
    assert len(list((kit / "selftest").glob("*.png"))) == 16
    assert (
        kit / "labels.txt"
    ).read_bytes() == b"angry\ndisgust\nfear\nhappy\nsad\nsurprise\nneutral\n"


def test_the_kit_s_self_test_passes_here(kit: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(kit / "selftest.py")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "emotion_f32.tflite   PASS" in done.stdout
    assert "emotion_jetson.onnx  PASS" in done.stdout


def test_the_kit_s_self_test_fails_where_scores_are_wrong(kit: Path, tmp_path: Path) -> None:
    expected = json.loads((kit / "selftest" / "expected.json").read_text())
    for crop in expected["crops"]:
        crop["scores"] = crop["scores"][::-1]
    for path in kit.rglob("*"):
        if path.is_file():
            (tmp_path / path.relative_to(kit)).parent.mkdir(exist_ok=True)
            (tmp_path / path.relative_to(kit)).write_bytes(path.read_bytes())
    (tmp_path / "selftest" / "expected.json").write_text(json.dumps(expected))
    done = subprocess.run(
        [sys.executable, str(tmp_path / "selftest.py")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and "FAIL: do not use this runtime" in done.stdout


def test_the_onnx_keeps_jetson_inference_s_contract(kit: Path) -> None:
    import onnx

    model = onnx.load(str(kit / "emotion_jetson.onnx"))
    (source,), (result,) = model.graph.input, model.graph.output
    assert (source.name, result.name) == ("input_0", "output_0")
    assert [d.dim_value for d in source.type.tensor_type.shape.dim] == [1, 3, 48, 48]
    assert [d.dim_value for d in result.type.tensor_type.shape.dim] == [1, 7]
    assert [o.version for o in model.opset_import] == [11] and model.ir_version <= 7
    assert model.graph.node[-1].op_type == "Softmax"
    assert not any(t.data_location for t in model.graph.initializer)
    assert all(t.data_type == onnx.TensorProto.FLOAT for t in model.graph.initializer)
    parsed_by_old_tensorrt = {
        *("Conv", "Relu", "AveragePool", "ReduceMean", "Softmax", "Sigmoid", "Add", "Sub", "Mul"),
        *("Div", "Sqrt", "Flatten", "BatchNormalization", "Concat"),
    }
    assert {node.op_type for node in model.graph.node} <= parsed_by_old_tensorrt


def test_a_kit_is_not_put_where_jetson_inference_would_run_its_name(frameworks: None) -> None:
    from videmo.training.kit import write_kit

    for name in ("my kit", "kit;reboot", "k$(id)", "kité"):
        with pytest.raises(RequestError, match="shell"):
            write_kit([MODEL], Path(name))


def test_a_file_that_does_not_do_what_the_network_does_is_not_written(frameworks: None) -> None:
    from videmo.training.export import check

    scores = np.full((4, 7), 1 / 7)
    for wrong in (scores + 0.01, scores * np.nan):
        with pytest.raises(OutputError, match="away from those of"):
            check.scores_near(wrong, scores, "Keras", Path("a.tflite"))
    with pytest.raises(OutputError, match="FULLY_CONNECTED version 12"):
        check.operators_known({"FULLY_CONNECTED": 12}, {"CONV_2D": 5}, Path("a.tflite"))


def test_each_of_two_heads_has_files_of_its_own(frameworks: None, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export = ["export", str(two_headed(tmp_path / "run")), "--as", "float32", "-o", str(out)]
    kit = ["export", str(tmp_path / "run"), "--kit", "nano", "-o", str(tmp_path / "kit")]
    other = ["--labels", "fer2013"]
    code = (
        "import json, sys; from videmo.cli import cli\n"
        "for words in json.loads(sys.argv[1]): cli(words, standalone_mode=False)"
    )
    commands = json.dumps([export, export + other, kit + other])
    subprocess.run([sys.executable, "-c", code, commands], check=True, capture_output=True)
    names = ["run-fer2013.json", "run-fer2013.tflite", "run.json", "run.tflite"]
    assert sorted(path.name for path in out.iterdir()) == names
    for name, labels in (("run", "ferplus"), ("run-fer2013", "fer2013")):
        about = json.loads((out / f"{name}.json").read_text())
        assert (about["name"], about["learnt"]) == (f"videmo {name}", labels)
    crops = json.loads((tmp_path / "kit" / "selftest" / "expected.json").read_text())["crops"]
    places = [tmp_path / "kit" / "selftest" / crop["file"] for crop in crops]
    faces = [cv2.imread(str(place), cv2.IMREAD_GRAYSCALE) for place in places]
    first, second = (
        classifier(read_model(out / name))(faces) for name in ("run.tflite", "run-fer2013.tflite")
    )
    scores = np.array([crop["scores"] for crop in crops])
    assert scores == pytest.approx(second, abs=1e-4) and scores != pytest.approx(first, abs=1e-4)
    assert json.loads((tmp_path / "kit" / "manifest.json").read_text())["learnt"] == "fer2013"


@pytest.mark.parametrize("kept", ["float16", "dynamic"])
def test_a_mirrored_file_says_so_and_is_read_back(
    frameworks: None, tmp_path: Path, kept: str
) -> None:
    command = ["-m", "videmo", "export", str(MODEL), "-o", str(tmp_path), "--as", f"{kept},onnx"]
    subprocess.run([sys.executable, *command, "--mirrored"], check=True, capture_output=True)
    both = read_model(tmp_path / "emotion.tflite")
    assert both.about["mirrored"] and not read_model(MODEL).about["mirrored"]
    ours, theirs = read_trained(MODEL), read_trained(both.path)
    assert theirs.recipe.mirrored and "both sides" in both.about["output"]
    for name, array in ours.arrays.items():
        assert theirs.arrays[name] == pytest.approx(array, rel=1e-3, abs=1e-3)


def two_headed(run: Path, seed: int = 0, network: str = "tiny") -> Path:
    """A training that learnt two kinds of labels, badly."""
    import torch

    from videmo.training.network import in_torch

    torch.manual_seed(seed)
    recipe = Recipe(network=network, labels="both")
    module = in_torch.build(draw(network, side=recipe.side, classes=2 * len(EMOTIONS)))
    state = {k: v.numpy() for k, v in module.state_dict().items() if v.is_floating_point()}
    run.mkdir()
    np.savez(run / "best.npz", **state)
    (run / "recipe.json").write_text(json.dumps(as_values(recipe)))
    about = {"classes": list(EMOTIONS), "heads": ["ferplus", "fer2013"]}
    (run / "run.json").write_text(json.dumps(about))
    return run


def moved(run: Path, other: Path, far: float) -> Path:
    """The training `run` anew, its weights changed by `far` times their deviation."""
    shutil.copytree(run, other)
    rng = np.random.default_rng(1)
    with np.load(run / "best.npz") as arrays:
        changed = {
            name: a + far * a.std() * rng.standard_normal(a.shape).astype(np.float32)
            for name, a in arrays.items()
        }
    np.savez(other / "best.npz", **changed)
    return other


def test_trainings_of_one_beginning_become_one_network_of_their_mean_weights(
    frameworks: None, tmp_path: Path
) -> None:
    runs = [two_headed(tmp_path / "one")]
    runs.append(moved(runs[0], tmp_path / "two", 0.3))
    mean = read_joined(runs, "fer2013", average=True)
    one, two = (one_head(read_trained(run), "fer2013").arrays for run in runs)
    for name, array in mean.arrays.items():
        assert array == pytest.approx((one[name] + two[name]) / 2, abs=1e-6), name
    assert [part["name"] for part in mean.about["averaged"]] == ["one", "two"]


def test_an_averaged_file_says_of_what_and_takes_the_time_of_one(
    frameworks: None, tmp_path: Path
) -> None:
    runs = [two_headed(tmp_path / "one")]
    runs.append(moved(runs[0], tmp_path / "two", 0.3))
    command = ["export", *map(str, runs), "--average-weights", "--as", "float32"]
    subprocess.run(
        [sys.executable, "-m", "videmo", *command, "-o", str(tmp_path / "out")],
        check=True,
        capture_output=True,
    )
    model = read_model(tmp_path / "out" / "one.tflite")
    assert [part["name"] for part in model.about["averaged"]] == ["one", "two"]
    assert model.about["recipe"]["network"] == "tiny"
    again = read_trained(model.path)
    assert again.about["averaged"] == model.about["averaged"]


@pytest.mark.parametrize(
    ("far", "words"), [(0.0, "named twice"), (30.0, "their mean would mean nothing")]
)
def test_weights_without_a_mean_are_refused(
    frameworks: None, tmp_path: Path, far: float, words: str
) -> None:
    runs = [two_headed(tmp_path / "one")]
    runs.append(moved(runs[0], tmp_path / "two", far))
    with pytest.raises(RequestError, match=words):
        read_joined(runs, average=True)


def test_one_training_has_no_mean(frameworks: None, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="one: one training alone has no mean"):
        read_joined([two_headed(tmp_path / "one")], average=True)


def test_networks_of_two_kinds_have_no_mean(frameworks: None, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="only weights of the same network"):
        read_joined([MODEL, two_headed(tmp_path / "one")], average=True)


@pytest.mark.parametrize("more", [("--as", "float16"), ("--name", "mine"), ("--average-weights",)])
def test_what_a_kit_cannot_heed_is_refused(more: tuple[str, ...], tmp_path: Path) -> None:
    command = ["export", str(MODEL), "--kit", "nano", "-o", str(tmp_path / "kit"), *more]
    done = CliRunner().invoke(cli, command)
    assert isinstance(done.exception, RequestError) and "leave out --as, --name" in str(
        done.exception
    )
    assert not (tmp_path / "kit").exists()


@pytest.mark.long
def test_all_formats_of_a_training_of_own_classes(frameworks: None, tmp_path: Path) -> None:
    """Trained here on bars that lie or stand, which even int8 tells apart."""
    from videmo.training.dataset import read
    from videmo.training.evaluate import evaluate
    from videmo.training.fit import Means, fit
    from videmo.training.recipe import Recipe

    rng = np.random.default_rng(0)
    for name in ("lying", "standing"):
        (tmp_path / "bars" / name).mkdir(parents=True)
        for i in range(60):
            picture = rng.integers(0, 60, (48, 48)).astype(np.uint8)
            at, wide = rng.integers(8, 34), rng.integers(3, 7)
            picture[at : at + wide] = rng.integers(150, 250)
            picture = picture if name == "lying" else picture.T
            cv2.imwrite(str(tmp_path / "bars" / name / f"{i}.png"), picture)
    recipe = Recipe(network="tiny", epochs=10, batch=8, average=0.9)
    fit(tmp_path / "bars", tmp_path / "run", recipe, means=Means("cpu", 0, 1))
    command = ["-m", "videmo", "export", str(tmp_path / "run"), "-o", str(tmp_path / "out")]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    names = ("run.tflite", "run.json", "run-int8.tflite", "run-int8.json", "run.onnx")
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(names)
    valid = read(tmp_path / "bars").splits["valid"].images
    models = [read_model(tmp_path / "out" / n) for n in ("run.tflite", "run-int8.tflite")]
    whole, quantised = (classifier(model)(list(valid)) for model in models)
    assert quantised == pytest.approx(whole, abs=0.1)
    assert quantised.sum(axis=1) == pytest.approx(1, abs=1e-4)
    found = evaluate(models[1].path, tmp_path / "bars", None, split=None, labels=None)
    assert found.found.accuracy >= 0.9
    assert find_model()  # the shipped one is still found
    with pytest.raises(RequestError, match="all in whole numbers, which cannot be read back"):
        read_trained(models[1].path)


@pytest.mark.parametrize(
    ("kept", "size", "near"), [("float16", 0.56, 0.01), ("dynamic", 0.32, 0.05)]
)
def test_rounded_weights_make_a_smaller_file_that_says_nearly_the_same(
    frameworks: None, tmp_path: Path, kept: str, size: float, near: float
) -> None:
    import torch

    from videmo.training.fit.training import load, scores_of
    from videmo.training.network import in_torch

    models = []
    for kind in ("float32", kept):
        command = ["-m", "videmo", "export", str(MODEL), "-o", str(tmp_path / kind), "--as", kind]
        subprocess.run([sys.executable, *command], check=True, capture_output=True)
        models.append(read_model(tmp_path / kind / "emotion.tflite"))
    whole, rounded = models
    assert len(rounded.content) < size * len(whole.content)
    assert rounded.about["weights"] == kept
    rng = np.random.default_rng(3)
    faces = [cv2.resize(c, (48, 48)) for c in rng.integers(0, 256, (40, 6, 6), np.uint8)]
    scores = classifier(rounded)(faces)
    assert scores == pytest.approx(classifier(whole)(faces), abs=near)
    # A face's scores do not hang on the faces beside it.
    assert np.array_equal(classifier(rounded)(faces[7:8])[0], scores[7])
    module = in_torch.build(read_trained(whole.path).network).eval()
    load(module, read_trained(whole.path).arrays)
    exact = scores_of(module, np.stack(faces), torch.device("cpu"))
    assert classifier(whole)(faces) == pytest.approx(exact, abs=1e-4)
    ours, theirs = (read_trained(model.path).arrays for model in (whole, rounded))
    for name, array in ours.items():
        assert theirs[name] == pytest.approx(array, abs=max(0.01, float(np.abs(array).max()) / 254))


def test_depthwise_weights_in_a_file_of_dynamic_range_are_float16_and_are_read_back(
    frameworks: None, tmp_path: Path
) -> None:
    """With slopes of PReLU, too, which no layer's name stands by when the converter is through."""
    run = two_headed(tmp_path / "faces", network="mobilefacenet-slim")
    with np.load(run / "best.npz") as arrays:
        values = dict(arrays)
    rng = np.random.default_rng(0)
    slopes = [name for name in values if name.endswith("slope.weight")]
    for name in slopes:
        values[name] = rng.uniform(-1, 1, values[name].shape).astype(np.float32)
    np.savez(run / "best.npz", **values)
    command = ["-m", "videmo", "export", str(run), "-o", str(tmp_path), "--as", "dynamic"]
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    model = read_model(tmp_path / "faces.tflite")
    details = interpreter_of(model).get_tensor_details()
    halves = [d["name"] for d in details if d["dtype"] is np.float16]
    depthwise = [s for s in draw("mobilefacenet-slim", side=48, classes=7).steps if s.groups > 1]
    # The smallest ones have so few weights that the converter leaves them alone.
    assert len(halves) == len(depthwise) - 1
    found = read_trained(model.path).arrays
    for name in slopes:
        assert np.array_equal(found[name], values[name])
    assert found["mean.conv.weight"] == pytest.approx(values["mean.conv.weight"], rel=1e-3)


def test_prelus_without_slopes_are_written_as_rectifiers_and_read_back(
    frameworks: None, tmp_path: Path
) -> None:
    run = two_headed(tmp_path / "faces", network="mobilefacenet-lean")
    with np.load(run / "best.npz") as arrays:
        values = dict(arrays)
    slopes = [name for name in values if name.endswith("slope.weight")]
    for name in slopes[1:]:
        values[name] = np.zeros_like(values[name])
    np.savez(run / "best.npz", **values)
    command = ["-m", "videmo", "export", str(run), "-o", str(tmp_path), "--as", "float32,onnx"]
    # The files are compared with each other as they are made.
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    model = read_model(tmp_path / "faces.tflite")
    operators = [d["op_name"] for d in interpreter_of(model)._get_ops_details()]
    assert operators.count("PRELU") == 1
    found = read_trained(model.path)
    for name in slopes:
        assert np.array_equal(found.arrays[name], values[name]), name
    whole = one_head(read_trained(run))
    faces = np.random.default_rng(0).integers(0, 256, (4, 48, 48), np.uint8)
    assert said(whole, faces) == pytest.approx(classifier(model)(list(faces)), abs=1e-4)


def said(trained: Trained, faces: np.ndarray) -> np.ndarray:
    """The scores of a training's network itself."""
    import torch

    from videmo.training.fit.training import load, scores_of
    from videmo.training.network import in_torch

    module = in_torch.build(trained.network).eval()
    load(module, trained.arrays)
    return scores_of(module, faces, torch.device("cpu"))


def test_a_compact_file_says_the_same_to_the_bit_in_fewer_bytes(
    frameworks: None, tmp_path: Path
) -> None:
    code = (
        "import sys; from pathlib import Path; from videmo.training.export import tflite\n"
        "from videmo.training.weights import read_trained\n"
        "trained, compact = read_trained(Path(sys.argv[1])), tflite.compact\n"
        "tflite.compact = lambda content: content\n"
        "whole = tflite.convert(trained.network, trained.arrays, weights='dynamic')\n"
        "Path(sys.argv[2], 'whole').write_bytes(whole)\n"
        "Path(sys.argv[2], 'compact').write_bytes(compact(whole))\n"
    )
    subprocess.run([sys.executable, "-c", code, str(MODEL), str(tmp_path)], check=True)
    contents = [(tmp_path / name).read_bytes() for name in ("whole", "compact")]
    assert len(contents[1]) < len(contents[0]) - 10_000
    rng = np.random.default_rng(3)
    faces = [cv2.resize(c, (48, 48)) for c in rng.integers(0, 256, (9, 6, 6), np.uint8)]
    whole, small = (
        classifier(replace(read_model(MODEL), content=content))(faces) for content in contents
    )
    assert np.array_equal(whole, small)


def test_a_rounded_file_that_answers_otherwise_is_not_written(frameworks: None) -> None:
    from videmo.training.export import check

    wanted = np.eye(7)[[0, 1, 2, 3]]
    check.answers_agree(wanted, wanted, Path("a.tflite"), 1.0)
    with pytest.raises(OutputError, match=r"on 75\.00% of pictures"):
        check.answers_agree(np.eye(7)[[0, 1, 2, 4]], wanted, Path("a.tflite"), 0.99)


def test_a_file_rounded_too_far_leaves_nothing_behind(frameworks: None, tmp_path: Path) -> None:
    """No file in 8 bits answers as float32 on all faces, near ties that some of them are."""
    if not (DATA / "fer").is_dir():
        pytest.skip(f"no faces in {DATA / 'fer'}; set VIDEMO_DATA")
    out = tmp_path / "out"
    words = ["--as", "dynamic", "--agreement", "1", "--data", str(DATA / "fer"), "-o", str(out)]
    done = subprocess.run(
        [sys.executable, "-m", "videmo", "export", str(MODEL), *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0 and "emotion.tflite: not written: rounded" in done.stderr
    assert not out.exists() or not list(out.iterdir())


def test_two_trainings_are_exported_as_one_that_can_be_read_back(
    frameworks: None, tmp_path: Path
) -> None:
    import torch

    from videmo.training.fit.training import load
    from videmo.training.network import in_torch
    from videmo.training.weights import one_head

    runs = [two_headed(tmp_path / name, seed) for seed, name in enumerate(("one", "two"))]
    command = ["-m", "videmo", "export", *map(str, runs), "-o", str(tmp_path), "--as", "float32"]
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    grey = torch.rand(3, 1, 48, 48) * 255
    logits = []
    for trained in (
        *(one_head(read_trained(run), "ferplus") for run in runs),
        read_trained(tmp_path / "one+two.tflite"),
    ):
        module = in_torch.build(trained.network).eval()
        load(module, trained.arrays)
        logits.append(module(grey))
    one, two, both = logits
    assert torch.allclose(both, (one + two) / 2, atol=1e-4)
    assert not torch.allclose(one, two, atol=1e-2)


def test_a_file_cannot_be_of_two_kinds(frameworks: None) -> None:
    done = CliRunner().invoke(cli, ["export", str(MODEL), "-o", "x", "--as", "float32,float16"])
    assert isinstance(done.exception, RequestError) and "one file" in str(done.exception)


def test_int8_without_pictures_is_refused_before_anything_is_made(frameworks: None) -> None:
    done = CliRunner().invoke(cli, ["export", str(MODEL), "-o", "nowhere", "--as", "int8"])
    assert isinstance(done.exception, RequestError) and "--data" in str(done.exception)
    assert not Path("nowhere").exists()


def old_runtimes() -> list[tuple[str, str]]:
    return [("3.8", "2.7.0"), ("3.7", "2.11.0"), ("3.8", "2.13.0"), ("3.11", "2.14.0")]


@pytest.mark.long
@pytest.mark.parametrize(("python", "runtime"), old_runtimes())
def test_the_kit_runs_in_an_old_runtime(
    kit: Path, tmp_path: Path, python: str, runtime: str
) -> None:
    versions = sorted((Path.home() / ".pyenv" / "versions").glob(f"{python}.*"))
    if not versions:
        pytest.skip(f"no Python {python} for tflite-runtime {runtime} here")
    subprocess.run([str(versions[0] / "bin" / "python"), "-m", "venv", str(tmp_path)], check=True)
    wanted = [f"tflite-runtime=={runtime}", "numpy<1.27", "opencv-python-headless==4.6.0.66"]
    subprocess.run(
        [str(tmp_path / "bin" / "pip"), "install", "--quiet", *wanted],
        check=True,
        capture_output=True,
    )
    done = subprocess.run(
        [str(tmp_path / "bin" / "python"), str(kit / "selftest.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"emotion_f32.tflite   PASS  tflite_runtime {runtime}" in done.stdout
