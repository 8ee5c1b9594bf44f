"""Settles messages in doubt: looks for them in the channel's own list before anything is sent again.

Two kinds are in doubt: those whose sending ended without a clear answer, and those whose process died
while it was sending. What is found was sent. What is not found when the list has had time to show it was
not taken, and is sent again. Where the list cannot be read nothing is sent again: a person who waits writes
once more, but a message that came twice cannot be taken back.

What is urgent is sent again after a few seconds (app/urgency.py), also where the list cannot be read: the
numbers to call may come twice, but not late.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from itertools import groupby
from typing import Protocol

import structlog

from app.undelivered import news_of_undelivered
from app.urgency import pause_after
from engine.errors import ChannelError, TryAgain
from storage.link import StatementRefused
from storage.outbox import MOST_RESENT, MOST_RESENT_URGENT
from storage.owed import Owed
from storage.store import Storage

log = structlog.get_logger("settling")

POLL_SECONDS = 1.0
AT_ONCE = 20
FIRST_LOOK_SECONDS = 2
"""After so long the list shows most of what was taken."""
STUCK_SECONDS = 30
"""No sending takes so long: whoever began it has died."""
LONGEST_PAUSE = 3600
"""Seconds between two looks at the most."""
LOOKED_FOR_SECONDS = 24 * 3600
"""Afterwards nobody looks any more: an operator has to settle it."""


class Looking(Protocol):
    """A channel that can tell what it has taken."""

    async def look_for(self, owed: Owed) -> Sequence[str]:
        """Its names of messages that may be this one, oldest first. Raises a ChannelError."""


class Settling:
    """Looks for what is in doubt until it is known what became of it."""

    def __init__(
        self,
        storage: Storage,
        channel: Looking,
        clock: Callable[[], int],
        *,
        doubt_seconds: int,
        own: Callable[[], Collection[int]],
    ) -> None:
        """`doubt_seconds`: after so long the list shows what was taken. `own`: what is being sent here."""
        self._storage = storage
        self._channel = channel
        self._clock = clock
        self._doubt_seconds = doubt_seconds
        self._own = own

    async def run(self) -> None:
        """Look until cancelled; what is urgent waits for no look at anything else."""
        async with asyncio.TaskGroup() as tasks:
            for urgent in (True, False):
                tasks.create_task(self._keep_looking(urgent=urgent))

    async def _keep_looking(self, *, urgent: bool) -> None:
        while True:
            try:
                await self.look(urgent=urgent)
            except TryAgain as error:
                log.warning("outbox not reachable", reason=str(error))
            await asyncio.sleep(POLL_SECONDS)

    async def look(self, *, urgent: bool | None = None) -> None:
        """Look once for everything that is due; of one conversation one after the other.

        `urgent`: only for what is urgent, or only for what is not.
        """
        now = self._clock()
        due = await self._storage.doubts.due(
            now,
            stuck_before=now - STUCK_SECONDS,
            created_after=now - LOOKED_FOR_SECONDS,
            limit=AT_ONCE,
            besides=self._own(),
        )
        due = [owed for owed in due if urgent in {None, owed.is_urgent}]
        due.sort(key=lambda owed: (owed.conversation_id, owed.turn, owed.position))
        conversations = [list(group) for _, group in groupby(due, key=lambda owed: owed.conversation_id)]
        async with asyncio.TaskGroup() as tasks:
            for conversation in conversations:
                tasks.create_task(self._settle_all(conversation))

    async def _settle_all(self, conversation: list[Owed]) -> None:
        for owed in conversation:
            try:
                await self._settle(owed)
            except TryAgain as error:
                log.warning("outbox not reachable", outbox=owed.id, reason=str(error))
            except StatementRefused:
                log.exception("what became of a message cannot be written down", outbox=owed.id)

    async def _settle(self, owed: Owed) -> None:
        candidates: Sequence[str] = ()
        try:
            candidates = await self._channel.look_for(owed)
        except ChannelError as error:
            log.warning("message in doubt cannot be looked for", outbox=owed.id, reason=str(error))
            if not owed.is_urgent:
                await self._storage.doubts.stay(owed, self._next_look(owed))
                return
        now, doubts = self._clock(), self._storage.doubts
        if candidates and await doubts.has_twin_under_way(owed):
            # The candidate may be that one: its name is not written down yet.
            await doubts.look_again(owed, now + FIRST_LOOK_SECONDS)
        elif candidates and await doubts.found(owed, candidates, now):
            log.info("message in doubt was taken", outbox=owed.id)
        elif self._age(owed) < self._certain_after(owed):
            await doubts.look_again(owed, self._next_look(owed))
        elif self._may_go_again(owed):
            if await doubts.send_again(owed, now):
                log.warning("message in doubt was not taken, it is sent again", outbox=owed.id)
        else:
            log.error("message in doubt: settle it by hand", outbox=owed.id)
            await doubts.stay(owed, self._next_look(owed))
            if owed.is_urgent:  # as good as lost
                await self._storage.inbox.put_all(news_of_undelivered(owed, now))

    def _may_go_again(self, owed: Owed) -> bool:
        most = MOST_RESENT_URGENT if owed.is_urgent else MOST_RESENT
        return owed.resent < most and self._clock() - owed.created_at <= LOOKED_FOR_SECONDS

    def _certain_after(self, owed: Owed) -> int:
        """Seconds after which what the list does not show was not taken, as far as anybody waits to know."""
        return min(self._doubt_seconds, pause_after(owed.resent)) if owed.is_urgent else self._doubt_seconds

    def _age(self, owed: Owed) -> int:
        return self._clock() - (owed.started_at or owed.created_at)

    def _next_look(self, owed: Owed) -> int:
        """After half as long again as it has lasted, but not past the moment from which it is certain."""
        now, age = self._clock(), self._age(owed)
        pause = min(max(FIRST_LOOK_SECONDS, age // 2), LONGEST_PAUSE)
        until_certain = self._certain_after(owed) - age
        return now + (min(pause, until_certain) if until_certain > 0 else pause)
