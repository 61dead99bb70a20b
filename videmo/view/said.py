"""What a page says of a moment, put into the corrections. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from videmo.errors import RequestError
from videmo.moments import Moment
from videmo.plain import tidy_note
from videmo.report.look import Look, Scan, Seen, look
from videmo.review import VERDICTS, Fix, Key, Review, same_span, with_fix
from videmo.schema import TWO_DIGITS
from videmo.table import labels_of

AGAIN = "this moment is not there any more; load the page again"


def asked_key(value: Any) -> Key:
    """Which moment is meant.

    Raises:
        RequestError: that is no moment's name.
    """
    match value:
        case [int(track), str(emotion), int() | float() as start, int() | float() as end]:
            with suppress(OverflowError):  # there are whole numbers that are no times
                return rounded(Key(track, emotion, float(start), float(end)))
    raise RequestError(AGAIN)


def key_of(seen: Seen) -> Key:
    """A moment's name, as the scan found it."""
    return Key(*(getattr(seen.found, name) for name in Key._fields))


def rounded(key: Key) -> Key:
    """As pages name it."""
    return key._replace(start=round(key.start, 3), end=round(key.end, 3))


def with_said(scan: Scan, review: Review, key: Key, asked: Mapping[str, Any]) -> Review:
    """The review with what somebody says of a moment; of what they do not speak stays as it is.

    Raises:
        RequestError: there is no such moment, or what is said of it cannot be.
    """
    now = look(scan, review)
    fix = _changed(_before(now, key), asked, now)
    start = None if asked.get("start") is None else fix.start
    end = None if asked.get("end") is None else fix.end
    _check_parts([seen.moment for seen in now.moments if rounded(key_of(seen)) == key], start, end)
    review = with_fix(review, fix)
    if not fix.says:
        return _freed(scan, review, fix.of)
    _check_ends(look(scan, review), fix, start, end)
    return review


def _check_parts(parts: Sequence[Moment], start: float | None, end: float | None) -> None:
    """Not to take away a part of a moment into which another one was moved.

    Raises:
        RequestError: one of the new ends (None: it stays) would do so.
    """
    late = start is not None and start >= min((one.end for one in parts), default=math.inf)
    early = end is not None and end <= max((one.start for one in parts), default=-math.inf)
    if len(parts) > 1 and (late or early):
        raise RequestError("another moment was moved into this one; put that one's ends right")


def _check_ends(then: Look, fix: Fix, start: float | None, end: float | None) -> None:
    """See whether new ends (None: it stays) come out so.

    Raises:
        RequestError: not so.
    """
    if start is None and end is None:
        return
    if not any(seen.fix == fix for seen in then.moments):
        raise RequestError("nothing is seen of this track there")
    for time in (start, None if end is None else end - TWO_DIGITS):
        for seen in then.moments:
            one = seen.moment
            other = seen.fix not in (None, fix) and one.track == fix.of.track and not seen.removed
            if time is not None and other and one.start <= time < one.end:
                raise RequestError(
                    f"another corrected moment lies there ({one.emotion}, {one.start:.3f} to "
                    f"{one.end:.3f} s); put that one's ends right"
                )


def _before(now: Look, key: Key) -> Fix:
    """What was said of a moment by now, or that nothing was.

    Raises:
        RequestError: there is no such moment.
    """
    lost = {rounded(fix.of): fix for fix in now.lost}
    there = {rounded(key_of(seen)): _own(seen) for seen in now.moments}
    if key in there and key in lost and not there[key].says:
        return there[key]._replace(note=lost[key].note)  # all that still makes sense of that line
    if key not in there | lost:
        raise RequestError(AGAIN)
    return (lost | there)[key]


def _own(seen: Seen) -> Fix:
    """What is said of a moment, in a line that is about no other.

    What was corrected before another scan keeps its line, but for one that is about much more than
    this moment: it may be about others, too, of which nobody speaks.
    """
    of, fix = key_of(seen), seen.fix
    if fix is None:
        return Fix(of)
    if same_span(of, fix.of):
        return fix
    start, end = (t if t and of.start < t < of.end else None for t in (fix.start, fix.end))
    emotion = fix.emotion if fix.emotion != of.emotion else ""
    return Fix(of, fix.verdict, emotion, start, end, fix.note)


def _freed(scan: Scan, review: Review, of: Key) -> Review:
    """The review in which nothing is said of a moment: a line that is about others besides is
    taken apart."""
    seen = look(scan, review).moments
    wide = next((one.fix for one in seen if key_of(one) == of and one.fix), None)
    if wide is None:
        return review
    review = with_fix(review, Fix(wide.of))
    for one in seen:
        if one.fix == wide and key_of(one) != of:
            review = with_fix(review, _own(one))
    return review


def _changed(before: Fix, asked: Mapping[str, Any], now: Look) -> Fix:
    """What somebody says, if it can be.

    Raises:
        RequestError: it cannot.
    """
    of, said = before.of, {**before._asdict(), **asked}
    verdict, emotion, note = (said.get(name) or "" for name in ("verdict", "emotion", "note"))
    labels = labels_of(now.table)
    if verdict not in VERDICTS or emotion not in ("", *labels) or not isinstance(note, str):
        raise RequestError(f"an emotion is one of {', '.join(labels)}")
    start, end = (
        _time(asked[name], now.record["end"]) if name in asked else getattr(before, name)
        for name in ("start", "end")
    )
    start = None if start == round(of.start, 3) else start
    end = None if end == round(of.end, 3) else end
    begin, stop = of.start if start is None else start, of.end if end is None else end
    if begin >= stop:
        raise RequestError("a moment's end comes after its start")
    changed = emotion if emotion != of.emotion else ""
    return Fix(of, verdict, changed, start, end, tidy_note(note))


def _time(value: Any, most: float) -> float | None:
    if value is None:
        return None
    if type(value) not in (int, float) or not 0 <= value <= most + 1e-3:
        raise RequestError(f"a time lies between 0 and {most:.3f} seconds")
    return round(float(value), 3)
