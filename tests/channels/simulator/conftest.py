"""A real server with a scripted desk behind it, and a real browser in front of it."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest_asyncio
from hypercorn.asyncio import serve
from hypercorn.config import Config
from hypercorn.typing import ASGIFramework
from playwright.async_api import Browser, Page, async_playwright
from quart import Quart

from channels.simulator.blueprint import Simulator
from tests.channels.simulator.scripted_desk import ScriptedDesk

BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Server:
    """One server on a port of its own, which can go away and come back."""

    desk: ScriptedDesk = field(default_factory=ScriptedDesk)
    port: int = 0
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _running: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    async def start(self) -> None:
        listener = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
        self.port = listener.getsockname()[1]
        app = Quart("simulated", static_folder=None)
        app.register_blueprint(Simulator(self.desk).blueprint)
        config = Config()
        config.bind = [f"fd://{listener.detach()}"]
        config.graceful_timeout = 0.1
        config.loglevel = "ERROR"
        self._stop = asyncio.Event()
        framework: ASGIFramework = app
        self._running = asyncio.create_task(serve(framework, config, shutdown_trigger=self._stopped))

    async def stop(self) -> None:
        self._stop.set()
        if self._running is not None:
            await self._running

    async def _stopped(self) -> None:
        await self._stop.wait()


@dataclass
class Visit:
    """A page that somebody has open, and everything that went wrong on it."""

    page: Page
    server: Server
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is missing: tests/system-packages installs it"
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=chromium, args=BROWSER_FLAGS)
        yield opened
        await opened.close()


@pytest_asyncio.fixture(loop_scope="module")
async def server() -> AsyncIterator[Server]:
    started = Server()
    await started.start()
    yield started
    await started.stop()


Opener = Callable[..., Awaitable[Visit]]


@pytest_asyncio.fixture(loop_scope="module")
async def visit(browser: Browser, server: Server) -> AsyncIterator[Opener]:
    """Opens the page in a new, empty profile; at the end nothing may have gone wrong on it."""
    visits: list[Visit] = []

    async def open_page(**device: object) -> Visit:
        context = await browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **device})  # type: ignore[arg-type]  # a device is such a set of options
        page = await context.new_page()
        page.set_default_timeout(10_000)
        made = Visit(page, server)
        page.on("console", lambda said: made.complaints.append(said.text) if said.type != "log" else None)
        page.on("pageerror", lambda error: made.complaints.append(str(error)))
        page.on(
            "request",
            lambda asked: None if asked.url.startswith(server.url) else made.foreign.append(asked.url),
        )
        visits.append(made)
        await page.goto(server.url)
        await page.locator("#client-flow .box").first.wait_for(state="attached")
        return made

    yield open_page
    for made in visits:
        await made.page.context.close()
        assert made.foreign == []
        assert [c for c in made.complaints if not re.search("ERR_(CONNECTION_REFUSED|INCOMPLETE)", c)] == []
