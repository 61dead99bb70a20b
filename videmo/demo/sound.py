"""The sound of a story: each shot's tone, and a beep on every second by which to check the sync."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np

from videmo.demo.story import Story

RATE = 48_000
"""Samples per second; one channel."""

BLOCK = 1024
"""Samples in one AAC frame."""

BEEP, BEEP_PITCH = 0.05, 1000.0
"""Length in seconds, pitch in hertz."""

TONE_LOUDNESS, BEEP_LOUDNESS = 0.08, 0.4
"""Of 1, the loudest."""


def add_audio(container: av.container.OutputContainer) -> av.AudioStream:
    """Add the stream for which `packets` encodes."""
    audio = container.add_stream("aac", rate=RATE, layout="mono")
    audio.codec_context.time_base = Fraction(1, RATE)
    return audio


def packets(audio: av.AudioStream, story: Story) -> Iterator[av.Packet[av.AudioStream]]:
    """Yield the encoded sound, from 0 to the end of the last frame, `BLOCK` samples a packet."""
    total = round(story.end * RATE)
    for start in range(0, total, BLOCK):
        samples = wave(story, start, min(BLOCK, total - start))
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), start
        yield from audio.encode(frame)
    yield from audio.encode(None)


def wave(story: Story, start: int, count: int) -> np.ndarray:
    """Samples `start` to ``start + count``: ``(count,)`` float32, -1 to 1."""
    time = np.arange(start, start + count) / RATE
    cuts = np.array([float(cut) for cut in story.cuts[1:-1]])
    pitches = np.array([shot.tone or 0.0 for shot in story.shots])
    pitch = pitches[np.searchsorted(cuts, time, side="right")]
    tone = TONE_LOUDNESS * np.sin(2 * np.pi * pitch * time)
    beep = BEEP_LOUDNESS * np.sin(2 * np.pi * BEEP_PITCH * time) * (time % 1 < BEEP)
    return (tone + beep).astype(np.float32)
