"""Whether browsers can be expected to play a movie as it is."""

from __future__ import annotations

import av

from videmo.video import READ_OPTIONS, Movie

FORMATS = {"mp4", "mov", "ogg"}
PICTURES = {"h264", "vp8", "vp9", "av1", "theora"}
SOUND = {"aac", "mp3", "opus", "vorbis", "flac"}
PIXELS = {"yuv420p", "yuvj420p"}


def browsers_play(movie: Movie) -> bool:
    """Whether all common browsers play `movie`: one file, of formats and codecs that they know, and
    shown by them as it was scanned.

    What they refuse all the same, the page asks for converted.
    """
    if len(movie.files) != 1 or not movie.path.is_file() or movie.tone or movie.deinterlace:
        return False
    if not movie.timed or movie.decode_order:
        return False
    try:
        with av.open(f"file:{movie.path.absolute()}", options=READ_OPTIONS) as container:
            names = {*container.format.name.split(",")}
            first = container.streams.video[0]
            sounds = [stream.codec_context.name for stream in container.streams.audio[:1]]
            pictures = first.codec_context
            known = pictures.name in PICTURES or pictures.codec.canonical_name in PICTURES
            return (
                (bool(names & FORMATS) or ("webm" in names and movie.path.suffix == ".webm"))
                and first.index == movie.stream
                and known
                and pictures.pix_fmt in PIXELS
                and all(name.removesuffix("float") in SOUND for name in sounds)
            )
    except (av.error.FFmpegError, IndexError):
        return False
