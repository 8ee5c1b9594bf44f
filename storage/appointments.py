"""Appointments as they are kept, and what of people's time they take.

The time itself is in `claims`; `storage/calendar.py` writes both. An appointment whose hold or deadline is
over counts as gone at once, whoever tidies it up later.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from storage import appointment_queries as queries
from storage.claims import units
from storage.database import Deferred, Session
from storage.lifecycle import ACTIVE, WAITING, Move
from storage.link import Duplicate
from storage.people import COLUMNS as PERSON
from storage.people import Person, person_from
from storage.proposals import Proposal
from storage.sealing import Sealer
from storage.sql import Row, Scalar, spread

__all__ = ["ACTIVE", "WAITING", "Appointment", "Appointments", "NewAppointment", "Taken"]


class Taken(NamedTuple):
    """A stretch of somebody's time that is not free, in minutes, with all that is kept free around it."""

    person: int
    start: int
    end: int
    appointment: int
    """Which it is for; 0: it is blocked."""
    starts_at: int
    """When that begins, or would."""


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
    replaces: int | None = None
    """The number of the confirmed appointment that is moved by this one."""
    series: int | None = None
    """The number of the first of those that are taken together."""
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
    client_confirmed_at: int | None
    """When the client last said that they will be there: seconds since the epoch."""
    replaces: int | None
    """The number of the appointment that is moved by this one, or was."""
    cancelled_late: int | None
    """1: the client cancelled when the practice counted on them."""
    reason: str | None
    """What the therapist said about why they declined, proposed or cancelled."""
    series: int | None
    """The number of the first of those that were taken together, in that one its own; None: it is alone."""

    @property
    def leads(self) -> bool:
        """Whether it is asked for and answered by its own number, and not by that of its series."""
        return self.series in {None, self.id}

    @property
    def therapist_id(self) -> int:
        """The therapist's number."""
        return self.therapist.id

    def stands(self, now: int) -> bool:
        """Whether its hold or deadline, if it has one, is not over. `now` in seconds."""
        return self.expires_at is None or self.expires_at > now


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
                queries.ADD,
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
                client_confirmed_at=None,
                replaces=new.replaces,
                cancelled_late=None,
                reason=None,
                series=new.series,
                op_key=new.op_key,
                created_at=now,
                updated_at=now,
            )
        except Duplicate:
            ((number,),) = await self._session.fetch(queries.BY_OP_KEY, op_key=new.op_key)
            return int(number)

    async def move_on(
        self,
        appointment_id: int,
        move: Move,
        now: int,
        *,
        expires_at: int | None = None,
        address: str | None = None,
        late: bool = False,
        reason: str | None = None,
    ) -> bool:
        """Change the status, if the move begins from what it is now. False: nothing was changed.

        `expires_at` replaces what was there; `address` and `reason` are kept when None. What waits together
        is one: with the first of a series the others move on, for the same deadline binds them. Nobody but
        `storage.calendar.Calendar` calls this: what an appointment takes has to follow its status.
        """
        changes: dict[str, Scalar] = {
            "appointment": appointment_id,
            "until": expires_at,
            "where": self._sealer.seal_optional(address),
            "late": 1 if late else None,
            "why": self._sealer.seal_optional(reason),
            "at": self._clock(),
        }
        if await self._session.change(queries.move_on(move), now=now, **changes) != 1:
            return False
        if move.is_of_what_waits:
            await self._session.defer(queries.move_others_on(move), **changes)
        return True

    async def lock(self, appointment_id: int, move: Move, now: int) -> bool:
        """Whether a move could begin; if so it can until the transaction ends."""
        return bool(await self._session.fetch(queries.lock(move), appointment=appointment_id, now=now))

    async def mark(self, appointment_id: int) -> Deferred:
        """Write to a confirmed appointment, though nothing of it changes, as something is built upon it.

        Deferred; it has found nothing if the appointment is confirmed no more. Whoever would end it meanwhile
        waits, and on a cluster whose nodes both take writes, where no lock on a row reaches the other node,
        one of the two transactions fails, as both have written to it.
        """
        return await self._session.defer(queries.MARK, appointment=appointment_id, at=self._clock())

    async def end_moves_of(self, appointment_id: int) -> None:
        """Cancel whatever was to replace an appointment that does not stand any more. Deferred."""
        await self._session.defer(queries.END_MOVES_OF, appointment=appointment_id, at=self._clock())

    async def seen_last_by(self, client: int) -> int | None:
        """Whose client somebody is: of the latest appointment, past or to come; None: nobody's as yet."""
        rows = await self._session.fetch(queries.SEEN_LAST_BY, client=client)
        return rows[0][0] if rows else None

    async def count_kept(self, client: int, therapist: int, until: int) -> int:
        """How many sessions these two have had by this minute."""
        rows = await self._session.fetch(queries.KEPT, client=client, therapist=therapist, until=until)
        return int(rows[0][0])

    async def set_time(self, appointment_id: int, time: Proposal) -> None:
        """Give an appointment the time that was chosen of those proposed. Deferred."""
        await self._session.defer(
            queries.SET_TIME,
            appointment=appointment_id,
            starts=time.starts_at,
            ends=time.ends_at,
            since=time.claimed_from,
            until=time.claimed_until,
            in_zone=time.zone,
            wall=time.wall_time,
        )

    async def replacing(self, appointment_id: int) -> list[Appointment]:
        """What was or is to replace an appointment, whatever became of it, the newest first."""
        rows = await self._session.fetch(queries.REPLACING, appointment=appointment_id)
        return [self._read(row) for row in rows]

    async def expire(self, appointment_id: int, now: int) -> bool:
        """End what has run out, a series by its first. False: it has not, or it has ended otherwise since."""
        at = self._clock()
        if await self._session.change(queries.EXPIRE, appointment=appointment_id, now=now, at=at) != 1:
            return False
        await self._session.defer(queries.EXPIRE_OTHERS, appointment=appointment_id, at=at)
        return True

    async def lead(self, appointment_id: int) -> None:
        """Make an appointment the first of a series. Deferred."""
        await self._session.defer(queries.LEAD, appointment=appointment_id)

    async def join(self, appointment_id: int, series: int) -> None:
        """Make an appointment one of a series. Deferred."""
        await self._session.defer(queries.JOIN, appointment=appointment_id, lead=series)

    async def of_series(self, series: int) -> list[Appointment]:
        """Those taken together, and what has replaced any, whatever became of them, in order of time."""
        rows = await self._session.fetch(queries.SERIES, appointment=series)
        return [self._read(row) for row in rows]

    async def remove(self, appointment_id: int) -> None:
        """Undo `add` in the same transaction, when the time could not be claimed. Deferred."""
        await self._session.defer(queries.REMOVE, appointment=appointment_id)

    async def get(self, appointment_id: int) -> Appointment | None:
        """The appointment of this number."""
        rows = await self._session.fetch(queries.GET, appointment=appointment_id)
        return self._read(rows[0]) if rows else None

    async def of_client(
        self, client_id: int, statuses: Sequence[str], after_minute: int
    ) -> list[Appointment]:
        """A client's appointments that end after then, in order of time."""
        rows = await self._session.fetch(
            queries.of_client(len(statuses)),
            **spread("status", statuses),
            client=client_id,
            after=after_minute,
        )
        return [self._read(row) for row in rows]

    async def of_therapist(
        self, therapist_id: int, statuses: Sequence[str], from_minute: int, until_minute: int
    ) -> list[Appointment]:
        """A therapist's appointments that touch this stretch, its end excluded, in order of time."""
        rows = await self._session.fetch(
            queries.of_therapist(len(statuses)),
            **spread("status", statuses),
            therapist=therapist_id,
            since=from_minute,
            until=until_minute,
        )
        return [self._read(row) for row in rows]

    async def coming(self, after_minute: int) -> list[Appointment]:
        """Everybody's appointments and requests that end after then, in order of time."""
        return [self._read(row) for row in await self._session.fetch(queries.COMING, after=after_minute)]

    async def record(self, client_id: int, from_minute: int) -> tuple[int, int]:
        """How often a client did not come, and cancelled late, to what was to begin since then."""
        ((missed, late),) = await self._session.fetch(queries.RECORD, client=client_id, since=from_minute)
        return int(missed or 0), int(late or 0)

    async def count_open(self, client_id: int, now: int) -> int:
        """How many holds and requests of a client have not run out."""
        ((count,),) = await self._session.fetch(queries.COUNT_OPEN, client=client_id, now=now)
        return int(count)

    async def busy(
        self,
        people: Iterable[int],
        from_minute: int,
        until_minute: int,
        now: int,
        *,
        besides: int | None = None,
        moving: int | None = None,
    ) -> list[Taken]:
        """What is taken of these therapists' and clients' time, buffers, travel and blocked times included.

        `now` in seconds. `besides`: the number of an appointment that is in nobody's way while it is held;
        `moving`: of one that is in nobody's way at all, as what is looked for is to replace it.
        """
        wanted = sorted(set(people))
        if not wanted:
            return []
        ((gathered,),) = await self._session.fetch(
            queries.busy(len(wanted)),
            **spread("person", wanted),
            since=from_minute,
            until=until_minute,
            now=now,
            besides=besides or 0,
            moving=moving or 0,
        )
        numbers = iter(json.loads(gathered))
        return sorted(map(Taken, numbers, numbers, numbers, numbers, numbers))

    async def expired_colliding(
        self, resource_ids: Iterable[int], from_minute: int, until_minute: int, now: int
    ) -> list[Appointment]:
        """Appointments that have run out and still claim some of this time: to be expired and released."""
        wanted = sorted(set(resource_ids))
        if not wanted:
            return []
        stretch = units(from_minute, until_minute)
        rows = await self._session.fetch(
            queries.colliding(len(wanted)),
            **spread("resource", wanted),
            since=stretch.start,
            until=stretch.stop,
            now=now,
        )
        return [self._read(row) for row in rows]

    async def all(self) -> list[Appointment]:
        """Every appointment, in the order in which they were made: for demonstrations."""
        return [self._read(row) for row in await self._session.fetch(queries.ALL)]

    def _read(self, row: Row) -> Appointment:
        own, people_columns = row[: len(queries.OWN)], row[len(queries.OWN) :]
        fields: dict[str, Any] = {column.name: value for column, value in zip(queries.OWN, own, strict=True)}
        for name in ("address", "reason"):
            fields[name] = self._sealer.open_optional(fields[name])
        return Appointment(
            therapist=person_from(people_columns[: len(PERSON)], self._sealer),
            client=person_from(people_columns[len(PERSON) :], self._sealer),
            **fields,
        )
