"""Write a story as a movie with sound: H.264 and AAC in .mp4 or .mkv."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from videmo.demo import mp4, sound
from videmo.demo.picture import Painter
from videmo.demo.story import TICK, Story, exact
from videmo.demo.truth import TruthRow, truth
from videmo.errors import RequestError
from videmo.files import shown
from videmo.video import decoding_time, encoded_path, file_url

FORMATS = {".mp4": "mp4", ".mkv": "matroska"}

STORED = {
    0: None,
    90: cv2.ROTATE_90_COUNTERCLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_CLOCKWISE,
}
"""How the picture is turned before it is stored, by the turn that the player has to make."""


def make_movie(
    target: Path,
    story: Story,
    *,
    rotation: int = 0,
    gop: int = 48,
    b_frames: int = 2,
    crf: int = 20,
) -> list[TruthRow]:
    """Make `story` into a movie and return what is true of it; the same story gives the same bytes.

    `rotation` (0, 90, 180, 270; .mp4 only) is how far players turn the stored picture clockwise
    to show it upright, as with a telephone held on its side. `gop` is the longest distance of key
    frames, in frames; `crf` the quality of x264, lower is better. In .mp4 the times are exact;
    .mkv keeps whole milliseconds.

    Raises:
        RequestError: another suffix than .mp4 and .mkv, or a rotation that cannot be stored.
        SetupError: the codecs or the faces are missing.
        DiskFullError, OutputError: the file cannot be written.
    """
    target = Path(target)
    kind = FORMATS.get(target.suffix.lower())
    if kind is None:
        raise RequestError(f"{shown(target)}: demo movies end in .mp4 or .mkv")
    if rotation not in STORED or (rotation and kind != "mp4"):
        raise RequestError(f"rotation {rotation}: 0, 90, 180 or 270, and in .mp4 only")
    options = {"crf": str(crf), "g": str(gop), "bf": str(b_frames)}
    with encoded_path(target) as part:
        _encode(part, kind, story, rotation, options)
        if rotation:
            mp4.turn(part, rotation)
    return list(truth(story))


def _encode(part: Path, kind: str, story: Story, rotation: int, options: dict[str, str]) -> None:
    """Paint, encode and mux, one frame in memory at a time."""
    # bitexact: no random numbers and no dates in the file
    muxing = {"fflags": "+bitexact"}
    with av.open(file_url(part), "w", format=kind, container_options=muxing) as container:
        video = _add_video(container, story, rotation, options)
        sounds: Iterator[av.Packet[av.AudioStream]] = iter(())
        if story.sound:
            sounds = sound.packets(sound.add_audio(container), story)
        written = 0
        for packet in _until(story.end, _video_packets(video, story, rotation)):
            due = int(decoding_time(packet) * sound.RATE) // sound.BLOCK
            for piece in itertools.islice(sounds, max(0, due - written)):
                container.mux(piece)
                written += 1
            container.mux(packet)
        for piece in sounds:
            container.mux(piece)


def _add_video(
    container: av.container.OutputContainer, story: Story, rotation: int, options: dict[str, str]
) -> av.VideoStream:
    # One thread: how x264 cuts a picture up for its threads changes the bytes.
    options = {"preset": "veryfast", "threads": "1", **options}
    video = container.add_stream("libx264", rate=exact(story.fps), options=options)
    width, height = story.size if rotation % 180 == 0 else story.size[::-1]
    video.width, video.height, video.pix_fmt = width, height, "yuv420p"
    video.codec_context.time_base = 1 / exact(story.fps) if story.times is None else TICK
    video.codec_context.thread_count = 1
    return video


def _video_packets(
    video: av.VideoStream, story: Story, rotation: int
) -> Iterator[av.Packet[av.VideoStream]]:
    """Yield the encoded frames with their lengths, in decoding order."""
    painter = Painter(story)
    unit = video.codec_context.time_base
    lengths: dict[int, int] = {}
    times = itertools.chain(story.frame_times(), [story.end])
    for time, following in itertools.pairwise(times):
        frame = _frame(painter.paint(time), painter.grain(time), STORED[rotation])
        frame.time_base, frame.pts = unit, round(time / unit)
        lengths[frame.pts] = round((following - time) / unit)
        yield from _lasting(video.encode(frame), lengths)
    yield from _lasting(video.encode(None), lengths)


def _lasting(
    packets: Iterable[av.Packet[av.VideoStream]], lengths: dict[int, int]
) -> Iterator[av.Packet[av.VideoStream]]:
    for packet in packets:
        assert packet.pts is not None  # those of our frames come back
        packet.duration = lengths.pop(packet.pts)
        yield packet


def _until(
    end: Fraction, packets: Iterator[av.Packet[av.VideoStream]]
) -> Iterator[av.Packet[av.VideoStream]]:
    """Make the last packet last until `end` (exact seconds), as counted in decoding order.

    MP4 keeps the distances between packets, and of the last one what is said here.
    """
    last = next(packets)
    begin = decoding_time(last)
    for packet in packets:
        yield last
        last = packet
    passed = round((decoding_time(last) - begin) / last.time_base)
    last.duration = round(end / last.time_base) - passed
    yield last


def _frame(picture: np.ndarray, grain: np.ndarray, turn: int | None) -> av.VideoFrame:
    """A picture (BGR, upright) as it is stored: turned, as luma and colour planes, with grain."""
    if turn is not None:
        picture, grain = cv2.rotate(picture, turn), cv2.rotate(grain, turn)
    planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
    luma = planes[: grain.shape[0]]
    cv2.add(luma, grain, dst=luma)
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")
