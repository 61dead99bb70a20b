"""Search an archive: its index kept up to date with its tables, and moments found in it."""

from videmo.search.find import Found, find_moments
from videmo.search.renew import Renewed, renew_index

__all__ = ["Found", "Renewed", "find_moments", "renew_index"]
