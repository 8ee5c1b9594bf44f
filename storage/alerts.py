"""Alerts: somebody may be in danger, and a person has to know. One row each, kept for the record.

Which rule was met is written down, and who answered for it; what was said stays in the inbox, sealed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update

from storage.database import Session
from storage.people import COLUMNS as PERSON
from storage.people import Person, person_from
from storage.sealing import Sealer
from storage.sql import Insert, Query, Row, given
from storage.tables import alerts, people

DAY = 24 * 3600
MOST_OPEN = 10
"""How many open alerts are read at once: nobody can answer for more of them together."""
_OWN = (alerts.c.id, alerts.c.rule, alerts.c.raised_at, alerts.c.told, alerts.c.acknowledged_by)
_SELECT = select(*_OWN, *PERSON).join(people, people.c.id == alerts.c.client_id)
_OPEN = alerts.c.acknowledged_at.is_(None)

_ADD = Insert(alerts)
_GET = Query(_SELECT.where(alerts.c.id == given("alert")))
_LAST = Query(_SELECT.where(alerts.c.client_id == given("client")).order_by(alerts.c.id.desc()).limit(1))
_OPEN_SINCE = Query(
    _SELECT.where(_OPEN, alerts.c.raised_at >= given("since")).order_by(alerts.c.id).limit(MOST_OPEN)
)
_WHO_ANSWERS = Query(
    select(alerts.c.acknowledged_by)
    .where(alerts.c.client_id == given("client"), alerts.c.acknowledged_at > given("since"))
    .order_by(alerts.c.id.desc())
    .limit(1)
)
_TELL = Query(update(alerts).where(alerts.c.id == given("alert")).values(told=alerts.c.told + 1))
_ACKNOWLEDGE = Query(
    update(alerts)
    .where(alerts.c.id == given("alert"), _OPEN)
    .values(acknowledged_by=given("person"), acknowledged_at=given("at"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert and whom it is about."""

    id: int
    client: Person
    rule: str
    """The rule of the lexicon that the message met, such as `explicit.overdose`."""
    raised_at: int
    """Seconds since the epoch."""
    told: int
    """How often somebody was told of it."""
    acknowledged_by: int | None
    """The number of the person who answers for it."""

    def is_of(self, person_id: int, now: int) -> bool:
        """Whether this person answers for it, and it was raised within a day."""
        return self.acknowledged_by == person_id and now < self.raised_at + DAY


class Alerts:
    """The table `alerts`."""

    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def raise_(self, client_id: int, rule: str, at: int) -> int:
        """Add one, of which somebody is being told; returns its number."""
        return await self._session.insert(
            _ADD,
            client_id=client_id,
            rule=rule,
            raised_at=at,
            told=1,
            acknowledged_by=None,
            acknowledged_at=None,
        )

    async def get(self, alert_id: int) -> Alert | None:
        """The alert of this number."""
        return self._one(await self._session.fetch(_GET, alert=alert_id))

    async def last_of(self, client_id: int) -> Alert | None:
        """A client's latest alert."""
        return self._one(await self._session.fetch(_LAST, client=client_id))

    async def open_since(self, at: int) -> list[Alert]:
        """Alerts raised since then for which nobody answers yet, the longest first; at most `MOST_OPEN`."""
        rows = await self._session.fetch(_OPEN_SINCE, since=at)
        return [found for row in rows if (found := self._one([row]))]

    async def who_answers_for(self, client_id: int, now: int) -> int | None:
        """The number of the person who has answered for a client's latest alert, if that was within a day."""
        rows = await self._session.fetch(_WHO_ANSWERS, client=client_id, since=now - DAY)
        return rows[0][0] if rows else None

    async def tell_again(self, alert_id: int) -> None:
        """Somebody else is being told. Deferred."""
        await self._session.defer(_TELL, alert=alert_id)

    async def acknowledge(self, alert_id: int, person_id: int, at: int) -> bool:
        """Somebody answers for it. False: somebody did before."""
        return await self._session.change(_ACKNOWLEDGE, alert=alert_id, person=person_id, at=at) == 1

    def _one(self, rows: Sequence[Row]) -> Alert | None:
        if not rows:
            return None
        number, rule, raised_at, told, acknowledged_by, *person = rows[0]
        return Alert(
            id=number,
            client=person_from(tuple(person), self._sealer),
            rule=rule,
            raised_at=raised_at,
            told=told,
            acknowledged_by=acknowledged_by,
        )
