"""The fake agent is as strict as the real one; otherwise tests that use it prove nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from google.api_core import exceptions
from google.cloud import dialogflowcx_v3 as cx
from google.cloud.dialogflowcx_v3.services.sessions.transports import SessionsGrpcAsyncIOTransport
from google.protobuf import json_format

from tests.fakes.dialogflow import AGENT, FakeDialogflow, Rule

NOW = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
RULES = [
    Rule("I want to book an appointment", "book.appointment", confidence=0.87),
    Rule("tomorrow at 2 PM", "give.time", {"appointment-time": {"days_ahead": 1, "hours": 14}}),
    Rule("in-call please", "book.appointment", {"service-type": "in-call"}),
]


@pytest.fixture
async def dialogflow() -> AsyncIterator[FakeDialogflow]:
    async with FakeDialogflow(RULES, now=lambda: NOW) as fake:
        yield fake


@pytest.fixture
async def client(dialogflow: FakeDialogflow) -> AsyncIterator[cx.SessionsAsyncClient]:
    channel = grpc.aio.insecure_channel(dialogflow.address)
    yield cx.SessionsAsyncClient(transport=SessionsGrpcAsyncIOTransport(channel=channel))
    await channel.close()


def request(text: str = "in-call please", **changes: object) -> dict[str, Any]:
    return {
        "session": f"{AGENT}/sessions/0123456789abcdef",
        "query_input": {"text": {"text": text}, "language_code": "en"},
        "query_params": {"time_zone": "Europe/Berlin"},
    } | changes


def parameters(match: cx.Match) -> dict[str, Any]:
    found: dict[str, Any] = json_format.MessageToDict(cx.Match.pb(match).parameters)
    return found


async def test_answers_with_the_rule_for_the_text(client: cx.SessionsAsyncClient) -> None:
    answer = await client.match_intent(request=request("  i WANT to book an appointment"), timeout=5)
    [match] = answer.matches
    assert match.intent.display_name == "book.appointment"
    assert match.match_type == cx.Match.MatchType.INTENT
    assert match.confidence == pytest.approx(0.87)


async def test_detect_intent_answers_too(client: cx.SessionsAsyncClient) -> None:
    answer = await client.detect_intent(request=request(), timeout=5)
    assert parameters(answer.query_result.match) == {"service-type": "in-call"}


async def test_dates_are_reckoned_in_the_zone_of_the_request(client: cx.SessionsAsyncClient) -> None:
    """At 23:30 UTC it is already the next day in Berlin."""
    answer = await client.match_intent(request=request("tomorrow at 2 PM"), timeout=5)
    found = parameters(answer.matches[0])["appointment-time"]
    assert (found["year"], found["month"], found["day"], found["hours"]) == (2026.0, 3.0, 3.0, 14.0)


async def test_unknown_text_is_no_match(client: cx.SessionsAsyncClient) -> None:
    [match] = (await client.match_intent(request=request("blah"), timeout=5)).matches
    assert (match.match_type, match.event) == (cx.Match.MatchType.NO_MATCH, "sys.no-match-default")


async def test_an_intent_without_a_route_never_matches(
    dialogflow: FakeDialogflow, client: cx.SessionsAsyncClient
) -> None:
    dialogflow.routes = frozenset({"give.time"})
    [match] = (await client.match_intent(request=request(), timeout=5)).matches
    assert match.match_type == cx.Match.MatchType.NO_MATCH


@pytest.mark.parametrize(
    "bad",
    [
        request("x" * 257),
        request("   "),
        request(session=f"{AGENT}/sessions/{'x' * 37}"),
        request(session="sessions/1"),
        request(query_input={"text": {"text": "hi"}}),
        request(query_input={"text": {"text": "hi"}, "language_code": "fi"}),
        request(query_params={"time_zone": "Mars/Olympus"}),
    ],
    ids=[
        "long text",
        "empty text",
        "long session",
        "bad session",
        "no language",
        "another language",
        "bad zone",
    ],
)
async def test_refuses_what_the_real_one_refuses(client: cx.SessionsAsyncClient, bad: dict[str, Any]) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        await client.match_intent(request=bad, timeout=5)


async def test_takes_texts_and_sessions_up_to_the_limit(client: cx.SessionsAsyncClient) -> None:
    answer = await client.match_intent(
        request=request("x" * 256, session=f"{AGENT}/environments/live/sessions/{'x' * 36}"), timeout=5
    )
    assert len(answer.matches) == 1


async def test_knows_no_other_agent(client: cx.SessionsAsyncClient) -> None:
    with pytest.raises(exceptions.NotFound):
        await client.match_intent(request=request(session=f"{AGENT}x/sessions/1"), timeout=5)


async def test_fails_as_often_as_told_and_counts_the_requests(
    dialogflow: FakeDialogflow, client: cx.SessionsAsyncClient
) -> None:
    dialogflow.fail(grpc.StatusCode.RESOURCE_EXHAUSTED, times=2)
    for _ in range(2):
        with pytest.raises(exceptions.ResourceExhausted):
            await client.match_intent(request=request(), timeout=5)
    await client.match_intent(request=request(), timeout=5)
    assert dialogflow.texts == ["in-call please"] * 3


async def test_a_slow_agent_runs_into_the_deadline(
    dialogflow: FakeDialogflow, client: cx.SessionsAsyncClient
) -> None:
    dialogflow.delay = 60
    with pytest.raises(exceptions.DeadlineExceeded):
        await client.match_intent(request=request(), timeout=0.05)
    dialogflow.recover()
    async with asyncio.timeout(5):
        await client.match_intent(request=request(), timeout=5)
