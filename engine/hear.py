"""What was said -> the event it means in the state the conversation is in. Pure.

Cheapest first: a tap, the number or title of an offered option, a command, an exact word, and only
then the classifier's reading, of which the state leaves over the intents that mean something here.
"""

from __future__ import annotations

import re

from engine.effects import Message
from engine.events import STALE_SIGNAL, STALE_WAIT, WAIT, Event, Heard, Reading, Value
from engine.model import HERE, Flow, State
from engine.named import in_reply, option_named, option_of, option_placed
from engine.narrow import NONE_OF_THESE, narrow, threshold
from engine.opening import has_reservations, opening_answer
from engine.snapshot import Snapshot
from engine.vocabulary import COMMITTING, Vocabulary, normalise

MISHEARD = Event("misheard")
STALE_TAP = Event("stale_tap")
COUNT = re.compile(r"\d{1,3}")
"""A bare number: it can only be that of an option, unless there are none and something else was asked."""
INTERRUPTS = 0.5
"""How sure an intent that leads elsewhere must be to win over the answer that the state expects."""


def hear(
    flow: Flow,
    vocabulary: Vocabulary,
    snapshot: Snapshot,
    heard: Heard,
    reading: Reading | None,
    answered: Message | None = None,
) -> Event:
    """The event that something heard means now. Nothing understood is an event, too: `misheard`.

    `answered`: the message of ours that it was said to, where the channel tells.
    """
    if answered and (event := _in_reply(flow, vocabulary, snapshot, heard, answered)):
        return event
    match heard.kind:
        case "signal":
            known = heard.event is not None and heard.event in flow.hears(_state(flow, snapshot))
            return Event(heard.event if known and heard.event else STALE_SIGNAL, heard.data)
        case "wait":
            return Event(WAIT if heard.data.get("turn") == snapshot.turn else STALE_WAIT)
        case "tap":
            return _tapped(flow, snapshot, heard.tap or "")
        case "media" | "location" if not heard.text:
            return Event(heard.kind, heard.data)
        case _:
            return _read(flow, vocabulary, snapshot, heard, reading)


def _in_reply(
    flow: Flow, vocabulary: Vocabulary, snapshot: Snapshot, heard: Heard, answered: Message
) -> Event | None:
    """What it means as an answer to that message, if it means anything as one."""
    if option := option_of(answered, heard):
        return _tapped(flow, snapshot, option.id)
    if heard.kind != "text":
        return None
    return in_reply(flow, vocabulary, _state(flow, snapshot), heard, answered)


def understood_without_reading(
    flow: Flow, vocabulary: Vocabulary, snapshot: Snapshot, heard: Heard, answered: Message | None = None
) -> Event | None:
    """The event, where no classifier is needed to find it; a paid one is asked only for the rest."""
    if answered and (event := _in_reply(flow, vocabulary, snapshot, heard, answered)):
        return event
    return _plain(flow, vocabulary, snapshot, heard)


def _plain(flow: Flow, vocabulary: Vocabulary, snapshot: Snapshot, heard: Heard) -> Event | None:
    """Options, commands, exact words, and words that are taken as they are."""
    said = normalise(heard.text)
    if not said:
        return MISHEARD
    if option := option_named(snapshot.offer, said) or option_placed(vocabulary, snapshot.offer, said):
        return Event(option.event, option.data)
    state = _state(flow, snapshot)
    word_for_word = _taken_word_for_word(vocabulary, state)
    if COUNT.fullmatch(said) and not word_for_word and (snapshot.offer or not state.expects):
        return MISHEARD
    hears = flow.hears(state)
    if found := vocabulary.command(heard.text, hears):
        command, values = found
        return None if command.times else Event(command.event, values)
    intent = vocabulary.exact(heard.text)
    heard_here = hears & vocabulary.always_heard | state.rules.keys() if word_for_word else hears
    exact = intent if intent in heard_here else word_for_word
    return Event(exact) if exact else None


def _read(
    flow: Flow, vocabulary: Vocabulary, snapshot: Snapshot, heard: Heard, reading: Reading | None
) -> Event:
    state = _state(flow, snapshot)
    reading = reading or Reading(scores=(), read_by="nobody")
    event = _plain(flow, vocabulary, snapshot, heard)
    event = event or _commanded(flow, vocabulary, state, heard, reading)
    return event or _meant(flow, vocabulary, state, heard, reading)


def _commanded(
    flow: Flow, vocabulary: Vocabulary, state: State, heard: Heard, reading: Reading
) -> Event | None:
    """A command with a place that a classifier fills."""
    found = vocabulary.command(heard.text, flow.hears(state))
    return Event(found[0].event, {**reading.entities, **found[1]}) if found else None


