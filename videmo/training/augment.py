"""Pictures as a video would show them: moved, blurred, compressed, badly lit, half hidden.

All at once, as tensors: a batch of 128 faces takes some milliseconds.
"""

from __future__ import annotations

import math

import cv2
import torch
from torch import Tensor
from torch.nn import functional

from videmo.training.recipe import Variety

AT_ONCE = 128
"""Pictures compressed together: a JPEG has at most 65,535 rows."""


def varied(images: Tensor, variety: Variety, chance: torch.Generator) -> Tensor:
    """A new version of each of `images`: (n, channels, side, side) uint8, and float32 0..255."""
    n = len(images)

    def some(share: float) -> Tensor:
        return torch.rand(n, generator=chance) < share

    pictures = _moved(images.float(), variety, chance)
    pictures = _only(some(variety.moving), pictures, _blurred, chance)
    pictures = _only(some(variety.coarse), pictures, _coarse, chance)
    pictures = _only(some(variety.hidden), pictures, _hidden, chance)
    pictures = _only(some(variety.lit), pictures, _lit_from_a_side, chance)
    pictures = _toned(pictures, variety, chance)
    pictures = _only(some(variety.dark), pictures, _dark, chance)
    pictures = pictures.clamp(0, 255).round()
    return _only(some(variety.pressed), pictures, _pressed, chance)


