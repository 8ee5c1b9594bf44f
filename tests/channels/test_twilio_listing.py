"""Twilio's list: what was sent is found by its words, what never arrived by its number, nothing by chance."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from channels.twilio_listing import MOST_PAGES, PAGE_SIZE, ListUnavailable
from channels.whatsapp import Outgoing, WhatsApp
from engine.effects import Attempt, Option
from engine.errors import DeliveryUnknown
from tests.channels.conftest import ONE_NUMBER
from tests.fakes import twilio_forms as forms
from tests.fakes.twilio import THERAPISTS_NUMBER, FakeTwilio
from tests.fakes.twilio_faults import Fault

NOW = datetime.now(UTC).replace(microsecond=0)
HELLO = Outgoing(attempt=Attempt(42, 1), flow="client", address=forms.CLIENT, text="Hello  Ada\n")
OTHER = "whatsapp:+4915100000009"


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    async with FakeTwilio() as fake:
        yield fake


@pytest.fixture
async def whatsapp(twilio: FakeTwilio) -> AsyncIterator[WhatsApp]:
    account = replace(ONE_NUMBER, api_base_url=twilio.url, therapist_number="+14155230000")
    async with WhatsApp(account) as channel:
        yield channel


def ago(**time: float) -> int:
    return int((NOW - timedelta(**time)).timestamp())


async def test_what_was_taken_although_the_answer_said_otherwise_is_found(
    twilio: FakeTwilio, whatsapp: WhatsApp
) -> None:
    twilio.fail(Fault.ERROR_AFTER)
    with pytest.raises(DeliveryUnknown):
        await whatsapp.send(HELLO)
    twilio.messages[0].body = "Hello Ada"
    assert await whatsapp.look_for(HELLO, ago(seconds=0)) == [twilio.messages[0].sid]


async def test_what_was_not_taken_is_not_found(twilio: FakeTwilio, whatsapp: WhatsApp) -> None:
    twilio.fail(Fault.ERROR_BEFORE)
    with pytest.raises(DeliveryUnknown):
        await whatsapp.send(HELLO)
    assert await whatsapp.look_for(HELLO, ago(seconds=0)) == []


async def test_neither_other_words_nor_other_people_nor_older_ones_count(
    twilio: FakeTwilio, whatsapp: WhatsApp
) -> None:
    await whatsapp.send(replace(HELLO, text="Hello Bob"))
    await whatsapp.send(replace(HELLO, address=OTHER))
    await whatsapp.send(replace(HELLO, flow="therapist"))
    await whatsapp.send(HELLO)
    twilio.messages[-1].created = NOW - timedelta(hours=1)
    twilio.receive(forms.message(HELLO.text))
    assert await whatsapp.look_for(HELLO, ago(minutes=30)) == []
    assert await whatsapp.look_for(HELLO, ago(minutes=60)) == [twilio.messages[-1].sid]


async def test_several_alike_come_oldest_first(twilio: FakeTwilio, whatsapp: WhatsApp) -> None:
    sids = [await whatsapp.send(HELLO) for _ in range(3)]
    for place, message in enumerate(reversed(twilio.messages)):
        message.created = NOW - timedelta(milliseconds=place)  # the list tells only seconds
    assert await whatsapp.look_for(HELLO, ago(hours=1)) == sids


async def test_a_message_with_options_is_known_by_its_words_written_out_or_not(whatsapp: WhatsApp) -> None:
    asking = replace(HELLO, text="When?", options=(Option("3.1", "Monday", "pick"),))
    sids = [await whatsapp.send(asking), await whatsapp.send(replace(asking, options=()))]
    assert sorted(await whatsapp.look_for(asking, ago(hours=1))) == sorted(sids)


async def test_a_long_history_is_read_page_by_page(twilio: FakeTwilio, whatsapp: WhatsApp) -> None:
    written = [
        twilio.receive(forms.message("hello"), NOW - timedelta(milliseconds=number))
        for number in range(PAGE_SIZE + 3)
    ]
    received = await whatsapp.listing.received(ago(hours=1), ago(seconds=0) + 1)
    assert [one.key for one in received] == [message.sid for message in reversed(written)]


async def test_one_who_writes_without_end_keeps_nobody_from_being_heard(
    twilio: FakeTwilio, whatsapp: WhatsApp
) -> None:
    first = twilio.receive(forms.message("hello"), NOW - timedelta(seconds=10))
    twilio.received += [replace(first, sid=forms.new_sid()) for _ in range(PAGE_SIZE * MOST_PAGES)]
    assert len(await whatsapp.listing.received(ago(hours=1), ago(seconds=0))) == PAGE_SIZE * MOST_PAGES
    with pytest.raises(ListUnavailable, match="more than"):
        await whatsapp.listing.sent(forms.CLIENT, forms.PRACTICE, frozenset({"hello"}), ago(hours=1))


async def test_what_was_written_to_either_number_is_heard_in_its_order(
    twilio: FakeTwilio, whatsapp: WhatsApp
) -> None:
    told = [
        (forms.message("third"), 10),
        (forms.media("image/png", "first"), 30),
        (forms.message("second", to=THERAPISTS_NUMBER), 20),
        (forms.message("too old"), 3700),
        (forms.message("too young"), 1),
        (forms.message("not ours", to="whatsapp:+10000000001"), 15),
    ]
    for form, seconds in told:
        twilio.receive(form, NOW - timedelta(seconds=seconds))
    await whatsapp.send(replace(HELLO, address=forms.PRACTICE))
    heard = await whatsapp.listing.received(ago(hours=1), ago(seconds=5))
    assert [(one.text, one.flow, one.kind, one.at) for one in heard] == [
        ("first", "client", "media", ago(seconds=30)),
        ("second", "therapist", "text", ago(seconds=20)),
        ("third", "client", "text", ago(seconds=10)),
    ]
    assert heard[2].key == told[0][0]["MessageSid"]
    assert heard[2].address == forms.CLIENT


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault.NOT_ALLOWED, "401"),
        (Fault.UNAVAILABLE, "503"),
        (Fault.BAD_GATEWAY, "502"),
        (Fault.DISCONNECT_BEFORE, "ServerDisconnected"),
        (Fault.BAD_ANSWER, "201"),
    ],
)
async def test_a_list_that_cannot_be_read_says_why_and_names_nobody(
    twilio: FakeTwilio, whatsapp: WhatsApp, fault: Fault, said: str
) -> None:
    twilio.list_fault = lambda: fault
    with pytest.raises(ListUnavailable, match=said) as unavailable:
        await whatsapp.look_for(HELLO, ago(hours=1))
    assert forms.CLIENT[-8:] not in str(unavailable.value)
    assert unavailable.value.__suppress_context__
    with pytest.raises(ListUnavailable):
        await whatsapp.listing.received(ago(hours=1), ago(seconds=0))
