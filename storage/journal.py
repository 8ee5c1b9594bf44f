"""One line for every turn: which event, from which state to which, by which rules. Never personal data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from storage.database import Session
from storage.sql import Insert, Query, given
from storage.tables import journal

_WRITE = Insert(journal)
_OF = Query(
    select(
        journal.c.inbox_id,
        journal.c.turn,
        journal.c.event,
        journal.c.state_before,
        journal.c.state_after,
        journal.c.trail,
        journal.c.read_by,
        journal.c.confidence,
        journal.c.at,
    )
    .where(journal.c.conversation_id == given("conversation"))
    .order_by(journal.c.turn)
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What one turn did."""

    inbox_id: int
    turn: int
    event: str
    state_before: str
    state_after: str
    trail: tuple[str, ...]
    """The rules that were followed, in order."""
    read_by: str | None
    """The classifier that was asked, if one was."""
    confidence: float | None
    at: int


class Journal:
    """The table `journal`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def write(  # noqa: PLR0913  # one for each column
        self,
        *,
        inbox_id: int,
        conversation_id: int,
        turn: int,
        event: str,
        state_before: str,
        state_after: str,
        trail: Sequence[str],
        read_by: str | None,
        confidence: float | None,
        at: int,
    ) -> None:
        """Add the line of a turn, deferred. Each inbox row has at most one."""
        await self._session.defer(
            _WRITE,
            inbox_id=inbox_id,
            conversation_id=conversation_id,
            turn=turn,
            event=event,
            state_before=state_before,
            state_after=state_after,
            trail=json.dumps(list(trail), ensure_ascii=False),
            read_by=read_by,
            confidence=confidence,
            at=at,
        )

    async def of(self, conversation_id: int) -> list[Entry]:
        """A conversation's turns, in order."""
        rows = await self._session.fetch(_OF, conversation=conversation_id)
        return [
            Entry(inbox, turn, event, before, after, tuple(json.loads(trail)), read_by, confidence, at)
            for inbox, turn, event, before, after, trail, read_by, confidence, at in rows
        ]
