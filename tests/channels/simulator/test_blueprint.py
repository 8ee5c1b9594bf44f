"""The simulator's doors: who gets in, what is refused and why, and how news reach the page."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quart import Quart
from quart import typing as web

from channels.simulator.admission import LARGEST_BODY
from channels.simulator.blueprint import Simulator
from channels.simulator.desk import Diagram
from engine.errors import TryAgain
from tests.channels.simulator.scripted_desk import MONDAY, ScriptedDesk

OWN = {"Host": "127.0.0.1:8000", "X-Simulator": "page"}
HELLO = {"party": "client:Ana", "text": "Hi", "message_id": "m-1"}


class BusyDesk(ScriptedDesk):
    """A desk whose database cannot answer now."""

    async def diagrams(self) -> dict[str, Diagram]:
        raise TryAgain


def client_of(desk: ScriptedDesk) -> web.TestClientProtocol:
    app = Quart(__name__, static_folder=None)
    app.register_blueprint(Simulator(desk, heartbeat=0.01).blueprint)
    return app.test_client()


async def post(desk: ScriptedDesk, path: str, body: object, **headers: str) -> tuple[int, dict[str, Any]]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = await client_of(desk).post(
        f"/simulator/{path}", data=data, headers={**OWN, "Content-Type": "application/json", **headers}
    )
    return answer.status_code, await answer.get_json()


async def texts(desk: ScriptedDesk) -> list[str]:
    return [bubble.text for bubble in (await desk.view(0)).messages]


async def test_what_is_said_reaches_the_desk() -> None:
    desk = ScriptedDesk()
    assert await post(desk, "say", HELLO) == (202, {})
    await desk.changed(desk.version, 1)
    assert await texts(desk) == ["Hi", "Hello, this is the Lindenhof Practice. What can I do for you?"]


async def test_the_same_message_twice_is_one_message() -> None:
    desk = ScriptedDesk()
    assert [await post(desk, "say", HELLO) for _ in range(2)] == [(202, {})] * 2
    assert (await texts(desk)).count("Hi") == 1


async def test_a_tap_the_clock_and_a_new_client_reach_the_desk() -> None:
    desk = ScriptedDesk()
    tap = {"party": "client:Ana", "option_id": "idle.1", "title": "Book an appointment", "message_id": "m-2"}
    assert await post(desk, "tap", tap) == (202, {})
    assert await post(desk, "advance", {"seconds": 3600}) == (202, {})
    assert await post(desk, "clients", {"name": "Ben"}) == (201, {"party": "client:Ben"})
    view = await desk.view(0)
    assert view.now == MONDAY + 3600
    assert "client:Ben" in {party.id for party in view.parties}
    assert view.messages[0].text == "Book an appointment"


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Origin": "https://elsewhere.example"}, "Another web site"),
        ({"Origin": "null"}, "Another web site"),
        ({"Origin": "http://127.0.0.1:9000"}, "Another web site"),
        ({"Sec-Fetch-Site": "cross-site"}, "The browser says"),
        ({"Sec-Fetch-Site": "same-site"}, "The browser says"),
        ({"Host": "simulator.elsewhere.example"}, "answers only to these hosts"),
        ({"Host": "127.0.0.1.elsewhere.example:8000"}, "answers only to these hosts"),
    ],
)
async def test_another_site_cannot_drive_the_simulator(headers: dict[str, str], reason: str) -> None:
    desk = ScriptedDesk()
    status, answer = await post(desk, "say", HELLO, **headers)
    assert status == 403
    assert reason in answer["error"]
    assert await texts(desk) == []


async def test_a_post_without_the_own_header_is_refused() -> None:
    desk = ScriptedDesk()
    answer = await client_of(desk).post("/simulator/say", json=HELLO, headers={"Host": "localhost"})
    assert answer.status_code == 403
    assert "X-Simulator" in (await answer.get_json())["error"]
    assert await texts(desk) == []


@pytest.mark.parametrize(
    "path", ["/", "/simulator/", "/simulator/stream", "/simulator/diagrams", "/simulator/static/page.js"]
)
async def test_nothing_is_readable_under_a_foreign_name(path: str) -> None:
    answer = await client_of(ScriptedDesk()).get(path, headers={"Host": "rebound.example"})
    assert answer.status_code == 403


async def test_the_own_origin_is_welcome() -> None:
    status, _ = await post(
        ScriptedDesk(), "say", HELLO, Origin="http://127.0.0.1:8000", **{"Sec-Fetch-Site": "same-origin"}
    )
    assert status == 202


@pytest.mark.parametrize(
    ("path", "body", "status", "reason"),
    [
        ("say", b"{", 400, "Invalid JSON"),
        ("say", b"\xff\xfe", 400, "Invalid JSON"),
        ("say", [], 400, ""),
        ("say", {**HELLO, "text": " \n"}, 400, "text"),
        ("say", {**HELLO, "text": 7}, 400, "text"),
        ("say", {**HELLO, "text": "x" * 4097}, 400, "text"),
        ("say", {**HELLO, "extra": 1}, 400, "extra"),
        ("say", {**HELLO, "party": "admin:Ana"}, 400, "party"),
        ("say", {**HELLO, "party": "client:Zoe"}, 404, "Open the client first"),
        ("say", {**HELLO, "message_id": ""}, 400, "message_id"),
        ("say", {"party": "client:Ana"}, 400, "message_id"),
        ("tap", {**HELLO, "option_id": "idle.1"}, 400, "title"),
        ("say", b" " * (LARGEST_BODY + 1), 413, "longer than"),
        ("advance", {"seconds": 0}, 400, "at most 366 days"),
        ("advance", {"seconds": 10**9}, 400, "at most 366 days"),
        ("advance", {"seconds": 1.5}, 400, "seconds"),
        ("clients", {"name": ""}, 400, "name"),
        ("clients", {"name": "x" * 31}, 400, "name"),
        ("clients", {"name": "<b>Ana</b>"}, 400, "name"),
        ("clients", {"name": "Ana\n"}, 400, "name"),
    ],
)
async def test_bad_input_is_refused_with_its_reason(
    path: str, body: object, status: int, reason: str
) -> None:
    desk = ScriptedDesk()
    answered, answer = await post(desk, path, body)
    assert (answered, reason in answer["error"]) == (status, True), answer
    assert await texts(desk) == []


async def test_a_refusal_does_not_repeat_what_was_written() -> None:
    _, answer = await post(ScriptedDesk(), "clients", {"name": "+49 151 1234567"})
    assert "1234567" not in answer["error"]


async def test_only_json_is_read() -> None:
    status, answer = await post(ScriptedDesk(), "say", HELLO, **{"Content-Type": "text/plain"})
    assert (status, "application/json" in answer["error"]) == (400, True)


async def test_a_busy_database_is_said_to_be_busy() -> None:
    answer = await client_of(BusyDesk()).get("/simulator/diagrams", headers=OWN)
    assert answer.status_code == 503
    assert "another try" in (await answer.get_json())["error"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
FIELDS = st.sampled_from(["party", "text", "message_id", "option_id", "title", "seconds", "name"])
BODIES = st.binary(max_size=200) | st.dictionaries(FIELDS, JSON, max_size=7).map(
    lambda body: json.dumps(body).encode()
)
COMMANDS = st.sampled_from(["say", "tap", "advance", "clients"])


@settings(max_examples=150, deadline=None)
@given(COMMANDS, BODIES)
def test_no_body_whatever_breaks_the_simulator(path: str, body: bytes) -> None:
    status, answer = asyncio.run(post(ScriptedDesk(), path, body))
    assert status < 500, answer
    assert status < 300 or answer["error"]


async def test_the_page_comes_with_headers_that_keep_it_to_itself() -> None:
    client = client_of(ScriptedDesk())
    front = await client.get("/", headers=OWN)
    assert (front.status_code, front.headers["Location"]) == (302, "/simulator/")
    for path in ("/simulator/", "/simulator/static/page.js"):
        answer = await client.get(path, headers=OWN)
        assert answer.status_code == 200
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'; ")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_diagrams_come_drawn() -> None:
    drawings = await (await client_of(ScriptedDesk()).get("/simulator/diagrams", headers=OWN)).get_json()
    assert set(drawings) == {"client", "therapist"}
    assert drawings["client"]["start"] == "idle"
    idle = drawings["client"]["boxes"][0]
    assert (idle["state"]["name"], idle["state"]["about"][:7]) == ("idle", "Nothing")


async def test_the_stream_tells_everything_first_then_only_what_is_new() -> None:
    desk = ScriptedDesk()
    await desk.say("client:Ana", "Hi", "m-1")
    await desk.changed(desk.version, 1)
    async with client_of(desk).request("/simulator/stream", headers=OWN) as line:
        await line.send_complete()
        first, _ = await next_view(line)
        assert (first["full"], len(first["messages"])) == (True, 2)
        await desk.say("client:Ana", "Again", "m-2")
        second, _ = await next_view(line)
        assert (second["full"], second["messages"][0]["text"]) == (False, "Again")
        await line.disconnect()


async def test_a_broken_stream_goes_on_where_it_stopped() -> None:
    desk = ScriptedDesk()
    client = client_of(desk)
    await desk.say("client:Ana", "Hi", "m-1")
    await desk.changed(desk.version, 1)
    async with client.request("/simulator/stream", headers=OWN) as line:
        await line.send_complete()
        _, last = await next_view(line)
        await line.disconnect()
    await desk.open_client("Ben")
    async with client.request("/simulator/stream", headers={**OWN, "Last-Event-ID": last}) as line:
        await line.send_complete()
        resumed, _ = await next_view(line)
        assert (resumed["full"], resumed["messages"]) == (False, [])
        assert "client:Ben" in {party["id"] for party in resumed["parties"]}
        await line.disconnect()


@pytest.mark.parametrize("last", ["another-run-7", "00000000-7", "7", "-", "-9", "x-٣"])
async def test_a_stream_of_another_run_starts_from_the_beginning(last: str) -> None:
    async with client_of(ScriptedDesk()).request(
        "/simulator/stream", headers={**OWN, "Last-Event-ID": last.encode("utf-8").decode("latin-1")}
    ) as line:
        await line.send_complete()
        view, _ = await next_view(line)
        assert view["full"] is True
        await line.disconnect()


async def test_a_quiet_stream_still_says_that_it_is_alive() -> None:
    async with client_of(ScriptedDesk()).request("/simulator/stream", headers=OWN) as line:
        await line.send_complete()
        await next_view(line)
        assert b"event: beat" in await line.receive()
        await line.disconnect()


async def next_view(line: web.TestHTTPConnectionProtocol) -> tuple[dict[str, Any], str]:
    """The next view that the stream brings, and its id."""
    while True:
        event = (await line.receive()).decode()
        if "event: view" in event:
            fields = dict(part.split(": ", 1) for part in event.strip().splitlines())
            return json.loads(fields["data"]), fields["id"]
