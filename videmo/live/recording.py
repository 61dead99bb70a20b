"""Record what is captured into an MP4 that is whole up to its last second, whatever happens."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

from videmo.draw import Marked, Spots, colours_of, draw_faces
from videmo.errors import OutputError, SetupError
from videmo.files import output_error, shown
from videmo.live.shot import Shot
from videmo.video import AacEncoder, SoundPiece, add_aac, file_url, say_colours, to_encode

WAITING = 30
"""Pictures, at most, that wait to be encoded."""
TICK = Fraction(1, 90_000)
QUALITY = 23
"""x264's rate factor."""
KEY_SECONDS = 1
"""Between two pictures that a player can go to at once."""
FRAGMENTED = {
    "movflags": "empty_moov+default_base_moof",
    "frag_duration": "500000",  # microseconds that a kill may cost
    "flush_packets": "1",  # not to lie in a buffer of FFmpeg's
}

Faces = Callable[[], list[Marked]]
"""Gives the faces that are to be drawn into a picture."""


class _Item(NamedTuple):
    """Something that waits to be encoded."""

    shot: Shot | None = None
    faces: list[Marked] | None = None
    sound: SoundPiece | None = None


class Recorder:
    """Records pictures and sound that are offered. Its thread encodes; who offers goes on."""

    def __init__(
        self,
        path: Path,
        labels: tuple[str, ...],
        rate: Fraction,
        heard: av.AudioStream | None,
        faces: Faces | None = None,
    ) -> None:
        """What will come are pictures at this `rate`, and the sound `heard`; `faces` gives those to
        be drawn; None: none are.

        Raises:
            OutputError: the file is there already, or cannot be written.
        """
        if path.exists():
            raise OutputError(f"{shown(path)}: is there already; name another file to record into")
        self.path = path
        self.frames = 0
        """Pictures encoded."""
        self._faces, self._colours = faces, colours_of(labels)
        self._changed = threading.Condition()
        self._waiting: deque[_Item] = deque()
        self._pictures = 0
        """How many pictures wait."""
        self._closed = False
        self._spots: Spots = {}
        self._rate, self._heard = rate, heard
        self._encoder: AacEncoder | None = None
        self._last = -1
        """Timestamp of the last picture."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(exist_ok=False)
        except OSError as error:
            raise output_error(error, path) from error

    def offer(self, shot: Shot) -> bool:
        """Let a picture be recorded; False: there is no time for it."""
        with self._changed:
            if self._closed or self._pictures >= WAITING:
                return False
            self._pictures += 1
            faces = self._faces() if self._faces else None
            self._waiting.append(_Item(shot, faces))
            self._changed.notify()
        return True

    def offer_sound(self, piece: SoundPiece) -> None:
        with self._changed:
            # Where pictures are left out, sound is not: it is small.
            if not self._closed and self._heard is not None:
                self._waiting.append(_Item(sound=piece))
                self._changed.notify()

    def close(self) -> None:
        """Nothing more is offered: `encode` ends when all is encoded."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def encode(self) -> None:
        """Encode what is offered, until it is closed.

        Raises:
            DiskFullError, OutputError: the file cannot be written.
            SetupError: there is no encoder.
        """
        try:
            first = self._next()
            if first is None:
                self.path.unlink()  # there was not one picture
                return
            with av.open(
                file_url(self.path), "w", format="mp4", container_options=FRAGMENTED
            ) as container:
                self._encode(container, first)
        except av.codec.codec.UnknownCodecError as error:
            raise SetupError(
                f"no encoder {error} here; install PyAV (av) from its wheel"
            ) from error
        except OSError as error:  # of PyAV's, too
            raise output_error(error, self.path) from error
        except av.FFmpegError as error:
            raise OutputError(f"{shown(self.path)}: cannot be encoded ({error})") from error

    def _encode(self, container: av.container.OutputContainer, item: _Item | None) -> None:
        while item is not None and item.shot is None:  # sound before the first picture
            item = self._next()
        if item is None or item.shot is None:
            return
        picture = self._painted(item)
        video = self._add_video(container, picture.shape)
        sound = add_aac(container, self._heard) if self._heard is not None else None
        while item is not None:
            if item.shot is not None:
                picture = self._painted(item)
                frame = to_encode(picture)
                frame.time_base = TICK
                frame.pts = self._last = max(self._last + 1, round(item.shot.frame.time / TICK))
                container.mux(video.encode(frame))
                self.frames += 1
            elif item.sound is not None and sound is not None:
                self._mux_sound(container, sound, item.sound)
            item = self._next()
        container.mux(video.encode(None))
        if self._encoder is not None:
            self._mux_heard(container, self._encoder.rest())

    def _mux_sound(
        self, container: av.container.OutputContainer, stream: av.AudioStream, piece: SoundPiece
    ) -> None:
        try:
            frames = piece.stream.codec_context.decode(piece.packet)
        except av.FFmpegError:  # damaged: there will be silence
            return
        if piece.stream is not self._heard:  # another connection, perhaps of another form
            self._heard, self._encoder = piece.stream, None
        if self._encoder is None:
            self._encoder = AacEncoder(stream, piece.stream)
        unit = Fraction(1, stream.codec_context.sample_rate)
        time = piece.time
        for frame in frames:
            if time >= 0:
                frame.time_base, frame.pts = unit, round(time / unit)
                self._mux_heard(container, self._encoder.encode(frame))
            time += Fraction(frame.samples, frame.sample_rate)

    @staticmethod
    def _mux_heard(
        container: av.container.OutputContainer, packets: Iterable[av.Packet[av.AudioStream]]
    ) -> None:
        """Write sound, but for what AAC puts before the beginning: the pictures would be moved."""
        container.mux([one for one in packets if one.pts is not None and one.pts >= 0])

    def _add_video(
        self, container: av.container.OutputContainer, shape: tuple[int, ...]
    ) -> av.VideoStream:
        options = {"preset": "superfast", "crf": str(QUALITY), "bf": "0", "threads": "1"}
        # Nothing is held back, so that a kill costs no more than the fragment that is open.
        options["tune"] = "zerolatency"
        video = container.add_stream("libx264", rate=self._rate, options=options)
        context = video.codec_context
        video.height, video.width = shape[:2]
        video.pix_fmt = "yuv420p"
        context.time_base = TICK
        context.gop_size = max(1, round(KEY_SECONDS * self._rate))
        say_colours(context, shape[0])
        return video

    def _painted(self, item: _Item) -> np.ndarray:
        assert item.shot is not None
        width, height = (side // 2 * 2 for side in item.shot.size)  # 4:2:0 wants even sizes
        picture: np.ndarray = item.shot.ordinary[:height, :width]
        if item.faces is not None:
            picture = picture.copy()
            self._spots = draw_faces(picture, item.faces, colours=self._colours, before=self._spots)
        return np.ascontiguousarray(picture)

    def _next(self) -> _Item | None:
        """The next one that waits; None: there will be no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if not self._waiting:
                return None
            item = self._waiting.popleft()
            self._pictures -= item.shot is not None
            return item
