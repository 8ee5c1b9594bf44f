"""The composition root: the only place where the concrete parts meet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from app.classifiers import start_classifier
from app.clock import Clock
from app.data_store import reachable, storage_settings, upgrade
from app.deliveries import Channel, Deliveries
from app.flow_file import STEPS, FlowFile
from app.metrics import MeasuredChannel, Metrics
from app.reader import Reader
from app.settings import ROOT, NotSetUp, Settings
from app.turns import Turns
from engine.classifier import Classifier
from engine.errors import TryAgain
from engine.events import Event, Heard
from engine.ports import Screen, World
from flows.calendar_address import CalendarAddresses
from flows.consent.screen import ConsentScreen
from flows.practice import PracticeBook, day_first
from flows.practice_file import read_practice
from flows.registry import OVERTAKING
from flows.safety.screen import CrisisScreen
from flows.step_runner import StepRunner
from flows.too_fast import too_fast
from flows.vocabulary import Understanding, load_understanding
from storage.store import Storage
from storage.units import TurnUnit, Units

log = structlog.get_logger("wiring")

EXAMPLE_PRACTICE = ROOT / "flows" / "practice.example.yaml"
SEEING_OFF_SECONDS = 15.0
"""How long a stopping server waits for messages that are just being handed over."""
REFRESH_SECONDS = 2.0
"""How long a changed practice or flow file may go unnoticed."""


@dataclass
class Product:
    """Everything, put together."""

    settings: Settings
    clock: Clock
    storage: Storage
    understanding: Understanding
    classifier: Classifier
    flow_file: FlowFile
    turns: Turns
    deliveries: Deliveries
    practice: PracticeShelf
    metrics: Metrics
    screen: Screen
    broken: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the background work has ended by a mistake of ours: better to begin anew than to sit still."""
    _beside: list[tuple[str, Callable[[], Coroutine[Any, Any, None]]]] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def work_beside(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do this, too, from the start to the stop."""
        self._beside.append((name, work))

    def start(self) -> None:
        """Take turns and deliver messages from now on, in the background."""
        self._tasks = [
            asyncio.create_task(self.turns.run(self.settings.workers), name="turns"),
            asyncio.create_task(self.deliveries.run(), name="deliveries"),
            asyncio.create_task(self._refresh(), name="refresh"),
            *(asyncio.create_task(work(), name=name) for name, work in self._beside),
        ]
        for task in self._tasks:
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            log.critical("background work broke", work=task.get_name(), exc_info=error)
            self.broken.set()

    async def stop(self) -> None:
        """Stop the background work. Turns that were begun are undone; messages under way are seen off."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SEEING_OFF_SECONDS):
                await self.deliveries.finish()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            self.flow_file.refresh()
            with suppress(TryAgain):  # the next round will read it
                await self.practice.refresh()

    async def advance(self, seconds: int) -> None:
        """Move the clock, stopping wherever a timer is due, so that each fires at its own moment."""
        end = self.clock() + seconds
        await self.settle()
        while (due := await self._next_due()) is not None and due <= end:
            self.clock.advance(max(0, due - self.clock()))
            await self.settle()
        self.clock.advance(max(0, end - self.clock()))
        await self.settle()

    async def _next_due(self) -> int | None:
        moments = [await self.storage.timers.next_due(), await self.storage.conversations.next_waking()]
        return min((moment for moment in moments if moment is not None), default=None)

    async def settle(self) -> None:
        """Take every turn and deliver every message that is due, before anything else happens."""
        await self.turns.drain()
        while await self.deliveries.drain():
            await self.turns.drain()


class PracticeShelf:
    """Holds the practice as it is now, so that a turn need not read it."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._book: PracticeBook | None = None

    def __call__(self) -> PracticeBook:
        """The practice. Raises NotSetUp when none was ever loaded."""
        if self._book is None:
            raise NotSetUp("No practice has been loaded: run `therapy-booking practice load FILE`.")
        return self._book

    async def refresh(self) -> None:
        """Read it again if it was loaded anew."""
        version = await self._storage.practice.version()
        if version and (self._book is None or self._book.data.version != version):
            data = await self._storage.practice.read()
            self._book = PracticeBook(data) if data else None

    def names(self) -> list[str]:
        """What therapists and services are called."""
        if self._book is None:
            return []
        return [one.name for one in self._book.therapists] + [one.title for one in self._book.services]

    def day_first(self) -> bool:
        """Whether dates in figures begin with the day where the practice is."""
        return self._book is None or day_first(self._book.zone.key)

    async def is_therapist(self, address: str) -> bool:
        """Whether one of the practice's therapists has this address; see channels.ports.Therapists."""
        return self._book is not None and any(one.address == address for one in self._book.therapists)

    def zone(self) -> ZoneInfo:
        """The practice's time zone; UTC before one was loaded."""
        return self._book.zone if self._book else ZoneInfo("UTC")


@asynccontextmanager
async def product(
    settings: Settings,
    channel: Callable[[Storage, Clock], Channel],
    *,
    clock: Clock | None = None,
    demonstration: bool = False,
) -> AsyncIterator[Product]:
    """Put everything together, and take it apart at the end.

    `demonstration`: make the database, a key and the example practice when they are missing.
    Raises FlowError, NotSetUp or NotReady, before anything is done, when something is not right.
    """
    clock = clock or Clock()
    screen = _in_order(CrisisScreen.load(), ConsentScreen.load(), too_fast)
    understanding = load_understanding(settings.understanding_path)
    flow_file = FlowFile(settings.flows_path, settings.texts_path, understanding.vocabulary)
    where = storage_settings(settings, invent_key=demonstration)
    if demonstration or not where.host:
        await upgrade(where)
    storage = await Storage.open(where, clock=clock)
    try:
        await reachable(storage, where)
        shelf = PracticeShelf(storage)
        await shelf.refresh()
        if demonstration and await storage.practice.version() == 0:
            await storage.practice.load(read_practice(EXAMPLE_PRACTICE, settings.therapist_phone))
            await shelf.refresh()
        metrics = Metrics()
        async with start_classifier(
            settings, understanding, shelf.names(), day_first=shelf.day_first(), metrics=metrics
        ) as classifier:
            yield _assembled(
                settings,
                clock,
                storage,
                screen,
                understanding,
                classifier,
                flow_file,
                shelf,
                channel,
                metrics,
            )
    finally:
        await storage.close()


def _in_order(*screens: Screen) -> Screen:
    """One screen out of several: the first that hears something counts."""

    def screen(heard: Heard) -> Event | None:
        return next((event for one in screens if (event := one(heard))), None)

    return screen


def _assembled(  # noqa: PLR0913  # every part, once
    settings: Settings,
    clock: Clock,
    storage: Storage,
    screen: Screen,
    understanding: Understanding,
    classifier: Classifier,
    flow_file: FlowFile,
    shelf: PracticeShelf,
    channel: Callable[[Storage, Clock], Channel],
    metrics: Metrics,
) -> Product:
    vocabulary = understanding.vocabulary
    calendars = CalendarAddresses(settings.calendar_address, storage.prove)
    steps = StepRunner(STEPS, shelf, lambda: flow_file.texts, calendars)

    def world() -> World[TurnUnit]:
        return World(
            Units(storage), flow_file.machines, screen, vocabulary, steps, flow_file.texts, OVERTAKING
        )

    reader = Reader(screen, classifier, vocabulary, lambda: flow_file.machines, storage, shelf.zone)
    turns = Turns(storage, world, reader, clock, metrics)
    deliveries = Deliveries(
        storage,
        MeasuredChannel(channel(storage, clock), metrics),
        clock,
        turns.owing,
        per_second=settings.messages_per_second,
        doubt_seconds=settings.doubt_seconds,
    )
    metrics.resting.set_function(lambda: deliveries.resting)
    return Product(
        settings=settings,
        clock=clock,
        storage=storage,
        understanding=understanding,
        classifier=classifier,
        flow_file=flow_file,
        turns=turns,
        deliveries=deliveries,
        practice=shelf,
        screen=screen,
        metrics=metrics,
    )
