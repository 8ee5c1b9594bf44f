"""Which rules of flows.yaml the journal shows to have been followed, and with which outcomes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from engine.decide import LOST, RENAMED
from engine.events import WAIT
from engine.machine import ENOUGH
from engine.model import Flow, Place, Rule, Target

MISHEARD = "misheard"


class Path(NamedTuple):
    """One way through one rule."""

    flow: str
    rule: str
    outcome: str

    def __str__(self) -> str:
        """`client choosing_time:pick_option → noted`."""
        return f"{self.flow} {self.rule}" + (f" → {self.outcome}" if self.outcome else "")


def paths(flow: Flow) -> Iterator[tuple[Path, Place]]:
    """Every way through every rule, each with its place in the file."""
    for rule in flow.all_rules():
        for outcome, target in rule.targets.items():
            yield Path(flow.name, rule.name, outcome), target.place
    for state in flow.states.values():
        if state.wait:
            yield Path(flow.name, state.name, WAIT), state.wait.place
        if state.misheard:
            yield Path(flow.name, state.name, MISHEARD), state.misheard.place
            if state.misheard.go:
                yield Path(flow.name, state.name, ENOUGH), state.misheard.place
    for old in flow.renamed:
        yield Path(flow.name, RENAMED, old), flow.place


def walked(flow: Flow, state: str, trail: tuple[str, ...]) -> Iterator[Path]:
    """The ways that one turn went, read from its line in the journal."""
    first = trail[0]
    for prefix in (LOST, RENAMED):
        if first.startswith(f"{prefix} > "):
            yield Path(flow.name, prefix, state)
            state = flow.start if prefix == LOST else flow.renamed[state]
            first = first.removeprefix(f"{prefix} > ")
    rules = {rule.name: rule for rule in flow.all_rules()}
    target: Target | None
    following: Rule | None = None
    if first in rules:
        following = rules[first]
        if following.step is None:
            yield Path(flow.name, first, "")
        target = None if following.step else following.targets[""]
    elif first == WAIT:
        yield Path(flow.name, state, WAIT)
        wait = flow.states[state].wait
        target = wait.target if wait else None
    elif first in {ENOUGH, f"{state}:{MISHEARD}"}:
        yield Path(flow.name, state, ENOUGH if first == ENOUGH else MISHEARD)
        misheard = flow.states[state].misheard
        target = Target(misheard.go) if misheard and first == ENOUGH else None
    else:
        return
    for done in trail[1:]:
        if target is not None and target.go:
            following = flow.states[target.go].passing
        assert following is not None, f"{flow.name}: nothing leads from {trail} to {done}"
        outcome = done.removeprefix(f"{following.step}.")
        assert outcome in following.targets, f"{flow.name}: {following.name} cannot end as {done}"
        yield Path(flow.name, following.name, outcome)
        target = following.targets[outcome]
