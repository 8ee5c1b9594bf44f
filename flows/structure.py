"""A flow's structure as a short hash, stored with each conversation.

Words are no part of it: rewording a text disturbs nobody.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from engine.model import Rule, State


def structure(start: str, states: Mapping[str, State], anywhere: Mapping[str, tuple[Rule, ...]]) -> str:
    """The same for two flows in which every conversation would take the same way."""
    shape = [start, {name: _state(state) for name, state in states.items()}, _rules(anywhere)]
    text = json.dumps(shape, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _state(state: State) -> object:
    return [
        _rules(state.rules),
        _rule(state.passing) if state.passing else None,
        state.options,
        state.expects,
        [state.wait.seconds, state.wait.target.go] if state.wait else None,
        [state.misheard.after, state.misheard.go] if state.misheard else None,
    ]


def _rules(by_event: Mapping[str, tuple[Rule, ...]]) -> object:
    return {event: [_rule(rule) for rule in rules] for event, rules in by_event.items()}


def _rule(rule: Rule) -> object:
    return [
        rule.guard,
        rule.step,
        {name: [target.go, target.signal] for name, target in rule.targets.items()},
    ]
