"""What the page of all movies is given: a line for each, and the best moments of all. Pure.

`videmo report` has read every table and writes it once; `videmo view` asks the index each time.
Both say the same, of moments after corrections.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from videmo import __version__
from videmo.files import shown
from videmo.index import Sums
from videmo.moments import Moment, on_screen
from videmo.report.data import emotions_data, seconds_of
from videmo.report.look import Look
from videmo.schema import SCORE
from videmo.table import Record

MOST_BEST = 10
"""Moments of each emotion that are shown of all movies together."""

Data = dict[str, Any]


class Best(NamedTuple):
    """A moment that competes with those of other movies, and what is shown of it."""

    moment: Moment
    link: str
    """The address of its movie's page."""
    face: str
    """That of its picture."""


def sums_of(look: Look) -> Sums:
    """What a movie's moments come to."""
    kept = sum(1 for one in look.moments if not one.removed)
    seen: dict[str, float] = dict.fromkeys(look.names.values(), 0.0)
    for one in on_screen(look.table, look.record["end"]):
        if one.track in look.names:
            seen[look.names[one.track]] += one.end - one.start
    people = sorted(seen, key=lambda person: (-seen[person], person))
    return Sums(kept, seconds_of(look.moments), tuple(people))


def movie_row(name: str, link: str, record: Record | None, sums: Sums | None) -> Data:
    """What is said of one movie; no sums: its table could not be read.

    Args:
        name: the movie's.
        link: the address of its own page.
        record: its table's; None: it could not be read either.
        sums: what its moments come to.
    """
    if record is None:
        nothing: Data = {"seconds": 0.0, "moments": None, "people": [], "held": {}, "labels": []}
        return {"name": shown(name), "link": link, **nothing, "partial": False}
    held = sums.held if sums else record["seconds"]
    return {
        "name": shown(name),
        "link": link,
        "seconds": round(record["end"] - record["settings"]["start"], 3),
        "moments": sums.moments if sums else None,
        "people": list(sums.people) if sums else [],
        "held": {emotion: round(seconds, 3) for emotion, seconds in held.items()},
        "labels": record["labels"],
        "partial": record["status"] != "ok",
    }


def index_data(name: str, rows: Sequence[Data], best: Iterable[Best]) -> Data:
    """What the page of all movies is given."""
    labels = list(dict.fromkeys(label for row in rows for label in row["labels"]))
    return {
        "videmo": __version__,
        "name": shown(name),
        "emotions": emotions_data(labels),
        "movies": [{key: row[key] for key in row if key != "labels"} for row in rows],
        "most": MOST_BEST,
        "best": [_best_data(one) for one in best_of_all(best) if one.moment.emotion in labels],
    }


def best_of_all(moments: Iterable[Best]) -> list[Best]:
    """Of each emotion the best ones, in the order in which `videmo find` has them."""
    taken: dict[str, list[Best]] = {}
    for one in sorted(moments, key=_order):
        of_emotion = taken.setdefault(one.moment.emotion, [])
        if len(of_emotion) < MOST_BEST:
            of_emotion.append(one)
    return [one for of_emotion in taken.values() for one in of_emotion]


def _order(one: Best) -> tuple[float, str, float]:
    moment = one.moment
    return -round(moment.score, SCORE.digits), shown(moment.movie), moment.start


def _best_data(one: Best) -> Data:
    moment = one.moment
    return {
        "movie": shown(moment.movie),
        "link": f"{one.link}#t={round(moment.start, 3)},{round(moment.end, 3)}",
        "emotion": moment.emotion,
        "who": moment.person or f"track {moment.track}",
        "start": round(moment.start, 3),
        "score": round(moment.score, 4),
        "face": one.face,
    }
