"""Two classifiers in a row: where the first cannot answer, the second reads the text.

After a failure the first is left alone for a while, so that nobody waits for it with every message.
Only names and reasons are logged, never a text.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from engine.classifier import Classifier
from engine.errors import ReadingUnavailable
from engine.events import Reading

log = structlog.get_logger(__name__)

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 32.0


class FallbackClassifier:
    """Asks the first classifier, and the second while the first is out of order."""

    def __init__(
        self, first: Classifier, second: Classifier, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`clock`: seconds, only ever forward."""
        self._first, self._second = first, second
        self._clock = clock
        self._failures = 0
        self._closed_until = -1.0

    @property
    def name(self) -> str:
        """Both names, in the order in which they are asked."""
        return f"{self._first.name}, else {self._second.name}"

    @property
    def paid(self) -> bool:
        """Whether a reading may cost money."""
        return self._first.paid or self._second.paid

    async def read(self, text: str, *, now: datetime, address_hash: str) -> Reading:
        """As the first classifier, or else the second reads it; `read_by` tells which did."""
        if self._clock() >= self._closed_until:
            try:
                reading = await self._first.read(text, now=now, address_hash=address_hash)
            except ReadingUnavailable as error:
                self._step_aside(str(error))
            else:
                self._failures = 0
                return reading
        return await self._second.read(text, now=now, address_hash=address_hash)

    def _step_aside(self, reason: str) -> None:
        """Leave the first alone: a second, then twice as long with every failure in a row."""
        pause = min(FIRST_PAUSE * 2**self._failures, LONGEST_PAUSE)
        self._failures = min(self._failures + 1, 10)
        self._closed_until = self._clock() + pause
        log.warning(
            "classifier unavailable",
            first=self._first.name,
            second=self._second.name,
            reason=reason,
            pause=pause,
        )
