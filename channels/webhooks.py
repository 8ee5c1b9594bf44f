"""The door Twilio knocks at: verify, parse, store one inbox row, answer. Nothing else happens here.

It must never take a turn, send a message or ask a classifier: Twilio waits, and gives up.
A message that cannot be stored at once is held for a while and retried, because Twilio by itself
does not repeat a webhook that was answered with an error.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import structlog
from quart import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from channels import inbound, signature
from channels.few_lines import FewLines
from channels.floods import MINUTE, Floods, Limits, Pace
from channels.ports import DeliveryNews, Door, Intake, TooManyMessages
from channels.route import Route
from channels.twilio_account import TwilioAccount
from engine.errors import BadSignature, ChannelError, MalformedWebhook, TherapyBookingError, TryAgain
from engine.events import Heard

LARGEST_BODY = 64 * 1024
"""Bytes. Twilio's longest form is a quarter of that."""
PATIENCE = 13.0
"""Seconds that a webhook may take at the most, for reading it and storing it. Twilio gives up after 15."""
PAUSE = 0.05
"""Seconds before the first repeat; each next one is twice as long, up to a second."""

NO_REPLY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'

T = TypeVar("T")
Fields = list[tuple[str, str]]

log = structlog.get_logger("webhooks")


class WebhookUnavailable(ChannelError):
    """WhatsApp is not set up here. Answered with 503."""


class WebhookTooLarge(ChannelError):
    """The request is larger than 65536 bytes. Answered with 413."""


class WebhookTooSlow(ChannelError):
    """The request did not arrive in time. Answered with 408."""


class WebhookFlooded(ChannelError):
    """Too many requests came from there that were not Twilio's. Answered with 429."""


STATUS_OF: Mapping[type[TherapyBookingError], int] = {
    BadSignature: 403,
    MalformedWebhook: 400,
    TooManyMessages: 429,
    TryAgain: 503,
    WebhookFlooded: 429,
    WebhookTooLarge: 413,
    WebhookTooSlow: 408,
    WebhookUnavailable: 503,
}


