"""What the fake Twilio tells of its account: state, balance, WhatsApp senders. Settable, to be provoked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TypeAlias

from aiohttp import web

from tests.fakes.twilio_messages import API_VERSION

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class FakeAccount:
    """The account as the console shows it; a test changes what it wants to see told."""

    status: str = "active"
    type: str = "Full"
    balance: str = "12.34"
    currency: str = "USD"
    ahead: timedelta = timedelta()
    """By how much its clock runs before this machine's."""
    senders: list[dict[str, object]] = field(default_factory=list)
    """As the API writes them; see `sender`."""


def sender(
    address: str, webhook_url: str, status: str = "ONLINE", reasons: tuple[str, ...] = ()
) -> dict[str, object]:
    """A WhatsApp sender as the Senders API writes it."""
    return {
        "sid": "XE00000000000000000000000000000000",
        "status": status,
        "sender_id": address,
        "offline_reasons": [{"code": "63112", "message": reason} for reason in reasons] or None,
        "configuration": {},
        "webhook": {"callback_url": webhook_url, "callback_method": "POST"},
        "profile": {"name": "Practice"},
        "properties": None,
        "url": "https://messaging.twilio.com/v2/Channels/Senders/XE00000000000000000000000000000000",
    }


def routes(account: FakeAccount, account_sid: str, authorization: str) -> list[web.RouteDef]:
    """The three addresses: on three hosts with the real one, here on the same."""

    def checked(answer: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            if request.headers.get("Authorization") != authorization:
                refusal = {"code": 20003, "message": "Authenticate", "status": 401}
                return web.json_response(refusal, status=401)
            return await answer(request)

        return handle

    async def fetch(_: web.Request) -> web.StreamResponse:
        now = format_datetime(datetime.now(UTC) + account.ahead, usegmt=True)
        return web.json_response(
            {"sid": account_sid, "status": account.status, "type": account.type, "friendly_name": "Practice"},
            headers={"Date": now},
        )

    async def balance(_: web.Request) -> web.StreamResponse:
        return web.json_response(
            {"account_sid": account_sid, "balance": account.balance, "currency": account.currency}
        )

    async def senders(request: web.Request) -> web.StreamResponse:
        if request.query.get("Channel") != "whatsapp":
            refusal = {"code": 20001, "message": "Channel is required", "status": 400}
            return web.json_response(refusal, status=400)
        meta = {"page": 0, "page_size": 50, "next_page_url": None, "key": "senders"}
        return web.json_response({"senders": account.senders, "meta": meta})

    return [
        web.get(f"/{API_VERSION}/Accounts/{account_sid}.json", checked(fetch)),
        web.get(f"/{API_VERSION}/Accounts/{account_sid}/Balance.json", checked(balance)),
        web.get("/v2/Channels/Senders", checked(senders)),
    ]
