"""Brings an agent in line with what it has to hold: entity types, then intents, then routes, then training.

Doing it again writes nothing. An interrupted one is taken up where it ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from channels.understanding.agent.comparison import (
    Difference,
    Found,
    entity_type_differences,
    intent_differences,
    left_alone,
    route_difference,
)
from channels.understanding.agent.console import AlreadyThere, Console
from channels.understanding.agent.content import Content

ROUNDS: Final = 3
"""How often it begins anew when somebody else makes the same things at the same time."""


@dataclass(frozen=True, slots=True)
class Report:
    """All the ways in which an agent differs."""

    differences: tuple[Difference, ...]
    alone: tuple[str, ...]
    """What is none of ours and left alone."""

    @property
    def writes(self) -> int:
        """How many things have to be written."""
        return sum(1 for one in self.differences if one.missing)


@dataclass(slots=True)
class Pushed:
    """What a push did."""

    written: list[str] = field(default_factory=list)
    trained: bool = False
    extra: tuple[Difference, ...] = ()
    """What only the agent has, in things of ours."""
    alone: tuple[str, ...] = ()


def compare(content: Content, found: Found) -> Report:
    """Everything that differs."""
    differences = [*entity_type_differences(content, found), *intent_differences(content, found)]
    routes = route_difference(content, found)
    if routes.missing:
        differences.append(routes)
    return Report(tuple(differences), tuple(left_alone(content, found)))


async def push(
    content: Content,
    console: Console,
    *,
    train: bool = False,
    planned: Callable[[int], None] = lambda _: None,
    done: Callable[[str], None] = lambda _: None,
) -> Pushed:
    """Write what is missing, and have the agent learn it.

    `train`: learn even if nothing was missing. `planned` is told how many steps there will be, `done` each
    of them. Raises `AgentRefused`.
    """
    pushed = Pushed()
    for last in (*[False] * (ROUNDS - 1), True):
        try:
            await _write_all(content, console, pushed, planned, done)
            break
        except AlreadyThere:
            if last:
                raise
    if pushed.written or train:
        await console.train()
        pushed.trained = True
        done("training")
    return pushed


async def _write_all(
    content: Content,
    console: Console,
    pushed: Pushed,
    planned: Callable[[int], None],
    done: Callable[[str], None],
) -> None:
    """One kind after the other: what is written first gives the names that the next kind refers to."""
    found = await console.read()
    report = compare(content, found)
    pushed.alone = report.alone
    pushed.extra = tuple(one for one in report.differences if one.extra)
    planned(report.writes)
    if await _write(console, entity_type_differences(content, found), pushed, done):
        found = await console.read()
    if await _write(console, intent_differences(content, found), pushed, done):
        found = await console.read()
    await _write(console, [route_difference(content, found)], pushed, done)


async def _write(
    console: Console, differences: Iterable[Difference], pushed: Pushed, done: Callable[[str], None]
) -> int:
    before = len(pushed.written)
    for difference in differences:
        if difference.message is not None:
            await console.write(difference.message)
            pushed.written.append(difference.what)
            done(difference.what)
    return len(pushed.written) - before
