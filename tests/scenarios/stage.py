"""Where scenarios are played: the real product, opened twice on one database.

The two take the lines in turn, as two processes would, so whatever a conversation needs has to be in
the database: nothing that one of them only keeps in mind can reach the next line.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import datetime
from itertools import cycle
from typing import Any, TypeVar

from sqlalchemy import delete, text

from app.chat import handed_over
from app.clock import Clock
from app.data_store import storage_settings
from app.settings import Settings
from app.wiring import EXAMPLE_PRACTICE, Product, product
from flows.practice_file import read_practice
from storage.revision import connection
from storage.tables import (
    access_log,
    alerts,
    appointments,
    blocked_times,
    calendar_links,
    claims,
    consent_ledger,
    conversations,
    inbox,
    journal,
    outbox,
    people,
    proposals,
    relays,
    therapist_pins,
    timers,
    waitlist,
    waitlist_offers,
)
from tests.scenarios.play import Conversation, Played
from tests.scenarios.script import FOLDER, Scenario

T = TypeVar("T")
EMPTIED = (
    *(waitlist_offers, waitlist),
    *(alerts, consent_ledger, journal, outbox, inbox, timers, claims, proposals, appointments, conversations),
    *(blocked_times, access_log, therapist_pins, relays, calendar_links),
)


class Stage:
    """One database and the two products on it. Its own event loop outlives single tests."""

    def __init__(self, runner: asyncio.Runner, settings: Settings, clock: Clock) -> None:
        self._runner = runner
        self.settings = settings
        self.clock = clock
        self.products: list[Product] = []
        self._practice = ""
        self._played: dict[str, Played] = {}

    def play(self, scenario: Scenario) -> Played:
        """Play a scenario on an emptied database, once; asked again, tell what came of it."""
        if scenario.place not in self._played:
            self.clear(scenario.practice, scenario.begins)
            conversation = Conversation(cycle(self.products), self.clock)
            self._played[scenario.place] = self.do(conversation.play(scenario))
        return self._played[scenario.place]

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something to its end on this stage's loop."""
        return self._runner.run(work)

    def clear(self, practice: str = "example", begins: str = "2026-03-02 09:00") -> None:
        """A database in which nobody has ever said anything."""
        empty(self.settings)
        self._runner.run(self._load(practice))
        zone = self.products[0].practice.zone()
        self.clock.stand_at(int(datetime.fromisoformat(begins).replace(tzinfo=zone).timestamp()))

    async def _load(self, practice: str) -> None:
        if practice != self._practice:
            path = EXAMPLE_PRACTICE if practice == "example" else FOLDER / "practices" / f"{practice}.yaml"
            await self.products[0].storage.practice.load(read_practice(path))
            self._practice = practice
        for one in self.products:
            await one.practice.refresh()

    async def open(self, stack: AsyncExitStack) -> None:
        """Open both products."""
        for _ in range(2):
            opened = product(self.settings, handed_over, clock=self.clock, demonstration=True)
            self.products.append(await stack.enter_async_context(opened))


@contextmanager
def stage(settings: Settings) -> Iterator[Stage]:
    """A stage on the database of these settings, which nothing else may use."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        opened = Stage(runner, settings, Clock())
        try:
            runner.run(opened.open(stack))
            yield opened
        finally:
            runner.run(stack.aclose())


def empty(settings: Settings) -> None:
    """Delete everything but the practice; numbers begin at one again."""
    with connection(storage_settings(settings, invent_key=False)) as open_connection:
        for table in EMPTIED:
            open_connection.execute(delete(table))
            if open_connection.dialect.name == "mysql" and "id" in table.c:
                open_connection.execute(text(f"ALTER TABLE {table.name} AUTO_INCREMENT = 1"))
        open_connection.execute(delete(people).where(people.c.role != "therapist"))
