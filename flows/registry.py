"""The names that flows.yaml may use for code: steps with their outcomes, and guards.

A step or guard is found by its name in an explicit list, never by importing what a file says.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType, ModuleType
from typing import TypeAlias

from engine.events import Event
from engine.model import StepSpec, Words
from engine.ports import Outcome
from engine.snapshot import Snapshot
from engine.vocabulary import Vocabulary
from flows.claiming import HOLD_OVER
from flows.consent.screen import (
    ELSEWHERE,
    EVENTS,
    NEWS_WITHHELD,
    OPTED_IN_ELSEWHERE,
    OPTED_OUT_ELSEWHERE,
    START,
    STOP,
)
from flows.guards import IMPLIED, RECENT
from flows.reminders import APPOINTMENT_OVER, NEWS_UNDELIVERED, REMINDER_DUE, REQUEST_WAITS
from flows.safety.screen import CRISIS
from flows.texts import Texts
from flows.too_fast import TOO_FAST
from flows.waitlist import OFFER_LAPSED, TIME_RELEASED

Guard: TypeAlias = Callable[[Snapshot, Event, int], bool]
"""A pure predicate on where the conversation stands, what was heard and the time."""

TYPES = frozenset({"text", "words", "number", "time_phrase", "repetition", "series", "slot", "choices"})
"""What a conversation may remember: see `remembers` in flows.yaml."""

NUMBERS_UNDELIVERED = "numbers_undelivered"
"""What somebody in danger was to read, such as the numbers to call, could not be delivered for good."""
NUMBERS_MISSED = "numbers_missed"
"""The signal that tells a therapist of it."""

TIMED_SIGNALS = frozenset(
    {
        "request_expired",
        "alert_unanswered",
        "client_not_told",
        "client_not_reached",
        "talk_fell_silent",
        REMINDER_DUE,
        REQUEST_WAITS,
        APPOINTMENT_OVER,
        "proposal_lapsed",
        TIME_RELEASED,
        OFFER_LAPSED,
        HOLD_OVER,
        NEWS_WITHHELD,
        NEWS_UNDELIVERED,
        NUMBERS_UNDELIVERED,
    }
)
"""Events that timers and the door out send, at whatever moment."""

URGENT = frozenset({CRISIS, *ELSEWHERE.values()})
"""Events that every flow hears in every state, whatever else is going on."""

PERSON_IN_DANGER = "person_in_danger"
"""The signal that tells a therapist of somebody who may be in danger."""

OVERTAKING = frozenset({CRISIS, PERSON_IN_DANGER, NUMBERS_MISSED})
"""Events whose messages wait for nothing else that is owed to the person."""

ALERTED = {
    CRISIS: "alert_on_call",
    "alert_unanswered": "escalate_alert",
    NUMBERS_UNDELIVERED: "have_somebody_phone",
}
DEMANDED = {
    "stranger": {
        **ALERTED,
        STOP: "opt_out_stranger",
        START: "opt_in_stranger",
        OPTED_OUT_ELSEWHERE: "note_opt_out",
        OPTED_IN_ELSEWHERE: "note_opt_in",
    },
    "client": {
        **ALERTED,
        STOP: "opt_out",
        START: "opt_in",
        OPTED_OUT_ELSEWHERE: "note_opt_out",
        OPTED_IN_ELSEWHERE: "opt_in",
        NEWS_WITHHELD: "have_client_phoned",
    },
}
"""By flow: events that every state has to hear, each with the step that has to be among its rules."""

PERSONAL = frozenset({"address", "service_description"})
"""Entities that nobody is asked for before the notice: where somebody lives, what an appointment is for."""
NOTICE_STEP = "check_notice"
BEHIND = {"send_request": [["note_consent"], ["hold_slot", "hold_series"]]}
"""Sending a request agrees to the notice, which is to be written down, and to what was held and read out."""
FLOWS = frozenset({"client", "therapist", "stranger"})
"""Everybody who can write belongs to one of them."""


@dataclass(frozen=True, slots=True)
class Step:
    """A booking step: what it declares, and what it does."""

    spec: StepSpec
    run: Callable[..., Awaitable[Outcome]]


def step(
    *outcomes: str,
    tells: Iterable[str] = (),
    remembers: Iterable[str] = (),
    reaches: str | None = None,
    signals: Mapping[str, str] = MappingProxyType({}),
    sets: Iterable[str] = (),
) -> Callable[[Callable[..., Awaitable[Outcome]]], Step]:
    """Declare a coroutine `name(turn, tx)` as a step with every way it can end: engine.model.StepSpec."""

    def declare(run: Callable[..., Awaitable[Outcome]]) -> Step:
        name = run.__name__
        spec = StepSpec(name, outcomes, tuple(tells), tuple(remembers), reaches, signals, tuple(sets))
        return Step(spec, run)

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
    screened = URGENT | EVENTS | {TOO_FAST}
    return Words(
        steps={name: found.spec for name, found in steps.items()},
        guards=frozenset(guards),
        texts=texts.places(),
        events=frozenset(vocabulary.intents) | commands | frozenset(answers.values()) | screened,
        signals=TIMED_SIGNALS,
        demanded=DEMANDED,
        personal=PERSONAL,
        notice=NOTICE_STEP,
        behind=BEHIND,
        flows=FLOWS,
        entities=answers,
        types=TYPES,
        titles=texts.titles(),
        urgent=URGENT,
        replies={CRISIS: "reply"},
        templates=frozenset(texts.templates),
        recent=RECENT,
        implied=IMPLIED,
    )
