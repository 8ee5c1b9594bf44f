"""Everything that was heard and is to be acted on once: the only way into a conversation.

A row stays untaken until a turn has been committed, so a crash loses nothing. What cannot be acted on is
marked failed with a reason, kept, and passed over, so that it stops nobody else.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select, update

from engine.events import Heard, Value
from storage.database import Deferred, Session
from storage.link import Duplicate
from storage.sealing import Sealer, opened
from storage.sql import Insert, Query, Row, Scalar, given, limit, listed, spread
from storage.tables import inbox

_LONGEST_REASON = 500
_AT_ONCE = 100
_COLUMNS = (
    inbox.c.id,
    inbox.c.key,
    inbox.c.flow,
    inbox.c.address,
    inbox.c.kind,
    inbox.c.body,
    inbox.c.heard_at,
)
_OPEN = (inbox.c.taken_at.is_(None), inbox.c.failed_reason.is_(None))

_PUT = Insert(inbox)
_PUT_NEW = Insert(inbox, unless_known=True)
_CLAIM = Query(
    update(inbox).where(inbox.c.id == given("heard"), inbox.c.taken_at.is_(None)).values(taken_at=given("at"))
)
_WAITING = Query(select(*_COLUMNS).where(*_OPEN).order_by(inbox.c.id).limit(limit()))
_ANY = Query(select(inbox.c.id).limit(1))
_TRIED = Query(update(inbox).where(inbox.c.id == given("heard")).values(attempts=inbox.c.attempts + 1))
_ATTEMPTS = Query(select(inbox.c.attempts).where(inbox.c.id == given("heard")))
_FAILED = Query(
    update(inbox)
    .where(inbox.c.id == given("heard"), inbox.c.taken_at.is_(None))
    .values(failed_reason=given("reason"))
)
_KNOWN = Query(select(inbox.c.key).where(inbox.c.key.in_(listed("key", _AT_ONCE))))
_REWRITE = Query(update(inbox).where(inbox.c.id == given("heard")).values(body=given("body")))
_FAILURES = Query(
    select(inbox.c.id, inbox.c.key, inbox.c.heard_at, inbox.c.attempts, inbox.c.failed_reason)
    .where(inbox.c.taken_at.is_(None), inbox.c.failed_reason.is_not(None))
    .order_by(inbox.c.id)
    .limit(limit())
)


@dataclass(frozen=True, slots=True)
class Failure:
    """A row that could not be acted on."""

    id: int
    key: str
    heard_at: int
    attempts: int
    reason: str


class Inbox:
    """The table `inbox`."""

    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def put(self, heard: Heard) -> int | None:
        """Keep one thing heard; returns its number, or None when its key is known already.

        Raises TryAgain while the database is away. The key makes it safe to try again.
        """
        try:
            return await self._session.insert(_PUT, **self._row(heard))
        except Duplicate:
            return None

    async def put_aside(self, heard: Heard) -> int | None:
        """Keep one thing heard on which nobody acts; its number, or None when its key is known already.

        Raises TryAgain.
        """
        try:
            return await self._session.insert(_PUT, **{**self._row(heard), "taken_at": heard.at})
        except Duplicate:
            return None

    async def put_all(self, heard: Sequence[Heard]) -> None:
        """Keep several things in one statement, deferred; known keys are passed over."""
        await self._session.defer_all(_PUT_NEW, [self._row(one) for one in heard])

    async def blot_out(self, heard: Heard) -> None:
        """Take the text out of a row, deferred: it was a secret. The row itself stays, as it was acted on."""
        await self._session.defer(_REWRITE, heard=heard.id, body=self._row(replace(heard, text=""))["body"])

    async def claim(self, heard_id: int, at: int) -> Deferred:
        """Mark as taken, inside the turn's transaction, deferred. It finds no row that somebody acted on."""
        return await self._session.defer(_CLAIM, heard=heard_id, at=at)

    async def waiting(self, limit: int, besides: Collection[int] = ()) -> list[Heard]:
        """What has not been acted on, oldest first, without what failed for good.

        `besides`: numbers of rows that the caller has already; they count, but are not opened again.
        A row that cannot be opened fails for good here, so that it does not keep the others from being read.
        """
        rows = await self._session.fetch(_WAITING, limit=limit)
        return await opened((row for row in rows if row[0] not in besides), self._heard, self._give_up)

    async def unknown(self, keys: Sequence[str]) -> list[str]:
        """Which of these keys are not here, in their order."""
        known: set[str] = set()
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            filled = [*some, *[some[0]] * (_AT_ONCE - len(some))]  # always the same statement
            rows = await self._session.fetch(_KNOWN, **spread("key", filled))
            known.update(row[0] for row in rows)
        return [key for key in keys if key not in known]

    async def is_empty(self) -> bool:
        """Whether nothing was ever kept."""
        return not await self._session.fetch(_ANY)

    async def tried(self, heard_id: int) -> int:
        """Count an attempt that failed; returns how many there were."""
        async with self._session.atomically() as session:
            await session.change(_TRIED, heard=heard_id)
            ((attempts,),) = await session.fetch(_ATTEMPTS, heard=heard_id)
        return int(attempts)

    async def failed(self, heard_id: int, reason: str) -> None:
        """Give up on a row that was not taken.

        `reason` must not hold personal data; 500 characters of it are kept.
        """
        await self._session.change(_FAILED, heard=heard_id, reason=reason[:_LONGEST_REASON])

    async def failures(self, limit: int) -> list[Failure]:
        """What was given up, oldest first."""
        return [Failure(*row) for row in await self._session.fetch(_FAILURES, limit=limit)]

    async def put_unheard(
        self, key: str, flow: str, address_hash: str, sealed_address: str, at: int, reason: str
    ) -> None:
        """Keep what cannot be opened, to be found among the failures. Known keys are passed over."""
        row: dict[str, Scalar] = {
            "key": key,
            "flow": flow,
            "address_hash": address_hash,
            "address": sealed_address,
            "kind": "signal",
            "body": "",
            "heard_at": at,
            "taken_at": None,
            "attempts": 0,
            "failed_reason": reason[:_LONGEST_REASON],
        }
        await self._session.insert_all(_PUT_NEW, [row])

    async def _give_up(self, row: Row, reason: str) -> None:
        await self.failed(row[0], reason)

    def _row(self, heard: Heard) -> dict[str, Scalar]:
        body: dict[str, Value] = {
            "text": heard.text,
            "tap": heard.tap,
            "replied_to": heard.replied_to,
            "name": heard.name,
            "event": heard.event,
            "data": dict(heard.data),
        }
        return {
            "key": heard.key,
            "flow": heard.flow,
            "address_hash": self._sealer.index(heard.address),
            "address": self._sealer.seal(heard.address),
            "kind": heard.kind,
            "body": self._sealer.seal_json(body),
            "heard_at": heard.at,
            "taken_at": None,
            "attempts": 0,
            "failed_reason": None,
        }

    def _heard(self, row: Row) -> Heard:
        number, key, flow, address, kind, body, heard_at = row
        stored = self._sealer.open_json(body)
        return Heard(
            id=number,
            key=key,
            flow=flow,
            address=self._sealer.open(address),
            kind=kind,
            at=heard_at,
            **stored,  # type: ignore[arg-type]  # as _row wrote it
        )
