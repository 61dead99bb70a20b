"""`videmo collect`'s folder: bursts, splits, near-duplicates, undo, kills and full disks."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from videmo.collect.folder import Files, read_picture
from videmo.collect.plan import NEIGHBOURS, SPLITS, Taken, split_for
from videmo.collect.store import Store
from videmo.collect.variety import Measures, ask, is_near, tiny
from videmo.errors import DiskFullError, OutputError, RequestError
from videmo.labelled import (
    check_labels,
    face_labels_text,
    label_list_text,
    read_face_labels,
    read_label_list,
)
from videmo.schema import FACE, FRAME
from videmo.training.dataset import Look, read

LABELS = ("happy", "sad")
FAR = 10 * NEIGHBOURS
PLAIN = Measures(100.0)


def picture(seed: int, side: int = 64) -> np.ndarray:
    """A picture that is like no other one: coarse noise."""
    coarse = np.random.default_rng(seed).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    return cv2.resize(coarse, (side, side), interpolation=cv2.INTER_NEAREST)


def take(store: Store, label: str, count: int, at: float = 0.0) -> list[str]:
    """A burst of pictures that are unlike each other."""
    burst = store.begin(label, "camera0", at)
    start = 1000 * store._next_burst()
    for n in range(count):
        assert store.add(burst, picture(start + n), at + 0.2 * n, PLAIN)
    store.finish()
    return [one.file for _, one in burst.step if one]


def files(folder: Path) -> dict[str, bytes]:
    """All files below a folder, but for hidden ones."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "/." not in str(path)
    }


def check_whole(folder: Path) -> dict[str, str]:
    """The label of each picture, which all lists and folders agree about."""
    labels = read_face_labels(folder)
    listed = {one.file: one for one in Files(folder).read()}
    assert {name: one.label for name, one in listed.items()} == labels
    images = {path.name for path in (folder / "Images").glob("face*")}
    assert images == set(labels)
    classes = [p for split in SPLITS for p in (folder / split).rglob("*") if p.is_file()]
    assert Counter(p.name for p in classes) == Counter(list(labels))
    for path in classes:
        one = listed[path.name]
        assert path.relative_to(folder).as_posix() == f"{one.split}/{one.label}/{one.file}"
        assert path.read_bytes() == (folder / "Images" / path.name).read_bytes()
        read_picture(path)
    return labels


# Splits, near-duplicates, what is asked.


def test_ten_even_bursts_are_parted_eight_one_one() -> None:
    counts: Counter[str] = Counter()
    order = []
    for n in range(10):
        split = split_for(counts, "camera0", n * FAR, ())
        counts[split] += 15
        order.append(split)
    assert counts == {"train": 120, "val": 15, "test": 15}
    assert order[:3] == ["train", "val", "test"]  # three bursts will do to train


def test_uneven_bursts_come_near_to_eight_one_one() -> None:
    rng = np.random.default_rng(3)
    counts: Counter[str] = Counter()
    for n in range(60):
        counts[split_for(counts, "camera0", n * FAR, ())] += int(rng.integers(1, 21))
    total = sum(counts.values())
    assert counts["train"] / total == pytest.approx(0.8, abs=0.04)
    assert min(counts["val"], counts["test"]) / total == pytest.approx(0.1, abs=0.04)


def test_what_is_near_in_time_stays_together_and_other_sources_do_not_count() -> None:
    bursts = [Taken("test", "a.mp4", 10, 12)]
    near, far = 12 + NEIGHBOURS / 2, 12 + 2 * NEIGHBOURS
    assert split_for({}, "a.mp4", near, bursts) == "test"
    assert split_for({}, "a.mp4", 10 - NEIGHBOURS / 2, bursts) == "test"  # whatever it shows
    assert split_for({}, "a.mp4", far, bursts) == split_for({}, "b.mp4", near, bursts) == "train"


def test_a_burst_lies_in_one_split(tmp_path: Path) -> None:
    store = Store(tmp_path / "c", LABELS)
    for n in range(12):
        take(store, LABELS[n % 2], 4, n * FAR)
    store.close()
    splits: dict[int, set[str]] = {}
    for one in Files(tmp_path / "c").read():
        splits.setdefault(one.burst, set()).add(one.split)
    assert len(splits) == 12 and all(len(found) == 1 for found in splits.values())
    assert {split for found in splits.values() for split in found} == set(SPLITS)


def test_noise_and_a_little_light_make_no_other_picture_but_a_hand_does() -> None:
    one = picture(1, 160)
    noisy = np.clip(one + np.random.default_rng(0).normal(0, 6, one.shape) + 3, 0, 255)
    assert is_near(tiny(noisy.astype(np.uint8)), [tiny(picture(2)), tiny(one)])
    hand = one.copy()
    hand[60:110, 50:110] = 255 - hand[60:110, 50:110]  # a tenth of the picture
    assert not is_near(tiny(hand), [tiny(one)])
    assert not is_near(tiny(one), [])


