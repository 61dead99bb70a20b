"""What corrections are about, and what each makes of that. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from videmo.review.corrections import REMOVED, SHARE, Fix, Review, TrackName
from videmo.spans import Lasting, overlap


class Span(Lasting, Protocol):
    """A stretch of a track with one emotion: a moment, or a run."""

    @property
    def track(self) -> int: ...
    @property
    def emotion(self) -> str: ...


def corrected_span(span: Span, fix: Fix) -> tuple[str, float, float] | None:
    """Emotion, start and end of what `fix` is about; None: it is taken out.

    Where `span` is only a piece of what was corrected (a run that was looked for with another
    score, or gap), it gets no new ends, but keeps within them.
    """
    if fix.verdict == REMOVED:
        return None
    start = span.start if fix.start is None else fix.start
    end = span.end if fix.end is None else fix.end
    if not same_span(span, fix.of):
        start, end = max(start, span.start), min(end, span.end)
    return (fix.emotion or span.emotion, start, end) if start < end else None


def fixes_of(spans: Sequence[Span], review: Review) -> dict[int, Fix]:
    """Which correction is about each of `spans`, by its index; of several, the nearest."""
    of_track: dict[int, list[Fix]] = defaultdict(list)
    for fix in review.fixes:
        of_track[fix.of.track].append(fix)
    found = {}
    for index, span in enumerate(spans):
        about = [
            (shared, fix)
            for fix in of_track.get(span.track, ())
            if span.emotion in (fix.of.emotion, fix.emotion)
            and (shared := overlap(span, fix.of)) > SHARE * (span.end - span.start)
        ]
        if about:
            found[index] = max(about, key=lambda one: (one[0], _likeness(span, one[1].of)))[1]
    return found


def unmatched(fixes: Iterable[Fix], review: Review) -> list[Fix]:
    """The corrections that are about nothing: none of `fixes`, which `fixes_of` has found."""
    matched = {fix.of for fix in fixes}
    return [fix for fix in review.fixes if fix.of not in matched]


def renamed(
    names: Mapping[int, str], tracks: Mapping[int, tuple[float, float]], review: Review
) -> dict[int, str]:
    """Who each of `tracks` is, after all corrections: of each, from when to when it is seen."""
    who = {t: _named(t, *ends, names.get(t, ""), review) for t, ends in tracks.items()}
    return {track: name for track, name in who.items() if name}


def unmatched_names(tracks: Mapping[int, tuple[float, float]], review: Review) -> list[TrackName]:
    """The names that are about none of `tracks`."""
    matched = {_name_of(track, *ends, review) for track, ends in tracks.items()}
    return [one for one in review.tracks if one not in matched]


def _named(track: int, start: float, end: float, person: str, review: Review) -> str:
    if name := _name_of(track, start, end, review):
        return name.person
    return (review.persons or {}).get(person, person)


def _name_of(track: int, start: float, end: float, review: Review) -> TrackName | None:
    """Which name is about a stretch of a track; of several, that which shares the most."""
    about = [one for one in review.tracks if one.track == track and one.shares(start, end)]
    return max(about, key=lambda one: one.shares(start, end), default=None)


def _likeness(a: Span, b: Span) -> float:
    """How much of what two stretches cover lies in both: from 0 to 1."""
    both = overlap(a, b)
    covered = a.end - a.start + b.end - b.start - both
    return both / covered if covered else 0.0


def same_span(a: Span, b: Span) -> bool:
    """Whether two stretches are more alike than not: no third one is as like."""
    return _likeness(a, b) > SHARE
