"""Who is who in movies, after known faces and by likeness; skipped where dlib is not installed."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.conftest import Made, made, rows_of
from tests.movies import SIZE
from tests.test_cli import check_error, run
from videmo.cli.tell import _doubtful
from videmo.demo import Actor, Place, Shot, Story
from videmo.demo.picture import Painter
from videmo.draw.sheet import FACE, HEADER, MARGIN, ROW_LINE, ROW_TITLE
from videmo.errors import RequestError, SetupError, TableError
from videmo.extract import Extracted, Wanted, extract_tables
from videmo.faces import DetectorConfig, StillPicture, detector_of
from videmo.find import find_tables
from videmo.names import people_path, people_record_path, read_people
from videmo.people import NEARLY, Cast, Doubt, gallery, name_people
from videmo.people.described import _chosen
from videmo.people.gallery import Person
from videmo.people.known import look_alikes, read_known
from videmo.people.likeness import embed, face_in_the_middle, surroundings
from videmo.scan import Scanned, Settings, scan_movie
from videmo.schema import DEFAULT_DISTANCE, Box
from videmo.table import face_boxes, read_record, write_record

pytest.importorskip("dlib")

ANN, BOB = 2, 4
"""Two actors of the demo."""


ROW = ROW_TITLE + FACE + 2 * ROW_LINE + 2 * MARGIN
"""Pixels from one person to the next on a sheet."""


def standing(number: int, x: float, *feelings: tuple[float, str]) -> Actor:
    return Actor(number, (Place(0, x, 115, 96),), feelings or ((0, "happy"),))


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Ann alone, Ann and Bob, Bob alone, nobody, Ann again: all of them happy for a while."""
    changing = ((0, "neutral"), (0.5, "happy"), (1.2, "surprise"))
    shots = (
        Shot(1.5, (standing(ANN, 100, *changing),), background=1),
        Shot(1.5, (standing(ANN, 90), standing(BOB, 230, *changing)), background=2),
        Shot(1.5, (standing(BOB, 150),), background=3),
        Shot(0.5, background=4),
        Shot(1.5, (standing(ANN, 200, (0, "happy"), (0.8, "neutral")),), background=5),
    )
    return made(tmp_path_factory.mktemp("two"), Story(shots, SIZE))


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Ann alone, for a second."""
    story = Story((Shot(1.2, (standing(ANN, 160),), background=1),), SIZE)
    return made(tmp_path_factory.mktemp("short"), story)


def painted(*actors: Actor, size: tuple[int, int] = SIZE) -> np.ndarray:
    """A picture of people (BGR)."""
    return Painter(Story((Shot(1, actors, background=3),), size)).paint(Fraction(0))


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of Ann, and two of Bob in a folder."""
    folder = tmp_path_factory.mktemp("known")
    (folder / "Bob").mkdir()
    cv2.imwrite(str(folder / "Ann.png"), painted(standing(ANN, 160)))
    cv2.imwrite(str(folder / "Bob" / "1.jpg"), painted(standing(BOB, 160)))
    cv2.imwrite(str(folder / "Bob" / "2.jpg"), painted(standing(BOB, 160, (0, "neutral"))))
    return folder


@dataclass(frozen=True)
class Done:
    """A scanned movie, and who was found in it."""

    one: Made
    cast: Cast
    folder: Path
    """With the sheet and the pictures."""


def copied(one: Made, folder: Path) -> Made:
    """The same, with tables of its own."""
    shutil.copytree(one.scanned.table.parent, folder / "tables")
    (folder / one.movie.name).symlink_to(one.movie.resolve())
    table = folder / "tables" / one.scanned.table.name
    return Made(folder / one.movie.name, one.truth, Scanned(table, one.scanned.record))


def done(one: Made, folder: Path, **how: object) -> Done:
    mine = copied(one, folder)
    return Done(mine, named(mine, folder / "people", **how), folder / "people")


@pytest.fixture
def mine(two: Made, tmp_path: Path) -> Made:
    return copied(two, tmp_path)


@pytest.fixture
def mine_short(short: Made, tmp_path: Path) -> Made:
    return copied(short, tmp_path)


