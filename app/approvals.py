"""Keeps up with what WhatsApp says of templates: it approves them when it likes, and may pause one again."""

from __future__ import annotations

import asyncio
from typing import Protocol

import structlog

from channels.content_api import Approval
from engine.errors import ChannelError, TryAgain
from storage.contents import GONE, Contents

log = structlog.get_logger("templates")


class Approving(Protocol):
    """Whoever knows how far each template is."""

    async def approvals(self) -> dict[str, Approval]:
        """See channels.content_api.ContentApi."""


class Approvals:
    """Asks again and again, and keeps the answer where deliveries look."""

    def __init__(self, api: Approving, contents: Contents, every_seconds: float) -> None:
        self._api = api
        self._contents = contents
        self._every_seconds = every_seconds
        self._failing = False

    async def run(self) -> None:
        """Keep up until cancelled, from now on."""
        while True:
            await self.catch_up()
            await asyncio.sleep(self._every_seconds)

    async def catch_up(self) -> None:
        """Ask once. While nobody answers what was known before holds; the log says so once."""
        try:
            if await self._contents.all():
                await learn(self._contents, await self._api.approvals())
        except (ChannelError, TryAgain) as error:
            if not self._failing:
                log.warning("approvals of templates cannot be looked up", reason=str(error))
            self._failing = True
        else:
            self._failing = False


async def learn(contents: Contents, there: dict[str, Approval]) -> None:
    """Keep what WhatsApp says of everything that was made, and the words of templates that nobody knows."""
    for one in await contents.all():
        known = there.get(one.name)
        status, reason = (known.status, known.reason) if known else (GONE, "")
        if (status, reason) != (one.approval, one.reason):
            await contents.judged(one.name, status, reason)
        if one.kind == "template" and known and known.body and not one.body:
            await contents.worded(one.name, known.body)
