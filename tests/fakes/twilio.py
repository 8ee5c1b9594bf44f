"""Twilio, on the loopback: takes messages by its REST API, and knocks at webhooks as Twilio does.

It is as strict as the real one, and can be told to fail in every way the real one fails. It must never
use the product's code: it would agree with its mistakes.

    async with FakeTwilio() as twilio:
        account = TwilioAccount(api_base_url=twilio.url, ...)
        await twilio.deliver("http://127.0.0.1:8000/webhook/client", CLIENT, "hello")
        [reply] = await twilio.messages_to(CLIENT, 1)

As a program: `python -m tests.fakes.twilio --port 0`; see tests/fakes/twilio_control.py.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import count
from typing import Self
from urllib.parse import parse_qsl, urlencode
from uuid import uuid4
from xml.etree import ElementTree as ET

import aiohttp
from aiohttp import web
from yarl import URL

from tests.fakes import twilio_forms as forms
from tests.fakes.twilio_console import FakeAccount, routes
from tests.fakes.twilio_messages import API_VERSION, RefusedByTwilio, SentMessage, read_message

THERAPISTS_NUMBER = "whatsapp:+14155230000"
BUDGET = 15.0
"""Seconds that Twilio spends on one webhook, repeats included."""


class Fault(Enum):
    """How a request to send a message goes wrong: (status, code), and whether it was taken all the same."""

    RATE_LIMITED = (429, 20429, False)
    CROWDED = (429, 99999, False)
    ELSEWHERE = (302, None, False)
    DAILY_LIMIT = (429, 63038, False)
    UNAVAILABLE = (503, 20503, False)
    NOT_ALLOWED = (401, 20003, False)
    ERROR_BEFORE = (500, 20500, False)
    ERROR_AFTER = (500, 20500, True)
    BAD_GATEWAY = (502, None, False)
    TOO_LARGE_FOR_PROXY = (413, None, False)
    BAD_ANSWER = (201, None, True)
    SILENCE_BEFORE = (None, None, False)
    SILENCE_AFTER = (None, None, True)
    DISCONNECT_BEFORE = (0, None, False)
    DISCONNECT_AFTER = (0, None, True)

    @property
    def is_taken(self) -> bool:
        """Whether the message is sent although the answer says otherwise, or there is none."""
        return bool(self.value[2])


@dataclass(frozen=True, slots=True)
class Answer:
    """What a webhook answered."""

    status: int
    text: str
    tries: int


class FakeTwilio:
    """One account. `messages`: what it took, in order; `attempts`: what was asked of it, also in vain."""

    def __init__(
        self,
        *,
        account_sid: str = forms.ACCOUNT_SID,
        auth_token: str = forms.AUTH_TOKEN,
        numbers: Sequence[str] = (forms.PRACTICE, THERAPISTS_NUMBER),
        port: int = 0,
        proxies: Mapping[str, str] | None = None,
    ) -> None:
        """`proxies`: public address → the address behind it, as a reverse proxy would have it."""
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.numbers = frozenset(numbers)
        self.proxies = dict(proxies or {})
        self.account = FakeAccount()
        """What its console shows."""
        self.messages: list[SentMessage] = []
        self.attempts: list[dict[str, str]] = []
        self.opted_out: set[str] = set()
        self.undeliverable: dict[str, int] = {}
        """Addresses that messages are taken for and do not reach, with the code that is reported afterwards:
        63016 outside the 24 hours, 63015 outside the sandbox, 63003 not on WhatsApp."""
        self.news: tuple[str, ...] = ()
        """Statuses to report of each message once taken, in this order, such as ("sent", "delivered")."""
        self.news_first = False
        """Whether they are reported before the request to send is answered."""
        self._faults: list[Fault] = []
        self._port = port
        self._changed = asyncio.Condition()
        self._over = asyncio.Event()
        self._open = contextlib.AsyncExitStack()
        self._reports: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The base address of its REST API."""
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        """Listen, on the asked port or a free one."""
        app = web.Application()
        self.add_routes(app)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        self._open.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", self._port)
        await site.start()
        self._port = runner.addresses[0][1]
        self._web = await self._open.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop, leaving nobody waiting."""
        self._over.set()
        for report in self._reports:
            report.cancel()
        await asyncio.gather(*self._reports, return_exceptions=True)
        await self._open.aclose()

    def add_routes(self, app: web.Application) -> None:
        """The parts of the API that are here."""
        messages = f"/{API_VERSION}/Accounts/{{account}}/Messages"
        app.router.add_post(f"{messages}.json", self._create)
        app.router.add_get(f"{messages}.json", self._list)
        app.router.add_get(f"{messages}/{{sid}}.json", self._fetch)
        authorization = forms.authorization(self.account_sid, self.auth_token)
        app.router.add_routes(routes(self.account, self.account_sid, authorization))

    def fail(self, fault: Fault, times: int = 1) -> None:
        """Let the next `times` requests to send fail in this way, after those already told to fail."""
        self._faults += [fault] * times

    async def messages_to(self, address: str, count: int, within: float = 10.0) -> list[SentMessage]:
        """The messages to this address, as soon as there are `count`. Raises TimeoutError."""

        def there() -> list[SentMessage]:
            return [message for message in self.messages if message.to == address]

        try:
            async with asyncio.timeout(within), self._changed:
                await self._changed.wait_for(lambda: len(there()) >= count)
        except TimeoutError as error:
            raise TimeoutError(f"{len(there())} of {count} messages came within {within} s.") from error
        return there()

    async def deliver(
        self, url: str, from_: str, body: str = "", *, to: str = forms.PRACTICE, **fields: str
    ) -> Answer:
        """Post a message to the webhook; `fields` are Twilio's, such as MessageSid or ButtonPayload."""
        form = forms.message(body, from_=from_, to=to, AccountSid=self.account_sid, **fields)
        return await self.post(url, form)

    async def report(self, message: SentMessage, status: str, error_code: int | None = None) -> Answer | None:
        """Tell the status callback of a message about it; None if it has none."""
        message.status, message.error_code = status, error_code
        if message.status_callback is None:
            return None
        news = forms.status(message.sid, status, to=message.to, error_code=error_code)
        news |= {"AccountSid": message.account_sid, "From": message.from_}
        return await self.post(message.status_callback, news)

    async def post(self, url: str, form: Mapping[str, str]) -> Answer:
        """Post a signed form as Twilio does, honouring what follows `#` in the address."""
        public, _, overrides = url.partition("#")
        wishes = {"rc": "1", "rp": "ct", "rt": "15000", "ct": "5000"} | dict(parse_qsl(overrides))
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
            "X-Twilio-Signature": forms.sign(public, form.items(), self.auth_token),
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
        for outside, inside in self.proxies.items():
            if public.startswith(outside):
                return inside + public.removeprefix(outside)
        return public

    async def _create(self, request: web.Request) -> web.StreamResponse:
        try:
            self._check_account(request)
            form = {name: str(value) for name, value in (await request.post()).items()}
            self.attempts.append(form)
            message = read_message(
                form,
                sid=forms.new_sid(),
                account_sid=self.account_sid,
                numbers=self.numbers,
                opted_out=self.opted_out,
            )
        except RefusedByTwilio as refusal:
            return web.json_response(refusal.as_json(), status=refusal.status)
        fault = self._faults.pop(0) if self._faults else None
        if fault is None or fault.is_taken:
            await self._take(message)
        if fault is not None:
            return await self._go_wrong(fault, request)
        return web.json_response(message.as_json(), status=201)

    async def _take(self, message: SentMessage) -> None:
        async with self._changed:
            self.messages.append(message)
            self._changed.notify_all()
        if self.news_first:
            await self._report_all(message)
        elif self.news or message.to in self.undeliverable:
            task = asyncio.create_task(self._report_all(message))
            self._reports.add(task)
            task.add_done_callback(self._reports.discard)

    async def _report_all(self, message: SentMessage) -> None:
        if message.to in self.undeliverable:
            await self.report(message, "undelivered", self.undeliverable[message.to])
            return
        for status in self.news:
            await self.report(message, status)

    async def _go_wrong(self, fault: Fault, request: web.Request) -> web.StreamResponse:
        status, code, _ = fault.value
        if status is None:
            await self._over.wait()
        if not status:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        if code is None:
            return web.Response(status=status, text="<html>Bad Gateway</html>", content_type="text/html")
        refusal = RefusedByTwilio(status, code, "Told to fail")
        headers = {"Retry-After": "7"} if code == 20429 else {}
        return web.json_response(refusal.as_json(), status=status, headers=headers)

    async def _fetch(self, request: web.Request) -> web.Response:
        try:
            self._check_account(request)
        except RefusedByTwilio as refusal:
            return web.json_response(refusal.as_json(), status=refusal.status)
        for message in self.messages:
            if message.sid == request.match_info["sid"]:
                return web.json_response(message.as_json())
        missing = RefusedByTwilio(404, 20404, "The requested resource was not found")
        return web.json_response(missing.as_json(), status=404)

    async def _list(self, request: web.Request) -> web.Response:
        try:
            self._check_account(request)
        except RefusedByTwilio as refusal:
            return web.json_response(refusal.as_json(), status=refusal.status)
        wanted = [
            message.as_json()
            for message in reversed(self.messages)
            if request.query.get("To", message.to) == message.to
            and request.query.get("From", message.from_) == message.from_
        ]
        size, page = int(request.query.get("PageSize", 50)), int(request.query.get("Page", 0))
        following = request.url.update_query(Page=page + 1)
        more = len(wanted) > (page + 1) * size
        return web.json_response(
            {
                "messages": wanted[page * size : (page + 1) * size],
                "page": page,
                "page_size": size,
                "uri": request.path_qs,
                "next_page_uri": following.path_qs if more else None,
            }
        )

    def _check_account(self, request: web.Request) -> None:
        expected = forms.authorization(self.account_sid, self.auth_token)
        if request.headers.get("Authorization") != expected:
            raise RefusedByTwilio(401, 20003, "Authenticate")
        if request.match_info["account"] != self.account_sid:
            raise RefusedByTwilio(404, 20404, "The requested resource was not found")


def _check_twiml(text: str, content_type: str) -> None:
    """Complain as Twilio's debugger does about an answer that it cannot read."""
    if content_type not in {"text/xml", "application/xml"}:
        raise AssertionError(f"12300: invalid Content-Type {content_type!r}")
    if ET.fromstring(text).tag != "Response":  # noqa: S314  # it comes from the product under test
        raise AssertionError("12200: the root of the answer is not <Response>")


if __name__ == "__main__":
    from tests.fakes.twilio_control import main  # it imports this module

    main()
