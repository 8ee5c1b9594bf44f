"""One flow under examination, with everything that it may refer to. It judges single names only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from engine.model import HERE, Flow, Flows, Place, Rule, StepSpec, Words, place_of
from engine.nearest import nearest


class Note(Protocol):
    """Takes down one mistake."""

    def __call__(self, place: Place, code: str, message: str, hint: str = "") -> None:
        """Where it is, a fixed word for it, what is wrong and why it matters, what to do."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A flow, the flows beside it, the names it may use, and where findings go."""

    flow: Flow
    flows: Flows
    words: Words
    note: Note

    def known(self, name: str, known: Collection[str], what: str, otherwise: Place) -> bool:
        """Whether a name is known; noted when it is not, at its own place or else at `otherwise`."""
        if name in known:
            return True
        message = f"there is no {what} `{name}`"
        self.note(place_of(name, otherwise), f"unknown-{what}", message, nearest(name, known))
        return False

    def known_state(self, name: str | None, otherwise: Place) -> None:
        """Note a target that is no state."""
        if name and name != HERE:
            self.known(name, self.flow.states, "state", otherwise)

    def spec(self, rule: Rule) -> StepSpec | None:
        """What the rule's step declares, if there is such a step."""
        return self.words.steps.get(rule.step) if rule.step else None

    def tells(self, rule: Rule) -> frozenset[str]:
        """What the rule's step may give to texts."""
        spec = self.spec(rule)
        return frozenset(spec.tells) if spec else frozenset()
