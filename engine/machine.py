"""The state machine: one flat, synchronous `transitions.Machine` for each version of a flow.

The only module that imports `transitions`. Every rule becomes a transient state, so that every
outcome is an edge: `S` --event--> `S:event` --outcome--> `T`. Nothing runs inside the machine: its
guards are our own pure functions, and callbacks with side effects do not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from transitions import Machine

from engine.events import WAIT, Event
from engine.model import HERE, Flow, Rule, State
from engine.snapshot import Snapshot

Guards = Mapping[str, Callable[[Snapshot, Event, int], bool]]

DONE = "done"
"""The outcome, as the machine knows it, of a rule that runs no step."""
ENOUGH = "misheard.enough"


class Cursor:
    """The machine's finger on one state for the length of one decision. Never registered, never kept."""

    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        """Put it on a state."""
        self.state = state


def outcome_event(step: str | None, outcome: str) -> str:
    """The name under which the machine knows an outcome."""
    return f"{step}.{outcome}" if step else DONE


class FlowMachine:
    """A compiled flow: tells which rule applies, and where an outcome leads."""

    def __init__(self, flow: Flow, guards: Guards) -> None:
        """Compile. The flow has been checked: every name in it is known."""
        self.flow = flow
        self._guards = guards
        self._rules: dict[str, Rule] = {}
        self._machine = Machine(
            model=None,
            states=[str(name) for name in flow.states],
            initial=None,
            auto_transitions=False,
            queued=False,
            send_event=False,
        )
        for state in flow.states.values():
            self._add(state)

    def _add(self, state: State) -> None:
        if state.passing:
            self._add_outcomes(state.name, state, state.passing)
            return
        for event in sorted(self.flow.hears(state)):
            for rule in self.flow.rules(state, event):
                transient = f"{state.name}~{rule.name}"
                self._rules[transient] = rule
                self._machine.add_state(transient)
                self._machine.add_transition(
                    event,
                    state.name,
                    transient,
                    conditions=[partial(_holds, self._guards[rule.guard])] if rule.guard else None,
                )
                self._add_outcomes(transient, state, rule)
        if state.wait and state.wait.target.go:
            self._machine.add_transition(WAIT, state.name, _settled(state.wait.target.go, state))
        if state.misheard and state.misheard.go:
            self._machine.add_transition(ENOUGH, state.name, _settled(state.misheard.go, state))

    def _add_outcomes(self, source: str, state: State, rule: Rule) -> None:
        for outcome, target in rule.targets.items():
            self._machine.add_transition(
                outcome_event(rule.step, outcome), source, _settled(target.go, state)
            )

    def rule_for(self, snapshot: Snapshot, event: Event, now: int) -> tuple[str, Rule] | None:
        """The transient state and the rule that an event leads to, or None when there is none."""
        cursor = Cursor(snapshot.state)
        if not self._trigger(cursor, event.name, snapshot, event, now):
            return None
        rule = self._rules.get(cursor.state)  # silence and too many misunderstandings follow no rule
        return (cursor.state, rule) if rule else None

    def rule_at(self, state: str) -> Rule | None:
        """The rule whose step is running in a transient or passing state."""
        known = self.flow.states.get(state)
        return known.passing if known else self._rules.get(state)

    def after(self, state: str, trigger: str) -> str:
        """Where an outcome, a wait or too many misunderstandings lead."""
        cursor = Cursor(state)
        self._trigger(cursor, trigger)
        return cursor.state

    def _trigger(self, cursor: Cursor, name: str, *facts: object) -> bool:
        event = self._machine.events.get(name)
        if event is None or cursor.state not in event.transitions:
            return False
        return bool(event.trigger(cursor, *facts))


def _settled(go: str | None, state: State) -> str:
    return str(state.name if go is None or go == HERE else go)


def _holds(guard: Callable[[Snapshot, Event, int], bool], snapshot: Snapshot, event: Event, now: int) -> bool:
    return guard(snapshot, event, now)
