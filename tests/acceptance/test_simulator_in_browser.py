"""The demonstration as a new user meets it: the real process, a real browser, a booking by hand."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, async_playwright, expect

from tests.acceptance.server import COMMAND, free_port
from tests.channels.simulator.conftest import BROWSER_FLAGS

STARTING_SECONDS = 60
STOPPING_SECONDS = 20
PROMPT_SECONDS = 4
"""Less than the server grants to requests that do not end by themselves."""
SETTLED = 20_000
"""Milliseconds for a turn, its answer and the way to the page, on a machine with other work to do."""


class Demo:
    """`therapy-booking demo` in an empty folder."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def log(self) -> str:
        """All that it said."""
        return (self._folder / "demo.log").read_text()

    async def start(self) -> None:
        with (self._folder / "demo.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                COMMAND,
                "demo",
                "--port",
                str(self.port),
                cwd=self._folder,
                env={"PATH": os.environ["PATH"]},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        async with asyncio.timeout(STARTING_SECONDS):
            while not await self._listens():
                assert self._process.returncode is None, self.log

    async def stop(self) -> int:
        """Ctrl-C; the exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGINT)
        async with asyncio.timeout(STOPPING_SECONDS):
            return await self._process.wait()

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            await asyncio.sleep(0.05)  # between two tries; nothing is proved by it
            return False
        writer.close()
        await writer.wait_closed()
        return True


@pytest_asyncio.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    started = Demo(tmp_path)
    await started.start()
    yield started
    await started.stop()


@pytest_asyncio.fixture
async def page(demo: Demo) -> AsyncIterator[Page]:
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is missing: tests/system-packages installs it"
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=BROWSER_FLAGS)
        opened = await browser.new_page(viewport={"width": 1440, "height": 900})
        opened.set_default_timeout(SETTLED)
        expect.set_options(timeout=SETTLED)
        opened.on("console", lambda said: complaints.append(said.text))
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        await opened.goto(demo.url)
        yield opened
        await browser.close()
    assert [one for one in complaints if "ERR_" not in one] == []


async def write(page: Page, text: str) -> None:
    field = phone(page, "client").get_by_role("textbox")
    await field.fill(text)
    await field.press("Enter")


def phone(page: Page, role: str) -> Locator:
    return page.locator(f"#{role}-phone")


def button(page: Page, role: str, title: str) -> Locator:
    return phone(page, role).locator(".options").get_by_role("button", name=title).last


async def in_state(page: Page, state: str) -> None:
    await expect(page.locator("#client-flow .box.here")).to_have_attribute("data-state", state)


@pytest.mark.timeout(180)
async def test_a_booking_by_hand_is_approved_on_the_other_phone(page: Page, demo: Demo) -> None:
    await write(page, "Hello")
    await button(page, "client", "Book an appointment").click()
    await in_state(page, "choosing_service_type")
    await write(page, "in-call with Anna")
    await in_state(page, "choosing_service")
    await button(page, "client", "Individual therapy").click()
    await in_state(page, "choosing_day")
    await button(page, "client", "Choose").click()
    await phone(page, "client").get_by_role("dialog").locator(".choices button").nth(1).click()
    await in_state(page, "choosing_time")
    await expect(phone(page, "client").locator(".theirs").last).to_contain_text("Tap a free time")
    await button(page, "client", "Choose").click()
    first = phone(page, "client").get_by_role("dialog").locator(".choices button").first
    chosen = (await first.inner_text()).strip()
    await first.click()
    await in_state(page, "confirming")
    await button(page, "client", "Yes").click()
    await in_state(page, "waiting_for_therapist")
    await expect(page.locator("#bookings .status")).to_have_text(re.compile("pending|requested"))
    await button(page, "therapist", "Approve").click()
    await in_state(page, "idle")
    await expect(page.locator("#bookings .status")).to_have_text("confirmed")
    hour = re.search(r"\d{1,2}:\d\d", chosen)
    assert hour, chosen
    await expect(page.locator("#bookings li b")).to_contain_text(hour.group())
    asked_at = time.monotonic()
    assert await demo.stop() == 0  # with the page open
    assert time.monotonic() - asked_at < PROMPT_SECONDS
    assert demo.url.rstrip("/") in demo.log


@pytest.mark.timeout(180)
async def test_the_moved_clock_lets_a_real_timer_fire(page: Page) -> None:
    await write(page, "I want to book an appointment")
    await in_state(page, "choosing_service_type")
    await page.get_by_label("Another span").fill("25h")
    await page.get_by_label("Another span").press("Enter")
    await in_state(page, "idle")
    await expect(page.locator("#client-flow .caption")).to_contain_text(
        re.compile(r"choosing service type\s+after \d+h\s+idle")
    )
    await expect(phone(page, "client").locator(".theirs")).to_have_count(2)  # the question, then the goodbye
