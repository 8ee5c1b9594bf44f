"""What every database must do for messages that were taken and came back."""

from __future__ import annotations

from itertools import permutations

import pytest
from sqlalchemy import update

from engine.effects import Message
from engine.errors import TryAgain
from storage.outbox import MOST_RESENT
from storage.owed import Owed
from storage.returned import WORTH_SECONDS
from storage.revision import connection
from storage.settings import StorageSettings
from storage.store import Storage
from storage.tables import outbox
from tests.storage.samples import NOW, conversation_with, only, owe, texts_due


async def sent(storage: Storage, sid: str = "SM1") -> Owed:
    """A message that was taken."""
    conversation = await conversation_with(storage)
    await storage.outbox.put(conversation, 1, [Message("1")], NOW)
    (owed,) = await storage.outbox.since(0, 10)
    await storage.outbox.start(owed.id, NOW)
    await storage.outbox.sent(owed.id, sid, NOW)
    return owed


async def kept(storage: Storage) -> tuple[str, str | None, int | None, int]:
    (owed,) = await storage.outbox.since(0, 10)
    return owed.state, owed.provider_status, owed.error_code, owed.resent


@pytest.mark.parametrize("by_number", [True, False])
async def test_it_is_owed_once_more_after_a_minute(storage: Storage, *, by_number: bool) -> None:
    owed = await sent(storage)
    await storage.outbox.note_status("SM1", owed.id, "sent")
    assert await storage.returned.send_again("SM1", owed.id if by_number else None, NOW)
    assert await kept(storage) == ("pending", None, None, 1)
    assert await storage.outbox.due(NOW + 59, 9) == []
    assert [one.id for one in await storage.outbox.due(NOW + 60, 9)] == [owed.id]


async def test_the_same_news_twice_and_late_news_of_the_first_attempt_change_nothing(
    storage: Storage,
) -> None:
    owed = await sent(storage)
    assert await storage.returned.send_again("SM1", owed.id, NOW)
    for _ in range(2):
        assert not await storage.returned.send_again("SM1", owed.id, NOW)
        assert not await storage.returned.send_again("SM1", None, NOW)
        for status in ("sent", "failed", "delivered"):
            assert not await storage.outbox.note_status("SM1", owed.id, status, 63012)
            assert not await storage.outbox.note_status("SM1", None, status, 63012)
        assert (await kept(storage))[0] in {"pending", "sending"}
        await storage.outbox.start(owed.id, NOW + 60)
    await storage.outbox.sent(owed.id, "SM2", NOW + 61)
    assert not await storage.returned.send_again("SM1", owed.id, NOW)
    assert not await storage.outbox.note_status("SM1", owed.id, "failed", 63012)
    assert await storage.outbox.note_status("SM2", owed.id, "delivered")
    assert await kept(storage) == ("sent", "delivered", None, 1)


async def test_news_of_both_attempts_come_to_the_same_in_any_order(
    storage: Storage, settings: StorageSettings
) -> None:
    owed = await sent(storage)
    second_attempt = update(outbox).values(
        state="sending", provider_sid="SM1", provider_status=None, error_code=None
    )
    news = [("SM1", "sent"), ("SM1", "failed"), ("SM2", "sent"), ("SM2", "delivered"), ("SM2", "")]
    for order in permutations(news):
        with connection(settings) as database:
            database.execute(second_attempt)
        for sid, status in order:
            if status:
                await storage.outbox.note_status(sid, owed.id, status, 63012 if status == "failed" else None)
            else:
                await storage.outbox.sent(owed.id, sid, NOW)
        assert (await kept(storage))[:3] == ("sent", "delivered", None), order
        assert await storage.outbox.find("SM1", None) is None
        assert await storage.outbox.find("SM2", None) is not None


async def test_the_answer_to_the_sending_may_come_last(storage: Storage) -> None:
    """News overtakes it: only when the message has come back does its sender hear that it was taken."""
    owed = await sent(storage)
    assert await storage.returned.send_again("SM1", owed.id, NOW)
    await storage.outbox.sent(owed.id, "SM1", NOW)
    assert await kept(storage) == ("pending", None, None, 1)
    await storage.outbox.start(owed.id, NOW + 60)
    await storage.outbox.sent(owed.id, "SM1", NOW + 60)
    assert (await kept(storage))[0] == "sending"
    await storage.outbox.sent(owed.id, "SM2", NOW + 60)
    assert (await kept(storage))[0] == "sent"


async def test_while_it_waits_it_holds_up_nothing(storage: Storage) -> None:
    owed = await sent(storage)
    conversation = await conversation_with(storage)
    await storage.outbox.put(conversation, 2, [Message("2")], NOW)
    assert await storage.returned.send_again("SM1", owed.id, NOW)
    assert [one.message.text for one in await storage.outbox.due(NOW + 59, 9)] == ["2"]
    assert [one.message.text for one in await storage.outbox.due(NOW + 60, 9)] == ["1"]
    await storage.outbox.start(owed.id, NOW + 60)
    assert await storage.outbox.due(NOW + 60, 9) == []


