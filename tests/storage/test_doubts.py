"""What every database must do for messages in doubt."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import update

from engine.effects import Filled, Message
from storage.owed import UNREADABLE, Owed
from storage.revision import connection
from storage.settings import StorageSettings
from storage.store import Storage
from storage.tables import outbox
from tests.storage.conftest import Clock
from tests.storage.samples import ADDRESS, NOW, conversation_with, owe

STUCK = 30
ONE = Message("1")


async def doubtful(
    storage: Storage, message: Message = ONE, *, turn: int = 1, address: str = ADDRESS
) -> Owed:
    """A message whose sending ended without a clear answer."""
    owed = await begun(storage, message, turn=turn, address=address)
    await storage.outbox.unknown(owed.id, NOW + 2)
    return await again(storage, owed)


async def begun(storage: Storage, message: Message = ONE, *, turn: int = 1, address: str = ADDRESS) -> Owed:
    conversation = await conversation_with(storage, address)
    await storage.outbox.put(conversation, turn, [message], NOW)
    owed = (await storage.outbox.since(0, 100))[-1]
    assert (await storage.outbox.start(owed.id, NOW)).found
    return await again(storage, owed)


async def again(storage: Storage, owed: Owed) -> Owed:
    read = await storage.doubts.get(owed.id)
    assert read is not None
    return read


async def looked_for(storage: Storage, now: int, own: tuple[int, ...] = ()) -> list[int]:
    due = await storage.doubts.due(
        now, stuck_before=now - STUCK, created_after=now - 3600, limit=9, besides=own
    )
    return [owed.id for owed in due]


async def test_the_unknown_is_looked_for_when_it_is_time(storage: Storage) -> None:
    owed = await doubtful(storage)
    assert await looked_for(storage, NOW + 1) == []
    assert await looked_for(storage, NOW + 2) == [owed.id]
    await storage.doubts.look_again(owed, NOW + 9)
    assert await looked_for(storage, NOW + 8) == []
    assert await looked_for(storage, NOW + 9) == [owed.id]
    assert await looked_for(storage, NOW + 3600) == []


async def test_what_is_urgent_is_looked_for_before_what_waits_longer(storage: Storage) -> None:
    usual = await doubtful(storage)
    (urgent,) = await owe(storage, ["numbers"], address="chat:b", urgent=True)
    await storage.outbox.start(urgent, NOW)
    await storage.outbox.unknown(urgent, NOW + 5)
    assert await looked_for(storage, NOW + 5) == [urgent, usual.id]


async def test_what_its_process_left_alone_is_looked_for_but_not_ones_own(storage: Storage) -> None:
    owed = await begun(storage)
    assert await looked_for(storage, NOW + STUCK) == []
    assert await looked_for(storage, NOW + STUCK + 1) == [owed.id]
    assert await looked_for(storage, NOW + STUCK + 1, (owed.id, 77)) == []


async def test_what_is_found_is_sent(storage: Storage) -> None:
    for owed in (await doubtful(storage), await begun(storage, turn=2)):
        assert await storage.doubts.found(owed, [f"SM{owed.id}"], NOW)
        assert (await again(storage, owed)).state == "sent"
        assert await storage.outbox.find(f"SM{owed.id}", None) is not None


async def test_a_name_that_another_message_has_finds_nothing(storage: Storage) -> None:
    first, second = await doubtful(storage), await doubtful(storage, turn=2)
    assert await storage.doubts.found(first, ["SM1"], NOW)
    assert not await storage.doubts.found(second, ["SM1"], NOW)
    assert await storage.doubts.found(second, ["SM1", "SM2"], NOW)
    assert not await storage.doubts.found(second, ["SM3"], NOW), "it is settled"


async def test_of_two_that_look_at_once_one_alone_gets_the_name(
    on_mariadb: StorageSettings, clock: Clock
) -> None:
    here, there = [await Storage.open(on_mariadb, clock=clock) for _ in range(2)]
    for number in range(20):
        first = await doubtful(here, turn=2 * number)
        second = await doubtful(here, turn=2 * number + 1)
        sids = [f"SM{number}"]
        settled = await asyncio.gather(
            here.doubts.found(first, sids, NOW), there.doubts.found(second, sids, NOW)
        )
        assert sorted(settled) == [False, True]
    await here.close()
    await there.close()


async def test_what_was_not_taken_is_sent_again_and_counted(storage: Storage) -> None:
    for owed in (await doubtful(storage), await begun(storage, turn=2)):
        assert await storage.doubts.send_again(owed, NOW)
        kept = await again(storage, owed)
        assert (kept.state, kept.resent, kept.attempts) == ("pending", 1, 1)
        assert not await storage.doubts.send_again(owed, NOW)
        await storage.outbox.start(owed.id, NOW)


async def test_what_somebody_began_again_meanwhile_is_left_alone(storage: Storage) -> None:
    owed = await doubtful(storage)
    assert await storage.doubts.send_again(owed, NOW)
    await storage.outbox.start(owed.id, NOW + 70)
    assert not await storage.doubts.send_again(owed, NOW + 71)
    await storage.doubts.stay(owed, NOW + 71)
    await storage.doubts.look_again(owed, NOW + 999)
    assert (await again(storage, owed)).state == "sending"


async def test_what_cannot_be_known_holds_up_nothing(storage: Storage) -> None:
    owed = await begun(storage)
    conversation = await conversation_with(storage)
    await storage.outbox.put(conversation, 2, [Message("2")], NOW)
    assert await storage.outbox.due(NOW, 9) == []
    await storage.doubts.look_again(owed, NOW + 60)
    assert await storage.outbox.due(NOW, 9) == []
    await storage.doubts.stay(owed, NOW + 60)
    assert [one.message.text for one in await storage.outbox.due(NOW, 9)] == ["2"]


async def test_a_message_of_the_same_words_that_is_being_sent_is_noticed(storage: Storage) -> None:
    owed = await doubtful(storage)
    assert not await storage.doubts.has_twin_under_way(owed)
    await begun(storage, address="chat:other")
    await begun(storage, Message("other words"), turn=2)
    assert not await storage.doubts.has_twin_under_way(owed)
    await begun(storage, turn=3)
    assert await storage.doubts.has_twin_under_way(owed)


async def test_messages_of_one_template_may_read_the_same(storage: Storage) -> None:
    news = [Message(text, (), Filled("news", "en", {"who": text})) for text in ("A...a", "A...b")]
    owed = await doubtful(storage, news[0])
    await begun(storage, Message("A...c", (), Filled("other news", "en", {})), turn=2)
    assert not await storage.doubts.has_twin_under_way(owed)
    await begun(storage, news[1], turn=3)
    assert await storage.doubts.has_twin_under_way(owed)


async def test_what_cannot_be_opened_fails_and_stops_nobody(
    storage: Storage, settings: StorageSettings
) -> None:
    broken = await doubtful(storage)
    good = await doubtful(storage, turn=2)
    with connection(settings) as open_connection:
        spoilt = update(outbox).where(outbox.c.id == broken.id).values(body="gAAAA not sealed by us")
        open_connection.execute(spoilt)
    assert await looked_for(storage, NOW + 2) == [good.id]
    assert [owed.id for owed in await storage.doubts.due(
        NOW + 2, stuck_before=NOW, created_after=0, limit=9
    )] == [good.id]  # fmt: skip
    with connection(settings) as open_connection:
        rows = open_connection.execute(outbox.select().where(outbox.c.id == broken.id)).mappings().all()
    assert [(row["state"], row["error_code"]) for row in rows] == [("failed", UNREADABLE)]


async def test_the_operator_sees_numbers_and_moments(storage: Storage) -> None:
    owed = await doubtful(storage)
    stuck = await begun(storage, turn=2)
    (doubt,) = await storage.doubts.listed(9, stuck_before=NOW)
    assert (doubt.id, doubt.state) == (owed.id, "unknown")
    assert (doubt.conversation_id, doubt.turn) == (owed.conversation_id, 1)
    assert (doubt.created_at, doubt.started_at, doubt.attempts, doubt.resent) == (NOW, NOW, 1, 0)
    assert await storage.doubts.count(stuck_before=NOW) == {"unknown": 1}
    listed = await storage.doubts.listed(9, stuck_before=NOW + 1)
    assert [(one.id, one.state) for one in listed] == [(owed.id, "unknown"), (stuck.id, "sending")]
    assert await storage.doubts.count(stuck_before=NOW + 1) == {"unknown": 1, "sending": 1}


@pytest.mark.parametrize(
    ("state", "stuck_before", "resent", "settled"),
    [
        ("pending", NOW + 1, 0, 0),
        ("sending", NOW, 0, 0),
        ("sending", NOW + 1, 1, 1),
        ("sent", NOW + 1, 0, 0),
        ("unknown", NOW, 1, 1),
        ("failed", NOW, 1, 0),
    ],
)
async def test_the_operator_decides_only_what_is_in_doubt_or_has_failed(
    storage: Storage, settings: StorageSettings, state: str, stuck_before: int, resent: int, settled: int
) -> None:
    owed = await begun(storage)
    for decide, may, becomes in (
        (storage.doubts.settle(owed.id, "SM9", stuck_before=stuck_before), settled, "sent"),
        (storage.doubts.resend(owed.id, NOW, stuck_before=stuck_before), resent, "pending"),
    ):
        with connection(settings) as open_connection:
            open_connection.execute(update(outbox).values(state=state))
        assert await decide is bool(may)
        assert (await again(storage, owed)).state == (becomes if may else state)
    assert not await storage.doubts.resend(999_999, NOW, stuck_before=NOW)
