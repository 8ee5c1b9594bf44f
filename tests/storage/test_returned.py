"""What every database must do for messages that were taken and then failed for a passing reason."""

from __future__ import annotations

from itertools import permutations

import pytest
from sqlalchemy import update

from engine.effects import Attempt, Message
from storage.outbox import MOST_RESENT, MOST_RESENT_URGENT
from storage.owed import Owed
from storage.returned import WORTH_SECONDS
from storage.revision import connection
from storage.settings import StorageSettings
from storage.store import Storage
from storage.tables import outbox
from tests.storage.samples import NOW, conversation_with, only, owe, texts_due


async def sent(storage: Storage, sid: str = "SM1", *, urgent: bool = False) -> Owed:
    """A message that was taken."""
    conversation = await conversation_with(storage)
    await storage.outbox.put(conversation, 1, [Message("1")], NOW, urgent=urgent)
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
    await storage.outbox.note_status("SM1", Attempt(owed.id, 1), "sent")
    assert await storage.returned.send_again("SM1", Attempt(owed.id, 1) if by_number else None, NOW)
    assert await kept(storage) == ("pending", None, None, 1)
    assert await storage.outbox.due(NOW + 59, 9) == []
    assert [one.id for one in await storage.outbox.due(NOW + 60, 9)] == [owed.id]


@pytest.mark.parametrize("received", ["delivered", "read"])
@pytest.mark.parametrize("by_number", [True, False])
async def test_what_somebody_has_received_does_not_come_back(
    storage: Storage, received: str, *, by_number: bool
) -> None:
    owed = await sent(storage)
    attempt = Attempt(owed.id, 1) if by_number else None
    await storage.outbox.note_status("SM1", attempt, received)
    assert not await storage.returned.send_again("SM1", attempt, NOW)
    assert not await storage.returned.send_as_template("SM1", attempt, NOW)
    assert not await storage.outbox.note_status("SM1", attempt, "undelivered", 63010)
    assert await kept(storage) == ("sent", received, None, 0)


async def test_the_same_news_twice_and_late_news_of_the_first_attempt_change_nothing(
    storage: Storage,
) -> None:
    owed = await sent(storage)
    assert await storage.returned.send_again("SM1", Attempt(owed.id, 1), NOW)
    for _ in range(2):
        assert not await storage.returned.send_again("SM1", Attempt(owed.id, 1), NOW)
        assert not await storage.returned.send_again("SM1", None, NOW)
        for status in ("sent", "failed", "delivered"):
            assert not await storage.outbox.note_status("SM1", Attempt(owed.id, 1), status, 63012)
            assert not await storage.outbox.note_status("SM1", None, status, 63012)
        assert (await kept(storage))[0] in {"pending", "sending"}
        await storage.outbox.start(owed.id, NOW + 60)
    await storage.outbox.sent(owed.id, "SM2", NOW + 61)
    assert not await storage.returned.send_again("SM1", Attempt(owed.id, 1), NOW)
    assert not await storage.outbox.note_status("SM1", Attempt(owed.id, 1), "failed", 63012)
    assert await storage.outbox.note_status("SM2", Attempt(owed.id, 2), "delivered")
    assert await kept(storage) == ("sent", "delivered", None, 1)


async def test_news_of_both_attempts_come_to_the_same_in_any_order(
    storage: Storage, settings: StorageSettings
) -> None:
    owed = await sent(storage)
    second_attempt = update(outbox).values(
        state="sending", attempts=2, provider_sid="SM1", provider_status=None, error_code=None
    )
    news = [("SM1", "sent"), ("SM1", "failed"), ("SM2", "sent"), ("SM2", "delivered"), ("SM2", "")]
    for order in permutations(news):
        with connection(settings) as database:
            database.execute(second_attempt)
        for sid, status in order:
            if status:
                await storage.outbox.note_status(
                    sid, Attempt(owed.id, int(sid[-1])), status, 63012 if status == "failed" else None
                )
            else:
                await storage.outbox.sent(owed.id, sid, NOW)
        assert (await kept(storage))[:3] == ("sent", "delivered", None), order
        assert await storage.outbox.find("SM2", None)
        assert not await storage.outbox.find("SM1", None)


async def test_the_answer_to_the_sending_may_come_last(storage: Storage) -> None:
    """News overtakes it: only when the message has come back does its sender hear that it was taken."""
    owed = await sent(storage)
    assert await storage.returned.send_again("SM1", Attempt(owed.id, 1), NOW)
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
    assert await storage.returned.send_again("SM1", Attempt(owed.id, 1), NOW)
    assert [one.message.text for one in await storage.outbox.due(NOW + 59, 9)] == ["2"]
    assert [one.message.text for one in await storage.outbox.due(NOW + 60, 9)] == ["1"]
    await storage.outbox.start(owed.id, NOW + 60)
    assert await storage.outbox.due(NOW + 60, 9) == []


