"""What becomes of a message by how fast its sender writes. Nothing that a person writes is lost.

Too fast for answers: it is kept, and one message is answered with a request to slow down. Whoever may be in
danger, and whoever wants no more messages, is heard all the same. What is kept so is not answered later: the
log tells, and people look.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log10

import structlog
from cachetools import TTLCache

from app.metrics import Metrics
from app.turns import Turns
from channels.floods import MINUTE, MOST_KEYS, Pace
from channels.ports import TooManyMessages
from engine.events import Heard
from engine.ports import Screen
from flows.consent.screen import MAY_STOP, START
from flows.too_fast import marked
from storage.people import THERAPIST
from storage.store import Storage

log = structlog.get_logger("floods")


class FloodGate:
    """Implements channels.ports.Intake."""

    def __init__(
        self, turns: Turns, storage: Storage, screen: Screen, metrics: Metrics, now: Callable[[], float]
    ) -> None:
        """`now`: in seconds; from when does not matter."""
        self._turns = turns
        self._storage = storage
        self._screen = screen
        self._metrics = metrics
        self._unanswered: TTLCache[str, list[int]] = TTLCache(MOST_KEYS, MINUTE, now)
        """How much of each sender was kept without an answer since the first of the minute."""

    async def take_in(self, heard: Heard, pace: Pace) -> bool:
        """Keep one message. Raises TooManyMessages for what no person can have written."""
        if pace is Pace.USUAL or heard.flow == THERAPIST or self._has_to_be_heard(heard):
            return await self._turns.take_in(heard)
        self._metrics.floods.labels(pace.name.lower()).inc()
        match pace:
            case Pace.TOO_FAST:
                return await self._turns.take_in(marked(heard))
            case Pace.STILL_TOO_FAST:
                number = await self._storage.inbox.put_aside(heard)
                if number is not None:
                    self._tell(heard.address, number)
                return number is not None
        raise TooManyMessages

    def _tell(self, sender: str, number: int) -> None:
        """Log the first of a sender and minute, the tenth, the hundredth."""
        count = self._unanswered.setdefault(sender, [0])
        count[0] += 1
        if log10(count[0]).is_integer():
            log.warning("kept without an answer: its sender writes too fast", inbox=number, so_far=count[0])

    def _has_to_be_heard(self, heard: Heard) -> bool:
        event = self._screen(heard)
        return event is not None and event.name not in {START, MAY_STOP}
