"""The fakes as programs of their own, as tests of whole processes start them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import grpc
from google.cloud import dialogflowcx_v3 as cx
from google.cloud.dialogflowcx_v3.services.sessions.transports import SessionsGrpcAsyncIOTransport

from tests.fakes import twilio_forms as forms
from tests.fakes.dialogflow import AGENT

CHECKOUT = Path(__file__).parents[2]


@asynccontextmanager
async def running(module: str, *arguments: str) -> AsyncIterator[str]:
    """Start the program; gives the address in its first line."""
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdout=asyncio.subprocess.PIPE, cwd=CHECKOUT
    )
    assert program.stdout is not None
    try:
        async with asyncio.timeout(30):
            first = (await program.stdout.readline()).decode()
        yield first.removeprefix("Listening on ").strip()
    finally:
        program.terminate()
        await program.wait()
        await program.stdout.read()


async def test_twilio_is_steered_over_http() -> None:
    messages = f"/2010-04-01/Accounts/{forms.ACCOUNT_SID}/Messages.json"
    good = {"To": forms.CLIENT, "From": forms.PRACTICE, "Body": "Hello"}
    login = {"Authorization": forms.authorization()}
    async with running("tests.fakes.twilio", "--port", "0") as url, aiohttp.ClientSession(url) as web:
        await web.post("/fake/faults", json={"fault": "ERROR_AFTER"})
        statuses = [(await web.post(messages, data=good, headers=login)).status for _ in range(2)]
        sent = await (await web.get("/fake/messages")).json()
        wrong_door = await web.post(
            "/fake/deliver", json={"url": f"{url}/nowhere", "from": forms.CLIENT, "body": "hi"}
        )
        delivered = await wrong_door.json()
    assert statuses == [500, 201]
    assert [message["body"] for message in sent] == ["Hello", "Hello"]
    assert delivered["status"] == 404


async def test_its_24_hours_and_approvals_are_steered_too() -> None:
    messages = f"/2010-04-01/Accounts/{forms.ACCOUNT_SID}/Messages.json"
    login = {"Authorization": forms.authorization()}
    text = {"language": "en", "types": {"twilio/text": {"body": "Some news for you"}}}
    async with (
        running("tests.fakes.twilio", "--port", "0") as url,
        aiohttp.ClientSession(url, headers=login) as web,
    ):
        sid = (await (await web.post("/v1/Content", json=text)).json())["sid"]
        asked = {"name": "news", "category": "UTILITY"}
        await web.post(f"/v1/Content/{sid}/ApprovalRequests/whatsapp", json=asked)
        await web.post("/fake/window", json={"keeps": True})
        await web.post("/fake/approve", json={"status": "approved"})
        address = {"To": forms.CLIENT, "From": forms.PRACTICE}
        for form in ({"Body": "Hello"}, {"ContentSid": sid}):
            await web.post(messages, data=address | form)
        sent = await (await web.get("/fake/messages")).json()
    assert [(one["body"], one["error_code"]) for one in sent] == [
        ("Hello", 63016),
        ("Some news for you", None),
    ]


async def test_dialogflow_reads_its_rules_from_a_file(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("- {text: hi, intent: greeting, confidence: 0.9}\n", encoding="utf-8")
    async with running("tests.fakes.dialogflow", "--rules", str(rules)) as address:
        channel = grpc.aio.insecure_channel(address)
        client = cx.SessionsAsyncClient(transport=SessionsGrpcAsyncIOTransport(channel=channel))
        answer = await client.match_intent(
            request={
                "session": f"{AGENT}/sessions/1",
                "query_input": {"text": {"text": "hi"}, "language_code": "en"},
            },
            timeout=5,
        )
        await channel.close()
    assert answer.matches[0].intent.display_name == "greeting"
