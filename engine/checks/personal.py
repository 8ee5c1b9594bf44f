"""Checks that nobody is asked for something personal who was not told before what becomes of it."""

from __future__ import annotations

from collections.abc import Collection

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
    untold = _reachable_without(flow, {words.notice})
    for state in flow.states.values():
        if state.expects and state.expects[0] in words.personal and state.name in untold:
            message = (
                f"`{state.name}` asks for something personal, and may ask it of somebody who was told nothing"
            )
            hint = f"let every way there go through `do: {words.notice}`"
            subject.note(state.place, "untold-question", message, hint)


def check_behind(subject: Subject) -> None:
    """Note every step that may run without those that have to run before it."""
    flow = subject.flow
    for step, demanded in subject.words.behind.items():
        rules = [rule for rule in flow.all_rules() if rule.step == step]
        for first in demanded if flow.start in flow.states and rules else ():
            unprepared = _reachable_without(flow, first)
            for rule in rules:
                if rule.state == ANYWHERE or rule.state in unprepared:
                    message = f"`{step}` may run here without `{'` or `'.join(first)}`"
                    hint = f"let every way here go through `do: {first[0]}`"
                    subject.note(place_of(step, rule.place), "unprepared-step", message, hint)


def _reachable_without(flow: Flow, steps: Collection[str]) -> set[str]:
    ways = {state.name: set(ways_out(flow, state, without=steps)) for state in flow.states.values()}
    return set(reachable(ways, {flow.start}))
