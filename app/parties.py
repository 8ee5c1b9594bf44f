"""People without a phone number: who `client:Ana` and `therapist:anna` are in chats and simulators."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import TherapyBookingError
from flows.practice import PracticeBook
from storage.people import Person

CHAT = "chat:"


class UnknownName(TherapyBookingError):
    """Nobody is called that."""


@dataclass(frozen=True, slots=True)
class PartyAddress:
    """Where a party is reached, and in which flow."""

    flow: str
    address: str
    name: str


def address_of(party: str, practice: PracticeBook) -> PartyAddress:
    """The address of `client:<name>` or `therapist:<code or name>`. Raises UnknownName."""
    role, colon, name = party.partition(":")
    name = name.strip()
    if not colon or not name or len(name) > 60:  # noqa: PLR2004  # a name, not a story
        raise UnknownName("Say who: client:<name> or therapist:<name>.")
    if role == "client":
        return PartyAddress("client", CHAT + name, name)
    if role != "therapist":
        raise UnknownName("A party is a client or a therapist.")
    for therapist in practice.therapists:
        if name.casefold() in {therapist.code.casefold(), therapist.name.casefold()}:
            return PartyAddress("therapist", therapist.address, therapist.name)
    known = ", ".join(f"therapist:{therapist.code}" for therapist in practice.therapists)
    raise UnknownName(f"There is no such therapist. Known: {known}.")


def party_of(person: Person, practice: PracticeBook) -> str:
    """The reverse: how a person is called here; by number if they came by way of WhatsApp."""
    for therapist in practice.therapists:
        if person.id == therapist.id:
            return f"therapist:{therapist.code}"
    if person.address.startswith(CHAT):
        return f"{person.role}:{person.address.removeprefix(CHAT)}"
    return f"{person.role}:#{person.id}"
