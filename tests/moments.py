"""Moments of made movies without faces: chosen by hand, as if a table had said so."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from videmo.exporters.clips import find_ffmpeg
from videmo.exporters.selection import Choice, Moments, Selection, Sighting
from videmo.schema import Box, Run, Segment
from videmo.video import probe

RATES = {
    "24": Fraction(24),
    "25": Fraction(25),
    "23.976": Fraction(24000, 1001),
    "29.97": Fraction(30000, 1001),
    "variable": None,
}
"""The rates at which everything has to be right; None: frames come now fast, now slowly."""

FLASH = 0.1
"""Seconds for which it flashes and beeps from each whole second on."""


def flashing(
    target: Path,
    seconds: float = 6,
    rate: Fraction | None = Fraction(24),
    size: tuple[int, int] = (160, 120),
    *options: str,
    sound: bool = True,
) -> Path:
    """A black movie that turns white and beeps on each whole second.

    `rate` None: 30 frames per second, of which some stretches keep every third only.
    """
    raw = f"color=black:size={size[0]}x{size[1]}:rate={rate or 30}:duration={seconds}"
    white = f"drawbox=color=white:thickness=fill:enable='lt(mod(t,1),{FLASH})'"
    thin = "" if rate else ",select='not(mod(floor(n/10),2)*mod(n,3))'"
    beep = f"aevalsrc=0.5*sin(2*PI*1000*t)*lt(mod(t\\,1)\\,{FLASH}):s=48000:d={seconds}"
    command = [find_ffmpeg(), "-y", "-loglevel", "error", "-f", "lavfi", "-i", raw]
    command += ["-f", "lavfi", "-i", beep] if sound else []
    command += ["-vf", white + thin, "-fps_mode", "passthrough", "-pix_fmt", "yuv420p"]
    command += ["-video_track_timescale", "90000"] if rate is None else []
    subprocess.run([*command, "-preset", "ultrafast", *options, str(target)], check=True)
    return target


def frame_times(movie: Path) -> np.ndarray:
    """``(frames + 1,)`` seconds: when each frame starts and the last one ends, as in a table."""
    with av.open(str(movie)) as container:
        base = container.streams.video[0].time_base
        shown = [(frame.pts, frame.duration) for frame in container.decode(video=0)]
    last = sum(shown[-1])
    times = [float((pts - shown[0][0]) * base) for pts in [*(pts for pts, _ in shown), last]]
    return np.round(times, 3)


def moments(
    movie: Path,
    output: Path,
    *stretches: tuple[float, float],
    emotions: Sequence[str] = ("happy",),
    track: int = 1,
    scores: Sequence[float] = (0.9,),
    choice: Choice | None = None,
    persons: dict[int, str] | None = None,
    name: str | None = None,
) -> Moments:
    """The movie's moments: at each of `stretches`, in seconds; emotions and scores in turn.

    What is made of them goes into ``output/out``.
    """
    output = output / "out"
    starts = frame_times(movie)
    name = name or movie.name
    of_emotion: dict[str, dict[Run, tuple[Sighting, ...]]] = {}
    for index, (start, end) in enumerate(stretches):
        frames = np.flatnonzero((starts[:-1] >= start - 0.001) & (starts[:-1] < end - 0.001))
        emotion, score = emotions[index % len(emotions)], scores[index % len(scores)]
        after = frames[-1] + 1
        run = Run(track, emotion, tuple(frames.tolist()), starts[frames[0]], starts[after])
        seen = tuple(
            Sighting(int(frame), float(starts[frame]), track, Box(8, 8, 64, 64), score)
            for frame in frames
        )
        of_emotion.setdefault(emotion, {})[run] = seen
    probed = probe(movie)
    selections = tuple(
        Selection(
            movie=probed,
            name=name,
            emotion=emotion,
            segments=tuple(Segment(track, emotion, run.start, run.end, (run,)) for run in runs),
            sightings=runs,
            starts=starts,
            folder=output / name / emotion,
            choice=choice or Choice(),
            persons=persons or {},
        )
        for emotion, runs in of_emotion.items()
    )
    return Moments(selections, output / name, output)
