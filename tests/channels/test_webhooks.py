"""Twilio's door: what gets in, what is turned away, and with which words."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from channels.twilio_account import SANDBOX, TwilioAccount
from engine.effects import Attempt
from tests.channels.conftest import NOW, ONE_NUMBER, THERAPIST, Practice
from tests.fakes import twilio_forms as forms

TWO_NUMBERS = replace(ONE_NUMBER, therapist_number="+14155230000")


async def test_a_signed_message_becomes_one_inbox_row(practice: Practice) -> None:
    answer = await practice.post(forms.message("hello", MessageSid="SM1"))
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/xml")
    assert (await answer.get_data(as_text=True)).endswith("<Response/>")
    [row] = practice.inbox.rows
    assert (row.key, row.flow, row.address, row.kind) == ("SM1", "client", forms.CLIENT, "text")
    assert (row.text, row.name, row.at) == ("hello", "Ada", NOW)


async def test_the_same_message_twice_is_one_row_and_no_error(practice: Practice) -> None:
    message = forms.message("hello")
    answers = [await practice.post(message) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(practice.inbox.rows) == 1


@pytest.mark.parametrize(
    ("account", "door", "from_", "flow"),
    [
        (ONE_NUMBER, "client", forms.CLIENT, "client"),
        (ONE_NUMBER, "client", THERAPIST, "therapist"),
        (TWO_NUMBERS, "client", THERAPIST, "client"),
        (TWO_NUMBERS, "therapist", THERAPIST, "therapist"),
        (TWO_NUMBERS, "therapist", forms.CLIENT, "stranger"),
    ],
)
async def test_door_and_sender_decide_the_conversation(
    account: TwilioAccount, door: str, from_: str, flow: str
) -> None:
    practice = Practice(account)
    to = account.number_for(door)
    await practice.post(forms.message("hello", from_=from_, to=to), door)
    assert [row.flow for row in practice.inbox.rows] == [flow]


@pytest.mark.parametrize(
    ("door", "to", "status"),
    [
        ("client", "whatsapp:+14155230000", 400),
        ("client", "whatsapp:+4930111111", 200),
        ("therapist", "whatsapp:+4930111111", 400),
        ("therapist", "whatsapp:+14155230000", 200),
        ("therapist", SANDBOX, 200),
        ("client", SANDBOX, 200),
    ],
)
async def test_each_door_takes_what_was_written_to_its_number_and_to_the_sandbox(
    door: str, to: str, status: int
) -> None:
    practice = Practice(replace(TWO_NUMBERS, client_number="+49 (30) 11-1111"))
    assert (await practice.post(forms.message("hello", to=to), door)).status_code == status


async def test_an_unsigned_message_is_refused(practice: Practice) -> None:
    answer = await practice.post_body(b"Body=hello", signature=None)
    assert answer.status_code == 403
    assert "no X-Twilio-Signature" in await answer.get_data(as_text=True)
    assert practice.inbox.rows == []


@pytest.mark.parametrize("signature", ["", "nonsense", "ünïcode", "A" * 28])
async def test_a_wrong_signature_is_refused(practice: Practice, signature: str) -> None:
    answer = await practice.post(forms.message("hello"), signature=signature)
    assert answer.status_code == 403
    assert practice.inbox.rows == []


async def test_a_signature_for_another_door_is_refused(practice: Practice) -> None:
    other = "https://practice.example/prefix/webhook/therapist"
    assert (await practice.post(forms.message("hello"), url=other)).status_code == 403


async def test_the_query_is_part_of_what_is_signed(practice: Practice) -> None:
    assert (await practice.post(forms.message("hello"), query="?caf%C3%A9=1+2")).status_code == 200
    url = "https://practice.example/prefix/webhook/client"
    assert (await practice.post(forms.message("hello"), query="?x=1", url=url)).status_code == 403


async def test_a_body_of_64_kib_is_taken_and_a_larger_one_is_not(practice: Practice) -> None:
    fields = forms.message("x", Padding="")
    used = len(urlencode(fields))
    fits = fields | {"Padding": "y" * (64 * 1024 - used)}
    assert (await practice.post(fits)).status_code == 200
    answer = await practice.post(fits | {"Padding": fits["Padding"] + "y"})
    assert answer.status_code == 413
    assert len(practice.inbox.rows) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"MessageSid": ""}, "MessageSid"),
        ({"MessageSid": "SM'; DROP TABLE inbox"}, "MessageSid"),
        ({"From": ""}, "From"),
        ({"From": "+4915112345678"}, "From"),
        ({"From": "whatsapp:+4915112345678\n"}, "From"),
        ({"From": "whatsapp:+4٩٢٣٤٦٨٢"}, "From"),
        ({"AccountSid": "AC" + "f" * 32}, "AccountSid"),
        ({"MessageSid": "SM" + "0" * 63}, "MessageSid"),
        ({"To": ""}, "To"),
        ({"To": "whatsapp:+14155230000"}, "To"),
    ],
)
async def test_a_form_that_twilio_would_not_send_is_refused(
    practice: Practice, changes: dict[str, str], reason: str
) -> None:
    answer = await practice.post(forms.message("hello") | changes)
    assert answer.status_code == 400
    assert reason in await answer.get_data(as_text=True)
    assert practice.inbox.rows == []


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"Body": "hello"}', "application/json"),
        (b"Body=hello", "text/plain"),
        (b"Body=\xff\xfe", "application/x-www-form-urlencoded"),
        (b"Body=%FF%FE", "application/x-www-form-urlencoded"),
        (b"a&" * 1_001, "application/x-www-form-urlencoded"),
    ],
    ids=["json", "plain text", "raw bytes", "escaped bytes", "too many fields"],
)
async def test_a_body_that_is_no_form_is_refused(practice: Practice, body: bytes, content_type: str) -> None:
    signature = forms.sign("https://practice.example/prefix/webhook/client", [])
    signed = await practice.post_body(body, signature=signature, content_type=content_type)
    unsigned = await practice.post_body(body, signature="nonsense", content_type=content_type)
    assert (signed.status_code, unsigned.status_code) == (400, 403)


async def test_repeated_and_blank_fields_are_signed_too(practice: Practice) -> None:
    pairs = [*forms.message("").items(), ("Extra", "b"), ("Extra", "a"), ("Extra", "b"), ("Blank", "")]
    assert (await practice.post(pairs)).status_code == 200


async def test_a_lost_database_is_waited_for(practice: Practice) -> None:
    practice.inbox.gone = 2
    assert (await practice.post(forms.message("hello"))).status_code == 200
    assert len(practice.inbox.rows) == 1


async def test_a_database_that_stays_away_is_told_to_twilio(practice: Practice) -> None:
    practice.webhooks.patience = 0.04
    practice.inbox.gone = 1
    answer = await practice.post(forms.message("hello"))
    assert answer.status_code == 503
    assert practice.inbox.rows == []


async def test_a_slow_database_is_told_to_twilio_and_still_gets_the_message(practice: Practice) -> None:
    practice.webhooks.patience = 0.05
    practice.inbox.slow = asyncio.Event()
    answer = await practice.post(forms.message("hello"))
    assert answer.status_code == 503
    assert "in time" in await answer.get_data(as_text=True)
    practice.inbox.slow.set()
    async with asyncio.timeout(5):
        await practice.inbox.stored.wait()


@pytest.mark.parametrize("door", ["client", "therapist", "status"])
async def test_without_an_account_the_door_says_which_setting_is_missing(door: str) -> None:
    practice = Practice(TwilioAccount(account_sid=forms.ACCOUNT_SID))
    answer = await practice.post(forms.message("hello"), door)
    assert answer.status_code == 503
    text = await answer.get_data(as_text=True)
    assert "WHATSAPP_TOKEN" in text
    assert f"{door.upper()}_WEBHOOK_URL" in text
    assert "WHATSAPP_SID" not in text


async def test_news_of_a_delivery_is_noted_with_our_own_number(practice: Practice) -> None:
    news = forms.status("SM7", "undelivered", error_code=63016)
    answer = await practice.post(news, "status", query="?o=42.1")
    assert answer.status_code == 204
    [status] = practice.news.noted
    assert (status.sid, status.status, status.error_code, status.attempt) == (
        "SM7",
        "undelivered",
        63016,
        Attempt(42, 1),
    )


async def test_only_posts_are_taken(practice: Practice) -> None:
    assert (await practice.app.test_client().get("/webhook/client")).status_code == 405
