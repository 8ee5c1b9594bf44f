"""When an appointment that is repeated takes place: at one local time, every so many weeks. No clock here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from flows.slots import instant, local

MOST = 12
"""How many appointments a series may have."""


@dataclass(frozen=True, slots=True)
class Repetition:
    """How often: for `times` appointments or as far as the day `until`, whichever ends first."""

    every: int = 1
    """In weeks."""
    times: int = MOST
    until: date | None = None
    """The last day on which one may be, in the zone of the appointments."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One appointment of a series."""

    day: date
    start: int | None
    """In minutes since the epoch; None: a clock change skips that local time on this day."""


def occurrences(first: int, repetition: Repetition, zone: ZoneInfo) -> list[Occurrence]:
    """All of a series that begins at an instant, its first one included; at most `MOST`.

    Counted in local days, as a week with a clock change has not seven times 24 hours. Of an hour that comes
    twice it is the earlier, except where `first` itself is the later one. Raises ValueError below one week.
    """
    if repetition.every < 1:
        raise ValueError("A series goes on by one week or more.")
    begins = local(first, zone)
    minute = begins.hour * 60 + begins.minute
    found = [Occurrence(begins.date(), first)]
    for number in range(1, min(repetition.times, MOST)):
        day = begins.date() + timedelta(weeks=number * repetition.every)
        if repetition.until is not None and day > repetition.until:
            break
        found.append(Occurrence(day, _instant(day, minute, zone)))
    return found


def _instant(day: date, minute: int, zone: ZoneInfo) -> int | None:
    """`instant`, except that a skipped time is none at all: nobody has asked for another hour."""
    found = instant(day, minute, zone)
    wall = local(found, zone)
    return found if (wall.date(), wall.hour * 60 + wall.minute) == (day, minute) else None
