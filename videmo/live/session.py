"""A live session: capture, looking, recording and keeping side by side, each with its own thread.

Each takes the latest picture; none waits for another. What goes wrong in one ends all of them.
"""

from __future__ import annotations

import contextlib
import datetime
import statistics
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from videmo.emotions import find_model
from videmo.errors import OutputError, VidemoError
from videmo.files import file_lock, shown
from videmo.live.capture import Capture, Gap
from videmo.live.finish import Finished, finish, finish_left, table_of
from videmo.live.hooks import Hook, HookRunner
from videmo.live.journal import JOURNAL_SUFFIX, Journal
from videmo.live.latest import Latest
from videmo.live.look import Look, Looker, Name
from videmo.live.recording import Recorder
from videmo.live.repeater import Event, Rule
from videmo.live.shot import Shot
from videmo.scan import Settings, made_with
from videmo.scan.integrity import identity
from videmo.table import place_of
from videmo.video import MOVIE, Arrival, Movie, Place, Wish, find_place

ENDING = 1.5
"""Seconds that threads have to end, and the hooks of the last events to run."""
HOOK_GRACE = 1.0
RECENT = 90
"""Looks over which lag and rates are reckoned."""
EVENTS = 1000
"""Events, at most, that wait for whoever asks for them."""


@dataclass(frozen=True)
class LiveSettings:
    """How a live session is done, and what is kept of it."""

    scan: Settings = field(default_factory=Settings)
    """Detector, model, and gap."""
    wish: Wish = field(default_factory=Wish)
    rule: Rule = field(default_factory=Rule)
    """When an emotion counts."""
    folder: Path | None = None
    """Where its table goes; None: none is made."""
    record: Path | None = None
    """The MP4 that is recorded; None: none is."""
    draw: bool = False
    """Whether faces are drawn into what is recorded."""
    give_up: float | None = None
    """Seconds after which a source that broke has ended; None: never."""


class Stats(NamedTuple):
    """How well it goes."""

    captured: int
    looked: int
    dropped: int
    """Pictures that were not looked at."""
    not_recorded: int
    fps: float
    """Pictures captured in a second, lately."""
    looks: float
    """Looks in a second, lately."""
    lag: float
    """Seconds from capture to labels, in the middle, lately."""
    slow: float
    """The same, for the slowest of 20."""
    gaps: int


class Shown(NamedTuple):
    """A picture to be shown now, with what was last seen."""

    shot: Shot
    look: Look | None


class Ended(NamedTuple):
    """What became of a session."""

    stats: Stats
    finished: Finished | None
    """The table, if one was wished for."""
    recorded: Path | None
    gaps: tuple[Gap, ...]


