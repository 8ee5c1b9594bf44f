"""Who has looked at what clients wrote, and when. Never what it was.

Rows are only ever added. There is no way to change or remove one, on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from storage.database import Session
from storage.sql import Insert, Query, given, limit
from storage.tables import access_log, therapists

_ADD = Insert(access_log)
_LISTED = Query(
    select(
        access_log.c.id,
        access_log.c.at,
        access_log.c.person_id,
        therapists.c.code,
        access_log.c.client_id,
        access_log.c.what,
    )
    .join(therapists, therapists.c.person_id == access_log.c.person_id, isouter=True)
    .where(access_log.c.id > given("after"))
    .order_by(access_log.c.id)
    .limit(limit())
)


@dataclass(frozen=True, slots=True)
class Access:
    """One look."""

    id: int
    at: int
    """Seconds since the epoch."""
    person_id: int
    code: str | None
    """The therapist's code in the practice file, if they are still in it."""
    client_id: int
    what: str
    """What was looked at, such as `history`."""


class AccessLog:
    """The table `access_log`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, person_id: int, client_id: int, what: str, at: int) -> None:
        """Add a row, deferred: it is written with what was shown, or neither is."""
        await self._session.defer(_ADD, person_id=person_id, client_id=client_id, what=what, at=at)

    async def listed(self, after: int, limit: int) -> list[Access]:
        """Rows behind this number, oldest first."""
        rows = await self._session.fetch(_LISTED, after=after, limit=limit)
        return [Access(*row) for row in rows]
