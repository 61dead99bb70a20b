"""Many movies: those named one by one, or whole folders overnight; one that is bad costs one."""

from videmo.archive.ledger import (
    FAILED,
    OK,
    PARTIAL,
    SKIPPED,
    Entry,
    ledger_path,
    read_ledgers,
    why_partial,
)
from videmo.archive.named import Outcome, scan_movies
from videmo.archive.overnight import Limits, Standing, scan_archive
from videmo.archive.share import Shard, shard_of_environment
from videmo.archive.walk import Found, find_movies

__all__ = [
    "FAILED",
    "OK",
    "PARTIAL",
    "SKIPPED",
    "Entry",
    "Found",
    "Limits",
    "Outcome",
    "Shard",
    "Standing",
    "find_movies",
    "ledger_path",
    "read_ledgers",
    "scan_archive",
    "scan_movies",
    "shard_of_environment",
    "why_partial",
]
