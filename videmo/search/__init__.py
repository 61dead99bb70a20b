"""Search an archive: its index kept up to date with its tables, and moments found in it."""

from videmo.search.find import Found, ask_folder, find_moments
from videmo.search.renew import (
    Renewed,
    Told,
    bring_up_to_date,
    is_up_to_date,
    place_in,
    renew_index,
)

__all__ = [
    "Found",
    "Renewed",
    "Told",
    "ask_folder",
    "bring_up_to_date",
    "find_moments",
    "is_up_to_date",
    "place_in",
    "renew_index",
]
