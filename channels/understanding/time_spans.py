"""Finds expressions of time in a text with Duckling, in process. It settles nothing.

Duckling is given the wall clock as if it were UTC: it answers in wall time and needs no zone database.
Its `body` comes back in a broken encoding, so words are always cut from the text that was given.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal

import duckling

ONE_DAY: Final = timedelta(days=1)
HALF_A_DAY: Final = timedelta(hours=12)
EARLIEST: Final = "1900"
LATEST: Final = "2200"
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


class Duckling:
    """Duckling for one language. Safe to use from several threads."""

    def __init__(self, language: str, *, day_first: bool) -> None:
        """`day_first`: whether 3/4 is the third of April."""
        with TemporaryDirectory() as nothing:
            self._zones = duckling.load_time_zones(nothing)
        region = "GB" if day_first else "US"
        name = f"{language.upper()}_{region}" if language == "en" else language.upper()
        fallback = duckling.default_locale_lang(duckling.parse_lang(language.upper()))
        self._locale = duckling.parse_locale(name, fallback)
        self._times = duckling.parse_dimensions(["time"])

    def spans(self, text: str, now: datetime, *, latent: bool) -> list[Span]:
        """Every expression in order. `latent`: also what is a time only where one was asked for."""
        wall = now.replace(tzinfo=UTC, microsecond=0)
        here = duckling.parse_ref_time(self._zones, "UTC", int(wall.timestamp()))
        found = duckling.parse(text, duckling.Context(here, self._locale), self._times, latent)
        return _without_doubles(filter(None, (_span(text, entity) for entity in found)))


def _span(text: str, entity: dict[str, Any]) -> Span | None:
    """Duckling's JSON -> Span; None if no reading is a time that anybody could mean."""
    value = entity["value"]
    readings = value.get("values") or [value]
    moments = tuple(_moment(reading) for reading in readings if _near(reading))
    if not moments:
        return None
    start, stop = entity["start"], entity["end"]
    return Span(start, stop, text[start:stop], moments, bool(entity.get("latent")))


def _near(reading: dict[str, Any]) -> bool:
    """Whether it lies within living memory and reach; "12000" is a year to Duckling."""
    stamps = [reading, reading.get("from"), reading.get("to")]
    values = [stamp["value"] for stamp in stamps if stamp and "value" in stamp]
    return bool(values) and all(EARLIEST <= value < LATEST and value[4] == "-" for value in values)


def _moment(reading: dict[str, Any]) -> Moment:
    if reading["type"] == "value":
        return Moment(_wall(reading), None, reading["grain"])
    begin, end = reading.get("from"), reading.get("to")
    if end is None:
        return Moment(_wall(reading["from"]), None, reading["from"]["grain"], "after")
    return Moment(_wall(begin) if begin else None, _wall(end), end["grain"], None if begin else "before")


def _wall(stamped: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(stamped["value"]).replace(tzinfo=None)


def _without_doubles(spans: Iterable[Span]) -> list[Span]:
    """One span for each place: the one with the fewest readings, which says most."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.stop, len(span.moments))):
        if not kept or span.start >= kept[-1].stop:
            kept.append(span)
    return kept
