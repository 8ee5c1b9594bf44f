"""Sending through Twilio: what arrives there, and what each kind of failure turns into."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from channels.contents import Content, frame_payload
from channels.twilio_http import TwilioHttp
from channels.whatsapp import Outgoing, WhatsApp
from engine.effects import Attempt, Option
from engine.errors import (
    ChannelError,
    DeliveryDeferred,
    DeliveryRefused,
    DeliveryUnknown,
    FreeTextRefused,
)
from tests.channels.conftest import ONE_NUMBER
from tests.fakes import twilio_forms as forms
from tests.fakes.twilio import THERAPISTS_NUMBER, FakeTwilio
from tests.fakes.twilio_faults import Fault

HELLO = Outgoing(attempt=Attempt(42, 1), flow="client", address=forms.CLIENT, text="Hello Ada")


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    async with FakeTwilio() as fake:
        yield fake


@pytest.fixture
async def whatsapp(twilio: FakeTwilio) -> AsyncIterator[WhatsApp]:
    async with WhatsApp(replace(ONE_NUMBER, api_base_url=twilio.url)) as channel:
        yield channel


async def test_a_message_reaches_twilio_with_our_number_of_it(twilio: FakeTwilio, whatsapp: WhatsApp) -> None:
    sid = await whatsapp.send(HELLO)
    [sent] = twilio.messages
    assert (sent.sid, sent.to, sent.from_, sent.body) == (sid, forms.CLIENT, forms.PRACTICE, "Hello Ada")
    assert sent.status_callback == "https://practice.example/prefix/webhook/status?o=42.1"


async def test_a_query_of_the_status_address_is_kept(twilio: FakeTwilio) -> None:
    account = replace(
        ONE_NUMBER, api_base_url=twilio.url, status_webhook_url="https://x.example/s?key=1#rc=2"
    )
    async with WhatsApp(account) as whatsapp:
        await whatsapp.send(HELLO)
    assert twilio.messages[0].status_callback == "https://x.example/s?key=1&o=42.1#rc=2"


async def test_without_a_status_address_twilio_is_not_asked_to_call_back(twilio: FakeTwilio) -> None:
    account = replace(ONE_NUMBER, api_base_url=twilio.url, status_webhook_url="")
    async with WhatsApp(account) as whatsapp:
        await whatsapp.send(HELLO)
    assert twilio.messages[0].status_callback is None


@pytest.mark.parametrize(
    ("therapist_number", "flow", "from_"),
    [
        ("", "therapist", forms.PRACTICE),
        ("+14155230000", "therapist", THERAPISTS_NUMBER),
        ("+14155230000", "stranger", THERAPISTS_NUMBER),
        ("whatsapp:+14155230000", "client", forms.PRACTICE),
    ],
)
async def test_each_conversation_is_held_with_its_own_number(
    twilio: FakeTwilio, therapist_number: str, flow: str, from_: str
) -> None:
    account = replace(ONE_NUMBER, api_base_url=twilio.url, therapist_number=therapist_number)
    async with WhatsApp(account) as whatsapp:
        await whatsapp.send(replace(HELLO, flow=flow))
    assert twilio.messages[0].from_ == from_


async def test_options_are_written_out(twilio: FakeTwilio, whatsapp: WhatsApp) -> None:
    options = (Option("3.1", "Monday 10:00", "pick"), Option("3.2", "Monday 11:00", "pick"))
    await whatsapp.send(replace(HELLO, text="When?", options=options))
    assert twilio.messages[0].body == "When?\n\n1. Monday 10:00\n2. Monday 11:00"


async def test_a_content_goes_out_instead_of_the_words(twilio: FakeTwilio, whatsapp: WhatsApp) -> None:
    made = twilio.contents.create(frame_payload("buttons_1", "en", "buttons", 1, "Choose"))
    content = Content(made.sid, {"1": "Grüß dich 😀", "2": "Yes", "3": "7.1"})
    await whatsapp.send(replace(HELLO, content=content))
    [sent] = twilio.messages
    assert (sent.body, sent.buttons) == ("Grüß dich 😀", (("Yes", "7.1"),))
    assert "Body" not in twilio.attempts[0]


async def test_1600_emoji_are_cut_to_what_twilio_takes(twilio: FakeTwilio, whatsapp: WhatsApp) -> None:
    await whatsapp.send(replace(HELLO, text="😀" * 1_600))
    assert twilio.messages[0].body.startswith("😀" * 700)


@pytest.mark.parametrize(
    ("fault", "wait"),
    [
        (Fault.RATE_LIMITED, 7.0),
        (Fault.CROWDED, None),
        (Fault.ELSEWHERE, 15 * 60.0),
        (Fault.DAILY_LIMIT, 3600.0),
        (Fault.UNAVAILABLE, 60.0),
        (Fault.NOT_ALLOWED, 15 * 60.0),
    ],
)
async def test_what_was_certainly_not_taken_may_be_sent_again(
    twilio: FakeTwilio, whatsapp: WhatsApp, fault: Fault, wait: float | None
) -> None:
    twilio.fail(fault)
    with pytest.raises(DeliveryDeferred) as deferred:
        await whatsapp.send(HELLO)
    assert deferred.value.retry_after == wait
    assert deferred.value.concerns_sender is (fault is not Fault.UNAVAILABLE)
    await whatsapp.send(HELLO)
    assert len(twilio.messages) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault.ERROR_BEFORE,
        Fault.ERROR_AFTER,
        Fault.BAD_GATEWAY,
        Fault.BAD_ANSWER,
        Fault.NULL,
        Fault.LIST,
        Fault.NUMBER_FOR_NAME,
        Fault.NUMBER_FOR_DATE,
        Fault.ENDLESS,
        Fault.DISCONNECT_BEFORE,
        Fault.DISCONNECT_AFTER,
    ],
)
async def test_what_may_have_been_taken_is_not_sent_again(
    twilio: FakeTwilio, whatsapp: WhatsApp, fault: Fault
) -> None:
    twilio.fail(fault)
    with pytest.raises(DeliveryUnknown):
        await whatsapp.send(HELLO)
    assert len(twilio.attempts) == 1
    assert len(twilio.messages) == int(fault.is_taken)


@pytest.mark.parametrize("fault", [Fault.SILENCE_BEFORE, Fault.SILENCE_AFTER])
async def test_silence_ends_at_the_deadline_and_is_unknown(twilio: FakeTwilio, fault: Fault) -> None:
    twilio.fail(fault)
    http = TwilioHttp(connect=0.2, total=0.2)
    async with WhatsApp(replace(ONE_NUMBER, api_base_url=twilio.url), http) as whatsapp, asyncio.timeout(5):
        with pytest.raises(DeliveryUnknown, match="in time"):
            await whatsapp.send(HELLO)
    assert len(twilio.attempts) == 1


async def test_nobody_listening_means_not_taken() -> None:
    async with FakeTwilio() as gone:
        closed = gone.url
    async with WhatsApp(replace(ONE_NUMBER, api_base_url=closed)) as whatsapp:
        with pytest.raises(DeliveryDeferred):
            await whatsapp.send(HELLO)


@pytest.mark.parametrize(
    ("address", "code"),
    [("whatsapp:12345", 21211), ("whatsapp:+4915100000000", 21610)],
)
async def test_a_refusal_carries_the_code_and_no_personal_data(
    twilio: FakeTwilio, whatsapp: WhatsApp, address: str, code: int
) -> None:
    twilio.opted_out.add("whatsapp:+4915100000000")
    with pytest.raises(DeliveryRefused) as refused:
        await whatsapp.send(replace(HELLO, address=address))
    assert refused.value.code == code
    assert address not in str(refused.value)
    assert "Ada" not in str(refused.value)


@pytest.mark.parametrize("replaceable", [None, True])
async def test_free_text_outside_the_24_hours_may_go_as_a_template(
    twilio: FakeTwilio, whatsapp: WhatsApp, *, replaceable: bool | None
) -> None:
    twilio.fail(Fault.OUTSIDE_WINDOW)
    made = twilio.contents.create(frame_payload("buttons_1", "en", "buttons", 1, "Choose"))
    frame = Content(made.sid, {"1": "Hello", "2": "Yes", "3": "7.1"}, replaceable=True)
    with pytest.raises(FreeTextRefused) as refused:
        await whatsapp.send(replace(HELLO, content=frame if replaceable else None))
    assert refused.value.code == 63016


async def test_a_template_that_is_refused_as_too_late_is_lost(twilio: FakeTwilio, whatsapp: WhatsApp) -> None:
    twilio.fail(Fault.OUTSIDE_WINDOW)
    made = twilio.contents.create(frame_payload("buttons_1", "en", "buttons", 1, "Choose"))
    with pytest.raises(DeliveryRefused) as refused:
        await whatsapp.send(replace(HELLO, content=Content(made.sid, {"1": "x", "2": "y", "3": "z"})))
    assert not isinstance(refused.value, FreeTextRefused)


async def test_a_refusal_by_a_proxy_has_no_code(twilio: FakeTwilio, whatsapp: WhatsApp) -> None:
    twilio.fail(Fault.TOO_LARGE_FOR_PROXY)
    with pytest.raises(DeliveryRefused, match="413") as refused:
        await whatsapp.send(HELLO)
    assert refused.value.code is None


async def test_a_wrong_token_waits_for_the_operator(twilio: FakeTwilio) -> None:
    account = replace(ONE_NUMBER, api_base_url=twilio.url, auth_token="wrong")
    async with WhatsApp(account) as whatsapp:
        with pytest.raises(DeliveryDeferred, match="operator"):
            await whatsapp.send(HELLO)


async def test_concurrent_answers_do_not_mix_up_their_waits(twilio: FakeTwilio, whatsapp: WhatsApp) -> None:
    twilio.fail(Fault.RATE_LIMITED)
    twilio.fail(Fault.DAILY_LIMIT)
    results = await asyncio.gather(*(whatsapp.send(HELLO) for _ in range(2)), return_exceptions=True)
    waits = {result.retry_after for result in results if isinstance(result, DeliveryDeferred)}
    assert waits == {7.0, 3600.0}


async def test_an_incomplete_account_says_what_is_missing() -> None:
    with pytest.raises(ChannelError, match="WHATSAPP_TOKEN"):
        WhatsApp(replace(ONE_NUMBER, auth_token=""))
