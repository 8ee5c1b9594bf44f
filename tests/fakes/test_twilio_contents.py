"""The fake Content API refuses what the real one does, and holds to the 24 hours."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.fakes import twilio_forms as forms
from tests.fakes.test_twilio import Site
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_messages import RefusedByTwilio

TEXT = {
    "friendly_name": "news",
    "language": "en",
    "variables": {"1": "Maria"},
    "types": {"twilio/text": {"body": "There is some news for {{1}} here."}},
}
BUTTONS = {
    "friendly_name": "buttons",
    "language": "en",
    "variables": {"1": "Which?", "2": "Yes", "3": "yes"},
    "types": {
        "twilio/quick-reply": {
            "body": "{{1}}",
            "actions": [{"type": "QUICK_REPLY", "title": "{{2}}", "id": "{{3}}"}],
        }
    },
}
LIST = {
    "friendly_name": "list",
    "language": "en",
    "variables": {"1": "Which?"},
    "types": {
        "twilio/list-picker": {
            "body": "{{1}}",
            "button": "Choose",
            "items": [{"item": "Monday", "id": "1", "description": "in the morning"}],
        }
    },
}
CONTENT = "/v1/Content"
MESSAGES = f"/2010-04-01/Accounts/{forms.ACCOUNT_SID}/Messages.json"


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    async with FakeTwilio() as fake:
        yield fake


async def call(
    twilio: FakeTwilio,
    method: str,
    path: str,
    *,
    token: str = forms.AUTH_TOKEN,
    **body: Any,  # noqa: ANN401  # whatever aiohttp takes
) -> tuple[int, Any]:
    login = {"Authorization": forms.authorization(token=token)}
    async with (
        aiohttp.ClientSession(headers=login) as session,
        session.request(method, twilio.url + path, **body) as response,
    ):
        return response.status, await response.json() if response.content_length else None


async def made(twilio: FakeTwilio, payload: dict[str, Any]) -> str:
    status, answer = await call(twilio, "POST", CONTENT, json=payload)
    assert status == 201, answer
    return str(answer["sid"])


async def send(twilio: FakeTwilio, **form: str) -> tuple[int, Any]:
    return await call(twilio, "POST", MESSAGES, data={"To": forms.CLIENT, "From": forms.PRACTICE} | form)


def changed(payload: dict[str, Any], *path: str | int, to: Any) -> dict[str, Any]:  # noqa: ANN401
    """The payload with one thing replaced; None takes it away."""
    other = copy.deepcopy(payload)
    inner: Any = other
    for key in path[:-1]:
        inner = inner[key]
    if to is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = to
    return other


QUICK = ("types", "twilio/quick-reply")
PICKER = ("types", "twilio/list-picker")
ACTION = {"type": "QUICK_REPLY", "title": "A", "id": "a"}


@pytest.mark.parametrize(
    "wrong",
    [
        changed(TEXT, "language", to=None),
        changed(TEXT, "types", to={}),
        changed(TEXT, "types", to={"twilio_text": {"body": "x"}}),
        changed(TEXT, "types", "twilio/text", "body", to="x" * 1_600 + "{{1}}"),
        changed(TEXT, "types", "twilio/text", "body", to="No variable"),
        changed(TEXT, "variables", to={}),
        changed(TEXT, "variables", to={"2": "Maria"}),
        changed(TEXT, "variables", to={"1": ""}),
        changed(TEXT, "variables", to={"1": "x" * 1_601}),
        changed(
            changed(TEXT, "variables", to={str(one): "x" for one in range(1, 102)}),
            *("types", "twilio/text", "body"),
            to=" ".join(f"{{{{{one}}}}}" for one in range(1, 102)),
        ),
        changed(BUTTONS, *QUICK, "body", to="x" * 1_025),
        changed(BUTTONS, *QUICK, "actions", to=[]),
        changed(BUTTONS, *QUICK, "actions", 0, "title", to="x" * 21),
        changed(BUTTONS, *QUICK, "actions", 0, "id", to="x" * 129),
        changed(BUTTONS, *QUICK, "actions", 0, "type", to="REPLY"),
        changed(BUTTONS, *QUICK, "actions", to=[ACTION, ACTION]),
        changed(
            BUTTONS, *QUICK, "actions", to=[ACTION | {"title": str(one), "id": str(one)} for one in range(11)]
        ),
        changed(LIST, *PICKER, "button", to=None),
        changed(LIST, *PICKER, "button", to="x" * 21),
        changed(LIST, *PICKER, "items", to=[]),
        changed(LIST, *PICKER, "items", to=[{"item": str(one), "id": str(one)} for one in range(11)]),
        changed(LIST, *PICKER, "items", 0, "item", to="x" * 25),
        changed(LIST, *PICKER, "items", 0, "description", to="x" * 73),
    ],
)
async def test_a_wrong_content_is_not_made(twilio: FakeTwilio, wrong: dict[str, Any]) -> None:
    assert (await call(twilio, "POST", CONTENT, json=wrong))[0] == 400
    assert twilio.contents.contents == {}


@pytest.mark.parametrize("payload", [TEXT, BUTTONS, LIST])
async def test_a_good_one_is_made_fetched_listed_and_deleted(
    twilio: FakeTwilio, payload: dict[str, Any]
) -> None:
    sid = await made(twilio, payload)
    assert (await call(twilio, "GET", f"{CONTENT}/{sid}"))[1]["types"] == payload["types"]
    listed = (await call(twilio, "GET", "/v1/ContentAndApprovals"))[1]["contents"]
    assert [(one["sid"], one["approval_requests"]["status"]) for one in listed] == [(sid, "unsubmitted")]
    assert (await call(twilio, "DELETE", f"{CONTENT}/{sid}"))[0] == 204
    assert (await call(twilio, "GET", f"{CONTENT}/{sid}"))[0] == 404


async def test_it_takes_json_only_and_nobody_without_the_token(twilio: FakeTwilio) -> None:
    form = {"friendly_name": "news", "language": "en", "types": "{}"}
    assert (await call(twilio, "POST", CONTENT, data=form))[0] == 400
    headers = {"Content-Type": "application/json"}
    assert (await call(twilio, "POST", CONTENT, data="{", headers=headers))[0] == 400
    assert (await call(twilio, "POST", CONTENT, json=TEXT, token="wrong"))[1]["code"] == 20003


async def test_lists_come_in_pages_the_newest_first(twilio: FakeTwilio) -> None:
    sids = [await made(twilio, TEXT) for _ in range(3)]
    first = (await call(twilio, "GET", "/v1/ContentAndApprovals?PageSize=2"))[1]
    path = first["meta"]["next_page_url"].removeprefix("https://content.twilio.com")
    second = (await call(twilio, "GET", path))[1]
    assert [one["sid"] for page in (first, second) for one in page["contents"]] == sids[::-1]
    assert second["meta"]["next_page_url"] is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("There is some news for {{1}} here.", "received"),
        ("{{1}}, there is some news for you here.", "rejected"),
        ("There is some news for you here, {{1}}.", "rejected"),
        ("News, {{1}} now.", "rejected"),
        ("There is some     news for {{1}} here.", "rejected"),
        ("There is some news for {{1}} here." + " x" * 600, "rejected"),
        ("There is some news for {{1}} {{1}} here and there.", "rejected"),
    ],
)
async def test_whatsapp_rejects_what_is_no_template(twilio: FakeTwilio, body: str, status: str) -> None:
    sid = await made(twilio, changed(TEXT, "types", "twilio/text", "body", to=body))
    asked = {"name": "news", "category": "UTILITY"}
    path = f"{CONTENT}/{sid}/ApprovalRequests"
    answered, approval = await call(twilio, "POST", f"{path}/whatsapp", json=asked)
    assert (answered, approval["status"]) == (201, status)
    assert (await call(twilio, "GET", path))[1]["whatsapp"]["status"] == status
    assert (await call(twilio, "POST", f"{path}/whatsapp", json=asked))[0] == 400, "once only"


@pytest.mark.parametrize(
    ("payload", "asked"),
    [
        (TEXT, {"name": "News", "category": "UTILITY"}),
        (TEXT, {"name": "news", "category": "utility"}),
        (LIST, {"name": "list", "category": "UTILITY"}),
    ],
)
async def test_what_cannot_be_asked_for_is_refused(
    twilio: FakeTwilio, payload: dict[str, Any], asked: dict[str, str]
) -> None:
    sid = await made(twilio, payload)
    assert (await call(twilio, "POST", f"{CONTENT}/{sid}/ApprovalRequests/whatsapp", json=asked))[0] == 400


async def test_a_name_is_given_to_one_template(twilio: FakeTwilio) -> None:
    asked = {"name": "news", "category": "UTILITY"}
    first, second = [await made(twilio, TEXT) for _ in range(2)]
    statuses = [
        (await call(twilio, "POST", f"{CONTENT}/{sid}/ApprovalRequests/whatsapp", json=asked))[0]
        for sid in (first, second)
    ]
    assert statuses == [201, 400]


async def test_a_content_is_sent_filled_in(twilio: FakeTwilio) -> None:
    sid = await made(twilio, BUTTONS)
    status, answer = await send(
        twilio, ContentSid=sid, ContentVariables='{"1": "Shall I?", "2": "Yes", "3": "7.1"}'
    )
    assert (status, answer["body"]) == (201, "Shall I?")
    assert twilio.messages[0].buttons == (("Yes", "7.1"),)


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ('{"1": "?", "2": "Yes"}', 63028),
        ('{"1": "?", "2": "Yes", "3": "y", "4": "z"}', 63028),
        ('{"1": "a\\nb", "2": "Yes", "3": "y"}', 21656),
        ('{"1": "", "2": "Yes", "3": "y"}', 21656),
        ('{"1": "a      b", "2": "Yes", "3": "y"}', 63013),
        ('{"1": "?", "2": "a title beyond twenty", "3": "y"}', 63013),
        (f'{{"1": "?", "2": "Yes", "3": "{"y" * 129}"}}', 63013),
        (f'{{"1": "{"x" * 1_025}", "2": "Yes", "3": "y"}}', 63021),
    ],
)
async def test_what_does_not_fit_into_it_is_refused(twilio: FakeTwilio, variables: str, code: int) -> None:
    sid = await made(twilio, BUTTONS)
    status, answer = await send(twilio, ContentSid=sid, ContentVariables=variables)
    assert (status, answer["code"]) == (400, code)
    assert twilio.messages == []


async def test_an_unknown_content_and_one_beside_words_are_refused(twilio: FakeTwilio) -> None:
    assert (await send(twilio, ContentSid="HX" + "0" * 32))[1]["code"] == 21655
    sid = await made(twilio, LIST)
    assert (await send(twilio, ContentSid=sid, ContentVariables='{"1": "?"}', Body="?"))[0] == 400


async def test_a_medium_beside_a_content_is_refused(twilio: FakeTwilio) -> None:
    sid = await made(twilio, TEXT)
    beside = {"ContentVariables": '{"1": "Maria"}', "MediaUrl": "https://practice.example/x.png"}
    assert (await send(twilio, ContentSid=sid, **beside))[0] == 400
    assert twilio.messages == []


TWO = changed(
    changed(BUTTONS, "variables", to={str(number): "x" for number in range(1, 6)}),
    *QUICK,
    "actions",
    to=[{"type": "QUICK_REPLY", "title": f"{{{{{one}}}}}", "id": f"{{{{{one + 1}}}}}"} for one in (2, 4)],
)
DESCRIBED = changed(
    changed(LIST, *PICKER, "items", 0, "description", to="{{2}}"), "variables", to={"1": "Which?", "2": "x"}
)


@pytest.mark.parametrize(
    ("payload", "variables", "code"),
    [
        (TWO, {"1": "?", "2": "Yes", "3": "y", "4": "Yes", "5": "n"}, 63013),
        (DESCRIBED, {"1": "?", "2": "x" * 73}, 63013),
        (TEXT, {"1": "x" * 1_601}, 21656),
    ],
    ids=["titles alike", "long description", "long value"],
)
async def test_what_only_its_variables_make_wrong_is_refused(
    twilio: FakeTwilio, payload: dict[str, Any], variables: dict[str, str], code: int
) -> None:
    sid = await made(twilio, payload)
    status, answer = await send(twilio, ContentSid=sid, ContentVariables=json.dumps(variables))
    assert (status, answer["code"]) == (400, code)


async def test_four_buttons_need_an_approved_template(twilio: FakeTwilio) -> None:
    actions = [ACTION | {"title": str(one), "id": str(one)} for one in range(4)]
    body = "Which of the four is it to be?"
    four = BUTTONS | {"variables": {}, "types": {"twilio/quick-reply": {"body": body, "actions": actions}}}
    sid = await made(twilio, four)
    assert (await send(twilio, ContentSid=sid))[1]["code"] == 63013
    twilio.contents.submit(twilio.contents.contents[sid], {"name": "four", "category": "UTILITY"})
    twilio.contents.decide("buttons")
    assert (await send(twilio, ContentSid=sid))[0] == 201


class News:
    """A status callback that can be waited for."""

    def __init__(self) -> None:
        self.came = asyncio.Event()

    def __call__(self) -> web.Response:
        self.came.set()
        return web.Response(status=204)


@pytest.mark.parametrize(
    ("heard_ago", "approval", "code"),
    [(None, "", 63016), (25, "", 63016), (23, "", None), (25, "approved", None), (25, "received", 63016)],
)
async def test_after_24_hours_only_approved_templates_arrive(
    twilio: FakeTwilio, heard_ago: int | None, approval: str, code: int | None
) -> None:
    twilio.keeps_window, twilio.news = True, ("delivered",)
    sid = await made(twilio, TEXT)
    if approval:
        twilio.contents.submit(twilio.contents.contents[sid], {"name": "news", "category": "UTILITY"})
        twilio.contents.decide("news", approval)
    news = News()
    async with Site(news) as site, asyncio.timeout(5):
        if heard_ago is not None:
            await twilio.deliver(f"{site.url}/hook", forms.CLIENT, "hello")
            twilio.passed += heard_ago * 3600
        news.came.clear()
        form = {"ContentSid": sid, "ContentVariables": '{"1": "Ada"}'} if approval else {"Body": "Hello"}
        assert (await send(twilio, **form, StatusCallback=f"{site.url}/status"))[0] == 201
        await news.came.wait()
        told = site.posts[-1][1]
    assert (told["MessageStatus"], told.get("ErrorCode")) == (
        ("delivered", None) if code is None else ("undelivered", str(code))
    )


async def test_a_tap_says_which_message_it_answers(twilio: FakeTwilio) -> None:
    for payload, field in ((BUTTONS, "ButtonPayload"), (LIST, "ListId")):
        sid = await made(twilio, payload)
        values = '{"1": "?", "2": "Monday", "3": "1"}' if payload is BUTTONS else '{"1": "?"}'
        await send(twilio, ContentSid=sid, ContentVariables=values)
        async with Site(lambda: web.Response(status=200)) as site:
            await twilio.tap(f"{site.url}/hook", twilio.messages[-1], "Monday")
        form = site.posts[0][1]
        assert (form[field], form["OriginalRepliedMessageSid"]) == ("1", twilio.messages[-1].sid)


def test_a_decision_needs_a_request() -> None:
    fake = FakeTwilio()
    fake.contents.create(TEXT)
    with pytest.raises(AssertionError, match="never submitted"):
        fake.contents.decide("news")
    with pytest.raises(RefusedByTwilio):
        fake.contents.create([])