async def test_it_has_to_wait_while_it_is_still_being_handed_over(storage: Storage) -> None:
    conversation = await conversation_with(storage)
    await storage.outbox.put(conversation, 1, [Message("1")], NOW)
    (owed,) = await storage.outbox.since(0, 10)
    await storage.outbox.start(owed.id, NOW)
    with pytest.raises(TryAgain):
        await storage.returned.send_again("SM1", owed.id, NOW)
    await storage.outbox.unknown(owed.id, NOW)
    assert await storage.returned.send_again("SM1", owed.id, NOW)


async def test_it_is_not_sent_again_without_end_nor_when_it_is_too_old(storage: Storage) -> None:
    owed = await sent(storage, "SM0")
    assert not await storage.returned.send_again("SM0", owed.id, NOW + WORTH_SECONDS)
    for number in range(MOST_RESENT):
        assert await storage.returned.send_again(f"SM{number}", owed.id, NOW)
        await storage.outbox.start(owed.id, NOW)
        await storage.outbox.sent(owed.id, f"SM{number + 1}", NOW)
    assert not await storage.returned.send_again(f"SM{MOST_RESENT}", owed.id, NOW)
    assert await storage.outbox.note_status(f"SM{MOST_RESENT}", owed.id, "failed", 63012)
    assert await kept(storage) == ("sent", "failed", 63012, MOST_RESENT)


async def test_nobody_elses_message_is_touched(storage: Storage) -> None:
    await sent(storage)
    assert not await storage.returned.send_again("SM9", None, NOW)
    assert not await storage.returned.send_again("SM1", 999_999, NOW)
    assert await kept(storage) == ("sent", None, None, 0)


class TestTooLateForFreeText:
    async def test_it_is_owed_once_more(self, storage: Storage) -> None:
        (number,) = await owe(storage, ["1"])
        await storage.outbox.start(number, NOW)
        await storage.outbox.sent(number, "SM1", NOW)
        await storage.outbox.note_status("SM1", number, "sent")
        assert await storage.returned.send_as_template("SM1", number, NOW + 5)
        again = await only(storage)
        assert (again.state, again.template_only, again.provider_status) == ("pending", True, None)
        assert await texts_due(storage, NOW + 4) == []
        assert await texts_due(storage, NOW + 5) == ["1"]
        await storage.outbox.start(number, NOW + 5)
        assert not await storage.returned.send_as_template("SM1", number, NOW + 6), "the same news again"
        for news in ("sent", "undelivered"):
            assert not await storage.outbox.note_status("SM1", number, news), "news of what came back"
            assert not await storage.outbox.note_status("SM1", None, news)
        assert (await only(storage)).state == "sending"
        await storage.outbox.sent(number, "SM2", NOW + 6)
        assert not await storage.returned.send_as_template("SM2", number, NOW + 7)
        assert not await storage.outbox.note_status("SM1", number, "failed")
        assert await storage.outbox.note_status("SM2", number, "delivered")
        assert (await only(storage)).state == "sent"

    async def test_news_of_the_template_may_overtake_the_answer_to_it(self, storage: Storage) -> None:
        (number,) = await owe(storage, ["1"])
        await storage.outbox.start(number, NOW)
        await storage.outbox.sent(number, "SM1", NOW)
        await storage.returned.send_as_template("SM1", number, NOW)
        await storage.outbox.start(number, NOW)
        assert await storage.outbox.note_status("SM2", number, "delivered")
        assert not await storage.outbox.note_status("SM1", number, "read")
        assert await storage.outbox.find("SM2", None) is not None

    async def test_it_is_found_by_its_name_over_there(self, storage: Storage) -> None:
        (number,) = await owe(storage, ["1"])
        await storage.outbox.start(number, NOW)
        await storage.outbox.sent(number, "SM1", NOW)
        assert not await storage.returned.send_as_template("SM9", None, NOW)
        assert await storage.returned.send_as_template("SM1", None, NOW)

    async def test_also_if_nobody_could_tell_whether_it_was_taken(self, storage: Storage) -> None:
        (number,) = await owe(storage, ["1"])
        await storage.outbox.start(number, NOW)
        await storage.outbox.unknown(number, NOW)
        assert await storage.returned.send_as_template("SM1", number, NOW)

    async def test_news_that_overtakes_the_answer_has_to_wait(self, storage: Storage) -> None:
        (number,) = await owe(storage, ["1"])
        await storage.outbox.start(number, NOW)
        with pytest.raises(TryAgain):
            await storage.returned.send_as_template("SM1", number, NOW)
        await storage.outbox.sent(number, "SM1", NOW)
        assert await storage.returned.send_as_template("SM1", number, NOW)
