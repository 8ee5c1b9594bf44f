"""Finds mistakes in flows without running them: what a client would otherwise meet first.

Each check is a small function over one flow. None stops at its first finding.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from engine.model import HERE, Flow, Flows, Place, Rule, State, Target, Words
from engine.nearest import nearest

REPORTED = frozenset({"pick_option", "stale_tap", "misheard", "media", "location"})
"""What the engine itself reports, besides intents, commands and signals."""


class Note(Protocol):
    """Takes down one mistake."""

    def __call__(self, place: Place, code: str, message: str, hint: str = "") -> None:
        """Where it is, a fixed word for it, what is wrong and why it matters, what to do."""


def check(flows: Flows, words: Words, note: Note) -> None:
    """Note every mistake that can be seen without running a flow."""
    for flow in flows.values():
        _check_names(flow, words, note)
        _check_rules(flow, flows, words, note)
        _check_texts(flow, words, note)
        _check_options(flow, note)
        _check_paths(flow, note)


def _known(name: str, known: Collection[str], place: Place, what: str, note: Note) -> bool:
    """Whether a name is known; noted when it is not."""
    if name in known:
        return True
    note(place, f"unknown-{what}", f"there is no {what} `{name}`", nearest(name, known))
    return False


# Names


def _check_names(flow: Flow, words: Words, note: Note) -> None:
    if flow.start:
        _known(flow.start, flow.states, flow.place, "state", note)
    else:
        note(flow.place, "no-start", f"the flow `{flow.name}` has no `start`", "name its first state")
    for name, kind in flow.remembers.items():
        if kind not in words.types:
            message = f"`{name}` is remembered as `{kind}`, which is no type"
            note(flow.place, "unknown-type", message, nearest(kind, words.types))
    for old, new in flow.renamed.items():
        _known(new, flow.states, flow.place, "state", note)
        if old in flow.states:
            message = f"`{old}` is renamed but still a state, so nobody would ever be moved"
            note(flow.place, "renamed-state", message, "remove one of the two")
    for state in flow.states.values():
        for entity in state.expects:
            _known(entity, words.entities, state.place, "entity", note)
        if not state.about:
            note(state.place, "no-about", f"`{state.name}` does not say what it is about", "add `about`")


def _check_rules(flow: Flow, flows: Flows, words: Words, note: Note) -> None:
    heard = words.events | words.signals | REPORTED | _signals_to(flow.name, flows, words)
    for rule in flow.all_rules():
        if rule.event:
            _known(rule.event, heard, rule.place, "event", note)
        if rule.guard:
            _known(rule.guard, words.guards, rule.place, "guard", note)
        if rule.step and _known(rule.step, words.steps, rule.place, "step", note):
            _check_outcomes(rule, words, note)
        for outcome, target in rule.targets.items():
            _check_target(rule, outcome, target, flow, flows, words, note)
    for state in flow.states.values():
        _check_order(state.rules, note)
        for entity in state.expects:
            event = words.entities.get(entity)
            if event and event not in flow.hears(state):
                message = f"`{state.name}` expects `{entity}` but has no rule for `{event}`"
                note(state.place, "unheard-answer", message, f"add `{event}` under `when`")
        for target in filter(None, (state.wait and state.wait.target,)):
            if target.go and target.go != HERE:
                _known(target.go, flow.states, target.place, "state", note)
        if state.misheard and state.misheard.go:
            _known(state.misheard.go, flow.states, state.misheard.place, "state", note)
    _check_order(flow.anywhere, note)


def _signals_to(name: str, flows: Flows, words: Words) -> frozenset[str]:
    """The events that other flows put into this one's inboxes."""
    return frozenset(
        target.signal
        for other in flows.values()
        for rule in other.all_rules()
        if rule.step and rule.step in words.steps and words.steps[rule.step].reaches == name
        for target in rule.targets.values()
        if target.signal
    )


