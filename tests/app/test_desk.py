"""The simulator's desk on the real product: what the phones are told, however much it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.chat import handed_over
from app.desk import PAGE, SimulatorDesk
from app.settings import Settings
from app.wiring import Product, product
from engine.effects import Message

CLIENT = "client:Ana"
MANY = PAGE + 20


@pytest.fixture
async def running(tmp_path: Path, weights: str) -> AsyncIterator[Product]:
    settings = Settings(_env_file=None, sqlite_path=tmp_path / "desk.sqlite3", weights_dir=Path(weights))
    async with product(settings, handed_over, demonstration=True) as made:
        yield made


async def desk_after(running: Product, text: str) -> SimulatorDesk:
    """A desk where this was said and answered; nothing works in the background any more."""
    desk = SimulatorDesk(running)
    running.start()
    await desk.say(CLIENT, text, "one")
    await running.settle()
    await running.stop()
    return desk


async def owe(running: Product, *texts: str) -> None:
    """Messages that are not sent yet, to the only client, as of turns yet to come."""
    (client,) = await running.storage.conversations.all_states()
    turn = max(owed.turn for owed in await running.storage.outbox.since(0, 2 * MANY)) + 1
    await running.storage.outbox.put(client, turn, [Message(text) for text in texts], running.clock())


async def test_every_message_is_shown_and_settled_ones_are_not_read_again(running: Product) -> None:
    desk = await desk_after(running, "hello")
    await owe(running, *(f"message {number}" for number in range(MANY)))
    first = await desk.view(0)
    assert [one.text for one in first.messages[-MANY:]] == [f"message {number}" for number in range(MANY)]
    assert {one.status for one in first.messages[-MANY:]} == {"queued"}

    await running.deliveries.drain()
    second = await desk.view(first.version)
    assert len(second.messages) == MANY
    assert {one.status for one in second.messages} == {"delivered"}

    before = running.storage.round_trips
    assert (await desk.view(second.version)).messages == ()
    quiet = running.storage.round_trips - before
    await owe(running, "one more")
    before = running.storage.round_trips
    third = await desk.view(second.version)
    assert [one.text for one in third.messages] == ["one more"]
    assert running.storage.round_trips - before == quiet + 1  # one page, that of the news


async def test_a_later_message_does_not_hide_what_becomes_of_an_earlier_one(running: Product) -> None:
    desk = await desk_after(running, "hello")
    await owe(running, "first", "second")
    outbox = running.storage.outbox
    first, second = (await outbox.since(0, PAGE))[-2:]
    await outbox.start(second.id, running.clock())
    await outbox.sent(second.id, "S2", running.clock())
    seen = await desk.view(0)
    assert [one.status for one in seen.messages[-2:]] == ["queued", "delivered"]
    await outbox.failed(first.id, None)
    (changed,) = (await desk.view(seen.version)).messages
    assert (changed.text, changed.status) == ("first", "failed")


async def test_what_is_withheld_is_never_shown(running: Product) -> None:
    desk = await desk_after(running, "hello")
    (client,) = await running.storage.conversations.all_states()
    outbox, now = running.storage.outbox, running.clock()
    await outbox.put(client, 10, [Message("your request lapsed")], now, unasked={})
    before = await desk.view(0)
    await running.storage.people.opt_out(client.person.id, now)
    await running.deliveries.drain()
    await running.storage.people.opt_out(client.person.id, None)
    await outbox.put(client, 11, [Message("your request is approved")], now, unasked={})
    await running.deliveries.drain()
    texts = [one.text for one in (await desk.view(0)).messages if one.direction == "out"]
    assert [one.text for one in before.messages if one.direction == "out"] == texts[:1]
    assert texts[1:] == ["your request is approved"]


async def test_the_way_of_a_wait_is_told(running: Product) -> None:
    desk = await desk_after(running, "I want to book an appointment")
    await desk.advance(25 * 3600)
    place = (await desk.view(0)).places[CLIENT]
    assert place.state == "idle"
    assert place.path[0].source == "choosing_service_type"
    assert place.path[0].event.startswith("after ")
    diagrams = await desk.diagrams()
    assert place.path[0] in diagrams["client"].edges
