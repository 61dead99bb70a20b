"""What a live session keeps: its table, by a journal, and its recording."""

from __future__ import annotations

import contextlib
import datetime
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import av

from videmo.draw import Marked
from videmo.emotions import find_model
from videmo.errors import OutputError
from videmo.files import file_lock, shown
from videmo.live.capture import Gap
from videmo.live.finish import Finished, finish, table_of
from videmo.live.journal import JOURNAL_SUFFIX, Journal
from videmo.live.look import Look
from videmo.live.naming import Names
from videmo.live.recording import Recorder
from videmo.live.settings import LiveSettings
from videmo.live.shot import Shot
from videmo.scan import made_with
from videmo.scan.integrity import identity
from videmo.table import place_of
from videmo.video import MOVIE, Movie, Place, SoundPiece

Start = Callable[[Callable[[], None], str], None]
"""Starts a thread, with a name."""


class Keeper:
    """Keeps what is wished for, from the first picture on. Remembers journal and recorder."""

    def __init__(
        self,
        place: Place,
        settings: LiveSettings,
        labels: tuple[str, ...],
        names: Names | None = None,
    ) -> None:
        self._place, self._settings, self._labels = place, settings, labels
        self._names = names
        self._journal: Journal | None = None
        self._recorder: Recorder | None = None
        self._locks = contextlib.ExitStack()

    def begin(
        self,
        movie: Movie,
        heard: av.AudioStream | None,
        faces: Callable[[], list[Marked]],
        start: Start,
        over: threading.Event,
    ) -> None:
        """Begin, now that it is known what comes: pictures like those of `movie`, and sound.

        Raises:
            OutputError: it cannot be written, or is there already.
        """
        how = self._settings
        if how.record is not None:
            drawn = faces if how.draw else None
            self._recorder = Recorder(how.record, self._labels, movie.fps, heard, drawn)
            start(self._recorder.encode, "record")
        if how.folder is not None:
            path = self._journal_path(how.folder)
            if (table := table_of(path)).exists():
                raise OutputError(f"{shown(table)}: is there already; choose another name")
            self._locks.enter_context(file_lock(table))
            self._journal = journal = Journal(path, self._head(movie, path.parent))
            start(lambda: journal.write_on(over), "keep")

    def offer(self, shot: Shot) -> bool:
        """Let a picture be recorded; False: there is no time for it."""
        return self._recorder is None or self._recorder.offer(shot)

    def offer_sound(self, piece: SoundPiece) -> None:
        if self._recorder is not None:
            self._recorder.offer_sound(piece)

    def look(self, look: Look) -> None:
        """Keep what was seen in a picture."""
        if self._journal is not None:
            self._journal.look(look)
        self._named()

    def _named(self) -> None:
        """Keep who is who, where that is known anew."""
        who = self._names.told() if self._names is not None else ()
        if who and self._journal is not None:
            self._journal.say(who=list(who))

    def gap(self, gap: Gap) -> None:
        """Keep that there was nothing to be seen."""
        if self._journal is not None:
            self._journal.say(gap=gap._asdict())

    def close(self) -> None:
        """Nothing more comes: the recorder ends when all is encoded."""
        if self._recorder is not None:
            self._recorder.close()

    @property
    def recorded(self) -> Path | None:
        """The recording, if there is one by now."""
        recorder = self._recorder
        return recorder.path if recorder is not None and recorder.frames else None

    def finish(self, gaps: Iterable[Gap], **end: Any) -> Finished | None:
        """Make the table, when all threads have ended; `end` is what is known at the end.

        Raises:
            OutputError: it cannot be written; the journal stays.
        """
        journal = self._journal
        with self._locks:
            if journal is None:
                return None
            for gap in gaps:
                if gap.end is None:
                    self.gap(gap)
            self._named()
            journal.say(end=end)
            try:
                journal.flush()
            finally:
                journal.close()
            return finish(journal.path)

    def _journal_path(self, folder: Path) -> Path:
        """A name of its own for each session; that of a recording is the recording's."""
        if self._settings.record is not None:
            name = self._settings.record.name
        else:
            began = datetime.datetime.now().astimezone().strftime("%Y-%m-%dT%H-%M-%S")
            name = f"{self._place.name}.{began}"
        return folder / f"{name}{JOURNAL_SUFFIX}"

    def _head(self, movie: Movie, folder: Path) -> dict[str, Any]:
        """What a table's record says before it begins."""
        how, place = self._settings, self._place
        about: dict[str, Any] = {"size": 0, "mtime_ns": 0, "fingerprint": ""}
        file = place.name
        if place.kind == MOVIE:
            about, file = identity(movie), place_of(place.path, folder)
        began = datetime.datetime.now().astimezone().isoformat(timespec="milliseconds")
        made = made_with(how.scan, find_model(how.scan.model))
        record = {
            "format": made["format"],  # here, because the order of the fields is that of the file
            "videmo": made["videmo"],
            "movie": {"file": file, **about},
            "fps": f"{movie.fps.numerator}/{movie.fps.denominator}",
            "width": movie.width,
            "height": movie.height,
            "rotation": movie.turn.rotation,
            "timed": movie.timed,
            **made,
            "live": {"source": place.name, "kind": place.kind, "started": began},
        }
        recording = place_of(how.record, folder) if how.record is not None else None
        names = self._names
        people = {"known": names.known, "how": names.how} if names is not None else None
        return {"record": record, "recording": recording, "people": people}
