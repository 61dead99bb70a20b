"""Extract from a page: one thing at a time, beside what is answered, and how far it is."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from videmo.errors import RequestError, VidemoError
from videmo.exporters import EMOTION, EXPORTERS
from videmo.extract import Extracted, Place, Wanted, extract_tables
from videmo.files import shown
from videmo.moments import Moment


@dataclass
class Job:
    """An extraction."""

    folder: Path
    steps: int
    """How many things are to be made."""
    done: int = 0
    doing: str = ""
    ended: bool = False
    files: int = 0
    errors: list[str] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """How far it is, for a page."""
        share = 1.0 if self.ended else max(0, self.done - 1) / self.steps
        return {
            "share": share,
            "doing": self.doing,
            "ended": self.ended,
            "files": self.files,
            "folder": shown(self.folder.absolute()),
            "errors": self.errors,
        }


class Jobs:
    """The extractions into one folder."""

    def __init__(self, folder: Path, movie: Path | None = None, *, raw: bool = False) -> None:
        self._folder = folder
        self._movie = movie
        self._raw = raw
        self._lock = threading.Lock()
        self._jobs: list[Job] = []

    def start(
        self, table: Path, name: str, moments: Sequence[Moment], exports: Sequence[str]
    ) -> int:
        """Begin to make `exports` of `moments` of a table; gives the job's number.

        Raises:
            RequestError: there is nothing to make, or another one is not done yet.
        """
        unknown = [one for one in exports if one not in EXPORTERS]
        if unknown or not exports:
            raise RequestError(f"say what to make: {', '.join(EXPORTERS)}")
        emotions = tuple(dict.fromkeys(moment.emotion for moment in moments))
        places = (Place(name, moment.track, round(moment.start, 3)) for moment in moments)
        wanted = Wanted(emotions, only=frozenset(places), raw=self._raw)
        of_emotions = sum(EXPORTERS[one].scope == EMOTION for one in exports)
        steps = len(emotions) * of_emotions + len(exports) - of_emotions
        with self._lock:
            if self._jobs and not self._jobs[-1].ended:
                raise RequestError("another extraction is not done yet; wait until it is")
            self._jobs.append(Job(self._folder, steps))
            number = len(self._jobs) - 1
        what = {table: name}, wanted, exports
        threading.Thread(target=self._run, args=(self._jobs[number], what), daemon=True).start()
        return number

    def told(self, number: int) -> dict[str, Any]:
        """How far a job is.

        Raises:
            RequestError: there is no such job.
        """
        if not 0 <= number < len(self._jobs):
            raise RequestError("there is no such extraction")
        return self._jobs[number].told()

    def _run(self, job: Job, what: tuple[dict[Path, str], Wanted, Sequence[str]]) -> None:
        def progress(doing: str) -> None:
            job.done += 1
            job.doing = doing

        tables, wanted, exports = what
        try:
            made = extract_tables(
                tables, wanted, job.folder, exports=exports, movie=self._movie, progress=progress
            )
            _count(job, made)
        except VidemoError as error:
            job.errors.append(str(error))
        except Exception as error:  # whatever it is, the page must not wait for ever
            job.errors.append(f"extraction failed ({type(error).__name__}: {error})")
            raise
        finally:
            job.ended = True


def _count(job: Job, made: Sequence[Extracted]) -> None:
    job.files = sum(len(one.files) for one in made)
    job.errors += [str(error) for one in made for error in one.errors]