def test_near_duplicates_are_left_out_whatever_they_are_called(tmp_path: Path) -> None:
    store = Store(tmp_path / "c", LABELS)
    burst = store.begin("happy", "camera0", 0)
    assert store.add(burst, picture(1), 0, PLAIN) == "face0.png"
    assert store.add(burst, picture(1), 0.2, PLAIN) is None
    assert store.add(store.begin("sad", "camera0", 0.4), picture(1), 0.4, PLAIN) is None
    store.close()
    again = Store(tmp_path / "c", LABELS)  # those of earlier sessions, too
    assert again.add(again.begin("happy", "camera0", 99), picture(1), 99, PLAIN) is None
    assert again.add(again.begin("happy", "camera0", 99), picture(2), 99, PLAIN) == "face1.png"
    again.close()
    assert check_whole(tmp_path / "c") == {"face0.png": "happy", "face1.png": "happy"}


def test_it_asks_for_what_lacks() -> None:
    same = [Measures(100, 0.4, 0.0)] * 20
    said = {ask(same, burst, FACE) for burst in range(3)}
    assert len(said) == 3 and any("turn your head" in one for one in said)
    varied = [Measures(60 + 10 * n, 0.2 + 0.05 * n, 5 * n - 25) for n in range(10)]
    assert "something else" in ask(varied, 1, FACE)
    turned = [Measures(100, 0.4, 5 * n - 25) for n in range(10)]
    assert not any("turn your head" in ask(turned, burst, FACE) for burst in range(4))
    assert {ask([Measures(100)] * 5, n, FRAME) for n in range(5)} >= {"use the other hand"}


# Undo, relabel, delete.


def test_all_that_is_done_can_be_undone_to_the_same_files(tmp_path: Path) -> None:
    store = Store(tmp_path / "c", LABELS)
    states = []

    def now() -> dict[str, bytes]:
        check_whole(tmp_path / "c")
        return files(tmp_path / "c")

    take(store, "happy", 3)
    states.append(now())
    names = take(store, "sad", 3, FAR)
    states.append(now())
    store.relabel(names[:2], "happy")
    assert store.counts()["happy"].total() == 5
    states.append(now())
    store.delete([names[0], "face0.png"])
    assert len(check_whole(tmp_path / "c")) == 4
    for said in ("2 pictures brought back", "2 pictures labelled as before", "3 pictures taken"):
        assert said in store.undo()
        assert now() == states.pop(), said
    assert "3 pictures" in store.undo() and store.undo() == ""
    assert check_whole(tmp_path / "c") == {}
    store.close()


def test_a_relabelled_picture_stays_in_its_split(tmp_path: Path) -> None:
    store = Store(tmp_path / "c", LABELS)
    take(store, "happy", 2)
    (name,) = take(store, "happy", 1, FAR)  # in val
    store.relabel([name], "sad")
    assert (tmp_path / "c" / "val" / "sad" / name).is_file()
    assert not (tmp_path / "c" / "val" / "happy").exists()
    store.close()


def test_what_is_not_there_cannot_be_changed(tmp_path: Path) -> None:
    store = Store(tmp_path / "c", LABELS)
    (name,) = take(store, "happy", 1)
    for bad in ("../face0.png", "face9.png", "", "/etc/passwd"):
        with pytest.raises(RequestError, match="no such picture"):
            store.delete([bad])
    with pytest.raises(RequestError, match="no such label; choose: happy, sad"):
        store.relabel([name], "../../x")
    store.close()
    assert check_whole(tmp_path / "c") == {name: "happy"}


def test_a_number_is_not_given_twice(tmp_path: Path) -> None:
    store = Store(tmp_path / "c", LABELS)
    first, second = take(store, "happy", 2)
    store.delete([second])
    (third,) = take(store, "happy", 1, FAR)
    assert (first, second, third) == ("face0.png", "face1.png", "face2.png")
    store.undo(), store.undo()
    assert check_whole(tmp_path / "c") == {first: "happy", second: "happy"}
    store.close()


# What went wrong.


