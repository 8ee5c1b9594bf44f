"""Who is taken when: the judge of double bookings.

A claim is one resource (a therapist, a client) for one unit of five minutes. The table's primary key
admits one claim only, whoever writes and whatever they checked before. Availability is not read from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TypeAlias

from sqlalchemy import delete, func, select, update

from storage.database import Session
from storage.lifecycle import ACTIVE
from storage.link import Duplicate
from storage.sql import Insert, Query, Scalar, given, listed, spread
from storage.tables import appointments, claims, people

UNIT_MINUTES = 5
Stretch: TypeAlias = tuple[int, int]
"""From this minute since the epoch until that one, which is not part of it."""

_CLAIM = Insert(claims)
_RELEASE = Query(delete(claims).where(claims.c.appointment_id == given("appointment")))
_OF = Query(
    select(claims.c.resource_id, claims.c.unit)
    .where(claims.c.appointment_id == given("appointment"))
    .order_by(claims.c.resource_id, claims.c.unit)
)
_RELEASE_ENDED = Query(
    delete(claims).where(
        claims.c.appointment_id.in_(
            select(appointments.c.id).where(
                appointments.c.replaces == given("appointment"), appointments.c.status.not_in(ACTIVE)
            )
        )
    )
)
_RELEASE_SERIES = Query(
    delete(claims).where(
        claims.c.appointment_id.in_(
            select(appointments.c.id).where(
                appointments.c.series == given("appointment"), appointments.c.status.not_in(ACTIVE)
            )
        )
    )
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
        """Queue up for these people until the transaction ends, always in the same order. Deferred.

        Makes rivals wait instead of collide, and rules that count appointments safe. A turn has its own
        person's row already, so of a client and a therapist who write to each other's calendars at once one
        may be told to try again. The rows are written to, as on a cluster nobody waits for who reads on
        another node: of two that write only one can commit. What makes double bookings impossible is `claim`.
        """
        wanted = sorted(set(resource_ids))
        if wanted:
            await self._session.defer(_lock(len(wanted)), **spread("person", wanted))

    async def claim(
        self,
        appointment_id: int,
        resource_ids: Iterable[int],
        stretches: Iterable[Stretch],
        *,
        sharing: int | None = None,
    ) -> bool:
        """Take all of these stretches for an appointment. False: some of it is taken; then nothing was added.

        What it has already is good, and so is what `sharing` has, the appointment that it is to replace. The
        transaction goes on either way.
        """
        resources, stretches = sorted(set(resource_ids)), list(stretches)
        wanted = {(resource, unit) for resource in resources for one in stretches for unit in units(*one)}
        try:
            await self._insert(appointment_id, sorted(wanted))
        except Duplicate:
            good = {appointment_id, sharing}
            owners = await self._owners(resources, stretches)
            if any(owners.get(one, appointment_id) not in good for one in wanted):
                return False
            await self._insert(appointment_id, sorted(wanted - owners.keys()))
        return True

    async def _insert(self, appointment_id: int, wanted: Sequence[tuple[int, int]]) -> None:
        rows: list[dict[str, Scalar]] = [
            {"resource_id": resource, "unit": unit, "appointment_id": appointment_id}
            for resource, unit in wanted
        ]
        await self._session.insert_all(_CLAIM, rows)

    async def _owners(
        self, resources: Sequence[int], stretches: Sequence[Stretch]
    ) -> dict[tuple[int, int], int]:
        """Resource and unit -> which appointment has it."""
        reach = units(min(start for start, _ in stretches), max(end for _, end in stretches))
        rows: Sequence[Sequence[int]] = await self._session.fetch(
            _owners(len(resources)), **spread("resource", resources), since=reach.start, until=reach.stop
        )
        return {(resource, unit): owner for resource, unit, owner in rows}

    async def release(self, appointment_id: int) -> None:
        """Give back all that an appointment had taken. Deferred."""
        await self._session.defer(_RELEASE, appointment=appointment_id)

    async def release_moves_of(self, appointment_id: int) -> None:
        """Give back what was taken to replace an appointment and has ended. Deferred."""
        await self._session.defer(_RELEASE_ENDED, appointment=appointment_id)

    async def release_series(self, appointment_id: int) -> None:
        """Give back what all those of a series had taken that stand no more. Deferred."""
        await self._session.defer(_RELEASE_SERIES, appointment=appointment_id)

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
    mine = people.c.id.in_(listed("person", count))
    return Query(update(people).where(mine).values(queued=people.c.queued + 1))


@cache
def _owners(count: int) -> Query:
    return Query(
        select(claims.c.resource_id, claims.c.unit, claims.c.appointment_id).where(
            claims.c.resource_id.in_(listed("resource", count)),
            claims.c.unit >= given("since"),
            claims.c.unit < given("until"),
        )
    )
