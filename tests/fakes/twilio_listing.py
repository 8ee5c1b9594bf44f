"""Twilio's list of messages: its filters and its pages.

Assumed: that what was taken is shown at once, but for what a test holds back (`FakeTwilio.unlisted`), and
that what has not left yet has no date to filter by. How late the list may be Twilio does not say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlencode

from tests.fakes.twilio_messages import RefusedByTwilio, SentMessage

LARGEST_PAGE = 1000
USUAL_PAGE = 50


def page_of(messages: Iterable[SentMessage], path: str, query: Mapping[str, str]) -> dict[str, object]:
    """One page of what passes the filters, newest first, or RefusedByTwilio."""
    wanted = sorted(
        (message for message in messages if _passes(message, query)),
        key=lambda message: message.created,
        reverse=True,
    )
    number, size = page_asked_for(query)
    following = urlencode({**query, "Page": str(number + 1), "PageToken": token_of(number + 1)})
    has_more = len(wanted) > (number + 1) * size
    return {
        "messages": [message.as_json() for message in wanted[number * size : (number + 1) * size]],
        "page": number,
        "page_size": size,
        "first_page_uri": f"{path}?{urlencode({**query, 'Page': '0'})}",
        "previous_page_uri": None,
        "start": number * size,
        "end": min(len(wanted), (number + 1) * size) - 1,
        "uri": f"{path}?{urlencode(query)}",
        "next_page_uri": f"{path}?{following}" if has_more else None,
    }


class PageAsked(NamedTuple):
    """Which page of a list, and how many there are on each."""

    number: int
    size: int


def page_asked_for(query: Mapping[str, str]) -> PageAsked:
    """What a request asks for, or RefusedByTwilio: later pages are open to who was told of them only."""
    number, size = query.get("Page", "0"), query.get("PageSize", str(USUAL_PAGE))
    if not (number.isdecimal() and size.isdecimal() and int(size)):
        raise RefusedByTwilio(400, 20001, "Page and PageSize are numbers")
    if int(number) and query.get("PageToken") != token_of(int(number)):
        raise RefusedByTwilio(400, 20001, "Invalid PageToken")
    return PageAsked(int(number), min(int(size), LARGEST_PAGE))


def token_of(page: int) -> str:
    """What the page before tells, and this one asks for."""
    return f"PA{page:032x}"


def _passes(message: SentMessage, query: Mapping[str, str]) -> bool:
    if query.get("To", message.to) != message.to or query.get("From", message.from_) != message.from_:
        return False
    sent = None if message.status == "queued" else message.created.date()
    limits = {name: _day(query[name]) for name in ("DateSent", "DateSent>", "DateSent<") if name in query}
    if limits and sent is None:  # what has not left yet has no date
        return False
    return (
        limits.get("DateSent", sent) == sent
        and limits.get("DateSent>", sent) <= sent  # type: ignore[operator]  # not None where there is a limit
        and limits.get("DateSent<", sent) >= sent  # type: ignore[operator]  # as above
        if sent
        else True
    )


def _day(text: str) -> object:
    """Whole days, whatever stands behind them."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).date()
    except ValueError:
        raise RefusedByTwilio(400, 20001, "DateSent is no date") from None
