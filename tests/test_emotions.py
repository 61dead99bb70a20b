"""The model: checked before it is run, and the same whatever the batch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.movies import painted
from videmo.demo import Actor, Place
from videmo.emotions import BATCH, EQUAL, TRAINING, classifier, corrected, find_model
from videmo.errors import RequestError, SetupError
from videmo.faces import DETECTORS, DetectorConfig, StillPicture, detector_of
from videmo.scan.classify import sampler_of
from videmo.schema import EMOTIONS


@pytest.mark.parametrize("emotion", EMOTIONS)
@pytest.mark.parametrize("name", DETECTORS)
def test_the_averaged_face_of_an_emotion_has_it(emotion: str, name: str) -> None:
    picture = StillPicture(painted(Actor(1, (Place(0, 240, 170, 150),), ((0, emotion),))))
    (found,) = detector_of(DetectorConfig(name)).detect(picture, ())
    model = find_model()
    scores = classifier(model)([sampler_of(model)(picture, found)])[0]
    assert EMOTIONS[int(scores.argmax())] == emotion


def test_scores_sum_to_one_and_do_not_depend_on_the_batch() -> None:
    classify = classifier(find_model())
    pixels = np.random.default_rng(0).integers(0, 256, (BATCH + 3, 48, 48), np.uint8)
    scores = classify(list(pixels))
    assert scores.shape == (BATCH + 3, len(EMOTIONS))
    assert scores.sum(axis=1) == pytest.approx(1, abs=1e-5)
    alone = np.concatenate([classify([face]) for face in pixels])
    assert (alone == scores).all()


def test_no_faces_give_no_scores() -> None:
    assert classifier(find_model())([]).shape == (0, len(EMOTIONS))


def model_with(folder: Path, content: bytes | None = None, **about: object) -> Path:
    """A copy of the shipped model, changed."""
    shipped = find_model()
    path = folder / "model.tflite"
    path.write_bytes(shipped.content if content is None else content)
    described = json.loads(shipped.path.with_suffix(".json").read_text())
    described.pop("frequencies", None)  # of the shipped model's labels
    path.with_suffix(".json").write_text(json.dumps({**described, **about}))
    return path


def test_a_model_of_the_user_s_is_used(tmp_path: Path) -> None:
    assert find_model(model_with(tmp_path, name="mine")).name == "mine"


@pytest.mark.parametrize("content", [b"", b"TFL3", b"\0" * 1000])
def test_a_model_that_was_changed_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(SetupError, match="checksum"):
        find_model(model_with(tmp_path, content))


def test_a_model_that_does_not_give_as_many_scores_as_it_has_labels_is_refused(
    tmp_path: Path,
) -> None:
    with pytest.raises(SetupError, match="does not give 2 scores"):
        classifier(find_model(model_with(tmp_path, labels=["yes", "no"])))


@pytest.mark.parametrize(
    "label", ["a,b", "", " fist", "a/b", "frame", "Track", "all", "file", "x" * 61]
)
def test_a_label_that_cannot_name_a_column_is_refused(tmp_path: Path, label: str) -> None:
    with pytest.raises(SetupError, match="cannot name a column") as refused:
        find_model(model_with(tmp_path, labels=["yes", label]))
    assert repr(label) in str(refused.value)


@pytest.mark.parametrize("labels", [["fist", "fist"], ["fist", "Fist"]])
def test_a_model_with_one_label_twice_is_refused(tmp_path: Path, labels: list[str]) -> None:
    """Also where only a file system that knows no capitals would take two for one."""
    with pytest.raises(SetupError, match="one label twice"):
        find_model(model_with(tmp_path, labels=labels))


@pytest.mark.parametrize(
    "about", [{"crop": "hands"}, {"colour": "bgr"}, {"colour": ["grey"]}, {"crop": {}}]
)
def test_a_model_that_wants_pictures_which_this_videmo_does_not_give_is_refused(
    tmp_path: Path, about: dict[str, str]
) -> None:
    with pytest.raises(SetupError, match="use a newer one") as refused:
        find_model(model_with(tmp_path, **about))
    assert str(next(iter(about.values()))) in str(refused.value)


@pytest.mark.parametrize("side", [True, 0, -48, 48.0, "48", 1 << 40, None])
def test_a_model_of_no_size_is_refused(tmp_path: Path, side: object) -> None:
    with pytest.raises(SetupError, match="is no size of pictures"):
        find_model(model_with(tmp_path, side=side))


def test_a_description_that_is_nested_too_deeply_is_no_json(tmp_path: Path) -> None:
    path = model_with(tmp_path)
    path.with_suffix(".json").write_text("[" * 100_000)
    with pytest.raises(SetupError, match="is not JSON"):
        find_model(path)


def test_a_model_that_does_not_take_the_pictures_which_it_wants_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="does not take 48x48 rgb pictures"):
        classifier(find_model(model_with(tmp_path, colour="rgb")))


def test_scores_that_say_no_more_than_how_frequent_labels_were_say_nothing() -> None:
    frequencies = (0.7, 0.2, 0.1)
    assert corrected(np.array([frequencies]), frequencies, 1.0) == pytest.approx(1 / 3)


def test_what_is_said_of_a_rare_label_counts_more() -> None:
    """Bayes' rule, by hand: 0.6 / 0.9 against 0.4 / 0.1."""
    found = corrected(np.array([[0.6, 0.4]]), (0.9, 0.1), 1.0)
    assert found[0] == pytest.approx([1 / 7, 6 / 7])