def _check_outcomes(rule: Rule, words: Words, note: Note) -> None:
    assert rule.step is not None  # noqa: S101  # called only for rules with a step
    declared = words.steps[rule.step].outcomes
    for outcome in declared:
        if outcome not in rule.targets:
            message = f"`{rule.step}` may end as `{outcome}`, and then the conversation would be stuck"
            note(rule.place, "missing-outcome", message, f"add `{outcome}` under `then`")
    for outcome, target in rule.targets.items():
        if outcome not in declared:
            message = f"`{rule.step}` never ends as `{outcome}`"
            note(target.place, "extra-outcome", message, nearest(outcome, declared))


def _check_target(  # noqa: PLR0913  # what a target may refer to
    rule: Rule, outcome: str, target: Target, flow: Flow, flows: Flows, words: Words, note: Note
) -> None:
    if target.go and target.go != HERE:
        _known(target.go, flow.states, target.place, "state", note)
    passing = rule.state in flow.states and flow.states[rule.state].passing is rule
    if passing and target.go in (None, HERE):
        message = f"`{rule.state}` is only passed through, but `{outcome}` leads nowhere"
        note(target.place, "no-target", message, "add `go`")
    if not target.signal:
        return
    reaches = words.steps[rule.step].reaches if rule.step in words.steps else None
    if reaches is None:
        message = f"`signal: {target.signal}` needs a step that knows whom to tell"
        note(target.place, "signal-to-nobody", message)
    elif reaches in flows and not _hears_signal(flows[reaches], target.signal):
        message = f"nothing in `{reaches}` hears the signal `{target.signal}`, so it would be lost"
        note(target.place, "unheard-signal", message, nearest(target.signal, flows[reaches].anywhere))


def _hears_signal(flow: Flow, event: str) -> bool:
    """Signals come at any time, so they are heard anywhere or in every state."""
    return event in flow.anywhere or all(event in state.rules for state in flow.waiting_states)


def _check_order(by_event: Mapping[str, tuple[Rule, ...]], note: Note) -> None:
    for event, rules in by_event.items():
        for rule in rules[:-1]:
            if rule.guard is None:
                message = f"the first rule for `{event}` without `if` hides those after it"
                note(rules[rule.number].place, "hidden-rule", message, "put it last")
                break


# Texts and options


def _check_texts(flow: Flow, words: Words, note: Note) -> None:
    for state in flow.states.values():
        if state.ask:
            _check_text(state.ask, _told_on_arrival(flow, state, words), state.place, flow, words, note)
        for text in state.misheard.say if state.misheard else ():
            _check_text(
                text, frozenset(), state.misheard.place if state.misheard else state.place, flow, words, note
            )
        for text in state.wait.target.say if state.wait else ():
            _check_text(text, frozenset(), state.place, flow, words, note)
    for rule in flow.all_rules():
        told = frozenset(words.steps[rule.step].tells) if rule.step in words.steps else frozenset()
        for target in rule.targets.values():
            for text in target.say:
                _check_text(text, told, target.place, flow, words, note)
            if target.regarding and target.regarding not in told | set(flow.remembers):
                message = f"`regarding: {target.regarding}` is neither remembered nor told by the step"
                note(
                    target.place,
                    "unknown-name",
                    message,
                    nearest(target.regarding, told | set(flow.remembers)),
                )


def _check_text(  # noqa: PLR0913
    key: str, told: Collection[str], place: Place, flow: Flow, words: Words, note: Note
) -> None:
    if not _known(key, words.texts, place, "text", note):
        return
    for name in sorted(words.texts[key] - set(told) - set(flow.remembers)):
        message = f"the text `{key}` has a place for `{name}`, which nobody fills here"
        note(place, "unfilled-place", message, nearest(name, set(told) | set(flow.remembers)))


