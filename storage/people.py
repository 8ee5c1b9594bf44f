"""Clients, therapists and strangers: who is reached at which address. One number space for all of them.

A person's number is also the number of the resource that claims are made on. Addresses are opaque here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update

from storage.database import Session
from storage.sealing import Sealer
from storage.sql import Insert, Query, Row, given
from storage.tables import people, therapists

THERAPIST = "therapist"
"""The role, and the flow's name, of therapists."""
ROLES = ("client", THERAPIST, "stranger")
"""Every role that somebody may have at one address."""

COLUMNS = (
    people.c.id,
    people.c.role,
    people.c.address,
    people.c.address_hash,
    people.c.name,
    people.c.language,
    people.c.zone,
    people.c.opted_out_at,
    people.c.notice_version,
)
"""What `person_from` reads, in this order."""

ADD = Insert(people, unless_known=True)
_BY_ID = Query(select(*COLUMNS).where(people.c.id == given("id")))
_FIND = Query(
    select(*COLUMNS).where(people.c.role == given("role"), people.c.address_hash == given("address_hash"))
)
_RENAME = Query(update(people).where(people.c.id == given("person")).values(name=given("name")))
_SETTLE = Query(
    update(people)
    .where(people.c.id == given("person"))
    .values(
        language=func.coalesce(given("language"), people.c.language),
        zone=func.coalesce(given("zone"), people.c.zone),
    )
)
_OPT_OUT = Query(update(people).where(people.c.id == given("person")).values(opted_out_at=given("at")))
_AGREE = Query(update(people).where(people.c.id == given("person")).values(notice_version=given("version")))
_IS_THERAPIST = Query(
    select(people.c.id)
    .join(therapists, therapists.c.person_id == people.c.id)
    .where(people.c.role == THERAPIST, people.c.address_hash == given("address_hash"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who writes to the practice."""

    id: int
    role: str
    """The name of the flow that talks to them: `client`, `therapist` or `stranger`."""
    address: str
    address_hash: str
    name: str | None
    language: str
    zone: str | None
    """IANA name; None: the practice's."""
    opted_out_at: int | None = None
    """Since when they want no messages but answers to their own: seconds since the epoch."""
    notice_version: str | None = None
    """The version of the privacy notice that they agreed to last."""


class People:
    """The table `people`."""

    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def by_id(self, person_id: int) -> Person | None:
        """The person of this number."""
        return self._one(await self._session.fetch(_BY_ID, id=person_id))

    async def find(self, role: str, address: str) -> Person | None:
        """The person in this role at this address."""
        address_hash = self._sealer.index(address)
        return self._one(await self._session.fetch(_FIND, role=role, address_hash=address_hash))

    async def rename(self, person: Person, name: str | None) -> None:
        """Keep the name that the channel gives, deferred. Costs nothing when there is none or it is known."""
        if name and name != person.name:
            await self._session.defer(_RENAME, person=person.id, name=self._sealer.seal(name))

    async def settle(self, person_id: int, *, language: str | None = None, zone: str | None = None) -> None:
        """Keep the language or the time zone; None leaves it as it is."""
        await self._session.change(_SETTLE, person=person_id, language=language, zone=zone)

    async def opt_out(self, person_id: int, at: int | None) -> None:
        """Keep since when they want no messages but answers, deferred; None: they want them again."""
        await self._session.defer(_OPT_OUT, person=person_id, at=at)

    async def agree(self, person_id: int, version: str) -> None:
        """Keep which version of the privacy notice they agreed to, deferred."""
        await self._session.defer(_AGREE, person=person_id, version=version)

    async def is_therapist(self, address: str) -> bool:
        """Whether the practice's therapists include somebody at this address."""
        return bool(await self._session.fetch(_IS_THERAPIST, address_hash=self._sealer.index(address)))

    def _one(self, rows: Sequence[Row]) -> Person | None:
        return person_from(rows[0], self._sealer) if rows else None


def person_from(row: Row, sealer: Sealer) -> Person:
    """Read the columns of `COLUMNS`."""
    number, role, address, address_hash, name, language, zone, opted_out_at, notice_version = row
    return Person(
        id=number,
        role=role,
        address=sealer.open(address),
        address_hash=address_hash,
        name=sealer.open_optional(name),
        language=language,
        zone=zone,
        opted_out_at=opted_out_at,
        notice_version=notice_version,
    )
