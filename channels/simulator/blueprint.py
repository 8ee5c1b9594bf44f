"""The simulator's page, its stream of news and its few commands, as a Quart blueprint.

Only `therapy-booking demo` registers it: whoever opens the page can be every client and every
therapist, and can move the clock. It must never be part of `serve`, where the accounts are real.
It talks to nothing but a `Desk`.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import asdict, replace
from typing import Any

from quart import Blueprint, Response, redirect, request
from quart.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from channels.simulator.admission import (
    LOOPBACK,
    Moved,
    NotAdmitted,
    NotUnderstood,
    Opened,
    Said,
    Tapped,
    admit,
    command,
)
from channels.simulator.desk import Desk, UnknownParty, View
from channels.simulator.layout import draw
from engine.errors import TherapyBookingError, TryAgain

HEARTBEAT = 10.0
"""Seconds without news after which the stream says that it is alive, so that a dead one is noticed."""

RECONNECT_AFTER = 700
"""Milliseconds that the browser waits before it opens a broken stream again."""

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}

STATUS_OF: Mapping[type[TherapyBookingError], int] = {
    NotUnderstood: 400,
    NotAdmitted: 403,
    UnknownParty: 404,
    TryAgain: 503,
}


class Simulator:
    """The routes. `blueprint` goes into the app."""

    def __init__(
        self, desk: Desk, *, hosts: Collection[str] = LOOPBACK, heartbeat: float = HEARTBEAT
    ) -> None:
        """`hosts`: the names under which the page may be asked for, without port."""
        self._desk = desk
        self._hosts = frozenset(hosts)
        self._heartbeat = heartbeat
        self._run = secrets.token_hex(4)
        self._closing = asyncio.Event()
        self.blueprint = self._blueprint()

    def close(self) -> None:
        """End all streams: an open page would keep the server from stopping."""
        self._closing.set()

    def _blueprint(self) -> Blueprint:
        blueprint = Blueprint(
            "simulator", __name__, static_folder="static", static_url_path="/simulator/static"
        )
        routes: tuple[tuple[str, str, Callable[[], Any]], ...] = (
            ("GET", "/", self._front_door),
            ("GET", "/simulator/", self._page),
            ("GET", "/simulator/diagrams", self._diagrams),
            ("GET", "/simulator/stream", self._stream),
            ("POST", "/simulator/say", self._say),
            ("POST", "/simulator/tap", self._tap),
            ("POST", "/simulator/advance", self._advance),
            ("POST", "/simulator/clients", self._open_client),
        )
        for method, path, view in routes:
            blueprint.add_url_rule(path, view.__name__.strip("_"), view, methods=[method])
        blueprint.before_request(self._admit)
        blueprint.after_request(_with_headers)
        blueprint.register_error_handler(HTTPException, _refuse_http)
        for error in STATUS_OF:
            blueprint.register_error_handler(error, _refuse)
        self._static = blueprint.send_static_file
        return blueprint

    async def _admit(self) -> None:
        admit(request, self._hosts)

    async def _front_door(self) -> ResponseReturnValue:
        return redirect("/simulator/")

    async def _page(self) -> Response:
        return await self._static("index.html")

    async def _diagrams(self) -> ResponseReturnValue:
        return {name: asdict(draw(diagram)) for name, diagram in (await self._desk.diagrams()).items()}

    async def _say(self) -> ResponseReturnValue:
        said = await command(request, Said)
        await self._desk.say(said.party, said.text, said.message_id)
        return {}, 202

    async def _tap(self) -> ResponseReturnValue:
        tapped = await command(request, Tapped)
        await self._desk.tap(tapped.party, tapped.option_id, tapped.title, tapped.message_id)
        return {}, 202

    async def _advance(self) -> ResponseReturnValue:
        moved = await command(request, Moved)
        await self._desk.advance(moved.seconds)
        return {}, 202

    async def _open_client(self) -> ResponseReturnValue:
        opened = await command(request, Opened)
        return {"party": await self._desk.open_client(opened.name)}, 201

    async def _stream(self) -> Response:
        response = Response(
            self._news(self._resume_at(request.headers.get("Last-Event-ID", ""))),
            content_type="text/event-stream; charset=utf-8",
            headers={"X-Accel-Buffering": "no"},
        )
        response.timeout = None  # as long as the page is open
        return response

    def _resume_at(self, last_event: str) -> int:
        """The version after which to go on. Versions of another run of this server mean nothing here."""
        run, _, version = last_event.partition("-")
        known = run == self._run and version.isascii() and version.isdecimal()
        return int(version[:18]) if known else 0

    async def _news(self, since: int) -> AsyncIterator[str]:
        yield f"retry: {RECONNECT_AFTER}\n\n"
        news = await self._desk.view(since)
        while not self._closing.is_set():
            yield f"id: {self._run}-{news.version}\nevent: view\ndata: {_as_json(news, full=since == 0)}\n\n"
            since = news.version
            while not await self._changed(since):
                yield "event: beat\ndata: {}\n\n"
            news = await self._desk.view(since)

    async def _changed(self, since: int) -> bool:
        """Wait for news or the end; False: the heart must beat."""
        waits = [
            asyncio.ensure_future(wait)
            for wait in (self._desk.changed(since, self._heartbeat), self._closing.wait())
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return self._closing.is_set() or await waits[0] > since


def _as_json(view: View, *, full: bool) -> str:
    """`full` tells the page to forget what it had."""
    fields = asdict(replace(view, places=dict(view.places)))
    return json.dumps({**fields, "full": full}, separators=(",", ":"))


async def _with_headers(response: Response) -> Response:
    response.headers.update(HEADERS)
    return response


async def _refuse(error: TherapyBookingError) -> ResponseReturnValue:
    return {"error": str(error)}, STATUS_OF[type(error)]


async def _refuse_http(error: HTTPException) -> ResponseReturnValue:
    return {"error": error.description or error.name}, error.code or 500
