"""What Twilio's own list of messages says: what we sent and what we were sent, whether we heard of it or not.

Only looks; it must never send or change anything. The addresses of these requests hold phone numbers, which
is how Twilio wants them: nothing here logs one, and no error carries one.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
from twilio.base.exceptions import TwilioException
from twilio.http.response import Response
from twilio.rest import Client

from channels.contents import JOINT
from channels.form_values import is_address, is_sid
from channels.twilio_account import TwilioAccount
from engine.errors import ChannelError
from engine.events import NOTHING, Heard

PAGE_SIZE = 200
MOST_PAGES = 50
SKEW_SECONDS = 60
"""How far Twilio's clock and ours may differ."""


class ListUnavailable(ChannelError):
    """Twilio's list of messages cannot be read now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One message of the list, either way."""

    sid: str
    from_: str
    to: str
    body: str
    inbound: bool
    has_media: bool
    at: int
    """When Twilio took it, seconds since the epoch."""


class Listing:
    """Twilio's list of an account's messages."""

    def __init__(self, twilio: Client, account: TwilioAccount) -> None:
        self._twilio = twilio
        self._account = account

    async def sent(self, from_: str, to: str, bodies: frozenset[str], since: int) -> list[str]:
        """The SIDs of messages with one of these texts, oldest first. Raises ListUnavailable.

        `since`: seconds since the epoch. Spaces and line ends do not count: they may be changed on the way.
        """
        wanted = {_bare(body) for body in bodies}
        found = [
            message
            async for message in self._pages(to=to, from_=from_, until=since)
            if _bare(message.body) in wanted
        ]
        found.reverse()
        return [message.sid for message in sorted(found, key=lambda one: one.at)]

    async def received(self, since: int, before: int) -> list[Heard]:
        """What was written to our numbers between these moments, in its order. Raises ListUnavailable.

        The list tells less than the webhook: neither names, nor which option was tapped (its title is the
        text), nor the type of a medium. The flow is the one of the number; who wrote may change it.
        """
        numbers = {self._account.number_for(flow): flow for flow in ("therapist", "client")}
        day = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%d")
        heard = [
            _heard(message, flow)
            for number, flow in numbers.items()
            async for message in self._pages(to=number, date_sent_after=day, until=since, partly=True)
            if message.inbound and since <= message.at < before and is_address(message.from_)
        ]
        heard.reverse()  # the list begins with the newest: so two of the same second keep their order
        return sorted(heard, key=lambda one: one.at)

    async def _pages(
        self, *, until: int | None = None, partly: bool = False, **filters: str
    ) -> AsyncIterator[Listed]:
        """The messages that pass these filters, newest first; `until`: none that are older are wanted.

        `partly`: whether the newest ones will do where there are too many, so that one who writes without end
        keeps nobody else from being heard.

        Twilio's filter by date knows only whole days, and a message that has not left yet may have no date:
        hence `until`, which looks at when it was made.
        """
        try:
            page = await self._twilio.messages.page_async(page_size=PAGE_SIZE, **filters)
            for _ in range(MOST_PAGES):
                listed = [one for one in map(_listed, page) if is_sid(one.sid)]
                for message in listed:
                    if until is None or message.at >= until - SKEW_SECONDS:
                        yield message
                if until is not None and all(message.at < until - SKEW_SECONDS for message in listed):
                    return
                page = await page.next_page_async()
                if page is None:
                    return
        except TwilioException as error:
            raise ListUnavailable(f"Twilio's list of messages answered {_status(error)}.") from None
        except (TimeoutError, aiohttp.ClientError) as error:
            raise ListUnavailable(
                f"Twilio's list of messages could not be read: {type(error).__name__}."
            ) from None
        except (json.JSONDecodeError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise ListUnavailable(
                f"Twilio's list of messages makes no sense: {type(error).__name__}."
            ) from None
        if not partly:
            raise ListUnavailable(f"Twilio's list of messages has more than {MOST_PAGES} pages.")


def _listed(message: object) -> Listed:
    """One of the SDK's records."""
    read = {name: getattr(message, name) for name in ("sid", "from_", "to", "body", "direction")}
    dates = (getattr(message, "date_created", None), getattr(message, "date_sent", None))
    moments = [int(date.timestamp()) for date in dates if isinstance(date, datetime)]
    if not moments:
        raise ValueError("no date")
    return Listed(
        sid=str(read["sid"]),
        from_=str(read["from_"] or ""),
        to=str(read["to"] or ""),
        body=str(read["body"] or ""),
        inbound=read["direction"] == "inbound",
        has_media=str(getattr(message, "num_media", "0") or "0") != "0",
        at=moments[0],
    )


def _heard(message: Listed, flow: str) -> Heard:
    return Heard(
        key=message.sid,
        flow=flow,
        address=message.from_,
        kind="media" if message.has_media else "text",
        at=message.at,
        text=message.body,
        data={"media": ""} if message.has_media else NOTHING,
    )


def _bare(text: str) -> str:
    """Without what stands where a line ended: that differs with the form in which a message went out."""
    return " ".join(text.replace(JOINT.strip(), " ").split())


def _status(error: TwilioException) -> str:
    """The HTTP status, which the SDK hides in a page that it could not fetch."""
    response = next((part for part in error.args if isinstance(part, Response)), None)
    return str(response.status_code if response else getattr(error, "status", "with an error"))
