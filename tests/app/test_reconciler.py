"""Messages that never arrived are taken in, in their order, once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from structlog.testing import capture_logs

from app.reconciler import GRACE_SECONDS, Reconciler
from channels.floods import Pace
from engine.errors import ChannelError, TryAgain
from engine.events import Heard

NOW = 1_800_000_000
HOUR = 3600


def written(key: str, ago: int, flow: str = "client", address: str = "whatsapp:+4915100000001") -> Heard:
    return Heard(key=key, flow=flow, address=address, kind="text", at=NOW - ago, text=f"text of {key}")


@dataclass
class World:
    """Twilio's list, and the inbox."""

    listed: list[Heard] = field(default_factory=list)
    inbox: list[Heard] = field(default_factory=list)
    asked: list[tuple[int, int]] = field(default_factory=list)
    error: Exception | None = None
    is_new: bool = False
    paces: list[Pace] = field(default_factory=list)
    missed: list[int] = field(default_factory=list)
    asked_again: asyncio.Event = field(default_factory=asyncio.Event)

    async def received(self, since: int, before: int) -> list[Heard]:
        self.asked.append((since, before))
        if len(self.asked) == 3:
            self.asked_again.set()
        if self.error:
            raise self.error
        return self.listed

    async def unknown(self, keys: Sequence[str]) -> list[str]:
        known = {heard.key for heard in self.inbox}
        return [key for key in keys if key not in known]

    async def is_empty(self) -> bool:
        return self.is_new

    async def take_in(self, heard: Heard, pace: Pace) -> bool:
        self.inbox.append(heard)
        self.paces.append(pace)
        return True

    async def flow_of(self, door: str, address: str) -> str:
        return "stranger" if door == "therapist" and address.endswith("9") else door

    def reconciler(self, *, hours: float = 12) -> Reconciler:
        return Reconciler(
            self,
            self,
            self,
            self.flow_of,
            lambda: NOW,
            oldest_seconds=hours * HOUR,
            every_seconds=0,
            most_each=2,
            missed=self.missed.append,
        )


async def test_what_never_arrived_is_taken_in_in_its_order_and_the_rest_is_not() -> None:
    world = World([written("SM1", 300), written("SM2", 200), written("SM3", 100)])
    world.inbox = [replace(world.listed[1], text="by the webhook")]
    assert await world.reconciler().catch_up() == 2
    assert [heard.key for heard in world.inbox] == ["SM2", "SM1", "SM3"]
    assert world.inbox[0].text == "by the webhook"
    assert await world.reconciler().catch_up() == 0
    assert world.missed == [2, 0]


async def test_what_was_written_before_the_first_start_is_not_answered() -> None:
    world = World([written("SM1", 300), written("SM2", 90)], is_new=True)
    reconciler = world.reconciler()
    assert await reconciler.catch_up() == 0
    assert world.asked == []
    world.listed.append(written("SM3", 61))
    await reconciler.catch_up()
    assert world.asked == [(NOW, NOW - 60)]


async def test_of_one_who_writes_without_end_a_few_messages_are_acted_on_and_all_are_kept() -> None:
    flood = [written(f"SM{number}", 300 - number) for number in range(4)]
    world = World([*flood, written("SM9", 100, address="whatsapp:+4915100000002")])
    assert await world.reconciler().catch_up() == 5
    assert world.paces == [Pace.USUAL] * 2 + [Pace.STILL_TOO_FAST] * 2 + [Pace.USUAL]


async def test_whose_conversation_it_is_the_writer_and_the_number_decide() -> None:
    world = World([written("SM1", 99, "therapist", "chat:9"), written("SM2", 98, "therapist", "chat:1")])
    await world.reconciler().catch_up()
    assert [heard.flow for heard in world.inbox] == ["stranger", "therapist"]


async def test_neither_what_is_too_old_nor_what_may_still_come_is_asked_for() -> None:
    world = World()
    await world.reconciler(hours=2).catch_up()
    assert world.asked == [(NOW - 2 * HOUR, NOW - GRACE_SECONDS)]


async def test_what_was_compared_is_compared_again_only_for_an_hour() -> None:
    world = World()
    reconciler = world.reconciler()
    await reconciler.catch_up()
    await reconciler.catch_up()
    world.error = ChannelError()
    with pytest.raises(ChannelError):
        await reconciler.catch_up()
    assert [since for since, _ in world.asked] == [NOW - 12 * HOUR, NOW - HOUR, NOW - HOUR]


@pytest.mark.parametrize("error", [ChannelError(), TryAgain()])
async def test_a_list_that_cannot_be_read_is_tried_again_and_told_once(error: Exception) -> None:
    world = World(error=error)
    with capture_logs() as lines:
        running = asyncio.create_task(world.reconciler().run())
        async with asyncio.timeout(10):
            await world.asked_again.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert [line["event"] for line in lines] == ["missed messages cannot be looked for"]


async def test_it_can_be_switched_off() -> None:
    world = World()
    await world.reconciler(hours=0).run()
    assert world.asked == []
