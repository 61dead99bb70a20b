"""Show who is who: a sheet with each person's faces, and pictures that can be renamed."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from videmo.draw import FACE, FACES_A_ROW, PersonRow, Tile, cut_face, people_sheet
from videmo.errors import PictureError, RequestError
from videmo.exporters.selection import remove_others
from videmo.files import shown, write_atomic
from videmo.people.decide import Member
from videmo.people.described import Exemplar
from videmo.people.known import SHEET, only_face
from videmo.pictures import encode_jpeg, reduced
from videmo.plain import counted
from videmo.schema import timecode
from videmo.video import Movie, open_movie

PEOPLE_A_PAGE = 10
TILE_MARGIN = 0.25
LONGEST = 20
"""Letters of a movie's name that stand under a face."""

PICTURES = 5
"""Pictures of a person that are kept, at most."""
PICTURE_NAME = r"\d+\.jpg"
PICTURE_MARGIN = 0.6
"""What is left around a face in a picture, as a part of its box: so that it is found again."""
PICTURE_SIDE = 480
"""Pixels, at most."""

UNNAMED = r"person-\d+"
"""Names that people have before the user gives them others."""


class Portrait(NamedTuple):
    """A face that shows a person: of which track it is, and how far from the others."""

    member: Member
    distance: float | None
    face: Exemplar


class Shown(NamedTuple):
    """A face, cut out of its movie."""

    tile: np.ndarray
    picture: np.ndarray
    """With more around it, and in its own size."""


@dataclass(frozen=True)
class Person:
    """Somebody to be shown, and the tracks that are theirs, those seen longest first."""

    name: str
    """Empty: all those whom nobody knows."""
    members: tuple[tuple[Member, float | None], ...]
    """Each with its distance."""
    nearly: bool = False
    """Whether they are only nearly near enough to this person to be theirs."""
    doubt: float | None = None
    """How unlike two parts of these tracks are that were put together only just; None: none."""

    @property
    def nearest(self) -> tuple[int, float]:
        """How many tracks these are, and the least distance among them."""
        return len(self.members), min((away for _, away in self.members if away), default=0.0)

    @property
    def seconds(self) -> float:
        return sum(member.track.seconds for member, _ in self.members)

    def portraits(self, count: int) -> list[Portrait]:
        """The best face of each track, then the second best of each, and so on."""
        faces = ([Portrait(m, away, face) for face in m.track.faces] for m, away in self.members)
        turns = itertools.chain.from_iterable(itertools.zip_longest(*faces))
        return list(itertools.islice(filter(None, turns), count))


def heading(people: Sequence[Person]) -> tuple[str, str]:
    """What stands over a sheet: how many people, and what to make of it."""
    named = sum(bool(person.name) and not person.nearly for person in people)
    return (
        "1 person" if named == 1 else f"{named} people",
        "by likeness, which is not identity: see for yourself; t3 is track 3, the number behind it "
        "how far away (0: the same)",
    )


def check_gallery(folder: Path) -> None:
    """Find out before the work that nobody in `folder` was given a name.

    Raises:
        RequestError: somebody was.
    """
    for place in sorted(folder.iterdir()) if folder.is_dir() else []:
        if place.is_dir() and not re.fullmatch(UNNAMED, place.name):
            raise RequestError(
                f"{shown(place)}: people in this folder have names; to find them, run: videmo "
                f"people --known {shown(folder)}; to begin anew, choose another folder with -o"
            )


