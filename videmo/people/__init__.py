"""Who is who: name the tracks of tables after known faces, or put together those that are alike.

What is told is likeness, and not identity: dlib's network says how alike two faces look to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from videmo.errors import (
    DiskFullError,
    PictureError,
    RequestError,
    SetupError,
    TableError,
    VidemoError,
)
from videmo.files import check_writable, shown
from videmo.find import find_movie
from videmo.names import Line, changed_by_hand, people_path, write_people
from videmo.people.company import by_company
from videmo.people.decide import Joined, Member, Verdict, closest, nearest
from videmo.people.described import Progress, Track, describe_tracks
from videmo.people.gallery import Person, check_gallery, draw_gallery, heading
from videmo.people.grouped import Doubt, by_likeness, doubts_of
from videmo.people.known import Known, look_alikes, read_known
from videmo.people.likeness import check_setup, how_told
from videmo.people.meeting import Meeting
from videmo.schema import DEFAULT_DISTANCE, DEFAULT_MIN_SECONDS, FRAME
from videmo.table import Record, read_record, read_table
from videmo.video import Movie

__all__ = ["Cast", "Doubt", "Meeting", "NamedTracks", "name_people"]

NEARLY = 0.1
"""By so much a track is too far from a known person that is shown beside them: as one may see."""

Watch = Callable[[Path], AbstractContextManager[Progress | None]]


@dataclass(frozen=True)
class NamedTracks:
    """Who is who among the tracks of one table."""

    table: Path
    tracks: dict[str, int] = field(default_factory=dict)
    """How many tracks each person has, those seen longest first."""
    nobody: int = 0
    """How many tracks are like nobody, or not seen for long enough."""
    unclear: int = 0
    """How many tracks there are of which no face is aligned, large enough, and plain to see."""
    file: Path | None = None
    """Where it is written."""
    error: VidemoError | None = None
    """Why it is not."""


@dataclass(frozen=True)
class Cast:
    """Who is who in several tables."""

    found: list[NamedTracks]
    people: list[str]
    """Everybody who is in a track."""
    nearly: dict[str, tuple[int, float]]
    """Of known people how many tracks are just too far away, and how far the nearest of them is."""
    absent: dict[str, float | None]
    """The known people who are in none, and how far away the nearest track is; None: there is none
    that can be compared."""
    left_out: list[PictureError]
    """Pictures of known people that could not be used."""
    doubts: list[Doubt]
    """Without known people, who may be two."""
    alike: list[tuple[str, str, float]]
    """Pairs of known people whose pictures are so near that they may be one, and how near."""
    sheets: list[Path]


@dataclass(frozen=True)
class _Described:
    """A table that was read, and what its tracks look like."""

    table: Path
    record: Record
    movie: Movie
    tracks: list[Track]


def name_people(
    tables: Mapping[Path, str],
    folder: Path | str,
    *,
    known: Path | None = None,
    distance: float = DEFAULT_DISTANCE,
    min_seconds: float = DEFAULT_MIN_SECONDS,
    fresh: bool = False,
    movie: Path | None = None,
    watch: Watch | None = None,
) -> Cast:
    """Write who is who beside each table: ``NAME.people.csv``; one bad table costs one table.

    With `known`, a folder of pictures named for people, each track gets the name of the nearest
    person, if that is near enough, or nearly so and the track like others of that name. Without,
    tracks of all tables are put together that look alike, and called person-1 and so on, those seen
    longest first; then `folder` gets pictures of each that can be renamed, and given back as
    `known`. In both cases it gets a sheet with everybody's faces.

    Args:
        tables: as `find_tables` gives them.
        folder: gets ``sheet.jpg`` and, without `known`, ``person-1/1.jpg`` and so on.
        known: one picture or a folder of pictures for each name.
        distance: how far apart faces of one person may be.
        min_seconds: without `known`, who is seen for less gets no name.
        fresh: write even where names were changed by hand.
        movie: where the movie is, if not where it was; for one table only.
        watch: given a table, gives what is told of its progress.

    Raises:
        RequestError: known faces that cannot be used, a folder with people who have names, or names
            that were changed by hand and would be lost; before any work.
        SetupError: dlib or its weights are missing.
        OutputError: `folder` cannot be written.
    """
    folder = Path(folder)
    if movie is not None and len(tables) > 1:
        raise RequestError(f"--movie goes with one table; there are {len(tables)}")
    check_setup()
    if not fresh:
        _check_hands_off(tables)
    if known is None:
        check_gallery(folder)
    faces = read_known(known) if known is not None else Known()
    check_writable(folder / "sheet.jpg")
    described, failed = _describe_all(tables, movie, watch)
    tracks = [one.tracks for one in described]
    doubts: dict[str, tuple[Joined, float | None]] = {}
    if known is None:
        verdicts, names, doubts = by_likeness(tracks, distance, min_seconds)
    else:
        alone = [nearest(of_movie, faces.embeddings, distance) for of_movie in tracks]
        verdicts = by_company(tracks, alone, distance)
        names = list(faces.embeddings)
    how = how_told("likeness" if known is None else "known faces", distance)
    found = failed | _write_all(described, verdicts, names, how)
    people = _people(described, verdicts, names, distance, doubts)
    movies = [one.movie for one in described]
    seen = {person.name for person in people if not person.nearly}
    return Cast(
        found=[found[table] for table in tables],
        people=[name for name in names if name in seen],
        nearly={person.name: person.nearest for person in people if person.nearly},
        absent=_absent(described, faces, [name for name in names if name not in seen]),
        left_out=faces.left_out,
        doubts=doubts_of(doubts, [tables[one.table] for one in described]),
        alike=look_alikes(faces, distance),
        sheets=draw_gallery(folder, people, movies, heading(people), pictures=known is None),
    )


def _check_hands_off(tables: Iterable[Path]) -> None:
    for table in tables:
        if changed_by_hand(table):
            raise RequestError(
                f"{shown(people_path(table))}: names in it were changed by hand, and would be "
                "lost; move it away, or say --fresh"
            )


def _describe_all(
    tables: Iterable[Path], movie: Path | None, watch: Watch | None
) -> tuple[list[_Described], dict[Path, NamedTracks]]:
    """Describe the tracks of each table; gives apart what became of those that cannot be."""
    described: list[_Described] = []
    failed: dict[Path, NamedTracks] = {}
    for table in tables:
        try:
            with watch(table) if watch else nullcontext() as progress:
                described.append(_describe(table, movie, progress))
        except (DiskFullError, SetupError):
            raise
        except VidemoError as error:
            failed[table] = NamedTracks(table, error=error)
    return described, failed


def _describe(table: Path, movie: Path | None, progress: Progress | None) -> _Described:
    rows, record = read_table(table), read_record(table)
    if record["model"]["crop"] == FRAME:
        raise TableError(
            f"{shown(table)}: its model looked at whole pictures, so there are no faces in it; "
            "scan the movie with a model of faces"
        )
    check_writable(people_path(table))
    place = find_movie(table, record, movie)
    return _Described(table, record, place, describe_tracks(rows, place, record["end"], progress))


def _write_all(
    described: Sequence[_Described],
    verdicts: Sequence[dict[int, Verdict]],
    names: Sequence[str],
    how: Record,
) -> dict[Path, NamedTracks]:
    """Write who is who beside each table; gives what became of each."""
    found: dict[Path, NamedTracks] = {}
    for one, verdict in zip(described, verdicts, strict=True):
        try:
            found[one.table] = _write(one, verdict, names, how)
        except DiskFullError:
            raise
        except VidemoError as error:
            found[one.table] = NamedTracks(one.table, error=error)
    return found


def _write(
    one: _Described, verdict: dict[int, Verdict], names: Sequence[str], how: Record
) -> NamedTracks:
    lines = [Line(track.number, *verdict[track.number][:2]) for track in one.tracks]
    file = write_people(one.table, one.record, lines, names, how)
    tracks = Counter(line.person for line in lines)
    unclear = sum(not track.faces for track in one.tracks)
    nobody = tracks.pop("", 0) - unclear
    of_names = {name: tracks[name] for name in names if tracks[name]}
    return NamedTracks(one.table, of_names, nobody, unclear, file)


def _people(
    described: Sequence[_Described],
    verdicts: Sequence[dict[int, Verdict]],
    names: Sequence[str],
    distance: float,
    doubts: Mapping[str, tuple[Joined, float | None]],
) -> list[Person]:
    """Everybody who is in a track; after each who may be the same, but is just too far away; and at
    the end those whom nobody knows."""
    rows = [(name, nearly) for name in names for nearly in (False, True)] + [("", False)]
    of_row: dict[tuple[str, bool], list[tuple[Member, float | None]]] = {row: [] for row in rows}
    for index, one in enumerate(described):
        for track in one.tracks:
            name, away, near = verdicts[index][track.number]
            row = (near, True) if near and (away or 0.0) < distance + NEARLY else (name, False)
            if track.faces:
                of_row[row].append((Member(index, track), away))
    for members in of_row.values():
        members.sort(key=lambda member: -member[0].track.seconds)
    just = {name: join.distance for name, (join, _) in doubts.items()}
    return [
        Person(name, tuple(of_row[name, near]), near, just.get(name))
        for name, near in rows
        if of_row[name, near]
    ]


def _absent(
    described: Sequence[_Described], known: Known, names: Sequence[str]
) -> dict[str, float | None]:
    """How far away the nearest track is from each of `names`; None: none can be compared."""
    tracks = [track for one in described for track in one.tracks]
    return {name: closest(tracks, known.embeddings[name]) for name in names}