def _told_on_arrival(flow: Flow, state: State, words: Words) -> frozenset[str]:
    """What every way into a state tells its question; `here` and misunderstandings tell nothing new."""
    ways = [
        frozenset(words.steps[rule.step].tells) if rule.step in words.steps else frozenset()
        for rule in flow.all_rules()
        for target in rule.targets.values()
        if target.go == state.name
    ]
    return frozenset.intersection(*ways) if ways else frozenset()


def _check_options(flow: Flow, note: Note) -> None:
    for state in flow.states.values():
        hears = flow.hears(state)
        if isinstance(state.options, str):
            if state.options not in flow.remembers:
                message = f"`{state.name}` offers `{state.options}`, which is not remembered"
                note(state.place, "unknown-name", message, nearest(state.options, flow.remembers))
            elif "pick_option" not in hears:
                message = f"`{state.name}` offers options but has no rule for `pick_option`"
                note(state.place, "unheard-option", message, "add `pick_option` under `when`")
        else:
            _check_offered(state.options or (), hears, state.place, note)
        if state.options and not state.ask:
            note(state.place, "unasked-options", f"`{state.name}` has options but asks nothing", "add `ask`")
    for rule in flow.all_rules():
        for target in rule.targets.values():
            for event in target.options:
                if not _hears_signal(flow, event):
                    message = f"the option `{event}` may be tapped at any time, but is not heard anywhere"
                    note(target.place, "unheard-option", message, f"add `{event}` under `anywhere`")
            if target.options and not target.say:
                note(target.place, "unasked-options", "options without `say` are never shown")


def _check_offered(options: tuple[str, ...], hears: frozenset[str], place: Place, note: Note) -> None:
    for event in options:
        if event not in hears:
            message = f"the option `{event}` is offered, but tapping it would mean nothing here"
            note(place, "unheard-option", message, f"add `{event}` under `when`")


# Paths


def _check_paths(flow: Flow, note: Note) -> None:
    if flow.start not in flow.states:
        return
    ways = {state.name: set(_ways_out(flow, state)) for state in flow.states.values()}
    reached = _reachable(ways, {flow.start})
    back: dict[str, set[str]] = {name: set() for name in ways}
    for name, targets in ways.items():
        for target in targets & set(back):
            back[target].add(name)
    returning = _reachable(back, {flow.start})
    for state in flow.states.values():
        if state.name not in reached:
            message = f"no rule leads to `{state.name}`, so nobody ever gets there"
            note(state.place, "unreachable-state", message, "lead somebody there or remove it")
        elif state.name not in returning:
            message = (
                f"from `{state.name}` nothing leads back to `{flow.start}`: a conversation would end there"
            )
            note(state.place, "dead-end", message, "add a rule or a `wait` that leads on")
        if state.passing and state.name in _reachable(_only_passing(flow, ways), ways[state.name]):
            message = f"`{state.name}` can come back to itself without anybody saying anything"
            note(state.place, "step-loop", message, "let one of its outcomes lead to a state that asks")


def _ways_out(flow: Flow, state: State) -> Iterator[str]:
    rules = (
        [state.passing]
        if state.passing
        else [rule for event in flow.hears(state) for rule in flow.rules(state, event)]
    )
    for rule in rules:
        for target in rule.targets.values():
            if target.go and target.go != HERE:
                yield target.go
    if state.wait and state.wait.target.go:
        yield state.wait.target.go
    if state.misheard and state.misheard.go:
        yield state.misheard.go


def _only_passing(flow: Flow, ways: Mapping[str, set[str]]) -> dict[str, set[str]]:
    return {name: targets if flow.states[name].passing else set() for name, targets in ways.items()}


def _reachable(ways: Mapping[str, Collection[str]], start: Collection[str]) -> set[str]:
    """Every state that can be reached, the first ones included."""
    found: set[str] = set()
    new = [name for name in start if name in ways]
    while new:
        name = new.pop()
        if name not in found:
            found.add(name)
            new += [other for other in ways[name] if other in ways]
    return found
