"""Signals with a date: when they are due they move into the inbox, and only the turn acts on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import delete, select, union_all

from engine.events import NOTHING, Heard, Values
from storage.database import Session
from storage.inbox import Inbox
from storage.sealing import Sealer, opened
from storage.sql import Insert, Query, Row, given, limit, listed, spread
from storage.tables import inbox, timers

GONE_OFF = "timer:"
"""With which the key of a timer begins in the inbox."""
_AT_ONCE = 100
_PUT = Insert(timers, unless_known=True)
_DUE = Query(
    select(
        timers.c.id,
        timers.c.key,
        timers.c.flow,
        timers.c.address,
        timers.c.event,
        timers.c.data,
        timers.c.due_at,
        timers.c.address_hash,
    )
    .where(timers.c.due_at <= given("now"))
    .order_by(timers.c.due_at, timers.c.id)
    .limit(limit())
)
_NEXT = Query(select(timers.c.due_at).order_by(timers.c.due_at).limit(limit()))
_REMOVE = Query(delete(timers).where(timers.c.id == given("timer")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """A signal that is to be heard later."""

    key: str
    """Unique for ever; setting the same again changes nothing."""
    flow: str
    address: str
    event: str
    data: Values = NOTHING
    due_at: int
    """Seconds since the epoch."""


class Timers:
    """The table `timers`."""

    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def put(self, wanted: Sequence[Timer]) -> None:
        """Set timers in one statement, deferred; known keys are passed over."""
        await self._session.defer_all(
            _PUT,
            [
                {
                    "key": timer.key,
                    "flow": timer.flow,
                    "address_hash": self._sealer.index(timer.address),
                    "address": self._sealer.seal(timer.address),
                    "event": timer.event,
                    "data": self._sealer.seal_json(dict(timer.data)),
                    "due_at": timer.due_at,
                }
                for timer in wanted
            ],
        )

    async def drop(self, keys: Sequence[str]) -> None:
        """Forget timers that have not gone off, deferred; unknown keys are passed over."""
        if keys:
            await self._session.defer(_drop(len(keys)), **spread("key", keys))

    async def known(self, keys: Sequence[str]) -> set[str]:
        """Which of these were ever set, whether or not they have gone off."""
        if not keys:
            return set()
        gone_off = [f"{GONE_OFF}{key}" for key in keys]
        rows = await self._session.fetch(
            _known(len(keys)), **spread("key", keys), **spread("gone_off", gone_off)
        )
        return {key.removeprefix(GONE_OFF) for (key,) in rows}

    async def move_due(self, now: int) -> int:
        """Move what is due into the inbox, as `timer:` and its key, in one transaction; returns how many.

        At most a hundred at once: call again while there are. What cannot be opened moves too, but failed.
        """
        async with self._session.atomically() as session:
            rows = await session.fetch(_DUE, now=now, limit=_AT_ONCE)
            into = Inbox(session, self._sealer)

            async def give_up(row: Row, reason: str) -> None:
                _, key, flow, address, _, _, due_at, address_hash = row
                await into.put_unheard(f"{GONE_OFF}{key}", flow, address_hash, address, due_at, reason)

            await into.put_all(await opened(rows, self._heard, give_up))
            for number, *_ in rows:
                await session.defer(_REMOVE, timer=number)
        return len(rows)

    async def next_due(self) -> int | None:
        """When the next timer goes off."""
        rows = await self._session.fetch(_NEXT, limit=1)
        return rows[0][0] if rows else None

    def _heard(self, row: Row) -> Heard:
        _, key, flow, address, event, data, due_at, _ = row
        return Heard(
            key=f"{GONE_OFF}{key}",
            flow=flow,
            address=self._sealer.open(address),
            kind="signal",
            at=due_at,
            event=event,
            data=self._sealer.open_json(data),
        )


@cache
def _known(count: int) -> Query:
    waiting = select(timers.c.key).where(timers.c.key.in_(listed("key", count)))
    gone_off = select(inbox.c.key).where(inbox.c.key.in_(listed("gone_off", count)))
    return Query(union_all(waiting, gone_off))


@cache
def _drop(count: int) -> Query:
    return Query(delete(timers).where(timers.c.key.in_(listed("key", count))))
