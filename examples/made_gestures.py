"""Pictures of three painted gestures to train on, and a movie of them to find them in.

python examples/made_gestures.py FOLDER
"""

import sys
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

GESTURES = {"fist": 0, "point": 1, "palm": 5}
"""The fingers that each stretches out."""
PICTURES = 60
"""Of each gesture."""
SIZE = (320, 240)
FPS = 24
STORY = (("palm", 2), ("fist", 3), ("point", 2), ("palm", 3), ("fist", 2))
"""What the movie shows, and for how many seconds."""


def main(folder: Path) -> None:
    chance = np.random.default_rng(7)
    for gesture in GESTURES:
        (folder / "gestures" / gesture).mkdir(parents=True, exist_ok=True)
        for number in range(PICTURES):
            picture = painted(gesture, chance.uniform(-1, 1, 8))
            data = cv2.imencode(".png", picture)[1].tobytes()
            (folder / "gestures" / gesture / f"{number:03}.png").write_bytes(data)
    write_movie(folder / "gestures.mp4", chance)
    print(f"{PICTURES} pictures of each of {', '.join(GESTURES)} and gestures.mp4 are in {folder}")


def write_movie(target: Path, chance: np.random.Generator) -> None:
    """A hand that shows one gesture after the other, and does not keep still."""
    container = av.open(str(target), "w")
    stream = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast"})
    stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
    stream.codec_context.time_base = Fraction(1, FPS)
    look = chance.uniform(-0.6, 0.6, 8)
    shown = [gesture for gesture, seconds in STORY for _ in range(seconds * FPS)]
    for index, gesture in enumerate(shown):
        sway = 0.3 * np.sin(index / FPS * np.array([2.1, 1.7, 1.3, 0, 0, 0, 0, 0]))
        frame = av.VideoFrame.from_ndarray(painted(gesture, look + sway), format="bgr24")
        frame.pts = index
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
    container.close()


def painted(gesture: str, look: np.ndarray) -> np.ndarray:
    """A hand before a wall: (240, 320, 3) uint8. `look` are eight numbers from -1 to 1: place,
    turn, size, skin, light and wall."""
    across, down, turn, size, skin, light, wall, slope = look
    width, height = SIZE
    ramp = np.linspace(-1, 1, width)[None, :] * slope + np.linspace(-1, 1, height)[:, None] * wall
    picture = np.repeat((110 + 25 * ramp)[:, :, None], 3, axis=2).astype(np.uint8)
    colour = tuple(int(c * (1 + 0.15 * skin)) for c in (120, 155, 205))
    dark = tuple(int(0.75 * c) for c in colour)
    middle = np.array([width / 2 + 40 * across, height * 0.58 + 20 * down])
    unit = 36 * (1 + 0.2 * size)
    angle = np.radians(12 * turn)
    along = np.array([np.sin(angle), -np.cos(angle)])
    beside = np.array([np.cos(angle), np.sin(angle)])

    def at(right: float, up: float) -> tuple[int, int]:
        x, y = middle + unit * (right * beside + up * along)
        return round(float(x)), round(float(y))

    def stroke(begin: tuple[float, float], end: tuple[float, float], thick: float) -> None:
        for ink, more in ((dark, 4), (colour, 0)):
            cv2.line(picture, at(*begin), at(*end), ink, round(thick * unit) + more, cv2.LINE_AA)

    stroke((0, -1), (0, -4), 1.1)
    for finger in range(4):
        right = -0.72 + 0.48 * finger
        out = GESTURES[gesture] == 5 or (GESTURES[gesture] == 1 and finger == 1)
        stroke((right, 0.6), (right * (1.25 if out else 1), 2.5 if out else 0.95), 0.42)
    cv2.circle(picture, at(0, 0), round(1.02 * unit), dark, -1, cv2.LINE_AA)
    cv2.circle(picture, at(0, 0), round(0.98 * unit), colour, -1, cv2.LINE_AA)
    stroke((-0.8, -0.2), (-1.9, 0.7) if GESTURES[gesture] == 5 else (-0.2, 0.3), 0.45)
    return np.asarray(np.clip(picture * (1 + 0.25 * light), 0, 255), np.uint8)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
