"""No more messages, and no floods, on the real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import aiohttp
import pytest

from tests.acceptance.conftest import MakeServer, twilio_for
from tests.acceptance.server import CLIENT_DOOR, THERAPIST, ZONE, Server, said
from tests.fakes.twilio import FakeTwilio

FORGER = "192.0.2.66"
LIMITS = {"TRUSTED_PROXIES": "1", "REFUSALS_PER_MINUTE": "5", "ANSWERS_PER_MINUTE": "6"}


@pytest.fixture(scope="module")
def limited(make_server: MakeServer) -> Server:
    """A server that is soon fed up."""
    made = make_server(**LIMITS)
    made.start()
    return made


@pytest.fixture
async def post_office(limited: Server) -> AsyncIterator[FakeTwilio]:
    async with twilio_for(limited) as twilio:
        yield twilio


async def test_an_approval_after_a_stop_is_told_by_phone(
    limited: Server, post_office: FakeTwilio, phone: str
) -> None:
    day = datetime.now(ZONE).date() + timedelta(days=1)
    for position, text in enumerate((f"book an in-call appointment on {day:%d %B %Y} at 14:00", "yes"), 1):
        await post_office.deliver(CLIENT_DOOR, phone, text)
        await post_office.messages_to(phone, position)
    notice, _ = await post_office.messages_to(phone, 2)
    assert said("privacy_notice") in notice.body
    await post_office.messages_to(THERAPIST, 1)
    await post_office.deliver(CLIENT_DOOR, phone, "please stop messaging me")
    *_, silence = await post_office.messages_to(phone, 3)
    assert said("silence_by_phone") in silence.body
    await post_office.deliver(CLIENT_DOOR, THERAPIST, "approve 1")
    _, approved, phoned = await post_office.messages_to(THERAPIST, 3)
    assert said("you_approved") in approved.body
    assert said("client_not_told") in phoned.body
    await post_office.deliver(CLIENT_DOOR, phone, "my appointments")
    *_, answer = await post_office.messages_to(phone, 4)
    assert said("your_appointments") in answer.body
    states = [row["state"] for row in limited.rows("SELECT state FROM outbox ORDER BY id")]
    assert states.count("withheld") == 1
    kinds = [row["kind"] for row in limited.rows("SELECT kind FROM consent_ledger ORDER BY id")]
    assert kinds == ["consented", "opted_out"]
    assert "messaging" not in limited.everything_stored()


async def test_what_twilio_refuses_for_an_opt_out_is_remembered(
    limited: Server, post_office: FakeTwilio, phone: str
) -> None:
    post_office.opted_out.add(phone)
    before = len(limited.rows("SELECT id FROM consent_ledger"))
    await post_office.deliver(CLIENT_DOOR, phone, "hello")
    await limited.logged("opted_out_elsewhere")
    ledger = limited.rows("SELECT kind, how FROM consent_ledger ORDER BY id")[before:]
    assert ledger == [{"kind": "opted_out", "how": "error 21610"}]


async def test_a_flood_is_turned_away_unread_and_twilio_is_not(
    limited: Server, post_office: FakeTwilio, phone: str
) -> None:
    async with aiohttp.ClientSession() as session:
        statuses = []
        for _ in range(7):
            async with session.post(
                f"{limited.url}/webhook/client",
                data={"Body": "hello"},
                headers={"X-Forwarded-For": FORGER, "X-Twilio-Signature": "nonsense"},
            ) as answer:
                statuses.append(answer.status)
    assert statuses == [403] * 5 + [429] * 2
    assert (await post_office.deliver(CLIENT_DOOR, phone, "hello")).status == 200


async def test_whoever_writes_too_fast_is_told_once_and_heard_in_danger(
    post_office: FakeTwilio, phone: str
) -> None:
    for number in range(9):
        answer = await post_office.deliver(CLIENT_DOOR, phone, f"hello number {number}")
        assert answer.status == 200
    answers = await post_office.messages_to(phone, 7)
    assert [said("slow_down") in answer.body for answer in answers] == [False] * 6 + [True]
    await post_office.deliver(CLIENT_DOOR, phone, "i want to kill myself")
    *_, numbers = await post_office.messages_to(phone, 8)
    assert "call 112 now" in numbers.body
