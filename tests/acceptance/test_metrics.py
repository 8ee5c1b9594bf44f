"""`/metrics` of the real server, read by Prometheus' own parser."""

from __future__ import annotations

import asyncio
import re

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.acceptance.conftest import MakeServer, twilio_for
from tests.acceptance.server import CLIENT_DOOR, ROOT, Server
from tests.fakes.twilio import FakeTwilio

TOKEN = "a token of its own"

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def asked(server: Server, **headers: str) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(
            f"{server.url}/metrics",
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        ) as answer,
    ):
        return answer.status, await answer.text()


async def samples(server: Server) -> Samples:
    _, text = await asked(server)
    return {
        (sample.name.removeprefix("therapy_booking_"), frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def labelled(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


async def test_a_message_and_its_answer_are_counted(server: Server, twilio: FakeTwilio, phone: str) -> None:
    twilio.news = ("sent", "delivered")
    expected = {
        labelled("turns_total", flow="client", end="taken"): 1,
        labelled("readings_total", classifier="offline"): 1,
        labelled("sendings_total", result="sent"): 1,
        labelled("delivery_reports_total", status="delivered", code=""): 1,
        labelled("requests_total", route="/webhook/client", status="200"): 1,
        labelled("request_seconds_count", route="/webhook/client"): 1,
        labelled("part_seconds_count", part="reading"): 1,
        labelled("part_seconds_count", part="transaction"): 1,
        labelled("part_seconds_count", part="sending"): 1,
    }
    before = await samples(server)
    await twilio.deliver(CLIENT_DOOR, phone, "could I see somebody some day next week?")
    await twilio.messages_to(phone, 1)
    async with asyncio.timeout(10):
        after = await samples(server)
        while {key: after.get(key, 0) - before.get(key, 0) for key in expected} != expected:
            after = await samples(server)
    assert after[labelled("queue_length", queue="inbox")] == 0
    assert after[labelled("queue_length", queue="outbox pending")] == 0
    assert after[labelled("database_connections", use="idle")] > 0


async def test_the_documentation_tells_of_each_and_of_nothing_else(server: Server) -> None:
    _, text = await asked(server)
    ours = {
        family.name.removeprefix("therapy_booking_"): family
        for family in text_string_to_metric_families(text)
        if family.name.startswith("therapy_booking_")
    }
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(\w+)` \|[^|]*\|[^|]*\|[^|]*\|$", page, re.MULTILINE))
    assert told == set(ours)
    queues = {sample.labels["queue"] for sample in ours["queue_length"].samples}
    assert set(re.findall(r"^\| `([\w ]+)` \|[^|]*\|[^|]*\|$", page, re.MULTILINE)) == queues


async def test_a_refusal_is_counted_with_its_code(server: Server, twilio: FakeTwilio, phone: str) -> None:
    before = await samples(server)
    twilio.opted_out.add(phone)
    await twilio.deliver(CLIENT_DOOR, phone, "hello")
    refusals = labelled("sending_refusals_total", code="21610")
    async with asyncio.timeout(10):
        while (await samples(server)).get(refusals, 0) == before.get(refusals, 0):
            pass
    assert (await samples(server))[labelled("numbers_resting")] == 0


async def test_what_waits_shows_its_age(server: Server, twilio: FakeTwilio, phone: str) -> None:
    await twilio.deliver(CLIENT_DOOR, phone, "hello")
    await twilio.messages_to(phone, 1)
    server.write("UPDATE outbox SET state = 'unknown', created_at = created_at - 3600")
    page = await samples(server)
    assert page[labelled("queue_length", queue="outbox unknown")] >= 1
    assert page[labelled("queue_oldest_seconds", queue="outbox unknown")] >= 3600


async def test_nobody_is_named(server: Server, twilio: FakeTwilio, phone: str) -> None:
    await twilio.deliver(CLIENT_DOOR, phone, "a secret wish", ProfileName="Xanthippe")
    await twilio.messages_to(phone, 1)
    _, text = await asked(server)
    for secret in (phone, phone.removeprefix("whatsapp:+"), "secret", "Xanthippe"):
        assert secret not in text


@pytest.mark.parametrize("header", ["X_Forwarded_For", "Forwarded", "Via"])
async def test_without_a_token_only_this_machine_may_read(server: Server, header: str) -> None:
    assert (await asked(server))[0] == 200
    assert (await asked(server, **{header: "for=127.0.0.1"}))[0] == 403


async def test_with_a_token_whoever_has_it_may_read(make_server: MakeServer) -> None:
    server = make_server(METRICS_TOKEN=TOKEN)
    server.start()
    async with twilio_for(server):
        assert (await asked(server))[0] == 403
        assert (await asked(server, Authorization="Bearer another"))[0] == 403
        assert (await asked(server, Authorization=f"Bearer {TOKEN}", X_Forwarded_For="203.0.113.9"))[0] == 200
    assert TOKEN not in server.log
