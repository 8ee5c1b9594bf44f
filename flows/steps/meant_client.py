"""Which client a therapist means by `#12` or a name, and what stands behind it. Finds; changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.events import Value
from flows.booking_turn import BookingTurn, name_of, number
from storage.people import Person
from storage.store import Transaction

MOST = 10
"""So many options fit in one message."""
_AROUND = " \t\r\n,:;.!?-–—"


@dataclass(frozen=True, slots=True)
class Meant:
    """Who may be meant; nobody is guessed among several."""

    clients: Sequence[Person]
    rest: str
    """What stands behind the name, word for word."""


async def meant(turn: BookingTurn, tx: Transaction, words: str) -> Meant:
    """Read `#12 …`, `12 …` or `Ana …`: the number of one of the therapist's appointments, or a name."""
    first, rest = _split(words)
    told = number(first.removeprefix("#").strip(_AROUND))
    if told is not None:
        found = await tx.appointments.get(told)
        mine = found is not None and found.therapist.id == turn.person_id and found.status != "held"
        return Meant([found.client] if found and mine else [], rest)
    return _named(await tx.clientele.of(turn.person_id), words)


def choices(clients: Sequence[Person]) -> list[Value]:
    """Clients to choose from, told apart by the end of their number."""
    return [
        {
            "title": f"{str(name_of(one))[:16]} …{one.address[-4:]}" if one.name else f"…{one.address[-4:]}",
            "data": {"client": one.id},
        }
        for one in clients[:MOST]
    ]


def _named(clients: Sequence[Person], words: str) -> Meant:
    """Those whose name the words begin with; a whole name says more than a first name."""
    longest, found, rest = 0, list[Person](), words
    for client in clients:
        length = _length(client.name or "", words)
        if length > longest:
            longest, found = length, []
        if length and length == longest:
            found.append(client)
    for _ in range(longest):
        _, rest = _split(rest)
    return Meant(found, rest)


def _length(name: str, words: str) -> int:
    """How many words of the beginning are this name: all of it, its first word, or none."""
    said, called = _plain(words), _plain(name)
    if not called or not said:
        return 0
    if said[: len(called)] == called:
        return len(called)
    return int(said[0] == called[0])


def _plain(text: str) -> list[str]:
    return [word.strip(_AROUND).casefold().removesuffix("'s") for word in text.split()]


def _split(words: str) -> tuple[str, str]:
    """The first word, and everything behind it with its own line ends."""
    words = words.lstrip(_AROUND)
    first = words.split(maxsplit=1)[0] if words else ""
    return first, words[len(first) :].lstrip(_AROUND)
