"""Twilio, on the loopback: takes messages by its REST API, and knocks at webhooks as Twilio does.

It is as strict as the real one, and can be told to fail in every way the real one fails. It must never
use the product's code: it would agree with its mistakes.

What is not documented, or was seen by nobody here, is marked `Assumed` where it is played, in all of these
modules. Assumed of the whole: what was taken first is delivered first, though of two messages sent in quick
succession Twilio promises no order.

    async with FakeTwilio() as twilio:
        account = TwilioAccount(api_base_url=twilio.url, ...)
        await twilio.deliver("http://127.0.0.1:8000/webhook/client", CLIENT, "hello")
        [reply] = await twilio.messages_to(CLIENT, 1)

As a program: `python -m tests.fakes.twilio --port 0`; see tests/fakes/twilio_control.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Self

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from tests.fakes import twilio_forms as forms
from tests.fakes.twilio_console import FakeAccount, routes
from tests.fakes.twilio_contents import NOT_APPROVED, ContentBook
from tests.fakes.twilio_faults import Fault, go_wrong
from tests.fakes.twilio_limits import DAY, DailyLimit
from tests.fakes.twilio_listing import page_of
from tests.fakes.twilio_messages import (
    API_VERSION,
    RefusedByTwilio,
    SentMessage,
    check_repeats,
    read_message,
)
from tests.fakes.twilio_sandbox import Sandbox
from tests.fakes.twilio_webhooks import Answer, WebhookCaller

THERAPISTS_NUMBER = "whatsapp:+14155230000"


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
        self.messages: list[SentMessage] = []
        self.attempts: list[dict[str, str]] = []
        # Addresses to which sending is refused with 21610, at once and from every number. Assumed: of
        # WhatsApp Twilio says neither that it keeps opt-outs nor that it does not, unless a Messaging Service
        # has Advanced Opt-Out; nor whether what was told to one number counts at another.
        self.opted_out: set[str] = set()
        self.undeliverable: dict[str, int] = {}
        """Addresses that messages are taken for and do not reach, with the code that is reported afterwards:
        63016 outside the 24 hours, 63015 outside the sandbox, 63003 not on WhatsApp."""
        self.closed: set[str] = set()
        """Addresses to which free text is refused at once with 63016. Assumed: documented is only that it is
        taken and reported afterwards, see `keeps_window`."""
        self.news: tuple[str, ...] = ()
        """Statuses to report of each message once taken, in this order, such as ("sent", "delivered")."""
        self.news_first = False
        """Whether they are reported before the request to send is answered."""
        self.contents = ContentBook()
        """Its Content API; its address is the same."""
        self.keeps_window = False
        """Whether it holds to the 24 hours since a person's last message, and reports 63016 afterwards."""
        self.passed = 0.0
        """Seconds by which its clock was moved forward."""
        self._heard: dict[tuple[str, str], float] = {}
        self.disorder: random.Random | None = None
        """Lets reports come in any order, some twice, some before the answer, some never."""
        self.received: list[SentMessage] = []
        """What people wrote to our numbers, whether or not the webhook heard of it."""
        self.unlisted: set[str] = set()
        """Messages that the list does not show yet."""
        self.list_fault: Callable[[], Fault | None] = lambda: None
        """How the next request for the list goes wrong."""
        self.reported: dict[str, set[str]] = {}
        """What was reported of each message."""
        self.chance: Callable[[], Fault | None] = lambda: None
        """How the next request to send goes wrong, if none was told to fail."""
        self.failing: Callable[[], int | None] = lambda: None
        """With which code the next message that is taken is reported as undelivered."""
        self.failed: set[str] = set()
        """Messages that were not delivered."""
        self.sandbox: Sandbox | None = None
        """None: the numbers are real ones."""
        self.daily_limit = DailyLimit()
        self._faults: list[Fault] = []
        self._port = port
        self._changed = asyncio.Condition()
        self._over = asyncio.Event()
        self._open = contextlib.AsyncExitStack()
        self._reports: set[asyncio.Task[None]] = set()
        self._caller = WebhookCaller(auth_token, self.proxies)

    @property
    def url(self) -> str:
        """The base address of its REST API."""
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        """Listen, on the asked port or a free one."""
        app = web.Application(middlewares=[self._refusing()])
        self.add_routes(app)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        self._open.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", self._port)
        await site.start()
        self._port = runner.addresses[0][1]
        await self._open.enter_async_context(self._caller)
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
        app.router.add_delete(f"{messages}/{{sid}}.json", self._delete)
        authorization = forms.authorization(self.account_sid, self.auth_token)
        app.router.add_routes(routes(self.account, self.account_sid, authorization))
        self.contents.add_routes(app)

    def _refusing(self) -> Middleware:
        """Says why a content was refused; nobody without the account's token gets to see any."""

        @web.middleware
        async def refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
            try:
                if request.path.startswith("/v1/"):
                    self._check_login(request)
                return await handler(request)
            except RefusedByTwilio as refusal:
                return web.json_response(refusal.as_json(), status=refusal.status)

        return refuse

    def fail(self, fault: Fault, times: int = 1) -> None:
        """Let the next `times` requests to send fail in this way, after those already told to fail."""
        self._faults += [fault] * times

    async def messages_to(self, address: str, count: int, within: float = 30.0) -> list[SentMessage]:
        """The messages to this address, as soon as there are `count`. Raises TimeoutError."""

        def there() -> list[SentMessage]:
            return [message for message in self.messages if message.to == address]

        try:
            async with asyncio.timeout(within), self._changed:
                await self._changed.wait_for(lambda: len(there()) >= count)
        except TimeoutError as error:
            raise TimeoutError(f"{len(there())} of {count} messages came within {within} s.") from error
        return there()

    async def message(self, number: int) -> SentMessage:
        """The message with this place among all that were taken, as soon as it is."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.messages) > number)
        return self.messages[number]

    async def deliver(
        self, url: str, from_: str, body: str = "", *, to: str = forms.PRACTICE, **fields: str
    ) -> Answer:
        """Post a message to the webhook; `fields` are Twilio's, such as MessageSid or ButtonPayload."""
        form = forms.message(body, from_=from_, to=to, AccountSid=self.account_sid, **fields)
        self._heard[from_, to] = self._now()
        self.receive(form)
        if self.sandbox is not None and self.sandbox.hears(body, from_, self._now()):
            return Answer(0, "", 0)
        return await self.post(url, form)

    async def tap(self, url: str, message: SentMessage, title: str) -> Answer:
        """Let the person who got this message tap what has this title."""
        (id_,) = [id_ for shown, id_ in message.buttons if shown == title]
        is_list = self.contents.contents[str(message.content_sid)].kind == "twilio/list-picker"
        fields = forms.list_tap(id_, title) if is_list else forms.tap(id_, title)
        fields = {name: fields[name] for name in fields if name.startswith(("Button", "List", "MessageType"))}
        answered = {"OriginalRepliedMessageSid": message.sid, "OriginalRepliedMessageSender": message.from_}
        return await self.deliver(url, message.to, title, to=message.from_, **fields, **answered)

    def receive(self, form: Mapping[str, str], at: datetime | None = None) -> SentMessage:
        """Keep a message that somebody wrote, without bringing it to the webhook."""
        message = SentMessage(
            sid=form["MessageSid"],
            account_sid=form["AccountSid"],
            to=form["To"],
            from_=form["From"],
            body=form["Body"],
            media=int(form["NumMedia"]),
            status="received",
            direction="inbound",
            created=at or datetime.now(UTC),
        )
        if all(one.sid != message.sid for one in self.received):
            self.received.append(message)
        return message

    async def report(self, message: SentMessage, status: str, error_code: int | None = None) -> Answer | None:
        """Tell the status callback of a message about it; None if it has none."""
        message.status, message.error_code = status, error_code
        self.reported.setdefault(message.sid, set()).add(status)
        if message.status_callback is None:
            return None
        news = forms.status(message.sid, status, to=message.to, error_code=error_code)
        news |= {"AccountSid": message.account_sid, "From": message.from_}
        return await self.post(message.status_callback, news)

    async def post(self, url: str, form: Mapping[str, str]) -> Answer:
        """Post a signed form to a webhook as Twilio does."""
        return await self._caller.post(url, form)

    async def _create(self, request: web.Request) -> web.StreamResponse:
        try:
            self._check_account(request)
            posted = await request.post()
            check_repeats(name for name, _ in posted.items())
            form = {name: str(value) for name, value in posted.items()}
            self.attempts.append(form)
            message = read_message(
                form,
                sid=forms.new_sid(),
                account_sid=self.account_sid,
                numbers=self.numbers,
                opted_out=self.opted_out,
            )
            self._render(message)
            self.daily_limit.check(self._now())
        except RefusedByTwilio as refusal:
            return web.json_response(refusal.as_json(), status=refusal.status)
        fault = self._faults.pop(0) if self._faults else self.chance()
        if fault is None or fault.is_taken:
            await self._take(message)
        if fault is not None:
            return await go_wrong(fault, request, self._over)
        return web.json_response(message.as_json(), status=201)

    def _render(self, message: SentMessage) -> None:
        """Fill a message's content in. Raises RefusedByTwilio."""
        if message.content_sid is None:
            if message.to in self.closed:
                raise RefusedByTwilio(400, 63016, "Outside the window only templates are taken")
            return
        made = self.contents.contents.get(message.content_sid)
        if made is None:
            raise RefusedByTwilio(400, 21655, "The ContentSid is invalid")
        message.body, message.buttons = made.render(message.content_variables)

    def _now(self) -> float:
        return time.monotonic() + self.passed

    def _why_too_late(self, message: SentMessage) -> int | None:
        """The code of what comes after the 24 hours and is no approved template."""
        made = self.contents.contents.get(message.content_sid or "")
        heard = self._heard.get((message.to, message.from_))
        in_time = heard is not None and self._now() - heard < DAY
        approval = made.approval["status"] if made else ""
        if not self.keeps_window or in_time or approval == "approved":
            return None
        return NOT_APPROVED.get(approval, 63016)

    async def _take(self, message: SentMessage) -> None:
        message.fails_with = self.failing()
        self.daily_limit.count(self._now())
        async with self._changed:
            self.messages.append(message)
            self._changed.notify_all()
        code = self._why_undelivered(message)
        if self.news_first or (self.disorder and self.disorder.random() < 0.3):
            await self._report_all(message, code)
        elif self.news or code:
            task = asyncio.create_task(self._report_all(message, code))
            self._reports.add(task)
            task.add_done_callback(self._reports.discard)

    def _why_undelivered(self, message: SentMessage) -> int | None:
        """The code that is reported afterwards."""
        if self.sandbox is not None and (code := self.sandbox.why_undelivered(message.to, self._now())):
            return code
        if code := self._why_too_late(message):
            return code
        if message.to in self.undeliverable:
            return self.undeliverable[message.to]
        return message.fails_with

    async def _report_all(self, message: SentMessage, code: int | None) -> None:
        if code:
            self.failed.add(message.sid)
        for status in self._news_of_one(is_delivered=code is None):
            await self.report(message, status, code if status == "undelivered" else None)

    def _news_of_one(self, *, is_delivered: bool) -> list[str]:
        if self.disorder is None:
            return list(self.news) if is_delivered else ["undelivered"]
        if is_delivered and self.disorder.random() < 0.3:
            return []
        news = self.news if is_delivered else ("sent", "undelivered")
        told = [*news, *(status for status in news if self.disorder.random() < 0.3)]
        self.disorder.shuffle(told)
        return told

    async def _fetch(self, request: web.Request) -> web.Response:
        try:
            self._check_account(request)
        except RefusedByTwilio as refusal:
            return web.json_response(refusal.as_json(), status=refusal.status)
        for message in (*self.messages, *self.received):
            if message.sid == request.match_info["sid"]:
                return web.json_response(message.as_json())
        missing = RefusedByTwilio(404, 20404, "The requested resource was not found")
        return web.json_response(missing.as_json(), status=404)

    async def _delete(self, request: web.Request) -> web.Response:
        found = await self._fetch(request)
        if found.status != 200:
            return found
        for kept in (self.messages, self.received):
            kept[:] = [message for message in kept if message.sid != request.match_info["sid"]]
        return web.Response(status=204)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        try:
            self._check_account(request)
        except RefusedByTwilio as refusal:
            return web.json_response(refusal.as_json(), status=refusal.status)
        if (fault := self.list_fault()) is not None:
            return await go_wrong(fault, request, self._over)
        listed = [one for one in (*self.received, *self.messages) if one.sid not in self.unlisted]
        try:
            return web.json_response(page_of(listed, request.path, request.query))
        except RefusedByTwilio as refusal:
            return web.json_response(refusal.as_json(), status=refusal.status)

    def _check_login(self, request: web.Request) -> None:
        expected = forms.authorization(self.account_sid, self.auth_token)
        if request.headers.get("Authorization") != expected:
            raise RefusedByTwilio(401, 20003, "Authenticate")

    def _check_account(self, request: web.Request) -> None:
        self._check_login(request)
        if request.match_info["account"] != self.account_sid:
            raise RefusedByTwilio(404, 20404, "The requested resource was not found")


if __name__ == "__main__":
    from tests.fakes.twilio_control import main  # it imports this module

    main()
