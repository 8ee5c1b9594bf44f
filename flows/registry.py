"""The names that flows.yaml may use for code: steps with their outcomes, and guards.

A step or guard is found by its name in an explicit list, never by importing what a file says.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TypeAlias

from engine.events import Event
from engine.model import StepSpec
from engine.ports import Outcome
from engine.snapshot import Snapshot

Guard: TypeAlias = Callable[[Snapshot, Event, int], bool]
"""A pure predicate on where the conversation stands, what was heard and the time."""


@dataclass(frozen=True, slots=True)
class Step:
    """A booking step: what it declares, and what it does."""

    spec: StepSpec
    run: Callable[..., Awaitable[Outcome]]


def step(
    *outcomes: str, tells: Iterable[str] = (), remembers: Iterable[str] = (), reaches: str | None = None
) -> Callable[[Callable[..., Awaitable[Outcome]]], Step]:
    """Declare a coroutine `name(turn, tx)` as a step, with every way it can end."""

    def declare(run: Callable[..., Awaitable[Outcome]]) -> Step:
        name = run.__name__
        return Step(StepSpec(name, outcomes, tuple(tells), tuple(remembers), reaches), run)

    return declare


def steps_of(*modules: ModuleType) -> dict[str, Step]:
    """The steps that these modules declare, by name."""
    return {
        found.spec.name: found
        for module in modules
        for found in vars(module).values()
        if isinstance(found, Step)
    }


@dataclass(frozen=True, slots=True)
class StepRunner:
    """The engine's port for steps: finds one by name and holds it to what it declared."""

    steps: Mapping[str, Step]
    desk: object
    """What every step may use besides the transaction: see `flows.desk`."""
