"""In which ways Twilio's API goes wrong, and what its client sees of it.

Assumed: that 429 with 20429 names a `Retry-After`, and names it in seconds; it may be a date, or absent.
"""

from __future__ import annotations

import asyncio
from enum import Enum

from aiohttp import web

from tests.fakes.twilio_messages import RefusedByTwilio


class Fault(Enum):
    """How a request to send a message goes wrong: status, code or body; and whether it was taken."""

    RATE_LIMITED = (429, 20429, False)
    CROWDED = (429, 99999, False)
    ELSEWHERE = (302, None, False)
    DAILY_LIMIT = (429, 63038, False)
    UNAVAILABLE = (503, 20503, False)
    NOT_ALLOWED = (401, 20003, False)
    OUTSIDE_WINDOW = (400, 63016, False)
    """Assumed: documented is only that Twilio reports this after it took the message."""
    ERROR_BEFORE = (500, 20500, False)
    ERROR_AFTER = (500, 20500, True)
    BAD_GATEWAY = (502, None, False)
    TOO_LARGE_FOR_PROXY = (413, None, False)
    BAD_ANSWER = (201, None, True)
    NULL = (201, "null", True)
    LIST = (201, "[]", True)
    NUMBER_FOR_NAME = (201, '{"sid": 5}', True)
    NUMBER_FOR_DATE = (201, '{"date_created": 5}', True)
    ENDLESS = (201, "[" * 100_000, True)
    SILENCE_BEFORE = (None, None, False)
    SILENCE_AFTER = (None, None, True)
    DISCONNECT_BEFORE = (0, None, False)
    DISCONNECT_AFTER = (0, None, True)

    @property
    def is_taken(self) -> bool:
        """Whether the message is sent although the answer says otherwise, or there is none."""
        return bool(self.value[2])


async def go_wrong(fault: Fault, request: web.Request, over: asyncio.Event) -> web.StreamResponse:
    """Answer a request so, or not at all. `over` ends a silence."""
    status, code, _ = fault.value
    if status is None:
        await over.wait()
    if not status:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)
    if isinstance(code, str):
        return web.Response(status=status, text=code, content_type="application/json")
    if code is None:
        return web.Response(status=status, text="<html>Bad Gateway</html>", content_type="text/html")
    refusal = RefusedByTwilio(status, code, "Told to fail")
    headers = {"Retry-After": "7"} if code == 20429 else {}
    return web.json_response(refusal.as_json(), status=status, headers=headers)
