"""Training: what is asked for is done, an interruption changes nothing. Needs the extra `train`."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from tests.conftest import ROOT
from tests.test_training_data import write_classes, write_sheet
from videmo.cli import cli
from videmo.errors import RequestError
from videmo.schema import EMOTIONS
from videmo.training import NETWORKS
from videmo.training.dataset import UNKNOWN, Examples
from videmo.training.recipe import Recipe, Variety, as_json

torch = pytest.importorskip("torch", reason="PyTorch is only there for training")
for package in ("torchvision", "sklearn", "safetensors", "matplotlib"):
    pytest.importorskip(package, reason=f"{package} is only there for training")

from videmo.training.augment import varied  # noqa: E402
from videmo.training.fit import fit  # noqa: E402
from videmo.training.learner import Batches, Learner, finished, plateaus  # noqa: E402
from videmo.training.measure import calibration_error, figures, temperature  # noqa: E402
from videmo.training.networks import build  # noqa: E402
from videmo.training.weights import read_trained  # noqa: E402

MODEL = ROOT / "models" / "emotion.tflite"
CPU = "cpu"
QUICK = Recipe(network="tiny", epochs=3, batch=8, side=32, warmup=0.5, average=0.5, detector="")
CLASSES = ("fist", "none", "palm")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    torch.set_num_threads(1)
    return write_classes(tmp_path / "pictures", CLASSES, 16)


def quick_fit(data: Path, run: Path, recipe: Recipe = QUICK, **how: Any) -> dict[str, Any]:
    return fit(data, run, recipe, device="cpu", threads=1, **how)


def noise(n: int, side: int = 32) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, side, side, 1)).astype(np.uint8)


def examples(targets: np.ndarray) -> Examples:
    labels = np.where(targets.any(axis=2), targets.argmax(axis=2), UNKNOWN)
    return Examples(noise(len(targets)), targets.astype(np.float32), labels)


# --- what a training leaves ----------------------------------------------------------------------


def test_a_training_leaves_all_that_people_want_to_see(pictures: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    words = ["train", pictures, "-o", run, "--arch", "tiny", "--epochs", 2, "--side", 32]
    done = CliRunner().invoke(cli, [str(w) for w in (*words, "--batch-size", 8, "--threads", 1)])
    assert done.exit_code == 0, done.output
    assert "epoch 1/2: train loss" in done.output and "test, labels folder: acc" in done.output
    assert {path.name for path in run.iterdir()} == {
        *("recipe.json", "run.json", "last.pt", "best.safetensors"),
        *("log.md", "history.csv", "curves.png", "confusion.png", "metrics.json"),
    }
    with (run / "history.csv").open() as file:
        history = list(csv.DictReader(file))
    assert [row["epoch"] for row in history] == ["1", "2"]
    found = json.loads((run / "metrics.json").read_text())["splits"]["test, labels folder"]
    assert set(found["classes"]) == set(CLASSES)
    assert set(found["classes"]["palm"]) == {"precision", "recall", "f1", "auc", "support"}
    assert "66.7%" in found["binary_accuracy_note"]


def test_what_can_be_told_apart_is_learnt(tmp_path: Path) -> None:
    """Light on the left, or on the right."""
    for name, light in (("left", slice(0, 24)), ("right", slice(24, 48))):
        (tmp_path / "side" / name).mkdir(parents=True)
        for i, picture in enumerate(noise(24, 48)[..., 0] // 2):
            picture[:, light] += 100
            cv2.imwrite(str(tmp_path / "side" / name / f"{i}.png"), picture)
    recipe = replace(QUICK, epochs=16, side=48, variety=Variety(mirrored=0, lit=0))
    found = quick_fit(tmp_path / "side", tmp_path / "run", recipe)
    assert found["splits"]["test, labels folder"]["accuracy"] == 1
    with (tmp_path / "run" / "history.csv").open() as file:
        history = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]
    right = [row for row in history if row["valid_recall"] == 1]
    # Of epochs that are all right, the surest is kept, not the first.
    assert len(right) > 1
    assert found["best_epoch"] == min(right, key=lambda row: row["valid_loss"])["epoch"]


def test_a_second_training_does_not_take_the_place_of_the_first(
    pictures: Path, tmp_path: Path
) -> None:
    quick_fit(pictures, tmp_path / "run")
    with pytest.raises(RequestError, match="--resume"):
        quick_fit(pictures, tmp_path / "run")
    with pytest.raises(RequestError, match=r"another recipe \(epochs differ\)"):
        quick_fit(pictures, tmp_path / "run", replace(QUICK, epochs=5), resume=True)
    (pictures / "palm" / "000.png").unlink()
    with pytest.raises(RequestError, match="its pictures were others"):
        quick_fit(pictures, tmp_path / "run", resume=True)


# --- interruptions -------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from pathlib import Path
from videmo.training import fit as room
from videmo.training.recipe import from_values, read_values
recipe = from_values(read_values(Path(sys.argv[3])), "")
keep, kept = room.write_atomic, []
def keep_and_die(path, content):
    keep(path, content)
    kept.append(path.name)
    if kept.count(sys.argv[5]) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
room.write_atomic = room.diary.write_atomic = keep_and_die
room.fit(Path(sys.argv[1]), Path(sys.argv[2]), recipe, resume=True,
         device="cpu", workers=int(sys.argv[4]), threads=1)
"""


