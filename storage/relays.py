"""Which client and therapist are talking to each other through us. Never what they say: that is in the inbox.

One row for each pair, opened again whenever they talk again. A conversation in which nobody has written for
`SILENT_SECONDS` counts as over at once, whoever tidies up later.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import null, select, update

from storage.database import Session
from storage.people import COLUMNS as PERSON
from storage.people import Person, person_from
from storage.sealing import Sealer
from storage.sql import Insert, Query, Row, given
from storage.tables import people, relays

SILENT_SECONDS = 2 * 3600

_client = people.alias("client_person")
_therapist = people.alias("therapist_person")
_SELECT = (
    select(
        relays.c.id,
        relays.c.last_at,
        relays.c.closed_at,
        *(_client.c[column.name] for column in PERSON),
        *(_therapist.c[column.name] for column in PERSON),
    )
    .join(_client, _client.c.id == relays.c.client_id)
    .join(_therapist, _therapist.c.id == relays.c.therapist_id)
)
_PAIR = (relays.c.client_id == given("client"), relays.c.therapist_id == given("therapist"))

_ADD = Insert(relays, unless_known=True)
_OPEN = Query(update(relays).where(*_PAIR).values(last_at=given("at"), closed_at=null()))
_OF_PAIR = Query(_SELECT.where(*_PAIR))
_GET = Query(_SELECT.where(relays.c.id == given("relay")))
_OF_THERAPIST = Query(
    _SELECT.where(
        relays.c.therapist_id == given("therapist"),
        relays.c.closed_at.is_(None),
        relays.c.last_at > given("since"),
    ).order_by(relays.c.id)
)
_CLOSE = Query(
    update(relays)
    .where(relays.c.id == given("relay"), relays.c.closed_at.is_(None))
    .values(closed_at=given("at"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """A conversation between two people through us. Instants in seconds since the epoch."""

    id: int
    client: Person
    therapist: Person
    last_at: int
    """When one of them wrote last."""
    closed_at: int | None

    def is_open(self, now: int) -> bool:
        """Whether neither has closed it and it has not fallen silent."""
        return self.closed_at is None and now < self.last_at + SILENT_SECONDS


class Relays:
    """The table `relays`."""

    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def open(self, client_id: int, therapist_id: int, at: int) -> Relay:
        """Open the conversation of these two, or keep it open: somebody writes now."""
        pair = {"client": client_id, "therapist": therapist_id}
        await self._session.defer(
            _ADD, client_id=client_id, therapist_id=therapist_id, opened_at=at, last_at=at, closed_at=None
        )
        await self._session.defer(_OPEN, **pair, at=at)
        ((row),) = await self._session.fetch(_OF_PAIR, **pair)
        return self._read(row)

    async def get(self, relay_id: int) -> Relay | None:
        """The conversation of this number, open or not."""
        rows = await self._session.fetch(_GET, relay=relay_id)
        return self._read(rows[0]) if rows else None

    async def open_of_therapist(self, therapist_id: int, now: int) -> list[Relay]:
        """A therapist's open conversations, always in the same order."""
        rows = await self._session.fetch(_OF_THERAPIST, therapist=therapist_id, since=now - SILENT_SECONDS)
        return [self._read(row) for row in rows]

    async def close(self, relay_id: int, at: int) -> bool:
        """End it. False: it was closed before."""
        return await self._session.change(_CLOSE, relay=relay_id, at=at) == 1

    def _read(self, row: Row) -> Relay:
        number, last_at, closed_at, *both = row
        return Relay(
            id=number,
            client=person_from(tuple(both[: len(PERSON)]), self._sealer),
            therapist=person_from(tuple(both[len(PERSON) :]), self._sealer),
            last_at=last_at,
            closed_at=closed_at,
        )
