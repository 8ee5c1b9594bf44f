"""Where one conversation stands: all that a decision may depend on besides the event and the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from engine.effects import Option
from engine.events import NOTHING, Value, Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A conversation between two turns. Immutable; `evolve` makes the next one."""

    state: str
    turn: int = 0
    """How many turns have been taken. Timers and offers are bound to it."""
    memory: Values = NOTHING
    """What flows.yaml lets the conversation remember."""
    misses: int = 0
    """How often in a row nothing was understood."""
    offer: tuple[Option, ...] = ()
    """The options the person may choose from now."""
    wakes_at: int | None = None
    """When the state's waiting time is over, in seconds since the epoch."""
    heard_at: int | None = None
    """When the person was last heard, in seconds since the epoch. News for them does not count."""

    def evolve(self, **changes: object) -> Self:
        """A copy with these changes."""
        return replace(self, **changes)  # type: ignore[arg-type]  # the fields check themselves

    def remember(self, facts: Mapping[str, Value]) -> Self:
        """A copy that also remembers these facts; None forgets one."""
        merged = {**self.memory, **facts}
        return self.evolve(memory={name: value for name, value in merged.items() if value is not None})
