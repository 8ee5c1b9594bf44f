"""Twilio does not take a message: each kind of failure has its own effect, on the real server."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from tests.acceptance.server import CLIENT_DOOR, Server, said
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_faults import Fault


def row_of(server: Server) -> dict[str, Any]:
    """The newest outbox row but one: the one before that of the question that ended the wait."""
    return server.rows("SELECT * FROM outbox ORDER BY id DESC LIMIT 1 OFFSET 1")[0]


@pytest.mark.parametrize(("fault", "seconds"), [(Fault.CROWDED, 1), (Fault.RATE_LIMITED, 7)])
async def test_what_was_certainly_not_taken_is_sent_again_when_it_may_be(
    server: Server, twilio: FakeTwilio, phone: str, fault: Fault, seconds: int
) -> None:
    twilio.fail(fault)
    began = time.monotonic()
    await twilio.deliver(CLIENT_DOOR, phone, "hello")
    await twilio.messages_to(phone, 1, within=20)
    assert time.monotonic() - began > seconds - 1
    await twilio.deliver(CLIENT_DOOR, phone, "help")
    assert len(await twilio.messages_to(phone, 2)) == 2
    assert (row_of(server)["state"], row_of(server)["attempts"]) == ("sent", 2)


@pytest.mark.parametrize(
    "fault",
    [
        Fault.ERROR_BEFORE,
        Fault.ERROR_AFTER,
        Fault.BAD_GATEWAY,
        Fault.BAD_ANSWER,
        Fault.SILENCE_BEFORE,
        Fault.SILENCE_AFTER,
        Fault.DISCONNECT_BEFORE,
        Fault.DISCONNECT_AFTER,
    ],
)
async def test_what_may_have_been_taken_is_looked_for_and_comes_once(
    server: Server, twilio: FakeTwilio, phone: str, fault: Fault
) -> None:
    twilio.fail(fault)
    await twilio.deliver(CLIENT_DOOR, phone, "hello")
    await twilio.deliver(CLIENT_DOOR, phone, "help")
    replies = await twilio.messages_to(phone, 2, within=40)
    assert sorted(said("help") in reply.body for reply in replies) == [False, True]
    rows = await settled(server)
    assert [row["state"] for row in rows] == ["sent", "sent"]
    assert {row["provider_sid"] for row in rows} == {reply.sid for reply in replies}
    assert len([one for one in twilio.attempts if one["To"] == phone]) == (2 if fault.is_taken else 3)


async def test_what_cannot_be_known_is_listed_and_an_operator_decides(
    server: Server, twilio: FakeTwilio, phone: str
) -> None:
    twilio.list_fault = lambda: Fault.NOT_ALLOWED
    twilio.fail(Fault.ERROR_BEFORE)
    await twilio.deliver(CLIENT_DOOR, phone, "hello")
    await server.logged("message in doubt cannot be looked for")
    [listed] = in_doubt(server)
    assert (listed["state"], listed["begun"]) == ("unknown", 1)
    assert phone not in json.dumps(listed)
    assert phone in server.output_of("outbox", "unknown", "--show")
    assert twilio.messages == []
    assert server.run("outbox", "resend", str(listed["id"])) == 0
    assert len(await twilio.messages_to(phone, 1)) == 1
    assert server.run("outbox", "resend", str(listed["id"])) == 1
    assert server.run("outbox", "settle", str(listed["id"])) == 1
    twilio.fail(Fault.ERROR_BEFORE)
    await twilio.deliver(CLIENT_DOOR, phone, "help")
    number = await doubtful(server)
    assert server.run("outbox", "settle", number, "--sid", "SM1") == 1
    assert server.run("outbox", "settle", number, "--sid", "SM" + "0" * 32) == 0
    assert in_doubt(server) == []
    [row] = server.rows("SELECT state, provider_sid FROM outbox WHERE id = %s", number)
    assert row == {"state": "sent", "provider_sid": "SM" + "0" * 32}
    assert len(twilio.messages) == 1


def in_doubt(server: Server) -> list[dict[str, Any]]:
    return [json.loads(line) for line in server.output_of("outbox", "unknown", "--json").splitlines()]


async def doubtful(server: Server) -> str:
    """The number of the message in doubt, as soon as there is one."""
    async with asyncio.timeout(20):
        while not (rows := server.rows("SELECT id FROM outbox WHERE state = 'unknown'")):  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.1)
    return str(rows[0]["id"])


async def settled(server: Server) -> list[dict[str, Any]]:
    """The rows of the newest conversation, as soon as none is on its way or in doubt."""
    newest = "SELECT * FROM outbox WHERE conversation_id = (SELECT max(id) FROM conversations) ORDER BY id"
    async with asyncio.timeout(40):
        while True:
            rows = server.rows(newest)
            if all(row["state"] == "sent" for row in rows):
                return rows
            await asyncio.sleep(0.2)  # another process moves them


async def test_a_report_settles_what_was_in_doubt(server: Server, twilio: FakeTwilio, phone: str) -> None:
    twilio.fail(Fault.ERROR_AFTER)
    await twilio.deliver(CLIENT_DOOR, phone, "hello")
    [message] = await twilio.messages_to(phone, 1)
    answer = await twilio.report(message, "delivered")
    assert answer
    assert answer.status == 204
    [row] = server.rows("SELECT * FROM outbox ORDER BY id DESC LIMIT 1")
    assert (row["state"], row["provider_status"], row["provider_sid"]) == ("sent", "delivered", message.sid)


async def test_what_is_refused_for_good_is_kept_with_its_code(
    server: Server, twilio: FakeTwilio, phone: str
) -> None:
    twilio.opted_out.add(phone)
    await twilio.deliver(CLIENT_DOOR, phone, "hello")
    await server.logged("message refused")
    twilio.opted_out.clear()
    await twilio.deliver(CLIENT_DOOR, phone, "help")
    [helped] = await twilio.messages_to(phone, 1)
    assert said("help") in helped.body
    refused = row_of(server)
    assert (refused["state"], refused["error_code"], refused["attempts"]) == ("failed", 21610, 1)


async def test_a_slow_delivery_keeps_nobody_else_waiting(twilio: FakeTwilio, phone: str) -> None:
    twilio.fail(Fault.SILENCE_BEFORE)
    people = (phone, f"{phone}9")
    for one in people:
        await twilio.deliver(CLIENT_DOOR, one, "hello")
    # Whose reply goes first, and so meets the silence, is not certain; the other one's must come.
    replies = await asyncio.gather(
        *(twilio.messages_to(one, 1, within=5) for one in people), return_exceptions=True
    )
    assert sum(isinstance(reply, list) for reply in replies) == 1
