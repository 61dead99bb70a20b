"""Share an archive between machines, and cores between movies."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from videmo.errors import RequestError
from videmo.files import sha256

# Slurm's and AWS Batch's variables: the number of this task, how many there are, the first number.
_VARIABLES = (
    ("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN"),
    ("AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE", ""),
)


@dataclass(frozen=True)
class Shard:
    """One part of several into which an archive is divided."""

    number: int = 1
    """From 1."""
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """The shard that `text`, such as ``3/8``, names.

        Raises:
            RequestError: it names none.
        """
        number, _, count = text.partition("/")
        if number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count):
            return cls(int(number), int(count))
        raise RequestError(f"{text}: is no shard; write 3/8 for the third of eight")

    def holds(self, name: str) -> bool:
        """Whether the movie at the place `name` belongs to this shard: by its name alone."""
        return int(sha256(os.fsencode(name)), 16) % self.count == self.number - 1


def shard_of_environment(variables: Mapping[str, str]) -> Shard | None:
    """The shard that Slurm or AWS Batch ask for in the environment; None if they do not.

    Raises:
        RequestError: the array is not numbered in steps of one.
    """
    for number, count, first in _VARIABLES:
        if number in variables and count in variables:
            try:
                low = int(variables.get(first) or 0)
                shard = Shard(int(variables[number]) - low + 1, int(variables[count]))
            except ValueError:
                shard = Shard(0, 0)
            if not 1 <= shard.number <= shard.count:
                raise RequestError(
                    f"{number}={variables[number]}, {count}={variables[count]}: is no shard; "
                    "number the tasks in steps of one, or use --shard"
                )
            return shard
    return None


def cores_for(size: int, left: int, free: int, jobs: int) -> int:
    """The cores that a movie gets when its scan begins.

    As many as its part of all the work left (`size` of `left` bytes) is of all `jobs`, of those
    that are free: many small movies get one each, and a long one that is alone gets all.
    """
    fair = round(jobs * size / left) if left else 1
    return max(1, min(free, fair))
