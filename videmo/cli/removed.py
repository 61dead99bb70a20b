"""Options that there were once, and what to use instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from videmo.errors import RequestError


def gone(option: str, instead: str, *, flag: bool = True) -> Callable[[Any], Any]:
    """The hidden `option`, of which no more than this is left."""

    def refuse(ctx: click.Context, param: click.Parameter, value: Any) -> None:
        if value and not ctx.resilient_parsing:
            raise RequestError(f"{option}: is gone; {instead}")

    how: dict[str, Any] = {"is_flag": True} if flag else {"type": str}
    return click.option(
        option, hidden=True, expose_value=False, callback=refuse, help="Gone.", **how
    )


class OneOf(click.Choice):  # type: ignore[type-arg]
    """One of some names; of those that there were once it is said what to use instead."""

    def __init__(self, names: tuple[str, ...], removed: Mapping[str, str]) -> None:
        super().__init__(names)
        self.removed = removed

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value in self.removed:
            name = param.opts[0] if param else ""
            raise RequestError(f"{name} {value}: is gone; {self.removed[value]}")
        return super().convert(value, param, ctx)
