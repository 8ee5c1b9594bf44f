"""What follows from an opt-out for others, and what is kept of it, in the whole product."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from app.chat import handed_over
from app.clock import Clock
from app.opt_outs import news_of_refusal
from app.settings import Settings
from app.wiring import Product, product
from engine.events import Heard
from storage.lifecycle import CALL_OFF
from storage.people import ROLES

ANA = "chat:Ana"
_keys = itertools.count()


@pytest.fixture
async def running(tmp_path: Path, weights: str) -> AsyncIterator[Product]:
    settings = Settings(_env_file=None, sqlite_path=tmp_path / "optouts.sqlite3", weights_dir=Path(weights))
    clock = Clock()
    clock.stand_at(int(datetime.fromisoformat("2026-03-02T09:00:00+01:00").timestamp()))
    async with product(settings, handed_over, clock=clock, demonstration=True) as made:
        yield made


async def says(running: Product, *lines: tuple[str, str], opt_out: str | None = None) -> None:
    """All of it lies in the inbox before anything of it is taken. `opt_out`: what Twilio took it for."""
    anna = running.practice().therapists[0].address
    for who, text in lines:
        flow, address = ("client", ANA) if who == "Ana" else ("therapist", anna)
        heard = Heard(
            key=f"{next(_keys)}",
            flow=flow,
            address=address,
            kind="text",
            at=running.clock(),
            text=text,
            data={"opt_out": opt_out} if opt_out else {},
        )
        await running.storage.inbox.put(heard)
    await running.settle()


async def told(running: Product, part: str) -> int:
    """How many messages said this."""
    return sum(part in owed.message.text for owed in await running.storage.outbox.since(0, 100))


@pytest.fixture
async def requested(running: Product) -> Product:
    """Ana waits for Anna's answer."""
    for text in ("in-call individual therapy thursday at 9am", "yes"):
        await says(running, ("Ana", text))
    return running


@pytest.mark.parametrize("first", ["Ana", "anna"])
async def test_the_therapist_is_told_once_whichever_comes_first(requested: Product, first: str) -> None:
    lines = [("anna", "approve"), ("Ana", "stop")]
    await says(requested, *sorted(lines, key=lambda line: line[0] != first))
    assert await told(requested, "This is confirmed") == 0
    assert await told(requested, "Please tell them yourself") == 1
    await says(requested, ("Ana", "stop"), ("Ana", "my appointments"), ("Ana", "unsubscribe"))
    assert await told(requested, "Please tell them yourself") == 1


async def test_a_second_silence_is_told_again(requested: Product) -> None:
    await says(requested, ("anna", "approve"))
    for text in ("stop", "start"):
        await says(requested, ("Ana", text))
        requested.clock.advance(60)
    await says(requested, ("Ana", "stop"))
    assert await told(requested, "Please tell them yourself") == 2


async def test_start_tells_of_what_the_practice_has_cancelled_meanwhile(requested: Product) -> None:
    await says(requested, ("anna", "approve"))
    await says(requested, ("Ana", "stop"))
    async with requested.storage.transaction() as tx:
        assert await tx.calendar.move_on(1, CALL_OFF, requested.clock())
    withheld = Heard(
        key="withheld:99",
        flow="client",
        address=ANA,
        kind="signal",
        at=requested.clock(),
        event="news_withheld",
        data={"appointment": 1},
    )
    await requested.storage.inbox.put(withheld)
    await requested.settle()
    assert await told(requested, "Please tell them yourself") == 2
    await says(requested, ("Ana", "start"))
    assert await told(requested, "(cancelled by the practice)") == 1
    assert await told(requested, "(confirmed)") == 0


async def test_the_ledger_tells_who_agreed_to_what_and_when(requested: Product) -> None:
    at = requested.clock()
    texts = requested.flow_file.texts
    await says(requested, ("Ana", "no me escribas más"))
    await says(requested, ("Ana", "you can message me again"))
    person = await requested.storage.people.find("client", ANA)
    assert person
    entries = await requested.storage.ledger.of(person.id)
    assert [(one.kind, one.wording, one.text_version, one.how, one.at) for one in entries] == [
        ("consented", "yes", texts.version("en", "privacy_notice"), "words", at),
        ("opted_out", "no me escribas más", texts.version("en", "silence_by_phone"), "words", at),
        ("opted_in", "you can message me again", None, "words", at),
    ]
    assert len({one.inbox_id for one in entries}) == 3
    assert person.notice_version == texts.version("en", "privacy_notice")


