"""The index of a large archive: how long it takes to make, what it holds in memory, how fast it
answers. Its moments are made, straight as rows: `python -m benchmarks.index [TABLES] [MOMENTS]`.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.memory import peak_memory
from videmo.index import INDEX, Asked, Index, Kept, open_index
from videmo.moments import Moment, Stretch
from videmo.reading import stamps
from videmo.schema import EMOTIONS
from videmo.search import find_moments

TABLES, MOMENTS = 10_000, 5_000_000
PEOPLE = 200
TRACKS = 20
WEIGHTS = (8, 4, 4, 20, 12, 7, 45)
"""How often each emotion is: half of all is neutral, as in real tables."""
QUESTIONS = {
    "the best 50 of all": Asked(limit=50),
    "happy": Asked(("happy",), limit=50),
    "happy, the longest": Asked(("happy",), order="length", limit=50),
    "happy, by movie": Asked(("happy",), order="movie", limit=50),
    "happy, by time": Asked(("happy",), order="time", limit=50),
    "neutral, by movie": Asked(("neutral",), order="movie", limit=50),
    "all, by movie": Asked(order="movie", limit=50),
    "all, longer than 60 s (none), by movie": Asked(seconds=60, order="movie", limit=50),
    "one person, happy": Asked(("happy",), persons=("person 7",), limit=50),
    "one person, all": Asked(persons=("person 7",), order="time", limit=50),
    "happy, longer than 60 s (none)": Asked(("happy",), seconds=60, limit=50),
    "all, longer than 60 s (none)": Asked(seconds=60, limit=50),
    "happy, in movies of a year": Asked(("happy",), movies=("*2019*",), limit=50),
    "happy, in one movie": Asked(("happy",), movies=("*tape-*321.mp4",), limit=50),
    "happy, somebody with another": Asked(("happy",), alongside=("person 9",), limit=50),
    "one person with another, longer than 2 s, sure": Asked(
        ("happy",), ("person 7",), ("person 9",), seconds=2, min_score=0.6, limit=50
    ),
    "one with two others": Asked(("happy",), ("person 7",), ("person 9", "person 8"), limit=50),
}


def main(tables: int = TABLES, moments: int = MOMENTS) -> None:
    with tempfile.TemporaryDirectory() as name:
        start = time.perf_counter()
        each = str(moments // tables)
        largest, _ = peak_memory(["benchmarks.index", "--make", name, str(tables), each])
        took = time.perf_counter() - start
        size = (Path(name) / INDEX).stat().st_size
        print(f"{tables} tables, {tables * int(each)} moments: made in {took:.0f} s, with")
        print(f"{largest / 1e6:.0f} MB of memory at most; {size / 1e6:.0f} MB on the disk")
        begun, worked = time.perf_counter(), time.process_time()
        with find_moments(Path(name), Asked(("happy",), limit=50)) as found:
            count = len(list(found.moments))
        took, worked = time.perf_counter() - begun, time.process_time() - worked
        print(
            f"find, with a look at all tables for changes: {count} moments, {took:.2f} s, of which"
        )
        print(f"{worked:.2f} s of the processor (the rest is what others took of it)")
        again = time.perf_counter()
        with_more(open_index(Path(name)), tables, int(each))
        print(f"one more table: {time.perf_counter() - again:.2f} s")
        ask(Path(name))


def ask(folder: Path) -> None:
    """Put all questions, each to an index that was just opened; twice, as the second time the
    system has what the first one read."""
    for what, asked in QUESTIONS.items():
        took = []
        for _ in range(2):
            begun = time.perf_counter()
            index = open_index(folder)
            found = len(list(index.find(asked)))
            index.close()
            took.append(time.perf_counter() - begun)
        print(f"{what:50} {found:4} moments, {took[0]:6.3f} s, again {took[1]:6.3f} s")


def with_more(index: Index, number: int, each: int) -> None:
    with index.changing():
        index.put(made(number, each))
    index.close()


def make(folder: Path, tables: int, each: int) -> None:
    paths = [folder / made(number, 1).place for number in range(tables)]
    for path in paths:  # empty: they are not read, as long as they do not change
        path.parent.mkdir(exist_ok=True)
        path.touch()
    marks = stamps(paths)
    index = open_index(folder)
    with index.changing(many=True):
        for number, path in enumerate(paths):
            index.put(made(number, each)._replace(stamp=marks[path]))
    index.close()


def made(number: int, each: int) -> Kept:
    """A table of `each` moments, of people of whom each is in one movie of ten."""
    some = random.Random(number)
    name = f"{1990 + number % 35}/tape-{number:05}.mp4"
    persons = {
        track: f"person {some.randrange(PEOPLE)}" if track % 2 else "" for track in range(TRACKS)
    }
    moments = list(_moments(some, name, persons, each))
    stretches = [
        Stretch(track, min(m.start for m in theirs), max(m.end for m in theirs))
        for track in persons
        if (theirs := [moment for moment in moments if moment.track == track])
    ]
    return Kept(
        *(f"{name}.faces.csv", name, "-", f"{number:064x}", moments),
        stretches=stretches,
        persons=persons,
        labels=EMOTIONS,
    )


def _moments(
    some: random.Random, name: str, persons: dict[int, str], each: int
) -> Iterator[Moment]:
    now = 0.0
    for number in range(each):
        track = number * TRACKS // each
        repeat = 1 + int(some.expovariate(0.06))
        now += some.expovariate(1)
        score = some.uniform(0.3, 1)
        first = int(now * 25)
        (emotion,) = some.choices(EMOTIONS, WEIGHTS)
        yield Moment(
            *(name, track, persons[track], emotion, now, now + repeat / 25),
            *(first, first + repeat - 1, repeat, score, min(1, score + 0.1), first, now, repeat),
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--make"]:
        make(Path(sys.argv[2]), *map(int, sys.argv[3:]))
    elif sys.argv[1:2] == ["--ask"]:
        ask(Path(sys.argv[2]))
    else:
        main(*map(int, sys.argv[1:]))
