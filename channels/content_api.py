"""Twilio's Content API: makes templates and frames for messages, and asks what WhatsApp thinks of them.

It speaks JSON by itself: the SDK's async client sends these requests as forms, which Twilio does not take.
Used by an operator's command alone, never while a message is being sent.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp

from channels.contents import Payload
from channels.twilio_account import TwilioAccount
from channels.twilio_http import TwilioHttp
from engine.errors import ChannelError

PAGE = 100


class ContentRefused(ChannelError):
    """Twilio does not take this content. The message says which one and why, as far as Twilio tells."""


class ContentUnavailable(ChannelError):
    """Twilio's Content API cannot be reached, or does not answer as it should. Try again later."""


@dataclass(frozen=True, slots=True)
class Approval:
    """What there is over there under one name, and what WhatsApp says of it."""

    sid: str
    name: str
    status: str
    """`unsubmitted` as long as WhatsApp was not asked."""
    reason: str
    body: str = ""
    """Its words, with its variables."""


class ContentApi:
    """The contents of one account. Use as an async context manager inside the running event loop."""

    def __init__(self, account: TwilioAccount) -> None:
        """Raises ChannelError if the account is not complete."""
        missing = account.missing("account_sid", "auth_token")
        if missing:
            raise ChannelError(f"WhatsApp is not set up here: {', '.join(missing)} is missing.")
        self._login = (account.account_sid, account.auth_token)
        self._url = account.content_base_url.rstrip("/")
        self._http = TwilioHttp()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    async def create(self, payload: Payload) -> str:
        """Make a content; returns its SID. Raises ContentRefused or ContentUnavailable."""
        answer = await self._ask("POST", "/v1/Content", payload, of=str(payload["friendly_name"]))
        return str(answer["sid"])

    async def submit(self, sid: str, name: str, category: str) -> str:
        """Ask WhatsApp to approve a content as a template; returns the status. Raises as `create` does."""
        path = f"/v1/Content/{sid}/ApprovalRequests/whatsapp"
        answer = await self._ask("POST", path, {"name": name, "category": category}, of=name)
        return str(answer["status"])

    async def approvals(self) -> dict[str, Approval]:
        """Everything that is there, by its name; of several of one name the newest."""
        found: dict[str, Approval] = {}
        async for content in self._pages("/v1/ContentAndApprovals"):
            asked = content.get("approval_requests") or {}
            name = str(content.get("friendly_name") or "")
            status, reason = asked.get("status") or "unsubmitted", asked.get("rejection_reason") or ""
            found.setdefault(
                name, Approval(str(content["sid"]), name, str(status), str(reason), _body(content))
            )
        return found

    async def _pages(self, path: str) -> AsyncIterator[Mapping[str, Any]]:
        next_path: str | None = f"{path}?PageSize={PAGE}"
        while next_path:
            page = await self._ask("GET", next_path, None, of="the list")
            for content in page["contents"]:
                yield content
            following = urlsplit(page["meta"].get("next_page_url") or "")
            # Only what comes behind the host: Twilio may be reached by way of another one.
            next_path = f"{following.path}?{following.query}" if following.path else None

    async def _ask(self, method: str, path: str, body: Payload | None, *, of: str) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            answer = await self._http.request(
                method, self._url + path, data=body, headers=headers, auth=self._login
            )
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ContentUnavailable(f"Twilio could not be asked ({of}): {type(error).__name__}.") from error
        try:
            said = json.loads(answer.text)
        except json.JSONDecodeError:
            said = None
        if not isinstance(said, dict) or answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ContentUnavailable(f"Twilio answered {answer.status_code} ({of}). Try again later.")
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            why = f"{said.get('message', 'no reason given')} (code {said.get('code')})"
            raise ContentRefused(f"Twilio does not take {of}: {why}.")
        return said


def _body(content: Mapping[str, Any]) -> str:
    """A content has one type, and that has the words."""
    return next((str(inner.get("body") or "") for inner in (content.get("types") or {}).values()), "")
