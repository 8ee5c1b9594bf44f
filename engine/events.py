"""What can happen to a conversation: a message heard, and the event it means.

`Heard` is raw: one inbox row. `Reading` is all that a classifier may contribute.
`Event` is what the state machine sees. Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | None"
"""Whatever can be remembered: JSON, and nothing else."""

Values: TypeAlias = Mapping[str, Value]


class _Nothing(Mapping[str, Value]):
    """No values. Hashable, unlike `MappingProxyType({})`: Python 3.11 takes that for a mutable default."""

    __slots__ = ()

    def __getitem__(self, name: str) -> Value:
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Values = _Nothing()

Kind: TypeAlias = Literal["text", "tap", "media", "location", "signal", "wait"]
"""How something was heard. The first four come from a person, `signal` from another
conversation or a timer, `wait` from the state's own waiting time."""

SAID: frozenset[Kind] = frozenset({"text", "tap", "media", "location"})
"""The kinds that a person has said."""

WRITTEN = ("label", "address", "form")
"""What a person may have written beside the text: a place's name and address, and what was typed into a form.
The name that they call themselves comes with every message and is none."""

UNASKED = frozenset({"signal", "wait"})
"""The kinds in which nobody spoke: what is said then is no answer to anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One thing that happened to one conversation, exactly as it came in: one inbox row."""

    key: str
    """Unique for ever: Twilio's MessageSid, or a name made of what caused it."""
    flow: str
    """Which of the flows in flows.yaml the address talks to."""
    address: str
    """Where the person is reached, such as `whatsapp:+4915112345678`. Opaque; never parsed."""
    kind: Kind
    at: int
    """Seconds since the epoch, UTC."""
    text: str = ""
    tap: str | None = None
    """The id of the option that was tapped."""
    replied_to: str | None = None
    """The channel's name of the message of ours that this answers, if the channel told."""
    name: str | None = None
    """What the person calls themselves, if the channel told."""
    event: str | None = None
    """The event of a signal."""
    data: Values = NOTHING
    """What a signal carries; for media, its type; for a wait, the turn that it belongs to; of whatever a
    person sent, as `opt_out`, what the channel has made of it and answered (`STOP`, `START`, `HELP`), and
    whatever they wrote beside the text, see `WRITTEN`."""
    id: int = 0
    """The number of the inbox row; 0 before it is stored."""

    @property
    def is_said(self) -> bool:
        """Whether the person said it: with it WhatsApp's 24 hours begin anew."""
        return self.kind in SAID

    @property
    def written(self) -> str:
        """All that the person may have written, in whichever field, each in a line of its own."""
        if not self.is_said:
            return ""
        beside = [text for name in WRITTEN if isinstance(text := self.data.get(name), str)]
        return "\n".join(text for text in (self.text, *beside) if text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a classifier made of a text, without regard to the conversation's state."""

    scores: tuple[tuple[str, float], ...]
    """Intents with their confidence from 0 to 1, best first. Empty: nothing was recognised."""
    entities: Values = NOTHING
    """Entities by name, such as `service_type`; see flows/understanding.yaml."""
    latent: Values = NOTHING
    """Entities that count only where the state expects them, such as a bare "4" as a time."""
    sentences: tuple[tuple[tuple[str, float], ...], ...] = ()
    """The same scores for each of the first sentences of a longer text, if the classifier tells."""
    language: str = "en"
    read_by: str
    """Which classifier read it; written to the journal."""

    @property
    def intent(self) -> str | None:
        """The likeliest intent."""
        return self.scores[0][0] if self.scores else None

    @property
    def confidence(self) -> float:
        """How likely the likeliest intent is, from 0 to 1."""
        return self.scores[0][1] if self.scores else 0.0


@dataclass(frozen=True, slots=True)
class Event:
    """What a state machine reacts to: a name from flows.yaml, and what came with it."""

    name: str
    data: Values = field(default=NOTHING)


WAIT = "wait"
"""The state's waiting time is over."""
STALE_WAIT = "stale_wait"
"""A waiting time is over that the conversation has left behind."""
STALE_SIGNAL = "stale_signal"
"""A signal came that the flow no longer knows."""
