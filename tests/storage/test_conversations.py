"""What every database must do for a turn."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import update

from engine.effects import Message, Option
from engine.snapshot import Snapshot
from storage.conversations import Conversation
from storage.link import Duplicate
from storage.revision import connection
from storage.settings import StorageSettings
from storage.store import Storage, Transaction
from storage.tables import people
from tests.storage.conftest import Clock
from tests.storage.samples import ADDRESS, NOW, conversation_with, heard

OPTION = Option("1.1", "Zehn Uhr 👋", "pick_option", {"slot": 3, "at": [1, None, True, 0.5]})
AFTER = Snapshot(
    state="choosing_time",
    turn=1,
    memory={"wanted": "übermorgen", "slots": [{"start": 1}]},
    misses=1,
    offer=(OPTION,),
    wakes_at=NOW + 60,
    heard_at=NOW - 60,
)


async def take_turn(tx: Transaction, inbox_id: int, after: Snapshot = AFTER) -> Conversation:
    claim = await tx.inbox.claim(inbox_id, NOW)
    conversation = await tx.conversations.lock("client", ADDRESS, "idle", name="Ann", at=NOW)
    assert claim.found
    await tx.conversations.save(conversation, after, "f" * 64, NOW)
    await tx.outbox.put(conversation, after.turn, [Message("Hi", (OPTION,)), Message("More")], NOW)
    await tx.journal.write(
        inbox_id=inbox_id,
        conversation_id=conversation.id,
        turn=after.turn,
        event="greeting",
        state_before=conversation.snapshot.state,
        state_after=after.state,
        trail=["idle.greeting", "choosing_time"],
        read_by="offline",
        confidence=0.93,
        at=NOW,
    )
    return conversation


@pytest.fixture
async def inbox_id(storage: Storage) -> int:
    number = await storage.inbox.put(heard("SM1"))
    assert number
    return number


class TestTurn:
    async def test_first_contact_begins_in_the_start_state(self, storage: Storage) -> None:
        conversation = await conversation_with(storage)
        assert conversation.snapshot == Snapshot(state="idle")
        assert conversation.person.address == ADDRESS
        assert conversation.person.role == conversation.flow == "client"
        assert conversation.flow_hash == ""

    async def test_is_kept_whole(self, storage: Storage, inbox_id: int) -> None:
        async with storage.transaction() as tx:
            taken = await take_turn(tx, inbox_id)
        kept = await storage.conversations.peek("client", ADDRESS)
        assert kept
        assert kept.snapshot == AFTER
        assert kept.person.name == "Ann"
        assert kept.flow_hash == "f" * 64
        assert await storage.inbox.waiting(10) == []
        assert [one.message for one in await storage.outbox.since(0, 10)] == [
            Message("Hi", (OPTION,)),
            Message("More"),
        ]
        (line,) = await storage.journal.of(taken.id)
        assert line.trail == ("idle.greeting", "choosing_time")
        assert (line.read_by, line.confidence) == ("offline", 0.93)

    async def test_needs_two_round_trips(self, storage: Storage, inbox_id: int) -> None:
        await conversation_with(storage)
        before = storage.round_trips
        async with storage.transaction() as tx:
            await take_turn(tx, inbox_id)
        assert storage.round_trips - before == 2

    async def test_leaves_nothing_when_it_fails(self, storage: Storage, inbox_id: int) -> None:
        async def fail() -> None:
            async with storage.transaction() as tx:
                await take_turn(tx, inbox_id)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()
        assert await storage.conversations.peek("client", ADDRESS) is None
        assert [one.id for one in await storage.inbox.waiting(10)] == [inbox_id]
        assert await storage.outbox.since(0, 10) == []

    async def test_is_taken_once(self, storage: Storage, inbox_id: int) -> None:
        async def take() -> bool:
            async with storage.transaction() as tx:
                claim = await tx.inbox.claim(inbox_id, NOW)
                await tx.conversations.lock("client", ADDRESS, "idle", at=NOW)
                return bool(claim.found)

        assert sorted(await asyncio.gather(*(take() for _ in range(8)))) == [False] * 7 + [True]

    async def test_sees_what_the_turn_before_it_wrote(self, storage: Storage) -> None:
        async def count() -> None:
            async with storage.transaction() as tx:
                conversation = await tx.conversations.lock("client", ADDRESS, "idle", at=NOW)
                turn = conversation.snapshot.turn
                await tx.conversations.save(conversation, Snapshot(state="idle", turn=turn + 1), "", NOW)

        await count()
        await asyncio.gather(*(count() for _ in range(12)))
        kept = await storage.conversations.peek("client", ADDRESS)
        assert kept
        assert kept.snapshot.turn == 13

    async def test_has_one_line_in_the_journal(self, storage: Storage, inbox_id: int) -> None:
        async with storage.transaction() as tx:
            conversation = await take_turn(tx, inbox_id)
        with pytest.raises(Duplicate):
            await storage.journal.write(
                inbox_id=inbox_id,
                conversation_id=conversation.id,
                turn=2,
                event="again",
                state_before="idle",
                state_after="idle",
                trail=[],
                read_by=None,
                confidence=None,
                at=NOW,
            )


class TestWaits:
    async def test_wake_when_they_are_over(self, storage: Storage, inbox_id: int) -> None:
        async with storage.transaction() as tx:
            conversation = await take_turn(tx, inbox_id)
        assert await storage.conversations.waking(NOW + 59, 10) == []
        assert await storage.conversations.next_waking() == NOW + 60
        (wait,) = await storage.conversations.waking(NOW + 60, 10)
        assert (wait.kind, wait.key, wait.data) == ("wait", f"wait:{conversation.id}:1", {"turn": 1})
        assert (wait.flow, wait.address, wait.at) == ("client", ADDRESS, NOW + 60)

    async def test_wake_once(self, storage: Storage, inbox_id: int) -> None:
        async with storage.transaction() as tx:
            await take_turn(tx, inbox_id)
        await storage.inbox.put_all(await storage.conversations.waking(NOW + 60, 10))
        assert await storage.conversations.waking(NOW + 60, 10) == []

    async def test_one_that_cannot_be_opened_stops_nobody(
        self, storage: Storage, settings: StorageSettings, inbox_id: int
    ) -> None:
        async with storage.transaction() as tx:
            await take_turn(tx, inbox_id)
        with connection(settings) as open_connection:
            open_connection.execute(update(people).values(address="gAAAA not sealed by us"))
        assert await storage.conversations.waking(NOW + 60, 10) == []
        assert await storage.conversations.next_waking() is None
        (failure,) = await storage.inbox.failures(10)
        assert failure.key.startswith("wait:")

    async def test_end_with_the_state(self, storage: Storage, inbox_id: int) -> None:
        async with storage.transaction() as tx:
            await take_turn(tx, inbox_id)
        async with storage.transaction() as tx:
            conversation = await tx.conversations.lock("client", ADDRESS, "idle", at=NOW)
            await tx.conversations.save(conversation, Snapshot(state="idle", turn=2), "", NOW)
        assert await storage.conversations.waking(NOW + 600, 10) == []


class TestPeople:
    async def test_have_a_conversation_for_each_role(self, storage: Storage) -> None:
        client = await conversation_with(storage)
        other = await conversation_with(storage, flow="therapist")
        assert client.person.id != other.person.id
        assert client.person.address_hash == other.person.address_hash
        assert await storage.people.find("therapist", ADDRESS) == other.person
        assert await storage.people.by_id(client.person.id) == client.person
        assert await storage.people.find("stranger", ADDRESS) is None

    async def test_are_renamed_only_when_the_name_is_new(self, storage: Storage) -> None:
        person = (await conversation_with(storage)).person
        await storage.people.rename(person, "Robert'); DROP TABLE people;-- {{7*7}} %s")
        renamed = await storage.people.by_id(person.id)
        assert renamed
        assert renamed.name == "Robert'); DROP TABLE people;-- {{7*7}} %s"
        before = storage.round_trips
        await storage.people.rename(renamed, renamed.name)
        await storage.people.rename(renamed, "")
        assert storage.round_trips == before

    async def test_settle_on_a_language_and_a_zone(self, storage: Storage) -> None:
        person = (await conversation_with(storage)).person
        await storage.people.settle(person.id, language="de")
        await storage.people.settle(person.id, zone="Europe/Berlin")
        settled = await storage.people.by_id(person.id)
        assert settled
        assert (settled.language, settled.zone) == ("de", "Europe/Berlin")

    async def test_all_states_are_listed(self, storage: Storage) -> None:
        await conversation_with(storage)
        await conversation_with(storage, flow="therapist")
        listed = await storage.conversations.all_states()
        assert [(one.flow, one.snapshot.state) for one in listed] == [
            ("client", "idle"),
            ("therapist", "idle"),
        ]


async def test_first_contacts_at_once_do_not_deadlock(on_mariadb: StorageSettings, clock: Clock) -> None:
    storage = await Storage.open(on_mariadb, clock=clock)

    async def meet(address: str) -> int:
        async with storage.transaction() as tx:
            return (await tx.conversations.lock("client", address, "idle", at=NOW)).id

    for number in range(20):
        found = await asyncio.gather(*(meet(f"chat:{number}") for _ in range(8)))
        assert len(set(found)) == 1
    found = await asyncio.gather(*(meet(f"chat:new:{number}") for number in range(40)))
    assert len(set(found)) == 40
    await storage.close()
