"""How long what is shown of a moment is, and which of its faces, where there are too many. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from videmo.exporters.selection import Sighting
from videmo.schema import Segment
from videmo.video import TIME_TOLERANCE


def shortened(segment: Segment, seconds: float, faces: Sequence[Sighting]) -> Segment:
    """The segment, no longer than `seconds`: where its `faces`, in order of time, say most.

    Where all of them fit into it, they are in the middle.
    """
    if segment.end - segment.start <= seconds + TIME_TOLERANCE:
        return segment
    times = np.array([face.time for face in faces])
    last = segment.end - seconds
    if times[-1] - times[0] < seconds:
        begin = (times[0] + times[-1] - seconds) / 2
    else:
        begins = np.clip(times, segment.start, last)
        sums = np.concatenate([[0.0], np.cumsum([face.score for face in faces])])
        ends = np.searchsorted(times, begins + seconds - TIME_TOLERANCE)
        said = sums[ends] - sums[np.searchsorted(times, begins - TIME_TOLERANCE)]
        begin = begins[int(np.argmax(np.round(said, 6)))]  # the first of equals
    begin = min(max(segment.start, float(begin)), last)
    return replace(segment, start=begin, end=begin + seconds)


def spread(moments: Sequence[Sequence[Sighting]], most: int) -> list[Sighting]:
    """At most so many of the faces of all moments: as many of each, as far as it has them.

    The best of each is among them, and the others lie evenly over it. Of more moments than that,
    those with the best faces have one each. 0: all faces.
    """
    if not most or sum(map(len, moments)) <= most:
        return [face for faces in moments for face in faces]
    if len(moments) > most:
        best = [max(faces, key=_score) for faces in moments]
        kept = set(heapq.nlargest(most, range(len(best)), key=lambda at: best[at].score))
        return [face for at, face in enumerate(best) if at in kept]
    shares = _shares([len(faces) for faces in moments], most)
    return [
        face for faces, count in zip(moments, shares, strict=True) for face in _some(faces, count)
    ]


def _score(face: Sighting) -> float:
    return face.score


def _shares(lengths: Sequence[int], most: int) -> list[int]:
    """How many of each may be taken: equally many, what short ones leave goes to longer ones."""
    shares, left = [0] * len(lengths), most
    for done, at in enumerate(sorted(range(len(lengths)), key=lengths.__getitem__)):
        shares[at] = min(lengths[at], left // (len(lengths) - done))
        left -= shares[at]
    return shares


def _some(faces: Sequence[Sighting], count: int) -> list[Sighting]:
    """So many of a moment's faces, evenly, the best one instead of the one nearest to it."""
    best = max(range(len(faces)), key=lambda at: faces[at].score)
    places = [at * (len(faces) - 1) // max(1, count - 1) for at in range(count)]
    nearest = min(range(count), key=lambda at: abs(places[at] - best))
    places[nearest] = best
    return [faces[at] for at in places]
