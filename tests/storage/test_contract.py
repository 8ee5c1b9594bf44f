"""What every database must do: the same class runs on SQLite and on MariaDB."""

from __future__ import annotations

from engine.effects import Message, Option
from engine.events import Heard
from engine.snapshot import Snapshot
from storage.store import Storage
from tests.storage.conftest import NOW

ADDRESS = "whatsapp:+4915100000001"


def heard(key: str = "SM1", **fields: object) -> Heard:
    return Heard(**{"key": key, "flow": "client", "address": ADDRESS, "kind": "text", "at": NOW} | fields)  # type: ignore[arg-type]


class TestTurn:
    async def test_is_kept_whole(self, storage: Storage) -> None:
        number = await storage.inbox.put(heard(text="Grüße 👋 %s ' \\ {{x}}", data={"a": [1, None]}))
        assert number
        (one,) = await storage.inbox.waiting(10)
        assert one.text == "Grüße 👋 %s ' \\ {{x}}"
        assert one.id == number
        option = Option("1.1", "Ten", "pick_option", {"slot": 3})
        before = storage.round_trips
        async with storage.transaction() as tx:
            conversation = await tx.conversations.lock("client", ADDRESS, "idle", name="Ann", at=NOW)
            assert conversation.snapshot == Snapshot(state="idle")
            assert await tx.inbox.claim(number, NOW)
            after = Snapshot(
                state="choosing", turn=1, memory={"x": "ü"}, misses=1, offer=(option,), wakes_at=NOW + 5
            )
            await tx.conversations.save(conversation, after, "f" * 64, NOW)
            await tx.outbox.put(conversation, 1, [Message("Hi", (option,)), Message("More")], NOW)
            await tx.journal.write(
                inbox_id=number,
                conversation_id=conversation.id,
                turn=1,
                event="e",
                state_before="idle",
                state_after="choosing",
                trail=["a", "b"],
                read_by=None,
                confidence=0.93,
                at=NOW,
            )
        assert storage.round_trips - before == 11
        kept = await storage.conversations.peek("client", ADDRESS)
        assert kept
        assert kept.snapshot == after
        assert kept.person.name == "Ann"
        assert await storage.inbox.waiting(10) == []
        (first,) = await storage.outbox.due(NOW, 10)
        assert first.message == Message("Hi", (option,))
        assert [one.key for one in await storage.conversations.waking(NOW + 5, 10)] == [f"wait:{kept.id}:1"]
        assert (await storage.journal.of(kept.id))[0].trail == ("a", "b")
        await storage.ready()
