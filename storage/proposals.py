"""The times that a therapist has offered instead: each is taken until the client has answered.

While an appointment is `proposed` they stand for its own time, which is free again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from storage.database import Session
from storage.sql import Insert, Query, given
from storage.tables import proposals

MOST = 3
"""How many times may be proposed at once."""

_ADD = Insert(proposals)
_CLEAR = Query(delete(proposals).where(proposals.c.appointment_id == given("appointment")))
_OF = Query(
    select(
        proposals.c.starts_at,
        proposals.c.ends_at,
        proposals.c.claimed_from,
        proposals.c.claimed_until,
        proposals.c.zone,
        proposals.c.wall_time,
    )
    .where(proposals.c.appointment_id == given("appointment"))
    .order_by(proposals.c.position)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A time that an appointment could have. Times are minutes since the epoch, UTC."""

    starts_at: int
    ends_at: int
    claimed_from: int
    claimed_until: int
    zone: str
    wall_time: str
    """As in `storage.appointments.NewAppointment`, like all of these."""


class Proposals:
    """The table `proposals`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def put(self, appointment_id: int, options: Sequence[Proposal]) -> None:
        """Replace what was proposed before. Deferred."""
        await self._session.defer(_CLEAR, appointment=appointment_id)
        await self._session.defer_all(
            _ADD,
            [
                {
                    "appointment_id": appointment_id,
                    "position": position,
                    "starts_at": option.starts_at,
                    "ends_at": option.ends_at,
                    "claimed_from": option.claimed_from,
                    "claimed_until": option.claimed_until,
                    "zone": option.zone,
                    "wall_time": option.wall_time,
                }
                for position, option in enumerate(options)
            ],
        )

    async def of(self, appointment_id: int) -> list[Proposal]:
        """What was proposed last for an appointment, in the order in which it was."""
        rows = await self._session.fetch(_OF, appointment=appointment_id)
        return [
            Proposal(
                starts_at=starts_at,
                ends_at=ends_at,
                claimed_from=claimed_from,
                claimed_until=claimed_until,
                zone=zone,
                wall_time=wall_time,
            )
            for starts_at, ends_at, claimed_from, claimed_until, zone, wall_time in rows
        ]
