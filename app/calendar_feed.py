"""`GET /webhook/calendar/<token>.ics`: somebody's appointments for the calendar on their phone.

The address is all that it takes to see them, so they are called "Appointment" and nothing else, whatever they
are for, and the address is nowhere in the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import structlog
from icalendar import Calendar, Event
from quart import Blueprint, Response, request

from app.wiring import Product
from channels.floods import Floods, Limits
from flows.calendar_address import CalendarAddresses
from storage.calendar_links import CalendarEntry

TITLE = "Appointment"
PAST_MINUTES = 30 * 24 * 60
"""How long what is over stays."""
STATUS = {
    "confirmed": "CONFIRMED",
    "completed": "CONFIRMED",
    "no_show": "CONFIRMED",
    "cancelled": "CANCELLED",
}
"""RFC 5545, 3.8.1.11; whatever else is tentative."""
REFRESH = timedelta(hours=1)

log = structlog.get_logger("calendar")


def calendar_feed(product: Product, limits: Limits) -> Blueprint:
    """The blueprint. Whoever guesses tokens is turned away like whoever is not Twilio, by the address."""
    blueprint = Blueprint("calendar", __name__)
    addresses = CalendarAddresses(product.settings.calendar_address, product.storage.prove)
    floods = Floods(limits, product.clock)

    @blueprint.get("/webhook/calendar/<token>.ics")
    async def feed(token: str) -> Response:
        source = floods.source(request.remote_addr, request.headers.getlist("X-Forwarded-For"))
        if floods.is_closed(source):
            return _refused(HTTPStatus.TOO_MANY_REQUESTS)
        read = addresses.read(token)
        if read is None or await product.storage.calendar_links.version(read[0]) != read[1]:
            if flood := floods.refused(source):
                log.warning("calendar addresses are guessed", reason=flood.name.lower())
            return _refused(HTTPStatus.NOT_FOUND)
        entries = await product.storage.calendar_links.entries(read[0], product.clock() // 60 - PAST_MINUTES)
        response = Response(rendered(entries), content_type="text/calendar; charset=utf-8")
        response.headers["Cache-Control"] = "private, max-age=300"
        return response

    return blueprint


def _refused(status: HTTPStatus) -> Response:
    return Response(f"{status.phrase}\n", status=status, content_type="text/plain")


def rendered(entries: Sequence[CalendarEntry]) -> bytes:
    """A calendar as RFC 5545 writes it. One that is moved or cancelled keeps its UID and counts up."""
    calendar = Calendar()
    calendar.add("prodid", "-//therapy-booking//appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", TITLE + "s")
    calendar.add("refresh-interval", REFRESH, {"value": "DURATION"})
    for entry in entries:
        event, updated = Event(), datetime.fromtimestamp(entry.updated_at, UTC)
        event.add("uid", f"appointment-{entry.id}@therapy-booking")
        event.add("summary", TITLE)
        event.add("dtstart", datetime.fromtimestamp(entry.starts_at * 60, UTC))
        event.add("dtend", datetime.fromtimestamp(entry.ends_at * 60, UTC))
        event.add("dtstamp", updated)
        event.add("last-modified", updated)
        event.add("sequence", entry.updated_at - entry.created_at)
        event.add("status", STATUS.get(entry.status, "TENTATIVE"))
        event.add("class", "PRIVATE")
        calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written
