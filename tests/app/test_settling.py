"""Messages in doubt: looked for first, sent again only when they are certainly not there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.clock import Clock
from app.settling import (
    FIRST_LOOK_SECONDS,
    LOOKED_FOR_SECONDS,
    STUCK_SECONDS,
    Settling,
)
from engine.effects import Message
from engine.errors import ChannelError
from storage.outbox import MOST_RESENT
from storage.owed import Owed
from storage.revision import migrate
from storage.settings import StorageSettings
from storage.store import Storage

DOUBT = 60


@dataclass
class Over:
    """The other side's list."""

    taken: list[str] = field(default_factory=list)
    readable: bool = True
    asked: int = 0
    is_slow: bool = False
    """Whether it never ends to answer, but for what is urgent."""

    async def look_for(self, owed: Owed) -> list[str]:
        self.asked += 1
        if self.is_slow and not owed.is_urgent:
            await asyncio.Event().wait()
        if not self.readable:
            raise ChannelError
        return self.taken


@dataclass
class Desk:
    storage: Storage
    clock: Clock
    there: Over
    settling: Settling
    own: set[int] = field(default_factory=set)

    async def begin(self, address: str = "chat:a", turn: int = 1, *, urgent: bool = False) -> Owed:
        """A message whose sending was begun."""
        async with self.storage.transaction() as tx:
            conversation = await tx.conversations.lock("client", address, "idle", at=self.clock())
            await tx.outbox.put(conversation, turn, [Message("hello")], self.clock(), urgent=urgent)
        owed = (await self.storage.outbox.since(0, 100))[-1]
        await self.storage.outbox.start(owed.id, self.clock())
        return owed

    async def doubt(self, address: str = "chat:a", turn: int = 1, *, urgent: bool = False) -> Owed:
        """A message whose sending ended without a clear answer."""
        owed = await self.begin(address, turn, urgent=urgent)
        await self.storage.outbox.unknown(owed.id, self.clock() + FIRST_LOOK_SECONDS)
        return owed

    async def after(self, seconds: int) -> list[str]:
        """Where the messages stand after so long, with a look each second."""
        for _ in range(seconds):
            self.clock.advance(1)
            await self.settling.look()
        return await self.states()

    async def states(self) -> list[str]:
        return [owed.state for owed in await self.storage.outbox.since(0, 100)]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    settings = StorageSettings(sqlite_path=tmp_path / "doubts.sqlite3", secret_key="doubts")
    await migrate(settings)
    clock, there = Clock(), Over()
    clock.stand_at(1_800_000_000)
    storage = await Storage.open(settings, clock=clock)
    own: set[int] = set()
    settling = Settling(storage, there, clock, doubt_seconds=DOUBT, own=lambda: own)
    yield Desk(storage, clock, there, settling, own)
    await storage.close()


async def test_what_is_urgent_waits_for_no_look_at_anything_else(desk: Desk) -> None:
    await desk.doubt(turn=1)
    await desk.doubt(turn=2, urgent=True)
    desk.there.is_slow = True
    desk.clock.advance(10)
    looking = asyncio.create_task(desk.settling.run())
    async with asyncio.timeout(20):
        while await desk.states() != ["unknown", "pending"]:  # noqa: ASYNC110  # the task writes it
            await asyncio.sleep(0)
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking


@pytest.mark.parametrize("readable", [True, False])
async def test_what_is_urgent_is_waited_for_a_few_seconds_only(desk: Desk, *, readable: bool) -> None:
    """Then it goes again, after 10, 20, 40 and 60 seconds, whether the list lacks it or cannot be read."""
    desk.there.readable = readable
    owed = await desk.doubt(urgent=True)
    for seconds in (10, 20, 40, 60):
        asked = desk.there.asked
        assert await desk.after(FIRST_LOOK_SECONDS - 1) == ["unknown"]
        assert desk.there.asked == asked
        assert await desk.after(seconds - FIRST_LOOK_SECONDS) == ["unknown"]
        assert desk.there.asked > asked
        assert await desk.after(1) == ["pending"]
        await desk.storage.outbox.start(owed.id, desk.clock())
        await desk.storage.outbox.unknown(owed.id, desk.clock() + FIRST_LOOK_SECONDS)
    assert await desk.after(3 * DOUBT) == ["unknown"], "somebody has to settle it"
    heard = await desk.storage.inbox.waiting(9)
    assert [one.event for one in heard] == ["numbers_undelivered"], "and a therapist to phone"


