"""What every database must do for what is owed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from engine.effects import Attempt, Filled, Message
from storage.link import Duplicate
from storage.outbox import PROGRESS
from storage.owed import UNREADABLE
from storage.revision import connection
from storage.settings import StorageSettings
from storage.store import Storage
from storage.tables import outbox
from tests.storage.samples import NOW, conversation_with, only, owe, texts_due


class TestUrgentMessages:
    async def test_wait_for_nothing_but_each_other(self, storage: Storage) -> None:
        (deferred,) = await owe(storage, ["put off"])
        await storage.outbox.start(deferred, NOW)
        await storage.outbox.defer(deferred, NOW + 3600)
        first, second = await owe(storage, ["numbers", "more numbers"], turn=2, urgent=True)
        assert await texts_due(storage) == ["numbers"]
        await storage.outbox.start(first, NOW)
        assert await texts_due(storage) == []
        await storage.outbox.sent(first, "SM1", NOW)
        assert await texts_due(storage) == ["more numbers"]
        await storage.outbox.start(second, NOW)
        await storage.outbox.sent(second, "SM2", NOW)
        assert await texts_due(storage) == []
        assert await texts_due(storage, NOW + 3600) == ["put off"]

    async def test_overtake_one_of_which_nobody_knows_yet_whether_it_was_taken(
        self, storage: Storage
    ) -> None:
        (under_way,) = await owe(storage, ["slow"])
        await storage.outbox.start(under_way, NOW)
        await owe(storage, ["usual"], turn=2)
        assert await texts_due(storage) == []
        await owe(storage, ["numbers"], turn=3, urgent=True)
        assert await texts_due(storage) == ["numbers"]

    async def test_in_doubt_keep_the_rest_of_their_turn_behind_them_for_half_a_minute(
        self, storage: Storage
    ) -> None:
        first, _ = await owe(storage, ["calm words", "numbers"], urgent=True)
        await owe(storage, ["answer"], turn=2)
        await owe(storage, ["other"], address="chat:other")
        await storage.outbox.start(first, NOW)
        await storage.outbox.unknown(first, NOW + 2)
        assert sorted(await texts_due(storage, NOW + 29)) == ["answer", "other"]
        assert await texts_due(storage, NOW + 30) == ["numbers", "other"]

    async def test_found_let_the_rest_of_their_turn_go(self, storage: Storage) -> None:
        first, _ = await owe(storage, ["calm words", "numbers"], urgent=True)
        await storage.outbox.start(first, NOW)
        await storage.outbox.unknown(first, NOW + 2)
        await storage.outbox.sent(first, "SM1", NOW + 2)
        assert await texts_due(storage, NOW + 2) == ["numbers"]


class TestOutbox:
    async def test_lets_one_message_of_a_conversation_leave_at_a_time(self, storage: Storage) -> None:
        first, second = await owe(storage, ["1", "2"])
        await owe(storage, ["3"], turn=2)
        await owe(storage, ["other"], address="chat:other")
        assert await texts_due(storage) == ["1", "other"]
        assert (await storage.outbox.start(first, NOW)).found
        assert await texts_due(storage) == ["other"]
        await storage.outbox.sent(first, "SM1", NOW)
        assert await texts_due(storage) == ["2", "other"]
        await storage.outbox.start(second, NOW)
        await storage.outbox.unknown(second, NOW)
        assert await texts_due(storage) == ["other", "3"] or await texts_due(storage) == ["3", "other"]

    async def test_is_started_by_one_sender(self, storage: Storage) -> None:
        (number,) = await owe(storage, ["1"])
        started = await asyncio.gather(*(storage.outbox.start(number, NOW) for _ in range(6)))
        assert sorted(start.found for start in started) == [0] * 5 + [1]
        assert (await only(storage)).attempts == 1

    async def test_waits_after_being_deferred_and_holds_up_what_follows(self, storage: Storage) -> None:
        first, _ = await owe(storage, ["1", "2"])
        await storage.outbox.start(first, NOW)
        await storage.outbox.defer(first, NOW + 30)
        assert await texts_due(storage, NOW + 29) == []
        assert await texts_due(storage, NOW + 30) == ["1"]

    async def test_a_refused_message_holds_up_nothing(self, storage: Storage) -> None:
        first, _ = await owe(storage, ["1", "2"])
        await storage.outbox.start(first, NOW)
        await storage.outbox.failed(first, 63016)
        assert await texts_due(storage) == ["2"]
        assert [one.error_code for one in await storage.outbox.since(0, 10)] == [63016, None]

    async def test_passes_over_flows_of_which_nothing_is_wanted(self, storage: Storage) -> None:
        await owe(storage, ["1"])
        other = await conversation_with(storage, "chat:t", "therapist")
        await storage.outbox.put(other, 1, [Message("2")], NOW)
        assert sorted(await texts_due(storage)) == ["1", "2"]
        assert [one.message.text for one in await storage.outbox.due(NOW, 9, ["client", "stranger"])] == ["2"]
        assert await storage.outbox.due(NOW, 9, ["client", "therapist"]) == []

    async def test_what_is_urgent_goes_first_whatever_is_wanted_of_its_flow(self, storage: Storage) -> None:
        await owe(storage, ["1"])
        await owe(storage, ["numbers"], address="chat:b", urgent=True)
        assert await texts_due(storage) == ["numbers", "1"]
        assert [one.message.text for one in await storage.outbox.due(NOW, 9, ["client"])] == ["numbers"]

    async def test_what_cannot_be_opened_stops_nobody(
        self, storage: Storage, settings: StorageSettings
    ) -> None:
        (broken,) = await owe(storage, ["broken"])
        with connection(settings) as open_connection:
            open_connection.execute(update(outbox).values(body="gAAAA not sealed by us"))
        conversation = await conversation_with(storage)
        await storage.outbox.put(conversation, 2, [Message("good")], NOW)
        assert await texts_due(storage) == []
        assert await texts_due(storage) == ["good"]
        with connection(settings) as open_connection:
            kept = open_connection.execute(
                select(outbox.c.state, outbox.c.error_code).where(outbox.c.id == broken)
            )
            assert kept.one() == ("failed", UNREADABLE)

    async def test_a_turn_owes_each_position_once(self, storage: Storage) -> None:
        await owe(storage, ["1"])
        with pytest.raises(Duplicate):
            await owe(storage, ["again"])
        assert (await only(storage)).message.text == "1"

    async def test_owing_nothing_costs_nothing(self, storage: Storage) -> None:
        conversation = await conversation_with(storage)
        before = storage.round_trips
        await storage.outbox.put(conversation, 1, [], NOW)
        assert storage.round_trips == before


class TestReports:
    async def test_only_the_furthest_stays(self, storage: Storage) -> None:
        (number,) = await owe(storage, ["1"])
        await storage.outbox.start(number, NOW)
        await storage.outbox.sent(number, "SM1", NOW)
        assert await storage.outbox.note_status("SM1", None, "delivered")
        assert not await storage.outbox.note_status("SM1", None, "sent")
        assert not await storage.outbox.note_status("SM1", None, "delivered")
        assert await storage.outbox.note_status("SM1", None, "read")
        assert (await only(storage)).provider_status == "read"

    @pytest.mark.parametrize("failure", ["failed", "undelivered", "canceled"])
    async def test_a_failure_outdoes_being_on_the_way_but_not_having_arrived(
        self, storage: Storage, failure: str
    ) -> None:
        (number,) = await owe(storage, ["1"])
        await storage.outbox.start(number, NOW)
        for status, news in (
            ("queued", True),
            ("sending", True),
            ("sent", True),
            (failure, True),
            ("sent", False),
            ("delivered", True),
            (failure, False),
            ("read", True),
            (failure, False),
        ):
            assert await storage.outbox.note_status("SM1", Attempt(number, 1), status) is news
        assert (await only(storage)).provider_status == "read"

    async def test_of_an_unknown_message_changes_nothing(self, storage: Storage) -> None:
        await owe(storage, ["1"])
        assert not await storage.outbox.note_status("SM1", None, "delivered")
        assert not await storage.outbox.note_status("SM1", Attempt(999_999, 1), "delivered")
        assert (await only(storage)).provider_status is None

    async def test_that_overtake_the_answer_prove_the_sending(self, storage: Storage) -> None:
        (number,) = await owe(storage, ["1"])
        await storage.outbox.start(number, NOW)
        assert await storage.outbox.note_status("SM1", Attempt(number, 1), "delivered")
        assert (await only(storage)).state == "sent"
        await storage.outbox.sent(number, "SM1", NOW)
        kept = await only(storage)
        assert (kept.state, kept.provider_status, kept.error_code) == ("sent", "delivered", None)

    async def test_resolve_what_nobody_could_tell(self, storage: Storage) -> None:
        (number,) = await owe(storage, ["1"])
        await storage.outbox.start(number, NOW)
        await storage.outbox.unknown(number, NOW)
        assert await storage.outbox.note_status("SM1", Attempt(number, 1), "sent")
        assert (await only(storage)).state == "sent"

    async def test_keep_what_was_taken_from_being_sent_again(self, storage: Storage) -> None:
        (number,) = await owe(storage, ["1"])
        await storage.outbox.start(number, NOW)
        await storage.outbox.unknown(number, NOW)
        assert await storage.doubts.send_again(await only(storage), NOW)
        assert await storage.outbox.note_status("SM1", Attempt(number, 1), "failed", 63016)
        assert await texts_due(storage) == []
        kept = await only(storage)
        assert (kept.state, kept.provider_status, kept.error_code) == ("sent", "failed", 63016)

    @pytest.mark.parametrize("first", [("queued", None), ("undelivered", 63016)])
    @pytest.mark.parametrize("last", [("delivered", None), ("failed", 63003)])
    async def test_come_to_the_same_in_any_order(
        self,
        settings: StorageSettings,
        storage: Storage,
        first: tuple[str, int | None],
        last: tuple[str, int | None],
    ) -> None:
        """With the answer to the sending among them, and one that comes twice."""
        news = [first, ("sent", None), last]
        await owe(storage, ["1"])
        for order in permutations([*news, news[1], ("answer", None)]):
            reset(settings)
            one = await only(storage)
            await storage.outbox.start(one.id, NOW)
            for status, code in order:
                if status == "answer":
                    await storage.outbox.sent(one.id, "SM1", NOW)
                else:
                    await storage.outbox.note_status("SM1", Attempt(one.id, 1), status, code)
            kept = await only(storage)
            assert (kept.state, (kept.provider_status, kept.error_code)) == ("sent", news[-1]), order


STATUS = st.sampled_from(sorted(PROGRESS))


@given(st.lists(STATUS, min_size=1, max_size=6), st.randoms())
def test_no_two_reports_are_equally_far(news: list[str], dice: Random) -> None:
    """So the furthest is the same one, in whichever order they come."""
    other = dice.sample(news, len(news))
    assert furthest(news) == furthest(other)
    assert {"delivered", "read"}.isdisjoint(news) or furthest(news) in {"delivered", "read"}


def furthest(news: list[str]) -> str:
    """What stays if each replaces what is behind it."""
    kept = news[0]
    for status in news:
        if PROGRESS[kept] < PROGRESS[status]:
            kept = status
    return kept


def reset(settings: StorageSettings) -> None:
    with connection(settings) as open_connection:
        open_connection.execute(
            update(outbox).values(
                state="pending",
                attempts=0,
                provider_sid=None,
                provider_status=None,
                error_code=None,
                sent_at=None,
            )
        )


class TestWhatIsKnownOfAMessage:
    async def test_when_its_person_was_last_heard(self, storage: Storage) -> None:
        conversation = await conversation_with(storage)
        heard = replace(conversation.snapshot, heard_at=NOW - 7)
        await storage.conversations.save(conversation, heard, "", NOW)
        await owe(storage, ["1"])
        (due,) = await storage.outbox.due(NOW, 10)
        assert (due.heard_at, (await only(storage)).heard_at) == (NOW - 7, NOW - 7)

    async def test_the_template_that_it_may_be_sent_as(self, storage: Storage) -> None:
        conversation = await conversation_with(storage)
        message = Message("Dear A", template=Filled("news", "en", {"who": "A"}))
        await storage.outbox.put(conversation, 1, [message], NOW)
        assert (await only(storage)).message == message

    async def test_it_is_found_by_its_name_in_its_own_conversation(self, storage: Storage) -> None:
        (number,) = await owe(storage, ["1"])
        await storage.outbox.start(number, NOW)
        await storage.outbox.sent(number, "SM1", NOW)
        own, other = await conversation_with(storage), await conversation_with(storage, "chat:other")
        assert await storage.outbox.message_named(own.id, "SM1") == Message("1")
        assert await storage.outbox.message_named(own.id, "SM2") is None
        assert await storage.outbox.message_named(other.id, "SM1") is None

    async def test_one_that_cannot_be_opened_is_nobodys(
        self, storage: Storage, settings: StorageSettings
    ) -> None:
        (number,) = await owe(storage, ["1"])
        await storage.outbox.sent(number, "SM1", NOW)
        with connection(settings) as open_connection:
            open_connection.execute(update(outbox).values(body="gAAAA not sealed by us"))
        own = await conversation_with(storage)
        assert await storage.outbox.message_named(own.id, "SM1") is None


async def test_a_long_backlog_is_looked_at_once(on_mariadb: StorageSettings) -> None:
    """Not once for each message of it that is due: a therapist's conversation may have thousands waiting."""
    backlog, due = 400, 40
    storage = await Storage.open(on_mariadb, clock=lambda: NOW)
    try:
        conversation = await conversation_with(storage)
        await storage.outbox.put(conversation, 1, [Message("x")] * backlog, NOW)
        with connection(on_mariadb) as database:
            database.execute(update(outbox).where(outbox.c.position >= due).values(next_try_at=NOW + 60))
        before = rows_read(on_mariadb)
        (first,) = await storage.outbox.due(NOW, 100)
        looked_at = rows_read(on_mariadb) - before
    finally:
        await storage.close()
    assert first.position == 0
    assert backlog < looked_at < 20 * backlog


def rows_read(settings: StorageSettings) -> int:
    """How many rows the server has looked at since it was started."""
    with connection(settings) as database:
        return sum(int(row[1]) for row in database.execute(text("SHOW GLOBAL STATUS LIKE 'Handler_read%'")))
