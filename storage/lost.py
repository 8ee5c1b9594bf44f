"""Messages that never arrived: refused for good, or taken and reported as lost. Reads only."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, or_, select

from storage.database import Session
from storage.sql import Query, Row, given, limit
from storage.tables import outbox

REPORTS = frozenset({"failed", "undelivered", "canceled"})
"""Reports after which nobody will ever read the message."""

_IS_LOST = or_(
    outbox.c.state == "failed",
    and_(outbox.c.state == "sent", outbox.c.provider_status.in_(sorted(REPORTS))),
)
_SINCE = Query(
    select(
        outbox.c.id,
        outbox.c.flow,
        outbox.c.conversation_id,
        outbox.c.turn,
        outbox.c.created_at,
        outbox.c.attempts,
        outbox.c.error_code,
        outbox.c.urgent,
    )
    .where(_IS_LOST, outbox.c.created_at >= given("since"))
    .order_by(outbox.c.id)
    .limit(limit())
)


@dataclass(frozen=True, slots=True)
class Lost:
    """One message that never arrived; nothing that says who or what."""

    id: int
    flow: str
    conversation_id: int
    turn: int
    created_at: int
    """When it was owed, in seconds since the epoch."""
    attempts: int
    error_code: int | None
    """Why, as the other side says."""
    is_urgent: bool
    """Somebody may be in danger."""


class LostMessages:
    """The rows of the table `outbox` that never arrived."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def since(self, at: int, limit: int) -> list[Lost]:
        """Those that were owed since then, oldest first."""
        rows = await self._session.fetch(_SINCE, since=at, limit=limit)
        return [_lost(row) for row in rows]


def _lost(row: Row) -> Lost:
    number, flow, conversation_id, turn, created_at, attempts, code, urgent = row
    return Lost(number, flow, conversation_id, turn, created_at, attempts, code, bool(urgent))
