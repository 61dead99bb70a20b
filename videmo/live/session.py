"""A live session: capture, looking, recording and keeping side by side, each with its own thread.

Each takes the latest picture; none waits for another. What goes wrong in one ends all of them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any

from videmo.draw import Marked
from videmo.errors import VidemoError
from videmo.live.capture import Capture, Gap
from videmo.live.finish import Finished, finish_left
from videmo.live.gauge import Gauge
from videmo.live.hooks import Hook, HookRunner
from videmo.live.keeping import Keeper
from videmo.live.latest import Latest
from videmo.live.look import Look, Looker
from videmo.live.naming import Names
from videmo.live.news import Follower, News
from videmo.live.repeater import Event
from videmo.live.settings import Ended, LiveSettings, Shown, Stats
from videmo.live.shot import Shot
from videmo.video import Arrival, Place, find_place

ENDING = 1.5
"""Seconds that threads have to end, and the hooks of the last events to run."""
HOOK_GRACE = 1.0


class Live:
    """A live source that is looked at; to be used with ``with``.

    Threads: capture, look, keep (the journal), record, and those of hooks. Viewers have theirs.
    """

    def __init__(
        self,
        source: str | int,
        settings: LiveSettings | None = None,
        *,
        names: Names | None = None,
    ) -> None:
        """Prepare what does not need the source; `names` says who somebody is.

        Raises:
            RequestError, SetupError: no such source, model or detector.
        """
        self.settings = settings or LiveSettings()
        self.place: Place = find_place(str(source))
        self.pictures: Latest[Shot] = Latest()
        """The latest picture that was captured."""
        self.looks: Latest[Look] = Latest()
        """The latest picture that was looked at, with faces: subscribe with `looks.each()`."""
        self.news: News[Event | Gap] = News()
        """What happens; followers each have all of it: see `events`."""
        self.left: tuple[Finished | VidemoError, ...] = ()
        """The tables that were made of what killed sessions had left in the folder."""
        self.ended: Ended | None = None
        """What became of it, once it is over."""
        self._over = threading.Event()
        self._looker = Looker(self.settings.scan, self.settings.rule, names)
        self.labels = self._looker.labels
        self._names = names
        how = self.settings
        self._capture = Capture(self.place, how.wish, self._over, how.give_up)
        self._hooks: list[HookRunner] = []
        self._to_look: Latest[Shot] = Latest()
        self._opened = threading.Event()
        self._error: BaseException | None = None
        self._threads: list[threading.Thread] = []
        self._gauge = Gauge()
        self._keeper = Keeper(self.place, how, self.labels, names)
        self._gone: Gap | None = None
        """Where the source was lost, until the looks have ended there, too."""

    def on(
        self,
        emotion: str | None,
        act: Callable[[Event], Any],
        *,
        name: str = "",
        cooldown: float = 0.0,
        ends: bool = True,
        at_once: int = 1,
        stop: Callable[[], None] | None = None,
    ) -> None:
        """Call `act` with each start and, with `ends`, each end of a run of `emotion` (None: of
        any), in a thread of its own; `stop` ends what `act` does when all is over."""
        hook = Hook(name or f"on {emotion}", act, emotion, cooldown, ends)
        self._hooks.append(HookRunner(hook, at_once, stop))

    def __enter__(self) -> Live:
        """Begin. Returns when the first picture is there.

        Raises:
            VidemoError: the source cannot be opened, or what is kept cannot be written.
        """
        if self.settings.folder is not None:
            self.left = tuple(finish_left(self.settings.folder))
        try:
            if self._names is not None:
                self._names.begin(self.settings.scan.gap)
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
        return Follower(self.news).each(timeout)

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
        return self._gauge.stats(len(self._capture.gaps))

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
            self._keeper.offer_sound(arrival.sound)
            return
        assert arrival.frame is not None
        if not self._opened.is_set():
            connection = self._capture.connection
            heard = connection.heard if connection else None
            movie = arrival.frame.movie
            self._keeper.begin(movie, heard, self._marked, self._start, self._over)
        shot = Shot(self._gauge.captured, arrival.frame, arrival.at)
        # What is in the table is in the recording: what is not recorded is not looked at, either.
        kept = self._keeper.offer(shot)
        self._gauge.came(arrival.at, kept)
        if kept:
            self._to_look.put(shot)
        self.pictures.put(shot)
        self._opened.set()

    def _marked(self) -> list[Marked]:
        """The faces that are known now, to be drawn."""
        look = self.looks.value
        return look.marked() if look is not None else []

    def _paused(self, gap: Gap) -> None:
        """The source is gone, or back."""
        if gap.end is None:
            self._gone = gap
        else:
            self._keeper.gap(gap)
        self._tell([gap])

    def _run_looks(self) -> None:
        try:
            self._look_on()
        finally:
            self.looks.close()
            self.news.close()

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
        self._tell(self._looker.stop(self._last_end()))

    def _last_end(self) -> float:
        """When the last picture that was looked at ends, in seconds, as its table will have it."""
        last, movie = self.looks.value, self._capture.movie
        if last is None or movie is None:
            return 0.0
        return float(last.shot.time + 1 / movie.fps)

    def _look(self, shot: Shot) -> None:
        look = self._looker.look(shot)
        self._gauge.looked(look)
        self._keeper.look(look)
        self.looks.put(look)
        self._tell(look.events)

    def _tell(self, events: Iterable[Event | Gap]) -> None:
        events = tuple(events)
        self.news.tell(events)
        for event in events:
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
        if self._names is not None:
            self._names.end()
        # If the source was never there, or hangs: nobody waits for it.
        for one in (self.looks, self.news, self.pictures, self._to_look):
            one.close()
        until = time.monotonic() + HOOK_GRACE
        for hook in self._hooks:
            hook.close(max(0.0, until - time.monotonic()))
        self._keeper.close()
        for name in ("record", "keep"):
            self._join(name, None)
        stats, gaps, finished = self.stats(), tuple(self._capture.gaps), None
        last = self.pictures.value
        try:
            finished = self._keeper.finish(
                gaps,
                frames=stats.captured,
                last=round(last.time, 3) if last is not None else 0.0,
                failures=self._capture.failures,
                not_recorded=stats.not_recorded,
                lag=round(stats.lag, 3),
                slow=round(stats.slow, 3),
            )
        except VidemoError as error:
            self._error = self._error or error
        finally:
            self.ended = Ended(stats, finished, self._keeper.recorded, gaps)

    def _join(self, name: str, seconds: float | None) -> None:
        for thread in self._threads:
            if thread.name == name:
                # One that hangs in a driver or a network is left alone; it ends with FFmpeg's own
                # patience, or with the process.
                thread.join(None if seconds is None else max(0.1, seconds))
