"""The engine's unit of work, written on the tables: what one turn reads and writes, in one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from engine.effects import Message
from engine.events import UNASKED, Heard, Reading
from engine.model import Flow
from engine.ports import Turn
from engine.snapshot import Snapshot
from storage.conversations import Conversation
from storage.store import Storage, Transaction


@dataclass(frozen=True, slots=True)
class TurnUnit:
    """One turn's transaction, as the engine sees it. Steps use its `tables`."""

    tables: Transaction

    async def take(self, heard: Heard, start: str, now: int) -> Conversation | None:
        """See engine.ports.Unit."""
        claim = await self.tables.inbox.claim(heard.id, now)
        conversation = await self.tables.conversations.lock(
            heard.flow, heard.address, start, at=now, name=heard.name
        )
        if not claim.found:
            return None
        await self.tables.people.rename(conversation.person, heard.name)
        return conversation

    async def answered(self, conversation: Conversation, sid: str) -> Message | None:
        """See engine.ports.Unit."""
        return await self.tables.outbox.message_named(conversation.id, sid)

    async def save(self, conversation: Conversation, snapshot: Snapshot, flow: Flow, now: int) -> None:
        """See engine.ports.Unit."""
        await self.tables.conversations.save(conversation, snapshot, flow.structure, now)

    async def owe(self, conversation: Conversation, turn: Turn, now: int) -> None:
        """See engine.ports.Unit."""
        assert turn.after is not None  # noqa: S101  # only a turn that was taken owes anything
        is_answer = turn.heard.kind not in UNASKED or turn.heard.data.get("is_answer") is True
        unasked = None if is_answer else turn.heard.data
        await self.tables.outbox.put(
            conversation, turn.after.turn, turn.messages, now, unasked=unasked, urgent=turn.is_urgent
        )
        if turn.signals:
            cause = f"signal:{conversation.id}:{turn.after.turn}"
            await self.tables.inbox.put_all(
                [
                    Heard(
                        key=f"{cause}:{position}",
                        flow=signal.flow,
                        address=signal.address,
                        kind="signal",
                        at=now,
                        event=signal.event,
                        data=signal.data,
                    )
                    for position, signal in enumerate(turn.signals)
                ]
            )

    async def write(self, conversation: Conversation, turn: Turn, reading: Reading | None, now: int) -> None:
        """See engine.ports.Unit."""
        assert turn.after is not None  # noqa: S101  # likewise
        await self.tables.journal.write(
            inbox_id=turn.heard.id,
            conversation_id=conversation.id,
            turn=turn.after.turn,
            event=turn.event,
            state_before=conversation.snapshot.state,
            state_after=turn.after.state,
            trail=turn.trail,
            read_by=reading.read_by if reading else None,
            confidence=reading.confidence if reading else None,
            at=now,
        )


@dataclass(frozen=True, slots=True)
class Units:
    """Makes a unit for every turn."""

    storage: Storage

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[TurnUnit]:
        """See engine.ports.Storage."""
        async with self.storage.transaction() as tables:
            yield TurnUnit(tables)