ANSWERS = ("taken", "in doubt", "in doubt, not found")


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("attempt", [1, 2])
@pytest.mark.parametrize("news_at", range(3))
async def test_whenever_the_news_of_an_attempt_comes_the_message_is_owed_again(
    storage: Storage, answer: str, attempt: int, news_at: int
) -> None:
    """Before the answer to the sending, after it, or when it was looked for in vain; and not again later."""
    conversation = await conversation_with(storage)
    await storage.outbox.put(conversation, 1, [Message("1")], NOW)
    (owed,) = await storage.outbox.since(0, 10)
    for number in range(1, attempt):
        await storage.outbox.start(owed.id, NOW)
        await storage.outbox.sent(owed.id, f"SM{number}", NOW)
        assert await storage.returned.send_again(f"SM{number}", Attempt(owed.id, number), NOW)
    await storage.outbox.start(owed.id, NOW)
    last = f"SM{attempt}"
    for moment in range(3):
        if moment == news_at:
            assert await storage.returned.send_again(last, Attempt(owed.id, attempt), NOW)
        if moment == 0 and answer == "taken":
            await storage.outbox.sent(owed.id, last, NOW)
        if moment == 0 and answer != "taken":
            await storage.outbox.unknown(owed.id, NOW)
        if moment == 1 and answer.endswith("not found"):
            (now,) = await storage.outbox.since(0, 10)
            await storage.doubts.send_again(now, NOW)
        for earlier in range(1, attempt):
            assert not await storage.returned.send_again(f"SM{earlier}", Attempt(owed.id, earlier), NOW)
    state, status, *_ = await kept(storage)
    assert state in {"pending", "unknown"}
    assert status is None
    assert not await storage.returned.send_again(last, Attempt(owed.id, attempt), NOW), "the same news twice"
    assert await storage.outbox.find(last, None)


@pytest.mark.parametrize(("urgent", "most"), [(False, MOST_RESENT), (True, MOST_RESENT_URGENT)])
async def test_it_is_not_sent_again_without_end_nor_when_it_is_too_old(
    storage: Storage, most: int, *, urgent: bool
) -> None:
    owed = await sent(storage, "SM0", urgent=urgent)
    assert not await storage.returned.send_again("SM0", Attempt(owed.id, 1), NOW + WORTH_SECONDS)
    for number in range(most):
        assert await storage.returned.send_again(f"SM{number}", Attempt(owed.id, number + 1), NOW)
        await storage.outbox.start(owed.id, NOW)
        await storage.outbox.sent(owed.id, f"SM{number + 1}", NOW)
    assert not await storage.returned.send_again(f"SM{most}", Attempt(owed.id, most + 1), NOW)
    assert await storage.outbox.note_status(f"SM{most}", Attempt(owed.id, most + 1), "failed", 63012)
    assert await kept(storage) == ("sent", "failed", 63012, most)


async def test_nobody_elses_message_is_touched(storage: Storage) -> None:
    await sent(storage)
    assert not await storage.returned.send_again("SM9", None, NOW)
    assert not await storage.returned.send_again("SM1", Attempt(999_999, 1), NOW)
    assert await kept(storage) == ("sent", None, None, 0)


class TestTooLateForFreeText:
    async def test_it_is_owed_once_more(self, storage: Storage) -> None:
        (number,) = await owe(storage, ["1"])
        await storage.outbox.start(number, NOW)
        await storage.outbox.sent(number, "SM1", NOW)
        await storage.outbox.note_status("SM1", Attempt(number, 1), "sent")
        assert await storage.returned.send_as_template("SM1", Attempt(number, 1), NOW + 5)
        again = await only(storage)
        assert (again.state, again.template_only, again.provider_status) == ("pending", True, None)
        assert await texts_due(storage, NOW + 4) == []
        assert await texts_due(storage, NOW + 5) == ["1"]
        await storage.outbox.start(number, NOW + 5)
        assert not await storage.returned.send_as_template("SM1", Attempt(number, 1), NOW + 6), (
            "the same news again"
        )
        for news in ("sent", "undelivered"):
            assert not await storage.outbox.note_status("SM1", Attempt(number, 1), news), (
                "news of what came back"
            )
            assert not await storage.outbox.note_status("SM1", None, news)
        assert (await only(storage)).state == "sending"
        await storage.outbox.sent(number, "SM2", NOW + 6)
        assert not await storage.returned.send_as_template("SM2", Attempt(number, 2), NOW + 7)
        assert not await storage.outbox.note_status("SM1", Attempt(number, 1), "failed")
        assert await storage.outbox.note_status("SM2", Attempt(number, 2), "delivered")
        assert (await only(storage)).state == "sent"

    async def test_news_of_the_template_may_overtake_the_answer_to_it(self, storage: Storage) -> None:
        (number,) = await owe(storage, ["1"])
        await storage.outbox.start(number, NOW)
        await storage.outbox.sent(number, "SM1", NOW)
        await storage.returned.send_as_template("SM1", Attempt(number, 1), NOW)
        await storage.outbox.start(number, NOW)
        assert await storage.outbox.note_status("SM2", Attempt(number, 2), "delivered")
        assert not await storage.outbox.note_status("SM1", Attempt(number, 1), "read")
        assert await storage.outbox.find("SM2", None)

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
        assert await storage.returned.send_as_template("SM1", Attempt(number, 1), NOW)

    async def test_news_may_overtake_the_answer(self, storage: Storage) -> None:
        (number,) = await owe(storage, ["1"])
        await storage.outbox.start(number, NOW)
        assert await storage.returned.send_as_template("SM1", Attempt(number, 1), NOW)
        await storage.outbox.sent(number, "SM1", NOW)
        again = await only(storage)
        assert (again.state, again.template_only) == ("pending", True)
        assert not await storage.returned.send_as_template("SM1", Attempt(number, 1), NOW)