def test_a_full_disk_costs_one_picture(small_disk: Callable[[int], Path]) -> None:
    folder = small_disk(400) / "c"
    other = folder.parent / "other"
    other.write_bytes(bytes(80_000))
    store = Store(folder, LABELS)
    burst = store.begin("happy", "camera0", 0)
    kept = 0
    with pytest.raises(DiskFullError, match="disk full"):
        for n in range(1000):
            store.add(burst, picture(n, 96), n, PLAIN)
            kept += 1
    assert kept > 3
    names = [f"face{n}.png" for n in range(kept)]
    assert [*store.pictures] == names
    with contextlib.suppress(DiskFullError):  # the lists may need more room than is left
        store.close()
    other.unlink()
    again = Store(folder, LABELS)
    assert again.notes == [] and [*check_whole(folder)] == names
    again.close()


KILLED = """
import sys
from pathlib import Path
from tests.test_collect import FAR, PLAIN, Store, picture
store = Store(Path(sys.argv[1]), ("happy", "sad"))
n = 0
while True:
    burst = store.begin("happy" if n % 2 else "sad", "camera0", n * FAR)
    for m in range(4):
        store.add(burst, picture(1000 * n + m), n * FAR + m, PLAIN)
    names = [one.file for _, one in burst.step]
    store.finish()
    store.relabel(names[:2], "sad")
    store.delete(names[1:3])
    n += 1
    print(n, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
@pytest.mark.parametrize("after", range(1, 6))
def test_a_kill_at_any_moment_leaves_the_folder_whole(tmp_path: Path, after: int) -> None:
    script = [sys.executable, "-c", KILLED, str(tmp_path / "c")]
    with subprocess.Popen(script, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(after):
            process.stdout.readline()
        time.sleep(0.013 * after)
        os.kill(process.pid, signal.SIGKILL)
    for path in (tmp_path / "c").rglob("face*.png"):
        read_picture(path)  # none is cut off
    before = len(read_face_labels(tmp_path / "c"))
    store = Store(tmp_path / "c", LABELS)
    labels = check_whole(tmp_path / "c")
    assert len(labels) >= max(2 * after, before - 4)
    take(store, "happy", 1, 1e6)
    store.close()
    assert len(check_whole(tmp_path / "c")) == len(labels) + 1


def test_each_moment_of_a_change_can_be_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if killed before each single step on the disk: of two labels, each picture has one."""

    class Killed(BaseException):
        pass

    left = 0

    def limited(real: Callable[..., object]) -> Callable[..., object]:
        def step(*given: object, **named: object) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return real(*given, **named)

        return step

    for number in range(40):
        folder = tmp_path / str(number)
        store = Store(folder, LABELS)
        names = take(store, "happy", 3)
        store._held.close()
        with monkeypatch.context() as patch:
            for method in ("place", "take_away", "_move", "write_truth", "write_lists"):
                patch.setattr(Files, method, limited(getattr(Files, method)))
            left = number
            try:
                store.relabel(names[:2], "sad")
                store.delete(names[1:])
                store.undo()
                ended = True
            except Killed:
                ended = False
        again = Store(folder, LABELS)
        labels = check_whole(folder)
        again.close()
        assert labels["face0.png"] in LABELS and set(labels) <= set(names)
        if ended:
            assert labels == {"face0.png": "sad", "face1.png": "sad", "face2.png": "happy"}
            assert number > 10
            return
    raise AssertionError("never came to its end")


def test_a_picture_that_the_user_sorted_anew_stays_where_it_is(tmp_path: Path) -> None:
    store = Store(tmp_path / "c", LABELS)
    name, *_ = take(store, "happy", 2)
    store.close()
    (tmp_path / "c/train/sad").mkdir()
    (tmp_path / "c/train/happy" / name).rename(tmp_path / "c/train/sad" / name)
    again = Store(tmp_path / "c", LABELS)
    again.close()
    assert check_whole(tmp_path / "c")[name] == "sad"


def test_pictures_of_others_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "c/train/happy").mkdir(parents=True)
    (tmp_path / "c/train/happy/face0.png").write_bytes(b"mine")
    with pytest.raises(RequestError, match="not collected by videmo; choose another folder"):
        Store(tmp_path / "c", LABELS)
    assert files(tmp_path / "c") == {"train/happy/face0.png": b"mine"}


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    store = Store(tmp_path / "c", LABELS)
    with pytest.raises(OutputError, match="another videmo is at work on this"):
        Store(tmp_path / "c", LABELS)
    store.close()


def test_pictures_of_labels_that_are_not_given_are_named(tmp_path: Path) -> None:
    store = Store(tmp_path / "c", LABELS)
    take(store, "sad", 1)
    store.close()
    with pytest.raises(RequestError, match="holds pictures of sad, too; name these labels"):
        Store(tmp_path / "c", ("happy", "angry"))
    assert check_whole(tmp_path / "c") == {"face0.png": "sad"}


# FaceLabeler's lists.


