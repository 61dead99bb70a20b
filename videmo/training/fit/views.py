"""Versions of the pictures that are made once, with what the teachers say of each of them.

A teacher that is much larger than what it teaches takes most of a training's time when it is asked
anew in each step. So some versions of each picture are moved about and shown to the teachers before
the training begins; then they are only mirrored, blurred and covered anew, of which the teachers
see nothing. (Fixed teachers, fewer looks: see "Knowledge distillation: a good teacher is patient
and consistent", Beyer and others, 2022, whose teachers look at each version anew.)
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from videmo.files import write_whole
from videmo.training.augment import moved_only, varied
from videmo.training.dataset import Examples
from videmo.training.fit.device import autocast
from videmo.training.fit.teachers import Teacher, lessons
from videmo.training.recipe import Recipe

TOGETHER = 256
"""Pictures that the teachers see at once."""


@dataclass(frozen=True)
class Views:
    """Some versions of each of n pictures."""

    images: np.ndarray
    """``(versions, n, side, side)`` uint8."""
    taught: np.ndarray
    """``(versions, n, outputs)`` float32: what is to be said of them; zero for a head of which no
    teacher knows."""


def make_views(
    examples: Examples,
    recipe: Recipe,
    teachers: Sequence[Teacher],
    heads: Sequence[slice],
    kept: Path,
    *,
    device: torch.device,
    half: bool,
    say: Callable[[str], None],
) -> Views:
    """The versions of the pictures of `examples`, and the lessons of `teachers` about them.

    What the teachers say is kept in the file `kept`, so that who resumes need not ask again.
    """
    images = np.stack([_version(examples.images, recipe, i) for i in range(recipe.views)])
    shape = (recipe.views, len(examples), heads[-1].stop)
    taught = _read(kept, shape)
    if taught is None:
        taught = np.zeros(shape, np.float32)
        for i, version in enumerate(images):
            for start in range(0, len(version), TOGETHER):
                part = version[start : start + TOGETHER]
                with torch.no_grad(), autocast(device, half):
                    pixels = torch.from_numpy(part).to(device)[:, None].float()
                    said = [teacher(pixels).float() for teacher in teachers]
                learnt = lessons(teachers, said, heads, recipe.temperature)
                for head, lesson in zip(heads, learnt, strict=True):
                    if lesson is not None:
                        taught[i, start : start + len(part), head] = lesson.cpu().numpy()
            say(f"the teachers have seen {i + 1} of {recipe.views} versions of the pictures")
        buffer = io.BytesIO()
        np.save(buffer, taught, allow_pickle=False)
        write_whole(kept, buffer.getvalue())
    return Views(images, taught)


def _version(images: np.ndarray, recipe: Recipe, number: int) -> np.ndarray:
    rng = np.random.default_rng([recipe.seed, number, recipe.views])
    return varied(images, moved_only(recipe.variety), rng)


def _read(path: Path, shape: tuple[int, ...]) -> np.ndarray | None:
    """What was kept, if it is whole and of this size."""
    try:
        taught = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return taught if taught.shape == shape and taught.dtype == np.float32 else None
