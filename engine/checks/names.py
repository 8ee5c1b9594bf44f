"""Checks of what a flow calls things: its start, its states, what it remembers, what was renamed."""

from __future__ import annotations

from engine.checks.subject import Subject
from engine.model import ANYWHERE, HERE, State, place_of
from engine.nearest import nearest

TAKEN = frozenset({HERE, ANYWHERE})
"""Words that mean something else where a state's name may stand."""
SEPARATORS = "~:#"
"""What the engine puts between names in the journal."""


def check_names(subject: Subject) -> None:
    """Note every wrong name outside rules and texts."""
    _check_start(subject)
    _check_remembered(subject)
    _check_renamed(subject)
    for state in subject.flow.states.values():
        _check_state(subject, state)


def _check_start(subject: Subject) -> None:
    flow = subject.flow
    if not flow.start:
        subject.note(flow.place, "no-start", f"the flow `{flow.name}` has no `start`", "name its first state")
    elif subject.known(flow.start, flow.states, "state", flow.place) and flow.states[flow.start].passing:
        message = f"`{flow.start}` is only passed through, so no conversation could begin there"
        subject.note(
            place_of(flow.start, flow.place), "passing-start", message, "start in a state that waits"
        )


def _check_remembered(subject: Subject) -> None:
    flow, words = subject.flow, subject.words
    specs = {rule.step: spec for rule in flow.all_rules() if (spec := subject.spec(rule))}
    filled = {name for spec in specs.values() for name in spec.remembers}
    for name, kind in flow.remembers.items():
        place = place_of(name, flow.place)
        if kind not in words.types:
            message = f"`{name}` is remembered as `{kind}`, which is no type"
            subject.note(place_of(kind, place), "unknown-type", message, nearest(kind, words.types))
        if name not in filled:
            message = f"no step of this flow ever fills `{name}`, so it would always be empty"
            hint = nearest(name, filled - set(flow.remembers)) or "remove it"
            subject.note(place, "never-remembered", message, hint)
    for step, spec in specs.items():
        for name in spec.remembers:
            if name not in flow.remembers:
                message = f"`{step}` remembers `{name}`, which the flow does not let the conversation keep"
                hint = nearest(name, set(flow.remembers) - filled) or f"add `{name}` under `remembers`"
                subject.note(place_of(step or "", flow.place), "unremembered", message, hint)


def _check_renamed(subject: Subject) -> None:
    flow = subject.flow
    for old, new in flow.renamed.items():
        place = place_of(new, flow.place)
        if old in flow.states:
            message = f"`{old}` is renamed but still a state, so nobody would ever be moved"
            subject.note(place_of(old, flow.place), "renamed-state", message, "remove one of the two")
        if new in flow.states and flow.states[new].passing:
            message = f"`{new}` is only passed through, so a stored conversation cannot stand there"
            subject.note(place, "renamed-to-passing", message, "name a state that waits")
        elif new not in flow.states and new in flow.renamed:
            message = f"`{new}` was itself renamed, and names are followed only once"
            subject.note(place, "renamed-twice", message, f"write `{old}: {flow.renamed[new]}`")
        else:
            subject.known(new, flow.states, "state", place)


def _check_state(subject: Subject, state: State) -> None:
    for entity in state.expects:
        subject.known(entity, subject.words.entities, "entity", state.place)
    if not state.about:
        message = f"`{state.name}` does not say what it is about"
        subject.note(state.place, "no-about", message, "add `about`")
    if state.name in TAKEN or any(separator in state.name for separator in SEPARATORS):
        message = f"a state cannot be called `{state.name}`: the word or sign has a meaning of its own"
        subject.note(state.place, "reserved-name", message, "choose another name")