def write_as_face_labeler(folder: Path, count: int = 12) -> None:
    (folder / "Images").mkdir(parents=True)
    (folder / "labelList.csv").write_text("0,happy\n1,sad\n")
    lines = []
    for n in range(count):
        cv2.imwrite(str(folder / "Images" / f"face{n}.png"), picture(n // 3 * 100, 48))
        lines.append(f"face{n}.png,{LABELS[n // 6 % 2]}\n")
    (folder / "faceLabels.csv").write_text("".join(lines))


def test_a_folder_of_face_labeler_is_taken_up_by_bursts(tmp_path: Path) -> None:
    write_as_face_labeler(tmp_path / "c", 36)
    store = Store(tmp_path / "c", read_label_list(tmp_path / "c/labelList.csv"))
    assert store.notes == ["36 pictures of faceLabels.csv are taken up"]
    (name,) = take(store, "sad", 1)
    store.close()
    assert name == "face36.png" and len(check_whole(tmp_path / "c")) == 37
    bursts: dict[int, list[str]] = {}
    for one in Files(tmp_path / "c").read()[:36]:
        bursts.setdefault(one.burst, []).append(one.file)
    assert [len(names) for names in bursts.values()] == [3] * 12


def test_train_reads_both_layouts_the_same(tmp_path: Path) -> None:
    store = Store(tmp_path / "c", LABELS)
    for n in range(8):
        take(store, LABELS[n % 2], 4, n * FAR)
    assert store.lacking() == []
    store.close()
    both = read(tmp_path / "c", Look(crop=FRAME))
    for split in SPLITS:
        os.rename(tmp_path / "c" / split, tmp_path / split)
    lists = read(tmp_path / "c", Look(crop=FRAME))
    assert both.classes == lists.classes == LABELS
    assert {name: len(part.images) for name, part in lists.splits.items()} == {
        "train": 16,
        "valid": 8,
        "test": 8,
    }
    for split, part in both.splits.items():
        assert (part.images == lists.splits[split].images).all()
        assert (part.labels == lists.splits[split].labels).all()


def test_train_splits_a_folder_of_face_labeler_itself(tmp_path: Path) -> None:
    write_as_face_labeler(tmp_path / "c", 60)
    for n in range(60):  # no two alike
        cv2.imwrite(str(tmp_path / "c/Images" / f"face{n}.png"), picture(n, 48))
    data = read(tmp_path / "c", Look(detector=""))
    assert data.classes == LABELS and "split by the pictures' contents" in data.notes[0]
    assert {name: len(part.images) for name, part in data.splits.items()} == {
        "train": 44,
        "valid": 8,
        "test": 8,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("face0.png,happy\nface99.png,sad\n", "face99.png: is not there, and faceLabels.csv"),
        ("face0.png,happy\n../face1.png,sad\n", "line 2: is no picture in Images"),
        ("face0.png,happy\nx.exe,sad\n", "line 2: 'x.exe' is no picture"),
        ("face0.png,happy\nface1.png\n", "line 2: is no picture in Images and its label"),
        ("face0.png,happy\nface1.png,a/b\n", "'a/b' is no name of a label"),
        ("face0.png,happy\nface1.png,Happy\n", "are alike"),
        ("", "names no pictures"),
    ],
)
def test_bad_lists_of_pictures_are_told(tmp_path: Path, text: str, message: str) -> None:
    write_as_face_labeler(tmp_path / "c")
    (tmp_path / "c/faceLabels.csv").write_text(text)
    with pytest.raises(RequestError, match=message) as caught:
        read(tmp_path / "c", Look(detector=""))
    assert "faceLabels.csv" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("labels", [("a/b",), ("time",), ("con",), ("",), ("=1",), ("a" * 61,)])
def test_bad_labels_are_told(labels: tuple[str, ...]) -> None:
    with pytest.raises(RequestError, match="is no name of a label: letters, digits"):
        check_labels(labels)


def test_lists_of_labels_are_read_as_written(tmp_path: Path) -> None:
    path = tmp_path / "labelList.csv"
    path.write_text(label_list_text(("thumb up", "o.k")))
    assert path.read_text() == "0,thumb up\n1,o.k\n"
    assert read_label_list(path) == ("thumb up", "o.k")
    path.write_bytes(b"\xef\xbb\xbfindex,label\r\n0,happy\r\n1,sad\r\n")
    assert read_label_list(path) == ("happy", "sad")
    path.write_text("happy\nsad\n")
    assert read_label_list(path) == ("happy", "sad")
    assert face_labels_text([("face0.png", "happy")]) == "face0.png,happy\n"
    for bad, message in ((b"", "has no labels"), (b"\xff\xfe0", "no text"), (b"0,../x\n", "name")):
        path.write_bytes(bad)
        with pytest.raises(RequestError, match=message):
            read_label_list(path)
