"""Checks that nobody is asked for something personal who was not told before what becomes of it."""

from __future__ import annotations

from engine.checks.paths import reachable, ways_out
from engine.checks.subject import Subject


def check_personal(subject: Subject) -> None:
    """Note every state that asks for something personal and can be reached past the notice.

    What a state asks for stands first among what it expects.
    """
    flow, words = subject.flow, subject.words
    if words.notice is None or flow.start not in flow.states:
        return
    ways = {state.name: set(ways_out(flow, state, without=words.notice)) for state in flow.states.values()}
    untold = reachable(ways, {flow.start})
    for state in flow.states.values():
        if state.expects and state.expects[0] in words.personal and state.name in untold:
            message = (
                f"`{state.name}` asks for something personal, and may ask it of somebody who was told nothing"
            )
            hint = f"let every way there go through `do: {words.notice}`"
            subject.note(state.place, "untold-question", message, hint)
