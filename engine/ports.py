"""What the engine needs from the world around it. Protocols only; `app/wiring.py` fills them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from engine.effects import Message, Say, Signal
from engine.events import NOTHING, Event, Heard, Reading, Values
from engine.machine import FlowMachine
from engine.model import Flow
from engine.snapshot import Snapshot
from engine.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Recipient:
    """The other party of an outcome: whose inbox a signal goes to."""

    flow: str
    address: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a booking step ended. Business refusals are outcomes, not exceptions."""

    name: str
    """One of the outcomes that the step declares: a past participle such as `held` or `taken`."""
    remembers: Values = NOTHING
    """What the conversation keeps from it; None forgets."""
    tells: Values = NOTHING
    """What the texts of this outcome may say."""
    to: Recipient | None = None
    """The other party, if the outcome concerns one."""
    sends: Values = NOTHING
    """What a signal to the other party carries."""


class PersonLike(Protocol):
    """Whom the conversation is with."""

    @property
    def id(self) -> int:
        """Their number."""

    @property
    def address(self) -> str:
        """Where they are reached."""

    @property
    def language(self) -> str:
        """What they read, such as `en`."""


class ConversationLike(Protocol):
    """A conversation, locked for this turn."""

    @property
    def id(self) -> int:
        """Its number."""

    @property
    def person(self) -> PersonLike:
        """Whom it is with."""

    @property
    def snapshot(self) -> Snapshot:
        """Where it stood before this turn."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What a step may know of the turn in which it runs."""

    flow: Flow
    conversation: ConversationLike
    snapshot: Snapshot
    event: Event
    """The event that began the turn."""
    heard: Heard
    now: int


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn did."""

    heard: Heard
    event: str
    before: Snapshot | None = None
    after: Snapshot | None = None
    messages: tuple[Message, ...] = ()
    signals: tuple[Signal, ...] = ()
    trail: tuple[str, ...] = ()
    is_urgent: bool = False
    """Its messages go out before everything else that is owed to the person."""

    @property
    def taken(self) -> bool:
        """False when this message had been acted on before."""
        return self.after is not None

    @classmethod
    def already_taken(cls, heard: Heard) -> Turn:
        """The message was delivered twice; we act once."""
        return cls(heard, "already_taken")


C = TypeVar("C", bound=ConversationLike)


class Unit(Protocol[C]):
    """One database transaction, as far as the engine cares."""

    async def take(self, heard: Heard, start: str, now: int) -> C | None:
        """Mark the inbox row as taken, lock the conversation, made if it is new, and then read it.

        None when somebody has taken the row before.
        """

    async def answered(self, conversation: C, sid: str) -> Message | None:
        """The message of this conversation that the channel knows by this name."""

    async def save(self, conversation: C, snapshot: Snapshot, flow: Flow, now: int) -> None:
        """Write where the conversation stands now."""

    async def owe(self, conversation: C, turn: Turn, now: int) -> None:
        """Write what is owed: messages into the outbox, signals into other people's inboxes."""

    async def write(self, conversation: C, turn: Turn, reading: Reading | None, now: int) -> None:
        """Add the turn's line to the journal: what was done, without a word of what was said."""


U = TypeVar("U", bound=Unit[Any])
U_co = TypeVar("U_co", bound=Unit[Any], covariant=True)
U_contra = TypeVar("U_contra", bound=Unit[Any], contravariant=True)


class Steps(Protocol[U_contra]):
    """The booking steps."""

    async def run(self, name: str, moment: Moment, tx: U_contra) -> Outcome:
        """Run one inside the turn's transaction."""


Screen: TypeAlias = Callable[[Heard], Event | None]
"""What means the same in every state and goes before everything else; None for nearly all that is heard."""


class Voice(Protocol):
    """Puts effects into words."""

    def speak(
        self, language: str, snapshot: Snapshot, says: Sequence[Say]
    ) -> tuple[tuple[Message, ...], Snapshot]:
        """The messages to send, and the snapshot with the options that the person may now choose from."""


class Storage(Protocol[U_co]):
    """Where conversations are kept."""

    def transaction(self) -> AbstractAsyncContextManager[U_co]:
        """Begin; commit at the end, or undo everything when an exception leaves the block."""


@dataclass(frozen=True, slots=True)
class World(Generic[U]):
    """All that a turn touches."""

    storage: Storage[U]
    machines: Mapping[str, FlowMachine]
    """The compiled flows by name."""
    screen: Screen
    vocabulary: Vocabulary
    steps: Steps[U]
    voice: Voice
    urgent: frozenset[str] = frozenset()
    """Events whose messages go out before everything else that is owed to the person."""
