"""Where the arithmetic is done, and how exactly: a GPU where there is one."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import torch

from videmo.errors import SetupError

DEVICES = ("auto", "cpu", "cuda", "mps")


def find_device(name: str) -> torch.device:
    """The device `name`; ``auto`` is a GPU if there is one.

    Raises:
        SetupError: this machine has none, or PyTorch was installed without it.
    """
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if name == "auto":
        name = next(n for n in ("cuda", "mps", "cpu") if there[n])
    if not there[name]:
        raise SetupError(f"PyTorch finds no device {name}; use --device cpu, or install its build")
    if name == "cuda":
        # The same weights again, when a training is repeated or resumed on the same GPU.
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False
    return torch.device(name)


def half_precision(device: torch.device) -> bool:
    """Whether `device` has bfloat16; where it must be imitated, it is 10 times slower."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type == "cpu":
        supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
        return bool(supported and supported())
    return False


def moved(array: np.ndarray, device: torch.device) -> torch.Tensor:
    """`array` on `device`; a GPU is not waited for."""
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def autocast(device: torch.device, half: bool) -> Any:
    """The context in which a network is run while it is trained."""
    if not half:
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=torch.bfloat16)


def random_state(device: torch.device) -> dict[str, torch.Tensor]:
    state = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def set_random_state(device: torch.device, state: dict[str, torch.Tensor]) -> None:
    torch.set_rng_state(state["cpu"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)
