"""Delivers what turns owe: takes messages from the outbox and hands them to a channel.

A message is marked as being sent before it is, and as sent after it was. If the process dies in between, or
if the channel cannot tell whether it took a message, that is a doubt: app/settling.py looks for it, and
nothing is sent again blindly.

This is the door out, so here what is unwanted is withheld: whoever asked for no messages gets answers to
their own, and nothing else. Their conversation hears of it, so that somebody can phone them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Protocol, TypeAlias

import structlog

from app.opt_outs import news_of_refusal, news_of_withheld
from app.settling import FIRST_LOOK_SECONDS, Looking, Settling
from app.throttle import Throttle
from app.undelivered import news_of_undelivered
from app.urgency import pause_after
from channels.twilio_errors import OPTED_OUT
from engine.errors import ChannelError, DeliveryDeferred, DeliveryRefused, FreeTextRefused, TryAgain
from engine.events import Heard
from storage.link import StatementRefused
from storage.owed import Owed
from storage.store import Storage, Transaction

log = structlog.get_logger("deliveries")

POLL_SECONDS = 1.0
AT_ONCE = 50
"""How many messages may be under way at the same time."""
TOO_OLD_SECONDS = 24 * 3600
"""A message that could not be handed over for so long would only confuse."""
OVERDUE_SECONDS = 120
"""What is urgent and was put off for so long is as good as lost to somebody in danger."""
LONGEST_PAUSE = 60
"""Seconds between two tries at the most: somebody waits for it, and for what comes behind it. The other side
may ask for more, but not of what is urgent: that has pauses of its own (app/urgency.py)."""

Note: TypeAlias = Callable[[Transaction], Awaitable[object]]
"""Writes down what became of one message."""


class Channel(Looking, Protocol):
    """Takes messages to people."""

    async def send(self, owed: Owed) -> str:
        """Hand over one message; returns its number over there. Raises a ChannelError otherwise.

        After FreeTextRefused it is handed over once more, `template_only`.
        """

    def sender(self, flow: str) -> str:
        """From which of our numbers messages of this flow go, in a word that may be logged."""


class Deliveries:
    """Empties the outbox."""

    def __init__(
        self,
        storage: Storage,
        channel: Channel,
        clock: Callable[[], int],
        owing: asyncio.Event,
        *,
        per_second: float,
        doubt_seconds: int,
    ) -> None:
        """`owing` is set whenever there may be something new to send.

        `per_second`: messages from each number. `doubt_seconds`: see app.settling.
        """
        self._storage = storage
        self._channel = channel
        self._clock = clock
        self._owing = owing
        self._under_way: set[int] = set()
        self._became: dict[int, Note] = {}
        """What became of messages and is not written down yet."""
        self._throttle = Throttle(per_second, clock)
        self._senders: dict[str, str] = {}
        """The number of each flow that has sent something."""
        self._settling = Settling(
            storage,
            channel,
            clock,
            doubt_seconds=doubt_seconds,
            own=lambda: {*self._under_way, *self._became},
        )
        self._has_news = False
        """Something was withheld or refused, and a conversation has to hear of it."""
        self._finishing = False
        self._finished = asyncio.Event()

    async def run(self) -> None:
        """Deliver until cancelled or finished. A slow message keeps only its own conversation waiting."""
        try:
            async with asyncio.TaskGroup() as tasks:
                settling = tasks.create_task(self._settling.run())
                while True:
                    try:
                        for owed in await self._exchange(0 if self._finishing else self._room()):
                            tasks.create_task(self._deliver(owed))
                    except TryAgain as error:
                        log.warning("outbox not reachable", reason=str(error))
                    if self._finishing and not (self._under_way or self._became):
                        settling.cancel()
                        return
                    # Not wait_for, which may swallow a cancellation that comes with what it waits for.
                    with suppress(TimeoutError):
                        async with asyncio.timeout(self._pause()):
                            await self._owing.wait()
                    self._owing.clear()
        finally:
            self._finished.set()

    async def finish(self) -> None:
        """Begin no more deliveries, and wait until what became of the others is written down."""
        self._finishing = True
        self._owing.set()
        await self._finished.wait()

    def turn_away(self, sender: str, seconds: float | None, reason: str) -> None:
        """Let a number rest: the channel took a message and told afterwards that it would take no other."""
        self._throttle.rest(sender, seconds, reason)

    @property
    def resting(self) -> int:
        """How many of our numbers rest."""
        return self._throttle.resting

    async def drain(self) -> bool:
        """Deliver everything that is due, the messages of one conversation in their order; for chats.

        Returns whether some conversation has to hear of it.
        """
        self._has_news = False
        while begun := await self._exchange(AT_ONCE, throttled=False):
            for owed in begun:
                await self._deliver(owed)
        return self._has_news

    def _room(self) -> int:
        return AT_ONCE - len(self._under_way)

    def _pause(self) -> float:
        """Seconds until there may be something to do, if nothing new comes."""
        return min(POLL_SECONDS, self._throttle.seconds_between) if self._throttle.is_full() else POLL_SECONDS

    async def _exchange(self, room: int, *, throttled: bool = True) -> list[Owed]:
        """Write down what became of messages, and begin at most so many that are due.

        While the database is away, what became of them is not forgotten.
        """
        if self._became:
            await self._write_down(dict(self._became))
        now = self._clock()
        due = await self._due(now, room, throttled=throttled)
        while unwanted := [owed for owed in due if owed.is_unwanted]:
            await self._withhold(unwanted, now)
            due = await self._due(now, room, throttled=throttled)  # what stood behind them
        if throttled:
            due = [owed for owed in due if await self._may_go(owed)]
        if not due:
            return []
        begun: list[Owed] = []
        try:
            async with self._storage.transaction() as tx:
                starts = [await tx.outbox.start(owed.id, now) for owed in due]
            begun = [owed for owed, start in zip(due, starts, strict=True) if start.found]
        finally:
            for owed in due if throttled else ():
                if owed not in begun:  # another one has it, or nobody: its number may try the next
                    self._throttle.undecided(self._senders[owed.flow])
        self._under_way.update(owed.id for owed in begun)
        return begun

    async def _due(self, now: int, room: int, *, throttled: bool) -> list[Owed]:
        """What is due, but for what is being sent here: news may have come before the answer to it."""
        resting = [
            flow for flow, sender in self._senders.items() if throttled and not self._throttle.may(sender)
        ]
        due = await self._storage.outbox.due(now, room, resting) if room else []
        return [owed for owed in due if owed.id not in self._under_way and owed.id not in self._became]

    async def _may_go(self, owed: Owed) -> bool:
        sender = self._senders[owed.flow] = self._channel.sender(owed.flow)
        return await self._throttle.admit(sender, urgent=owed.is_urgent)

    async def _withhold(self, unwanted: Sequence[Owed], now: int) -> None:
        """Withhold messages, and let their conversations hear of it."""
        async with self._storage.transaction() as tx:
            for owed in unwanted:
                await tx.outbox.withhold(owed.id)
            await tx.inbox.put_all([news_of_withheld(owed, now) for owed in unwanted])
        self._has_news = True
        log.info("messages withheld", outbox=[owed.id for owed in unwanted])

    async def _write_down(self, notes: dict[int, Note]) -> None:
        """Write notes in one round trip. One that cannot be written must not have the others sent again."""
        try:
            async with self._storage.transaction() as tx:
                for note in notes.values():
                    await note(tx)
        except StatementRefused:
            if len(notes) > 1:
                for number, note in notes.items():
                    await self._write_down({number: note})
                return
            (number,) = notes
            log.exception("what became of a message cannot be written down", outbox=number)
            await self._storage.outbox.unknown(number, self._clock() + FIRST_LOOK_SECONDS)
        for number in notes:
            self._became.pop(number, None)  # a chat may have drained it meanwhile

    async def _deliver(self, owed: Owed) -> None:
        """Send one message, and remember what became of it until it is written down."""
        try:
            self._became[owed.id] = await self._send(owed)
        finally:
            self._under_way.discard(owed.id)
            self._owing.set()  # for what had to wait for this one

    async def _send(self, owed: Owed) -> Note:
        """Hand a message to the channel; returns how to write down what became of it."""
        now, sender = self._clock(), self._channel.sender(owed.flow)
        try:
            sid = await self._channel.send(owed)
        except DeliveryDeferred as error:
            return self._deferred(owed, error, sender)
        except DeliveryRefused as error:
            if isinstance(error, FreeTextRefused) and not owed.template_only:
                self._throttle.well(sender)
                return self._as_template(owed, now)
            log.error("message refused", outbox=owed.id, code=error.code, reason=str(error))
            if error.was_asked:
                self._throttle.well(sender)
            else:
                self._throttle.undecided(sender)
            return self._refused(owed, error.code, now)
        except ChannelError as error:
            log.warning("message in doubt", outbox=owed.id, reason=str(error))
            self._throttle.undecided(sender)
            return lambda tx: tx.outbox.unknown(owed.id, self._clock() + FIRST_LOOK_SECONDS)
        self._throttle.well(sender)
        return lambda tx: tx.outbox.sent(owed.id, sid, now)

    def _deferred(self, owed: Owed, error: DeliveryDeferred, sender: str) -> Note:
        """How to write down that a message has to wait, by itself or with all others of its number."""
        now = self._clock()
        if error.concerns_sender:
            self._throttle.rest(sender, error.retry_after, str(error))
        else:
            self._throttle.undecided(sender)
        if now - owed.created_at > TOO_OLD_SECONDS:
            log.error("message too old to be sent", outbox=owed.id, reason=str(error))
            return self._failed(owed, None, now)
        pause = error.retry_after or 2**owed.attempts
        if owed.is_urgent:  # somebody in danger cannot wait as long as Twilio may ask for
            pause = min(pause_after(owed.attempts), pause)
        elif not error.retry_after:
            pause = min(LONGEST_PAUSE, pause)
        log.warning("message deferred", outbox=owed.id, seconds=pause, reason=str(error))
        overdue = owed.is_urgent and now - owed.created_at >= OVERDUE_SECONDS

        async def note(tx: Transaction) -> None:
            await tx.outbox.defer(owed.id, now + max(1, int(pause)))
            if overdue:  # it may arrive yet; somebody is to phone them, or be told instead, all the same
                await tx.inbox.put_all(news_of_undelivered(owed, now))

        return note

    def _as_template(self, owed: Owed, now: int) -> Note:
        """Write down that only a template may go, also of what follows until the person writes again."""
        log.warning("too late for free text; it goes out as a template", outbox=owed.id)

        async def note(tx: Transaction) -> None:
            await tx.conversations.window_was_shut(owed.conversation_id, now)
            await tx.outbox.send_as_template(owed.id, now)

        return note

    def _refused(self, owed: Owed, code: int | None, now: int) -> Note:
        """Write down a refusal; of one who has opted out over there, the conversation hears."""
        if code not in OPTED_OUT:
            return self._failed(owed, code, now)
        return self._failed_with_news(owed, code, news_of_refusal(owed, code, now))

    def _failed(self, owed: Owed, code: int | None, now: int) -> Note:
        """Write down that a message is never sent; if nobody asked for it, its conversation hears of it."""
        return self._failed_with_news(owed, code, news_of_undelivered(owed, now))

    def _failed_with_news(self, owed: Owed, code: int | None, news: Sequence[Heard]) -> Note:
        async def note(tx: Transaction) -> None:
            await tx.outbox.failed(owed.id, code)
            await tx.inbox.put_all(news)
            self._has_news = self._has_news or bool(news)

        return note
