"""The fake Twilio is as strict as the real one, signs like it, and goes wrong like it."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import aiohttp
import pytest
from aiohttp import web
from twilio.request_validator import RequestValidator

from tests.fakes import twilio_forms as forms
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_faults import Fault
from tests.fakes.twilio_messages import SentMessage
from tests.fakes.twilio_sandbox import Sandbox

GOOD = {"To": forms.CLIENT, "From": forms.PRACTICE, "Body": "Hello"}
MESSAGES = f"/2010-04-01/Accounts/{forms.ACCOUNT_SID}/Messages"


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    async with FakeTwilio() as fake:
        yield fake


async def call(
    twilio: FakeTwilio,
    path: str = f"{MESSAGES}.json",
    form: dict[str, str] | None = None,
    *,
    token: str = forms.AUTH_TOKEN,
) -> tuple[int, dict[str, Any]]:
    """POST the form, or GET without one."""
    login = forms.authorization(token=token)
    async with (
        aiohttp.ClientSession(headers={"Authorization": login}) as session,
        session.request("GET" if form is None else "POST", twilio.url + path, data=form) as response,
    ):
        return response.status, await response.json()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"To": ""}, 21604),
        ({"From": ""}, 21603),
        ({"Body": ""}, 21619),
        ({"To": "+4915112345678"}, 21211),
        ({"From": "whatsapp:+10000000000"}, 63007),
        ({"Body": "x" * 1_601}, 21617),
        ({"Body": "😀" * 801}, 21617),
        ({"ContentSid": "HX1"}, 21655),
        ({"ContentVariables": "{}"}, 21654),
        ({"ContentSid": "HX" + "0" * 32, "ContentVariables": '{"1": 2}'}, 21656),
        ({"ContentSid": "HX" + "0" * 32, "ContentVariables": '["one"]'}, 21656),
        ({"ContentSid": "HX" + "0" * 32, "ContentVariables": "one"}, 21656),
        ({"StatusCallback": "practice.example/status"}, 21609),
        ({"Txt": "typing error"}, 20001),
        ({"ValidityPeriod": "36001"}, 20001),
        ({"ValidityPeriod": "0"}, 20001),
        ({"MediaUrl": "ftp://practice.example/x.png"}, 21620),
        ({"MessagingServiceSid": "MG1"}, 21703),
        ({"StatusCallback": "https://under_score.example/status"}, 21609),
    ],
)
async def test_wrong_parameters_are_refused(twilio: FakeTwilio, changes: dict[str, str], code: int) -> None:
    status, answer = await call(twilio, form=GOOD | changes)
    assert (status, answer["code"], answer["status"]) == (400, code, 400)
    assert twilio.messages == []


async def test_whoever_has_opted_out_is_not_written_to(twilio: FakeTwilio) -> None:
    twilio.opted_out.add(GOOD["To"])
    status, answer = await call(twilio, form=GOOD)
    assert (status, answer["code"]) == (400, 21610)
    assert twilio.messages == []


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"From": forms.PRACTICE, "Body": "Hello"}, "queued"),
        ({"MessagingServiceSid": "MG" + "0" * 32, "Body": "Hello"}, "accepted"),
        ({"From": forms.PRACTICE, "MediaUrl": "https://practice.example/x.png"}, "queued"),
    ],
)
async def test_a_number_or_a_service_sends_a_text_or_a_medium(
    twilio: FakeTwilio, form: dict[str, str], status: str
) -> None:
    answered, answer = await call(twilio, form={"To": forms.CLIENT} | form)
    assert (answered, answer["status"], answer["date_sent"]) == (201, status, None)
    assert answer["messaging_service_sid"] == form.get("MessagingServiceSid")


async def test_a_deleted_message_is_gone(twilio: FakeTwilio) -> None:
    _, made = await call(twilio, form=GOOD)
    one = f"{MESSAGES}/{made['sid']}.json"
    headers = {"Authorization": forms.authorization()}
    async with aiohttp.ClientSession(headers=headers) as session:
        for status in (204, 404):
            async with session.delete(twilio.url + one) as response:
                assert response.status == status
    assert twilio.messages == []


async def test_the_list_has_both_directions_and_days_filter_what_has_left(twilio: FakeTwilio) -> None:
    await call(twilio, form=GOOD)
    today = datetime.now(UTC)
    old = twilio.receive(forms.message("old"), today - timedelta(days=2))
    new = twilio.receive(forms.message("new"), today)

    async def sids(query: str) -> list[str]:
        _, answer = await call(twilio, f"{MESSAGES}.json?{query}")
        return [message["sid"] for message in answer["messages"]]

    queued = twilio.messages[0].sid
    assert set(await sids("")) == {queued, old.sid, new.sid}
    assert await sids(f"DateSent%3E={today - timedelta(days=1):%Y-%m-%d}") == [new.sid]
    assert await sids(f"DateSent%3C={today - timedelta(days=1):%Y-%m-%d}") == [old.sid]
    assert await sids(f"DateSent={today - timedelta(days=2):%Y-%m-%d}") == [old.sid]
    assert await sids(f"To={forms.PRACTICE.replace('+', '%2B')}") == [new.sid, old.sid]
    twilio.unlisted.add(new.sid)
    assert new.sid not in await sids("")
    assert (await call(twilio, f"{MESSAGES}.json?DateSent=yesterday"))[0] == 400
    assert {message["direction"] for message in (await call(twilio))[1]["messages"]} == {
        "inbound",
        "outbound-api",
    }


async def test_nobody_is_reached_in_the_sandbox_before_joining_it(twilio: FakeTwilio) -> None:
    twilio.sandbox, twilio.news = Sandbox(), ("delivered",)
    twilio.news_first = True
    async with Site(web.Response) as site, asyncio.timeout(5):
        good = GOOD | {"StatusCallback": f"{site.url}/status"}
        await call(twilio, form=good)
        await twilio.deliver(site.url, forms.CLIENT, "join wild-forest")
        await call(twilio, form=good)
        assert (await twilio.deliver(site.url, forms.CLIENT, "Join calm-river")).tries == 0
        await call(twilio, form=good)
        await call(twilio, form=good)
        twilio.passed += 3
        await call(twilio, form=good)
        twilio.passed += 3 * 24 * 3600
        await call(twilio, form=good)
        await twilio.deliver(site.url, forms.CLIENT, "join calm-river")
        await call(twilio, form=good)
        assert (await twilio.deliver(site.url, forms.CLIENT, "stop")).tries == 0
        await call(twilio, form=good)
        reports = [form["MessageStatus"] + form.get("ErrorCode", "") for _, form, _ in site.posts]
    assert reports == [
        "undelivered63015",  # not joined
        "undelivered63015",  # joined another one
        "delivered",
        "undelivered63018",  # within three seconds
        "delivered",
        "undelivered63015",  # three days later
        "delivered",
        "undelivered63015",  # left
    ]


async def test_in_disorder_reports_come_in_any_order_twice_or_never(twilio: FakeTwilio) -> None:
    twilio.news, twilio.news_first = ("sent", "delivered", "read"), True
    twilio.disorder = random.Random(3)  # noqa: S311  # the same disorder every time
    async with Site(web.Response) as site, asyncio.timeout(10):
        for number in range(20):
            await call(twilio, form=GOOD | {"StatusCallback": f"{site.url}/status?o={number}"})
        orders = [
            tuple(form["MessageStatus"] for path, form, _ in site.posts if path.endswith(f"={number}"))
            for number in range(20)
        ]
    assert () in orders
    assert any(len(order) > len(set(order)) for order in orders)
    assert any(order and order[0] == "read" for order in orders)


@pytest.mark.parametrize(
    ("overrides", "tries"),
    [("rc=5&rp=all", 6), ("rc=2&rp=4xx", 3), ("rc=2&rp=5xx", 1), ("e=dublin&sni=y", 1)],
)
async def test_it_repeats_as_its_overrides_say(twilio: FakeTwilio, overrides: str, tries: int) -> None:
    async with Site(lambda: web.Response(status=404)) as site:
        assert (await twilio.deliver(f"{site.url}#{overrides}", forms.CLIENT, "hello")).tries == tries
        assert {dict(form)["MessageSid"] for _, form, _ in site.posts} == {twilio.received[0].sid}


async def test_a_wrong_login_and_another_account_are_refused(twilio: FakeTwilio) -> None:
    assert (await call(twilio, form=GOOD, token="wrong"))[1]["code"] == 20003
    other = f"/2010-04-01/Accounts/AC{'f' * 32}/Messages.json"
    assert (await call(twilio, other, GOOD))[1]["code"] == 20404


async def test_messages_can_be_fetched_and_listed_by_page(twilio: FakeTwilio) -> None:
    sids = [(await call(twilio, form=GOOD))[1]["sid"] for _ in range(3)]
    assert (await call(twilio, f"{MESSAGES}/{sids[0]}.json"))[1]["sid"] == sids[0]
    assert (await call(twilio, f"{MESSAGES}/SM0.json"))[0] == 404
    _, first = await call(twilio, f"{MESSAGES}.json?PageSize=2&To={forms.CLIENT.replace('+', '%2B')}")
    _, second = await call(twilio, first["next_page_uri"])
    assert [message["sid"] for page in (first, second) for message in page["messages"]] == sids[::-1]
    assert second["next_page_uri"] is None
    assert (await call(twilio, f"{MESSAGES}.json?To=whatsapp:%2B1"))[1]["messages"] == []


@pytest.mark.skipif(
    "EVAL_DATA" not in os.environ, reason="EVAL_DATA does not name the folder of outside data"
)
async def test_answers_have_the_shape_that_twilio_publishes(twilio: FakeTwilio) -> None:
    file = Path(os.environ["EVAL_DATA"]) / "twilio_api_v2010_messages.openapi.json"
    schemas = json.loads(file.read_text(encoding="utf-8"))["components"]["schemas"]
    status, answer = await call(twilio, form=GOOD)
    assert status == 201
    assert answer.keys() == schemas["api.v2010.account.message"]["properties"].keys()
    for name, shape in schemas["api.v2010.account.message"]["properties"].items():
        assert_has_shape(
            answer[name], schemas[shape["$ref"].rpartition("/")[2]] if "$ref" in shape else shape
        )


def assert_has_shape(value: object, shape: dict[str, Any]) -> None:
    """The part of OpenAPI that the published shapes use."""
    if value is None:
        assert shape.get("nullable")
        return
    assert isinstance(value, {"string": str, "integer": int, "object": dict}[shape["type"]])
    assert value in shape.get("enum", [value])
    assert re.search(shape.get("pattern", ""), str(value))
    if shape.get("format") == "date-time-rfc-2822":
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000", str(value))


class Site:
    """A web site that remembers what was posted to it and answers as told."""

    def __init__(self, answer: Callable[[], web.Response]) -> None:
        self.answer = answer
        self.posts: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.posts.append((request.path_qs, form, dict(request.headers)))
        return self.answer()

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/{any:.*}", self.take)
        self.runner = web.AppRunner(app, access_log=None)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.runner.cleanup()


def silent_thanks() -> web.Response:
    return web.Response(text="<Response/>", content_type="text/xml")


async def test_it_knocks_with_a_signature_that_the_sdk_accepts(twilio: FakeTwilio) -> None:
    async with Site(silent_thanks) as site:
        twilio.proxies["https://practice.example"] = site.url
        answer = await twilio.deliver("https://practice.example/hook?x=1#rc=3", forms.CLIENT, "grüß dich 😀")
    [(path, form, headers)] = site.posts
    assert (answer.status, path, form["Body"]) == (200, "/hook?x=1", "grüß dich 😀")
    assert RequestValidator(forms.AUTH_TOKEN).validate(
        "https://practice.example/hook?x=1", form, headers["X-Twilio-Signature"]
    )


async def test_a_webhook_is_repeated_only_if_its_address_asks_for_it(twilio: FakeTwilio) -> None:
    async with Site(lambda: web.Response(status=503)) as site:
        assert (await twilio.deliver(site.url, forms.CLIENT, "hello")).tries == 1
        assert (await twilio.deliver(f"{site.url}#rc=2&rp=5xx", forms.CLIENT, "hello")).tries == 3
    tokens = [headers["I-Twilio-Idempotency-Token"] for _, _, headers in site.posts]
    assert len(tokens) == 4
    assert len(set(tokens)) == 2


@pytest.mark.parametrize(("text", "content_type"), [("hi", "text/plain"), ("<p/>", "text/xml")])
async def test_it_complains_about_answers_it_cannot_read(
    twilio: FakeTwilio, text: str, content_type: str
) -> None:
    async with Site(lambda: web.Response(text=text, content_type=content_type)) as site:
        with pytest.raises(AssertionError, match=r"12[23]00"):
            await twilio.deliver(site.url, forms.CLIENT, "hello")


async def test_an_empty_answer_is_no_reply(twilio: FakeTwilio) -> None:
    async with Site(web.Response) as site:
        assert (await twilio.deliver(site.url, forms.CLIENT, "hello")).status == 200


@pytest.mark.parametrize("news_first", [False, True])
async def test_it_reports_deliveries_in_the_order_told(twilio: FakeTwilio, *, news_first: bool) -> None:
    twilio.news, twilio.news_first = ("delivered", "sent", "sent"), news_first
    told = asyncio.Event()
    arrived: list[str] = []

    def note() -> web.Response:
        arrived.append("news")
        if len(arrived) == 3:
            told.set()
        return web.Response(status=204)

    async with Site(note) as site, asyncio.timeout(5):
        await call(twilio, form=GOOD | {"StatusCallback": f"{site.url}/status?o=9"})
        await told.wait()
        statuses = [form["MessageStatus"] for _, form, _ in site.posts]
        assert statuses == ["delivered", "sent", "sent"]
        assert {path for path, _, _ in site.posts} == {"/status?o=9"}


async def test_what_cannot_be_delivered_is_taken_and_reported_afterwards(twilio: FakeTwilio) -> None:
    twilio.undeliverable[forms.CLIENT] = 63016
    told = asyncio.Event()

    def note() -> web.Response:
        told.set()
        return web.Response(status=204)

    async with Site(note) as site, asyncio.timeout(5):
        assert (await call(twilio, form=GOOD | {"StatusCallback": f"{site.url}/status"}))[0] == 201
        await told.wait()
        [(_, form, _)] = site.posts
    assert (form["MessageStatus"], form["ErrorCode"]) == ("undelivered", "63016")


@pytest.mark.parametrize(("fault", "taken"), [(Fault.ERROR_BEFORE, 0), (Fault.ERROR_AFTER, 1)])
async def test_a_fault_counts_down_and_may_come_after_taking(
    twilio: FakeTwilio, fault: Fault, taken: int
) -> None:
    twilio.fail(fault)
    status, answer = await call(twilio, form=GOOD)
    assert (status, answer["code"], len(twilio.messages)) == (500, 20500, taken)
    assert (await call(twilio, form=GOOD))[0] == 201


async def test_waiting_for_messages_says_how_many_came(twilio: FakeTwilio) -> None:
    await call(twilio, form=GOOD)
    messages = await twilio.messages_to(forms.CLIENT, 1)
    assert [type(message) for message in messages] == [SentMessage]
    with pytest.raises(TimeoutError, match="1 of 2"):
        await twilio.messages_to(forms.CLIENT, 2, within=0.01)
