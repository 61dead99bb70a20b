"""Everything that can go wrong in videmo, as one tree.

Each message is one line: what is wrong, in which file, and what to do next. The command line
shows it as it is and ends with ``exit_code``.
"""


def to_install(extra: str) -> str:
    """How to get what an extra of videmo needs; videmo is installed from its folder."""
    return f'in videmo\'s folder, run: pip install ".[{extra}]"'


class VidemoError(Exception):
    """The root of the tree: catch this to catch everything that videmo raises on purpose."""

    exit_code = 1


class RequestError(VidemoError):
    """What was asked for cannot be: no such file, unknown emotion, nothing to work on."""

    exit_code = 2


class MovieError(VidemoError):
    """A movie cannot be read, or is not the one that was scanned."""


class MissingMovieError(MovieError):
    """A movie that was scanned is not there any more."""


class PictureError(VidemoError):
    """A picture cannot be read."""


class NoPicturesError(MovieError):
    """A file has no moving pictures: only sound, a cover, a still picture; or it is no file."""


class TableError(VidemoError):
    """A table or its record is not whole, or was not written by videmo."""


class OutputError(VidemoError):
    """A result could not be written, or came out wrong."""


class BusyError(OutputError):
    """Another process writes what was to be written."""


class SetupError(VidemoError):
    """The machine lacks something: a codec, what a detector has learnt, a sound model file."""

    exit_code = 3


class DiskFullError(OutputError):
    """No room is left for the results; going on with other movies would be of no use."""

    exit_code = 3