@pytest.mark.parametrize("workers", [0, 2])
def test_killed_and_resumed_it_ends_with_the_same_bytes(
    pictures: Path, tmp_path: Path, workers: int
) -> None:
    """Killed by SIGKILL after two epochs, and between the files of the fourth; with any workers."""
    recipe = replace(QUICK, epochs=6, schedule="plateau", plateau=1, optimiser="adamw", rate=1e-3)
    (tmp_path / "recipe.json").write_bytes(as_json(recipe))
    quick_fit(pictures, tmp_path / "whole", recipe)
    arguments = [str(pictures), str(tmp_path / "cut"), str(tmp_path / "recipe.json"), str(workers)]
    for after in ("last.pt", "history.csv"):
        killed = [sys.executable, "-c", KILLED, *arguments, after]
        done = subprocess.run(killed, check=False, cwd=ROOT)
        assert done.returncode == -signal.SIGKILL
    quick_fit(pictures, tmp_path / "cut", recipe, resume=True)
    for name in ("best.safetensors", "metrics.json"):
        whole, cut = ((tmp_path / run / name).read_bytes() for run in ("whole", "cut"))
        assert whole == cut, name


def test_control_c_says_how_to_go_on(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Learner, "epoch", interrupted)
    done = CliRunner().invoke(cli, ["train", str(pictures), "-o", str(tmp_path / "run")])
    assert done.exit_code == 130 and "--resume goes on" in done.output


def test_a_training_that_runs_away_says_what_to_do(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="a lower --rate"):
        quick_fit(pictures, tmp_path / "run", replace(QUICK, rate=1e30, optimiser="sgd"))


# --- what is learnt ------------------------------------------------------------------------------


def test_the_answer_is_free_of_how_frequent_labels_were() -> None:
    """Of pictures that say nothing, nine in ten are called 0: the answer is still one half each."""
    rare = (np.arange(200) % 10 == 0).astype(int)
    targets = np.eye(2, dtype=np.float32)[rare][:, None]
    for balance, wanted in ((1.0, 0.5), (0.0, 0.9)):
        learner = Learner(replace(QUICK, balance=balance), examples(targets), None, CPU)
        logits = torch.zeros(1, 1, 2, requires_grad=True)
        optimiser = torch.optim.SGD([logits], 1.0)
        for _ in range(200):
            optimiser.zero_grad()
            learner.loss(logits.expand(200, 1, 2), torch.from_numpy(targets)).backward()
            optimiser.step()
        said = logits.detach().softmax(2).flatten().tolist()
        assert max(said) == pytest.approx(wanted, abs=0.01)


def test_where_nothing_is_known_a_head_learns_nothing() -> None:
    targets = np.eye(3, dtype=np.float32)[np.arange(12) % 3][:, None].repeat(2, axis=1)
    learner = Learner(QUICK, examples(targets), None, CPU)
    known = torch.from_numpy(targets[:4]).clone()
    known[:, 1] = 0
    logits = torch.zeros(4, 2, 3, requires_grad=True)
    learner.loss(logits, known).backward()
    assert logits.grad is not None
    assert (logits.grad[:, 1] == 0).all() and (logits.grad[:, 0] != 0).all()


