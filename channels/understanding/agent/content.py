"""What our agent has to hold, as plain data with Dialogflow's names. Knows neither our file nor the SDK."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias


class Part(NamedTuple):
    """A piece of a training phrase."""

    text: str
    parameter: str = ""
    """What it is a value of; empty for the words between."""


Phrase: TypeAlias = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a part of a phrase may be a value of."""

    kind: str
    """A system entity such as `sys.date-time`, or the name of an entity type of the agent's own."""
    personal: bool = False
    """Kept out of Dialogflow's logs."""

    @property
    def own(self) -> bool:
        """Whether the agent has to have the entity type."""
        return not self.kind.startswith("sys.")


@dataclass(frozen=True, slots=True)
class Content:
    """Entity types, intents, and a route for each."""

    language: str
    """In which the phrases and values are written, such as `en`."""
    values: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Entity type -> value -> synonyms."""
    parameters: Mapping[str, Parameter]
    """Parameter, as it is called in the phrases, -> what it is."""
    intents: Mapping[str, tuple[Phrase, ...]]
    """Intent -> training phrases."""
    negative: str = ""
    """The intent whose phrases are about nothing of ours: they go to the agent's Default Negative Intent."""
    personal_types: frozenset[str] = field(default_factory=frozenset)
    """Entity types whose values are kept out of Dialogflow's logs."""

    def parameters_of(self, intent: str) -> dict[str, Parameter]:
        """The parameters that an intent's phrases hold."""
        names = {part.parameter for phrase in self.intents[intent] for part in phrase if part.parameter}
        return {name: self.parameters[name] for name in sorted(names)}


def text_of(phrase: Phrase) -> str:
    """Read as a person would write it."""
    return "".join(part.text for part in phrase)


def joined(phrase: Phrase) -> Phrase:
    """The phrase with neighbouring words between values made one part: how it is compared."""
    parts: list[Part] = []
    for part in phrase:
        if parts and not part.parameter and not parts[-1].parameter:
            parts[-1] = Part(parts[-1].text + part.text)
        elif part.text:
            parts.append(part)
    return tuple(parts)
