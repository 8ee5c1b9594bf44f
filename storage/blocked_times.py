"""When therapists give no appointments, in their own words: one stretch a row, half-open, in epoch minutes.

A blocked time is in the way of new holds only. It never touches an appointment that exists.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from sqlalchemy import delete, select

from storage.database import Session
from storage.sql import Insert, Query, Scalar, given, listed, spread
from storage.tables import blocked_times


class Blocked(NamedTuple):
    """One stretch of one therapist: minutes since the epoch, its end excluded."""

    therapist_id: int
    from_minute: int
    until_minute: int


_ADD = Insert(blocked_times)
_TOUCHING = (
    blocked_times.c.until_minute > given("since"),
    blocked_times.c.from_minute < given("until"),
)
_REMOVE = Query(delete(blocked_times).where(blocked_times.c.therapist_id == given("therapist"), *_TOUCHING))


class BlockedTimes:
    """The table `blocked_times`. Who changes a therapist's stretches locks the therapist first (`claims`)."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def blocked(self, therapists: Sequence[int], from_minute: int, until_minute: int) -> list[Blocked]:
        """What is blocked of these therapists' time, as far as it touches this stretch, in order."""
        rows = await self._session.fetch(
            _blocked(len(therapists)),
            **spread("therapist", therapists),
            since=from_minute,
            until=until_minute,
        )
        return [Blocked(*row) for row in rows]

    async def block(self, wanted: Blocked, at: int) -> None:
        """Block a stretch; what was blocked beside or within it becomes part of it."""
        therapist, start, end = wanted
        beside = await self.blocked([therapist], start - 1, end + 1)
        start = min([start, *(one.from_minute for one in beside)])
        end = max([end, *(one.until_minute for one in beside)])
        await self._session.defer(_REMOVE, therapist=therapist, since=start, until=end)
        await self._add([Blocked(therapist, start, end)], at)

    async def unblock(self, unwanted: Blocked, at: int) -> None:
        """Give a stretch free; what is blocked before and after it stays blocked."""
        therapist, start, end = unwanted
        touched = await self.blocked([therapist], start, end)
        await self._session.defer(_REMOVE, therapist=therapist, since=start, until=end)
        before = [Blocked(therapist, one.from_minute, start) for one in touched if one.from_minute < start]
        after = [Blocked(therapist, end, one.until_minute) for one in touched if one.until_minute > end]
        await self._add([*before, *after], at)

    async def _add(self, stretches: Sequence[Blocked], at: int) -> None:
        rows: list[dict[str, Scalar]] = [{**one._asdict(), "made_at": at} for one in stretches]
        await self._session.defer_all(_ADD, rows)


@cache
def _blocked(count: int) -> Query:
    return Query(
        select(blocked_times.c.therapist_id, blocked_times.c.from_minute, blocked_times.c.until_minute)
        .where(blocked_times.c.therapist_id.in_(listed("therapist", count)), *_TOUCHING)
        .order_by(blocked_times.c.from_minute, blocked_times.c.therapist_id)
    )
