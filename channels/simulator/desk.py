"""What the simulator may ask of the practice that it shows: one Protocol, and the words it speaks in.

The page and its blueprint know nothing else. They must never reach past a `Desk` into the database,
into an engine's turn or to another channel: a simulated message takes the way that a real one takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from engine.errors import ChannelError

Role: TypeAlias = Literal["client", "therapist"]

Status: TypeAlias = Literal["received", "handled", "queued", "sent", "delivered", "read", "failed"]
"""How far a message has come. A person's own is `received` (stored in the inbox), then `handled` (its
turn has been taken). One from the practice is `queued`, then what its sender says of it."""

Kind: TypeAlias = Literal["rest", "ask", "pass"]
"""What a state is for: the conversation rests there, the state asks something and awaits the answer, or
it is only passed through, because a step decides where to go on."""


class UnknownParty(ChannelError):
    """Nobody of that name is on a phone here. Open the client first."""


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody with a phone."""

    id: str
    """`client:Ana` or `therapist:anna`."""
    name: str
    """As it stands above the conversation."""
    role: Role


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that may be tapped below a message."""

    id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """One message on one phone."""

    number: int
    """Unique on all phones, rising in the order of the conversation; a later view may bring the same
    number again, with a new status."""
    party: str
    """Whose phone it is on."""
    direction: Literal["in", "out"]
    """`in`: the person wrote it to the practice. `out`: the practice wrote it to the person."""
    text: str
    at: int
    """Seconds since the epoch, on the simulated clock."""
    status: Status
    options: tuple[Choice, ...] = ()
    message_id: str = ""
    """The id that `say` or `tap` was called with; empty for a message from the practice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """One appointment, as far as the page shows it."""

    id: int
    status: str
    client: str
    therapist: str
    service: str
    starts_at: int
    """Seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class State:
    """One state of a flow."""

    name: str
    about: str = ""
    kind: Kind = "ask"


@dataclass(frozen=True, slots=True)
class Edge:
    """One way from a state to a state. The steps in between are folded into its outcome."""

    source: str
    target: str
    event: str
    """What is heard, such as `pick_option` or `after 2h`; empty where a passed state's step decides."""
    outcome: str = ""
    """What the step ends with, such as `held`; empty when the rule runs none."""


@dataclass(frozen=True, slots=True)
class Everywhere:
    """A rule that holds in every state; listed beside the drawing instead of drawn from each one."""

    event: str
    outcome: str = ""
    target: str | None = None
    """None: the conversation stays where it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagram:
    """One flow as a graph, states in the flow file's reading order."""

    start: str
    states: tuple[State, ...]
    edges: tuple[Edge, ...]
    everywhere: tuple[Everywhere, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one conversation stands, and how it came there."""

    flow: str
    """Which of the `diagrams` it walks."""
    state: str
    turn: int
    """How many turns were taken; a new number means that the conversation has moved again."""
    path: tuple[Edge, ...] = ()
    """What the last turn followed, in order: from where it began, through the states that were only
    passed, to `state`. A rule that stays is an edge from a state to itself. Empty before the first turn."""
    trail: tuple[str, ...] = ()
    """Every rule that the last turn followed, as the journal has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What is new since some version: changed messages, and in full whatever is small."""

    version: int
    """Ask for what is newer than this next time."""
    now: int
    """The simulated time, seconds since the epoch."""
    zone: str
    """The practice's IANA time zone."""
    practice: str
    """The practice's name, as the phones' heading."""
    parties: tuple[Party, ...]
    messages: tuple[Bubble, ...]
    """Only those that are new or have changed, in order of their number."""
    places: Mapping[str, Place]
    """By the id of the party; a party without one has not written yet."""
    appointments: tuple[Booking, ...] = ()
    flows: str = ""
    """A fingerprint of the flows; when it changes, the page draws its diagrams again."""


class Desk(Protocol):
    """The practice, seen from the phones around it."""

    async def say(self, party: str, text: str, message_id: str) -> None:
        """Put words into the inbox. The same `message_id` again changes nothing and is no error.

        Raises:
            UnknownParty: nobody of that id has a phone.
        """

    async def tap(self, party: str, option_id: str, title: str, message_id: str) -> None:
        """Put the tap on an option into the inbox; otherwise as `say`."""

    async def advance(self, seconds: int) -> None:
        """Move the simulated clock forward and let every timer fire whose moment has come."""

    async def open_client(self, name: str) -> str:
        """Give this client a phone and return the party's id; one that is there already is kept."""

    async def parties(self) -> list[Party]:
        """Everybody with a phone: the practice's therapists and the clients opened so far."""

    async def diagrams(self) -> dict[str, Diagram]:
        """The flows, by name."""

    async def view(self, since: int) -> View:
        """What is newer than the version `since`; 0 asks for everything."""

    async def changed(self, version: int, timeout: float) -> int:  # noqa: ASYNC109  # a poll's length
        """Wait until something is newer than `version`, `timeout` seconds at most; the version then."""
