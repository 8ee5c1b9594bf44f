"""Delivers what turns owe: takes messages from the outbox and hands them to a channel.

A message is marked as being sent before it is, and as sent after it was. If the process dies in between,
it is sent again, so every reply arrives, and at the worst one arrives twice. If the channel itself cannot
tell whether it took a message, that is `unknown`, and it is not sent again blindly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Protocol

import structlog
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from engine.errors import ChannelError, DeliveryDeferred, DeliveryRefused, TryAgain
from storage.outbox import Owed
from storage.store import Storage

log = structlog.get_logger("deliveries")

POLL_SECONDS = 1.0
AT_ONCE = 50
"""How many messages may be under way at the same time."""
STUCK_SECONDS = 30
"""No sending takes so long: whoever began it has died."""
TOO_OLD_SECONDS = 24 * 3600
"""A message that could not be handed over for so long would only confuse."""
LONGEST_PAUSE = 15 * 60
"""Seconds between two tries at the most."""


class Channel(Protocol):
    """Takes messages to people."""

    async def send(self, owed: Owed) -> str:
        """Hand over one message; returns its number over there. Raises a ChannelError otherwise."""


class Deliveries:
    """Empties the outbox."""

    def __init__(
        self, storage: Storage, channel: Channel, clock: Callable[[], int], owing: asyncio.Event
    ) -> None:
        """`owing` is set whenever there may be something new to send."""
        self._storage = storage
        self._channel = channel
        self._clock = clock
        self._owing = owing
        self._under_way: set[int] = set()
        self._stuck_looked_for = 0
        self._finishing = False
        self._patiently = AsyncRetrying(
            retry=retry_if_exception_type(TryAgain),
            stop=stop_after_delay(STUCK_SECONDS / 2),
            wait=wait_random_exponential(multiplier=0.1, max=2),
            reraise=True,
        )

    async def run(self) -> None:
        """Deliver until cancelled. A message that takes long keeps only its own conversation waiting."""
        async with asyncio.TaskGroup() as tasks:
            while not self._finishing:
                try:
                    await self._take_up_stuck()
                    for owed in await self._due():
                        self._under_way.add(owed.id)
                        tasks.create_task(self._deliver(owed))
                except TryAgain as error:
                    log.warning("outbox not reachable", reason=str(error))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._owing.wait(), POLL_SECONDS)
                self._owing.clear()

    async def finish(self) -> None:
        """Begin no more deliveries, and wait for those that are under way."""
        self._finishing = True
        while self._under_way:
            self._owing.clear()
            await self._owing.wait()

    async def drain(self) -> None:
        """Deliver everything that is due, the messages of one conversation in their order; for chats."""
        while due := await self._due():
            for owed in due:
                await self._deliver(owed)

    async def _due(self) -> list[Owed]:
        """What may be sent now and is not under way."""
        room = AT_ONCE - len(self._under_way)
        due = await self._storage.outbox.due(self._clock(), AT_ONCE) if room else []
        return [owed for owed in due if owed.id not in self._under_way][:room]

    async def _take_up_stuck(self) -> None:
        """What a process was sending when it died is sent again: twice is better than never."""
        now = self._clock()
        if now >= self._stuck_looked_for + STUCK_SECONDS / 4:
            await self._storage.outbox.take_up_stuck(now - STUCK_SECONDS)
            self._stuck_looked_for = now

    async def _deliver(self, owed: Owed) -> None:
        """Send one message. While the database is away, what became of it is not forgotten."""
        try:
            if await self._storage.outbox.start(owed.id, self._clock()):
                await self._patiently(await self._send(owed))
        except TryAgain as error:
            log.warning("delivery not noted", outbox=owed.id, reason=str(error))
        finally:
            self._under_way.discard(owed.id)
            self._owing.set()  # for what had to wait for this one

    async def _send(self, owed: Owed) -> Callable[[], Awaitable[None]]:
        """Hand a message to the channel; returns how to write down what became of it."""
        outbox, now = self._storage.outbox, self._clock()
        try:
            sid = await self._channel.send(owed)
        except DeliveryDeferred as error:
            if now - owed.created_at > TOO_OLD_SECONDS:
                log.error("message too old to be sent", outbox=owed.id, reason=str(error))
                return partial(outbox.failed, owed.id, None)
            pause = error.retry_after or min(LONGEST_PAUSE, 2**owed.attempts)
            log.warning("message deferred", outbox=owed.id, seconds=pause, reason=str(error))
            return partial(outbox.defer, owed.id, now + max(1, int(pause)))
        except DeliveryRefused as error:
            log.error("message refused", outbox=owed.id, code=error.code, reason=str(error))
            return partial(outbox.failed, owed.id, error.code)
        except ChannelError as error:
            log.error("message in doubt", outbox=owed.id, reason=str(error))
            return partial(outbox.unknown, owed.id)
        return partial(outbox.sent, owed.id, sid, now)
