"""The movies that are looked at: what is shown of each, its pictures, and its corrections."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from videmo.errors import RequestError, VidemoError
from videmo.exporters import EXPORTERS
from videmo.files import file_lock
from videmo.find import find_movie
from videmo.moments import Moment
from videmo.names import people_path
from videmo.plain import tidy
from videmo.report.data import Data, movie_data
from videmo.report.faces import pictures
from videmo.report.look import Look, Scan, look, read_scan
from videmo.review import (
    Key,
    Review,
    TrackName,
    read_review,
    with_person,
    with_track,
    write_review,
)
from videmo.runs import track_spans
from videmo.table import read_record, record_path, review_path
from videmo.video import Movie
from videmo.view.plays import browsers_play
from videmo.view.said import AGAIN, asked_key, key_of, rounded, with_said

KEPT = 4
"""Movies whose tables are kept in memory."""
MOST_FACES = 4000
"""Pictures of faces that are kept, of some kilobytes each."""


class Face(NamedTuple):
    """The best face of a moment."""

    track: int
    frame: int


class Shelf:
    """All movies, by number. May be used by several threads."""

    def __init__(
        self, tables: Mapping[Path, str], *, raw: bool = False, movie: Path | None = None
    ) -> None:
        self.tables = [*tables.items()]
        self._raw = raw
        self._movie = movie
        self._scans: OrderedDict[int, tuple[object, Scan]] = OrderedDict()
        self._movies: dict[int, tuple[object, Movie]] = {}
        self._faces: OrderedDict[tuple[object, int, Face], bytes] = OrderedDict()
        self._lock = threading.RLock()
        self._drawing = threading.Lock()

    def look(self, number: int) -> Look:
        """What there is to show of a movie now.

        Raises:
            VidemoError: its table, or its corrections, cannot be read.
        """
        review = Review() if self._raw else read_review(self._review_path(number))
        return look(self._scan(number), review)

    def movie(self, number: int) -> Movie:
        """The movie itself.

        Raises:
            VidemoError: it is not there, or has changed.
        """
        table, _ = self.tables[number]
        kept, movie = self._movies.get(number, (None, None))
        if movie is not None and kept == self._movie_stamp(number, movie):
            return movie
        movie = find_movie(table, read_record(table), self._movie)
        if movie.series is None:  # a folder does not tell that one of its pictures has changed
            self._movies[number] = self._movie_stamp(number, movie), movie
        return movie

    def _movie_stamp(self, number: int, movie: Movie) -> object:
        """Another one after another scan, or where the movie has changed, or is gone."""
        record = record_path(self.tables[number][0])
        return self._stamp(number), *map(_changed_at, (record, *movie.files))

    def page_data(self, number: int) -> Data:
        """All that a movie's page is given."""
        data = movie_data(self.look(number), removed=True)
        live = {
            "faces": "faces",
            "exports": {name: entry.about for name, entry in EXPORTERS.items()},
            "editable": not self._raw,
        }
        return {**data, "faces": {}, "player": self._player(number), "live": live}

    def _player(self, number: int) -> Data:
        told: Data = {"src": "", "stream": "stream", "lead": 0.0, "why": "", "cannot": ""}
        try:
            movie = self.movie(number)
        except VidemoError as error:
            return {**told, "stream": "", "why": str(error)}
        if browsers_play(movie):
            return {**told, "src": "file", "lead": round(float(movie.lead), 6)}
        return told

    def face(self, number: int, face: Face, others: Iterable[Face] = ()) -> bytes:
        """The picture of a moment's best face; `others` of the movie, which will be asked for, too,
        are drawn with it, so that its table and the movie are read once.

        Raises:
            RequestError: no moment has such a one.
            VidemoError: the movie cannot be read.
        """
        stamp = self._stamp(number)
        with self._drawing:  # one after the other: each seeks in the movie
            if (stamp, number, face) not in self._faces:
                scan = self._scan(number)
                of_face = {Face(one.track, one.best_frame): one for one in scan.found}
                if face not in of_face:
                    now = (one.moment for one in self.look(number).moments)
                    of_face |= {Face(one.track, one.best_frame): one for one in now}
                if face not in of_face:
                    raise RequestError(AGAIN)
                drawn = [*({face, *others} & of_face.keys())]
                moments = [of_face[one] for one in drawn]
                for place, jpeg in pictures(scan, self.movie(number), moments):
                    self._faces[stamp, number, drawn[place]] = jpeg
                while len(self._faces) > MOST_FACES:
                    self._faces.popitem(last=False)
            return self._faces[stamp, number, face]

    def correct(self, number: int, asked: Mapping[str, Any]) -> None:
        """Keep what somebody says of a moment.

        Raises:
            RequestError: there is no such moment, or what is said of it cannot be.
        """
        key = asked_key(asked.get("of"))
        self._change(number, lambda review: with_said(self._scan(number), review, key, asked))

    def name(self, number: int, asked: Mapping[str, Any]) -> None:
        """Keep who a track is, or how somebody is called instead.

        Raises:
            RequestError: there is nobody such, or the name is none.
        """
        now = self.look(number)
        if "forget" in asked:
            self._forget(number, asked_key(asked["forget"]))
            return
        person, was, track = asked.get("person"), asked.get("was"), asked.get("track")
        if not isinstance(person, str):
            raise RequestError("a name is needed")
        person = tidy(person)
        if isinstance(was, str) and was in now.names.values() and person:
            scanned = {*self._scan(number).names.values()}
            self._change(number, lambda review: with_person(review, was, person, scanned))
        elif type(track) is int and track in (spans := track_spans(now.table)):
            named = TrackName(track, *spans[track], person)
            self._change(number, lambda review: with_track(review, named))
        else:
            raise RequestError("a name is needed" if not person else AGAIN)

    def _forget(self, number: int, key: Key) -> None:
        """Take away a name that is about no track that there is."""

        def changed(review: Review) -> Review:
            lost = look(self._scan(number), review).lost_names
            gone = {one for one in lost if rounded(Key(one.track, "", one.start, one.end)) == key}
            if not gone:
                raise RequestError(AGAIN)
            return replace(review, tracks=tuple(t for t in review.tracks if t not in gone))

        self._change(number, changed)

    def _change(self, number: int, change: Callable[[Review], Review]) -> None:
        """Read the corrections as they are now, in case somebody else wrote some, and write them
        changed."""
        if self._raw:
            raise RequestError("with --raw nothing can be corrected; start videmo view without it")
        path = self._review_path(number)
        with self._lock, file_lock(path):
            write_review(path, change(read_review(path)))

    def _review_path(self, number: int) -> Path:
        return review_path(self.tables[number][0])

    def _stamp(self, number: int) -> object:
        """Another one after another scan, or where other names were given."""
        table = self.tables[number][0]
        return tuple(_changed_at(path) for path in (table, people_path(table)))

    def _scan(self, number: int) -> Scan:
        """What the scan found, read anew where the table or the names have changed."""
        table, name = self.tables[number]
        stamp = self._stamp(number)
        with self._lock:
            if number not in self._scans or self._scans[number][0] != stamp:
                self._scans[number] = stamp, read_scan(table, name)
            self._scans.move_to_end(number)
            if len(self._scans) > KEPT:
                self._scans.popitem(last=False)
            return self._scans[number][1]


def _changed_at(path: Path) -> tuple[int, int] | None:
    try:
        about = os.stat(path)
    except OSError:
        return None
    return about.st_mtime_ns, about.st_size


def moments_asked(now: Look, keys: Any) -> list[Moment]:
    """The moments that somebody ticked, as they are after corrections.

    Raises:
        RequestError: one of them is not there, or there is none.
    """
    if not isinstance(keys, list) or not keys:
        raise RequestError("tick what is to be extracted")
    wanted = {asked_key(key) for key in keys}
    there = [(rounded(key_of(seen)), seen.moment) for seen in now.moments if not seen.removed]
    if not wanted <= {key for key, _ in there}:
        raise RequestError(AGAIN)
    return [moment for key, moment in there if key in wanted]
