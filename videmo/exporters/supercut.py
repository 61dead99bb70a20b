"""All moments joined into one movie with sound, whatever the sizes and rates they come in.

Each cut is decoded by itself, as raw pictures of one size at one rate, and as raw sound. The
pictures go on to one encoder; the sound into one file, which is filled up, or cut, at the end of
each cut to the sample at which its pictures end. So picture and sound cannot drift apart, however
many cuts there are, and no more than one movie is open at a time.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import av
import ffmpeg

from videmo.errors import DiskFullError, OutputError, VidemoError
from videmo.exporters.cuts import Cut, Edit, planned
from videmo.exporters.program import (
    AAC,
    H264,
    SAME_BYTES,
    arguments,
    check_end,
    find_ffmpeg,
    no_start,
    run_ffmpeg,
)
from videmo.exporters.raw import (
    RAW_SOUND,
    SAMPLE_BYTES,
    SAMPLES,
    RawFormat,
    decode_command,
    raw_format,
)
from videmo.exporters.selection import Exported
from videmo.files import atomic_path, check_writable, output_error, shown
from videmo.schema import timecode
from videmo.video import READ_OPTIONS

NAME = "supercut.mp4"

PICTURES, SOUND, PIECE, CHAPTERS = "pictures.mp4", "sound.raw", "piece.raw", "chapters.txt"
"""Files in the work folder: all pictures, all sound, the sound of one cut, the chapters."""

WHAT = "join the moments"
LONGEST_TITLE = 200
COPIED = 1 << 20
"""Bytes copied at a time."""


class PlacedCut(NamedTuple):
    """A cut in its place in the supercut, in frames: ``first <= frame < after``."""

    cut: Cut
    first: int
    after: int


def export(edit: Edit) -> Exported:
    """Write ``supercut.mp4``, a chapter for each cut; one that cannot be decoded costs one."""
    cuts = planned(edit.cuts, edit.choice)
    target = edit.folder / NAME
    if target.is_dir():
        raise OutputError(f"{shown(target)}: is a folder; choose another place with -o")
    check_writable(target)
    form = raw_format(cuts)
    failures: list[VidemoError] = []
    with _work_folder(target) as work:
        placed = _join(cuts, form, work, target, failures)
        if placed:
            with atomic_path(target) as made:
                _finish(placed, form, work, made, target)
                _check(placed, form, made, target)
    return Exported([target] if placed else [], failures=failures)


def _join(
    cuts: list[Cut], form: RawFormat, work: Path, target: Path, failures: list[VidemoError]
) -> list[PlacedCut]:
    """Write the pictures and the sound of `cuts` into the folder `work`; which are there, where."""
    placed: list[PlacedCut] = []
    frames = 0
    with _encoder(form, work, target) as pictures, (work / SOUND).open("wb") as sound:
        for cut in cuts:
            count = max(1, round(cut.seconds * form.rate))
            decoded, error = _add_pictures(cut, count, form, pictures, work)
            if error is not None:
                failures.append(error)
            if decoded:
                placed.append(PlacedCut(cut, frames, frames + count))
                frames += count
                _add_sound(work / PIECE, sound, until=round(frames / form.rate * SAMPLES))
    return placed


def _add_pictures(
    cut: Cut, count: int, form: RawFormat, pictures: IO[bytes], work: Path
) -> tuple[int, OutputError | None]:
    """Decode `cut` into `count` pictures, and its sound into `PIECE`.

    Gives how many pictures there really were, and what went wrong. Where there are fewer than
    `count`, the last one stays: what follows has to keep its place.
    """
    (work / PIECE).unlink(missing_ok=True)
    decoded, last = 0, b""
    try:
        command = decode_command(find_ffmpeg(), cut, form, work / PIECE)
        with tempfile.TemporaryFile() as errors:
            with _running(command, stdout=subprocess.PIPE, stderr=errors) as decoder:
                assert decoder.stdout is not None
                while data := decoder.stdout.read(form.frame_bytes):
                    if len(data) == form.frame_bytes and decoded < count:
                        pictures.write(data)
                        decoded, last = decoded + 1, data
            errors.seek(0)
            what = f"decode {shown(cut.name)} at {timecode(cut.start)}"
            check_end(decoder.returncode, errors.read(), work.parent / NAME, what)
        failure = _shortage(cut, float((count - decoded) / form.rate))
    except DiskFullError:
        raise
    except OutputError as error:
        failure = error
    for _ in range(count - decoded if decoded else 0):
        pictures.write(last)
    return decoded, failure


def _shortage(cut: Cut, missing: float) -> OutputError | None:
    """What `missing` seconds of a cut mean; a last frame that lasts long comes but once."""
    if missing <= 1.5 * cut.longest:
        return None
    return OutputError(
        f"{shown(cut.name)}: {missing:.2f} of {cut.seconds:.2f} s from {timecode(cut.start)} on "
        f"cannot be decoded for {NAME}; scan the movie again"
    )


def _add_sound(piece: Path, sound: IO[bytes], *, until: int) -> None:
    """Add a cut's sound, up to sample `until` of the whole: what is missing is silence."""
    wanted = until * SAMPLE_BYTES - sound.tell()
    if piece.exists():
        with piece.open("rb") as file:
            while wanted and (data := file.read(min(COPIED, wanted))):
                sound.write(data)
                wanted -= len(data)
    while wanted:
        wanted -= sound.write(bytes(min(COPIED, wanted)))