class Webhooks:
    """The three routes. `blueprint` goes into the app."""

    def __init__(
        self,
        account: TwilioAccount,
        *,
        intake: Intake,
        route: Route,
        news: DeliveryNews,
        now: Callable[[], int] = lambda: int(time.time()),
        limits: Limits | None = None,
    ) -> None:
        """`now`: seconds since the epoch."""
        self._account = account
        self._intake = intake
        self._route = route
        self._news = news
        self._now = now
        self._floods = Floods(limits or Limits(), now)
        self._lines = FewLines(now)
        self.patience = PATIENCE
        """Seconds to wait for the body and to go on trying to store the message."""
        self._storing: set[asyncio.Future[Any]] = set()
        self.blueprint = self._blueprint()

    def _blueprint(self) -> Blueprint:
        blueprint = Blueprint("webhooks", __name__, url_prefix="/webhook")
        blueprint.add_url_rule("/client", "client", self._from_client, methods=["POST"])
        blueprint.add_url_rule("/therapist", "therapist", self._from_therapist, methods=["POST"])
        blueprint.add_url_rule("/status", "status", self._status, methods=["POST"])
        for error in STATUS_OF:
            blueprint.register_error_handler(error, self._refuse)
        return blueprint

    async def _from_client(self) -> Response:
        return await self._message("client", "client_webhook_url")

    async def _from_therapist(self) -> Response:
        return await self._message("therapist", "therapist_webhook_url")

    async def _message(self, door: Door, url_field: str) -> Response:
        deadline = self._deadline()
        fields = await self._verified_fields(url_field, deadline)
        message = inbound.heard(
            fields,
            account_sid=self._account.account_sid,
            is_ours=partial(self._account.is_reached_at, door),
            flow=door,
            at=self._now(),
        )
        pace = self._floods.pace_of(message.address)
        if not await self._until_stored(lambda: self._store(door, message, pace), deadline):
            self._floods.known_before(message.address)
        return Response(NO_REPLY, content_type="text/xml; charset=utf-8")

    async def _store(self, door: Door, message: Heard, pace: Pace) -> bool:
        flow = await self._route.flow_of(door, message.address)
        return await self._intake.take_in(replace(message, flow=flow), pace)

    async def _status(self) -> Response:
        deadline = self._deadline()
        fields = await self._verified_fields("status_webhook_url", deadline)
        status = inbound.delivery_status(
            fields, account_sid=self._account.account_sid, attempt=request.args.get("o")
        )
        await self._until_stored(lambda: self._news.note(status), deadline)
        return Response(status=204)

    async def _verified_fields(self, url_field: str, deadline: float) -> Fields:
        missing = self._account.missing("account_sid", "auth_token", url_field)
        if missing:
            raise WebhookUnavailable(f"WhatsApp is not set up here: {', '.join(missing)} is missing.")
        source = self._floods.source(request.remote_addr, request.headers.getlist("X-Forwarded-For"))
        is_flooded = self._floods.is_flooded(source)
        is_crowded = is_flooded or self._floods.is_closed(source)
        if is_crowded and signature.HEADER not in request.headers:
            raise WebhookFlooded
        try:
            return await self._proven_fields(url_field, deadline)
        except (BadSignature, WebhookTooLarge, WebhookTooSlow) as error:
            if flood := self._floods.refused(source):
                log.warning(flood.value)
            if is_crowded:
                raise WebhookFlooded from error
            raise

    async def _proven_fields(self, url_field: str, deadline: float) -> Fields:
        body = await _body(deadline)
        url = signature.signed_url(getattr(self._account, url_field), request.query_string.decode("latin-1"))
        header = request.headers.get(signature.HEADER)
        try:
            fields = inbound.form_fields(request.content_type or "", body)
        except MalformedWebhook:
            # Nobody learns more than "not signed" who did not sign. Twilio's own validators see no
            # fields in such a body either, so that is what a signature of it can be made over.
            signature.verify_form(self._account.auth_tokens, url, [], header)
            raise
        signature.verify_form(self._account.auth_tokens, url, fields, header)
        return fields

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self.patience

    async def _until_stored(self, store: Callable[[], Awaitable[T]], deadline: float) -> T:
        """Try until the database takes it or Twilio has to be answered.

        A try that has begun goes on to its end all the same, also if Twilio hangs up meanwhile.
        """
        storing = asyncio.ensure_future(_persist(store, deadline))
        self._storing.add(storing)
        storing.add_done_callback(self._storing.discard)
        try:
            async with asyncio.timeout_at(deadline):
                return await asyncio.shield(storing)
        except TimeoutError as error:
            raise TryAgain("The database did not take the message in time.") from error

    def _refuse(self, error: TherapyBookingError) -> Response:
        """Say why in a sentence, to the other side and to the operator."""
        status = next(STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF)
        response = Response(f"{error}\n", status=status, content_type="text/plain; charset=utf-8")
        if isinstance(error, WebhookFlooded):
            response.headers["Retry-After"] = str(MINUTE)
        elif (left_out := self._lines.may(type(error).__name__)) is not None:
            log.warning(
                "webhook refused", path=request.path, status=status, reason=str(error), left_out=left_out
            )
        return response


async def _persist(store: Callable[[], Awaitable[T]], deadline: float) -> T:
    pause = PAUSE
    while True:
        try:
            return await store()
        except TryAgain:
            if asyncio.get_running_loop().time() + pause > deadline:
                raise
        await asyncio.sleep(pause)
        pause = min(2 * pause, 1.0)


async def _body(deadline: float) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout_at(deadline):
            async for chunk in request.body:
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise WebhookTooLarge
    except TimeoutError as error:
        raise WebhookTooSlow from error
    except RequestEntityTooLarge as error:
        raise WebhookTooLarge from error
    return bytes(body)
