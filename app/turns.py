"""Lets turns be taken: of one conversation one after the other, of different ones side by side.

Whatever is in the inbox is taken sooner or later, by this process or by another one. Who loses a race
for a message finds it taken. A message that fails again and again is put aside, with the reason.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import structlog
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from app.metrics import Metrics
from app.reader import Reader
from engine.errors import TryAgain
from engine.events import Heard, Reading
from engine.ports import Turn, World
from engine.turn import take_turn
from storage.store import Storage
from storage.units import TurnUnit

log = structlog.get_logger("turns")

POLL_SECONDS = 1.0
"""How long a timer, or a message stored by another process, may lie before it is noticed."""
AT_ONCE = 100
"""How many rows are looked at in one go."""
TRIES = 8
"""How often a turn is tried again at once when the database asks for it."""
GIVE_UP_AFTER = 5
"""After so many rounds of failing, a message is put aside."""

Key = tuple[str, str]


class TurnPostponed(TryAgain):
    """A turn failed by a mistake of ours. It is tried again a few times, then its message is put aside."""


class Turns:
    """Takes everything in the inbox through its turn."""

    def __init__(
        self,
        storage: Storage,
        world: Callable[[], World[TurnUnit]],
        reader: Reader,
        clock: Callable[[], int],
        metrics: Metrics,
    ) -> None:
        """`world` is asked for each turn anew: the flows may have been replaced by a newer version."""
        self._storage = storage
        self._world = world
        self._reader = reader
        self._clock = clock
        self._metrics = metrics
        self._mailboxes: dict[Key, list[tuple[int, Heard]]] = {}
        self._ready: asyncio.Queue[Key] = asyncio.Queue()
        self._seen: set[int] = set()
        self._look = asyncio.Event()
        self._resting: set[Key] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._patiently = AsyncRetrying(
            retry=retry_if_exception_type(TryAgain),
            stop=stop_after_attempt(TRIES),
            wait=wait_random_exponential(multiplier=0.02, max=2),
            reraise=True,
        )
        self.owing = asyncio.Event()
        """Set whenever a turn owes messages."""

    async def take_in(self, heard: Heard) -> bool:
        """Store one thing heard; False when it was stored before. Raises TryAgain."""
        number = await self._storage.inbox.put(heard)
        if number is None:
            return False
        self._hand_over(replace(heard, id=number))
        return True

    async def run(self, workers: int) -> None:
        """Take turns until cancelled. A turn that has begun is finished or undone by its transaction."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_looking())
            for _ in range(workers):
                tasks.create_task(self._work())

    async def drain(self) -> list[Turn]:
        """Take turns until nothing is due any more, one after the other; for chats and tests."""
        turns = []
        while (waiting := await self._due()) or self._mailboxes:
            for heard in waiting:
                with suppress(TurnPostponed):  # tried again in the next round, until it is given up
                    turns.append(await self.take(heard))
            await self._idle.wait()  # what workers have in hand
        return [turn for turn in turns if turn]

    # Looking

    async def _keep_looking(self) -> None:
        while True:
            try:
                for heard in await self._due():
                    self._hand_over(heard)
                for key in self._resting:
                    self._ready.put_nowait(key)
                self._resting.clear()
            except TryAgain as error:
                log.warning("inbox not reachable", reason=str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._look.wait()
            self._look.clear()

    async def _due(self) -> list[Heard]:
        """Everything in the inbox, after what is due by the clock has been put there."""
        now = self._clock()
        await self._storage.timers.move_due(now)
        for waited in await self._storage.conversations.waking(now, AT_ONCE):
            await self._storage.inbox.put(waited)
        return await self._storage.inbox.waiting(AT_ONCE, besides=self._seen)

    def _hand_over(self, heard: Heard) -> None:
        if heard.id in self._seen:
            return
        self._seen.add(heard.id)
        key = (heard.flow, heard.address)
        mailbox = self._mailboxes.get(key)
        if mailbox is None:
            self._mailboxes[key] = mailbox = []
            self._ready.put_nowait(key)
            self._idle.clear()
        heapq.heappush(mailbox, (heard.id, heard))

    # Working

    async def _work(self) -> None:
        while True:
            key = await self._ready.get()
            mailbox = self._mailboxes[key]
            while mailbox:
                number, heard = heapq.heappop(mailbox)
                try:
                    await self.take(heard)
                except TryAgain:
                    # It keeps what came after it waiting: all rest until the next look, in their order.
                    heapq.heappush(mailbox, (number, heard))
                    self._resting.add(key)
                    break
                self._seen.discard(number)
            else:
                del self._mailboxes[key]
                if not self._mailboxes:
                    self._idle.set()

    async def take(self, heard: Heard) -> Turn | None:
        """One turn, tried until it succeeds; None when it was put aside. Raises TryAgain to have it wait."""
        try:
            with self._metrics.timed("reading"):
                reading = await self._reader.read(heard)
            with self._metrics.timed("transaction"):
                turn = await self._tried(heard, reading)
        except TryAgain as error:
            self._metrics.turns.labels(heard.flow, "postponed").inc()
            log.warning("turn postponed", inbox=heard.id, reason=str(error))
            raise
        except Exception as error:  # the worker loop: one bad message must not stop the others
            log.exception("turn failed", inbox=heard.id, kind=type(error).__name__)
            self._metrics.turns.labels(heard.flow, "failed").inc()
            if await self._put_aside(heard, type(error).__name__):
                return None
            raise TurnPostponed from None
        self._metrics.turns.labels(heard.flow, "taken" if turn.taken else "taken before").inc()
        if reading:
            self._metrics.readings.labels(reading.read_by).inc()
        self._log(turn)
        if turn.messages:
            self.owing.set()
        if turn.signals:
            self._look.set()
        return turn

    async def _tried(self, heard: Heard, reading: Reading | None) -> Turn:
        try:
            return await take_turn(heard, reading, self._world(), self._clock())
        except TryAgain:  # seldom; what tries patiently costs something even when nothing is tried again
            turn: Turn = await self._patiently(take_turn, heard, reading, self._world(), self._clock())
            return turn

    async def _put_aside(self, heard: Heard, kind: str) -> bool:
        """Count the failure; after too many the message is kept but no longer tried. True: it is given up."""
        attempts = await self._storage.inbox.tried(heard.id)
        if attempts >= GIVE_UP_AFTER:
            await self._storage.inbox.failed(heard.id, f"{kind} after {attempts} attempts")
        return attempts >= GIVE_UP_AFTER

    def _log(self, turn: Turn) -> None:
        """The one line that every turn writes: ids and names of rules, nothing that anybody said."""
        log.info(
            "turn",
            inbox=turn.heard.id,
            flow=turn.heard.flow,
            heard=turn.event,
            state=turn.after.state if turn.after else None,
            trail=" > ".join(turn.trail),
            messages=len(turn.messages),
        )
