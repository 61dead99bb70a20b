"""Pictures as a video would show them: moved, blurred, compressed, badly lit, half hidden.

All of a batch at once; 128 faces take some 10 milliseconds, a fifteenth of what a network takes.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import torch
from torch import Generator, Tensor
from torch.nn import functional

from videmo.training.recipe import Variety

AT_ONCE = 128  # pictures compressed together: a JPEG has at most 65,535 rows


def varied(images: Tensor, variety: Variety, chance: Generator) -> Tensor:
    """A new version of each of `images`: (n, channels, side, side) uint8, and float32 0..255."""
    pictures = _toned(_moved(images.float(), variety, chance), variety, chance)
    ways: list[tuple[float, Callable[[Tensor, Generator], Tensor]]] = [
        *((variety.moving, _blurred), (variety.coarse, _coarse), (variety.hidden, _hidden)),
        *((variety.lit, _lit_from_a_side), (variety.dark, _dark), (variety.pressed, _pressed)),
    ]
    for share, way in ways:
        which = torch.rand(len(pictures), generator=chance) < share
        if which.any():
            pictures[which] = way(pictures[which], chance).clamp(0, 255).round()
    return pictures


def _drawn(low: float, high: float, pictures: Tensor, chance: Generator) -> Tensor:
    """A number for each picture: (n, 1, 1, 1)."""
    return low + (high - low) * torch.rand((len(pictures), 1, 1, 1), generator=chance)


def _about(limit: float, pictures: Tensor, chance: Generator) -> Tensor:
    return _drawn(-limit, limit, pictures, chance)


def _places(side: int) -> tuple[Tensor, Tensor]:
    """From left to right (side), from top to bottom (side, 1): -1 to 1."""
    places = torch.linspace(-1, 1, side)
    return places, places[:, None]


def _moved(pictures: Tensor, variety: Variety, chance: Generator) -> Tensor:
    turn, bend = (
        _about(limit, pictures, chance)[:, 0]
        for limit in (math.radians(variety.turn), variety.bend)
    )
    scale, stretch = (
        torch.exp(_about(math.log1p(limit), pictures, chance))[:, 0]
        for limit in (variety.scale, variety.stretch / 2)
    )
    across, down = (_about(2 * variety.shift, pictures, chance)[:, 0] for _ in range(2))
    mirror = 1 - 2.0 * (_drawn(0, 1, pictures, chance)[:, 0] < variety.mirrored)
    x, y = _places(pictures.shape[-1])
    x, y = mirror * scale * stretch * x, scale / stretch * y
    x, y = torch.cos(turn) * x - torch.sin(turn) * y, torch.sin(turn) * x + torch.cos(turn) * y
    grid = torch.stack([x + across + bend * (x * x - 0.4), y + down], 3)
    how = {"mode": "bilinear", "padding_mode": "reflection", "align_corners": True}
    return functional.grid_sample(pictures, grid, **how)  # type: ignore[arg-type]


def _toned(pictures: Tensor, variety: Variety, chance: Generator) -> Tensor:
    gamma = torch.exp(_about(math.log(variety.gamma), pictures, chance))
    contrast = 1 + _about(variety.contrast, pictures, chance)
    light = (pictures / 255).clamp(0, 1) ** gamma
    return (255 * ((light - 0.5) * contrast + 0.5)).clamp(0, 255).round()


def _coarse(pictures: Tensor, chance: Generator) -> Tensor:
    full = pictures.shape[-1]
    side = int(torch.randint(14 * full // 48, 41 * full // 48, (), generator=chance))
    small = functional.interpolate(pictures, (side, side), mode="bilinear", antialias=True)
    return functional.interpolate(small, (full, full), mode="bilinear")


def _blurred(pictures: Tensor, chance: Generator) -> Tensor:
    """Along a line of up to an eighth of the side."""
    n, channels, side, _ = pictures.shape
    reach = max(1, side // 16)
    x = torch.arange(-reach, reach + 1.0)
    angle, half = _drawn(0, math.pi, pictures, chance), _drawn(0.5, reach, pictures, chance)
    along = x[:, None] * torch.sin(angle) + x * torch.cos(angle)
    aside = x[:, None] * torch.cos(angle) - x * torch.sin(angle)
    line = (half + 0.5 - along.abs()).clamp(0, 1) * (1 - aside.abs()).clamp(0, 1)
    kernel = (line / line.sum((2, 3), keepdim=True)).repeat_interleave(channels, 0)
    padded = functional.pad(pictures, (reach,) * 4, mode="replicate").flatten(0, 1)
    blurred = functional.conv2d(padded[None], kernel, groups=n * channels)
    return blurred.reshape(pictures.shape)


def _lit_from_a_side(pictures: Tensor, chance: Generator) -> Tensor:
    x, y = _places(pictures.shape[-1])
    angle = _drawn(0, 2 * math.pi, pictures, chance)
    ramp = y * torch.sin(angle) + x * torch.cos(angle)
    return pictures * (1 + _drawn(0.2, 0.8, pictures, chance) * ramp).clamp(0.05)


def _dark(pictures: Tensor, chance: Generator) -> Tensor:
    """With the few levels and the grain of film in the dark."""
    noise = torch.randn(pictures.shape, generator=chance)
    light, grain = _drawn(0.05, 0.5, pictures, chance), _drawn(1, 5, pictures, chance)
    return pictures * light + grain * noise


def _hidden(pictures: Tensor, chance: Generator) -> Tensor:
    """A hand (an oval, about as light as the face) or a microphone (a dark one, with a stick)."""
    x, y = _places(pictures.shape[-1])
    x, y = x - _about(0.9, pictures, chance), y - _drawn(-0.2, 1, pictures, chance)
    angle = _about(math.pi / 2, pictures, chance)
    wide = _drawn(0.15, 0.35, pictures, chance)
    u, v = x * torch.cos(angle) + y * torch.sin(angle), y * torch.cos(angle) - x * torch.sin(angle)
    oval = (u / wide) ** 2 + (v / wide / _drawn(1, 2.2, pictures, chance)) ** 2 < 1
    stick = _drawn(0, 1, pictures, chance) < 0.4
    light = torch.where(stick, 0.3, _drawn(0.6, 1.3, pictures, chance))
    shade = 1 + 0.25 * (x + y) * _about(1, pictures, chance)
    cover = pictures.mean((2, 3), keepdim=True) * light * shade
    return torch.where(oval | (stick & (x.abs() < wide / 3) & (y > 0)), cover, pictures)


def _pressed(pictures: Tensor, chance: Generator) -> Tensor:
    """As JPEG; many in one picture, which is faster than one by one."""
    quality = int(torch.randint(15, 71, (), generator=chance))
    done = []
    for part in pictures.permute(0, 2, 3, 1).split(AT_ONCE):
        tall = part.reshape(-1, *part.shape[2:]).to(torch.uint8).numpy()
        data = cv2.imencode(".jpg", tall, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        done.append(torch.from_numpy(cv2.imdecode(data, cv2.IMREAD_UNCHANGED)).reshape(part.shape))
    return torch.cat(done).permute(0, 3, 1, 2).float()