def _between(low: float, high: float, n: int, chance: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(n, generator=chance)


def _about(limit: float, n: int, chance: torch.Generator) -> Tensor:
    return _between(-limit, limit, n, chance)


def _only(which: Tensor, pictures: Tensor, how, chance: torch.Generator) -> Tensor:  # type: ignore[no-untyped-def]
    """`pictures`, those that `which` picks changed."""
    if which.any():
        pictures = pictures.clone()
        pictures[which] = how(pictures[which], chance)
    return pictures


def _moved(pictures: Tensor, variety: Variety, chance: torch.Generator) -> Tensor:
    n = len(pictures)
    turn = _about(math.radians(variety.turn), n, chance)
    scale = torch.exp(_about(math.log1p(variety.scale), n, chance))
    stretch = torch.exp(_about(math.log1p(variety.stretch) / 2, n, chance))
    mirror = 1 - 2 * (torch.rand(n, generator=chance) < variety.mirrored).float()
    across, down = (_about(2 * variety.shift, n, chance) for _ in range(2))
    cos, sin = torch.cos(turn), torch.sin(turn)
    rows = (
        torch.stack([mirror * cos * scale * stretch, -sin * scale / stretch, across], 1),
        torch.stack([mirror * sin * scale * stretch, cos * scale / stretch, down], 1),
    )
    grid = functional.affine_grid(torch.stack(rows, 1), list(pictures.shape), align_corners=False)
    return functional.grid_sample(
        pictures, grid, mode="bilinear", padding_mode="reflection", align_corners=False
    )


def _coarse(pictures: Tensor, chance: torch.Generator) -> Tensor:
    full = pictures.shape[-1]
    side = int(torch.randint(14 * full // 48, 41 * full // 48, (), generator=chance))
    how = {"mode": "bilinear", "align_corners": False}
    small = functional.interpolate(pictures, (side, side), antialias=True, **how)  # type: ignore[arg-type]
    return functional.interpolate(small, (full, full), **how)  # type: ignore[arg-type]


def _blurred(pictures: Tensor, chance: torch.Generator) -> Tensor:
    """Along a line of up to an eighth of the side."""
    n, channels, side, _ = pictures.shape
    reach = max(1, side // 16)
    places = torch.arange(-reach, reach + 1.0)
    angle = _between(0, math.pi, n, chance)[:, None, None]
    half = _between(0.5, reach, n, chance)[:, None, None]
    along = places[:, None] * torch.sin(angle) + places * torch.cos(angle)
    aside = places[:, None] * torch.cos(angle) - places * torch.sin(angle)
    line = (half + 0.5 - along.abs()).clamp(0, 1) * (1 - aside.abs()).clamp(0, 1)
    kernel = (line / line.sum((1, 2), keepdim=True)).repeat_interleave(channels, 0)[:, None]
    padded = functional.pad(pictures, (reach,) * 4, mode="replicate")
    flat = padded.reshape(1, n * channels, *padded.shape[2:])
    return functional.conv2d(flat, kernel, groups=n * channels).reshape(pictures.shape)


def _lit_from_a_side(pictures: Tensor, chance: torch.Generator) -> Tensor:
    n, side = len(pictures), pictures.shape[-1]
    places = torch.linspace(-1, 1, side)
    angle = _between(0, 2 * math.pi, n, chance)[:, None, None]
    ramp = places[:, None] * torch.sin(angle) + places * torch.cos(angle)
    strength = _between(0.2, 0.8, n, chance)[:, None, None]
    return pictures * (1 + strength * ramp).clamp(0.05)[:, None]


def _toned(pictures: Tensor, variety: Variety, chance: torch.Generator) -> Tensor:
    n = len(pictures)
    gamma = torch.exp(_about(math.log(variety.gamma), n, chance)).view(n, 1, 1, 1)
    contrast = (1 + _about(variety.contrast, n, chance)).view(n, 1, 1, 1)
    light = (pictures / 255).clamp(0, 1) ** gamma
    return 255 * ((light - 0.5) * contrast + 0.5)


def _dark(pictures: Tensor, chance: torch.Generator) -> Tensor:
    """With the few levels and the grain of film in the dark."""
    n = len(pictures)
    light = _between(0.05, 0.4, n, chance).view(n, 1, 1, 1)
    grain = _between(1, 5, n, chance).view(n, 1, 1, 1)
    noise = torch.randn(pictures.shape, generator=chance)
    return (pictures * light + grain * noise).clamp(0, 255).round()


def _hidden(pictures: Tensor, chance: torch.Generator) -> Tensor:
    """A hand (an oval, as light as the face) or a microphone (a dark one, and its stick)."""
    n, side = len(pictures), pictures.shape[-1]
    places = torch.linspace(-1, 1, side)
    across = _about(0.9, n, chance)[:, None, None]
    down = _between(-0.2, 1, n, chance)[:, None, None]
    angle = _about(math.pi / 2, n, chance)[:, None, None]
    wide = _between(0.15, 0.35, n, chance)[:, None, None]
    long = wide * _between(1, 2.2, n, chance)[:, None, None]
    x, y = places - across, places[:, None] - down
    u, v = x * torch.cos(angle) + y * torch.sin(angle), y * torch.cos(angle) - x * torch.sin(angle)
    stick = (torch.rand(n, generator=chance) < 0.4)[:, None, None]
    cover = (u / wide) ** 2 + (v / long) ** 2 < 1
    cover = cover | (stick & (x.abs() < wide / 3) & (y > 0))
    mean = pictures.mean((2, 3), keepdim=True)
    light = torch.where(stick[:, None], 0.3, _between(0.6, 1.3, n, chance).view(n, 1, 1, 1))
    shade = 1 + 0.25 * (x + y)[:, None] * _about(1, n, chance).view(n, 1, 1, 1)
    return torch.where(cover[:, None], mean * light * shade, pictures)


def _pressed(pictures: Tensor, chance: torch.Generator) -> Tensor:
    """As JPEG; many in one picture, which is faster than one by one."""
    quality = int(torch.randint(15, 71, (), generator=chance))
    return torch.cat([_as_jpeg(part, quality) for part in pictures.split(AT_ONCE)])


def _as_jpeg(pictures: Tensor, quality: int) -> Tensor:
    n, channels, side, _ = pictures.shape
    tall = pictures.permute(0, 2, 3, 1).reshape(n * side, side, channels).to(torch.uint8).numpy()
    data = cv2.imencode(".jpg", tall, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    pressed = torch.from_numpy(cv2.imdecode(data, cv2.IMREAD_UNCHANGED)).float()
    return pressed.reshape(n, side, side, channels).permute(0, 3, 1, 2)
