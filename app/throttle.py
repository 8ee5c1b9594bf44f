"""How fast each of our numbers may send, and when it has to rest.

A number that Twilio turns away as a whole (used up, not set up, too fast) rests, instead of every message
running into the same wall. Afterwards one message tries; only when it gets through do the others follow.
What is urgent is tried at any time.
Kept in memory: after a start the first message finds out anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from aiolimiter import AsyncLimiter

log = structlog.get_logger("throttle")

FIRST_REST = 1.0
LONGEST_REST = 3600.0
"""Seconds that a number rests at the least and at the most; each time in a row twice as long as before."""
LONGEST_SHORT_REST = 60.0
"""Likewise, where the other side names no time and only asks to go slower."""
MENTIONED_FROM = 60.0
"""A rest of so many seconds is worth an operator's attention."""


@dataclass(slots=True)
class _Rest:
    until: float
    times: int
    trying: bool = False
    told: bool = False


class Throttle:
    """One of these for all numbers. Make it inside the running event loop."""

    def __init__(self, per_second: float, clock: Callable[[], int]) -> None:
        """`per_second`: messages per number; below one, so many seconds pass between two."""
        self._per_second = per_second
        self._clock = clock
        self._limiters: dict[str, AsyncLimiter] = {}
        self._rests: dict[str, _Rest] = {}

    @property
    def seconds_between(self) -> float:
        """How long one message takes on average."""
        return 1 / self._per_second

    @property
    def resting(self) -> int:
        """How many numbers rest, or are just finding out whether they still have to."""
        return len(self._rests)

    def is_full(self) -> bool:
        """Whether some number has sent as fast as it may; it may go on after `seconds_between`."""
        return not all(limiter.has_capacity() for limiter in self._limiters.values())

    def may(self, sender: str) -> bool:
        """Whether this number may send a message now."""
        rest = self._rests.get(sender)
        if rest and (rest.trying or self._clock() < rest.until):
            return False
        return self._limiter(sender).has_capacity()

    async def admit(self, sender: str, *, urgent: bool = False) -> bool:
        """Count one message about to be sent; False: it may not be.

        `urgent`: it is tried while the number rests, too, for somebody may be in danger.
        """
        if urgent:
            if not self._limiter(sender).has_capacity():
                return False
        elif not self.may(sender):
            return False
        elif rest := self._rests.get(sender):
            rest.trying = True
        await self._limiter(sender).acquire()  # there is room: it does not wait
        return True

    def well(self, sender: str) -> None:
        """A message of this number was accepted, or turned away for a reason of its own."""
        rest = self._rests.pop(sender, None)
        if rest and rest.told:
            log.info("sending goes on", sender=sender)

    def undecided(self, sender: str) -> None:
        """What became of a message tells nothing about its number: the next one may try."""
        if rest := self._rests.get(sender):
            rest.trying = False

    def rest(self, sender: str, seconds: float | None, reason: str) -> None:
        """This number is turned away. `seconds`: how long the other side or its code asks to wait.

        `reason` must not hold personal data. It is told once, until sending goes on.
        """
        known = self._rests.get(sender)
        if known and not known.trying and self._clock() < known.until:
            return  # one of those that were under way when the first was turned away
        times = known.times + 1 if known else 0
        first, longest = (FIRST_REST, LONGEST_SHORT_REST) if seconds is None else (seconds, LONGEST_REST)
        pause = max(first, min(longest, first * 2.0**times))
        told = bool(known and known.told)
        if pause >= MENTIONED_FROM and not told:
            log.error("sending rests", sender=sender, seconds=int(pause), reason=reason)
            told = True
        self._rests[sender] = _Rest(self._clock() + pause, times, told=told)

    def _limiter(self, sender: str) -> AsyncLimiter:
        limiter = self._limiters.get(sender)
        if limiter is None:
            many, period = (self._per_second, 1.0) if self._per_second >= 1 else (1.0, self.seconds_between)
            limiter = self._limiters[sender] = AsyncLimiter(many, period)
        return limiter
