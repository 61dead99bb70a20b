"""A long movie in parts, each of some chunks, for machines that share a folder.

`plan_parts` finds out what is to be done, `scan_part` does some of it, anywhere; what it finds
lies beside the table, where `scan_movie` finds it in the end, and only puts it together.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from videmo.files import check_writable
from videmo.scan.chunk import Settings, scan_chunk
from videmo.scan.prepare import check_table, prepare
from videmo.scan.store import ChunkStore
from videmo.schema import Chunk
from videmo.table import table_path
from videmo.video import Movie


class Part(NamedTuple):
    """Chunks of a movie that are still to be scanned."""

    movie: Movie
    settings: Settings
    store: ChunkStore
    chunks: tuple[Chunk, ...]
    frames: int
    """Frames in a chunk, about."""

    def cut(self, pieces: int, least: int = 1) -> list[Part]:
        """The same chunks in so many parts of the same size, or fewer of `least` chunks."""
        count = max(1, min(pieces, len(self.chunks) // least))
        ends = [round(len(self.chunks) * n / count) for n in range(count + 1)]
        return [self._replace(chunks=self.chunks[a:b]) for a, b in itertools.pairwise(ends)]


def plan_parts(
    path: Path,
    folder: Path,
    settings: Settings,
    *,
    beat: Callable[[], None] | None = None,
    more: Sequence[Path] = (),
) -> Part:
    """All that is to be scanned of a movie whose table goes to `folder`; see `scan_movie`.

    Raises:
        VidemoError: as `scan_movie`.
    """
    target = table_path(folder, path, settings.start, settings.end)
    check_writable(target)
    check_table(target, path)
    job = prepare([path, *more], target, settings, beat)
    job.store.forget(others_only=True)
    chunks = job.chunks()
    to_do = tuple(chunk for chunk in chunks if job.store.load(chunk.index) is None)
    frames = round(job.found.packets / len(chunks))
    return Part(job.movie, job.settings, job.store, to_do, frames)


def scan_part(part: Part, progress: Callable[[int, int], None] | None = None) -> None:
    """Scan the chunks of a part, and keep what is seen in each.

    Raises:
        VidemoError: as `scan_chunk`; OutputError, too, if the folder cannot be written.
    """
    count, total = itertools.count(1), part.frames * len(part.chunks)
    tell = (lambda: progress(next(count), total)) if progress else None
    for chunk in part.chunks:
        if part.store.load(chunk.index) is None:  # else somebody else was faster
            part.store.save(chunk.index, scan_chunk(part.movie, chunk, part.settings, tell))