class Live:
    """A live source that is looked at; to be used with ``with``.

    Threads: capture, look, keep (the journal), record, and those of hooks. Viewers have theirs.
    """

    def __init__(
        self,
        source: str | int,
        settings: LiveSettings | None = None,
        *,
        name: Name | None = None,
    ) -> None:
        """Prepare what does not need the source.

        Raises:
            RequestError, SetupError: no such source, model or detector.
        """
        self.settings = settings or LiveSettings()
        self.place: Place = find_place(str(source))
        self.pictures: Latest[Shot] = Latest()
        """The latest picture that was captured."""
        self.looks: Latest[Look] = Latest()
        """The latest picture that was looked at, with faces: subscribe with `looks.each()`."""
        self.left: tuple[Finished | VidemoError, ...] = ()
        """The tables that were made of what killed sessions had left in the folder."""
        self.ended: Ended | None = None
        """What became of it, once it is over."""
        self._over = threading.Event()
        self._looker = Looker(self.settings.scan, self.settings.rule, name)
        self.labels = self._looker.labels
        how = self.settings
        self._capture = Capture(self.place, how.wish, self._over, how.give_up)
        self._hooks: list[HookRunner] = []
        self._to_look: Latest[Shot] = Latest()
        self._opened = threading.Event()
        self._error: BaseException | None = None
        self._threads: list[threading.Thread] = []
        self._events: deque[Event | Gap] = deque(maxlen=EVENTS)
        self._came = threading.Condition()
        self._captured = self._looked = self._not_recorded = 0
        self._arrivals: deque[float] = deque(maxlen=RECENT)
        self._recent: deque[tuple[float, float]] = deque(maxlen=RECENT)
        """When looks were done, and how late."""
        self._journal: Journal | None = None
        self._recorder: Recorder | None = None
        self._gone: Gap | None = None
        """Where the source was lost, until the looks have ended there, too."""
        self._stack = contextlib.ExitStack()

    def on(
        self,
        emotion: str | None,
        act: Callable[[Event], Any],
        *,
        name: str = "",
        cooldown: float = 0.0,
        at_once: int = 1,
        stop: Callable[[], None] | None = None,
    ) -> None:
        """Call `act` with each start and end of a run of `emotion` (None: of any), in a thread of
        its own; `stop` ends what `act` does when all is over."""
        hook = Hook(name or f"on {emotion}", act, emotion, cooldown)
        self._hooks.append(HookRunner(hook, at_once, stop))

    def __enter__(self) -> Live:
        """Begin. Returns when the first picture is there.

        Raises:
            VidemoError: the source cannot be opened, or what is kept cannot be written.
        """
        if self.settings.folder is not None:
            self.left = tuple(finish_left(self.settings.folder))
        try:
            self._start(self._run_capture, "capture")
            while not self._opened.wait(0.1):
                if self._over.is_set():
                    break
            self._check()
            self._start(self._run_looks, "look")
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End all, within two seconds, and write the table. An interruption is how one ends."""
        self._end()
        if error is None or isinstance(error, KeyboardInterrupt):
            self._check()

    def close(self) -> None:
        """Let all end; returns at once."""
        self._over.set()

    @property
    def over(self) -> bool:
        return self._over.is_set()

    def events(self, timeout: float | None = None) -> Iterator[Event | Gap]:
        """What begins and ends, as it does, and where the source was gone; to the end.

        With `timeout`, ends when nothing has come for so many seconds, too.
        """
        while True:
            with self._came:
                self._came.wait_for(lambda: self._events or self.looks.closed, timeout)
                if not self._events:
                    return
                event = self._events.popleft()
            yield event

    def __iter__(self) -> Iterator[Look]:
        """The pictures that were looked at; those left out for which there was no time."""
        return self.looks.each()

    def shown(self, after: int = 0, timeout: float | None = None) -> tuple[int, Shown] | None:
        """The latest picture, with the latest faces, once it is another one than `after`: for any
        number of viewers, each in its own thread. None: it is over, or nothing came."""
        found = self.pictures.after(after, timeout)
        return found and (found.number, Shown(found.value, self.looks.value))

    def stats(self) -> Stats:
        """How well it goes by now."""
        lags = sorted(lag for _, lag in list(self._recent))
        return Stats(
            self._captured,
            self._looked,
            max(0, self._captured - self._looked),
            self._not_recorded,
            _rate(list(self._arrivals)),
            _rate([at for at, _ in list(self._recent)]),
            statistics.median(lags) if lags else 0.0,
            lags[int(0.95 * (len(lags) - 1))] if lags else 0.0,
            len(self._capture.gaps),
        )

    def _start(self, run: Callable[[], None], name: str) -> None:
        def guarded() -> None:
            try:
                run()
            except BaseException as error:
                if self._error is None:
                    self._error = error
                self._over.set()

        thread = threading.Thread(target=guarded, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _run_capture(self) -> None:
        try:
            self._capture.run(self._arrived, self._paused)
        finally:
            self._over.set()
            self._to_look.close()
            self.pictures.close()

    def _arrived(self, arrival: Arrival) -> None:
        if arrival.sound is not None:
            if self._recorder is not None:
                self._recorder.offer_sound(arrival.sound)
            return
        assert arrival.frame is not None
        if not self._opened.is_set():
            self._prepare(arrival.frame.movie)
        shot = Shot(self._captured, arrival.frame, arrival.at)
        self._arrivals.append(arrival.at)
        if self._recorder is not None and not self._recorder.offer(shot):
            # What is in the table is in the recording: so it is not looked at, either.
            self._not_recorded += 1
        else:
            self._captured += 1
            self._to_look.put(shot)
        self.pictures.put(shot)
        self._opened.set()

    def _prepare(self, movie: Movie) -> None:
        """Begin what is kept, now that it is known what comes."""
        how = self.settings
        if how.record is not None:
            drawn = self._marked if how.draw else None
            self._recorder = Recorder(how.record, self.labels, drawn)
            connection = self._capture.connection
            heard = connection.heard if connection else None
            self._recorder.expect(movie.fps, heard)
            self._start(self._recorder.encode, "record")
        if how.folder is not None:
            path = self._journal_path(how.folder)
            if (table := table_of(path)).exists():
                raise OutputError(f"{shown(table)}: is there already; choose another name")
            self._stack.enter_context(file_lock(table))
            self._journal = Journal(path, self._head(movie, path.parent))
            journal = self._journal
            self._start(lambda: journal.write_on(self._over), "keep")

    def _marked(self) -> Any:
        look = self.looks.value
        return look.marked() if look is not None else []

    def _journal_path(self, folder: Path) -> Path:
        """A name of its own for each session; that of a recording is the recording's."""
        if self.settings.record is not None:
            name = self.settings.record.name
        else:
            began = datetime.datetime.now().astimezone().strftime("%Y-%m-%dT%H-%M-%S")
            name = f"{self.place.name}.{began}"
        return folder / f"{name}{JOURNAL_SUFFIX}"

    def _head(self, movie: Movie, folder: Path) -> dict[str, Any]:
        """What a table's record says before it begins."""
        how = self.settings
        about: dict[str, Any] = {"size": 0, "mtime_ns": 0, "fingerprint": ""}
        file = self.place.name
        if self.place.kind == MOVIE:
            about, file = identity(movie), place_of(self.place.path, folder)
        began = datetime.datetime.now().astimezone().isoformat(timespec="milliseconds")
        live = {"source": self.place.name, "kind": self.place.kind, "started": began}
        fps = movie.fps
        made = made_with(how.scan, find_model(how.scan.model))
        record = {
            "format": made["format"],  # here, because the order of the fields is that of the file
            "videmo": made["videmo"],
            "movie": {"file": file, **about},
            "fps": f"{fps.numerator}/{fps.denominator}",
            "width": movie.width,
            "height": movie.height,
            "rotation": movie.turn.rotation,
            "timed": movie.timed,
            **made,
            "live": live,
        }
        recording = place_of(how.record, folder) if how.record is not None else None
        return {"record": record, "recording": recording}

    def _paused(self, gap: Gap) -> None:
        """The source is gone, or back."""
        if gap.end is None:
            self._gone = gap
        elif self._journal is not None:
            self._journal.say(gap=gap._asdict())
        self._tell([gap])

    def _run_looks(self) -> None:
        try:
            self._look_on()
        finally:
            self.looks.close()
            with self._came:
                self._came.notify_all()

    def _look_on(self) -> None:
        number = 0
        while True:
            found = self._to_look.after(number, 0.2)
            gone = self._gone
            if found is not None and (gone is None or found.value.time <= gone.start):
                number = found.number
                self._look(found.value)
            elif gone is not None:  # who comes now is somebody new
                self._gone = None
                self._tell(self._looker.stop(gone.start))
            elif self._to_look.closed or self._over.is_set():
                break
        last = self.looks.value
        self._tell(self._looker.stop(last.shot.time if last is not None else 0.0))

    def _look(self, shot: Shot) -> None:
        look = self._looker.look(shot)
        self._looked += 1
        self._recent.append((look.done, look.lag))
        if self._journal is not None:
            self._journal.look(look)
        self.looks.put(look)
        self._tell(look.events)

    def _tell(self, events: Iterable[Event | Gap]) -> None:
        for event in events:
            with self._came:
                self._events.append(event)
                self._came.notify_all()
            if isinstance(event, Event):
                for hook in self._hooks:
                    hook.offer(event)

    def _end(self) -> None:
        """End all threads, then finish what is kept."""
        if self.ended is not None:
            return
        self._over.set()
        deadline = time.monotonic() + ENDING
        for name in ("capture", "look"):
            self._join(name, deadline - time.monotonic())
        self.looks.close()  # if the source was never there
        until = time.monotonic() + HOOK_GRACE
        for hook in self._hooks:
            hook.close(max(0.0, until - time.monotonic()))
        if self._recorder is not None:
            self._recorder.close()
            self._join("record", None)
        self._join("keep", None)
        finished = None
        with self._stack:
            try:
                finished = self._finished()
            except VidemoError as error:
                self._error = self._error or error
        recorder = self._recorder
        recorded = recorder.path if recorder is not None and recorder.frames else None
        self.ended = Ended(self.stats(), finished, recorded, tuple(self._capture.gaps))

    def _join(self, name: str, seconds: float | None) -> None:
        for thread in self._threads:
            if thread.name == name:
                # One that hangs in a driver or a network is left alone; it ends with FFmpeg's own
                # patience, or with the process.
                thread.join(None if seconds is None else max(0.1, seconds))

    def _finished(self) -> Finished | None:
        journal = self._journal
        if journal is None:
            return None
        stats, last = self.stats(), self.pictures.value
        for gap in self._capture.gaps:
            if gap.end is None:
                journal.say(gap=gap._asdict())
        journal.say(
            end={
                "frames": self._captured,
                "last": round(last.time, 3) if last is not None else 0.0,
                "failures": self._capture.failures,
                "not_recorded": stats.not_recorded,
                "lag": round(stats.lag, 3),
                "slow": round(stats.slow, 3),
            }
        )
        try:
            journal.flush()
        finally:
            journal.close()
        return finish(journal.path)


def _rate(times: list[float]) -> float:
    """How many there are in a second."""
    return (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 0.0
