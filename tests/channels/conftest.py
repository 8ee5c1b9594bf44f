"""The webhooks in an app of their own, with an inbox and delivery news that are only lists."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlencode

import pytest
from quart import Quart, Response

from channels.floods import Limits, Pace
from channels.inbound import DeliveryStatus
from channels.ports import TooManyMessages
from channels.route import Route
from channels.twilio_account import TwilioAccount
from channels.webhooks import Webhooks
from engine.errors import TryAgain
from engine.events import Heard
from tests.fakes import twilio_forms as forms

THERAPIST = "whatsapp:+4915199999999"
NOW = 1_772_400_000
PEER = "10.0.0.1"
"""Who is connected: a reverse proxy."""

ONE_NUMBER = TwilioAccount(
    account_sid=forms.ACCOUNT_SID,
    auth_token=forms.AUTH_TOKEN,
    client_number="+14155238886",
    client_webhook_url="https://practice.example/prefix/webhook/client#rc=3&rp=ct,rt,5xx",
    therapist_webhook_url="https://practice.example/prefix/webhook/therapist",
    status_webhook_url="https://practice.example/prefix/webhook/status",
)


@dataclass
class Inbox:
    """What was taken in, in order.

    `gone` counts the tries that fail first, as with a lost database; `slow` holds all of them up.
    """

    rows: list[Heard] = field(default_factory=list)
    paces: list[Pace] = field(default_factory=list)
    gone: int = 0
    slow: asyncio.Event | None = None
    missed: asyncio.Event = field(default_factory=asyncio.Event)
    stored: asyncio.Event = field(default_factory=asyncio.Event)

    async def take_in(self, heard: Heard, pace: Pace) -> bool:
        if self.slow is not None:
            await self.slow.wait()
        if self.gone:
            self.gone -= 1
            self.missed.set()
            raise TryAgain
        if any(row.key == heard.key for row in self.rows):
            return False
        if pace is Pace.FLOODING:
            raise TooManyMessages
        self.rows.append(heard)
        self.paces.append(pace)
        self.stored.set()
        return True


@dataclass
class News:
    noted: list[DeliveryStatus] = field(default_factory=list)

    async def note(self, status: DeliveryStatus) -> None:
        self.noted.append(status)


class People:
    async def is_therapist(self, address: str) -> bool:
        return address == THERAPIST


class Practice:
    """The product's front door, and a Twilio that knocks at it."""

    def __init__(self, account: TwilioAccount = ONE_NUMBER, limits: Limits | None = None) -> None:
        self.account = account
        self.now = NOW
        self.inbox = Inbox()
        self.news = News()
        self.webhooks = Webhooks(
            account,
            intake=self.inbox,
            route=Route(People(), one_number=account.has_one_number),
            news=self.news,
            now=lambda: self.now,
            limits=limits,
        )
        self.app = Quart(__name__)
        self.app.register_blueprint(self.webhooks.blueprint)

    async def post(
        self,
        fields: dict[str, str] | Iterable[tuple[str, str]],
        door: str = "client",
        *,
        query: str = "",
        **request: str,
    ) -> Response:
        """A signed form. `request` may replace `url` (what is signed) and `signature`."""
        pairs = list(fields.items()) if isinstance(fields, dict) else list(fields)
        url = request.get("url", f"https://practice.example/prefix/webhook/{door}{query}")
        signature = request.get("signature", forms.sign(url, pairs))
        return await self.post_body(urlencode(pairs).encode(), door, signature=signature, query=query)

    async def post_body(
        self,
        body: bytes,
        door: str = "client",
        *,
        signature: str | None,
        query: str = "",
        content_type: str = "application/x-www-form-urlencoded; charset=utf-8",
        forwarded_for: str | None = None,
    ) -> Response:
        """Any body; `signature` None: no such header. `forwarded_for`: what a proxy says of the sender."""
        headers = {"Content-Type": content_type}
        if forwarded_for is not None:
            headers["X-Forwarded-For"] = forwarded_for
        if signature is not None:
            headers["X-Twilio-Signature"] = signature
        client = self.app.test_client()
        response = await client.post(
            f"/webhook/{door}{query}", data=body, headers=headers, scope_base={"client": (PEER, 50_000)}
        )
        assert isinstance(response, Response)
        return response


@pytest.fixture
def practice() -> Practice:
    return Practice()
