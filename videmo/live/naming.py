"""Who a face is: what a session asks of those who know, and what it does with the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from videmo.live.shot import Shot
from videmo.schema import Face


class Names(Protocol):
    """Knows people. `videmo.people.Meeting` is one; tracks are told apart by keys."""

    @property
    def known(self) -> tuple[str, ...]:
        """All whom it knows."""

    @property
    def how(self) -> dict[str, Any]:
        """What is kept of how it knows them."""

    def begin(self, gap: float) -> None:
        """Before the first picture. A track goes on although it is not seen for `gap` seconds."""

    def end(self) -> None:
        """After the last one."""

    def see(self, picture: Shot, faces: Mapping[int, Face]) -> None:
        """These tracks are in a picture; returns at once."""

    def who(self, key: int, time: float) -> tuple[str, bool]:
        """Who a track is (empty: nobody known), and whether it is worth while to wait for that;
        returns at once."""

    def told(self) -> Sequence[tuple[int, str, float | None]]:
        """Of the tracks of which something else is known than was told before: key, person, and
        distance to the nearest known one."""
