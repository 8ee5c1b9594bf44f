"""Dialogflow's dates and times -> the entity `appointment_time`, as channels.understanding.times gives it.

Seen or told of: `@sys.date`, `@sys.time`, `@sys.date-time` with parts missing, periods of each, several in a
list, alternatives in the past and the future, and ISO 8601 texts. Anything else is no time. Nothing raises.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from channels.understanding.dialogflow_spoken import as_spoken
from engine.events import Value

DAY: Final = 24 * 60
LAST_MINUTE: Final = DAY - 1
ONE_DAY: Final = timedelta(days=1)
A_WEEK: Final = timedelta(days=7)
YEARS_AHEAD: Final = 8
"""29 February comes again within so many years."""
_PERIODS: Final = (("startDateTime", "endDateTime"), ("startDate", "endDate"), ("startTime", "endTime"))
_ALTERNATIVES: Final = ("future", "partial", "date_time", "dateTime", "past")
"""In the order of preference: appointments lie ahead."""
_YEARS: Final = range(1900, 2200)
"""No appointment is made for any other, and the days around one have to be dates as well."""


@dataclass(frozen=True, slots=True)
class When:
    """One date, one time of day, both, or a stretch of either."""

    first: date | None = None
    last: date | None = None
    """The last day; the same as `first` where one day is meant."""
    begin: int | None = None
    """Minute of the day."""
    end: int | None = None
    """Minute of the day, exclusive."""
    open: Literal["after", "before"] | None = None

    @property
    def of_day(self) -> bool:
        """It says something about the time of day."""
        return self.begin is not None or self.end is not None

    @property
    def one_day(self) -> bool:
        """It is about a single day."""
        return self.first is not None and self.first == self.last


def time_value(raw: Any, now: datetime, text: str = "") -> dict[str, Value] | None:  # noqa: ANN401  # JSON
    """A date, a time, both, or a period of either, in any shape; None where none is found.

    `now` in the practice's zone. `text`: what was written, if it is English; without it no half of the
    day is doubted.
    """
    when, weekdays = _together(_all(raw, now))
    if when is None:
        return None
    value: dict[str, Value] = {
        "date": when.first.isoformat() if when.first else None,
        "until_date": when.last.isoformat() if when.last and when.last != when.first else None,
        "that_week": False,
        "weekday": False,
        "time": _clock(when.begin),
        "until": _clock(when.end),
        "open": when.open,
        "either_half": False,
        "weekdays": weekdays,
        "order": None,
    }
    return as_spoken(value, text, now)


def _all(raw: Any, now: datetime) -> list[When]:  # noqa: ANN401  # JSON
    """Everything that a value says, in its order."""
    if isinstance(raw, list):
        return [when for item in raw for when in _all(item, now)]
    if isinstance(raw, str):
        found = _from_iso(raw, now)
    elif isinstance(raw, dict):
        found = _from_structure(raw, now)
    else:
        found = None
    return [found] if found else []


def _first(raw: Any, now: datetime) -> When | None:  # noqa: ANN401  # JSON
    return next(iter(_all(raw, now)), None)


def _from_structure(raw: Mapping[str, Any], now: datetime) -> When | None:
    for start, end in _PERIODS:
        if start in raw or end in raw:
            return _period(_first(raw.get(start), now), _first(raw.get(end), now), now.date())
    found = [_point(raw, now), *(_first(raw.get(inner), now) for inner in _ALTERNATIVES)]
    said = [when for when in found if when]
    ahead = [when for when in said if when.last is None or when.last >= now.date()]
    return next(iter(ahead or said), None)


def _together(found: Sequence[When]) -> tuple[When | None, list[Value] | None]:
    """One value of several: days of one week are alternatives, and a day and a time belong together."""
    if not found:
        return None, None
    if days := _alternatives(found):
        weekdays: list[Value] = [*sorted({day.weekday() for day in days})]
        return replace(found[-1], first=days[0], last=days[-1]), weekdays
    when = found[0]
    dated = next((other for other in found if other.first), when)
    timed = next((other for other in found if other.of_day), when)
    if when.first is None:
        when = replace(when, first=dated.first, last=dated.last)
    if not when.of_day:
        when = replace(when, begin=timed.begin, end=timed.end, open=timed.open)
    return when, None


def _alternatives(found: Sequence[When]) -> list[date]:
    """Several days that are offered, in order; the last one may tell the time for all of them."""
    days = sorted({when.first for when in found if when.first})
    whole = all(when.one_day for when in found) and not any(when.of_day for when in found[:-1])
    return days if whole and len(days) > 1 and days[-1] - days[0] < A_WEEK else []


def _point(raw: Mapping[str, Any], now: datetime) -> When | None:
    days, minute = _days(raw, now.date()), _minute(raw)
    if days is None and minute is None:
        return None
    first, last = days or (None, None)
    return When(first, last, minute)


def _days(raw: Mapping[str, Any], today: date) -> tuple[date, date] | None:
    """The first and the last day meant. What is missing is looked for ahead; a month is all its days."""
    year, month, day = (_whole(raw.get(part)) or None for part in ("year", "month", "day"))
    if (year and year not in _YEARS) or not (year or month or day):
        return None
    years = [year] if year else range(today.year, today.year + YEARS_AHEAD + 1)
    months = [month] if month else range(1, 13)
    if year and not month and not day:
        return date(year, 1, 1), date(year, 12, 31)
    for one_year in years:
        for one_month in months:
            found = _in_month(one_year, one_month, day)
            if found and (year or found[1] >= today):
                return found
    return None


def _in_month(year: int, month: int, day: int | None) -> tuple[date, date] | None:
    """The day, or without one the whole month; None where there is no such day."""
    if month not in range(1, 13) or year not in _YEARS:
        return None
    length = calendar.monthrange(year, month)[1]
    if day is None:
        return date(year, month, 1), date(year, month, length)
    if day not in range(1, length + 1):
        return None
    return date(year, month, day), date(year, month, day)


def _minute(raw: Mapping[str, Any]) -> int | None:
    hours, minutes = _whole(raw.get("hours")), _whole(raw.get("minutes")) or 0
    if hours is None or hours not in range(25) or minutes not in range(60):
        return None
    return (hours * 60 + minutes) % DAY


def _whole(number: Any) -> int | None:  # noqa: ANN401  # JSON
    if isinstance(number, bool) or not isinstance(number, int | float):
        return None
    return int(number)


def _period(start: When | None, end: When | None, today: date) -> When | None:
    """A stretch of days, of hours, or of both, between two points of which one may be missing."""
    start, end = start or When(), end or When()
    first, last, begin, finish = start.first, end.last, start.begin, end.begin
    if last and first is None:
        first = min(today, last)  # "by Friday" begins now
    if first is None and begin is None and finish is None:
        return None
    last = max(last or first, first) if first else None
    if begin in {None, 0} and finish in {None, 0, LAST_MINUTE}:
        if first is None:
            return None  # all day, on no day: nothing was said
        ends_at_midnight = finish == 0 and last is not None and last > first
        return _from_today(When(first, last - ONE_DAY if ends_at_midnight and last else last), today)
    return _from_today(_hours(When(first, last, begin, finish)), today)


def _hours(when: When) -> When:
    """A stretch of hours as it is told: one that runs past midnight has no latest start."""
    begin, end = when.begin, when.end
    if begin is None or end is None:
        return replace(when, open="before" if begin is None else "after")
    over_night = when.first and when.last and when.last - when.first == ONE_DAY
    if end <= begin and (when.last == when.first or over_night):
        return replace(when, last=when.first, end=None, open="after" if end < begin else None)
    return replace(when, end=None) if end == begin else when


def _from_today(when: When, today: date) -> When:
    """A stretch of days that has begun counts from today."""
    begun = when.first and when.last and when.first < today <= when.last
    return replace(when, first=today) if begun else when


def _from_iso(text: str, now: datetime) -> When | None:
    """ISO 8601: a date, a time, both, or two with a stroke between; an offset is brought to our zone."""
    start, stroke, end = text.partition("/")
    if stroke:
        return _period(_from_iso(start, now), _from_iso(end.partition("/")[0], now), now.date())
    try:
        if "T" not in text and ":" not in text:
            day = date.fromisoformat(text)
            return When(day, day) if day.year in _YEARS else None
        if "T" not in text:
            moment = datetime.fromisoformat(f"2000-01-01T{text}")
            return When(begin=moment.hour * 60 + moment.minute)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            moment = moment.astimezone(now.tzinfo)
    except (ValueError, OverflowError):
        return None
    if moment.year not in _YEARS:
        return None
    return When(moment.date(), moment.date(), moment.hour * 60 + moment.minute)


def _clock(minute: int | None) -> str | None:
    return None if minute is None else f"{minute // 60:02}:{minute % 60:02}"
