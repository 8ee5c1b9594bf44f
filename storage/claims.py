"""Who is taken when: the judge of double bookings.

A claim is one resource (a therapist, a client) for one unit of five minutes. The table's primary key
admits one claim only, whoever writes and whatever they checked before. Availability is not read from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from sqlalchemy import delete, func, select

from storage.database import Session
from storage.link import Duplicate
from storage.sql import Insert, Query, Scalar, given, listed, spread
from storage.tables import claims, people

UNIT_MINUTES = 5

_CLAIM = Insert(claims)
_RELEASE = Query(delete(claims).where(claims.c.appointment_id == given("appointment")))
_OF = Query(
    select(claims.c.resource_id, claims.c.unit)
    .where(claims.c.appointment_id == given("appointment"))
    .order_by(claims.c.resource_id, claims.c.unit)
)
_COUNT = Query(select(func.count()).select_from(claims))


def units(from_minute: int, until_minute: int) -> range:
    """The units that touch a stretch of time, in minutes since the epoch, its end excluded."""
    return range(from_minute // UNIT_MINUTES, -(-until_minute // UNIT_MINUTES))


class Claims:
    """The table `claims`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def lock_resources(self, resource_ids: Iterable[int]) -> None:
        """Queue up for these people until the transaction ends, in an order that cannot deadlock. Deferred.

        Makes rivals wait instead of collide, and makes rules that count appointments safe on one server.
        What makes double bookings impossible is `claim`. SQLite has one writer, who need not queue.
        """
        wanted = sorted(set(resource_ids))
        if wanted:
            await self._session.defer(_lock(len(wanted)), **spread("person", wanted))

    async def claim(
        self, appointment_id: int, resource_ids: Iterable[int], from_minute: int, until_minute: int
    ) -> bool:
        """Take the time for an appointment. False: some of it is taken; then nothing was added.

        True also when the appointment had exactly this already. The transaction goes on either way.
        """
        wanted = [
            (resource, unit)
            for resource in sorted(set(resource_ids))
            for unit in units(from_minute, until_minute)
        ]
        rows: list[dict[str, Scalar]] = [
            {"resource_id": resource, "unit": unit, "appointment_id": appointment_id}
            for resource, unit in wanted
        ]
        try:
            await self._session.insert_all(_CLAIM, rows)
        except Duplicate:
            return await self.of(appointment_id) == wanted
        return True

    async def release(self, appointment_id: int) -> None:
        """Give back all that an appointment had taken. Deferred."""
        await self._session.defer(_RELEASE, appointment=appointment_id)

    async def of(self, appointment_id: int) -> list[tuple[int, int]]:
        """What an appointment has taken: resources and units, in order."""
        rows: Sequence[Sequence[int]] = await self._session.fetch(_OF, appointment=appointment_id)
        return [(resource, unit) for resource, unit in rows]

    async def count(self) -> int:
        """How many units are taken."""
        ((count,),) = await self._session.fetch(_COUNT)
        return int(count)


@cache
def _lock(count: int) -> Query:
    return Query(
        select(people.c.id)
        .where(people.c.id.in_(listed("person", count)))
        .order_by(people.c.id)
        .with_for_update()
    )
