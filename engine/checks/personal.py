"""Checks that nobody is asked for something personal who was not told before what becomes of it."""

from __future__ import annotations

from engine.checks.paths import reachable, ways_out
from engine.checks.subject import Subject
from engine.model import ANYWHERE, Flow, place_of


def check_personal(subject: Subject) -> None:
    """Note every state that asks for something personal and can be reached past the notice.

    What a state asks for stands first among what it expects.
    """
    flow, words = subject.flow, subject.words
    if words.notice is None or flow.start not in flow.states:
        return
    untold = _reachable_without(flow, words.notice)
    for state in flow.states.values():
        if state.expects and state.expects[0] in words.personal and state.name in untold:
            message = (
                f"`{state.name}` asks for something personal, and may ask it of somebody who was told nothing"
            )
            hint = f"let every way there go through `do: {words.notice}`"
            subject.note(state.place, "untold-question", message, hint)


def check_behind(subject: Subject) -> None:
    """Note every step that may run without the one that has to run before it."""
    flow = subject.flow
    for step, first in subject.words.behind.items():
        if flow.start not in flow.states or not any(rule.step == step for rule in flow.all_rules()):
            continue
        unprepared = _reachable_without(flow, first)
        for rule in flow.all_rules():
            if rule.step == step and (rule.state == ANYWHERE or rule.state in unprepared):
                message = f"`{step}` may run here without `{first}`"
                place = place_of(step, rule.place)
                subject.note(
                    place, "unprepared-step", message, f"let every way here go through `do: {first}`"
                )


def _reachable_without(flow: Flow, step: str) -> set[str]:
    ways = {state.name: set(ways_out(flow, state, without=step)) for state in flow.states.values()}
    return set(reachable(ways, {flow.start}))
