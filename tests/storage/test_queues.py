"""How much waits is counted alike on every database."""

from __future__ import annotations

from engine.effects import Message
from storage.queues import Queue
from storage.store import Storage
from tests.storage.samples import NOW, conversation_with, heard


async def test_empty_queues_are_named(storage: Storage) -> None:
    queues = await storage.queues.all()
    assert set(queues) == {
        "inbox",
        "inbox put aside",
        "timers",
        "alerts",
        "outbox pending",
        "outbox sending",
        "outbox unknown",
    }
    assert set(queues.values()) == {Queue(0, None)}


async def test_what_waits_is_counted_from_its_oldest_on(storage: Storage) -> None:
    first = await storage.inbox.put(heard("SM1", at=NOW - 50))
    await storage.inbox.put(heard("SM2", at=NOW - 20))
    broken = await storage.inbox.put(heard("SM3", at=NOW - 90))
    assert first is not None
    assert broken is not None
    await storage.inbox.failed(broken, "nobody understands it")
    conversation = await conversation_with(storage)
    await storage.outbox.put(conversation, 1, [Message("one"), Message("two"), Message("three")], NOW - 10)
    one, two, _ = await storage.outbox.since(0, 10)
    await storage.outbox.start(one.id, NOW)
    await storage.outbox.start(two.id, NOW)
    await storage.outbox.unknown(two.id, NOW)
    alert = await storage.alerts.raise_(conversation.person.id, "explicit.overdose", NOW - 700)
    await storage.alerts.raise_(conversation.person.id, "explicit.overdose", NOW - 300)
    await storage.alerts.acknowledge(alert, conversation.person.id, NOW)
    queues = await storage.queues.all()
    assert queues["alerts"] == Queue(1, NOW - 300)
    assert queues["inbox"] == Queue(2, NOW - 50)
    assert queues["inbox put aside"] == Queue(1, NOW - 90)
    assert (
        queues["outbox pending"] == queues["outbox sending"] == queues["outbox unknown"] == Queue(1, NOW - 10)
    )
