"""In the whole product: messages that come too fast, and Twilio's word that somebody has opted out."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.chat import handed_over
from app.delivery_news import DeliveryNotes
from app.floods import FloodGate
from app.settings import Settings
from app.wiring import Product, product
from channels.floods import Pace
from channels.inbound import DeliveryStatus
from channels.ports import TooManyMessages
from channels.twilio_account import TwilioAccount
from engine.effects import Attempt
from engine.events import Heard

ANA = "chat:Ana"


@pytest.fixture
async def running(tmp_path: Path, weights: str) -> AsyncIterator[Product]:
    settings = Settings(_env_file=None, sqlite_path=tmp_path / "floods.sqlite3", weights_dir=Path(weights))
    async with product(settings, handed_over, demonstration=True) as made:
        made.start()
        yield made
        await made.stop()


def said(text: str, key: str = "1", flow: str = "client", address: str = ANA) -> Heard:
    return Heard(key=key, flow=flow, address=address, kind="text", at=1_800_000_000, text=text)


def gate_of(running: Product) -> FloodGate:
    return FloodGate(running.turns, running.storage, running.screen, running.metrics, running.clock)


async def told(running: Product) -> list[str]:
    await running.settle()
    return [owed.message.text for owed in await running.storage.outbox.since(0, 100)]


UNANSWERED = (
    "SELECT inbox.id FROM inbox LEFT JOIN journal ON journal.inbox_id = inbox.id "
    "WHERE taken_at IS NOT NULL AND journal.inbox_id IS NULL"
)
"""As docs/consent.md has it."""


async def test_a_sender_is_asked_once_to_slow_down(running: Product) -> None:
    gate = gate_of(running)
    assert await gate.take_in(said("hello", "1"), Pace.USUAL)
    assert await gate.take_in(said("book", "2"), Pace.TOO_FAST)
    assert await gate.take_in(said("in-call", "3"), Pace.STILL_TOO_FAST)
    welcome, slower = await told(running)
    assert "welcome" in welcome
    assert "faster than I can answer" in slower
    page = await running.metrics.page(running.storage, running.clock())
    for pace in ("too_fast", "still_too_fast"):
        assert f'therapy_booking_floods_total{{pace="{pace}"}} 1.0'.encode() in page
    with closing(sqlite3.connect(running.settings.sqlite_path)) as database:
        assert database.execute(UNANSWERED).fetchall() == [(3,)]


async def test_what_is_not_answered_is_kept(running: Product) -> None:
    gate = gate_of(running)
    assert await gate.take_in(said("one more thing"), Pace.STILL_TOO_FAST)
    assert not await gate.take_in(said("one more thing"), Pace.STILL_TOO_FAST)
    assert await told(running) == []
    assert await running.storage.inbox.put(said("one more thing")) is None
    assert await running.storage.inbox.failures(1) == []


async def test_what_is_not_answered_is_told_in_the_log_by_sender_and_minute(running: Product) -> None:
    gate = gate_of(running)
    with capture_logs() as lines:
        for number in range(12):
            await gate.take_in(said("more", str(number)), Pace.STILL_TOO_FAST)
            await gate.take_in(said("more", str(number)), Pace.STILL_TOO_FAST)  # brought again: no message
        await gate.take_in(said("more", "another", address="chat:Ben"), Pace.STILL_TOO_FAST)
        running.clock.advance(60)
        await gate.take_in(said("more", "later"), Pace.STILL_TOO_FAST)
    kept = [line for line in lines if line["event"].startswith("kept without an answer")]
    assert [line["so_far"] for line in kept] == [1, 10, 1, 1]
    assert len({line["inbox"] for line in kept}) == len(kept)
    assert not any(word in str(kept) for word in ("Ana", "Ben", "more"))


@pytest.mark.parametrize("pace", [Pace.TOO_FAST, Pace.STILL_TOO_FAST, Pace.FLOODING])
async def test_whoever_may_be_in_danger_is_answered_however_fast(running: Product, pace: Pace) -> None:
    await gate_of(running).take_in(said("i want to kill myself"), pace)
    answer, offer, alert = await told(running)
    assert "findahelpline" in answer
    assert "talk to a person" in offer
    assert "may be in danger" in alert


@pytest.mark.parametrize("pace", [Pace.TOO_FAST, Pace.STILL_TOO_FAST, Pace.FLOODING])
async def test_a_stop_is_heard_however_fast_and_a_start_is_not(running: Product, pace: Pace) -> None:
    await gate_of(running).take_in(said("stop texting me"), pace)
    (answer,) = await told(running)
    assert "I will not write to you" in answer
    if pace is Pace.STILL_TOO_FAST:
        await gate_of(running).take_in(said("start", "2"), pace)
        assert len(await told(running)) == 1


async def test_what_no_person_writes_is_refused_and_kept_nowhere(running: Product) -> None:
    with pytest.raises(TooManyMessages):
        await gate_of(running).take_in(said("spam"), Pace.FLOODING)
    assert await running.storage.inbox.put(said("spam")) is not None


async def test_a_therapist_is_answered_however_fast(running: Product) -> None:
    anna = running.practice().therapists[0]
    heard = said("today", flow="therapist", address=anna.address)
    await gate_of(running).take_in(heard, Pace.FLOODING)
    (answer,) = await told(running)
    assert "no appointments" in answer


async def test_twilio_may_tell_only_later_that_somebody_has_opted_out(running: Product) -> None:
    await gate_of(running).take_in(said("hello"), Pace.USUAL)
    await told(running)
    (owed,) = await running.storage.outbox.since(0, 100)
    notes = DeliveryNotes(running, TwilioAccount())
    for _ in range(2):
        await notes.note(
            DeliveryStatus(sid="SM1", status="failed", error_code=21610, attempt=Attempt(owed.id, 1))
        )
        await running.settle()
    person = await running.storage.people.find("client", ANA)
    assert person
    assert person.opted_out_at == running.clock()
    (entry,) = await running.storage.ledger.of(person.id)
    assert (entry.kind, entry.how, entry.wording) == ("opted_out", "error 21610", None)
