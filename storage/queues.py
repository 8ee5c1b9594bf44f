"""How much waits in the inbox, the outbox, among timers and alerts, and for how long. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import func, literal, select, union_all

from storage.database import Session
from storage.sql import Query
from storage.tables import alerts, inbox, outbox, timers

_OUTBOX_STATES = ("pending", "sending", "unknown")
_LOOK = Query(
    union_all(
        select(literal("inbox"), func.count(), func.min(inbox.c.heard_at)).where(
            inbox.c.taken_at.is_(None), inbox.c.failed_reason.is_(None)
        ),
        select(literal("inbox put aside"), func.count(), func.min(inbox.c.heard_at)).where(
            inbox.c.taken_at.is_(None), inbox.c.failed_reason.is_not(None)
        ),
        select(literal("timers"), func.count(), func.min(timers.c.due_at)),
        select(literal("alerts"), func.count(), func.min(alerts.c.raised_at)).where(
            alerts.c.acknowledged_at.is_(None)
        ),
        *(
            select(literal(f"outbox {state}"), func.count(), func.min(outbox.c.created_at)).where(
                outbox.c.state == state
            )
            for state in _OUTBOX_STATES
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits in one place."""

    length: int
    oldest_at: int | None
    """Since when the first of it has waited, in seconds since the epoch; of timers: when the next is due."""


class Queues:
    """All queues at a glance."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def all(self) -> Mapping[str, Queue]:
        """Every queue by its name, the empty ones too. Raises TryAgain."""
        rows = await self._session.fetch(_LOOK)
        return MappingProxyType({name: Queue(int(length), oldest) for name, length, oldest in rows})
