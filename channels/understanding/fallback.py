"""Two classifiers in a row: where the first cannot answer, the second reads the text.

A circuit breaker leaves the first alone while it is out of order, so that nobody waits for it with every
message. Whoever runs the server reads one line when that begins and one when it is over. Only names and
reasons are logged, never a text.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog
from fluxgate import AsyncCircuitBreaker, CallNotPermittedError
from fluxgate.permits import All
from fluxgate.retries import Retry
from fluxgate.signal import Signal
from fluxgate.trackers import Custom
from fluxgate.trippers import CallContext, FailureStreak, HalfOpened, Tripper

from engine.classifier import Classifier
from engine.errors import ReadingUnavailable
from engine.events import Reading

log = structlog.get_logger(__name__)

IN_A_ROW: Final = 3
"""After so many failures one after the other the first is left alone; after a lasting one at once."""
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 32.0
"""Google asks clients to wait for a second, and twice as long after every further failure, up to this."""
MOST_DOUBLINGS: Final = 10

Clock = Callable[[], float]


class FallbackClassifier:
    """Asks the first classifier, and the second while the first is out of order."""

    def __init__(
        self,
        first: Classifier,
        second: Classifier,
        *,
        clock: Clock = time.monotonic,
        failed: Callable[[], None] = lambda: None,
    ) -> None:
        """`clock`: seconds, only ever forward. `failed`: called whenever the first one could not answer."""
        self._first, self._second = first, second
        self._trouble = _Trouble()
        self._pause = _Pause(clock)
        self._failed = failed
        self._asking = 0
        self._breaker = AsyncCircuitBreaker(
            tracker=Custom(self._trouble.note),
            tripper=FailureStreak(IN_A_ROW) | HalfOpened() & FailureStreak(1) | self._trouble,
            retry=self._pause,
            permit=All(),
            max_half_open_calls=1,
            listeners=[self._pause.note, self._tell],
        )

    @property
    def name(self) -> str:
        """Both names, in the order in which they are asked."""
        return f"{self._first.name}, else {self._second.name}"

    @property
    def paid(self) -> bool:
        """Whether a reading may cost money."""
        return self._first.paid or self._second.paid

    @property
    def is_set_aside(self) -> bool:
        """Whether the first is left alone now."""
        return bool(self._breaker.info().state != "closed")

    async def read(self, text: str, *, now: datetime, address_hash: str) -> Reading:
        """As the first classifier, or else the second reads it; `read_by` tells which did."""
        if not self._being_tried:
            self._asking += 1
            try:
                return await self._breaker.call(self._first.read, text, now=now, address_hash=address_hash)
            except ReadingUnavailable:
                self._failed()  # the breaker tells what there is to tell, once
            except CallNotPermittedError:
                pass
            finally:
                self._asking -= 1
        return await self._second.read(text, now=now, address_hash=address_hash)

    @property
    def _being_tried(self) -> bool:
        """One message at a time finds out whether the first is back; nobody else waits for it meanwhile."""
        return self._asking > 0 and self.is_set_aside

    def _tell(self, signal: Signal) -> None:
        change = (signal.old_state, signal.new_state)
        names = {"first": self._first.name, "second": self._second.name}
        if change == ("closed", "open"):
            say = log.error if self._trouble.lasting else log.warning
            say("classifier set aside", **names, reason=self._trouble.reason)
        elif change == ("half_open", "closed"):
            log.info("classifier back", **names, seconds=round(self._pause.set_aside_for()))


class _Trouble(Tripper):
    """The latest failure: opens the breaker at once where waiting will not mend it."""

    def __init__(self) -> None:
        self.reason = ""
        self.lasting = False

    def note(self, error: Exception) -> bool:
        """Remember it; False for what is a mistake of ours and goes on up."""
        if not isinstance(error, ReadingUnavailable):
            return False
        self.reason, self.lasting = str(error), error.lasting
        return True

    def __call__(self, ctx: CallContext) -> bool:
        return ctx.consecutive_failures > 0 and self.lasting


class _Pause(Retry):
    """How long the first is left alone. The library's own counts wall time, which may jump."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._opened = self._begun = clock()

    def note(self, signal: Signal) -> None:
        """Begin to count when the breaker opens."""
        if signal.new_state == "open":
            self._opened = self._clock()
            if signal.old_state == "closed":
                self._begun = self._opened

    def set_aside_for(self) -> float:
        """Seconds since it was set aside."""
        return self._clock() - self._begun

    def __call__(self, changed_at: float, reopens: int) -> bool:
        del changed_at  # wall time
        pause: float = min(FIRST_PAUSE * 2 ** min(reopens, MOST_DOUBLINGS), LONGEST_PAUSE)
        return self._clock() - self._opened >= pause
