"""What flows.yaml means: immutable, each part with its place in the file. It decides nothing.

A `State` is where a conversation waits for a person, or, with `do`, a *passing* state that only
runs a step and moves on. A `Rule` is one sentence: when this is heard, if this holds, do this, go there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

HERE = "here"
"""As a target: stay in this state and ask its question again."""
ANYWHERE = "anywhere"
NO_STEP = ""
"""The only outcome of a rule that runs no step."""


class Place(NamedTuple):
    """Where something is written, counted from 1."""

    line: int = 0
    column: int = 0


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Target:
    """What an outcome leads to."""

    go: str | None = None
    """A state, `here`, or None to stay without asking again."""
    say: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    """Standing options: events that may be tapped long after."""
    regarding: str | None = None
    """What the standing options are about: the name of something told or remembered."""
    signal: str | None = None
    """The event put into the other party's inbox."""
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Rule:
    """When `event` is heard in `state`, if `guard` holds, run `step`; its outcome picks the target."""

    state: str
    event: str
    number: int
    """Its position among the rules for the same event, from 1."""
    guard: str | None
    step: str | None
    targets: Mapping[str, Target]
    """By outcome; without a step there is one, under `NO_STEP`."""
    place: Place = NOWHERE

    @property
    def name(self) -> str:
        """`choosing_time:pick_option`, the same in the journal, in diagrams and in coverage."""
        return f"{self.state}:{self.event}" + (f"#{self.number}" if self.number > 1 else "")


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a state waits for its person, and where it goes then."""

    seconds: int
    target: Target
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Misheard:
    """What a state says when it did not understand: one text after the other, then it goes elsewhere."""

    say: tuple[str, ...]
    after: int | None = None
    go: str | None = None
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class State:
    """One state of a conversation."""

    name: str
    about: str
    place: Place = NOWHERE
    ask: str | None = None
    options: tuple[str, ...] | str | None = None
    """Events to offer, or the name of a remembered list."""
    expects: tuple[str, ...] = ()
    rules: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    wait: Wait | None = None
    misheard: Misheard | None = None
    passing: Rule | None = None
    """The step of a passing state and where its outcomes lead; such a state is never stored."""

    def own_rules(self) -> Iterator[Rule]:
        """Every rule written in this state."""
        for rules in self.rules.values():
            yield from rules
        if self.passing:
            yield self.passing


@dataclass(frozen=True)
class Flow:
    """One conversation of flows.yaml."""

    name: str
    start: str
    states: Mapping[str, State]
    anywhere: Mapping[str, tuple[Rule, ...]]
    remembers: Mapping[str, str]
    """What the conversation may keep: name and type."""
    renamed: Mapping[str, str]
    """Old state names of conversations already stored."""
    structure: str
    """A hash of everything but words: stored with each conversation."""
    place: Place = NOWHERE
    max_steps: int = 20

    def rules(self, state: State, event: str) -> tuple[Rule, ...]:
        """The rules to try for an event in a state, in order: its own first, then those for anywhere."""
        return (*state.rules.get(event, ()), *self.anywhere.get(event, ()))

    def hears(self, state: State) -> frozenset[str]:
        """The events that mean something in this state."""
        return frozenset(state.rules) | frozenset(self.anywhere)

    def all_rules(self) -> Iterator[Rule]:
        """Every rule of the flow, in the file's order."""
        for rules in self.anywhere.values():
            yield from rules
        for state in self.states.values():
            yield from state.own_rules()

    @cached_property
    def waiting_states(self) -> tuple[State, ...]:
        """The states in which a conversation can be stored."""
        return tuple(state for state in self.states.values() if not state.passing)


Flows = Mapping[str, Flow]


@dataclass(frozen=True, slots=True)
class StepSpec:
    """What a step declares, so that a flow can be checked without running it."""

    name: str
    outcomes: tuple[str, ...]
    tells: tuple[str, ...] = ()
    """Names that its outcomes may give to texts."""
    remembers: tuple[str, ...] = ()
    """What it may put into the conversation's memory."""
    reaches: str | None = None
    """The flow of the other party, to which its outcomes may send a signal."""


@dataclass(frozen=True, slots=True)
class Words:
    """Every name that flows.yaml may use, besides its own states."""

    steps: Mapping[str, StepSpec]
    guards: frozenset[str]
    texts: Mapping[str, frozenset[str]]
    """Keys of texts, each with the names of its places."""
    events: frozenset[str]
    """Intents, and what the engine itself reports."""
    signals: frozenset[str]
    """Events that timers send."""
    entities: Mapping[str, str]
    """Entities, each with the event that its being given alone means."""
    types: frozenset[str]
