"""What every database must do for what was heard."""

from __future__ import annotations

import asyncio

from sqlalchemy import update

from engine.events import Heard
from storage.revision import connection
from storage.settings import StorageSettings
from storage.store import Storage
from storage.tables import inbox, timers
from storage.timers import Timer
from tests.storage.samples import ADDRESS, NOW, heard


class TestInbox:
    async def test_gives_back_what_was_put(self, storage: Storage) -> None:
        full = Heard(
            key="SM2",
            flow="client",
            address=ADDRESS,
            kind="signal",
            at=NOW,
            text="Grüße 👋 %s %(x)s ' \\ \" {{x}} \x00 ?" + "🙂" * 1600,
            tap="1.2",
            replied_to="SM0",
            name="Zoë",
            event="approved",
            data={"a": [1, None, {"b": "ü"}]},
        )
        number = await storage.inbox.put(full)
        assert number
        (kept,) = await storage.inbox.waiting(10)
        assert kept.id == number
        assert {name: getattr(kept, name) for name in Heard.__slots__ if name != "id"} == {
            name: getattr(full, name) for name in Heard.__slots__ if name != "id"
        }

    async def test_takes_a_key_once(self, storage: Storage) -> None:
        numbers = await asyncio.gather(*(storage.inbox.put(heard("SM1")) for _ in range(8)))
        assert numbers.count(None) == 7
        assert (await storage.queues.all())["inbox"].length == 1

    async def test_tells_which_keys_never_came(self, storage: Storage) -> None:
        for number in range(150):
            await storage.inbox.put(heard(f"SM{number}"))
        keys = [f"SM{number}" for number in range(160, -1, -1)]
        assert await storage.inbox.unknown(keys) == keys[:11]
        assert await storage.inbox.unknown([]) == []

    async def test_tells_keys_apart_by_case(self, storage: Storage) -> None:
        assert await storage.inbox.put(heard("SMa"))
        assert await storage.inbox.put(heard("SMA"))

    async def test_lists_the_oldest_first(self, storage: Storage) -> None:
        for key in ("b", "a", "c"):
            await storage.inbox.put(heard(key))
        assert [one.key for one in await storage.inbox.waiting(2)] == ["b", "a"]

    async def test_passes_over_known_keys_among_new_ones(self, storage: Storage) -> None:
        await storage.inbox.put(heard("a", text="first"))
        await storage.inbox.put_all([heard("b"), heard("a", text="second"), heard("c")])
        assert [(one.key, one.text) for one in await storage.inbox.waiting(9)] == [
            ("a", "first"),
            ("b", ""),
            ("c", ""),
        ]

    async def test_put_all_of_nothing_costs_nothing(self, storage: Storage) -> None:
        await storage.inbox.put_all([])
        assert storage.round_trips == 0

    async def test_keeps_what_failed_but_passes_over_it(self, storage: Storage) -> None:
        poison = await storage.inbox.put(heard("poison"))
        assert poison
        await storage.inbox.put(heard("good"))
        assert [await storage.inbox.tried(poison) for _ in range(3)] == [1, 2, 3]
        await storage.inbox.failed(poison, "TurnFailed: " + "x" * 600)
        assert [one.key for one in await storage.inbox.waiting(10)] == ["good"]
        (failure,) = await storage.inbox.failures(10)
        assert (failure.id, failure.key, failure.attempts) == (poison, "poison", 3)
        assert len(failure.reason) == 500

    async def test_what_cannot_be_opened_stops_nobody(
        self, storage: Storage, settings: StorageSettings
    ) -> None:
        await storage.inbox.put(heard("broken"))
        with connection(settings) as open_connection:
            open_connection.execute(update(inbox).values(body="gAAAA not sealed by us"))
        await storage.inbox.put(heard("good"))
        assert [one.key for one in await storage.inbox.waiting(10)] == ["good"]
        assert [one.key for one in await storage.inbox.failures(10)] == ["broken"]

    async def test_what_was_taken_cannot_fail(self, storage: Storage) -> None:
        number = await storage.inbox.put(heard("a"))
        assert number
        assert (await storage.inbox.claim(number, NOW)).found
        await storage.inbox.failed(number, "late")
        assert await storage.inbox.failures(10) == []


def timer(key: str, due_at: int = NOW + 60) -> Timer:
    return Timer(key=key, flow="client", address=ADDRESS, event="expired", data={"id": 7}, due_at=due_at)


class TestTimers:
    async def test_move_into_the_inbox_when_due(self, storage: Storage) -> None:
        await storage.timers.put([timer("a"), timer("b", NOW + 61)])
        assert await storage.timers.move_due(NOW + 59) == 0
        assert await storage.timers.move_due(NOW + 60) == 1
        assert await storage.timers.move_due(NOW + 60) == 0
        (moved,) = await storage.inbox.waiting(10)
        assert (moved.key, moved.kind, moved.event, moved.data) == ("timer:a", "signal", "expired", {"id": 7})
        assert (moved.flow, moved.address, moved.at) == ("client", ADDRESS, NOW + 60)
        assert await storage.timers.next_due() == NOW + 61

    async def test_are_set_once(self, storage: Storage) -> None:
        await storage.timers.put([timer("a")])
        await storage.timers.put([timer("a", NOW + 999)])
        assert await storage.timers.next_due() == NOW + 60

    async def test_are_known_before_and_after_they_go_off(self, storage: Storage) -> None:
        await storage.timers.put([timer("a"), timer("b", NOW + 61), timer("c")])
        await storage.timers.drop(["c"])
        await storage.timers.move_due(NOW + 60)
        assert await storage.timers.known(["a", "b", "c", "d"]) == {"a", "b"}
        assert await storage.timers.known([]) == set()

    async def test_what_cannot_be_opened_stops_nobody(
        self, storage: Storage, settings: StorageSettings
    ) -> None:
        await storage.timers.put([timer("broken")])
        with connection(settings) as open_connection:
            open_connection.execute(update(timers).values(data="gAAAA not sealed by us"))
        await storage.timers.put([timer("good")])
        assert await storage.timers.move_due(NOW + 60) == 2
        assert await storage.timers.next_due() is None
        assert [one.key for one in await storage.inbox.waiting(10)] == ["timer:good"]
        (failure,) = await storage.inbox.failures(10)
        assert failure.key == "timer:broken"
        assert "SECRET_KEY" in failure.reason

    async def test_can_be_dropped(self, storage: Storage) -> None:
        await storage.timers.put([timer("a"), timer("b"), timer("c")])
        await storage.timers.drop(["a", "c", "never set"])
        await storage.timers.drop([])
        assert await storage.timers.move_due(NOW + 60) == 1

    async def test_that_went_off_in_two_processes_are_heard_once(self, storage: Storage) -> None:
        await storage.timers.put([timer(str(number)) for number in range(5)])
        await asyncio.gather(*(storage.timers.move_due(NOW + 60) for _ in range(4)))
        assert (await storage.queues.all())["inbox"].length == 5
        assert await storage.timers.next_due() is None
