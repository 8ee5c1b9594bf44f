"""After a day of silence only templates arrive, and options are tapped: on the real server."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.acceptance.conftest import MakeServer, twilio_for
from tests.acceptance.server import CLIENT_DOOR, THERAPIST, ZONE, Server, said
from tests.fakes.twilio import FakeTwilio

_hours = itertools.count(8)


@pytest.fixture
async def twilio(pushed: Server) -> AsyncIterator[FakeTwilio]:
    """A Twilio that keeps the 24 hours, and has what was pushed."""
    async with twilio_for(pushed) as fake:
        fake.keeps_window, fake.news = True, ("sent", "delivered")
        pushed.write("DELETE FROM contents")
        assert await asyncio.to_thread(pushed.run, "templates", "push") == 0
        fake.contents.decide_all()
        pushed.start()
        await learnt(pushed, "approved", "approved")
        yield fake
        await pushed.until_nothing_is_under_way()
    pushed.kill()


@pytest.fixture(scope="module")
def pushed(make_server: MakeServer) -> Server:
    """A server that every test starts."""
    return make_server()


def silent_for(server: Server, seconds: int) -> None:
    """Let everybody's last message be so much longer ago."""
    server.write("UPDATE conversations SET heard_at = heard_at - %s", seconds)


async def request(twilio: FakeTwilio, phone: str) -> str:
    """Book; returns the request's number."""
    day = datetime.now(ZONE) + timedelta(days=5)
    wish = f"book an in-call appointment on {day:%d %B %Y} at {next(_hours)}:00"
    await twilio.deliver(CLIENT_DOOR, phone, wish)
    [summary] = await twilio.messages_to(phone, 1)
    assert [title for title, _ in summary.buttons] == ["Yes", "No"]
    before = len([one for one in twilio.messages if one.to == THERAPIST])
    await twilio.tap(CLIENT_DOOR, summary, "Yes")
    await twilio.messages_to(phone, 2)
    news = (await twilio.messages_to(THERAPIST, before + 1))[-1]
    return news.buttons[0][1].partition(":")[2]


async def told(twilio: FakeTwilio, address: str, words: str) -> None:
    """Wait until somebody is told this, after whatever else. Raises TimeoutError."""
    for count in itertools.count(1):
        if words in (await twilio.messages_to(address, count))[-1].body:
            return


async def test_after_a_day_of_silence_the_answer_arrives_as_a_template(
    pushed: Server, twilio: FakeTwilio, phone: str
) -> None:
    number = await request(twilio, phone)
    twilio.passed += 25 * 3600
    silent_for(pushed, 25 * 3600)
    await twilio.deliver(CLIENT_DOOR, THERAPIST, f"approve {number}")
    *_, news = await twilio.messages_to(phone, 3)
    assert news.content_sid == twilio.contents.named("approved").sid
    assert said("approved") in news.body
    assert "\n" not in news.content_variables["1"]
    await until(pushed, "delivered")


async def test_free_text_that_came_back_as_too_late_is_sent_again_as_a_template(
    pushed: Server, twilio: FakeTwilio, phone: str
) -> None:
    """Ours is the mistake: the last message was longer ago than we think."""
    number = await request(twilio, phone)
    twilio.passed += 25 * 3600
    await twilio.deliver(CLIENT_DOOR, THERAPIST, f"approve {number}")
    *_, refused, again = await twilio.messages_to(phone, 4, within=30)
    assert (refused.content_sid, refused.status, refused.error_code) == (None, "undelivered", 63016)
    assert again.content_sid == twilio.contents.named("approved").sid
    await until(pushed, "delivered")
    assert len([one for one in twilio.messages if one.to == phone]) == 4


async def test_without_a_template_it_fails_with_the_reason_and_is_not_sent_in_vain(
    pushed: Server, twilio: FakeTwilio, phone: str
) -> None:
    number = await request(twilio, phone)
    twilio.contents.decide("approved", "paused")
    await asyncio.to_thread(pushed.stop)
    pushed.start()
    await learnt(pushed, "approved", "paused")
    await asyncio.to_thread(pushed.stop)
    pushed.start()
    await pushed.logged('"texts": ["en/approved"]')
    silent_for(pushed, 25 * 3600)
    await twilio.deliver(CLIENT_DOOR, THERAPIST, f"approve {number}")
    await pushed.logged("the template of the text `approved` in `en` is not approved")
    await pushed.until_nothing_is_under_way()
    [row] = pushed.rows("SELECT * FROM outbox WHERE state = 'failed'")
    assert row["error_code"] == 63016
    assert len([one for one in twilio.messages if one.to == phone]) == 2
    await told(twilio, THERAPIST, "A word is needed")
    pushed.write("DELETE FROM outbox WHERE state = 'failed'")


async def test_a_tap_on_an_earlier_message_changes_nothing(twilio: FakeTwilio, phone: str) -> None:
    await request(twilio, phone)
    [summary, _] = await twilio.messages_to(phone, 2)
    await twilio.tap(CLIENT_DOOR, summary, "No")
    *_, explained = await twilio.messages_to(phone, 3)
    assert said("that_was_earlier") in explained.body
    await twilio.deliver(CLIENT_DOOR, phone, "No", OriginalRepliedMessageSid=summary.sid)
    *_, explained = await twilio.messages_to(phone, 4)
    assert said("that_was_earlier") in explained.body


async def test_a_long_offer_is_a_list_that_can_be_tapped(twilio: FakeTwilio, phone: str) -> None:
    await twilio.deliver(CLIENT_DOOR, phone, "in-call individual therapy please")
    [days] = await twilio.messages_to(phone, 1)
    assert len(days.buttons) > 3
    await twilio.tap(CLIENT_DOOR, days, days.buttons[1][0])
    *_, times = await twilio.messages_to(phone, 2)
    await twilio.tap(CLIENT_DOOR, times, times.buttons[0][0])
    *_, summary = await twilio.messages_to(phone, 3)
    assert said("confirm_booking") in summary.body


async def learnt(server: Server, text: str, approval: str, within: float = 15.0) -> None:
    """Wait until the server knows what WhatsApp says of the template of this text."""
    known = f"SELECT name FROM contents WHERE text_key = '{text}' AND approval = '{approval}'"  # noqa: S608
    async with asyncio.timeout(within):
        while not server.rows(known):  # noqa: ASYNC110  # another process writes it
            await asyncio.sleep(0.05)


async def until(server: Server, status: str, within: float = 15.0) -> None:
    """Wait until the newest message's fate is this one."""
    async with asyncio.timeout(within):
        while newest(server)["provider_status"] != status:  # noqa: ASYNC110  # another process writes it
            await asyncio.sleep(0.05)
    assert newest(server)["error_code"] is None


def newest(server: Server) -> dict[str, Any]:
    """The newest outbox row."""
    return server.rows("SELECT * FROM outbox ORDER BY id DESC LIMIT 1")[0]