def test_both_kinds_of_labels_are_learnt_and_measured(tmp_path: Path) -> None:
    done = quick_fit(write_sheet(tmp_path), tmp_path / "run", replace(QUICK, labels="both"))
    assert list(done["splits"]) == ["valid, labels ferplus", "valid, labels fer2013"]
    assert read_trained(tmp_path / "run").heads == ("ferplus", "fer2013")


def test_the_faces_of_fer_are_aligned_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = replace(QUICK, detector="yunet", epochs=1)
    quick_fit(write_sheet(tmp_path), tmp_path / "run", recipe)
    assert len(list((tmp_path / "run").glob("faces-*.npy"))) == 2
    monkeypatch.setattr("videmo.training.dataset.seen", None)
    quick_fit(tmp_path / "fer", tmp_path / "run", recipe, resume=True)


def test_a_teacher_is_believed(tmp_path: Path) -> None:
    """With `distil` 1 nothing counts but what the shipped model says, whatever the labels are."""
    data = write_sheet(tmp_path)
    quick_fit(data, tmp_path / "run", replace(QUICK, distil=1.0), teachers=[MODEL])
    (lessons,) = (np.load(path) for path in (tmp_path / "run").glob("lessons-*.npy"))
    assert lessons.shape == (28, 7) and lessons.sum(axis=1) == pytest.approx(1, abs=1e-4)
    targets = np.eye(7, dtype=np.float32)[np.zeros(28, int)][:, None]
    learner = Learner(replace(QUICK, distil=1.0), examples(targets), lessons, CPU)
    said = torch.log(torch.from_numpy(lessons))[:, None]
    least = learner.loss(said, torch.from_numpy(targets), torch.from_numpy(lessons))
    other = learner.loss(said.roll(1, 2), torch.from_numpy(targets), torch.from_numpy(lessons))
    assert least < other
    about = json.loads((tmp_path / "run" / "run.json").read_text())
    assert "MIT License, (c) Microsoft" in str(about["source"])  # what the teacher learnt from


def test_a_teacher_may_name_the_classes_in_another_order(tmp_path: Path) -> None:
    data, said = write_sheet(tmp_path), []
    about = json.loads(MODEL.with_suffix(".json").read_text())
    about.pop("frequencies", None)
    for shift in (0, 1):  # what was angry is called disgust, and so on
        teacher = tmp_path / f"{shift}.tflite"
        teacher.write_bytes(MODEL.read_bytes())
        labels = [*EMOTIONS[shift:], *EMOTIONS[:shift]]
        teacher.with_suffix(".json").write_text(json.dumps(about | {"labels": labels}))
        run = tmp_path / str(shift)
        quick_fit(data, run, replace(QUICK, epochs=1), teachers=[teacher])
        said.append(np.load(next(run.glob("lessons-*.npy"))))
    assert said[1] == pytest.approx(np.roll(said[0], 1, axis=1))


def test_a_taught_training_is_resumed_without_its_teachers(tmp_path: Path) -> None:
    data = write_sheet(tmp_path)
    quick_fit(data, tmp_path / "run", teachers=[MODEL])
    assert quick_fit(data, tmp_path / "run", resume=True)["epochs"] == 3