async def test_what_is_urgent_and_was_taken_is_not_sent_again(desk: Desk) -> None:
    await desk.doubt(urgent=True)
    desk.there.taken = ["SM1"]
    assert await desk.after(FIRST_LOOK_SECONDS) == ["sent"]


async def test_what_a_dead_process_said_to_somebody_in_danger_is_said_again(desk: Desk) -> None:
    await desk.begin(urgent=True)
    desk.there.readable = False
    assert await desk.after(STUCK_SECONDS + 1) == ["pending"]


async def test_what_the_list_shows_was_sent(desk: Desk) -> None:
    await desk.doubt()
    desk.there.taken = ["SM1"]
    assert await desk.after(FIRST_LOOK_SECONDS - 1) == ["unknown"]
    assert await desk.after(1) == ["sent"]
    assert await desk.storage.outbox.find("SM1", None) is not None


async def test_a_list_that_is_late_has_its_time(desk: Desk) -> None:
    await desk.doubt()
    assert await desk.after(DOUBT - 1) == ["unknown"]
    desk.there.taken = ["SM1"]
    assert await desk.after(1) == ["sent"]


async def test_what_it_never_shows_is_sent_again_at_last(desk: Desk) -> None:
    await desk.doubt()
    assert await desk.after(DOUBT - 1) == ["unknown"]
    assert await desk.after(1) == ["pending"]
    assert desk.there.asked < 10


async def test_it_is_not_sent_again_without_end(desk: Desk) -> None:
    owed = await desk.doubt()
    for _ in range(MOST_RESENT):
        assert await desk.after(DOUBT) == ["pending"]
        await desk.storage.outbox.start(owed.id, desk.clock())
        await desk.storage.outbox.unknown(owed.id, desk.clock() + FIRST_LOOK_SECONDS)
    assert await desk.after(3 * DOUBT) == ["unknown"]
    assert await desk.storage.doubts.count(stuck_before=0) == {"unknown": 1}


async def test_nothing_is_sent_again_while_the_list_cannot_be_read(desk: Desk) -> None:
    await desk.doubt()
    desk.there.readable = False
    assert await desk.after(10 * DOUBT) == ["unknown"]
    desk.there.readable, desk.there.taken = True, ["SM1"]
    assert await desk.after(20 * DOUBT) == ["sent"]


async def test_after_a_day_nobody_looks_any_more(desk: Desk) -> None:
    await desk.doubt()
    desk.clock.advance(LOOKED_FOR_SECONDS)
    assert await desk.after(1) == ["unknown"]
    assert desk.there.asked == 0


@pytest.mark.parametrize(("shown", "becomes"), [(["SM1"], "sent"), ([], "pending")])
async def test_what_a_dead_process_was_sending_is_looked_for(
    desk: Desk, shown: list[str], becomes: str
) -> None:
    await desk.begin()
    desk.there.taken = shown
    assert await desk.after(STUCK_SECONDS) == ["sending"]
    assert desk.there.asked == 0
    assert await desk.after(DOUBT) == [becomes]


async def test_what_a_dead_process_was_sending_stops_nobody_when_it_cannot_be_known(desk: Desk) -> None:
    await desk.begin()
    desk.there.readable = False
    assert await desk.after(STUCK_SECONDS + 1) == ["unknown"]


async def test_what_a_process_left_behind_long_ago_stops_nobody(desk: Desk) -> None:
    await desk.begin()
    desk.clock.advance(25 * 3600)
    assert await desk.after(1) == ["unknown"]
    assert len(await desk.storage.doubts.listed(10, stuck_before=0)) == 1


async def test_ones_own_sendings_are_left_alone(desk: Desk) -> None:
    owed = await desk.begin()
    desk.own.add(owed.id)
    assert await desk.after(2 * DOUBT) == ["sending"]


async def test_one_that_is_shown_settles_only_one_of_two(desk: Desk) -> None:
    await desk.doubt()
    await desk.doubt(turn=2)
    desk.there.taken = ["SM1"]
    assert await desk.after(FIRST_LOOK_SECONDS) == ["sent", "unknown"]
    desk.there.taken = ["SM1", "SM2"]
    assert await desk.after(FIRST_LOOK_SECONDS) == ["sent", "sent"]


async def test_what_may_be_the_next_message_with_the_same_words_settles_nothing(desk: Desk) -> None:
    await desk.doubt()
    later = await desk.begin(turn=2)
    desk.own.add(later.id)
    desk.there.taken = ["SM2"]
    assert await desk.after(STUCK_SECONDS) == ["unknown", "sending"]
    await desk.storage.outbox.sent(later.id, "SM2", desk.clock())
    assert await desk.after(DOUBT) == ["pending", "sent"]
