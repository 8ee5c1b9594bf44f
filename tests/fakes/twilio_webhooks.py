"""How Twilio knocks at webhooks: signed, within its time, again where the address asks for it.

Assumed: what it calls itself in `User-Agent`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlencode
from uuid import uuid4
from xml.etree import ElementTree as ET

import aiohttp
from yarl import URL

from tests.fakes import twilio_forms as forms

BUDGET = 15.0
"""Seconds that Twilio spends on one webhook, repeats included."""
RANGES = {"rc": range(6), "ct": range(100, 10_001), "rt": range(100, 15_001), "tt": range(100, 15_001)}
"""What may follow `#` in an address: repeats, and milliseconds."""
CHOICES = {"sni": frozenset({"y", "n"})}
ANYTHING = frozenset({"e"})
"""The place from which Twilio calls: its names are no business of a stand-in."""
POLICIES = frozenset({"4xx", "5xx", "ct", "rt", "all"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a webhook answered."""

    status: int
    text: str
    tries: int


class WebhookCaller:
    """Calls webhooks. Use as an async context manager."""

    def __init__(self, auth_token: str, proxies: Mapping[str, str]) -> None:
        """`proxies`: see FakeTwilio; may be changed at any time."""
        self._auth_token = auth_token
        self._proxies = proxies

    async def __aenter__(self) -> Self:
        """Every call has a connection of its own."""
        self._web = aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up."""
        await self._web.close()

    async def post(self, url: str, form: Mapping[str, str]) -> Answer:
        """Post a signed form as Twilio does, honouring what follows `#` in the address."""
        public, _, overrides = url.partition("#")
        wishes = {"rc": "1", "rp": "ct", "rt": "15000", "ct": "5000"} | dict(parse_qsl(overrides))
        _check_overrides(wishes)
        repeats = set(wishes["rp"].split(","))
        token = str(uuid4())
        async with asyncio.timeout(BUDGET):
            for tries in count(1):
                is_last = tries > int(wishes["rc"])
                try:
                    status, text = await self._knock(public, form, token, wishes)
                except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
                    if is_last or not repeats & {"ct", "all"}:
                        raise
                except TimeoutError:
                    if is_last or not repeats & {"rt", "all"}:
                        raise
                else:
                    if is_last or status < 400 or not repeats & {f"{status // 100}xx", "all"}:
                        return Answer(status, text, tries)
        raise AssertionError("unreachable: the last try returns or raises")

    async def _knock(
        self, public: str, form: Mapping[str, str], token: str, wishes: Mapping[str, str]
    ) -> tuple[int, str]:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "X-Twilio-Signature": forms.sign(public, form.items(), self._auth_token),
            "I-Twilio-Idempotency-Token": token,
            "User-Agent": "TwilioProxy/1.1",
        }
        timeout = aiohttp.ClientTimeout(
            connect=int(wishes["ct"]) / 1000, sock_read=int(wishes["rt"]) / 1000, total=BUDGET
        )
        async with self._web.post(
            URL(self._behind_proxy(public), encoded=True),
            data=urlencode(form),
            headers=headers,
            timeout=timeout,
        ) as response:
            text = await response.text()
            if response.status == 200 and text:
                _check_twiml(text, response.content_type)
            return response.status, text

    def _behind_proxy(self, public: str) -> str:
        for outside, inside in self._proxies.items():
            if public.startswith(outside):
                return inside + public.removeprefix(outside)
        return public


def _check_overrides(wishes: Mapping[str, str]) -> None:
    """Complain about what Twilio would not heed."""
    for name, value in wishes.items():
        is_known = value.isdecimal() and int(value) in RANGES.get(name, ())
        if name == "rp":
            is_known = set(value.split(",")) <= POLICIES
        elif name in CHOICES or name in ANYTHING:
            is_known = value in CHOICES.get(name, {value})
        if not is_known:
            raise AssertionError(f"the webhook's address asks for what there is not: {name}={value}")


def _check_twiml(text: str, content_type: str) -> None:
    """Complain as Twilio's debugger does about an answer that it cannot read."""
    if content_type not in {"text/xml", "application/xml"}:
        raise AssertionError(f"12300: invalid Content-Type {content_type!r}")
    if ET.fromstring(text).tag != "Response":  # noqa: S314  # it comes from the product under test
        raise AssertionError("12200: the root of the answer is not <Response>")
