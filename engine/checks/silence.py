"""Checks of what is said to somebody who has been silent for long: WhatsApp takes only templates then.

The rule is exact. What the person began is answered in time. A waiting time is over as long after them as
all the waiting times together that led to it. News (a signal of the other party or of a timer) may come as
long as the state still waits; where nothing is waited for, at any time; and behind an `if` that holds only
of somebody heard lately, no later than that. What may be said later than WhatsApp takes free text has to be
a template, one at a time, with options that are always the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class _Reached:
    """How long a person can have been silent on getting to a state, and what happened meanwhile."""

    silent: float
    path: tuple[str, ...]


def check_silence(subject: Subject) -> None:
    """Note everything that would have to be a template and is none."""
    flow = subject.flow
    if flow.start not in flow.states:
        return
    turns = list(_turns(subject))
    reached = _reached(flow, turns)
    found: dict[tuple[Place, str], tuple[str, str]] = {}
    for turn in turns:
        if turn.state.name in reached and _silent(flow, turn, reached) >= FREE_SECONDS:
            for place, code, message, hint in _faults(subject, turn, reached):
                found.setdefault((place, code), (message, hint))  # one mistake, whichever way leads to it
    for (place, code), (message, hint) in found.items():
        subject.note(place, code, message, hint)


def _turns(subject: Subject) -> Iterator[_Turn]:
    ways = _Ways(subject.flow)
    news = subject.words.signals | signals_to(subject)
    for state in subject.flow.waiting_states:
        yield from _heard(subject, ways, state, news)
        if state.wait:
            for way in ways.of(state, state.wait.target):
                yield _Turn(state, "wait", EVER, way)
        if state.misheard and state.misheard.go:
            for way in ways.of(state, Target(state.misheard.go)):
                yield _Turn(state, "misheard", 0, way)


def _heard(subject: Subject, ways: _Ways, state: State, news: AbstractSet[str]) -> Iterator[_Turn]:
    """What news may lead to, and where an answer of the person's leads; what it says comes in time."""
    answered: set[str] = set()
    for event in sorted(subject.flow.hears(state)):
        for rule in subject.flow.rules(state, event):
            for target in rule.targets.values():
                if event in news:
                    limit = _limit(subject, rule)
                    yield from (
                        _Turn(state, event, limit, way, is_news=True) for way in ways.of(state, target)
                    )
                else:
                    answered |= ways.ends(state, target)
    for end in sorted(answered):
        yield _Turn(state, "said", 0, _Way((end,), ()))


def _limit(subject: Subject, rule: Rule) -> float:
    return subject.words.recent.get(rule.guard or "", EVER)