def test_a_temperature_makes_scores_less_sure_and_keeps_their_order() -> None:
    """Of 0.9 and 0.1 the roots are 3 to 1."""
    found = corrected(np.array([[0.9, 0.1]]), (), 2.0)
    assert found[0] == pytest.approx([0.75, 0.25])


def test_a_score_of_nothing_stays_nearly_nothing() -> None:
    found = corrected(np.array([[1.0, 0.0]]), (0.99, 0.01), 1.0)
    assert np.isfinite(found).all() and found[0, 1] < 1e-4


def test_a_model_s_description_corrects_its_scores(tmp_path: Path) -> None:
    plain = find_model(model_with(tmp_path, frequencies={}, temperature=1.0, prior=None))
    pixels = list(np.random.default_rng(1).integers(0, 256, (5, 48, 48), np.uint8))
    before = classifier(plain)(pixels)
    shares = dict(zip(EMOTIONS, (0.1, 0.01, 0.02, 0.3, 0.12, 0.15, 0.3), strict=True))
    model = find_model(model_with(tmp_path, frequencies=shares, temperature=1.5))
    wanted = corrected(before, tuple(shares.values()), 1.5)
    assert classifier(model)(pixels) == pytest.approx(wanted)
    assert (plain.prior, model.prior) == (TRAINING, EQUAL)


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"frequencies": {"happy": 0.5}}, "frequencies"),
        ({"frequencies": [0.5]}, "frequencies"),
        ({"frequencies": dict.fromkeys(EMOTIONS, 0)}, "frequencies"),
        ({"frequencies": dict.fromkeys(EMOTIONS, True)}, "frequencies"),
        ({"frequencies": dict.fromkeys(EMOTIONS, float("nan"))}, "frequencies"),
        ({"temperature": 0}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": 1e9}, "temperature"),
    ],
)
def test_a_correction_that_cannot_be_is_refused(
    tmp_path: Path, about: dict[str, object], says: str
) -> None:
    with pytest.raises(SetupError, match=says):
        find_model(model_with(tmp_path, **about))


def test_a_model_without_description_is_refused(tmp_path: Path) -> None:
    path = model_with(tmp_path)
    path.with_suffix(".json").unlink()
    with pytest.raises(SetupError, match=r"model\.json"):
        find_model(path)


def test_a_model_of_another_kind_cannot_be_run(tmp_path: Path) -> None:
    path = model_with(tmp_path).rename(tmp_path / "model.onnx")
    with pytest.raises(SetupError, match="tflite"):
        classifier(find_model(path))


def test_a_file_that_only_claims_to_be_a_model_is_refused(tmp_path: Path) -> None:
    from videmo.files import sha256

    junk = b"\0" * 64
    with pytest.raises(SetupError, match="refuses"):
        classifier(find_model(model_with(tmp_path, junk, sha256=sha256(junk))))


@pytest.mark.parametrize(
    "answer", [[2.07, -1.0, 0.1], [0.5, 0.5, 0.5], [float("nan"), 0.5, 0.5], [1.0, 0.5, -0.5]]
)
def test_what_are_no_scores_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: list[float]
) -> None:
    """As of a model that was exported without its softmax: found out before it is kept."""

    class Runtime:
        def __init__(self) -> None:
            self.details = [{"index": 0, "dtype": np.float32, "shape": np.array([BATCH, 3])}]

        def get_input_details(self) -> list[dict[str, object]]:
            return self.details

        def invoke(self) -> None:
            pass

        def get_tensor(self, _: int) -> np.ndarray:
            return np.full((BATCH, 3), answer, np.float32)

        get_output_details = get_input_details
        resize_tensor_input = allocate_tensors = set_tensor = lambda *_: None

    monkeypatch.setattr("videmo.emotions.runtime.interpreter_of", lambda _: Runtime())
    model = find_model(model_with(tmp_path, labels=["a", "b", "c"]))
    with pytest.raises(SetupError, match="sum to 1; export it with a softmax"):
        classifier(model)([np.zeros((48, 48), np.uint8)])


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="nowhere"):
        find_model(tmp_path / "nowhere.tflite")
