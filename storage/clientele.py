"""What a therapist may know of clients: who they are, what was between the two, what they wrote about it.

Another therapist's appointments, and what was written about those, are not found here.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, or_, select

from storage.database import Session
from storage.people import COLUMNS as PERSON
from storage.people import Person, person_from
from storage.sealing import Sealer
from storage.sql import Query, given, limit
from storage.tables import appointments, inbox, people, relays

BEFORE_SECONDS = 3600
AFTER_SECONDS = 600
"""What a client wrote so long before and after a time was held for them is about that appointment."""

_THEIRS = and_(
    appointments.c.therapist_id == given("therapist"),
    appointments.c.status != "held",  # a request that was never sent tells a therapist nothing
)
_CLIENTS = Query(
    select(*PERSON)
    .where(
        or_(
            people.c.id.in_(select(appointments.c.client_id).where(_THEIRS)),
            people.c.id.in_(select(relays.c.client_id).where(relays.c.therapist_id == given("therapist"))),
        )
    )
    .order_by(people.c.id)
)
_PAST = Query(
    select(
        appointments.c.id,
        appointments.c.starts_at,
        appointments.c.service,
        appointments.c.service_type,
        appointments.c.status,
    )
    .where(_THEIRS, appointments.c.client_id == given("client"), appointments.c.starts_at <= given("until"))
    .order_by(appointments.c.starts_at.desc())
    .limit(limit())
)
_WORDS = Query(
    select(inbox.c.id, inbox.c.heard_at, inbox.c.body)
    .join(people, people.c.address_hash == inbox.c.address_hash)
    .join(appointments, appointments.c.client_id == people.c.id)
    .where(
        _THEIRS,
        people.c.id == given("client"),
        inbox.c.flow == people.c.role,
        inbox.c.kind == "text",
        inbox.c.heard_at >= appointments.c.created_at - BEFORE_SECONDS,
        inbox.c.heard_at <= appointments.c.created_at + AFTER_SECONDS,
    )
    .order_by(inbox.c.heard_at.desc(), inbox.c.id.desc())
    .limit(limit())
)


@dataclass(frozen=True, slots=True)
class Past:
    """An appointment that has begun, or would have."""

    id: int
    starts_at: int
    """Minutes since the epoch."""
    service: str
    service_type: str
    status: str


@dataclass(frozen=True, slots=True)
class Words:
    """What a client wrote."""

    heard_at: int
    """Seconds since the epoch."""
    text: str


class Clientele:
    """Therapists and their clients, as the appointments tell."""

    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def of(self, therapist_id: int) -> list[Person]:
        """Everybody who ever asked this therapist for an appointment, or talked to them."""
        rows = await self._session.fetch(_CLIENTS, therapist=therapist_id)
        return [person_from(row, self._sealer) for row in rows]

    async def past(self, therapist_id: int, client_id: int, until_minute: int, limit: int) -> list[Past]:
        """What was between the two, newest first."""
        rows = await self._session.fetch(
            _PAST, therapist=therapist_id, client=client_id, until=until_minute, limit=limit
        )
        return [Past(*row) for row in rows]

    async def words(self, therapist_id: int, client_id: int, limit: int) -> list[Words]:
        """What the client wrote about appointments with this therapist, newest first."""
        rows = await self._session.fetch(_WORDS, therapist=therapist_id, client=client_id, limit=limit)
        bodies = {number: (heard_at, body) for number, heard_at, body in rows}  # of two appointments: once
        return [
            Words(heard_at, str(self._sealer.open_json(body).get("text") or ""))
            for heard_at, body in bodies.values()
        ]