def draw_gallery(
    folder: Path,
    people: Sequence[Person],
    movies: Sequence[Movie],
    heading: tuple[str, str],
    *,
    pictures: bool,
) -> list[Path]:
    """Write ``sheet.jpg`` and, where there are many people, ``sheet-2.jpg`` and on.

    With `pictures` also ``NAME/1.jpg`` ... for each person, which can be given back as known faces.

    Returns:
        The sheets.
    """
    sheets = []
    for page, start in enumerate(range(0, len(people), PEOPLE_A_PAGE), 1):
        part = people[start : start + PEOPLE_A_PAGE]
        wanted = [person.portraits(max(FACES_A_ROW, 2 * PICTURES)) for person in part]
        cut = _cut_out([portrait for of_one in wanted for portrait in of_one], movies)
        rows = [
            _row(person, [(s, cut[s]) for s in of_one[:FACES_A_ROW]], movies)
            for person, of_one in zip(part, wanted, strict=True)
        ]
        sheets.append(folder / ("sheet.jpg" if page == 1 else f"sheet-{page}.jpg"))
        write_atomic(sheets[-1], encode_jpeg(people_sheet(rows, *heading)))
        for person, of_one in zip(part, wanted, strict=True):
            if pictures and person.name:
                _write_pictures(folder / person.name, [cut[s].picture for s in of_one])
    remove_others(folder, SHEET, keep=sheets)
    if pictures:
        _remove_former(folder, {person.name for person in people})
    return sheets


def _cut_out(wanted: Sequence[Portrait], movies: Sequence[Movie]) -> dict[Portrait, Shown]:
    """Each of the wanted faces; a movie is read once."""
    of_movie: dict[int, dict[float, list[Portrait]]] = defaultdict(lambda: defaultdict(list))
    for portrait in wanted:
        of_movie[portrait.member.movie][portrait.face.time].append(portrait)
    cut = {}
    for movie, of_time in of_movie.items():
        times = sorted(of_time)
        with open_movie(movies[movie]) as reader:
            for time, frame in zip(times, reader.at(times), strict=True):
                picture = frame.ordinary
                for portrait in of_time[time]:
                    box = portrait.face.box
                    tile = cut_face(picture, box, margin=TILE_MARGIN, size=FACE)
                    cut_out = cut_face(picture, box, margin=PICTURE_MARGIN)
                    cut[portrait] = Shown(tile, reduced(cut_out, PICTURE_SIDE))
    return cut


def _row(person: Person, faces: list[tuple[Portrait, Shown]], movies: Sequence[Movie]) -> PersonRow:
    faces.sort(key=lambda face: (face[0].member.movie, face[0].face.time))
    tiles = []
    for (member, away, face), (tile, _) in faces:
        lines = [timecode(face.time), f"t{member.track.number}"]
        if away is not None:
            lines[1] += f"  {away:.2f}"
        if len(movies) > 1:
            lines.append(_shortened(movies[member.movie].path.name))
        tiles.append(Tile(tile, tuple(lines)))
    about = f"{counted(len(person.members), 'track')}, {person.seconds:.1f} s"
    if len(movies) > 1:
        about += f", in {counted(len({m.movie for m, _ in person.members}), 'movie')}"
    title = f"{person.name}?" if person.nearly else person.name or "nobody in particular"
    if person.nearly:
        about += ", just too far away to be named"
    if person.doubt is not None:
        about += f"; may be two people: some are only just alike ({person.doubt:.2f})"
    return PersonRow(title, about, tuple(tiles))


def _shortened(name: str) -> str:
    plain = shown(name)
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 9]}..{plain[-7:]}"


def _write_pictures(place: Path, pictures: Sequence[np.ndarray]) -> None:
    """Keep some of the pictures: those in which the face is found again, and no other one."""
    kept: list[Path] = []
    for picture in pictures:
        if len(kept) < PICTURES and _shows_one(picture):
            kept.append(place / f"{len(kept) + 1}.jpg")
            write_atomic(kept[-1], encode_jpeg(picture))
    remove_others(place, PICTURE_NAME, keep=kept)


def _shows_one(picture: np.ndarray) -> bool:
    try:
        only_face(picture, "")
    except PictureError:
        return False
    return True


def _remove_former(folder: Path, names: set[str]) -> None:
    """Remove the pictures of people whom an earlier call found, and this one did not."""
    for place in sorted(folder.iterdir()):
        if place.is_dir() and re.fullmatch(UNNAMED, place.name) and place.name not in names:
            remove_others(place, PICTURE_NAME, keep=[])
            with contextlib.suppress(OSError):  # what else lies there is the user's
                place.rmdir()
