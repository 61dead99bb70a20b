"""Training: what is asked for is done, an interruption changes nothing. Needs the extra `train`."""

from __future__ import annotations

import contextlib
import copy
import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from tests.conftest import DATA, ROOT
from tests.test_training_data import write_classes
from videmo.cli import cli
from videmo.cli.train import ARCHITECTURES
from videmo.errors import RequestError
from videmo.schema import EMOTIONS
from videmo.training.dataset.ferplus import EMOTION_COLUMNS, VOTES
from videmo.training.network import NETWORKS, draw
from videmo.training.recipe import Recipe, as_values, from_values, read_recipe

torch = pytest.importorskip("torch", reason="PyTorch is only there for training")
pytest.importorskip("matplotlib", reason="matplotlib is only there for training")

if TYPE_CHECKING:
    from videmo.training.fit.teachers import Teacher
    from videmo.training.fit.training import Training

CLASSES = ("fist", "none", "palm")
ROUNDED = 0.06
"""How far the scores of a shipped file, which computes in 8 bits, may be from exact ones."""
QUICK = Recipe(network="tiny", epochs=3, batch=8, side=32, warmup=0.5, average=0.5)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    torch.set_num_threads(1)
    return write_classes(tmp_path / "pictures", CLASSES, 16)


def weights(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as arrays:
        return {name: arrays[name] for name in arrays.files}


def videmo(*arguments: object) -> str:
    done = CliRunner().invoke(cli, [str(a) for a in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_training_leaves_all_that_people_want_to_see(pictures: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    said = videmo(
        *("train", pictures, "-o", run, "--arch", "tiny", "--epochs", 2, "--side", 32),
        *("--batch-size", 8, "--threads", 1),
    )
    assert "epoch 1/2: train loss" in said and "valid loss" in said and "test: accuracy" in said
    names = {path.name for path in run.iterdir()}
    assert names == {
        *("recipe.json", "run.json", "last.pt", "best.npz"),
        *("log.md", "history.csv", "curves.png", "confusion.png", "metrics.json"),
    }
    with (run / "history.csv").open() as file:
        history = list(csv.DictReader(file))
    assert [row["epoch"] for row in history] == ["1", "2"]
    assert float(history[1]["valid_accuracy"]) <= 1
    found = json.loads((run / "metrics.json").read_text())["splits"]["test"]
    assert set(found["classes"]) == set(CLASSES)
    assert set(found["classes"]["palm"]) == {"precision", "recall", "f1", "auc", "support"}
    assert "66.7%" in found["binary_accuracy_note"]


def test_a_second_training_does_not_take_the_place_of_the_first(
    pictures: Path, tmp_path: Path
) -> None:
    from videmo.training.fit import fit

    fit(pictures, tmp_path / "run", QUICK)
    assert read_recipe(tmp_path / "run" / "recipe.json").labels == "folder"
    with pytest.raises(RequestError, match="--resume"):
        fit(pictures, tmp_path / "run", QUICK)
    with pytest.raises(RequestError, match=r"another recipe \(epochs differ\)"):
        fit(pictures, tmp_path / "run", replace(QUICK, epochs=5), resume=True)
    (pictures / "palm" / "000.png").unlink()
    with pytest.raises(RequestError, match="its pictures were others"):
        fit(pictures, tmp_path / "run", QUICK, resume=True)


SCRIPT = """
import sys, torch
from pathlib import Path
from videmo.training.fit import Means, fit, training
from videmo.training.recipe import read_recipe
training.KEEP_EVERY = 0.0  # keep the state after each batch
recipe = read_recipe(Path(sys.argv[3]))
fit(Path(sys.argv[1]), Path(sys.argv[2]), recipe, resume=True, means=Means("cpu", 0, 1), say=print)
"""


@pytest.mark.long
def test_killed_at_any_moment_and_resumed_it_ends_with_the_same_weights(
    pictures: Path, tmp_path: Path
) -> None:
    """Killed by SIGKILL several times, within epochs too: each file is then whole, or not there."""
    recipe = replace(QUICK, epochs=6, mix=0.2, schedule="plateau", plateau=2)
    (tmp_path / "recipe.json").write_text(json.dumps(as_values(recipe)))
    command = [sys.executable, "-c", SCRIPT, str(pictures)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    whole, cut = str(tmp_path / "whole"), str(tmp_path / "cut")
    arguments = [str(tmp_path / "recipe.json")]
    subprocess.run([*command, whole, *arguments], check=True, env=environment, capture_output=True)
    kills = 0
    for delay in (0.0, 0.15, 0.4):
        begun = [*command, cut, *arguments]
        with subprocess.Popen(begun, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            next((line for line in process.stdout if line.startswith("epoch")), "")
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
            kills += process.wait() == -signal.SIGKILL
    assert kills
    subprocess.run([*command, cut, *arguments], check=True, env=environment, capture_output=True)
    assert (tmp_path / "whole" / "best.npz").read_bytes() == (
        tmp_path / "cut" / "best.npz"
    ).read_bytes()
    last = [torch.load(Path(run) / "last.pt", weights_only=True) for run in (whole, cut)]
    for name, value in last[0]["network"].items():
        assert torch.equal(value, last[1]["network"][name]), name


@pytest.mark.parametrize(
    "recipe",
    [
        replace(QUICK, mix=0.2, schedule="plateau"),
        replace(QUICK, optimiser="adamw", rate=1e-3, head_rate=4.0, frozen=("stem.*",)),
    ],
    ids=["sgd", "adamw"],
)
def test_interrupted_within_an_epoch_and_resumed_it_ends_with_the_same_weights(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipe: Recipe
) -> None:
    from videmo.training import fit as room
    from videmo.training.fit import fit, training

    fit(pictures, tmp_path / "whole", recipe)
    keep, kept = room._keep, []

    def keep_and_stop(*arguments: object) -> None:
        keep(*arguments)
        kept.append(1)
        if len(kept) == 7:  # of some five batches an epoch
            raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(training, "KEEP_EVERY", 0.0)
        patched.setattr(room, "_keep", keep_and_stop)
        fit(pictures, tmp_path / "cut", recipe)
    fit(pictures, tmp_path / "cut", recipe, resume=True)
    whole, cut = ((tmp_path / name / "best.npz").read_bytes() for name in ("whole", "cut"))
    assert whole == cut


def after_an_epoch(pictures: Path, recipe: Recipe) -> tuple[Training, dict[str, torch.Tensor]]:
    """A training on `pictures`, and its weights before its first epoch."""
    from videmo.training.dataset import read
    from videmo.training.fit.batches import Batches
    from videmo.training.fit.training import Training

    train = read(pictures, side=32).splits["train"]
    network = draw("tiny", side=32, classes=3)
    training = Training(network, recipe, train, device=torch.device("cpu"), half=False)
    before = {name: value.clone() for name, value in training.network.state_dict().items()}
    with contextlib.closing(Batches(train, recipe)) as batches:
        training.teach(batches, 0, 0, lambda: None)
    return training, before


@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
def test_layers_that_are_frozen_stay_as_they_were(pictures: Path, optimiser: str) -> None:
    recipe = replace(QUICK, optimiser=optimiser, rate=1e-2, frozen=("stem.*", "*.first.norm"))
    training, before = after_an_epoch(pictures, recipe)
    now = training.network.state_dict().items()
    changed = {name for name, value in now if not torch.equal(value, before[name])}
    assert not [name for name in changed if name.startswith("stem.") or ".first.norm." in name]
    assert {"head.weight", "blocks.stage0_block0.first.conv.weight"} <= changed


def test_slopes_fade_to_nothing_in_the_epochs_that_the_recipe_says(pictures: Path) -> None:
    from videmo.training.dataset import read
    from videmo.training.fit.batches import Batches
    from videmo.training.fit.training import Training

    train = read(pictures, side=32).splits["train"]
    network = draw("mobilefacenet-lean", side=32, classes=3)
    recipe = replace(QUICK, network=network.name, fading=1.5, frozen=("*.slope",), average=0.9)
    training = Training(network, recipe, train, device=torch.device("cpu"), half=False)
    with contextlib.closing(Batches(train, recipe)) as batches:
        training.teach(batches, 0, 0, lambda: None)
        # PReLUs begin with 0.25; of the averaged weights' slopes as much is left.
        for slope in (s for pair in training.slopes for s in pair):
            assert slope.tolist() == pytest.approx([0.25 / 3] * len(slope))
        training.teach(batches, 1, 0, lambda: None)
    assert len(training.slopes) == 31
    assert not any(slope.any() for pair in training.slopes for slope in pair)


@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
def test_the_last_layer_learns_at_its_own_rate(pictures: Path, optimiser: str) -> None:
    recipe = replace(QUICK, optimiser=optimiser, rate=1e-3, head_rate=4.0)
    training, _ = after_an_epoch(pictures, recipe)
    rates = {
        id(p): group["lr"] for group in training.optimiser.param_groups for p in group["params"]
    }
    found = {name: rates[id(p)] for name, p in training.network.named_parameters()}
    (usual,) = {now for name, now in found.items() if not name.startswith("head.")}
    assert found["head.weight"] == found["head.bias"] == 4 * usual > 0


@pytest.mark.parametrize(
    ("frozen", "message"), [(("stern.*",), "no layer is called stern"), (("*",), "nothing is left")]
)
def test_what_cannot_be_frozen_is_refused(
    pictures: Path, tmp_path: Path, frozen: tuple[str, ...], message: str
) -> None:
    from videmo.training.fit import fit

    with pytest.raises(RequestError, match=message):
        fit(pictures, tmp_path / "run", replace(QUICK, frozen=frozen))
    assert not list(tmp_path.glob("run/*"))


def voted(folder: Path) -> Path:
    """A folder like FER+'s of 42 faces: the raters see angry to neutral, FER-2013 the next one."""
    rng = np.random.default_rng(0)
    (folder / "fer").mkdir()
    faces = rng.integers(0, 256, (1, 42, 48, 48), np.uint8)
    cv2.imwrite(str(folder / "fer" / "sheet.png"), np.hstack(faces[0]))
    lines = [f"sheet,row,column,split,fer2013_index,fer2013_label,{','.join(VOTES)}"]
    for i in range(42):
        label = "" if i % 6 == 0 else EMOTIONS[(i + 1) % 7]
        votes = [0] * 10
        votes[EMOTION_COLUMNS[i % 7]] = 10
        split = "train" if i < 28 else "valid"
        lines.append(f"sheet.png,0,{i},{split},{i},{label},{','.join(map(str, votes))}")
    (folder / "fer" / "labels.csv").write_text("\n".join(lines) + "\n")
    return folder / "fer"


def test_both_kinds_of_labels_are_those_of_the_same_pictures(tmp_path: Path) -> None:
    from videmo.training.dataset import read

    train = read(voted(tmp_path), labels="both").splits["train"]
    assert train.second is not None
    assert (train.targets.argmax(axis=1) == np.arange(28) % 7).all()
    known = np.arange(28) % 6 != 0
    assert (train.second[~known] == 0).all()
    assert (train.second[known].argmax(axis=1) == (np.arange(28) + 1)[known] % 7).all()
    assert (train.where(known).second == train.second[known]).all()


def test_each_of_two_heads_answers_as_the_whole_network_did(tmp_path: Path) -> None:
    from videmo.training.fit import fit
    from videmo.training.fit.training import load, scores_of
    from videmo.training.network import in_torch
    from videmo.training.weights import one_head, read_trained

    fit(voted(tmp_path), tmp_path / "run", replace(QUICK, side=48, epochs=1, labels="both"))
    whole = read_trained(tmp_path / "run")
    images = np.random.default_rng(1).integers(0, 256, (5, 48, 48), np.uint8)
    modules = []
    for trained in (whole, one_head(whole, "ferplus"), one_head(whole, "fer2013")):
        module = in_torch.build(trained.network).eval()
        load(module, trained.arrays)
        modules.append(module)
    cpu = torch.device("cpu")
    for module, head in zip(modules[1:], (slice(0, 7), slice(7, 14)), strict=True):
        wanted = scores_of(modules[0], images, cpu, head)
        assert scores_of(module, images, cpu) == pytest.approx(wanted, abs=1e-6)
    with pytest.raises(RequestError, match="did not learn the labels folder; but ferplus, fer2013"):
        one_head(whole, "folder")


def test_where_nothing_is_known_a_second_head_learns_nothing(tmp_path: Path) -> None:
    from videmo.training.dataset import read
    from videmo.training.fit.training import Training

    train = read(voted(tmp_path), labels="both").splits["train"]
    network = draw("tiny", side=48, classes=14)
    training = Training(network, QUICK, train, device=torch.device("cpu"), half=False)
    logits = torch.zeros(4, 14, requires_grad=True)
    targets = torch.cat([torch.eye(7)[:4], torch.zeros(4, 7)], 1)
    training._loss(logits, targets, [None, None]).backward()
    assert logits.grad is not None
    assert (logits.grad[:, 7:] == 0).all() and (logits.grad[:, :7] != 0).all()


def test_a_teacher_of_other_labels_is_refused(tmp_path: Path) -> None:
    from videmo.training.fit import fit
    from videmo.training.fit.start import taught_by

    fit(voted(tmp_path), tmp_path / "run", replace(QUICK, side=48, epochs=1, labels="fer2013"))
    with pytest.raises(RequestError, match="did not learn the labels ferplus; but fer2013"):
        taught_by(tmp_path / "run", EMOTIONS, ("ferplus",))
    assert taught_by(tmp_path / "run", EMOTIONS, ("fer2013",))


def test_who_learnt_the_second_labels_alone_teaches_the_second_head_alone(tmp_path: Path) -> None:
    from videmo.training.fit import fit
    from videmo.training.fit.start import taught_by
    from videmo.training.fit.teachers import lessons

    data = voted(tmp_path)
    for labels in ("both", "fer2013"):
        fit(data, tmp_path / labels, replace(QUICK, side=48, epochs=1, labels=labels))
    heads = ("ferplus", "fer2013")
    whole, second = (taught_by(tmp_path / name, EMOTIONS, heads) for name in ("both", "fer2013"))
    assert (whole.heads, second.heads) == ((0, 1), (1,))
    grey = torch.rand(3, 1, 48, 48) * 255
    first, other = lessons([whole, second], grey, (slice(0, 7), slice(7, 14)), 1.0)
    said = whole(grey)
    assert first is not None and torch.equal(first, said[:, :7].softmax(1))
    assert other is not None
    assert torch.allclose(other, (said[:, 7:].softmax(1) + second(grey).softmax(1)) / 2)


def test_a_model_teaches_own_pictures_of_its_classes() -> None:
    from videmo.emotions import classifier, read_model
    from videmo.training.fit.start import taught_by
    from videmo.training.fit.training import scores_of

    model = ROOT / "models" / "emotion.tflite"
    faces = np.random.default_rng(1).integers(0, 256, (5, 48, 48), np.uint8)
    teacher = taught_by(model, EMOTIONS, ("folder",))
    wanted = classifier(read_model(model))(list(faces))
    assert scores_of(teacher, faces, torch.device("cpu")) == pytest.approx(wanted, abs=ROUNDED)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_a_recorded_step_is_the_step_that_was_recorded() -> None:
    from videmo.training.fit.recorded import WARM, Recorded

    layer = torch.nn.Linear(3, 2, device="cuda")
    other = copy.deepcopy(layer)

    def work(x: torch.Tensor, layer: torch.nn.Module = layer) -> tuple[torch.Tensor]:
        layer.zero_grad()
        loss = layer(x).square().sum()
        loss.backward()
        return (loss.detach(),)

    recorded = Recorded(work, layer.parameters())
    for step in range(3 * WARM):
        x = torch.randn(4 + step % 2, 3, device="cuda")
        assert torch.allclose(recorded(x)[0], work(x, other)[0])
        for mine, theirs in zip(layer.parameters(), other.parameters(), strict=True):
            assert mine.grad is not None and theirs.grad is not None
            assert torch.allclose(mine.grad, theirs.grad)
    assert len(recorded.films) == 2


@pytest.mark.long
def test_workers_leave_the_result_alone(pictures: Path, tmp_path: Path) -> None:
    from videmo.training.fit import Means, fit

    for name, workers in (("alone", 0), ("helped", 2)):
        fit(pictures, tmp_path / name, QUICK, means=Means("cpu", workers, 1))
    one, two = weights(tmp_path / "alone" / "best.npz"), weights(tmp_path / "helped" / "best.npz")
    assert all(np.array_equal(one[name], two[name]) for name in one)


def taught(pictures: Path, run: Path) -> Teacher:
    """A teacher of the three classes, which has hardly learnt them."""
    from videmo.training.fit import fit
    from videmo.training.fit.start import taught_by

    fit(pictures, run, replace(QUICK, epochs=1))
    return taught_by(run, CLASSES, ("folder",))


def test_a_student_of_teachers_alone_does_not_mind_the_labels(
    pictures: Path, tmp_path: Path
) -> None:
    from videmo.training.dataset import read
    from videmo.training.fit.start import taught_by
    from videmo.training.fit.training import Training

    teacher = taught(pictures, tmp_path / "teacher")
    train = read(pictures, side=32).splits["train"]
    recipe = replace(QUICK, distil=1.0, teachers=("teacher",))
    cpu = torch.device("cpu")
    network = draw("tiny", side=32, classes=3)
    training = Training(network, recipe, train, device=cpu, half=False, teachers=[teacher])
    grey = torch.from_numpy(train.images[:8])[:, None].float()
    said = teacher(grey)
    labels = torch.eye(3)[torch.arange(8) % 3]
    lesson = training._lesson(grey)
    right = training._loss(said, labels, lesson)
    assert training._loss(said, labels.roll(1, 1), lesson) == right
    assert training._loss(said + torch.tensor([0.0, 0.5, 0.0]), labels, lesson) > right
    with pytest.raises(RequestError, match="cannot teach"):
        taught_by(tmp_path / "teacher", CLASSES[::-1], ("folder",))


def test_a_teacher_sees_pictures_at_its_own_size(pictures: Path, tmp_path: Path) -> None:

    teacher = taught(pictures, tmp_path / "teacher")
    seen = []
    teacher.network.register_forward_pre_hook(lambda network, inputs: seen.append(inputs[0]))
    halves = torch.tensor([0.0, 200.0]).repeat_interleave(24).expand(2, 1, 48, 48)
    assert teacher(halves).shape == (2, 3)
    (smaller,) = seen
    assert smaller.shape == (2, 1, 32, 32)
    assert (smaller[..., :14] < 1).all() and (smaller[..., 18:] > 199).all()


def test_views_are_taught_once_and_with_what_the_teachers_say_of_them(
    pictures: Path, tmp_path: Path
) -> None:
    from videmo.training.dataset import read
    from videmo.training.fit.views import School, Views, make_views

    teacher = taught(pictures, tmp_path / "teacher")
    train = read(pictures, side=32).splits["train"]
    recipe = replace(QUICK, distil=0.5, views=2, temperature=2.0, teachers=("teacher",))
    school = School([teacher], (slice(0, 3),), 2.0, torch.device("cpu"), False)
    heard: list[str] = []

    def made(school: School = school, seed: int = 1) -> Views:
        heard.clear()
        return make_views(train, replace(recipe, seed=seed), school, tmp_path, say=heard.append)

    first = made()
    assert first.images.shape == (2, len(train), 32, 32) and len(heard) == 2
    assert not np.array_equal(first.images[0], first.images[1])
    grey = torch.from_numpy(first.images[1])[:, None].float()
    wanted = (teacher(grey) / 2).softmax(1).numpy()
    assert first.taught[1] == pytest.approx(wanted, abs=1e-5)
    again = made()
    assert not heard
    assert np.array_equal(again.taught, first.taught)
    assert np.array_equal(again.images, first.images)
    # Whatever the lessons hang on, or damage, has them asked for anew.
    for other in ({"seed": 2}, {"school": replace(school, temperature=1.0)}):
        made(**other)
        assert len(heard) == 2
        assert np.array_equal(made().taught, first.taught) and len(heard) == 2
    for spoilt in (b"", b"PK\3\4", (tmp_path / "view1.lessons").read_bytes()[:-1]):
        (tmp_path / "view1.lessons").write_bytes(spoilt)
        assert np.array_equal(made().taught, first.taught) and len(heard) == 1


def test_a_batch_of_views_comes_with_its_own_lessons(pictures: Path) -> None:
    from videmo.training.augment import Variety
    from videmo.training.dataset import read
    from videmo.training.fit.batches import Batches
    from videmo.training.fit.views import Views

    train = read(pictures, side=32).splits["train"]
    plain = Variety(mirrored=0, coarse=0, blurred=0, noisy=0, hidden=0)
    recipe = replace(QUICK, distil=0.5, views=2, teachers=("x",), variety=plain)
    images = np.stack([train.images, 255 - train.images])
    # A lesson here is the mean of its own picture.
    taught = np.repeat(images.mean((2, 3), keepdims=True)[..., 0], 3, axis=2).astype(np.float32)
    batches = Batches(train, recipe, Views(images, taught))
    found = list(batches.epoch(0))
    batches.close()
    for batch in found:
        assert batch.taught is not None
        assert batch.taught[:, 0] == pytest.approx(batch.images.mean((1, 2)), abs=0.01)
    shown = np.concatenate([batch.images for batch in found])
    versions = {bool((shown[i] == images[0]).all((1, 2)).any()) for i in range(len(shown))}
    assert versions == {True, False}


def test_of_faces_of_two_only_the_teachers_say_what_they_show(
    pictures: Path, tmp_path: Path
) -> None:
    from videmo.training.augment import Variety
    from videmo.training.dataset import read
    from videmo.training.fit.batches import Batches
    from videmo.training.fit.training import Training
    from videmo.training.fit.views import School, make_views

    teacher = taught(pictures, tmp_path / "teacher")
    train = read(pictures, side=32).splits["train"]
    still = Variety(mirrored=0, coarse=0, blurred=0, noisy=0, hidden=0)
    recipe = replace(QUICK, distil=0.5, views=4, of_two=0.25, teachers=("teacher",), variety=still)
    school = School([teacher], (slice(0, 3),), 2.0, torch.device("cpu"), False)
    views = make_views(train, recipe, school, tmp_path, say=lambda line: None)
    assert views.taught.sum(2) == pytest.approx(1, abs=1e-5)
    with contextlib.closing(Batches(train, recipe, views)) as batches:
        found = list(batches.epoch(0))
        learner = Training(
            draw("tiny", side=32, classes=3), recipe, train, device=torch.device("cpu"), half=False
        )
        epoch = learner.teach(batches, 0, 0, lambda: None)
    told = 0
    for batch in found:
        for image, target in zip(batch.images, batch.targets, strict=True):
            (version,) = {int(v) for v in np.nonzero((views.images == image).all((2, 3)))[0]}
            assert target.sum() == (version < 3)
            told += version < 3
    assert 0 < told < epoch.pictures == sum(len(batch.images) for batch in found)
    # They are learnt, but there is nothing to count an answer against.
    assert np.sum(epoch.confusion) == told
    assert train.targets.sum(1) == pytest.approx(1)


def test_versions_can_be_moved_again_whenever_they_are_shown(pictures: Path) -> None:
    from videmo.training.augment import Variety
    from videmo.training.dataset import read
    from videmo.training.fit.batches import Batches
    from videmo.training.fit.views import Views

    train = read(pictures, side=32).splits["train"]
    still = Variety(mirrored=0, coarse=0, blurred=0, noisy=0, hidden=0)
    recipe = replace(QUICK, distil=0.5, views=1, teachers=("x",), variety=still)
    views = Views(train.images[None], np.ones((1, len(train), 3), np.float32))
    known = {image.tobytes() for image in train.images}
    seen = []
    for again in (0.0, 0.4):
        with contextlib.closing(Batches(train, replace(recipe, moved_again=again), views)) as made:
            images = np.concatenate([batch.images for batch in made.epoch(0)])
        seen.append(images)
    assert {image.tobytes() for image in seen[0]} <= known
    assert not {image.tobytes() for image in seen[1]} & known
    # In the same light, and not far.
    assert np.abs(seen[1].mean((1, 2)) - seen[0].mean((1, 2))).max() < 25


def test_lessons_are_mixed_as_their_pictures_are(pictures: Path) -> None:
    from videmo.training.dataset import read
    from videmo.training.fit.batches import Batches
    from videmo.training.fit.views import Views

    train = read(pictures, side=32).splits["train"]
    recipe = replace(QUICK, distil=0.5, views=2, teachers=("x",), mix=0.4)
    rng = np.random.default_rng(0)
    images = np.stack([train.images] * 2)
    taught = rng.random((2, len(train), 3), np.float32)
    batches = Batches(train, recipe, Views(images, taught))
    mixed = next(batches.epoch(0))
    batches.close()
    batches = Batches(train, replace(recipe, mix=0.0), Views(images, taught))
    plain = next(batches.epoch(0))
    batches.close()
    assert mixed.order is not None and mixed.taught is not None and plain.taught is not None
    wanted = mixed.kept * plain.taught + (1 - mixed.kept) * plain.taught[mixed.order]
    assert 0 < mixed.kept < 1 and mixed.taught == pytest.approx(wanted, abs=1e-6)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_disk_without_room_for_views_is_named_before_they_are_made() -> None:
    from videmo.errors import DiskFullError
    from videmo.training.fit.views import InFile

    with pytest.raises(DiskFullError, match="disk full"):
        InFile(Path("/dev/full"), (2, 50, 48, 48)).made()


def test_workers_leave_views_alone(pictures: Path, tmp_path: Path) -> None:
    from videmo.training.fit import Means, fit

    fit(pictures, tmp_path / "teacher", replace(QUICK, epochs=1))
    recipe = replace(QUICK, distil=0.5, views=2, teachers=(str(tmp_path / "teacher"),))
    for name, workers in (("alone", 0), ("helped", 2)):
        fit(pictures, tmp_path / name, recipe, means=Means("cpu", workers, 1))
    one, two = weights(tmp_path / "alone" / "best.npz"), weights(tmp_path / "helped" / "best.npz")
    assert all(np.array_equal(one[name], two[name]) for name in one)
    for i in range(2):
        lessons = [(tmp_path / n / f"view{i}.lessons").read_bytes() for n in ("alone", "helped")]
        assert lessons[0] == lessons[1]
    assert not list(tmp_path.rglob("*.part"))


def test_a_training_with_views_goes_on_as_if_it_had_not_been_interrupted(
    pictures: Path, tmp_path: Path
) -> None:
    from videmo.training.fit import Means, fit

    fit(pictures, tmp_path / "teacher", replace(QUICK, epochs=1))
    recipe = replace(QUICK, distil=0.5, views=2, teachers=(str(tmp_path / "teacher"),))
    means = Means("cpu", None, 1)
    fit(pictures, tmp_path / "whole", recipe, means=means)

    class Stop(Exception):
        pass

    def stop(line: str) -> None:
        if line.startswith("epoch 2"):
            raise Stop

    with pytest.raises(Stop):
        fit(pictures, tmp_path / "parts", recipe, means=means, say=stop)
    fit(pictures, tmp_path / "parts", recipe, means=means, resume=True)
    one, two = weights(tmp_path / "whole" / "best.npz"), weights(tmp_path / "parts" / "best.npz")
    assert all(np.array_equal(one[name], two[name]) for name in one)


def test_the_last_epoch_is_taken_where_the_recipe_says_so(pictures: Path, tmp_path: Path) -> None:
    from videmo.training.fit import fit

    # At such a rate it gets worse, too.
    recipe = replace(QUICK, rate=1.0, epochs=6)
    assert fit(pictures, tmp_path / "best", recipe).best_epoch < 5
    assert fit(pictures, tmp_path / "last", replace(recipe, best_by="last")).best_epoch == 5
    averaged = torch.load(tmp_path / "last" / "last.pt", weights_only=True)["averaged"]
    taken = weights(tmp_path / "last" / "best.npz")
    assert all(np.array_equal(taken[name], averaged[name].numpy()) for name in taken)


def test_the_last_layer_is_kept_where_the_same_is_learnt_again(
    pictures: Path, tmp_path: Path
) -> None:
    from videmo.training.fit import fit

    fit(pictures, tmp_path / "first", replace(QUICK, epochs=1))
    still = replace(QUICK, epochs=1, rate=1e-7, average=0.0, warmup=0)
    fit(pictures, tmp_path / "second", still, init=tmp_path / "first")
    one, two = (weights(tmp_path / name / "best.npz") for name in ("first", "second"))
    assert two["head.weight"] == pytest.approx(one["head.weight"], abs=1e-4)


def test_a_model_file_is_learnt_on_with_a_new_head(pictures: Path, tmp_path: Path) -> None:
    """The shipped model is read back out of its .tflite; only its last layer is forgotten."""
    from videmo.training.fit import fit
    from videmo.training.weights import read_trained

    model = ROOT / "models" / "emotion.tflite"
    begun = read_trained(model)
    name = begun.network.name
    recipe = Recipe(network=name, epochs=1, batch=8, rate=1e-7, average=0.0, warmup=0)
    fit(pictures, tmp_path / "run", recipe, init=model)
    ended = read_trained(tmp_path / "run")
    assert ended.classes == CLASSES and ended.arrays["head.weight"].shape[0] == 3
    stem = next(name for name in begun.arrays if name.endswith("stem.conv.weight"))
    assert ended.arrays[stem] == pytest.approx(begun.arrays[stem], abs=1e-4)
    with pytest.raises(RequestError, match="--arch"):
        fit(pictures, tmp_path / "wrong", replace(recipe, network="wide"), init=model)


def test_the_shipped_model_says_the_same_when_read_back_and_its_norms_are_filled() -> None:
    from videmo.emotions import classifier, read_model
    from videmo.training.fit.start import fill_norms
    from videmo.training.fit.training import load, scores_of
    from videmo.training.network import in_torch
    from videmo.training.weights import read_trained

    faces = np.random.default_rng(0).integers(0, 256, (64, 48, 48), np.uint8)
    trained = read_trained(ROOT / "models" / "emotion.tflite")
    module = in_torch.build(trained.network).eval()
    load(module, trained.arrays)
    cpu = torch.device("cpu")
    wanted = scores_of(module, faces, cpu)
    assert classifier(read_model())(list(faces)) == pytest.approx(wanted, abs=ROUNDED)
    norms = {name for name, m in module.named_modules() if isinstance(m, torch.nn.BatchNorm2d)}
    fill_norms(module, faces, cpu, norms)
    assert scores_of(module, faces, cpu) == pytest.approx(wanted, abs=1e-4)


def test_a_training_begins_from_a_mobilenet_of_others(pictures: Path, tmp_path: Path) -> None:
    """Its weights are taken over; its norms are filled from the pictures."""
    from tests.test_tensorflowjs import write_mobilenet
    from videmo.training.fit import fit
    from videmo.training.tensorflowjs import read_mobilenet

    write_mobilenet(tmp_path)
    model = tmp_path / "model.json"
    recipe = Recipe(network="mobilenet", side=32, epochs=1, batch=8, rate=1e-7, average=0.0)
    said: list[str] = []
    fit(pictures, tmp_path / "run", replace(recipe, warmup=0), init=model, say=said.append)
    assert any(line.startswith("54 of 55 layers are those of") for line in said)
    kernel = "block3.conv.weight"
    ended = weights(tmp_path / "run" / "best.npz")
    assert ended[kernel] == pytest.approx(read_mobilenet(model)[kernel], abs=1e-4)
    about = json.loads((tmp_path / "run" / "run.json").read_text())
    kept = about["init"]
    assert about["source"][-1]["name"] == "a MobileNet of others (model.json)"
    assert about["source"][-1]["by"] == "somebody"
    (tmp_path / "model.bin").write_bytes(bytes((tmp_path / "model.bin").stat().st_size))
    fit(pictures, tmp_path / "other", replace(recipe, warmup=0), init=model)
    assert json.loads((tmp_path / "other" / "run.json").read_text())["init"] != kept


def test_a_training_begins_from_a_mobilefacenet_of_others(pictures: Path, tmp_path: Path) -> None:
    from tests.test_insightface import write_mobilefacenet
    from videmo.training.fit import fit

    _, _, slope, second, *_ = write_mobilefacenet(tmp_path / "faces.onnx")
    recipe = Recipe(network="mobilefacenet", side=32, epochs=1, batch=8, rate=1e-7, average=0.0)
    said: list[str] = []
    model = tmp_path / "faces.onnx"
    fit(pictures, tmp_path / "run", replace(recipe, warmup=0), init=model, say=said.append)
    assert any(line.startswith("129 of 131 layers are those of") for line in said), said
    ended = weights(tmp_path / "run" / "best.npz")
    assert ended["second.conv.weight"] == pytest.approx(second, abs=1e-4)
    assert ended["stem.slope.weight"] == pytest.approx(slope[:, 0, 0], abs=1e-4)
    about = json.loads((tmp_path / "run" / "run.json").read_text())
    assert about["source"][-1]["name"] == "a MobileFaceNet of others (faces.onnx)"


def test_a_weighed_mean_begins_as_a_plain_one_and_no_other_convolution_does() -> None:
    from videmo.training.network import in_torch

    faces = in_torch.build(draw("mobilefacenet", side=48, classes=7)).state_dict()
    assert faces["mean.conv.weight"].shape == (512, 1, 3, 3)
    assert torch.all(faces["mean.conv.weight"] == 1 / 9)
    # Its last maps are of one place, too.
    objects = in_torch.build(draw("mobilenet", side=32, classes=7)).state_dict()
    assert objects["block12.depthwise.conv.weight"].std() > 0


def test_a_run_of_before_there_were_views_goes_on(pictures: Path, tmp_path: Path) -> None:
    from videmo.training.fit import fit

    fit(pictures, tmp_path / "run", QUICK)
    path = tmp_path / "run" / "recipe.json"
    values = json.loads(path.read_text())
    del values["views"], values["variety"]["brightness"]
    path.write_text(json.dumps(values))
    assert fit(pictures, tmp_path / "run", QUICK, resume=True).epochs == QUICK.epochs


def test_a_network_of_other_widths_begins_with_the_layers_that_are_the_same(tmp_path: Path) -> None:
    from videmo.training.dataset import read
    from videmo.training.fit import fit
    from videmo.training.fit.start import continued
    from videmo.training.fit.training import Training
    from videmo.training.weights import read_trained

    data = voted(tmp_path)
    fit(data, tmp_path / "narrow", replace(QUICK, network="small", side=48, epochs=1))
    train = read(data).splits["train"]
    theirs = read_trained(tmp_path / "narrow")
    wide = replace(QUICK, network="broad", side=48)
    network = draw("broad", side=48, classes=7)
    training = Training(network, wide, train, device=torch.device("cpu"), half=False)
    before = {name: value.clone() for name, value in training.network.state_dict().items()}
    said = continued(training, tmp_path / "narrow", train.images, EMOTIONS, ("ferplus",))
    ours = training.network.state_dict()
    for name in ("stem.conv.weight", "blocks.stage1_block1.second.conv.weight"):
        assert np.array_equal(ours[name], theirs.arrays[name])
    for name in ("blocks.stage2_block0.first.conv.weight", "blocks.stage2_block0.first.norm.bias"):
        assert torch.equal(ours[name], before[name])
    assert re.search(r"[0-9]+ of [0-9]+ layers are those of .*narrow", said)


@pytest.mark.parametrize("side", [48, 64])
def test_a_narrower_network_begins_with_all_layers_of_a_wide_one(tmp_path: Path, side: int) -> None:
    from videmo.training.dataset import read
    from videmo.training.fit import fit
    from videmo.training.fit.start import continued
    from videmo.training.fit.training import Training

    data = voted(tmp_path)
    fit(data, tmp_path / "wide", replace(QUICK, network="swift", side=48, epochs=1))
    train = read(data, side=side).splits["train"]
    network = draw("lithe", side=side, classes=7)
    narrow = replace(QUICK, network="lithe", side=side)
    training = Training(network, narrow, train, device=torch.device("cpu"), half=False)
    said = continued(training, tmp_path / "wide", train.images, EMOTIONS, ("ferplus",))
    taken, every = re.match("([0-9]+) of ([0-9]+) layers", said).groups()
    assert taken == every


@pytest.mark.parametrize(
    "name",
    [
        "small",
        "swift",
        "resnet18",
        "mini-xception",
        "mobilenet",
        "mobilefacenet",
        "mobilefacenet-slim",
        "elu6",
        "tiny+mobilenet",
    ],
)
def test_pytorch_keras_and_onnx_compute_the_same_network(name: str) -> None:
    pytest.importorskip("keras", reason="Keras is only there for training")
    pytest.importorskip("onnxruntime", reason="onnxruntime is only there for training")
    from videmo.training.export import jetson
    from videmo.training.network import in_keras, in_onnx, in_torch

    torch.manual_seed(0)
    network = draw(name, side=48, classes=5)
    module = in_torch.build(network)
    images = np.random.default_rng(0).integers(0, 256, (4, 48, 48), np.uint8)
    for norm in (m for m in module.modules() if isinstance(m, torch.nn.BatchNorm2d)):
        torch.nn.init.uniform_(norm.weight, 0.5, 1.5)
        torch.nn.init.uniform_(norm.bias, -0.5, 0.5)
    with torch.no_grad():
        grey = torch.from_numpy(images)[:, None].float()
        module(grey)  # fills the norms' means and variances
        wanted = module.eval()(grey).softmax(1).numpy()
    arrays = {k: v.numpy() for k, v in module.state_dict().items() if v.is_floating_point()}
    model = in_keras.build(network)
    in_keras.set_weights(model, arrays)
    scores = np.asarray(model(images[..., None].astype(np.float32)))
    assert scores == pytest.approx(wanted, abs=1e-5)
    assert jetson.scores_of(in_onnx.build(network, arrays), images) == pytest.approx(
        wanted, abs=1e-5
    )


def test_several_trainings_side_by_side_answer_with_their_mean(tmp_path: Path) -> None:
    from videmo.training.fit import fit
    from videmo.training.fit.training import load
    from videmo.training.joined import read_joined
    from videmo.training.network import in_torch
    from videmo.training.weights import one_head, read_trained

    data = voted(tmp_path)
    for i, network in enumerate(("tiny", "small")):
        recipe = replace(QUICK, network=network, side=48, epochs=1, labels="both", seed=i)
        fit(data, tmp_path / network, recipe)
    paths = [tmp_path / "tiny", tmp_path / "small"]
    grey = torch.rand(5, 1, 48, 48) * 255
    logits = []
    for trained in (
        *(one_head(read_trained(path), "fer2013") for path in paths),
        read_joined(paths, "fer2013"),
    ):
        module = in_torch.build(trained.network).eval()
        load(module, trained.arrays)
        logits.append(module(grey))
    one, two, both = logits
    assert torch.allclose(both, (one + two) / 2, atol=1e-5)
    assert [part["name"] for part in trained.about["parts"]] == ["tiny", "small"]


def test_the_same_weights_do_not_stand_beside_themselves() -> None:
    from videmo.training.joined import read_joined

    model = ROOT / "models" / "emotion.tflite"
    with pytest.raises(RequestError, match="named twice"):
        read_joined([model, model])


def test_what_tells_other_things_apart_cannot_stand_beside(pictures: Path, tmp_path: Path) -> None:
    from videmo.training.fit import fit
    from videmo.training.joined import read_joined

    fit(pictures, tmp_path / "own", replace(QUICK, epochs=1))
    with pytest.raises(RequestError, match="its classes, or what it"):
        read_joined([tmp_path / "own", ROOT / "models" / "emotion.tflite"])


def test_every_architecture_can_be_asked_for() -> None:
    assert set(ARCHITECTURES) == set(NETWORKS)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "models").glob("*.recipe.json")), ids=lambda p: p.name
)
def test_every_recipe_in_the_repository_can_be_read(path: Path) -> None:
    values = json.loads(path.read_text())
    if values.get("distil"):
        values["teachers"] = ["somewhere"]
    recipe = from_values(values, path)
    assert recipe.epochs >= 10
    assert values.get("distil") or read_recipe(path) == recipe


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"network": "huge"}, "no network 'huge'"),
        ({"epocs": 3}, "epocs"),
        ({"epochs": 0}, "at least 1"),
        ({"schedule": "never"}, "cosine, plateau"),
        ({"epochs": 4, "fading": 5}, "fading is from 0 to epochs"),
        ({"optimiser": "adam"}, "sgd, adamw"),
        ({"head_rate": 0}, "head_rate are above 0"),
        ({"frozen": "stem.*"}, "frozen is not a list"),
        ({"teachers": ["a"]}, "distil 0"),
        ({"distil": 0.5}, "--teacher"),
        ({"views": 4}, "views need teachers"),
        ({"of_two": 0.5}, "of_two is a share of the views"),
        (
            {"of_two": 1.5, "views": 4, "distil": 0.5, "teachers": ["a"]},
            "of_two is from 0 to below 1",
        ),
        ({"moved_again": 0.3}, "moved_again moves views"),
        (
            {"moved_again": 2, "views": 4, "distil": 0.5, "teachers": ["a"]},
            "moved_again is from 0 to 1",
        ),
        ({"side": 20}, "side is from 32 to 256"),
        ({"network": "small+huge"}, "no network 'huge'"),
        ({"variety": {"turns": 3}}, "turns"),
        ({"epochs": "many"}, "not a recipe"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(values: dict, message: str, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=message):
        from_values(values, tmp_path / "recipe.json")


@pytest.mark.long
def test_a_hundred_pictures_a_class_make_a_useful_model(tmp_path: Path) -> None:
    """Own classes, of faces that the shipped model never saw: learnt on, and from nothing."""
    import cv2

    from videmo.training.dataset.ferplus import majority, read_ferplus
    from videmo.training.fit import fit
    from videmo.training.settings import LEARNT_ON
    from videmo.training.weights import read_trained

    if not (DATA / "fer").is_dir():
        pytest.skip(f"no faces in {DATA / 'fer'}; set VIDEMO_DATA")
    faces = read_ferplus(DATA / "fer")
    faces = faces.where(faces.split == "valid")
    labels = majority(faces.votes)
    own = {"pleasant": ("happy", "surprise"), "unpleasant": ("angry", "sad"), "calm": ("neutral",)}
    for name, emotions in own.items():
        (tmp_path / "own" / name).mkdir(parents=True)
        for emotion in emotions:
            of_it = np.flatnonzero(labels == EMOTIONS.index(emotion))[: 120 // len(emotions)]
            for i in of_it:
                cv2.imwrite(str(tmp_path / "own" / name / f"{i}.png"), faces.images[i])
    model = ROOT / "models" / "emotion.tflite"
    values = {**LEARNT_ON, "epochs": 20, "network": read_trained(model).network.name}
    recipe = from_values({**as_values(Recipe()), **values}, tmp_path)
    learnt_on = fit(tmp_path / "own", tmp_path / "on", recipe, init=model).found["test"]
    alone = fit(tmp_path / "own", tmp_path / "alone", recipe).found["test"]
    print(f"learnt on: {learnt_on.accuracy:.1%}; from nothing: {alone.accuracy:.1%}")
    assert learnt_on.accuracy >= 0.7
    assert learnt_on.accuracy >= alone.accuracy + 0.1