def test_a_teacher_of_other_classes_is_refused(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(
        RequestError, match=r"emotion\.tflite: teaches other things than are to be learnt: angry"
    ):
        quick_fit(pictures, tmp_path / "run", teachers=[MODEL])


def test_training_stops_early_when_nothing_gets_better() -> None:
    recipe = replace(QUICK, epochs=10, patience=2)
    assert not finished([0.1, 0.5, 0.4], recipe)
    assert finished([0.1, 0.5, 0.4, 0.5], recipe)
    assert finished([0.1] * 10, replace(recipe, patience=0))


def test_the_rate_drops_on_each_plateau() -> None:
    recipe = replace(QUICK, schedule="plateau", plateau=2)
    assert [plateaus([0.5, *[0.4] * n], recipe) for n in range(5)] == [0, 0, 1, 1, 2]


def test_a_training_begins_from_another(pictures: Path, tmp_path: Path) -> None:
    said: list[str] = []
    quick_fit(pictures, tmp_path / "one")
    still = replace(QUICK, epochs=1, rate=1e-9)
    quick_fit(pictures, tmp_path / "two", still, init=tmp_path / "one", say=said.append)
    one, two = (read_trained(tmp_path / name).weights for name in ("one", "two"))
    assert torch.allclose(one["head.weight"], two["head.weight"], atol=1e-5)
    assert any("beginning from" in line for line in said)


def test_other_classes_get_a_new_last_layer(pictures: Path, tmp_path: Path) -> None:
    quick_fit(pictures, tmp_path / "one")
    other = write_classes(tmp_path / "other", ("a", "b"), 8)
    done = quick_fit(other, tmp_path / "two", init=tmp_path / "one")
    assert done["epochs"] == 3 and read_trained(tmp_path / "two").classes == ("a", "b")


def test_torchvision_s_weights_can_be_begun_from(pictures: Path, tmp_path: Path) -> None:
    from torchvision import models

    torch.manual_seed(5)
    theirs = models.resnet18(weights=None).state_dict()
    torch.save(theirs, tmp_path / "resnet18.pth")
    recipe = replace(QUICK, network="resnet18", epochs=1, rate=1e-9, average=0.0)
    quick_fit(pictures, tmp_path / "run", recipe, init=tmp_path / "resnet18.pth")
    ours = read_trained(tmp_path / "run").weights
    assert torch.allclose(ours["body.conv1.weight"][:, 0], theirs["conv1.weight"].sum(1), atol=1e-6)
    assert torch.allclose(ours["body.layer4.1.conv2.weight"], theirs["layer4.1.conv2.weight"])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("emotion.tflite", b"", r"its weights \(emotion\.safetensors\) are not beside it"),
        ("model.json", b"", "weights of TensorFlow.js are not taken any more"),
        ("w600k.onnx", b"", "weights of InsightFace are not taken any more"),
        ("faces.pkl", b"", "weights of FaceX-Zoo are not taken any more"),
        ("a.pth", b"no", "no weights of torchvision's"),
        ("a.safetensors", b"no", "no weights of this videmo's"),
        ("none.tflite", None, "neither a training's folder nor a model"),
    ],
)
def test_what_cannot_be_begun_from_is_said_in_one_line(
    pictures: Path, tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    words = ["train", str(pictures), "-o", str(tmp_path / "run"), "--init", str(tmp_path / name)]
    done = CliRunner().invoke(cli, [*words, "--arch", "resnet18"])
    assert isinstance(done.exception, RequestError), done.exception
    assert message.replace("\\", "") in str(done.exception).replace("\\", "")
    assert "\n" not in str(done.exception)


# --- networks, pictures, figures -----------------------------------------------------------------


@pytest.mark.parametrize("name", NETWORKS)
def test_the_command_takes_each_network(name: str, tmp_path: Path) -> None:
    words = ["train", str(tmp_path / "none"), "-o", str(tmp_path / "run"), "--arch", name]
    done = CliRunner().invoke(cli, words)
    assert "none: no such file or folder" in str(done.exception)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_answers_for_each_head_whatever_the_light_is(name: str) -> None:
    torch.manual_seed(0)
    network = build(Recipe(network=name, side=32), 2, 7).eval()
    pictures = torch.rand(2, 1, 32, 32) * 200
    with torch.no_grad():
        said, darker = network(pictures), network(pictures * 0.5 + 20)
    assert said.shape == (2, 2, 7)
    assert torch.allclose(said, darker, atol=1e-2)


def test_varied_pictures_differ_and_can_be_made_again() -> None:
    pictures = torch.from_numpy(noise(64).transpose(0, 3, 1, 2).copy())
    first, again, other = (
        varied(pictures, Variety(), torch.Generator().manual_seed(seed)) for seed in (7, 7, 8)
    )
    assert first.shape == pictures.shape and first.dtype == torch.float32
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert (first != pictures).flatten(1).any(1).all()
    assert first.min() >= 0 and first.max() <= 255


def test_without_variety_pictures_stay_as_they_are() -> None:
    names = [f for f in Variety.__dataclass_fields__ if f != "gamma"]
    none = Variety(gamma=1.0, **dict.fromkeys(names, 0.0))
    pictures = torch.from_numpy(noise(4).transpose(0, 3, 1, 2).copy())
    seen = varied(pictures, none, torch.Generator())
    assert torch.allclose(seen, pictures.float(), atol=1)


def test_mirrored_is_mirrored() -> None:
    names = [f for f in Variety.__dataclass_fields__ if f not in ("gamma", "mirrored")]
    always = Variety(gamma=1.0, mirrored=1.0, **dict.fromkeys(names, 0.0))
    pictures = torch.from_numpy(noise(4).transpose(0, 3, 1, 2).copy())
    seen = varied(pictures, always, torch.Generator())
    assert torch.allclose(seen, pictures.flip(3).float(), atol=1)


@pytest.mark.parametrize("kind", ["coarse", "moving", "pressed", "lit", "dark", "hidden"])
def test_each_kind_of_variety_changes_a_picture_that_can_still_be_known(kind: str) -> None:
    names = [f for f in Variety.__dataclass_fields__ if f != "gamma"]
    only = Variety(gamma=1.0, **{name: float(name == kind) for name in names})
    face = cv2.imread(str(ROOT / "videmo" / "demo" / "faces" / "happy.png"), 0)
    small = torch.from_numpy(cv2.resize(face, (48, 48), interpolation=cv2.INTER_AREA))
    pictures = small.expand(40, 1, 48, 48)
    seen = varied(pictures, only, torch.Generator().manual_seed(0)).flatten(1)
    alike = np.corrcoef(np.vstack([small.flatten(), seen]))[0, 1:]
    assert (alike < 1 - 1e-6).all() and np.median(alike) > 0.6


def test_variety_falls_evenly_to_what_is_left_in_the_last_epoch() -> None:
    data = examples(np.eye(2)[np.arange(20) % 2][:, None])
    recipe = replace(QUICK, epochs=3, calm=0.5, variety=Variety(turn=8, gamma=4, mirrored=0.5))
    shown = [Batches(data, None, recipe, number).variety for number in range(3)]
    assert [one.turn for one in shown] == pytest.approx([8, 6, 4])
    assert [one.gamma for one in shown] == pytest.approx([4, 4**0.75, 2])
    assert [one.mirrored for one in shown] == [0.5] * 3


def test_an_epoch_shows_each_picture_once() -> None:
    data = examples(np.eye(2)[np.arange(20) % 2][:, None])
    parts = [Batches(data, None, QUICK, number).parts for number in (0, 1)]
    assert all(sorted(np.concatenate(part)) == list(range(20)) for part in parts)
    assert not np.array_equal(parts[0][0], parts[1][0])


def test_one_temperature_makes_scores_true() -> None:
    rng = np.random.default_rng(0)
    logits = 2 * rng.standard_normal((4000, 3))
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.array([rng.choice(3, p=row) for row in scores])
    assert temperature(3 * logits, labels) == pytest.approx(3, rel=0.1)
    assert calibration_error(scores, labels) < 0.03 < calibration_error(scores**3, labels) + 1


def test_figures_count_rare_classes_as_much_as_frequent_ones() -> None:
    labels = np.array([3] * 8 + [1] * 2)
    found = figures(np.eye(len(EMOTIONS))[np.array([3] * 8 + [1, 3])], labels, EMOTIONS)
    assert found["accuracy"] == 0.9 and found["mean_recall"] == 0.75
    assert found["classes"]["happy"]["precision"] == pytest.approx(8 / 9, abs=1e-4)
    # Of the two classes that there are: of the others nothing is known.
    assert found["macro_f1"] == pytest.approx((2 / 3 + 16 / 17) / 2, abs=1e-4)


def test_the_area_under_the_curve_is_the_share_of_pairs_in_the_right_order() -> None:
    rng = np.random.default_rng(0)
    scores, truth = rng.integers(0, 8, 60) / 8, rng.random(60) < 0.4
    pairs = [(a > b) + (a == b) / 2 for a in scores[truth] for b in scores[~truth]]
    found = figures(np.stack([1 - scores, scores], 1), truth.astype(int), ("a", "b"))
    assert found["classes"]["b"]["auc"] == pytest.approx(np.mean(pairs), abs=1e-4)


def test_who_says_no_to_everything_has_six_sevenths_of_binary_accuracy() -> None:
    undecided = figures(np.full((70, 7), 1 / 7), np.arange(70) % 7, EMOTIONS)
    assert undecided["binary_accuracy"] == pytest.approx(6 / 7, abs=1e-4)
    assert "85.7%" in undecided["binary_accuracy_note"]
