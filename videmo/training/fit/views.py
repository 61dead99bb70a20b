"""Versions of the pictures that are made once, with what the teachers say of each of them.

A teacher that is much larger than what it teaches takes most of a training's time when it is asked
anew in each step. So some versions of each picture are moved about and shown to the teachers before
the training begins; then they are only mirrored, blurred and covered anew, of which the teachers
see nothing. (Fixed teachers, fewer looks: see "Knowledge distillation: a good teacher is patient
and consistent", Beyer and others, 2022, whose teachers look at each version anew.)
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from videmo.files import output_error, write_atomic
from videmo.training.augment import moved_only, of_two, varied
from videmo.training.dataset import Examples
from videmo.training.fit.device import autocast
from videmo.training.fit.teachers import Teacher, lessons
from videmo.training.recipe import Recipe

IMAGES = "views.part"
"""Where the versions lie while other processes make and vary them; they are never read again."""

TOGETHER = 256
"""Pictures that the teachers see at once."""

TOGETHER_ON_CPU = 32
"""The same for a processor: what a large network makes of more does not stay in its cache (a
MobileFaceNet at 96 pixels took 2.5 times as long with 256)."""


class InFile(NamedTuple):
    """Pictures in a file, where other processes see them, too: they are too many to be sent."""

    path: Path
    shape: tuple[int, ...]

    def made(self) -> InFile:
        """With room for all of it, so that a disk that is full is met now.

        Raises:
            OutputError: it cannot be written.
        """
        try:
            with open(self.path, "wb") as file:
                for _ in range(self.shape[0]):
                    file.write(bytes(math.prod(self.shape[1:])))
        except OSError as error:
            raise output_error(error, self.path) from error
        return self

    def opened(self) -> np.ndarray:
        return np.memmap(self.path, np.uint8, "r+", shape=self.shape)


@dataclass(frozen=True)
class Views:
    """Some versions of each of n pictures."""

    images: np.ndarray | InFile
    """``(versions, n, side, side)`` uint8."""
    taught: np.ndarray
    """``(versions, n, outputs)`` float32: what is to be said of them; zero for a head of which no
    teacher knows."""


@dataclass(frozen=True)
class School:
    """The teachers, and how they are asked."""

    teachers: Sequence[Teacher]
    heads: Sequence[slice]
    """The learner's outputs of each kind of labels."""
    temperature: float
    device: torch.device
    half: bool

    @torch.no_grad()
    def taught(self, images: np.ndarray) -> np.ndarray:
        """What is to be said of `images` ``(n, side, side)``: ``(n, outputs)`` float32."""
        result = np.zeros((len(images), self.heads[-1].stop), np.float32)
        together = TOGETHER_ON_CPU if self.device.type == "cpu" else TOGETHER
        for start in range(0, len(images), together):
            part = slice(start, start + together)
            pixels = torch.from_numpy(images[part]).to(self.device)[:, None].float()
            with autocast(self.device, self.half):
                learnt = lessons(self.teachers, pixels, self.heads, self.temperature)
            for head, lesson in zip(self.heads, learnt, strict=True):
                if lesson is not None:
                    result[part, head] = lesson.cpu().numpy()
        return result

    def key(self) -> bytes:
        """By what it says, as far as that follows from what it is."""
        digest = hashlib.sha256(repr((self.temperature, self.device.type, self.half)).encode())
        for teacher in self.teachers:
            digest.update(repr((teacher.side, teacher.heads)).encode())
            for name, value in teacher.state_dict().items():
                digest.update(name.encode() + value.cpu().numpy().tobytes())
        return digest.digest()


def make_views(
    examples: Examples,
    recipe: Recipe,
    school: School,
    run: Path,
    *,
    say: Callable[[str], None],
    workers: int = 0,
) -> Views:
    """The versions of the pictures of `examples`, and the lessons of `school` about them.

    The lessons of each version are kept in the folder `run`: who resumes need not ask again.
    """
    versions, n, side = recipe.views, *examples.images.shape[:2]
    shape = (versions, n, side, side)
    place = InFile(run / IMAGES, shape).made() if workers else None
    images = place.opened() if place else np.empty(shape, np.uint8)
    taught = np.empty((versions, n, school.heads[-1].stop), np.float32)
    key = school.key()
    if place:
        made = _made_by_others(place, examples.images, recipe, workers)
    else:
        made = _made(images, examples.images, recipe)
    for i in made:
        lessons_of = run / f"view{i}.lessons"
        found = _read(lessons_of, key, images[i], taught.shape[1:])
        if found is None:
            found = school.taught(images[i])
            write_atomic(lessons_of, _seal(key, images[i], found.tobytes()) + found.tobytes())
            say(f"the teachers have seen {i + 1} of {versions} versions of the pictures")
        taught[i] = found
    return Views(place or images, taught)


def labelled(recipe: Recipe) -> int:
    """How many of the views show what the labels tell; those after them are `of_two`."""
    return max(round((1 - recipe.of_two) * recipe.views), 1)


def forget_images(run: Path) -> None:
    """Remove the file of versions, once nobody looks at it."""
    (run / IMAGES).unlink(missing_ok=True)


def _made(images: np.ndarray, faces: np.ndarray, recipe: Recipe) -> Iterator[int]:
    """Fill `images` with versions of `faces`; which one is done."""
    for i in range(len(images)):
        _fill(images, faces, recipe, i)
        yield i


def _made_by_others(
    place: InFile, faces: np.ndarray, recipe: Recipe, workers: int
) -> Iterator[int]:
    """As `_made`, by `workers` processes."""
    # Not forked: the parent has the threads of PyTorch.
    given = (place, faces, recipe)
    with ProcessPoolExecutor(workers, get_context("spawn"), _remember, given) as pool:
        for waiting in [pool.submit(_fill_remembered, i) for i in range(place.shape[0])]:
            yield waiting.result()


def _fill(images: np.ndarray, faces: np.ndarray, recipe: Recipe, i: int) -> None:
    rng = np.random.default_rng([recipe.seed, i, recipe.views])
    if i >= labelled(recipe):
        faces = of_two(faces, rng)
    images[i] = varied(faces, moved_only(recipe.variety), rng)


_given: tuple[np.ndarray, np.ndarray, Recipe] | None = None


def _remember(place: InFile, faces: np.ndarray, recipe: Recipe) -> None:
    global _given
    _given = place.opened(), faces, recipe


def _fill_remembered(i: int) -> int:
    assert _given is not None
    _fill(*_given, i)
    return i


def _seal(key: bytes, images: np.ndarray, content: bytes) -> bytes:
    """What lessons begin with: of whom, about which pictures, and that all of it is there."""
    digest = hashlib.sha256(key)
    digest.update(images.tobytes())
    digest.update(content)
    return digest.digest()


def _read(path: Path, key: bytes, images: np.ndarray, shape: tuple[int, ...]) -> np.ndarray | None:
    """The lessons kept there, if they are these teachers' about these pictures."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    size = hashlib.sha256().digest_size
    seal, content = content[:size], content[size:]
    if seal != _seal(key, images, content):
        return None
    return np.frombuffer(content, np.float32).reshape(shape)
