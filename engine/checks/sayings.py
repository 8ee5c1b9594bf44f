"""Checks of what is said and offered: texts and their places to fill, options and their titles."""

from __future__ import annotations

from collections.abc import Iterable

from engine.checks.subject import Subject
from engine.decide import LOST
from engine.model import CHOICES, HERE, Place, Rule, State, Target, place_of
from engine.nearest import nearest

PICK = "pick_option"


def check_sayings(subject: Subject) -> None:
    """Note every text that is missing or would show a gap, and every option that could not be taken."""
    _check_text(subject, LOST, frozenset(), subject.flow.place)
    for state in subject.flow.states.values():
        if state.ask:
            _check_text(subject, state.ask, _told_on_asking(subject, state), state.place)
        for text in (*_misheard_texts(state), *_silence_texts(state)):
            _check_text(subject, text, frozenset(), state.place)
        _check_options(subject, state)
    for rule in subject.flow.all_rules():
        for target in rule.targets.values():
            for text in target.say:
                _check_text(subject, text, subject.tells(rule), target.place)
            _check_standing_options(subject, rule, target)


def _misheard_texts(state: State) -> Iterable[str]:
    return state.misheard.say if state.misheard else ()


def _silence_texts(state: State) -> Iterable[str]:
    return state.wait.target.say if state.wait else ()


def _check_text(subject: Subject, key: str, told: frozenset[str], otherwise: Place) -> None:
    if not subject.known(key, subject.words.texts, "text", otherwise):
        return
    filled = told | set(subject.flow.remembers)
    for name in sorted(subject.words.texts[key] - filled):
        message = f"the text `{key}` has a place for `{name}`, which nothing is certain to fill here"
        subject.note(place_of(key, otherwise), "unfilled-place", message, nearest(name, filled))


def _told_on_asking(subject: Subject, state: State) -> frozenset[str]:
    """What every way to a state's question tells it, by arriving or by asking again.

    Silence and misunderstandings tell nothing. Arriving at the start asks nothing.
    """
    flow = subject.flow
    ways = [
        subject.tells(rule)
        for event in flow.hears(state)
        for rule in flow.rules(state, event)
        for target in rule.targets.values()
        if target.go == HERE
    ]
    if state.name != flow.start:
        ways += [
            subject.tells(rule)
            for rule in flow.all_rules()
            for target in rule.targets.values()
            if target.go == state.name
        ]
    for other in flow.states.values():
        if other.wait and other.wait.target.go in {state.name, HERE if other is state else state.name}:
            ways.append(frozenset())
        if other.misheard and (other is state or other.misheard.go == state.name):
            ways.append(frozenset())
    return frozenset.intersection(*ways) if ways else frozenset()


def _check_options(subject: Subject, state: State) -> None:
    """The options of a state's question."""
    if state.options and not state.ask:
        message = f"`{state.name}` has options but asks nothing, so they would never be shown"
        subject.note(state.place, "unasked-options", message, "add `ask`")
    if isinstance(state.options, str):
        _check_remembered_options(subject, state, state.options)
    else:
        if PICK in state.rules:
            message = f"`{state.name}` offers nothing that was remembered, so `{PICK}` would never come"
            subject.note(state.rules[PICK][0].place, "never-offered", message)
        for event in state.options or ():
            _check_titled(subject, event, state.place)
            if event not in subject.flow.hears(state):
                message = f"the option `{event}` is offered, but tapping it would mean nothing here"
                place = place_of(event, state.place)
                subject.note(place, "unheard-option", message, f"add `{event}` under `when`")


def _check_remembered_options(subject: Subject, state: State, name: str) -> None:
    remembers = subject.flow.remembers
    place = place_of(name, state.place)
    if name not in remembers:
        message = f"`{state.name}` offers `{name}`, which is not remembered"
        subject.note(place, "unknown-name", message, nearest(name, remembers))
        return
    if remembers[name] != CHOICES:
        message = f"`{state.name}` offers `{name}`, which is remembered as {remembers[name]}"
        subject.note(place, "no-choices", message, f"remember it as `{CHOICES}`")
    if PICK not in subject.flow.hears(state):
        message = f"`{state.name}` offers options but has no rule for `{PICK}`"
        subject.note(place, "unheard-option", message, f"add `{PICK}` under `when`")


def _check_standing_options(subject: Subject, rule: Rule, target: Target) -> None:
    """Options that may be tapped long after they were shown."""
    flow = subject.flow
    if target.options and not target.say:
        place = place_of(target.options[0], target.place)
        subject.note(place, "unasked-options", "options without `say` are never shown", "add `say`")
    if target.options and not target.regarding:
        message = "these options may be tapped long after, but do not say what they are about"
        place = place_of(target.options[0], target.place)
        subject.note(place, "no-subject", message, "add `regarding`")
    for event in target.options:
        _check_titled(subject, event, target.place)
        if not flow.always_hears(event):
            message = f"the option `{event}` may be tapped at any time, but some state does not hear it"
            place = place_of(event, target.place)
            subject.note(place, "unheard-option", message, f"add `{event}` under `anywhere`")
    if target.regarding:
        given = subject.tells(rule) | set(flow.remembers)
        place = place_of(target.regarding, target.place)
        if target.regarding not in given:
            message = f"`regarding: {target.regarding}` is neither remembered nor told by the step"
            subject.note(place, "unknown-name", message, nearest(target.regarding, given))
        if not target.options:
            subject.note(place, "no-options", "`regarding` means nothing without `options`", "remove it")


def _check_titled(subject: Subject, event: str, otherwise: Place) -> None:
    if event not in subject.words.titles:
        message = f"the option `{event}` has no title, so nothing could be shown for it"
        hint = nearest(event, subject.words.titles)
        subject.note(place_of(event, otherwise), "untitled-option", message, hint)
