"""The door behind a real server and a real socket: what a test client does not show."""

from __future__ import annotations

import asyncio
import socket
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlencode

from hypercorn.asyncio import serve
from hypercorn.config import Config

from tests.channels.conftest import Practice
from tests.fakes import twilio_forms as forms
from tests.fakes.twilio import FakeTwilio

PUBLIC = "https://practice.example/prefix"
DOOR = f"{PUBLIC}/webhook/client"


@asynccontextmanager
async def reached_by_twilio(practice: Practice) -> AsyncIterator[FakeTwilio]:
    """Serve the practice behind a proxy that drops the prefix of its public address."""
    listener = socket.create_server(("127.0.0.1", 0))
    inside = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.loglevel = "CRITICAL"
    over = asyncio.Event()
    server = asyncio.create_task(serve(practice.app, config, shutdown_trigger=over.wait))
    try:
        async with FakeTwilio(proxies={PUBLIC: inside}) as twilio:
            yield twilio
    finally:
        over.set()
        await server


async def knock(twilio: FakeTwilio, *headers: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Begin a request by hand, up to its body."""
    host, port = twilio.proxies[PUBLIC].removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    form = b"Content-Type: application/x-www-form-urlencoded"
    head = (b"POST /webhook/client HTTP/1.1", b"Host: x", form, *headers, b"", b"")
    writer.write(b"\r\n".join(head))
    return reader, writer


async def test_a_message_behind_a_proxy_is_taken(practice: Practice) -> None:
    async with reached_by_twilio(practice) as twilio:
        answer = await twilio.deliver(DOOR, forms.CLIENT, "grüß dich 😀")
    assert (answer.status, answer.tries) == (200, 1)
    assert practice.inbox.rows[0].text == "grüß dich 😀"


async def test_the_query_is_checked_as_it_was_written(practice: Practice) -> None:
    """The framework decodes it for its own use, and what it decodes is not what was signed."""
    async with reached_by_twilio(practice) as twilio:
        for query in ("a=caf%C3%A9", "a=1+2%203", "a=%2F%2f", "a", "a=it's"):
            answer = await twilio.deliver(f"{DOOR}?{query}", forms.CLIENT, "hello")
            assert answer.status == 200, query


async def test_the_same_message_at_once_is_one_row(practice: Practice) -> None:
    async with reached_by_twilio(practice) as twilio:
        answers = await asyncio.gather(
            *(twilio.deliver(DOOR, forms.CLIENT, "hello", MessageSid="SM1") for _ in range(8))
        )
    assert {answer.status for answer in answers} == {200}
    assert len(practice.inbox.rows) == 1


async def test_two_messages_within_a_millisecond_are_two_rows(practice: Practice) -> None:
    async with reached_by_twilio(practice) as twilio:
        await asyncio.gather(*(twilio.deliver(DOOR, forms.CLIENT, text) for text in ("one", "two")))
    assert sorted(row.text for row in practice.inbox.rows) == ["one", "two"]


async def test_a_body_of_unknown_length_is_cut_off_at_the_limit(practice: Practice) -> None:
    async with reached_by_twilio(practice) as twilio:
        reader, writer = await knock(twilio, b"Transfer-Encoding: chunked")
        chunk = b"x" * 0x4000
        writer.write(b"".join(b"4000\r\n" + chunk + b"\r\n" for _ in range(5)))
        async with asyncio.timeout(5):
            status = await reader.readline()
        writer.close()
        await writer.wait_closed()
    assert status.split()[1] == b"413"


async def test_a_body_that_does_not_come_is_not_waited_for(practice: Practice) -> None:
    practice.webhooks.patience = 0.05
    async with reached_by_twilio(practice) as twilio:
        reader, writer = await knock(twilio, b"Content-Length: 10")
        async with asyncio.timeout(5):
            status = await reader.readline()
        writer.close()
        await writer.wait_closed()
    assert status.split()[1] == b"408"


async def test_a_message_is_stored_even_if_twilio_hangs_up_meanwhile(practice: Practice) -> None:
    practice.inbox.gone = 3
    body = urlencode(form := forms.message("hello")).encode()
    signature = f"X-Twilio-Signature: {forms.sign(DOOR, form.items())}".encode()
    async with reached_by_twilio(practice) as twilio, asyncio.timeout(5):
        _, writer = await knock(twilio, signature, b"Content-Length: %d" % len(body))
        writer.write(body)
        await practice.inbox.missed.wait()
        writer.close()
        await writer.wait_closed()
        await practice.inbox.stored.wait()
    assert len(practice.inbox.rows) == 1


async def test_a_repeat_after_an_outage_is_taken(practice: Practice) -> None:
    practice.webhooks.patience = 0.04
    practice.inbox.gone = 2
    async with reached_by_twilio(practice) as twilio:
        answer = await twilio.deliver(f"{DOOR}#rc=3&rp=5xx", forms.CLIENT, "hello")
    assert (answer.status, answer.tries, len(practice.inbox.rows)) == (200, 3, 1)


async def test_twilio_is_answered_at_once(practice: Practice) -> None:
    """Far under the promised 50 ms at the median, since the inbox here is only a list."""
    took: list[float] = []
    async with reached_by_twilio(practice) as twilio:
        for number in range(100):
            began = time.perf_counter()
            await twilio.deliver(DOOR, forms.CLIENT, f"message {number}")
            took.append(time.perf_counter() - began)
    assert len(practice.inbox.rows) == 100
    assert statistics.median(took) < 0.050
