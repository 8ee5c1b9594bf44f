"""Appointments and how they move on. A status changes only from one that the caller names.

The time that an appointment takes is in `claims`; both are written in one transaction. An appointment
whose hold or deadline is over counts as gone at once, whoever tidies it up later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import Select, delete, func, or_, select, update

from storage.claims import units
from storage.database import Session
from storage.link import Duplicate
from storage.people import COLUMNS as PERSON
from storage.people import Person, person_from
from storage.sealing import Sealer
from storage.sql import Insert, Query, Row, given, listed, spread
from storage.tables import appointments, claims, people

Busy: TypeAlias = tuple[int, int, int]
"""A therapist's number, and the stretch that is taken: minutes since the epoch, its end excluded."""

WAITING = ("held", "pending")
"""Statuses that end by themselves at `expires_at`."""
ACTIVE = (*WAITING, "confirmed")
"""Statuses that take time."""

_OWN = (
    appointments.c.id,
    appointments.c.service,
    appointments.c.service_type,
    appointments.c.starts_at,
    appointments.c.ends_at,
    appointments.c.claimed_from,
    appointments.c.claimed_until,
    appointments.c.zone,
    appointments.c.wall_time,
    appointments.c.status,
    appointments.c.expires_at,
    appointments.c.cancelled_by,
    appointments.c.address,
)
_therapist = people.alias("therapist_person")
_client = people.alias("client_person")
_THERAPIST = tuple(_therapist.c[column.name] for column in PERSON)
_CLIENT = tuple(_client.c[column.name] for column in PERSON)
_SELECT = (
    select(*_OWN, *_THERAPIST, *_CLIENT)
    .join(_therapist, _therapist.c.id == appointments.c.therapist_id)
    .join(_client, _client.c.id == appointments.c.client_id)
)
_unexpired = or_(appointments.c.expires_at.is_(None), appointments.c.expires_at > given("now"))

