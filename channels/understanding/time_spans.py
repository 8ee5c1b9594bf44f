"""What an expression of time in a text is, whoever finds it. Pure; it settles nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final, Literal, Protocol

ONE_DAY: Final = timedelta(days=1)
HALF_A_DAY: Final = timedelta(hours=12)
_GRAINS: Final = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": ONE_DAY,
    "week": timedelta(weeks=1),
}
_DAYS_IN: Final = {"month": 31, "quarter": 92, "year": 366}


@dataclass(frozen=True, slots=True)
class Moment:
    """One reading of an expression, in wall time.

    An instant has no end: it lasts as long as its grain says. An open stretch lacks one end and says which.
    """

    begin: datetime | None
    end: datetime | None
    """Exclusive; of a stretch between two clock times, the second one plus its grain."""
    grain: str
    open: Literal["after", "before"] | None = None

    @property
    def of_day(self) -> bool:
        """It says a time of day, not only days."""
        return self.grain in {"second", "minute", "hour"}

    @property
    def anchor(self) -> datetime:
        """Where it begins; where it ends if it is open at the start."""
        anchor = self.begin or self.end
        assert anchor is not None  # noqa: S101 - Duckling never leaves out both
        return anchor

    def last_day(self) -> date:
        """The last day that is meant, inclusive."""
        if self.end is not None and self.grain == "second":
            return self.end.date()  # "by Friday": Friday counts
        if self.end is not None:
            return (self.end - timedelta(seconds=1)).date()
        if self.grain in _DAYS_IN:
            later = self.anchor + timedelta(days=_DAYS_IN[self.grain])
            month = 1 if self.grain == "year" else later.month
            return later.replace(month=month, day=1).date() - ONE_DAY
        return (self.anchor + _GRAINS[self.grain] - timedelta(seconds=1)).date()


@dataclass(frozen=True, slots=True)
class Span:
    """An expression of time, and its readings, the nearest first."""

    start: int
    stop: int
    words: str
    moments: tuple[Moment, ...]
    latent: bool = False

    @property
    def daily(self) -> bool:
        """It is a time of day on no particular day: its readings fall on one day after the other."""
        days = sorted({moment.anchor.date() for moment in self.moments})
        gaps = [after - before for before, after in pairwise(days)]
        return self.moments[0].of_day and bool(gaps) and max(gaps) <= ONE_DAY

    @property
    def either_half(self) -> bool:
        """It is a clock time without am or pm: two of its readings lie twelve hours apart."""
        anchors = [moment.anchor for moment in self.moments]
        return any(abs(other - anchors[0]) == HALF_A_DAY for other in anchors[1:])


class SpanFinder(Protocol):
    """Finds expressions of time in one language."""

    def spans(self, text: str, now: datetime, *, latent: bool) -> list[Span]:
        """Every expression in order. `latent`: also what is a time only where one was asked for."""