@contextmanager
def _encoder(form: RawFormat, work: Path, target: Path) -> Iterator[IO[bytes]]:
    """Yield where raw pictures are written that become `PICTURES`."""
    size = f"{form.width}x{form.height}"
    raw = ffmpeg.input(
        "pipe:0", format="rawvideo", pix_fmt="yuv420p", s=size, framerate=str(form.rate)
    )
    # Said of the raw pictures, not of the output: that would make ffmpeg convert them.
    colours = dict.fromkeys(("colorspace", "color_primaries", "color_trc"), form.matrix)
    named = raw.filter("setparams", range="tv", **colours)
    options = {**H264, **SAME_BYTES, "format": "mp4"}
    output = ffmpeg.output(named, f"file:{(work / PICTURES).absolute()}", **options)
    with tempfile.TemporaryFile() as errors:
        command = arguments(find_ffmpeg(), output)
        with _running(command, stdin=subprocess.PIPE, stderr=errors) as encoder:
            assert encoder.stdin is not None
            # A pipe that breaks means that the encoder has ended: it says why.
            with contextlib.suppress(BrokenPipeError):
                yield encoder.stdin
            with contextlib.suppress(BrokenPipeError):
                encoder.stdin.close()
        errors.seek(0)
        check_end(encoder.returncode, errors.read(), target, WHAT)


@contextmanager
def _running(command: list[str], **pipes: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has ended when the block has; at once, if the block fails."""
    try:
        process = subprocess.Popen(command, **pipes)
    except OSError as error:
        raise no_start(command, error) from error
    with process:
        try:
            yield process
        except BaseException:
            process.kill()
            process.wait()
            raise


@contextmanager
def _work_folder(target: Path) -> Iterator[Path]:
    """A folder beside `target`, on the same disk, that is taken away again."""
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".", suffix=".part") as folder:
            yield Path(folder)
    except OSError as error:
        raise output_error(error, target) from error


def _finish(placed: list[PlacedCut], form: RawFormat, work: Path, made: Path, target: Path) -> None:
    """Put pictures, sound and chapters together."""
    (work / CHAPTERS).write_text(chapters_text(placed, form), "utf-8", "backslashreplace")
    sound = any(one.cut.movie.sound for one in placed)
    run_ffmpeg(mux_command(find_ffmpeg(), work, made, sound=sound), target, WHAT)


def mux_command(program: str, work: Path, made: Path, *, sound: bool) -> list[str]:
    """The arguments with which ffmpeg makes the supercut `made` of what is in `work`. Pure."""
    # By hand: ffmpeg-python has no place for an input of which only the chapters are used.
    command = [program, "-nostdin", "-loglevel", "error", "-i", f"file:{work / PICTURES}"]
    maps, codecs = ["-map", "0:v"], ["-c:v", "copy"]
    if sound:
        raw = [f"-{name} {value}".split() for name, value in RAW_SOUND.items()]
        command += [*itertools.chain(*raw), "-i", f"file:{work / SOUND}"]
        maps += ["-map", "1:a"]
        codecs += ["-c:a", AAC["acodec"], "-b:a", AAC["audio_bitrate"]]
    chapters = "2" if sound else "1"
    command += ["-f", "ffmetadata", "-i", f"file:{work / CHAPTERS}"]
    command += [*maps, "-map_metadata:g", "-1", "-map_chapters", chapters, *codecs]
    plain = ["-fflags", "+bitexact", "-flags", "+bitexact", "-movflags", "+faststart"]
    return [*command, *plain, "-f", "mp4", "-y", f"file:{made.absolute()}"]


def chapters_text(placed: list[PlacedCut], form: RawFormat) -> str:
    """A chapter for each cut, as ffmpeg reads them: which movie, when in it, and what. Pure."""
    lines = [";FFMETADATA1"]
    for cut, first, after in placed:
        title = f"{cut.name} {timecode(cut.start)} {', '.join(cut.titles)}"
        lines += [
            "[CHAPTER]",
            f"TIMEBASE={form.rate.denominator}/{form.rate.numerator}",
            f"START={first}",
            f"END={after}",
            f"title={_escaped(title[:LONGEST_TITLE])}",
        ]
    return "\n".join([*lines, ""])


def _escaped(text: str) -> str:
    """Text as ffmpeg's metadata files want it."""
    return re.sub(r"([=;#\\])", r"\\\1", shown(text))


def _check(placed: list[PlacedCut], form: RawFormat, made: Path, target: Path) -> None:
    """ffmpeg ends with 0 even where it wrote too little: see for ourselves."""
    wanted = placed[-1].after
    seconds = float(wanted / form.rate)
    try:
        with av.open(f"file:{made.absolute()}", options=READ_OPTIONS) as container:
            frames = container.streams.video[0].frames
            heard = [float(s.duration * s.time_base) for s in container.streams.audio]
    except (av.error.FFmpegError, IndexError, TypeError) as error:
        raise OutputError(f"{shown(target)}: came out wrong; try again") from error
    if frames != wanted or any(abs(length - seconds) > 1 / form.rate for length in heard):
        raise OutputError(
            f"{shown(target)}: came out wrong ({frames} of {wanted} frames); try again"
        )
