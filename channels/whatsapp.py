"""Sends one message through Twilio's REST API, and sorts what can go wrong by what to do about it.

It must never send a message twice: Twilio has no idempotency key, so whatever may have been taken
is DeliveryUnknown and is not repeated here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.rest import Client

from channels.contents import Content
from channels.form_values import is_sid
from channels.twilio_account import TwilioAccount
from channels.twilio_errors import WAITS, Remedy, concerns_sender, remedy_for, remedy_for_status
from channels.twilio_http import TwilioHttp, asked_to_wait
from channels.twilio_listing import Listing
from channels.wording import words_of
from engine.effects import Attempt, Option
from engine.errors import (
    ChannelError,
    DeliveryDeferred,
    DeliveryRefused,
    DeliveryUnknown,
    FreeTextRefused,
)

_NO_CODE = 1 << 31
UNREADABLE = (AttributeError, TypeError, LookupError, ValueError, RecursionError)
"""What the SDK makes of an answer that is no message: `null`, a list, a number where a name belongs."""
LONGEST_WAIT = 3600.0
"""Seconds that we let ourselves be told to wait at the most."""
VALID_SECONDS = 4 * 3600
"""A message that Twilio could not hand over by then is dropped: old offers only confuse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One outbox row on its way out."""

    attempt: Attempt
    """Comes back with the news of the delivery."""
    flow: str
    address: str
    text: str
    options: tuple[Option, ...] = ()
    content: Content | None = None
    """What it is sent with instead of its words: a template, or a frame with something to tap."""

    @property
    def is_free_text(self) -> bool:
        """Whether WhatsApp takes it within the 24 hours only: words, or a frame around them."""
        return self.content is None or self.content.replaceable


class WhatsApp:
    """The practice's WhatsApp. Use as an async context manager inside the running event loop."""

    def __init__(self, account: TwilioAccount, http: TwilioHttp | None = None) -> None:
        """`http`: only to set other deadlines. Raises ChannelError if the account is not complete."""
        missing = account.missing("account_sid", "auth_token", "client_number")
        if missing:
            raise ChannelError(f"WhatsApp is not set up here: {', '.join(missing)} is missing.")
        self._account = account
        self._http = http or TwilioHttp()
        self._twilio = Client(account.account_sid, account.auth_token, http_client=self._http)
        self._twilio.api.base_url = account.api_base_url.rstrip("/")
        self.listing = Listing(self._twilio, account)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    async def send(self, outgoing: Outgoing) -> str:
        """Hand a message over to Twilio; returns Twilio's name of it.

        Raises DeliveryDeferred (certainly not taken), DeliveryUnknown (nobody can tell),
        FreeTextRefused (not taken, but a template may be) or DeliveryRefused (not taken, and never will be).
        """
        try:
            message = await self._twilio.messages.create_async(
                from_=self._account.number_for(outgoing.flow),
                to=outgoing.address,
                validity_period=VALID_SECONDS,
                **_what(outgoing),
                **self._callback(outgoing),
            )
        except TwilioException as error:
            raise _sorted(error, is_free_text=outgoing.is_free_text) from None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise DeliveryDeferred("Twilio could not be reached.") from error
        except TimeoutError as error:
            raise DeliveryUnknown("Twilio did not answer in time.") from error
        except aiohttp.ClientError as error:
            raise DeliveryUnknown(f"The connection to Twilio broke: {type(error).__name__}.") from error
        except UNREADABLE as error:
            raise DeliveryUnknown("Twilio's answer could not be read.") from error
        if not (isinstance(message.sid, str) and is_sid(message.sid)):
            raise DeliveryUnknown("Twilio's answer names no message.")
        return str(message.sid)

    async def look_for(self, outgoing: Outgoing, since: int, wordings: Iterable[str] = ()) -> list[str]:
        """Twilio's names of messages that may be this one, oldest first. Raises ListUnavailable.

        They went to this person with these words since then. With buttons the words stand without the
        written-out options. `wordings`: how it may read as a template.
        """
        return await self.listing.sent(
            self._account.number_for(outgoing.flow),
            outgoing.address,
            frozenset({words_of(outgoing.text, outgoing.options), outgoing.text, *wordings}),
            since,
        )

    def _callback(self, outgoing: Outgoing) -> dict[str, str]:
        """Where Twilio reports the delivery, marked with our own name of this sending."""
        if not self._account.status_webhook_url:
            return {}
        parts = urlsplit(self._account.status_webhook_url)
        query = "&".join(
            part for part in (parts.query, f"o={outgoing.attempt.message}.{outgoing.attempt.number}") if part
        )
        return {"status_callback": urlunsplit(parts._replace(query=query))}


def _what(outgoing: Outgoing) -> dict[str, str]:
    """Words, or a content with what fills it; Twilio takes one of the two."""
    if outgoing.content is None:
        return {"body": words_of(outgoing.text, outgoing.options)}
    variables = json.dumps(dict(outgoing.content.variables), ensure_ascii=False)
    return {"content_sid": outgoing.content.sid, "content_variables": variables}


def _sorted(error: TwilioException, *, is_free_text: bool) -> ChannelError:
    """What Twilio's refusal means for the message. Twilio's own words may quote it, so they stay out."""
    status, code = _status_and_code(error)
    remedy = Remedy.UNKNOWN_CODE if code is None else remedy_for(code)
    if remedy is Remedy.UNKNOWN_CODE:
        remedy = remedy_for_status(status)
    said = f"Twilio answered {status}" + (f", code {code}" if code else "") + f": {remedy.value}."
    if remedy is Remedy.RECONCILE:
        return DeliveryUnknown(said)
    if remedy in WAITS:
        wait = _seconds(asked_to_wait()) or WAITS[remedy]
        return DeliveryDeferred(said, retry_after=wait, concerns_sender=concerns_sender(code, remedy))
    if remedy is Remedy.TEMPLATE and is_free_text:
        return FreeTextRefused(said, code=code)
    return DeliveryRefused(said, code=code)


def _status_and_code(error: TwilioException) -> tuple[int, int | None]:
    """The HTTP status, and Twilio's code if it gave one: the SDK fills the status in where there is none."""
    if not isinstance(error, TwilioRestException | TwilioServiceException):
        return HTTPStatus.INTERNAL_SERVER_ERROR, None
    is_code = isinstance(error.code, int) and error.code != error.status and 0 < error.code < _NO_CODE
    return int(error.status), error.code if is_code else None


def _seconds(retry_after: str | None) -> float | None:
    """`Retry-After` as seconds from now; it may be written as a date."""
    if not retry_after:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return min(float(retry_after), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(retry_after).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, (until - datetime.now(UTC)).total_seconds()), LONGEST_WAIT)