_ADD = Insert(appointments)
_BY_OP_KEY = Query(select(appointments.c.id).where(appointments.c.op_key == given("op_key")))
_REMOVE = Query(delete(appointments).where(appointments.c.id == given("appointment")))
_GET = Query(_SELECT.where(appointments.c.id == given("appointment")))
_ALL = Query(_SELECT.order_by(appointments.c.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAppointment:
    """What an appointment begins with. Times are minutes since the epoch, UTC."""

    therapist_id: int
    client_id: int
    service: str
    service_type: str
    starts_at: int
    ends_at: int
    claimed_from: int
    """With buffer and travel before it; kept, so that a changed service does not change history."""
    claimed_until: int
    zone: str
    """The IANA zone in which the time was promised."""
    wall_time: str
    """The local time that was promised there: `YYYY-MM-DDTHH:MM`."""
    address: str | None = None
    """Where the therapist is to go."""
    status: str = "held"
    expires_at: int | None = None
    """When the hold or the deadline is over: seconds since the epoch."""
    op_key: str
    """Unique name of what caused it; a second attempt finds the first one's appointment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """An appointment and both people. Times are minutes since the epoch, UTC."""

    id: int
    therapist: Person
    client: Person
    service: str
    service_type: str
    starts_at: int
    ends_at: int
    claimed_from: int
    claimed_until: int
    zone: str
    wall_time: str
    status: str
    expires_at: int | None
    """Seconds since the epoch."""
    cancelled_by: str | None
    address: str | None


class Appointments:
    """The table `appointments`."""

    def __init__(self, session: Session, sealer: Sealer, clock: Callable[[], int]) -> None:
        self._session = session
        self._sealer = sealer
        self._clock = clock

    async def add(self, new: NewAppointment) -> int:
        """Add an appointment; returns its number. With a known `op_key`: the number it had then."""
        now = self._clock()
        try:
            return await self._session.insert(
                _ADD,
                therapist_id=new.therapist_id,
                client_id=new.client_id,
                service=new.service,
                service_type=new.service_type,
                starts_at=new.starts_at,
                ends_at=new.ends_at,
                claimed_from=new.claimed_from,
                claimed_until=new.claimed_until,
                zone=new.zone,
                wall_time=new.wall_time,
                address=self._sealer.seal_optional(new.address),
                status=new.status,
                expires_at=new.expires_at,
                cancelled_by=None,
                op_key=new.op_key,
                created_at=now,
                updated_at=now,
            )
        except Duplicate:
            ((number,),) = await self._session.fetch(_BY_OP_KEY, op_key=new.op_key)
            return int(number)

    async def move_on(
        self,
        appointment_id: int,
        *,
        frm: Sequence[str],
        to: str,
        expires_at: int | None = None,
        unexpired_at: int | None = None,
        cancelled_by: str | None = None,
        address: str | None = None,
    ) -> bool:
        """Change the status, if it is one of `frm` now. False: it is not, and nothing was changed.

        `unexpired_at`: only if the hold or deadline was not over then. `expires_at` replaces what was
        there; `cancelled_by` and `address` are kept when None. Claims are the caller's to release.
        """
        found = await self._session.change(
            _move_on(len(frm), unexpired_at is not None),
            **spread("from", frm),
            **({} if unexpired_at is None else {"now": unexpired_at}),
            appointment=appointment_id,
            to=to,
            until=expires_at,
            by=cancelled_by,
            where=self._sealer.seal_optional(address),
            at=self._clock(),
        )
        return found == 1

    async def remove(self, appointment_id: int) -> None:
        """Undo `add` in the same transaction, when the time could not be claimed."""
        await self._session.change(_REMOVE, appointment=appointment_id)

    async def get(self, appointment_id: int) -> Appointment | None:
        """The appointment of this number."""
        rows = await self._session.fetch(_GET, appointment=appointment_id)
        return self._read(rows[0]) if rows else None

    async def of_client(
        self, client_id: int, statuses: Sequence[str], after_minute: int
    ) -> list[Appointment]:
        """A client's appointments that end after then, in order of time."""
        rows = await self._session.fetch(
            _of_client(len(statuses)), **spread("status", statuses), client=client_id, after=after_minute
        )
        return [self._read(row) for row in rows]

    async def of_therapist(
        self, therapist_id: int, statuses: Sequence[str], from_minute: int, until_minute: int
    ) -> list[Appointment]:
        """A therapist's appointments that touch this stretch, its end excluded, in order of time."""
        rows = await self._session.fetch(
            _of_therapist(len(statuses)),
            **spread("status", statuses),
            therapist=therapist_id,
            since=from_minute,
            until=until_minute,
        )
        return [self._read(row) for row in rows]

    async def busy(
        self, therapist_ids: Iterable[int], from_minute: int, until_minute: int, now: int
    ) -> list[Busy]:
        """What is taken of these therapists' time, buffers and travel included. `now` in seconds."""
        wanted = sorted(set(therapist_ids))
        if not wanted:
            return []
        rows = await self._session.fetch(
            _busy(len(wanted)), **spread("therapist", wanted), since=from_minute, until=until_minute, now=now
        )
        return [(therapist, start, end) for therapist, start, end in rows]

    async def expired_colliding(
        self, resource_ids: Iterable[int], from_minute: int, until_minute: int, now: int
    ) -> list[Appointment]:
        """Appointments that have run out and still claim some of this time: to be expired and released."""
        wanted = sorted(set(resource_ids))
        if not wanted:
            return []
        stretch = units(from_minute, until_minute)
        rows = await self._session.fetch(
            _colliding(len(wanted)),
            **spread("resource", wanted),
            since=stretch.start,
            until=stretch.stop,
            now=now,
        )
        return [self._read(row) for row in rows]

    async def all(self) -> list[Appointment]:
        """Every appointment, in the order in which they were made: for demonstrations."""
        return [self._read(row) for row in await self._session.fetch(_ALL)]

    def _read(self, row: Row) -> Appointment:
        own, people_columns = row[: len(_OWN)], row[len(_OWN) :]
        fields: dict[str, Any] = {column.name: value for column, value in zip(_OWN, own, strict=True)}
        fields["address"] = self._sealer.open_optional(fields["address"])
        return Appointment(
            therapist=person_from(people_columns[: len(PERSON)], self._sealer),
            client=person_from(people_columns[len(PERSON) :], self._sealer),
            **fields,
        )


@cache
def _move_on(count: int, if_unexpired: bool) -> Query:  # noqa: FBT001
    statement = update(appointments).where(
        appointments.c.id == given("appointment"), appointments.c.status.in_(listed("from", count))
    )
    if if_unexpired:
        statement = statement.where(_unexpired)
    return Query(
        statement.values(
            status=given("to"),
            expires_at=given("until"),
            cancelled_by=func.coalesce(given("by"), appointments.c.cancelled_by),
            address=func.coalesce(given("where"), appointments.c.address),
            updated_at=given("at"),
        )
    )


def _in_time(statement: Select[Any]) -> Query:
    return Query(statement.order_by(appointments.c.starts_at, appointments.c.id))


@cache
def _of_client(count: int) -> Query:
    return _in_time(
        _SELECT.where(
            appointments.c.client_id == given("client"),
            appointments.c.status.in_(listed("status", count)),
            appointments.c.ends_at > given("after"),
        )
    )


@cache
def _of_therapist(count: int) -> Query:
    return _in_time(
        _SELECT.where(
            appointments.c.therapist_id == given("therapist"),
            appointments.c.status.in_(listed("status", count)),
            appointments.c.ends_at > given("since"),
            appointments.c.starts_at < given("until"),
        )
    )


@cache
def _busy(count: int) -> Query:
    return Query(
        select(appointments.c.therapist_id, appointments.c.claimed_from, appointments.c.claimed_until)
        .where(
            appointments.c.therapist_id.in_(listed("therapist", count)),
            appointments.c.claimed_until > given("since"),
            appointments.c.claimed_from < given("until"),
            appointments.c.status.in_(ACTIVE),
            or_(appointments.c.status == "confirmed", _unexpired),
        )
        .order_by(appointments.c.therapist_id, appointments.c.claimed_from)
    )


@cache
def _colliding(count: int) -> Query:
    touching = select(claims.c.appointment_id).where(
        claims.c.resource_id.in_(listed("resource", count)),
        claims.c.unit >= given("since"),
        claims.c.unit < given("until"),
    )
    return Query(
        _SELECT.where(
            appointments.c.id.in_(touching),
            appointments.c.status.in_(WAITING),
            appointments.c.expires_at <= given("now"),
        ).order_by(appointments.c.id)
    )
