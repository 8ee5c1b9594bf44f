"""One therapist, two clients, and shorter ways to say what happens between them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from engine.errors import TryAgain
from storage.appointments import Appointment
from storage.lifecycle import APPROVE, Move
from storage.proposals import Proposal
from storage.store import Storage
from tests.storage.samples import NOW, TEN, conversation_with, new_appointment

T = TypeVar("T")


@dataclass
class Diary:
    """Whom it is about, and where it is kept."""

    storage: Storage
    therapist: int
    client: int
    other: int

    @classmethod
    async def begin(cls, storage: Storage) -> Diary:
        """With three people who have just been met."""
        therapist = await conversation_with(storage, "chat:therapist", "therapist")
        client = await conversation_with(storage, "chat:client")
        other = await conversation_with(storage, "chat:other")
        return cls(storage, therapist.person.id, client.person.id, other.person.id)

    async def add(
        self, cause: str, start: int = TEN, status: str = "pending", **fields: object
    ) -> Appointment:
        new = new_appointment(self.therapist, self.client, cause, start, status=status, **fields)
        async with self.storage.transaction() as tx:
            number = await tx.calendar.take(new, NOW)
        assert number is not None, "the time is taken"
        return await self.read(number)

    async def refused(self, cause: str, start: int = TEN, **fields: object) -> bool:
        new = new_appointment(self.therapist, self.other, cause, start, **fields)
        async with self.storage.transaction() as tx:
            return await tx.calendar.take(new, NOW) is None

    async def read(self, number: int) -> Appointment:
        found = await self.storage.appointments.get(number)
        assert found
        return found

    async def status(self, one: Appointment) -> str:
        return (await self.read(one.id)).status

    async def move_on(self, one: Appointment, move: Move, now: int = NOW, **fields: object) -> bool:
        async def once() -> bool:
            async with self.storage.transaction() as tx:
                return await tx.calendar.move_on(one.id, move, now, **fields)  # type: ignore[arg-type]

        return await as_often_as_asked(once)

    async def confirm(
        self, one: Appointment, move: Move = APPROVE, now: int = NOW, chosen: Proposal | None = None
    ) -> bool:
        async def once() -> bool:
            async with self.storage.transaction() as tx:
                return await tx.calendar.confirm(one, move, now, chosen)

        return await as_often_as_asked(once)

    async def propose(self, one: Appointment, *starts: int, now: int = NOW) -> bool | None:
        async with self.storage.transaction() as tx:
            return await tx.calendar.propose(
                one, [option(start) for start in starts], now, expires_at=NOW + 900, reason="ill"
            )

    async def taken(self, one: Appointment) -> int:
        return len(await self.storage.claims.of(one.id))


async def as_often_as_asked(transaction: Callable[[], Awaitable[T]]) -> T:
    """As every turn does: two that lock the same rows in another order are told to try again."""
    while True:
        with suppress(TryAgain):
            return await transaction()


def option(start: int) -> Proposal:
    return Proposal(
        starts_at=start,
        ends_at=start + 60,
        claimed_from=start - 10,
        claimed_until=start + 70,
        zone="Europe/Berlin",
        wall_time="2027-01-16T12:00",
    )