def _meant(flow: Flow, vocabulary: Vocabulary, state: State, heard: Heard, reading: Reading) -> Event:
    scores = narrow(reading, flow.hears(state))
    intent, confidence = scores[0] if scores else (NONE_OF_THESE, 0.0)
    facts: dict[str, Value] = dict(reading.entities)
    other = _gives_something_else(flow, vocabulary, state, reading)
    answer = None if other else _answer(vocabulary, state, heard, reading, facts)
    answers = _answers(flow, vocabulary, state)
    opening = opening_answer(vocabulary, heard.text, reading, answers)
    unsure = intent in COMMITTING and has_reservations(vocabulary, heard.text, answers)
    given = any(name in reading.entities for name in state.expects)
    free = answer is not None and any(vocabulary.entities[name].free_text for name in state.expects)
    away = _leads_away(flow, state, intent, given=given, free=free)
    if answer and not (away and confidence >= INTERRUPTS):
        return Event(answer, {**facts, "intent": None if unsure else intent, "opening": opening})
    unclear = confidence < INTERRUPTS or _only_talk(flow, state, intent)
    if opening and unclear:
        return Event(opening, {**facts, "intent": intent, "opening": opening})
    if intent == NONE_OF_THESE:
        return _about_something_else(flow, state, confidence)
    if confidence >= threshold(intent, given=bool(reading.entities)) and not unsure:
        return Event(intent, {**facts, "intent": intent, "confidence": confidence})
    return _whatever_was_given(flow, vocabulary, state, facts, reading) or MISHEARD


def _taken_word_for_word(vocabulary: Vocabulary, state: State) -> str | None:
    """What saying anything means in a state that takes words as they are, but for its own exact words."""
    kinds = (vocabulary.entities[name] for name in state.expects)
    return next((kind.given_as for kind in kinds if kind.verbatim), None)


def _answers(flow: Flow, vocabulary: Vocabulary, state: State) -> frozenset[str]:
    """What the state waits for that can be said in a word, such as yes."""
    said_in_a_word = frozenset(vocabulary.lexicon.values()) & frozenset(state.rules)
    return frozenset(intent for intent in said_in_a_word if not _only_talk(flow, state, intent))


def _whatever_was_given(
    flow: Flow, vocabulary: Vocabulary, state: State, facts: dict[str, Value], reading: Reading
) -> Event | None:
    """Of a message whose purpose is unclear at least the time or the place that it names clearly.

    Not if it is likelier about something that means nothing here ("no, that is all for today"), or that is
    answered in words: a time that is merely mentioned is no wish ("thanks for seeing me on Sunday").
    """
    if reading.intent not in flow.hears(state) or _only_talk(flow, state, reading.intent):
        return None
    given = (kind.given_as for name, kind in vocabulary.entities.items() if name in facts)
    event = next((event for event in given if event in flow.hears(state)), None)
    return Event(event, facts) if event else None


def _about_something_else(flow: Flow, state: State, confidence: float) -> Event:
    """Surely nothing of ours; but a state that counts what it did not understand counts this, too."""
    known = NONE_OF_THESE in flow.hears(state) and state.misheard is None
    return Event(NONE_OF_THESE) if known and confidence >= threshold(NONE_OF_THESE) else MISHEARD


def _leads_away(flow: Flow, state: State, intent: str, *, given: bool, free: bool) -> bool:
    """Whether the intent is about something else than the answer that was given beside it.

    What merely gets an answer in words does not outweigh what the state asked for and was clearly given.
    `free`: the state takes any words for an answer.
    """
    if given and _only_talk(flow, state, intent):
        return False
    if intent == NONE_OF_THESE:
        return not free  # an address is unlike anything that the classifier knows
    return intent in flow.anywhere and intent not in state.rules


def _only_talk(flow: Flow, state: State, intent: str) -> bool:
    """Whether an intent changes nothing here: it is answered in words, or is none that is known."""
    targets = [target for rule in flow.rules(state, intent) for target in rule.targets.values()]
    steps = any(rule.step for rule in flow.rules(state, intent))
    return not steps and all(target.go in (None, HERE) for target in targets)


def _answer(
    vocabulary: Vocabulary, state: State, heard: Heard, reading: Reading, facts: dict[str, Value]
) -> str | None:
    """The event of the first expected entity that was given; what was given is added to the facts."""
    found: str | None = None
    for name in state.expects:
        kind = vocabulary.entities[name]
        value = reading.latent.get(name, reading.entities.get(name))
        if value is None and kind.free_text:
            value = heard.text.strip()
        if value is not None:
            facts[name] = value
            found = found or kind.given_as
    return found


def _gives_something_else(flow: Flow, vocabulary: Vocabulary, state: State, reading: Reading) -> bool:
    """Whether it clearly gives what the state hears, but did not ask for: a time is no address."""
    kinds = [(name, kind) for name, kind in vocabulary.entities.items() if kind.given_as == reading.intent]
    given = any(name in reading.entities and name not in state.expects for name, _ in kinds)
    return given and reading.intent in flow.hears(state) and reading.confidence >= INTERRUPTS


def _state(flow: Flow, snapshot: Snapshot) -> State:
    """The state in which it is heard: one that has gone from the flow is the start."""
    return flow.standing(snapshot.state) or flow.states[flow.start]


def _tapped(flow: Flow, snapshot: Snapshot, tap: str) -> Event:
    """An option acts only while its offer stands; a standing option says itself what it is about."""
    for option in snapshot.offer:
        if option.id == tap:
            return Event(option.event, option.data)
    event, _, subject = tap.partition(":")
    about = flow.standing_options.get(event)
    return Event(event, {about: subject}) if about and subject else STALE_TAP
