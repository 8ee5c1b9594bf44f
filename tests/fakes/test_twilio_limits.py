"""The fake Twilio has the real one's limits: messages a day, pages of lists, one of each parameter."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from tests.fakes import twilio_forms as forms
from tests.fakes.test_twilio import GOOD, MESSAGES, Site, call
from tests.fakes.test_twilio_contents import TEXT, made, send
from tests.fakes.twilio import FakeTwilio

LIST = f"{MESSAGES}.json"
CONTENTS = "/v1/ContentAndApprovals"


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    async with FakeTwilio() as fake:
        yield fake


async def test_what_a_trial_account_may_send_in_24_hours_is_counted(twilio: FakeTwilio) -> None:
    twilio.daily_limit.most = 2
    assert (await call(twilio, form=GOOD))[0] == 201
    twilio.passed += 23 * 3600
    assert (await call(twilio, form=GOOD))[0] == 201
    status, answer = await call(twilio, form=GOOD)
    assert (status, answer["code"]) == (429, 63038)
    assert "exceeded the 2 daily messages limit" in answer["message"]
    twilio.passed += 3600
    assert (await call(twilio, form=GOOD))[0] == 201, "the first one was a day ago"
    assert (await call(twilio, form=GOOD))[0] == 429
    assert len(twilio.messages) == 3


@pytest.mark.parametrize(
    "query", ["Page=1", "Page=1&PageToken=PA1", "Page=one", "Page=-1", "PageSize=0", "PageSize=many"]
)
@pytest.mark.parametrize("path", [LIST, CONTENTS])
async def test_later_pages_are_open_only_to_who_was_told_of_them(
    twilio: FakeTwilio, path: str, query: str
) -> None:
    status, answer = await call(twilio, f"{path}?{query}")
    assert (status, answer["code"]) == (400, 20001)


async def test_a_page_has_a_thousand_messages_at_most(twilio: FakeTwilio) -> None:
    for _ in range(1_001):
        twilio.receive(forms.message("hello"))
    _, first = await call(twilio, f"{LIST}?PageSize=5000")
    _, second = await call(twilio, first["next_page_uri"])
    assert (first["page_size"], len(first["messages"]), len(second["messages"])) == (1000, 1000, 1)


@pytest.mark.parametrize(
    ("repeated", "code"),
    [([("MediaUrl", "https://practice.example/x.png")] * 11, 21623), ([("Body", "Hi")], 20001)],
)
async def test_one_thing_is_given_once_and_ten_media_at_most(
    twilio: FakeTwilio, repeated: list[tuple[str, str]], code: int
) -> None:
    form = aiohttp.FormData([*GOOD.items(), *repeated])
    async with (
        aiohttp.ClientSession(headers={"Authorization": forms.authorization()}) as session,
        session.post(twilio.url + LIST, data=form) as response,
    ):
        assert (response.status, (await response.json())["code"]) == (400, code)
    assert twilio.messages == []


async def test_messages_are_taken_as_forms_only(twilio: FakeTwilio) -> None:
    async with (
        aiohttp.ClientSession(headers={"Authorization": forms.authorization()}) as session,
        session.post(twilio.url + LIST, json=GOOD) as response,
    ):
        assert (response.status, (await response.json())["code"]) == (400, 21604)


@pytest.mark.parametrize("later", [{"ScheduleType": "fixed"}, {"SendAt": "2030-01-01T00:00:00Z"}])
async def test_only_a_service_sends_later(twilio: FakeTwilio, later: dict[str, str]) -> None:
    assert (await call(twilio, form=GOOD | later))[1]["code"] == 20001
    service = {"To": forms.CLIENT, "MessagingServiceSid": "MG" + "0" * 32, "Body": "Hello"}
    assert (await call(twilio, form=service | later))[0] == 201


@pytest.mark.parametrize(
    ("status", "code"), [("rejected", 63040), ("paused", 63041), ("disabled", 63042), ("pending", 63016)]
)
async def test_a_template_that_whatsapp_has_turned_away_is_not_delivered(
    twilio: FakeTwilio, status: str, code: int
) -> None:
    twilio.keeps_window = twilio.news_first = True
    twilio.news = ("delivered",)
    sid = await made(twilio, TEXT)
    twilio.contents.submit(twilio.contents.contents[sid], {"name": "news", "category": "UTILITY"})
    twilio.contents.decide("news", status)
    async with Site(web.Response) as site:
        form = {"ContentSid": sid, "ContentVariables": '{"1": "Ada"}', "StatusCallback": f"{site.url}/status"}
        assert (await send(twilio, **form))[0] == 201
        await twilio.deliver(f"{site.url}/hook", forms.CLIENT, "hello")
        assert (await send(twilio, **form))[0] == 201
        told = [news.get("ErrorCode") for path, news, _ in site.posts if path == "/status"]
    assert told == [str(code), None], "within the 24 hours it is a message like any other"


@pytest.mark.parametrize(
    "overrides", ["rc=6", "rp=none", "rt=99", "ct=10001", "tt=soon", "sni=maybe", "retries=3"]
)
async def test_an_address_may_ask_for_what_there_is(twilio: FakeTwilio, overrides: str) -> None:
    async with Site(web.Response) as site:
        with pytest.raises(AssertionError, match=overrides):
            await twilio.deliver(f"{site.url}#{overrides}", forms.CLIENT, "hello")
        assert site.posts == []
