"""What a therapist hears of reminders that Twilio took and could not deliver (C9)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.chat import handed_over
from app.clock import Clock
from app.delivery_news import DeliveryNotes
from app.settings import Settings
from app.wiring import Product, product
from channels.inbound import DeliveryStatus
from channels.twilio_account import TwilioAccount
from engine.effects import Attempt, Message
from engine.events import Heard
from engine.window import is_open
from storage.owed import Owed

MISSED = "could not be delivered"


@pytest.fixture
async def reminded(tmp_path: Path, weights: str) -> AsyncIterator[Product]:
    """Ana has been reminded of her appointment, as far as anybody here knows."""
    settings = Settings(_env_file=None, sqlite_path=tmp_path / "missed.sqlite3", weights_dir=Path(weights))
    clock = Clock()
    clock.stand_at(int(datetime.fromisoformat("2026-03-02T09:00:00+01:00").timestamp()))
    async with product(settings, handed_over, clock=clock, demonstration=True) as made:
        anna = made.practice().therapists[0].address
        lines = [("chat:Ana", "in-call individual therapy thursday at 10am"), ("chat:Ana", "yes")]
        for number, (address, text) in enumerate([*lines, (anna, "approve")]):
            flow = "client" if address == "chat:Ana" else "therapist"
            said = Heard(key=f"{number}", flow=flow, address=address, kind="text", at=clock(), text=text)
            await made.storage.inbox.put(said)
            await made.settle()
        await made.advance(49 * 3600)
        yield made


async def reminder(reminded: Product) -> Owed:
    return next(owed for owed in await said_so_far(reminded) if "a reminder" in owed.message.text)


async def said_so_far(reminded: Product) -> list[Owed]:
    return await reminded.storage.outbox.since(0, 100)


async def report(reminded: Product, status: str, code: int | None, attempt: int = 1) -> int:
    """Twilio tells what became of the reminder; returns how often the therapist has heard of it."""
    owed = await reminder(reminded)
    news = DeliveryStatus(
        sid=f"LOCAL{owed.id}", status=status, error_code=code, attempt=Attempt(owed.id, attempt)
    )
    await DeliveryNotes(reminded, TwilioAccount()).note(news)
    await reminded.settle()
    return sum(MISSED in one.message.text for one in await said_so_far(reminded))


async def test_c9_the_therapist_is_told_once_of_a_reminder_that_failed_for_good(reminded: Product) -> None:
    assert await report(reminded, "sent", None) == 0
    assert await report(reminded, "failed", 63003) == 1
    assert await report(reminded, "failed", 63003) == 1
    assert await report(reminded, "undelivered", 63024) == 1


async def test_c9_what_is_sent_again_has_not_failed_yet(reminded: Product) -> None:
    assert await report(reminded, "failed", 63018) == 0
    assert await report(reminded, "failed", 63003) == 0  # of the first attempt, which is over
    reminded.clock.advance(3600)
    await reminded.settle()
    assert await report(reminded, "failed", 63003, attempt=2) == 1


async def test_what_was_read_was_delivered_whatever_comes_afterwards(reminded: Product) -> None:
    await report(reminded, "read", None)
    assert await report(reminded, "failed", 63003) == 0


async def test_of_a_request_that_did_not_reach_its_therapist_the_operator_hears(reminded: Product) -> None:
    anna = reminded.practice().therapists[0].address
    request = next(owed for owed in await said_so_far(reminded) if owed.address == anna and owed.unasked)
    news = DeliveryStatus(
        sid=f"LOCAL{request.id}", status="failed", error_code=63003, attempt=Attempt(request.id, 1)
    )
    with capture_logs() as lines:
        await DeliveryNotes(reminded, TwilioAccount()).note(news)
        await reminded.settle()
    (told,) = [
        line for line in lines if line["event"] == "news of an appointment did not reach its therapist"
    ]
    assert (told["log_level"], told["appointment"]) == ("error", 1)
    (lost,) = await reminded.storage.lost.since(0, 9)
    assert (lost.id, lost.flow, lost.error_code) == (request.id, "therapist", 63003)


@pytest.mark.parametrize(("later", "is_over"), [(1, True), (0, False)])
async def test_after_free_text_came_back_as_too_late_the_24_hours_are_over_until_somebody_writes(
    reminded: Product, later: int, *, is_over: bool
) -> None:
    """What they wrote in the same second may have come after it."""
    await greeting(reminded, "A1")
    reminded.clock.advance(later)
    async with reminded.storage.transaction() as tx:
        conversation = await tx.conversations.lock("client", "chat:Ana", "idle", at=reminded.clock())
        await tx.outbox.put(conversation, 99, [Message("some news")], reminded.clock())
    await reminded.settle()
    sent = (await said_so_far(reminded))[-1]
    news = DeliveryStatus(
        sid=f"LOCAL{sent.id}", status="failed", error_code=63016, attempt=Attempt(sent.id, 1)
    )
    await DeliveryNotes(reminded, TwilioAccount()).note(news)
    again = (await said_so_far(reminded))[-1]
    assert (again.template_only, is_open(again.heard_at, reminded.clock())) == (True, not is_over)
    reminded.clock.advance(1)
    assert is_open((await greeting(reminded, "A2")).heard_at, reminded.clock())


async def greeting(reminded: Product, key: str) -> Owed:
    """Ana writes hello; returns the last message that is owed then."""
    said = Heard(key=key, flow="client", address="chat:Ana", kind="text", at=reminded.clock(), text="hello")
    await reminded.storage.inbox.put(said)
    await reminded.settle()
    return (await said_so_far(reminded))[-1]
