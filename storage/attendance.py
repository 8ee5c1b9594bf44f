"""What is known of whether somebody comes: written on the appointment, never in the way of its time."""

from __future__ import annotations

from sqlalchemy import update

from storage.database import Session
from storage.sql import Query, given
from storage.tables import appointments

_CONFIRM = Query(
    update(appointments)
    .where(appointments.c.id == given("appointment"), appointments.c.status == "confirmed")
    .values(client_confirmed_at=given("at"))
)


class Attendance:
    """A view of the table `appointments`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def will_come(self, appointment_id: int, at: int) -> bool:
        """Keep that the client has said so. False: the appointment does not stand."""
        return await self._session.change(_CONFIRM, appointment=appointment_id, at=at) == 1
