"""The index of a folder's moments, `index.sqlite`: made from tables, safe to delete, no truth."""

from videmo.index.ask import ORDERS, Asked, is_like
from videmo.index.place import FULL, INDEX, index_in_memory, open_index, read_index, write_error
from videmo.index.store import NOBODY, Index, Kept, Sums

__all__ = [
    "FULL",
    "INDEX",
    "NOBODY",
    "ORDERS",
    "Asked",
    "Index",
    "Kept",
    "Sums",
    "index_in_memory",
    "is_like",
    "open_index",
    "read_index",
    "write_error",
]
