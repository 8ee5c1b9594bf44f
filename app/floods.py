"""What becomes of a message by how fast its sender writes. Nothing that a person writes is lost.

Too fast for answers: it is kept, and one message is answered with a request to slow down. Whoever may be in
danger, and whoever wants no more messages, is heard all the same.
"""

from __future__ import annotations

from app.metrics import Metrics
from app.turns import Turns
from channels.floods import Pace
from channels.ports import TooManyMessages
from engine.events import Heard
from engine.ports import Screen
from flows.consent.screen import MAY_STOP, START
from flows.too_fast import marked
from storage.people import THERAPIST
from storage.store import Storage


class FloodGate:
    """Implements channels.ports.Intake."""

    def __init__(self, turns: Turns, storage: Storage, screen: Screen, metrics: Metrics) -> None:
        self._turns = turns
        self._storage = storage
        self._screen = screen
        self._metrics = metrics

    async def take_in(self, heard: Heard, pace: Pace) -> bool:
        """Keep one message. Raises TooManyMessages for what no person can have written."""
        if pace is Pace.USUAL or heard.flow == THERAPIST or self._has_to_be_heard(heard):
            return await self._turns.take_in(heard)
        self._metrics.floods.labels(pace.name.lower()).inc()
        match pace:
            case Pace.TOO_FAST:
                return await self._turns.take_in(marked(heard))
            case Pace.STILL_TOO_FAST:
                return await self._storage.inbox.put_aside(heard)
        raise TooManyMessages

    def _has_to_be_heard(self, heard: Heard) -> bool:
        event = self._screen(heard)
        return event is not None and event.name not in {START, MAY_STOP}
