"""When a therapist works, as instants: hours, dates that differ, public holidays, time off.

Rules are of local days in the therapist's zone. Only the edges of a stretch are converted, so that the hour
a clock change skips is no time, and the hour that it repeats is twice as much.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import holidays as public_holidays

from flows.slots import Window, instant, joined
from storage.practice import DatedHours, Therapist, TimeOff, WeeklyHours

Hours = TypeVar("Hours", WeeklyHours, DatedHours)


class _Rules(NamedTuple):
    """What of a therapist's rules is about one service and one way to meet."""

    hours: tuple[WeeklyHours, ...]
    dates: tuple[DatedHours, ...]
    replaced: frozenset[str]
    """Dates whose weekday does not count, though they may have no hours for this."""
    off: tuple[TimeOff, ...]
    holidays: str
    zone: ZoneInfo


def working_time(
    therapist: Therapist, service: str, service_type: str, first: date, days: int
) -> Sequence[Window]:
    """The stretches in which such an appointment can lie, in order, from a local date on for so many days.

    The last of them may end on the day after.
    """
    rules = _Rules(
        _for(therapist.hours, service, service_type),
        _for(therapist.dates, service, service_type),
        frozenset(one.day for one in therapist.dates),
        therapist.off,
        therapist.holidays,
        ZoneInfo(therapist.zone),
    )
    return _working_time(rules, first, days)


@lru_cache(maxsize=512)  # the same few stretches of days are asked for all day long
def _working_time(rules: _Rules, first: date, days: int) -> tuple[Window, ...]:
    found = []
    for number in range(days):
        day = first + timedelta(days=number)
        for one in _hours_on(rules, day):
            window = Window(
                instant(day, one.from_minute, rules.zone), instant(day, one.until_minute, rules.zone)
            )
            if window.start < window.end:
                found.append(window)
    return tuple(_without(joined(found), [_instants(one, rules.zone) for one in rules.off]))


def _hours_on(rules: _Rules, day: date) -> Sequence[WeeklyHours | DatedHours]:
    if day.isoformat() in rules.replaced:
        return [one for one in rules.dates if one.day == day.isoformat()]
    if rules.holidays and is_holiday(day, rules.holidays):
        return ()
    return [one for one in rules.hours if one.weekday == day.weekday()]


def is_holiday(day: date, of: str) -> bool:
    """Whether a local date is a public holiday there: of a country (`DE`) or of a region in it (`DE-BE`)."""
    return day in _holidays(of, day.year)


@lru_cache(maxsize=64)
def _holidays(of: str, year: int) -> frozenset[date]:
    country, _, region = of.partition("-")
    return frozenset(public_holidays.country_holidays(country, subdiv=region or None, years=year))


def _for(hours: tuple[Hours, ...], service: str, service_type: str) -> tuple[Hours, ...]:
    """Those that are for everything, or for this."""
    return tuple(
        one for one in hours if one.service in ("", service) and one.service_type in ("", service_type)
    )


def _instants(off: TimeOff, zone: ZoneInfo) -> Window:
    first, last = date.fromisoformat(off.first_day), date.fromisoformat(off.last_day)
    return Window(instant(first, off.from_minute, zone), instant(last, off.until_minute, zone))


def _without(working: Sequence[Window], off: Iterable[Window]) -> list[Window]:
    """What is left of working time. Both may be in any number; neither is long."""
    left = list(working)
    for gap in off:
        left = [
            part
            for window in left
            for part in (
                Window(window.start, min(window.end, gap.start)),
                Window(max(window.start, gap.end), window.end),
            )
            if part.start < part.end
        ]
    return left
