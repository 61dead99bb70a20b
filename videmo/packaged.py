"""Weights that lie in the packages of others: found without running these, and checked."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from videmo.errors import SetupError
from videmo.files import sha256, shown


def packaged_weights(package: str, name: str, digest: str, advice: str) -> tuple[Path, bytes]:
    """The file `name` in `package`, where it lies and what is in it; its SHA-256 is `digest`.

    Raises:
        SetupError: it is not there, cannot be read, or is another one; `advice` says what to do.
    """
    spec = find_spec(package)
    places = (spec.submodule_search_locations if spec else None) or []
    path = next((p for p in (Path(place) / name for place in places) if p.is_file()), None)
    if path is None:
        raise SetupError(f"{name}: these weights are missing; {advice}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SetupError(f"{shown(path)}: cannot be read ({error.strerror}); {advice}") from error
    if sha256(content) != digest:
        raise SetupError(f"{shown(path)}: these are other weights than videmo knows; {advice}")
    return path, content
