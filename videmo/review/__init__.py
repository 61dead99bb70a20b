"""Corrections that people made to a movie's moments: kept beside the table, applied to moments.

A table is never changed. `NAME.review.csv` has a line for each correction; it can be read and
changed in a spreadsheet:

    kind    track  start   end     was       now    new_start  new_end  verdict    note
    moment  3      12.480  14.200  happy     sad                                   he cries
    moment  3      20.000  21.500  happy                                removed
    moment  4      30.000  33.000  happy            30.500     33.000   confirmed
    track   3      0.000   95.040            Jim
    person                         person-1  Rachel

They are held to moments by track, time and emotion, and so survive another scan where these still
match; those that match nothing are kept.
"""

from videmo.review.apply import (
    corrected_span,
    fixes_of,
    renamed,
    same_span,
    unmatched,
    unmatched_names,
)
from videmo.review.corrections import (
    CONFIRMED,
    REMOVED,
    VERDICTS,
    Fix,
    Key,
    Review,
    TrackName,
    shifted,
    with_fix,
    with_person,
    with_track,
)
from videmo.review.file import (
    COLUMNS,
    read_review,
    review_text,
    write_review,
)

__all__ = [
    "COLUMNS",
    "CONFIRMED",
    "REMOVED",
    "VERDICTS",
    "Fix",
    "Key",
    "Review",
    "TrackName",
    "corrected_span",
    "fixes_of",
    "read_review",
    "renamed",
    "review_text",
    "same_span",
    "shifted",
    "unmatched",
    "unmatched_names",
    "with_fix",
    "with_person",
    "with_track",
    "write_review",
]
