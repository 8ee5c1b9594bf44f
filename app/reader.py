"""Has a classifier read what was said, and asks a paid one only when nothing else can tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from engine.classifier import Classifier
from engine.events import Heard, Reading
from engine.hear import understood_without_reading
from engine.machine import FlowMachine
from engine.ports import Screen
from engine.snapshot import Snapshot
from engine.vocabulary import Vocabulary
from storage.store import Storage


class Reader:
    """Reads messages before their turn, outside any transaction."""

    def __init__(
        self,
        screen: Screen,
        classifier: Classifier,
        vocabulary: Vocabulary,
        machines: Callable[[], Mapping[str, FlowMachine]],
        storage: Storage,
        zone: Callable[[], ZoneInfo],
    ) -> None:
        """`zone`: in which "tomorrow" is meant."""
        self._screen = screen
        self._classifier = classifier
        self._vocabulary = vocabulary
        self._machines = machines
        self._storage = storage
        self._zone = zone

    async def read(self, heard: Heard) -> Reading | None:
        """What the classifier makes of a text; None for everything that is not one, or needs none."""
        if heard.kind in {"signal", "wait", "tap"} or not heard.text.strip():
            return None
        if self._screen(heard):
            return None  # what goes before everything else is not sent to anybody
        if self._vocabulary.exact(heard.text):
            return None  # an exact word means what it means: no classifier knows better
        if self._classifier.paid and await self._clear_without(heard):
            return None
        now = datetime.fromtimestamp(heard.at, UTC).astimezone(self._zone())  # "tomorrow" is the writer's
        return await self._classifier.read(
            heard.text, now=now, address_hash=self._storage.address_hash(heard.address)
        )

    async def _clear_without(self, heard: Heard) -> bool:
        flow = self._machines()[heard.flow].flow
        known = await self._storage.conversations.peek(heard.flow, heard.address)
        snapshot = known.snapshot if known else Snapshot(state=flow.start)
        answered = None
        if known and heard.replied_to:  # words to a person, for instance
            answered = await self._storage.outbox.message_named(known.id, heard.replied_to)
        return understood_without_reading(flow, self._vocabulary, snapshot, heard, answered) is not None
