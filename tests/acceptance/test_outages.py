"""Dialogflow or the database go away while people write: nothing is lost and nothing happens twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import aiohttp
import grpc
import pytest

from tests.acceptance.conftest import MakeServer, twilio_for
from tests.acceptance.server import CLIENT_DOOR, THERAPIST, ZONE, Server, reaching, said
from tests.fakes.dialogflow import FakeDialogflow
from tests.fakes.mariadb import PrivateMariaDB
from tests.fakes.twilio import FakeTwilio

OUTAGE_SECONDS = 10


async def test_without_dialogflow_the_offline_classifier_answers(make_server: MakeServer, phone: str) -> None:
    async with FakeDialogflow() as agent:
        server = make_server(
            **reaching(agent),
        )
        server.start()
        async with twilio_for(server) as twilio:
            assert await measured(server, "classifier_set_aside") == 0
            agent.fail(grpc.StatusCode.UNAVAILABLE, times=None)
            await twilio.deliver(CLIENT_DOOR, phone, "which kinds of therapy do you offer")
            await twilio.messages_to(phone, 1)
            agent.recover()
            agent.delay = 30.0
            await twilio.deliver(CLIENT_DOOR, phone, "do I have any appointments with you")
            await twilio.messages_to(phone, 2)
        assert agent.texts
    async with twilio_for(server) as twilio:  # and now it is not there at all
        await twilio.deliver(CLIENT_DOOR, phone, "is there a time free on monday")
        await twilio.messages_to(phone, 1)
    assert await measured(server, "classifier_failures_total") >= 3
    assert await measured(server, "classifier_set_aside") == 1
    heard = server.rows("SELECT event, read_by FROM journal ORDER BY id")
    assert [row["read_by"] for row in heard] == ["offline"] * 3
    assert [row["event"] for row in heard[:2]] == ["get.services", "my.appointments"]
    assert server.log.count("classifier set aside") == 1


async def measured(server: Server, name: str) -> float:
    """What `/metrics` tells of something that has no labels."""
    async with aiohttp.ClientSession() as session, session.get(f"{server.url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    (value,) = [line.split()[1] for line in lines if line.startswith(f"therapy_booking_{name} ")]
    return float(value)


@pytest.mark.parametrize(
    ("go", "come"),
    [(PrivateMariaDB.pause, PrivateMariaDB.resume), (PrivateMariaDB.kill, PrivateMariaDB.start)],
    ids=["hung", "killed"],
)
async def test_the_database_is_gone_for_ten_seconds_in_the_middle_of_a_booking(
    make_server: MakeServer,
    phone: str,
    go: Callable[[PrivateMariaDB], None],
    come: Callable[[PrivateMariaDB], None],
) -> None:
    with PrivateMariaDB() as database:
        server = make_server(database)
        server.start()
        day = datetime.now(ZONE) + timedelta(days=5)
        async with twilio_for(server) as twilio:
            await twilio.deliver(CLIENT_DOOR, phone, f"book an in-call appointment on {day:%d %B %Y} at 3pm")
            await twilio.messages_to(phone, 1)
            go(database)
            agreeing = asyncio.create_task(twilio.deliver(CLIENT_DOOR, phone, "yes"))
            await asyncio.sleep(OUTAGE_SECONDS)  # the outage itself is what is tested
            await asyncio.to_thread(come, database)
            answer = await agreeing
            assert (answer.status, answer.tries) == (200, 1)
            await once_and_completely(server, twilio, phone)
        server.kill()


async def once_and_completely(server: Server, twilio: FakeTwilio, phone: str) -> None:
    await twilio.deliver(CLIENT_DOOR, phone, "help")
    summary, sent, helped = await twilio.messages_to(phone, 3, within=45)
    assert said("confirm_booking") in summary.body
    assert said("request_sent") in sent.body
    assert said("help") in helped.body
    [request] = await twilio.messages_to(THERAPIST, 1)
    assert "New request" in request.body
    assert server.rows("SELECT status FROM appointments") == [{"status": "pending"}]
    assert server.rows("SELECT count(*) AS n FROM claims") == [{"n": 24}]
    taken = server.rows("SELECT count(*) AS n, count(taken_at) AS taken FROM inbox")
    assert taken == [{"n": 4, "taken": 4}]
    assert len(twilio.attempts) == len(twilio.messages)
