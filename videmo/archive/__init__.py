"""Many movies: those named one by one, or whole folders overnight; one that is bad costs one."""

from videmo.archive.ledger import (
    COPY,
    FAILED,
    OK,
    PARTIAL,
    SKIPPED,
    Entry,
    joined_with,
    ledger_path,
    read_ledgers,
    running,
    why_partial,
)
from videmo.archive.left_out import count_kinds
from videmo.archive.moved import check_folder
from videmo.archive.named import Outcome, scan_movies
from videmo.archive.overnight import Engine, scan_archive
from videmo.archive.process import Limits
from videmo.archive.prune import Gone, find_gone, remove_gone
from videmo.archive.share import Shard, shard_of_environment
from videmo.archive.standing import AtWork, Running, Standing, read_note
from videmo.archive.verify import Verified, verify_tables
from videmo.archive.walk import Candidate, find_movies

__all__ = [
    "COPY",
    "FAILED",
    "OK",
    "PARTIAL",
    "SKIPPED",
    "AtWork",
    "Candidate",
    "Engine",
    "Entry",
    "Gone",
    "Limits",
    "Outcome",
    "Running",
    "Shard",
    "Standing",
    "Verified",
    "check_folder",
    "count_kinds",
    "find_gone",
    "find_movies",
    "joined_with",
    "ledger_path",
    "read_ledgers",
    "read_note",
    "remove_gone",
    "running",
    "scan_archive",
    "scan_movies",
    "shard_of_environment",
    "verify_tables",
    "why_partial",
]
