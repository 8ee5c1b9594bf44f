"""How many messages the fake Twilio takes a day, of an account on trial.

Assumed: that the day is the last 24 hours; Twilio does not say which day it means.
"""

from __future__ import annotations

from tests.fakes.twilio_messages import RefusedByTwilio

DAY = 24 * 3600.0
"""Seconds."""


class DailyLimit:
    """Counts what was taken. `most`: how many messages in 24 hours; None: any number."""

    def __init__(self) -> None:
        self.most: int | None = None
        self._taken_at: list[float] = []

    def check(self, now: float) -> None:
        """Raise RefusedByTwilio when the messages of the last 24 hours are used up. `now`: seconds."""
        used = sum(now - taken_at < DAY for taken_at in self._taken_at)
        if self.most is not None and used >= self.most:
            raise RefusedByTwilio(429, 63038, f"Account exceeded the {self.most} daily messages limit")

    def count(self, now: float) -> None:
        """Remember that a message was taken."""
        self._taken_at.append(now)
