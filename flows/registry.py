"""The names that flows.yaml may use for code: steps with their outcomes, and guards.

A step or guard is found by its name in an explicit list, never by importing what a file says.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TypeAlias

from engine.events import Event
from engine.model import StepSpec, Words
from engine.ports import Outcome
from engine.snapshot import Snapshot
from engine.vocabulary import Vocabulary
from flows.guards import IMPLIED, RECENT
from flows.safety.screen import CRISIS
from flows.texts import Texts

Guard: TypeAlias = Callable[[Snapshot, Event, int], bool]
"""A pure predicate on where the conversation stands, what was heard and the time."""

TYPES = frozenset({"text", "words", "number", "time_phrase", "slot", "choices"})
"""What a conversation may remember: see `remembers` in flows.yaml."""

TIMED_SIGNALS = frozenset({"request_expired", "alert_unanswered"})
"""Events that timers send."""

URGENT = frozenset({CRISIS})
"""Events of the screen, which goes before everything else."""


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


def words(
    steps: Mapping[str, Step], guards: Mapping[str, Guard], vocabulary: Vocabulary, texts: Texts
) -> Words:
    """Every name that flows.yaml may use."""
    answers = {name: kind.given_as for name, kind in vocabulary.entities.items()}
    commands = {command.event for command in vocabulary.commands}
    return Words(
        steps={name: found.spec for name, found in steps.items()},
        guards=frozenset(guards),
        texts=texts.places(),
        events=frozenset(vocabulary.intents) | commands | frozenset(answers.values()) | URGENT,
        signals=TIMED_SIGNALS,
        entities=answers,
        types=TYPES,
        titles=texts.titles(),
        urgent=URGENT,
        templates=frozenset(texts.templates),
        recent=RECENT,
        implied=IMPLIED,
    )
