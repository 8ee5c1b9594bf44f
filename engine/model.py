"""What flows.yaml means: immutable, each part with its place in the file. It decides nothing.

A `State` is where a conversation waits for a person, or, with `do`, a *passing* state that only
runs a step and moves on. A `Rule` is one sentence: when this is heard, if this holds, do this, go there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Self

HERE = "here"
"""As a target: stay in this state and ask its question again."""
ANYWHERE = "anywhere"
CHOICES = "choices"
"""The type of what is remembered to be offered: a list that its state's `options` may name."""
NO_STEP = ""
"""The only outcome of a rule that runs no step."""


class Place(NamedTuple):
    """Where something is written, counted from 1."""

    line: int = 0
    column: int = 0


NOWHERE = Place()


class Name(str):
    """A name as somebody wrote it: a text that knows where in the file it stands."""

    __slots__ = ("place",)
    place: Place

    def __new__(cls, text: str, place: Place = NOWHERE) -> Self:
        """`text`, found at `place`."""
        name = super().__new__(cls, text)
        name.place = place
        return name


def place_of(name: str, otherwise: Place) -> Place:
    """Where a name stands, or `otherwise` for one that was not read from a file."""
    return name.place if isinstance(name, Name) else otherwise


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
        """The rules to try for an event in a state, in order: its own first, then those for anywhere.

        Nothing is tried behind a rule without a guard.
        """
        rules = (*state.rules.get(event, ()), *self.anywhere.get(event, ()))
        ends = next((number for number, rule in enumerate(rules, 1) if rule.guard is None), len(rules))
        return rules[:ends]

    def hears(self, state: State) -> frozenset[str]:
        """The events that mean something in this state."""
        return frozenset(state.rules) | frozenset(self.anywhere)

    def always_hears(self, event: str) -> bool:
        """Whether every state in which a conversation can be stored has a rule for the event."""
        return event in self.anywhere or all(event in state.rules for state in self.waiting_states)

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

    def standing(self, stored: str) -> State | None:
        """The state that a stored name means today, under its new name if it was renamed.

        None when the flow has no such state any more, or only passes through it.
        """
        state = self.states.get(stored) or self.states.get(self.renamed.get(stored, ""))
        return None if state is None or state.passing else state

    @cached_property
    def standing_options(self) -> Mapping[str, str]:
        """The events that may be tapped long after they were offered, and what they are about."""
        return {
            event: target.regarding
            for rule in self.all_rules()
            for target in rule.targets.values()
            for event in target.options
            if target.regarding
        }


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
    signals: Mapping[str, str] = field(default_factory=dict)
    """Outcomes of which that party has to hear, each with the signal; of the others nobody is told."""
    sets: tuple[str, ...] = ()
    """Events of the timers that it sets for its own conversation."""


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
    titles: frozenset[str]
    """Events that have a title to be shown when they are offered."""
    urgent: frozenset[str] = frozenset()
    """Events that every flow hears in every state, whatever else is going on."""
    replies: Mapping[str, str] = field(default_factory=dict)
    """Events that bring words which have to be said at once, each with their place in a text."""
    templates: frozenset[str] = frozenset()
    """Texts that may also be sent to somebody who has been silent for over 24 hours."""
    recent: Mapping[str, int] = field(default_factory=dict)
    """Guards that hold only of somebody heard lately, each with the most seconds ago."""
    implied: Mapping[str, str] = field(default_factory=dict)
    """Guards, each with another one that holds whenever it does."""
    demanded: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By flow: events that it hears in every state, each with the step that a rule for it has to run."""
    personal: frozenset[str] = frozenset()
    """Entities that tell something of somebody's life."""
    behind: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)
    """Steps that may only run behind others in the same errand: behind one of each of these."""
    flows: frozenset[str] = frozenset()
    """Flows that there have to be."""
    notice: str | None = None
    """The step that sees to it that people are told what becomes of such things."""