class _Ways:
    """Every way from a target to where the conversation stays, through passing states."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._onwards: dict[str, tuple[_Way, ...]] = {}
        """From each passing state that was asked for."""
        self._ends: dict[str, frozenset[str]] = {}
        """Likewise: where they end."""

    def ends(self, state: State, target: Target) -> frozenset[str]:
        """Where the conversation may stay in the end."""
        to = self._to(state, target)
        if to is None or to.passing is None:
            return frozenset([to.name] if to else ())
        if to.name not in self._ends:
            self._ends[to.name] = frozenset(way.through[-1] for way in self._ways_on(to))
        return self._ends[to.name]

    def of(self, state: State, target: Target) -> Iterator[_Way]:
        """From a target of a state in which a conversation waits."""
        to = self._to(state, target)
        if to is None:
            return
        yield from _continued(target, to, self._ways_on(to) if to.passing else (self._end(target, to),))

    def _ways_on(self, passing: State) -> tuple[_Way, ...]:
        if passing.name not in self._onwards:
            self._onwards[passing.name] = tuple(self._from(passing, (passing.name,)))
        return self._onwards[passing.name]

    def _from(self, state: State, seen: tuple[str, ...]) -> Iterator[_Way]:
        for outcome in state.passing.targets.values() if state.passing else ():
            to = self._to(state, outcome)
            if to is None or to.name in seen:
                continue
            ways = self._from(to, (*seen, to.name)) if to.passing else (self._end(outcome, to),)
            yield from _continued(outcome, to, ways)

    def _to(self, state: State, target: Target) -> State | None:
        """The state that a target leads to; None where it is wrong, which is noted elsewhere."""
        stays = target.go is None or target.go == HERE
        to = state if stays else self._flow.states.get(target.go or "")
        return None if stays and state.passing else to

    def _end(self, target: Target, to: State) -> _Way:
        """Arriving where the conversation stays, and what is asked there."""
        asks = target.go is not None and (to.name != self._flow.start or target.go == HERE)
        question = (_Said(to.ask, to.options, place_of(to.ask, to.place)),) if asks and to.ask else ()
        return _Way((), question)


def _continued(target: Target, to: State, ways: Iterable[_Way]) -> Iterator[_Way]:
    """These ways, begun by going to a state and saying what the target says."""
    said = _said(target)
    for way in ways:
        yield _Way((to.name, *way.through), (*said, *way.says))


def _said(target: Target) -> tuple[_Said, ...]:
    last = len(target.say) - 1
    return tuple(
        _Said(text, target.options if number == last else (), place_of(text, target.place))
        for number, text in enumerate(target.say)
    )


def _reached(flow: Flow, turns: list[_Turn]) -> dict[str, _Reached]:
    """For each state that can be reached, the longest silence with which its person gets there."""
    reached = {flow.start: _Reached(EVER, (flow.start,))}
    grown = True
    while grown:
        grown = False
        for turn in turns:
            to = turn.way.through[-1]
            if turn.state.name not in reached or (turn.is_news and to == turn.state.name):
                continue  # news that leaves a conversation where it is does not begin its wait anew
            silent = _silent(flow, turn, reached)
            if to not in reached or silent > reached[to].silent:
                reached[to] = _Reached(silent, _path(flow, turn, reached) if silent else (to,))
                grown = True
    return reached


def _silent(flow: Flow, turn: _Turn, reached: Mapping[str, _Reached]) -> float:
    """How long the person can have been silent when this happens. Longer than counts is for ever."""
    before = reached[turn.state.name].silent + _waited(flow, turn.state)
    silent = min(turn.silent, before)
    return silent if silent < FREE_SECONDS else EVER


def _waited(flow: Flow, state: State) -> float:
    """How long a conversation can stand in a state in which nobody says anything."""
    return state.wait.seconds if state.wait and state.name != flow.start else EVER


def _path(flow: Flow, turn: _Turn, reached: Mapping[str, _Reached]) -> tuple[str, ...]:
    """What happened since the person was heard, as far as the silence comes from there."""
    ends = _waited(flow, turn.state) < EVER
    before = reached[turn.state.name].path if ends else (turn.state.name,)
    return (*before, turn.because, *turn.way.through)


def _faults(
    subject: Subject, turn: _Turn, reached: Mapping[str, _Reached]
) -> Iterator[tuple[Place, str, str, str]]:
    """What is wrong with what may be said in a turn that comes late: place, code, message, hint."""
    path = " → ".join(_path(subject.flow, turn, reached))
    late = f"when the person has been silent for over 24 hours ({path})"
    texts = [said for said in turn.way.says if said.text in subject.words.texts]
    free = [said for said in texts if said.text not in subject.words.templates]
    for said in free:
        message = f"`{said.text}` may come {late}, and WhatsApp takes only templates then"
        yield said.place, "late-text", message, f"make it a template in the texts{_or_lately(subject)}"
    for said in texts:
        if isinstance(said.options, str):
            message = f"`{said.text}` offers `{said.options}` {late}, but a template's buttons never change"
            place = place_of(said.options, said.place)
            yield place, "late-options", message, f"do not ask that here{_or_lately(subject)}"
    if len(texts) > 1 and not free:
        together = " and ".join(f"`{said.text}`" for said in texts)
        message = f"{together} may come {late}, and WhatsApp takes one template at a time"
        yield texts[1].place, "late-texts", message, "say it all in one template"


def _or_lately(subject: Subject) -> str:
    guards = " or ".join(f"`if: {name}`" for name in sorted(subject.words.recent))
    return f", or say it only {guards}" if guards else ""
