"""How the Twilio SDK reaches the network: one aiohttp session with real deadlines, and no repeats.

The SDK's own async client ignores its deadline and can repeat a POST, which would send a message twice.
This one must never repeat anything, nor log: addresses and queries hold phone numbers.
"""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Mapping
from contextvars import ContextVar

import aiohttp
from twilio.http import AsyncHttpClient
from twilio.http.response import Response

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0

_QUIET = logging.getLogger("therapy_booking.twilio")
_asked_to_wait: ContextVar[str | None] = ContextVar("asked_to_wait", default=None)


class TwilioHttp(AsyncHttpClient):  # type: ignore[misc]  # the SDK ships no types
    """Carries the SDK's requests. Make it inside the running event loop; close it at the end."""

    def __init__(self, *, connect: float = CONNECT_SECONDS, total: float = TOTAL_SECONDS) -> None:
        """`connect`, `total`: seconds for reaching Twilio, and for the whole request."""
        super().__init__(_QUIET, is_async=True, timeout=total)
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=total, connect=connect),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def request(  # noqa: PLR0913  # the SDK dictates the signature
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # as above; the session's deadline always holds
        allow_redirects: bool = False,  # noqa: FBT001, FBT002  # as above
    ) -> Response:
        """Carry out one request of the SDK's. Raises aiohttp's errors and TimeoutError as they come."""
        del timeout
        _asked_to_wait.set(None)
        sent = dict(headers or {})
        if auth is not None:
            sent["Authorization"] = f"Basic {b64encode(':'.join(auth).encode()).decode()}"
        is_json = sent.get("Content-Type") == "application/json"
        async with self._session.request(
            method.upper(),
            url,
            params=params,
            headers=sent,
            json=data if is_json else None,
            data=None if is_json else data,
            allow_redirects=allow_redirects,
        ) as response:
            _asked_to_wait.set(response.headers.get("Retry-After"))
            return Response(response.status, await response.text(errors="replace"), response.headers)


def asked_to_wait() -> str | None:
    """Give the `Retry-After` of this task's last answer, as it was written; the SDK's errors lose it."""
    return _asked_to_wait.get()
