"""Bring pictures of high dynamic range (PQ, HLG) to an ordinary one: a table of colours.

By one table wherever something is made for people to see, here and by the ffmpeg program. Light up
to about 90 nits stays as it is, as it looks on an ordinary screen whose white is `WHITE`. What is
brighter is pressed together, and what is beyond `PEAK` is white. The curve is that of ITU-R BT.2390
(5.4.1), at the brightest of red, green and blue, so that hues stay; colours that an ordinary screen
does not have become the nearest that it has.
"""

from __future__ import annotations

import functools
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import av.filter
import numpy as np

PQ, HLG = "PQ", "HLG"

WHITE = 203.0
"""Nits of white on paper (ITU-R BT.2408), that of an ordinary picture."""
PEAK = 1000.0
"""Nits of the brightest light that is told from white."""
GAMMA = 2.4
"""Of an ordinary screen (ITU-R BT.1886)."""

CODED = "gbrp10le"
"""The format of pictures as they come."""

SIDE = 65
"""Colours along each edge of the table: with half as many, deep ones are off by 20 of 255."""

# ITU-R BT.2087: linear light of BT.2020's primaries as that of BT.709's.
_PRIMARIES = np.array(
    [
        [1.660491, -0.587641, -0.072850],
        [-0.124550, 1.132900, -0.008349],
        [-0.018151, -0.100579, 1.118730],
    ]
)
_LUMA = np.array([0.2627, 0.6780, 0.0593])

# SMPTE ST 2084
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32

# ARIB STD-B67 (ITU-R BT.2100)
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073
_SYSTEM_GAMMA = 1.2


def toned(signal: np.ndarray, transfer: str) -> np.ndarray:
    """Colours (n x 3, red first, 0 to 1) coded by `transfer`, as ordinary ones. Pure."""
    light = _pq_light(signal) if transfer == PQ else _hlg_light(signal)
    light = light @ _PRIMARIES.T
    brightest = np.maximum(light.max(1, keepdims=True), 1e-6)
    shown = light * (_pressed(brightest) / brightest)
    return np.asarray(np.clip(shown / WHITE, 0, 1) ** (1 / GAMMA))


def _pq_light(signal: np.ndarray) -> np.ndarray:
    """Nits of a signal of PQ."""
    power = np.clip(signal, 0, 1) ** (1 / _M2)
    return np.asarray(10_000 * (np.maximum(power - _C1, 0) / (_C2 - _C3 * power)) ** (1 / _M1))


def _pq_signal(light: np.ndarray) -> np.ndarray:
    power = (np.maximum(light, 0) / 10_000) ** _M1
    return np.asarray(((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2)


def _hlg_light(signal: np.ndarray) -> np.ndarray:
    """Nits of a signal of HLG, on a screen of 1000 nits."""
    dark, bright = signal**2 / 3, (np.exp((signal - _C) / _A) + _B) / 12
    scene = np.where(signal <= 0.5, dark, bright)
    luma = np.maximum(scene @ _LUMA, 1e-9)[:, None]
    return np.asarray(PEAK * luma ** (_SYSTEM_GAMMA - 1) * scene)


def _pressed(light: np.ndarray) -> np.ndarray:
    """Nits of light between 0 and `PEAK`, at most `WHITE`."""
    peak, white = _pq_signal(np.array([PEAK, WHITE]))
    most = white / peak
    knee = 1.5 * most - 0.5
    signal = np.minimum(_pq_signal(light) / peak, 1)
    part = np.clip((signal - knee) / (1 - knee), 0, 1)
    spline = (
        (2 * part**3 - 3 * part**2 + 1) * knee
        + (part**3 - 2 * part**2 + part) * (1 - knee)
        + (-2 * part**3 + 3 * part**2) * most
    )
    return _pq_light(np.where(signal < knee, signal, spline) * peak)


@functools.cache
def cube(transfer: str) -> str:
    """The table as a file that FFmpeg's filter `lut3d` reads (Adobe's .cube)."""
    steps = np.linspace(0, 1, SIDE)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")  # red is the fastest
    colours = toned(np.stack([red, green, blue], -1).reshape(-1, 3), transfer)
    lines = [f"LUT_3D_SIZE {SIDE}", *(f"{r:.5f} {g:.5f} {b:.5f}" for r, g, b in colours.tolist())]
    return "\n".join([*lines, ""])


def toned_bgr(raw: av.VideoFrame, transfer: str) -> av.VideoFrame:
    """A picture of the format `CODED` as one of ``bgr24``."""
    graph = _graph(raw.width, raw.height, transfer)
    raw.pts, raw.time_base = None, Fraction(1, 25)
    graph.push(raw)
    return graph.vpull()


@functools.lru_cache(maxsize=4)
def _graph(width: int, height: int, transfer: str) -> av.filter.Graph:
    graph = av.filter.Graph()
    # The filter reads the file when it is made, and never again.
    with tempfile.TemporaryDirectory(prefix="videmo-") as folder:
        table = Path(folder) / "tone.cube"
        table.write_text(cube(transfer), "ascii")
        graph.link_nodes(
            graph.add_buffer(
                width=width, height=height, format=av.VideoFormat(CODED), time_base=Fraction(1, 25)
            ),
            graph.add("lut3d", file=table.as_posix(), interp="tetrahedral"),
            graph.add("format", pix_fmts="bgr24"),
            graph.add("buffersink"),
        ).configure()
    return graph
