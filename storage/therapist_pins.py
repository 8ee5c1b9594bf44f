"""The PINs with which therapists open what clients wrote: a slow hash each, sealed, and how the tries went.

A PIN itself is never kept. Its hash is sealed as well: a stolen database alone does not allow guessing.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from sqlalchemy import delete, select, update

from storage.database import Session
from storage.sealing import Sealer
from storage.sql import Insert, Query, given
from storage.tables import therapist_pins

_SALT_BYTES = 16
_HASH_BYTES = 32
_KIBIBYTES = 19_456
_ROUNDS = 2
"""With these, OWASP's least for Argon2id, one guess takes some fifty milliseconds."""

_ADD = Insert(therapist_pins)
_REMOVE = Query(delete(therapist_pins).where(therapist_pins.c.person_id == given("person")))
_GET = Query(
    select(
        therapist_pins.c.sealed_hash,
        therapist_pins.c.tries,
        therapist_pins.c.paused_until,
        therapist_pins.c.open_until,
    ).where(therapist_pins.c.person_id == given("person"))
)
_NOTE = Query(
    update(therapist_pins)
    .where(therapist_pins.c.person_id == given("person"))
    .values(tries=given("tries"), paused_until=given("paused"), open_until=given("open"))
)


@dataclass(frozen=True, slots=True)
class Lock:
    """A therapist's PIN as its hash, and where it stands. Instants in seconds since the epoch."""

    hash: str
    tries: int
    """How many wrong ones came in a row."""
    paused_until: int
    """No PIN is looked at before this."""
    open_until: int
    """What it guards may be seen until then."""

    async def fits(self, pin: str) -> bool:
        """Whether this is the PIN. Takes its time, on a thread of its own."""
        return await asyncio.to_thread(_fits, self.hash, pin)


class TherapistPins:
    """The table `therapist_pins`."""

    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def set(self, person_id: int, pin: str, at: int) -> None:
        """Replace a therapist's PIN; what the old one had opened is closed."""
        hashed = await asyncio.to_thread(_hashed, pin)
        async with self._session.atomically() as session:
            await session.change(_REMOVE, person=person_id)
            await session.defer(
                _ADD,
                person_id=person_id,
                sealed_hash=self._sealer.seal(hashed),
                set_at=at,
                tries=0,
                paused_until=0,
                open_until=0,
            )

    async def get(self, person_id: int) -> Lock | None:
        """A therapist's PIN and where it stands; None: none was ever set."""
        rows = await self._session.fetch(_GET, person=person_id)
        if not rows:
            return None
        sealed, *standing = rows[0]
        return Lock(self._sealer.open(sealed), *standing)

    async def note(
        self, person_id: int, *, tries: int = 0, paused_until: int = 0, open_until: int = 0
    ) -> None:
        """Write down where it stands after a try, deferred."""
        await self._session.defer(_NOTE, person=person_id, tries=tries, paused=paused_until, open=open_until)


def _hashed(pin: str) -> str:
    kdf = Argon2id(
        salt=os.urandom(_SALT_BYTES), length=_HASH_BYTES, iterations=_ROUNDS, lanes=1, memory_cost=_KIBIBYTES
    )
    return kdf.derive_phc_encoded(pin.encode())


def _fits(hashed: str, pin: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(pin.encode("utf-8", "surrogatepass"), hashed)
    except InvalidKey:
        return False
    return True
