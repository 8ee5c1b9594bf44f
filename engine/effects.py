"""What a decision asks for. Effects are data: `take_turn` turns them into rows, never into calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from engine.events import NOTHING, Value, Values


class Attempt(NamedTuple):
    """One sending of one message. Of a message that is sent again the news are told apart by it."""

    message: int
    """The number of its outbox row."""
    number: int
    """Which time this is, from 1."""


@dataclass(frozen=True, slots=True)
class Option:
    """Something a person may tap, number or type."""

    id: str
    """Unique to its offer: `17.2` is the second option of the offer made in turn 17.
    A standing option (`approve:12`) carries its subject and stays good as long as the subject does."""
    title: str
    event: str
    """The event that choosing it means."""
    data: Values = NOTHING

    def as_json(self) -> dict[str, Value]:
        """For the stored conversation."""
        return {"id": self.id, "title": self.title, "event": self.event, "data": dict(self.data)}

    @classmethod
    def from_json(cls, stored: dict[str, Value]) -> Option:
        """The reverse of `as_json`."""
        data = stored["data"]
        return cls(
            str(stored["id"]),
            str(stored["title"]),
            str(stored["event"]),
            data if isinstance(data, dict) else NOTHING,
        )


@dataclass(frozen=True, slots=True)
class Say:
    """Tell the person something: the key of a text, what fills its places, what may be answered."""

    text: str
    values: Values = NOTHING
    options: tuple[str, ...] | str | None = None
    """Events to offer, or the name of a remembered list whose items to offer."""
    regarding: str | None = None
    """The subject of standing options, such as the number of a request."""


@dataclass(frozen=True, slots=True)
class Signal:
    """Put an event into somebody else's conversation, by way of their inbox."""

    flow: str
    address: str
    event: str
    data: Values = NOTHING


Effect: TypeAlias = Say | Signal


@dataclass(frozen=True, slots=True)
class Filled:
    """A text with what fills its places, put into words: what a template is sent with."""

    key: str
    language: str
    """The language that it was said in, such as `en`."""
    values: Mapping[str, str]
    """By the names of its places."""

    def as_json(self) -> dict[str, Value]:
        """For the stored message."""
        return {"key": self.key, "language": self.language, "values": dict(self.values)}

    @classmethod
    def from_json(cls, stored: Value) -> Filled | None:
        """The reverse of `as_json`; None for None."""
        match stored:
            case {"key": str(key), "language": str(language), "values": dict(values)}:
                return cls(key, language, {name: str(value) for name, value in values.items()})
        return None


@dataclass(frozen=True, slots=True)
class Message:
    """Words ready to be sent: what an outbox row holds."""

    text: str
    options: tuple[Option, ...] = ()
    template: Filled | None = None
    """The one text that it consists of, if that text may be sent as a template."""

    def as_json(self) -> dict[str, Value]:
        """For the stored message."""
        options: list[Value] = [option.as_json() for option in self.options]
        stored: dict[str, Value] = {"text": self.text, "options": options}
        return stored | {"template": self.template.as_json()} if self.template else stored

    @classmethod
    def from_json(cls, stored: dict[str, Value]) -> Message:
        """The reverse of `as_json`."""
        options = stored["options"]
        return cls(
            str(stored["text"]),
            tuple(Option.from_json(one) for one in options if isinstance(one, dict))
            if isinstance(options, list)
            else (),
            Filled.from_json(stored.get("template")),
        )
