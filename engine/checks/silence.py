"""Checks of what is said to somebody who has been silent for long: WhatsApp takes only templates then.

The rule is exact. What the person began is answered in time. A waiting time is over as long after them as
all the waiting times together that led to it. News (a signal of the other party or of a timer) may come as
long as the state still waits; where nothing is waited for, at any time; and behind an `if` that holds only
of somebody heard lately, no later than that. What may be said later than WhatsApp takes free text has to be
a template, one at a time, with options that are always the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from engine.checks.rules import signals_to
from engine.checks.subject import Subject
from engine.model import HERE, Flow, Place, Rule, State, Target, place_of
from engine.window import FREE_SECONDS

EVER = float("inf")
"""Seconds of a silence that nothing limits."""


@dataclass(frozen=True, slots=True)
class _Said:
    """One text, with what may be answered."""

    text: str
    options: tuple[str, ...] | str | None
    place: Place


@dataclass(frozen=True, slots=True)
class _Way:
    """One way that a turn may go to its end."""

    through: tuple[str, ...]
    """The states it goes to, the last one being where the conversation stays."""
    says: tuple[_Said, ...]


@dataclass(frozen=True, slots=True)
class _Turn:
    """Something that may be heard in a state, and one way that it leads."""

    state: State
    because: str
    silent: float
    """How long the person can have been silent at the most, as far as the rule itself says."""
    way: _Way
    is_news: bool = False


def check_silence(subject: Subject) -> None:
    """Note everything that would have to be a template and is none."""
    flow = subject.flow
    if flow.start not in flow.states:
        return
    turns = list(_turns(subject))
    silences = _silences(flow, turns)
    late = [turn for turn in turns if _silent(flow, turn, silences) >= FREE_SECONDS]
    found: dict[tuple[Place, str], tuple[str, str]] = {}
    for turn in late:
        if turn.state.name in silences:
            for place, code, message, hint in _faults(subject, turn):
                found.setdefault((place, code), (message, hint))  # one mistake, whichever way leads to it
    for (place, code), (message, hint) in found.items():
        subject.note(place, code, message, hint)


def _turns(subject: Subject) -> Iterator[_Turn]:
    flow = subject.flow
    news = subject.words.signals | signals_to(subject)
    for state in flow.waiting_states:
        for event in sorted(flow.hears(state)):
            is_news = event in news
            for rule in flow.rules(state, event):
                limit = _limit(subject, rule) if is_news else 0
                for target in rule.targets.values():
                    for way in _ways(flow, state, target):
                        yield _Turn(state, event, limit, way, is_news=is_news)
        if state.wait:
            for way in _ways(flow, state, state.wait.target):
                yield _Turn(state, "wait", EVER, way)
        if state.misheard and state.misheard.go:
            for way in _ways(flow, state, Target(state.misheard.go)):
                yield _Turn(state, "misheard", 0, way)


def _limit(subject: Subject, rule: Rule) -> float:
    return subject.words.recent.get(rule.guard or "", EVER)


def _ways(flow: Flow, state: State, target: Target, seen: tuple[str, ...] = ()) -> Iterator[_Way]:
    """Every way from a target to where the conversation stays, through passing states."""
    said = _said(target)
    stays = target.go is None or target.go == HERE
    to = state if stays else flow.states.get(target.go or "")
    if to is None or to.name in seen or (stays and state.passing):
        return  # wrong, and noted elsewhere
    if to.passing is None:
        asks = target.go is not None and (to.name != flow.start or target.go == HERE)
        question = (_Said(to.ask, to.options, place_of(to.ask, to.place)),) if asks and to.ask else ()
        yield _Way((to.name,), (*said, *question))
        return
    for outcome in to.passing.targets.values():
        for way in _ways(flow, to, outcome, (*seen, to.name)):
            yield replace(way, through=(to.name, *way.through), says=(*said, *way.says))


def _said(target: Target) -> tuple[_Said, ...]:
    last = len(target.say) - 1
    return tuple(
        _Said(text, target.options if number == last else (), place_of(text, target.place))
        for number, text in enumerate(target.say)
    )


def _silences(flow: Flow, turns: list[_Turn]) -> dict[str, float]:
    """For each state that can be reached, how long its person can have been silent on getting there."""
    silences = {flow.start: EVER}
    grown = True
    while grown:
        grown = False
        for turn in turns:
            to = turn.way.through[-1]
            if turn.state.name not in silences or (turn.is_news and to == turn.state.name):
                continue  # news that leaves a conversation where it is does not begin its wait anew
            silent = _silent(flow, turn, silences)
            if silent > silences.get(to, -1):
                silences[to] = silent
                grown = True
    return silences


def _silent(flow: Flow, turn: _Turn, silences: dict[str, float]) -> float:
    """How long the person can have been silent when this happens. Longer than counts is for ever."""
    state = turn.state
    waited = state.wait.seconds if state.wait and state.name != flow.start else EVER
    silent = min(turn.silent, silences.get(state.name, EVER) + waited)
    return silent if silent < FREE_SECONDS else EVER


def _faults(subject: Subject, turn: _Turn) -> Iterator[tuple[Place, str, str, str]]:
    """What is wrong with what may be said in a turn that comes late: place, code, message, hint."""
    path = " → ".join((turn.state.name, turn.because, *turn.way.through))
    texts = [said for said in turn.way.says if said.text in subject.words.texts]
    free = [said for said in texts if said.text not in subject.words.templates]
    for said in free:
        message = f"`{said.text}` may come when the person has been silent for over 24 hours ({path})"
        hint = f"make it a template in the texts{_or_lately(subject)}"
        yield said.place, "late-text", message, hint
    for said in texts:
        if isinstance(said.options, str):
            message = f"`{said.text}` offers `{said.options}`, but a template's buttons never change ({path})"
            place = place_of(said.options, said.place)
            yield place, "late-options", message, f"do not ask that here{_or_lately(subject)}"
    if len(texts) > 1 and not free:
        together = " and ".join(f"`{said.text}`" for said in texts)
        message = f"{together} may come after 24 hours of silence, and then only one text can ({path})"
        yield texts[1].place, "late-texts", message, "say it all in one template"


def _or_lately(subject: Subject) -> str:
    guards = " or ".join(f"`if: {name}`" for name in sorted(subject.words.recent))
    return f", or say it only {guards}" if guards else ""
