"""What people and networks do to a real server: twice, at once, empty, enormous, hostile."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from tests.acceptance.server import CLIENT_DOOR, THERAPIST, THERAPIST_DOOR, ZONE, Server, said
from tests.fakes import twilio_forms as forms
from tests.fakes.twilio import FakeTwilio

ODD = {
    "nothing": forms.message(""),
    "nothing visible": forms.message("\u200b \n"),
    "1600 emoji": forms.message("😀" * 1600),
    "NUL and accents": forms.message("\0" + "a\u0301" * 700),
    "syntax": forms.message("'; DELETE FROM appointments; -- {client} %(x)s {{ 7*7 }}"),
    "picture": forms.media("image/jpeg"),
    "voice": forms.media("audio/ogg"),
    "place": forms.location("52.52", "13.405"),
    "odd place": forms.location("", "", Label="'", Address="%"),
    "unknown tap": forms.tap("no-such-option", "Whatever"),
    "another's tap": forms.tap("approve:1", "Approve"),
}
HOSTILE = "Robert'); DROP TABLE people;-- {{7*7}} {summary} %s ${jndi} <b>"


async def test_one_message_delivered_five_times_at_once_is_one_turn(
    server: Server, twilio: FakeTwilio, phone: str
) -> None:
    sid = forms.new_sid()
    answers = await asyncio.gather(
        *(twilio.deliver(CLIENT_DOOR, phone, "hello", MessageSid=sid) for _ in range(5))
    )
    later = await twilio.deliver(CLIENT_DOOR, phone, "hello", MessageSid=sid)
    assert {answer.status for answer in (*answers, later)} == {200}
    await twilio.deliver(CLIENT_DOOR, phone, "help")
    welcome, helped = await twilio.messages_to(phone, 2)
    assert said("welcome") in welcome.body
    assert said("help") in helped.body
    assert len(server.rows("SELECT id FROM inbox WHERE `key` = %s", sid)) == 1


async def test_messages_within_a_millisecond_are_all_answered_in_order(
    server: Server, twilio: FakeTwilio, phone: str
) -> None:
    texts = ["hello", "thanks", "help", "bye", "hello", "thanks", "help", "bye"]
    forms_sent = [forms.message(text, from_=phone) for text in texts]
    answers = await asyncio.gather(*(twilio.post(CLIENT_DOOR, form) for form in forms_sent))
    assert {answer.status for answer in answers} == {200}
    replies = await twilio.messages_to(phone, len(texts))
    taken = server.rows(
        "SELECT j.turn, o.provider_sid FROM journal j JOIN inbox i ON i.id = j.inbox_id JOIN outbox o "
        "ON o.conversation_id = j.conversation_id AND o.turn = j.turn WHERE i.`key` IN %s ORDER BY i.id",
        tuple(form["MessageSid"] for form in forms_sent),
    )
    assert [row["turn"] for row in taken] == list(range(1, len(texts) + 1))
    assert [row["provider_sid"] for row in taken[:-1]] == [reply.sid for reply in replies[:-1]]


async def test_a_stranger_at_the_therapists_door_is_sent_to_the_other_number(
    twilio: FakeTwilio, phone: str
) -> None:
    await twilio.deliver(THERAPIST_DOOR, phone, "approve 1")
    [reply] = await twilio.messages_to(phone, 1)
    assert reply.body == said("number_for_therapists")


@pytest.mark.parametrize("form", ODD.values(), ids=ODD)
async def test_whatever_comes_is_answered_once_and_the_conversation_goes_on(
    twilio: FakeTwilio, phone: str, form: dict[str, str]
) -> None:
    answer = await twilio.post(CLIENT_DOOR, form | {"From": phone})
    assert (answer.status, answer.tries) == (200, 1)
    await twilio.messages_to(phone, 1)
    await twilio.deliver(CLIENT_DOOR, phone, "hello")
    replies = await twilio.messages_to(phone, 2)
    assert len(replies) == 2
    assert said("welcome") in replies[1].body


async def test_a_name_full_of_syntax_is_only_a_name(twilio: FakeTwilio, phone: str) -> None:
    day = datetime.now(ZONE) + timedelta(days=9)
    await twilio.deliver(
        CLIENT_DOOR, phone, f"book an in-call appointment on {day:%d %B %Y} at 3pm", ProfileName=HOSTILE
    )
    await twilio.messages_to(phone, 1)
    await twilio.deliver(CLIENT_DOOR, phone, "yes", ProfileName=HOSTILE)
    [request] = await twilio.messages_to(THERAPIST, 1)
    assert f"from {HOSTILE}:" in request.body
    number = request.body.partition("#")[2].partition(" ")[0]
    await twilio.deliver(CLIENT_DOOR, THERAPIST, f"decline {number}")
    _, declined = await twilio.messages_to(THERAPIST, 2)
    assert HOSTILE in declined.body


async def test_a_state_that_nobody_knows_any_more_ends_no_conversation(
    server: Server, twilio: FakeTwilio, phone: str
) -> None:
    await twilio.deliver(CLIENT_DOOR, phone, "hello")
    await twilio.messages_to(phone, 1)
    newest = server.rows("SELECT max(id) AS id FROM conversations")[0]["id"]
    server.write("UPDATE conversations SET state = 'pondering', flow_hash = 'x' WHERE id = %s", newest)
    await twilio.deliver(CLIENT_DOOR, phone, "help")
    await twilio.messages_to(phone, 2)
    [row] = server.rows("SELECT state, turn FROM conversations WHERE id = %s", newest)
    assert row == {"state": "idle", "turn": 2}
