"""Who waits for a time to become free, in the order in which they began to wait.

What suits them is sealed; only between which minutes it lies is plain, as of appointments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, null, or_, select, update

from engine.events import Value, Values
from storage.database import Deferred, Session
from storage.people import COLUMNS as PERSON
from storage.people import Person, person_from
from storage.sealing import Sealer
from storage.sql import Insert, Query, Row, Scalar, given, limit
from storage.tables import people, waitlist, waitlist_offers

_OWN = tuple(column for column in waitlist.c if column.name not in {"client_id", "created_at"})
_SELECT = select(*_OWN, *PERSON).join(people, people.c.id == waitlist.c.client_id)
_WISHED = ("service", "service_type", "therapist_id", "wish", "from_minute", "until_minute")

_ADD = Insert(waitlist)
_SET = Query(
    update(waitlist).where(waitlist.c.id == given("entry")).values({name: given(name) for name in _WISHED})
)
_GET = Query(_SELECT.where(waitlist.c.id == given("entry")))
_OF_CLIENT = Query(
    _SELECT.where(waitlist.c.client_id == given("client"), waitlist.c.until_minute > given("now")).order_by(
        waitlist.c.id
    )
)
_NEXT = Query(
    _SELECT.where(
        waitlist.c.id > given("after"),
        waitlist.c.client_id != given("besides"),
        waitlist.c.offered.is_(None),
        waitlist.c.until_minute > given("since"),
        waitlist.c.from_minute < given("until"),
        or_(waitlist.c.therapist_id.is_(None), waitlist.c.therapist_id == given("therapist")),
    )
    .order_by(waitlist.c.id)
    .limit(limit())
)
_ANYBODY = Query(select(waitlist.c.id).limit(limit()))
_OFFERS = Query(
    select(waitlist_offers.c.therapist_id, waitlist_offers.c.starts_at)
    .join(waitlist, waitlist.c.id == waitlist_offers.c.entry_id)
    .where(waitlist.c.client_id == given("client"), waitlist.c.service == given("service"))
)
_ADD_OFFER = Insert(waitlist_offers, unless_known=True)
_OFFER = Query(update(waitlist).where(waitlist.c.id == given("entry")).values(offered=given("appointment")))
_ANSWERED = Query(
    update(waitlist)
    .where(waitlist.c.client_id == given("client"), waitlist.c.offered == given("appointment"))
    .values(offered=null())
)
_FORGET_OFFERS = Query(delete(waitlist_offers).where(waitlist_offers.c.entry_id == given("entry")))
_LEAVE = Query(delete(waitlist).where(waitlist.c.id == given("entry")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Somebody who waits for a time."""

    id: int
    """In the order in which they began to wait."""
    service: str
    service_type: str
    therapist_id: int | None
    """With whom; None: whoever is free."""
    wish: Values
    """Which days and times suit, as a value of `appointment_time`."""
    from_minute: int
    """Minutes since the epoch, like the next: between them lies all that suits."""
    until_minute: int
    offered: int | None
    """The number of the hold that is on offer to them now."""
    client: Person


class Waitlist:
    """The tables `waitlist` and `waitlist_offers`."""

    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer
        self._anybody: Deferred | None = None

    async def join(  # noqa: PLR0913  # one for each column
        self,
        *,
        client_id: int,
        service: str,
        service_type: str,
        therapist_id: int | None,
        wish: dict[str, Value],
        from_minute: int,
        until_minute: int,
        at: int,
        entry: int | None = None,
    ) -> None:
        """Wait from now on. `entry`: one of theirs that keeps its place, with the newer wish."""
        wanted: dict[str, Scalar] = {
            "service": service,
            "service_type": service_type,
            "therapist_id": therapist_id,
            "wish": self._sealer.seal_json(wish),
            "from_minute": from_minute,
            "until_minute": until_minute,
        }
        if entry is None:
            await self._session.insert(_ADD, client_id=client_id, **wanted, offered=None, created_at=at)
        else:
            await self._session.change(_SET, entry=entry, **wanted)

    async def get(self, entry: int) -> Waiting | None:
        """The one with this number, if they still wait."""
        rows = await self._session.fetch(_GET, entry=entry)
        return self._read(rows[0]) if rows else None

    async def of_client(self, client_id: int, now: int) -> list[Waiting]:
        """What a client still waits for. `now`: minutes since the epoch."""
        rows = await self._session.fetch(_OF_CLIENT, client=client_id, now=now)
        return [self._read(row) for row in rows]

    async def look(self) -> None:
        """Find out whether there is a line at all, with whatever is asked for next. Deferred."""
        self._anybody = await self._session.defer(_ANYBODY, limit=1)

    async def is_anybody_waiting(self) -> bool:
        """Whether there is a line at all, as it was looked for last. What it waits for may be over."""
        known = self._anybody.rows if self._anybody else None
        return bool(await self._session.fetch(_ANYBODY, limit=1) if known is None else known)

    async def next(
        self, after: int, therapist_id: int, since: int, until: int, *, besides: int
    ) -> Waiting | None:
        """Who comes next in the line behind entry `after` and may want this therapist between these minutes.

        `besides`: the client who has given the time back. Whoever has an offer open is passed over.
        """
        rows = await self._session.fetch(
            _NEXT, after=after, therapist=therapist_id, since=since, until=until, besides=besides, limit=1
        )
        return self._read(rows[0]) if rows else None

    async def offers(self, client_id: int, service: str) -> set[tuple[int, int]]:
        """Every time that a client was offered for what they wait for: therapists with minutes."""
        rows: Sequence[Sequence[int]] = await self._session.fetch(_OFFERS, client=client_id, service=service)
        return {(therapist, start) for therapist, start in rows}

    async def offer(self, entry: int, appointment: int, therapist_id: int, starts_at: int) -> None:
        """This hold is on offer to them from now on. Deferred."""
        await self._session.defer(_ADD_OFFER, entry_id=entry, therapist_id=therapist_id, starts_at=starts_at)
        await self._session.defer(_OFFER, entry=entry, appointment=appointment)

    async def answered(self, client_id: int, appointment: int) -> bool:
        """This hold is on offer no more. False: it was not."""
        return bool(await self._session.change(_ANSWERED, client=client_id, appointment=appointment))

    async def leave(self, entry: int) -> None:
        """Wait no more for this. Deferred."""
        await self._session.defer(_FORGET_OFFERS, entry=entry)
        await self._session.defer(_LEAVE, entry=entry)

    def _read(self, row: Row) -> Waiting:
        own, person = row[: len(_OWN)], row[len(_OWN) :]
        values = dict(zip((column.name for column in _OWN), own, strict=True))
        wish = self._sealer.open_json(values.pop("wish"))
        return Waiting(**values, wish=wish, client=person_from(person, self._sealer))
