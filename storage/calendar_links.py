"""Who has a private calendar feed, and what it shows: when, and nothing of what or whom."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select, update

from storage.database import Session
from storage.sql import Insert, Query, given
from storage.tables import appointments, calendar_links

FIRST = 1
SHOWN = ("pending", "proposed", "confirmed", "completed", "no_show", "cancelled")
"""What was asked for or stood once; holds are nobody's business, and what was declined never was."""

_BEGIN = Insert(calendar_links, unless_known=True)
_VERSION = Query(select(calendar_links.c.version).where(calendar_links.c.person_id == given("person")))
_RENEW = Query(
    update(calendar_links)
    .where(calendar_links.c.person_id == given("person"))
    .values(version=calendar_links.c.version + 1)
)
_ENTRIES = Query(
    select(
        appointments.c.id,
        appointments.c.starts_at,
        appointments.c.ends_at,
        appointments.c.status,
        appointments.c.created_at,
        appointments.c.updated_at,
    )
    .where(
        or_(appointments.c.therapist_id == given("person"), appointments.c.client_id == given("person")),
        appointments.c.ends_at > given("since"),
        appointments.c.status.in_(SHOWN),
    )
    .order_by(appointments.c.starts_at, appointments.c.id)
)


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """An appointment as a calendar shows it."""

    id: int
    starts_at: int
    """Minutes since the epoch, like the next."""
    ends_at: int
    status: str
    created_at: int
    """Seconds since the epoch, like the next."""
    updated_at: int


class CalendarLinks:
    """The table `calendar_links`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def begin(self, person: int) -> int:
        """The version of somebody's link, which there is from now on if there was none."""
        await self._session.insert(_BEGIN, person_id=person, version=FIRST)
        return await self.version(person) or FIRST

    async def renew(self, person: int) -> int:
        """A new version: the link of before is worth nothing any more."""
        await self.begin(person)
        await self._session.change(_RENEW, person=person)
        return await self.version(person) or FIRST

    async def version(self, person: int) -> int | None:
        """The version that holds; None: this person has never asked for a link."""
        rows = await self._session.fetch(_VERSION, person=person)
        return rows[0][0] if rows else None

    async def entries(self, person: int, since: int) -> list[CalendarEntry]:
        """Somebody's appointments that end after this minute, the earliest first."""
        rows = await self._session.fetch(_ENTRIES, person=person, since=since)
        return [CalendarEntry(*row) for row in rows]