async def test_what_was_told_to_twilio_is_recorded_each_time_and_answered_never(running: Product) -> None:
    for opt_out in ("START", "STOP", "STOP", "START"):
        await says(running, ("Ana", opt_out.title()), opt_out=opt_out)
    assert await running.storage.outbox.since(0, 100) == []
    person = await running.storage.people.find("client", ANA)
    assert person
    entries = await running.storage.ledger.of(person.id)
    assert [(one.kind, one.wording) for one in entries] == [
        ("opted_in", "Start"),
        ("opted_out", "Stop"),
        ("opted_out", "Stop"),
        ("opted_in", "Start"),
    ]
    assert {one.how for one in entries} == {"twilio"}
    assert person.opted_out_at is None


async def tells_twilio(running: Product, flow: str, address: str, word: str) -> None:
    """Somebody writes this to the number of one of the flows, and Twilio answers it."""
    heard = Heard(
        key=f"{next(_keys)}",
        flow=flow,
        address=address,
        kind="text",
        at=running.clock(),
        text=word.title(),
        data={"opt_out": word},
    )
    await running.storage.inbox.put(heard)
    await running.settle()


async def silent(running: Product, address: str) -> dict[str, bool]:
    """By role, whether the person at an address wants no messages."""
    found = [await running.storage.people.find(role, address) for role in ROLES]
    return {person.role: person.opted_out_at is not None for person in found if person}


@pytest.mark.parametrize(("first", "second"), [("client", "stranger"), ("stranger", "client")])
async def test_what_was_told_to_twilio_at_one_number_is_heard_at_the_other(
    running: Product, first: str, second: str
) -> None:
    for flow in ("client", "stranger"):
        said = Heard(
            key=f"{next(_keys)}", flow=flow, address=ANA, kind="text", at=running.clock(), text="hello"
        )
        await running.storage.inbox.put(said)
    await running.settle()
    for word, is_silent in (("STOP", True), ("START", False), ("STOP", True)):
        await tells_twilio(running, first, ANA, word)
        assert await silent(running, ANA) == {first: is_silent, second: is_silent}
    person = await running.storage.people.find(second, ANA)
    assert person
    kinds = [(entry.kind, entry.how) for entry in await running.storage.ledger.of(person.id)]
    assert kinds == [("opted_out", "twilio"), ("opted_in", "twilio"), ("opted_out", "twilio")]


async def test_a_therapist_keeps_requests_and_alerts_unless_they_say_so_where_these_come_from(
    running: Product,
) -> None:
    anna = running.practice().therapists[0].address
    await tells_twilio(running, "client", anna, "STOP")
    assert await silent(running, anna) == {"therapist": False, "client": True}
    await tells_twilio(running, "client", anna, "START")
    await tells_twilio(running, "therapist", anna, "STOP")
    assert await silent(running, anna) == {"therapist": True, "client": True}
    await tells_twilio(running, "client", anna, "START")
    assert await silent(running, anna) == {"therapist": True, "client": False}


async def test_a_message_that_twilio_refuses_is_heard_of_at_the_other_number(running: Product) -> None:
    await tells_twilio(running, "stranger", ANA, "START")
    await says(running, ("Ana", "hello"))
    (owed, *_) = await running.storage.outbox.since(0, 100)
    await running.storage.inbox.put_all(news_of_refusal(owed, 21610, running.clock()))
    await running.settle()
    assert await silent(running, ANA) == {"client": True, "stranger": True}


async def test_nobody_new_comes_to_be_known_by_it(running: Product) -> None:
    await tells_twilio(running, "client", ANA, "STOP")
    assert await silent(running, ANA) == {"client": True}


async def test_what_is_said_to_us_holds_where_it_was_said(running: Product) -> None:
    await tells_twilio(running, "stranger", ANA, "START")
    await says(running, ("Ana", "stop"))
    assert await silent(running, ANA) == {"client": True, "stranger": False}
    await tells_twilio(running, "stranger", ANA, "STOP")
    await says(running, ("Ana", "start"))
    assert await silent(running, ANA) == {"client": False, "stranger": True}


async def test_a_refusal_that_tells_nothing_new_undoes_no_later_start_at_the_other_number(
    running: Product,
) -> None:
    await running.storage.inbox.put(
        Heard(key="hello", flow="stranger", address=ANA, kind="text", at=running.clock(), text="hello")
    )
    await says(running, ("Ana", "hello"))
    hello = next(one for one in await running.storage.outbox.since(0, 100) if one.flow == "stranger")
    await tells_twilio(running, "stranger", ANA, "STOP")
    await says(running, ("Ana", "start"))
    assert await silent(running, ANA) == {"client": False, "stranger": True}
    await running.storage.inbox.put_all(news_of_refusal(hello, 21610, running.clock()))
    await running.settle()
    assert await silent(running, ANA) == {"client": False, "stranger": True}
