"""Fetches the messages that Twilio could not hand over: its list has them, though it never brings them again.

They go through the same door as all others, under the same key, so one that comes late by the webhook after
all is not acted on twice, and neither is one that was here before.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Protocol

import structlog

from channels.floods import Pace
from channels.ports import Door, Intake
from engine.errors import ChannelError, TryAgain
from engine.events import Heard

log = structlog.get_logger("reconciler")

GRACE_SECONDS = 60
"""A younger one may still be on its way: Twilio tries for fifteen seconds, and says more than its list."""


OVERLAP_SECONDS = 3600
"""How much of what was compared the last time is compared again: a list may be late."""


class Received(Protocol):
    """The other side's list of what was written to us."""

    async def received(self, since: int, before: int) -> Sequence[Heard]:
        """Messages between these moments, in their order. Raises a ChannelError."""


class KnownKeys(Protocol):
    """What has arrived already."""

    async def unknown(self, keys: Sequence[str]) -> list[str]:
        """Which of these keys are not here, in their order. Raises TryAgain."""

    async def is_empty(self) -> bool:
        """Whether nothing has ever arrived. Raises TryAgain."""


class Reconciler:
    """Compares the two lists, now and then."""

    def __init__(  # noqa: PLR0913  # each is one thing that it needs
        self,
        received: Received,
        known: KnownKeys,
        intake: Intake,
        flow_of: Callable[[Door, str], Awaitable[str]],
        clock: Callable[[], int],
        *,
        oldest_seconds: float,
        every_seconds: float,
        most_each: int,
        missed: Callable[[int], None],
    ) -> None:
        """`oldest_seconds`: what is older is left alone, for its writer has given up on it.

        `most_each`: so many messages of one writer are acted on in one go; the rest is kept.
        `missed`: is told how many were taken in, to be counted.
        """
        self._received = received
        self._known = known
        self._intake = intake
        self._flow_of = flow_of
        self._clock = clock
        self._oldest_seconds = oldest_seconds
        self._every_seconds = every_seconds
        self._most_each = most_each
        self._missed = missed
        self._failing = False
        self._caught_up_at = 0
        """When the last comparison succeeded; from then on only what the list shows late can be missing."""

    async def run(self) -> None:
        """Catch up at once and then again and again, until cancelled."""
        while self._oldest_seconds > 0:
            try:
                await self.catch_up()
            except (ChannelError, TryAgain) as error:
                if not self._failing:
                    log.error("missed messages cannot be looked for", reason=str(error))
                self._failing = True
            else:
                self._failing = False
            await asyncio.sleep(self._every_seconds)

    async def catch_up(self) -> int:
        """Take in what never arrived, in the order in which it was written; returns how many.

        Raises a ChannelError while the other side's list cannot be read, TryAgain while the database is away.
        """
        now = self._clock()
        if not self._caught_up_at and await self._known.is_empty():
            # A database that has never heard anything: what was written before it is not for us to answer.
            self._caught_up_at = now + OVERLAP_SECONDS
            return 0
        since = max(now - int(self._oldest_seconds), self._caught_up_at - OVERLAP_SECONDS)
        listed = await self._received.received(since, now - GRACE_SECONDS)
        missed = set(await self._known.unknown([heard.key for heard in listed]))
        taken, of_writer = 0, Counter[str]()
        for heard in listed:
            if heard.key in missed:
                of_writer[heard.address] += 1
                is_flood = of_writer[heard.address] > self._most_each
                door: Door = "therapist" if heard.flow == "therapist" else "client"
                flow = await self._flow_of(door, heard.address)
                pace = Pace.STILL_TOO_FAST if is_flood else Pace.USUAL
                taken += await self._intake.take_in(replace(heard, flow=flow), pace)
        self._caught_up_at = now
        self._missed(taken)
        if taken:
            log.warning("messages taken in that Twilio could not hand over", count=taken)
        return taken
