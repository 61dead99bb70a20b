"""What the page of all movies is given: a line for each, and the best moments of all. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from videmo import __version__
from videmo.files import shown
from videmo.report.data import emotions_data, seconds_of
from videmo.report.look import Look

MOST_BEST = 10
"""Moments of each emotion that are shown of all movies together."""

Data = dict[str, Any]


def movie_row(look: Look, data: Data, link: str) -> tuple[Data, list[Data]]:
    """What is said of one movie, and its best moments, which compete with those of others.

    Args:
        look: the movie.
        data: what its own page was given.
        link: the address of that.
    """
    row = {
        "name": data["name"],
        "link": link,
        "seconds": round(data["end"] - data["start"], 3),
        "moments": len(data["moments"]["start"]),
        "people": [lane["who"] for lane in data["lanes"] if lane["named"]],
        "held": {name: round(s, 3) for name, s in seconds_of(look.moments).items()},
        "labels": [emotion["name"] for emotion in data["emotions"]],
        "partial": data["partial"],
    }
    moments, names = data["moments"], row["labels"]
    best = [
        {
            "movie": data["name"],
            "link": f"{link}#t={moments['start'][n]},{moments['end'][n]}",
            "emotion": names[moments["emotion"][n]],
            "who": data["lanes"][moments["lane"][n]]["who"],
            "start": moments["start"][n],
            "score": moments["best"][n],
            "face": face,
        }
        for n, face in ((int(n), face) for n, face in data["faces"].items())
    ]
    return row, _best(best)


def index_data(name: str, rows: Sequence[Data], best: Sequence[Data]) -> Data:
    """What the page of all movies is given."""
    labels = list(dict.fromkeys(label for row in rows for label in row["labels"]))
    return {
        "videmo": __version__,
        "name": shown(name),
        "emotions": emotions_data(labels),
        "movies": [{key: row[key] for key in row if key != "labels"} for row in rows],
        "best": _best(best),
    }


def _best(moments: Sequence[Data]) -> list[Data]:
    """Of each emotion the surest ones."""
    taken: dict[str, list[Data]] = {}
    for moment in sorted(moments, key=lambda m: (-m["score"], m["movie"], m["start"])):
        of_emotion = taken.setdefault(moment["emotion"], [])
        if len(of_emotion) < MOST_BEST:
            of_emotion.append(moment)
    return [moment for of_emotion in taken.values() for moment in of_emotion]
