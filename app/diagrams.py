"""A flow as the simulator draws it, and the way that a turn took through it.

The one place that knows which edges a flow has for somebody who looks at it. Pure; it must never decide
where a conversation goes: that is the engine's.
"""

from __future__ import annotations

from collections.abc import Sequence

from channels.simulator.desk import Diagram, Edge, Everywhere, Kind, State
from engine.events import WAIT
from engine.machine import ENOUGH
from engine.model import HERE, NO_STEP, Flow, Target
from engine.model import State as FlowState


def diagram_of(flow: Flow) -> Diagram:
    """A flow as a graph: every outcome an edge, what holds anywhere listed beside it."""
    return Diagram(
        start=flow.start,
        states=tuple(State(state.name, state.about, _kind(flow, state)) for state in flow.states.values()),
        edges=tuple(edge for state in flow.states.values() for edge in _edges(state)),
        everywhere=tuple(
            Everywhere(event, outcome, target.go)
            for event, rules in flow.anywhere.items()
            for rule in rules
            for outcome, target in rule.targets.items()
        ),
    )


def _kind(flow: Flow, state: FlowState) -> Kind:
    if state.passing:
        return "pass"
    return "ask" if state.ask and state.name != flow.start else "rest"


def _edges(state: FlowState) -> list[Edge]:
    edges = [
        Edge(state.name, _settled(target, state.name), rule.event, outcome)
        for rule in state.own_rules()
        for outcome, target in rule.targets.items()
        if target.go
    ]
    if state.wait and state.wait.target.go:
        edges.append(Edge(state.name, state.wait.target.go, _waited(state)))
    if state.misheard and state.misheard.go:
        edges.append(Edge(state.name, state.misheard.go, _misheard(state)))
    return edges


def _waited(state: FlowState) -> str:
    """`after 2h`, as flows.yaml has it."""
    minutes = state.wait.seconds // 60 if state.wait else 0
    return f"after {minutes // 60}h" if minutes % 60 == 0 else f"after {minutes}m"


def _misheard(state: FlowState) -> str:
    return f"misheard ×{(state.misheard.after or 0) + 1}" if state.misheard else ""


def path_of(flow: Flow, before: str, trail: Sequence[str]) -> tuple[Edge, ...]:
    """The edges that a turn followed, from its journal line: a rule, then the outcome of each step."""
    heard, *outcomes = trail
    state = flow.states.get(before)
    rule = next((one for one in flow.all_rules() if one.name == heard), None)
    if state and heard == WAIT and state.wait:
        edges = [Edge(before, _settled(state.wait.target, before), _waited(state))]
    elif state and heard == ENOUGH and state.misheard:
        edges = [Edge(before, state.misheard.go or before, _misheard(state))]
    else:
        first = outcomes.pop(0).rpartition(".")[2] if outcomes and rule and rule.step else NO_STEP
        target = rule.targets.get(first, Target()) if rule else Target()
        event = heard.partition(":")[2].partition("#")[0]
        edges = [Edge(before, _settled(target, before), event, first)]
    for ended in outcomes:
        here, outcome = edges[-1].target, ended.rpartition(".")[2]
        passing = flow.states[here].passing if here in flow.states else None
        target = passing.targets.get(outcome, Target()) if passing else Target()
        edges.append(Edge(here, _settled(target, here), "", outcome))
    return tuple(edges)


def _settled(target: Target, here: str) -> str:
    return here if target.go in (None, HERE) else target.go
