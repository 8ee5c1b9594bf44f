"""Checks of where the ways of a flow lead: states nobody reaches or leaves, and what would never end."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from engine.checks.subject import Subject
from engine.model import HERE, Flow, State, Target
from engine.nearest import closest


def check_paths(subject: Subject) -> None:
    """Note states that cannot be reached or left, and loops in which nobody says anything."""
    flow = subject.flow
    if flow.start not in flow.states:
        return
    # A misspelt state was noted already; where its right name leads is no mistake of its own.
    ways = {
        state.name: {
            name if name in flow.states else closest(name, flow.states) or name
            for name in ways_out(flow, state)
        }
        for state in flow.states.values()
    }
    reached = reachable(ways, {flow.start})
    returning = reachable(_reversed(ways), {flow.start})
    passing = {name: targets if flow.states[name].passing else set() for name, targets in ways.items()}
    silent = {state.name: set(_silent_ways(flow, state)) for state in flow.states.values()}
    for state in flow.states.values():
        if state.name not in reached:
            message = f"no rule leads to `{state.name}`, so nobody ever gets there"
            subject.note(state.place, "unreachable-state", message, "lead somebody there or remove it")
        elif state.name not in returning:
            message = (
                f"from `{state.name}` nothing leads back to `{flow.start}`: a conversation would end there"
            )
            subject.note(state.place, "dead-end", message, "add a rule or a `wait` that leads on")
        if state.passing and state.name in reachable(passing, passing[state.name]):
            message = f"`{state.name}` can come back to itself without anybody saying anything"
            hint = "let one of its outcomes lead to a state that asks"
            subject.note(state.place, "step-loop", message, hint)
        if state.wait and state.name in reachable(silent, silent[state.name]):
            message = f"somebody who says nothing comes back to `{state.name}` again and again, for ever"
            subject.note(
                state.wait.place, "endless-wait", message, "let `wait` lead where nothing is waited for"
            )


def ways_out(flow: Flow, state: State, *, without: Collection[str] = ()) -> Iterator[str]:
    """The states that a conversation may go to next; `without`: steps whose rules do not count."""
    rules = (
        [state.passing]
        if state.passing
        else [rule for event in flow.hears(state) for rule in flow.rules(state, event)]
    )
    for rule in rules:
        if rule.step not in without:
            for target in rule.targets.values():
                yield _settled(target, state)
    if state.wait:
        yield _settled(state.wait.target, state)
    if state.misheard and state.misheard.go:
        yield state.misheard.go


def _silent_ways(flow: Flow, state: State) -> Iterator[str]:
    """Where a conversation goes in which nobody says anything."""
    if state.passing:
        yield from ways_out(flow, state)
    elif state.wait:
        yield _settled(state.wait.target, state)


def _settled(target: Target, state: State) -> str:
    return state.name if target.go in {None, HERE} else target.go


def _reversed(ways: Mapping[str, set[str]]) -> dict[str, set[str]]:
    back: dict[str, set[str]] = {name: set() for name in ways}
    for name, targets in ways.items():
        for target in targets & set(back):
            back[target].add(name)
    return back


def reachable(ways: Mapping[str, Collection[str]], start: Collection[str]) -> set[str]:
    """Every state that can be reached, the first ones included."""
    found: set[str] = set()
    new = [name for name in start if name in ways]
    while new:
        name = new.pop()
        if name not in found:
            found.add(name)
            new += [other for other in ways[name] if other in ways]
    return found