@pytest.fixture(scope="module")
def by_known(two: Made, known: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    return done(two, tmp_path_factory.mktemp("by_known"), known=known)


@pytest.fixture(scope="module")
def only_ann(two: Made, known: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    return done(two, tmp_path_factory.mktemp("only_ann"), known=known / "Ann.png")


@pytest.fixture(scope="module")
def by_likeness(two: Made, tmp_path_factory: pytest.TempPathFactory) -> Done:
    return done(two, tmp_path_factory.mktemp("by_likeness"))


@pytest.fixture
def mine_known(by_known: Done, tmp_path: Path) -> Made:
    """A copy, with Ann and Bob named."""
    return copied(by_known.one, tmp_path)


@pytest.fixture
def mine_grouped(by_likeness: Done, tmp_path: Path) -> Made:
    """A copy, with person-1 and person-2, and their pictures in `people`."""
    shutil.copytree(by_likeness.folder, tmp_path / "people")
    return copied(by_likeness.one, tmp_path)


def named(one: Made, folder: Path, **how: object) -> Cast:
    cast = name_people(find_tables([one.scanned.table]), folder, **how)  # type: ignore[arg-type]
    for found in cast.found:
        if found.error:
            raise found.error
    return cast


def actors_of(one: Made) -> dict[int, int]:
    """For each track the actor whom it shows, as the truth says."""
    truth = defaultdict(list)
    for row in one.truth:
        truth[row.frame].append((row.actor, Box(row.x, row.y, row.w, row.h)))
    votes: dict[int, Counter[int]] = defaultdict(Counter)
    rows = one.table[one.table["track"].notna()]
    for frame, track, box in zip(rows["frame"], rows["track"], face_boxes(rows), strict=True):
        votes[track].update(actor for actor, place in truth[frame] if box.iou(place) > 0.4)
    return {track: count.most_common(1)[0][0] for track, count in votes.items()}


def names_of(one: Made) -> dict[int, str]:
    return read_people(one.scanned.table, read_record(one.scanned.table)).names


def test_every_track_gets_the_name_of_its_person(by_known: Done) -> None:
    actors, cast = {ANN: "Ann", BOB: "Bob"}, by_known.cast
    truth = {track: actors[actor] for track, actor in actors_of(by_known.one).items()}
    assert names_of(by_known.one) == truth
    assert cast.people == ["Ann", "Bob"] and not cast.absent and not cast.left_out
    assert cast.found[0].tracks == Counter(truth.values())


def persons(folder: Path) -> set[tuple[str, str]]:
    """The tracks and persons of the runs that were extracted into a folder."""
    with (folder / "segments.csv").open(newline="") as file:
        return {(line["track"], line["person"]) for line in csv.DictReader(file)}


def extracted(one: Made, folder: Path, *names: str, emotion: str = "happy") -> Extracted:
    wanted = Wanted((emotion,), persons=names)
    tables = find_tables([one.scanned.table])
    (made,) = extract_tables(tables, wanted, folder, exports=["crops", "sheet"])
    for error in made.errors:
        raise error
    return made


@pytest.mark.parametrize(("name", "actor"), [("Ann", ANN), ("bob", BOB)])
def test_extraction_by_person_never_gives_the_other_one(
    by_known: Done, tmp_path: Path, name: str, actor: int
) -> None:
    """Each crop lies where the truth says that this actor is."""
    made = extracted(by_known.one, tmp_path / "out", name)
    crops = [p.stem.split("_t") for p in made.files if p.parent.name == "crops"]
    actors = actors_of(by_known.one)
    assert {actors[int(track)] for _, track in crops} == {actor}
    truth = by_known.one.truth
    happy = {row.frame for row in truth if row.actor == actor and row.emotion == "happy"}
    assert len({int(frame) for frame, _ in crops} & happy) > 0.7 * len(happy)


def test_several_persons_can_be_extracted_together(by_known: Done, tmp_path: Path) -> None:
    extracted(by_known.one, tmp_path / "one", "Ann")
    extracted(by_known.one, tmp_path / "both", "Ann", "Bob")
    extracted(by_known.one, tmp_path / "all")
    assert {person for _, person in persons(tmp_path / "one")} == {"Ann"}
    assert {person for _, person in persons(tmp_path / "both")} == {"Ann", "Bob"}
    assert persons(tmp_path / "all") == persons(tmp_path / "both")


def test_a_person_and_a_track_are_wanted_both(by_known: Done, tmp_path: Path) -> None:
    people = read_people(by_known.one.scanned.table, by_known.one.scanned.record)
    tables = find_tables([by_known.one.scanned.table])
    bob = people.tracks_of("Bob")[0]
    for track, hints in ((people.tracks_of("Ann")[0], []), (bob, [f"track {bob} is Bob"])):
        wanted = Wanted(("happy",), persons=("Ann",), tracks=(track,))
        (made,) = extract_tables(tables, wanted, tmp_path, exports=["sheet"])
        assert bool(made.runs["happy"]) == (not hints) and made.hints == hints


def test_whoever_is_not_known_is_nobody(only_ann: Done) -> None:
    actors, names = actors_of(only_ann.one), names_of(only_ann.one)
    assert names == {track: "Ann" for track, actor in actors.items() if actor == ANN}
    assert only_ann.cast.found[0].nobody == sum(actor == BOB for actor in actors.values())


def test_a_known_person_who_is_in_no_track_is_told(
    mine_short: Made, known: Path, tmp_path: Path
) -> None:
    cast = named(mine_short, tmp_path / "people", known=known)
    assert cast.people == ["Ann"]
    assert list(cast.absent) == ["Bob"] and (cast.absent["Bob"] or 0) > 0.55
    with pytest.raises(RequestError, match="Bob: is in no track"):
        extracted(mine_short, tmp_path / "out", "Bob")
    assert not (tmp_path / "out").exists()


def test_without_known_faces_each_group_is_one_person(by_likeness: Done) -> None:
    actors = actors_of(by_likeness.one)
    of_name: dict[str, set[int]] = defaultdict(set)
    for track, name in names_of(by_likeness.one).items():
        of_name[name].add(actors[track])
    assert by_likeness.cast.people == ["person-1", "person-2"]
    assert of_name == {"person-1": {ANN}, "person-2": {BOB}}


def test_a_person_is_found_in_several_movies(mine_short: Made, tmp_path: Path) -> None:
    tables = mine_short.scanned.table.parent
    for suffix in (".faces.csv", ".faces.json"):
        shutil.copy(tables / f"movie.mp4{suffix}", tables / f"again.mp4{suffix}")
    cast = name_people(find_tables([tables]), tmp_path / "people")
    assert cast.people == ["person-1"]
    assert [found.tracks for found in cast.found] == [{"person-1": 1}] * 2


def test_renamed_pictures_name_the_same_tracks(mine_grouped: Made, tmp_path: Path) -> None:
    folder, before = tmp_path / "people", names_of(mine_grouped)
    for number, name in enumerate(("Ann", "Bob"), 1):
        assert len(list((folder / f"person-{number}").glob("*.jpg"))) >= 3
        (folder / f"person-{number}").rename(folder / name)
    named(mine_grouped, folder, known=folder)
    renamed = {"person-1": "Ann", "person-2": "Bob"}
    assert names_of(mine_grouped) == {track: renamed[name] for track, name in before.items()}


def test_people_who_were_given_names_are_not_lost(mine_grouped: Made, tmp_path: Path) -> None:
    (tmp_path / "people" / "person-1").rename(tmp_path / "people" / "Ann")
    with pytest.raises(RequestError, match=r"Ann: people in this folder have names.*--known"):
        named(mine_grouped, tmp_path / "people")


def test_names_that_were_changed_by_hand_are_kept_and_used(
    mine_grouped: Made, tmp_path: Path
) -> None:
    file = people_path(mine_grouped.scanned.table)
    file.write_text(file.read_text().replace("person-2", "Bob"))
    with pytest.raises(RequestError, match=r"movie\.mp4\.people\.csv.*changed by hand.*--fresh"):
        named(mine_grouped, tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()
    extracted(mine_grouped, tmp_path / "out", "Bob")
    assert {person for _, person in persons(tmp_path / "out")} == {"Bob"}
    named(mine_grouped, tmp_path / "elsewhere", fresh=True)
    assert set(names_of(mine_grouped).values()) == {"person-1", "person-2"}


def test_pictures_of_people_who_are_no_longer_found_are_taken_away(
    mine_grouped: Made, tmp_path: Path
) -> None:
    folder = tmp_path / "people"
    (folder / "person-2" / "mine.jpg").write_bytes(b"a picture of the user's")
    named(mine_grouped, folder, min_seconds=1000)
    assert sorted(p.name for p in folder.rglob("*")) == ["mine.jpg", "person-2", "sheet.jpg"]
    assert not names_of(mine_grouped)


def test_after_another_scan_names_must_be_found_again(mine_known: Made, tmp_path: Path) -> None:
    scan_movie(mine_known.movie, mine_known.scanned.table.parent, Settings(every=2))
    with pytest.raises(TableError, match=r"earlier scan.*run again: videmo people"):
        extracted(mine_known, tmp_path / "out", "Ann")
    assert not (tmp_path / "out").exists()


def test_a_table_without_people_says_what_to_run(two: Made, tmp_path: Path) -> None:
    with pytest.raises(TableError, match="run: videmo people"):
        extracted(two, tmp_path / "out", "Ann")
    assert not (tmp_path / "out").exists()


def test_a_name_that_nobody_has_is_refused(by_known: Done, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="Anne: nobody has this name; there are: Ann, Bob"):
        extracted(by_known.one, tmp_path / "out", "Anne")


def test_names_that_are_out_of_date_do_not_keep_from_extracting_everybody(
    mine_known: Made, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    people_record_path(mine_known.scanned.table).write_text("{}")
    assert extracted(mine_known, tmp_path / "out").files
    assert "videmo people" in caplog.text
    assert {person for _, person in persons(tmp_path / "out")} == {""}


def test_one_bad_table_costs_one_table(mine_short: Made, known: Path, tmp_path: Path) -> None:
    tables = mine_short.scanned.table.parent
    bad = tables / "bad.mp4.faces.csv"
    bad.write_bytes(mine_short.scanned.table.read_bytes()[:-10])
    shutil.copy(tables / "movie.mp4.faces.json", tables / "bad.mp4.faces.json")
    cast = name_people(find_tables([tables]), tmp_path / "people", known=known)
    assert [type(found.error) for found in cast.found] == [TableError, type(None)]
    assert not people_path(bad).exists() and names_of(mine_short)


def test_the_sheet_shows_everybody_and_those_whom_nobody_knows(only_ann: Done) -> None:
    (sheet,) = only_ann.cast.sheets
    picture = StillPicture(cv2.imread(str(sheet)))
    faces = detector_of(DetectorConfig(width=0, min_face=0.05)).detect(picture, ())
    rows = Counter(round((face.box.y - HEADER) / ROW) for face in faces)
    assert set(rows) == {0, 1} and all(4 <= count <= 8 for count in rows.values())


def test_who_is_just_too_far_away_is_shown_with_the_distance(
    mine_short: Made, known: Path, tmp_path: Path
) -> None:
    named(mine_short, tmp_path / "people", known=known)
    with people_path(mine_short.scanned.table).open() as file:
        away = [float(row["distance"]) for row in csv.DictReader(file) if row["person"]]
    low = min(away) - 0.01
    cast = named(mine_short, tmp_path / "nearly", known=known, distance=low)
    near = [one for one in away if one < low + NEARLY]
    assert (cast.people, cast.found[0].tracks) == ([], {})
    assert list(cast.nearly) == ["Ann"]
    assert cast.nearly["Ann"] == (len(near), pytest.approx(min(near), abs=1e-4))
    (sheet,) = cast.sheets
    picture = StillPicture(cv2.imread(str(sheet)))
    faces = detector_of(DetectorConfig(width=0, min_face=0.05)).detect(picture, ())
    assert round((min(face.box.y for face in faces) - HEADER) / ROW) == 0
    done = run(
        "people", mine_short.scanned.table, "--known", known, "--distance", low, cwd=tmp_path
    )
    assert f"Ann? {len(near)} track" in done.stdout and f"({min(near):.2f} and more)" in done.stdout


def test_a_row_of_the_sheet_says_that_it_may_be_two_people() -> None:
    one = Person("person-1", (), doubt=0.538)
    assert gallery._row(one, [], []).about.endswith(
        "; may be two people: some are only just alike (0.54)"
    )
    assert "two people" not in gallery._row(replace(one, doubt=None), [], []).about


@pytest.mark.parametrize(
    ("one", "other", "several", "says"),
    [
        ([3], [1], False, "track 3 is only just like track 1 (0.54)"),
        ([1, 2], [3], False, "track 3 is only just like tracks 1 and 2 (0.54)"),
        ([1, 2], [3, 4, 5], True, "tracks 1 and 2 of a are only just like tracks 3, 4 and 5 of a"),
        ([9], list(range(8)), False, "like tracks 0, 1, 2, 3, 4 and 3 more (0.54)"),
    ],
)
def test_a_doubt_is_told_with_the_fewer_tracks_first(
    one: list[int], other: list[int], several: bool, says: str
) -> None:
    parts = ([("a", track) for track in part] for part in (one, other))
    said = _doubtful(Doubt("person-2", *parts, 0.538, 0.53), several=several)
    assert says in said and said.startswith("person-2 may be two people: ")
    assert said.endswith("; see the sheet; --distance 0.53 parts them")


# Pictures of known people


def picture(folder: Path, name: str, pixels: np.ndarray) -> Path:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / name), pixels)
    return folder / name


def test_a_picture_is_of_whom_it_is_named_for(tmp_path: Path) -> None:
    picture(tmp_path, "Ann.jpg", painted(standing(ANN, 160)))
    picture(tmp_path, "Bob/b.png", painted(standing(BOB, 160)))
    picture(tmp_path, "Bob/older/a.jpg", painted(standing(BOB, 120)))
    picture(tmp_path, "sheet.jpg", painted(standing(ANN, 90), standing(BOB, 220)))
    (tmp_path / ".DS_Store").write_bytes(b"\0")
    (tmp_path / "Bob" / "Thumbs.db").write_bytes(b"\0")
    known = read_known(tmp_path)
    assert {name: embeddings.shape for name, embeddings in known.embeddings.items()} == {
        "Ann": (1, 128),
        "Bob": (2, 128),
    }
    assert not known.left_out


@pytest.mark.parametrize(
    ("pixels", "says"),
    [
        (painted(), "no face is found in it"),
        (painted(standing(ANN, 80), standing(BOB, 230)), "there are 2 faces in it; cut out"),
        (np.zeros((1, 1, 3), np.uint8), "no face"),
        (np.zeros((2, 3000, 3), np.uint8), "no face"),
    ],
    ids=["nobody", "two people", "a pixel", "a line"],
)
def test_a_picture_that_cannot_be_used_is_named(
    tmp_path: Path, pixels: np.ndarray, says: str
) -> None:
    picture(tmp_path, "Ann.png", pixels)
    with pytest.raises(RequestError, match=f"Ann.png: {says}"):
        read_known(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_a_file_that_is_no_picture_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "Ann.jpg").write_bytes(content)
    with pytest.raises(RequestError, match=r"Ann\.jpg: is (not a picture|damaged)"):
        read_known(tmp_path)


def test_a_bad_picture_costs_one_picture(tmp_path: Path) -> None:
    picture(tmp_path, "Ann/1.png", painted(standing(ANN, 160)))
    picture(tmp_path, "Ann/2.png", painted())
    known = read_known(tmp_path)
    assert len(known.embeddings["Ann"]) == 1
    assert [str(error).split(":")[0] for error in known.left_out] == [
        str(tmp_path / "Ann" / "2.png")
    ]


def test_somebody_small_in_the_background_does_not_count(tmp_path: Path) -> None:
    large = Actor(ANN, (Place(0, 220, 200, 200),))
    small = Actor(BOB, (Place(0, 520, 150, 80),))
    picture(tmp_path, "Ann.png", painted(large, small, size=(640, 400)))
    assert list(read_known(tmp_path).embeddings) == ["Ann"]


def test_a_face_that_fills_its_picture_is_found(tmp_path: Path) -> None:
    whole = painted(Actor(ANN, (Place(0, 200, 200, 200),)), size=(400, 400))
    picture(tmp_path, "Ann.png", whole[100:300, 100:300])
    assert list(read_known(tmp_path).embeddings) == ["Ann"]


def test_the_size_of_a_picture_does_not_matter(tmp_path: Path) -> None:
    for size in (1, 2, 4):
        actor = Actor(ANN, (Place(0, 200 * size, 150 * size, 110 * size),))
        picture(tmp_path, f"{size}.png", painted(actor, size=(400 * size, 300 * size)))
    embeddings = np.concatenate(list(read_known(tmp_path).embeddings.values()))
    assert np.linalg.norm(embeddings - embeddings[0], axis=1).max() < 0.25


def test_two_names_for_one_face_are_told(tmp_path: Path) -> None:
    picture(tmp_path, "Ann.png", painted(standing(ANN, 160)))
    picture(tmp_path, "Annie.png", painted(standing(ANN, 150)))
    picture(tmp_path, "Bob.png", painted(standing(BOB, 160)))
    alike = look_alikes(read_known(tmp_path), DEFAULT_DISTANCE)
    assert [names for *names, _ in alike] == [["Ann", "Annie"]] and alike[0][2] < 0.3


def test_names_that_become_one_are_refused(tmp_path: Path) -> None:
    picture(tmp_path, "a:b.png", painted(standing(ANN, 160)))
    picture(tmp_path, "a b.png", painted(standing(BOB, 160)))
    with pytest.raises(RequestError, match="the same name"):
        read_known(tmp_path)


def test_a_picture_without_a_name_is_refused(tmp_path: Path) -> None:
    picture(tmp_path, "*.png", painted(standing(ANN, 160)))
    with pytest.raises(RequestError, match="gives no name"):
        read_known(tmp_path)


@pytest.mark.parametrize("name", ["missing", "empty", "x" * 300])
def test_where_nobody_is_known_it_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(RequestError, match=name):
        read_known(tmp_path / name)


def test_known_faces_are_checked_before_any_work(mine: Made, tmp_path: Path) -> None:
    picture(tmp_path, "known/Ann.png", painted())
    with pytest.raises(RequestError, match="no face"):
        named(mine, tmp_path / "people", known=tmp_path / "known")
    assert not (tmp_path / "people").exists()
    assert not people_path(mine.scanned.table).exists()


def test_a_face_at_the_edge_of_the_picture_is_described() -> None:
    whole = painted(standing(ANN, 160))
    at_edge = whole[:, 112:]
    embeddings = []
    for pixels, x in ((whole, 112), (at_edge, 0)):
        square = surroundings(pixels, Box(x, 67, 96, 96))
        face = face_in_the_middle(square)
        assert face is not None
        embeddings.append(embed(square, face))
    assert float(np.linalg.norm(embeddings[0] - embeddings[1])) < 0.35


# The command line


def test_the_commands_work_as_they_stand(
    mine: Made, known: Path, by_known: Done, tmp_path: Path
) -> None:
    """And write the same bytes as other calls did."""
    (tmp_path / "known_faces").symlink_to(known)
    tables = mine.scanned.table.parent
    people = run("people", tables, "--known", "known_faces", cwd=tmp_path)
    assert people.returncode == 0, people.stderr
    assert "movie.mp4.faces.csv: Ann 3 tracks, Bob 2 tracks; written:" in people.stdout
    assert "look at people/sheet.jpg" in people.stdout
    assert "know no names: run videmo report again" in people.stdout
    for path in (people_path, people_record_path):
        theirs = path(by_known.one.scanned.table)
        assert path(mine.scanned.table).read_bytes() == theirs.read_bytes()
    sheet = (tmp_path / "people" / "sheet.jpg").read_bytes()
    assert sheet == (by_known.folder / "sheet.jpg").read_bytes()
    found = run("extract", tables, "--person", "Ann", "-e", "happy", "--as", "sheet", cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    assert {person for _, person in persons(tmp_path / "extracted")} == {"Ann"}


def test_the_command_for_groups_says_what_to_do_next(
    mine: Made, by_likeness: Done, tmp_path: Path
) -> None:
    """And writes the same bytes as another call did."""
    people = run("people", mine.scanned.table.parent, "-o", "groups", cwd=tmp_path)
    assert "rename groups/person-1 and the others" in people.stdout
    assert "videmo people --known groups" in people.stdout
    files = {p.relative_to(by_likeness.folder) for p in by_likeness.folder.rglob("*.jpg")}
    assert len(files) >= 7
    for file in files:
        theirs = (by_likeness.folder / file).read_bytes()
        assert (tmp_path / "groups" / file).read_bytes() == theirs, file


def test_a_movie_in_which_nobody_is_seen_has_no_people(tmp_path: Path) -> None:
    nobody = made(tmp_path, Story((Shot(0.5, background=3),), SIZE))
    cast = named(nobody, tmp_path / "people")
    assert (cast.people, cast.sheets, names_of(nobody)) == ([], [], {})
    assert people_path(nobody.scanned.table).read_text() == "track,person,distance\n"


def test_in_a_table_of_whole_pictures_there_are_no_faces(mine_short: Made, tmp_path: Path) -> None:
    table = mine_short.scanned.table
    record = read_record(table)
    write_record(table, {**record, "model": {**record["model"], "crop": "frame"}})
    with pytest.raises(TableError, match=r"movie\.mp4\.faces\.csv: .* whole pictures.* no faces"):
        named(mine_short, tmp_path / "people")


@pytest.mark.parametrize(
    ("w", "h", "looked_at"),
    [(32, 32, True), (31, 31, False), (29, 39, True), (28, 36, False)],
)
def test_faces_of_every_detector_must_be_as_large(w: int, h: int, looked_at: bool) -> None:
    """Haar's boxes are squares; YuNet's are narrower, and higher."""
    rows = rows_of(["happy"]).assign(x=0, y=0, w=w, h=h)
    assert bool(_chosen(rows)) == looked_at


def test_what_is_wrong_is_one_line(mine: Made, known: Path, tmp_path: Path) -> None:
    table = mine.scanned.table
    said = run("people", table, "--known", "nowhere", cwd=tmp_path)
    check_error(said, 2, "nowhere", "no such file or folder")
    check_error(run("people", cwd=tmp_path), 2, "holds no table")
    said = run("extract", table, "-e", "happy", "--person", "Ann", cwd=tmp_path)
    check_error(said, 1, "movie.mp4.faces.csv", "run: videmo people")


def test_a_picture_left_out_is_told_and_ends_in_1(
    mine_short: Made, known: Path, tmp_path: Path
) -> None:
    shutil.copytree(known, tmp_path / "known")
    picture(tmp_path, "known/Bob/3.png", painted())
    said = run("people", mine_short.scanned.table, "--known", "known", "-q", cwd=tmp_path)
    check_error(said, 1, "known/Bob/3.png", "no face is found", "left out")
    assert said.stdout == "" and names_of(mine_short)


@pytest.mark.parametrize("gone", ["dlib", "face_recognition_models"])
def test_a_missing_extra_is_one_line(mine: Made, tmp_path: Path, gone: str) -> None:
    code = (
        "import importlib.util, sys\n"
        f"sys.modules[{gone!r}] = None\n"
        "find = importlib.util.find_spec\n"
        f"importlib.util.find_spec = lambda name: None if name == {gone!r} else find(name)\n"
        f"sys.argv = ['videmo', 'people', {str(mine.scanned.table)!r}]\n"
        "from videmo.cli import main\n"
        "main()\n"
    )
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    check_error(said, 3, 'pip install ".[people]"')
    assert not (tmp_path / "people").exists()


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from videmo.people import likeness

    package = tmp_path / "face_recognition_models"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('was run')")
    for name in likeness.WEIGHTS:
        (package / "models" / name).write_bytes(b"other weights")
    monkeypatch.syspath_prepend(tmp_path)
    likeness._networks.cache_clear()
    with pytest.raises(SetupError, match="other weights"):
        likeness.check_setup()
