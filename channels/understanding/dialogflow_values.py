"""Dialogflow's parameters -> our entities. Pure, and forgiving: shapes differ between agents and versions.

Every number arrives as a float, every date as a structure without an offset: wall time in the zone asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from engine.events import Value

TIME: Final = "appointment_time"
_DATE_PARTS: Final = ("year", "month", "day")


def entity_values(parameters: Mapping[str, Any], names: Mapping[str, str], now: datetime) -> dict[str, Value]:
    """Our entities by our names; what Dialogflow left out or made unreadable is left out.

    `names`: Dialogflow's name of each entity -> ours; our own names are understood, too.
    """
    found: dict[str, Value] = {}
    for given, raw in parameters.items():
        name = names.get(given, given)
        value = time_value(raw, now) if name == TIME else _plain(raw)
        if value is not None:
            found[name] = value
    return found


def _plain(raw: Any) -> Value:  # noqa: ANN401  # JSON
    """A canonical value; of several the first, of a structure its original words."""
    if isinstance(raw, list):
        return _plain(raw[0]) if raw else None
    if isinstance(raw, dict):
        return _plain(raw.get("original") or raw.get("name"))
    if isinstance(raw, float) and raw.is_integer():
        return str(int(raw))
    return str(raw) if raw not in (None, "") else None


def time_value(raw: Any, now: datetime) -> dict[str, Value] | None:  # noqa: ANN401  # JSON
    """A date, a time, both, or a period of either, in any of the shapes seen -> our `appointment_time`."""
    if isinstance(raw, list):
        return time_value(raw[0], now) if raw else None
    if isinstance(raw, str):
        return _from_iso(raw)
    if not isinstance(raw, dict):
        return None
    for start, end in (("startDateTime", "endDateTime"), ("startDate", "endDate"), ("startTime", "endTime")):
        if start in raw or end in raw:
            return _period(_parts(raw.get(start), now), _parts(raw.get(end), now))
    for inner in ("date_time", "dateTime", "future", "partial"):
        if isinstance(raw.get(inner), dict) and not _has_parts(raw):
            return time_value(raw[inner], now)
    day, clock = _parts(raw, now)
    return _value(day, None, clock, None) if day or clock else None


def _has_parts(raw: Mapping[str, Any]) -> bool:
    return any(key in raw for key in (*_DATE_PARTS, "hours", "minutes"))


def _parts(raw: Any, now: datetime) -> tuple[date | None, str | None]:  # noqa: ANN401  # JSON
    """Day and clock time of one structure or ISO text."""
    if isinstance(raw, str):
        value = _from_iso(raw)
        day = value["date"] if value else None
        clock = value["time"] if value else None
        return (date.fromisoformat(str(day)) if day else None), (str(clock) if clock else None)
    if not isinstance(raw, dict):
        return None, None
    hours, minutes = _number(raw, "hours"), _number(raw, "minutes")
    clock = None if hours is None else f"{hours % 24:02}:{(minutes or 0) % 60:02}"
    return _day(raw, now), clock


def _day(raw: Mapping[str, Any], now: datetime) -> date | None:
    """The day; without a year the next such day."""
    year, month, day = (_number(raw, part) for part in _DATE_PARTS)
    if not month or not day:
        return None
    try:
        if year:
            return date(year, month, day)
        this_year = date(now.year, month, day)
        return this_year if this_year >= now.date() else date(now.year + 1, month, day)
    except ValueError:
        return None


def _number(raw: Mapping[str, Any], key: str) -> int | None:
    value = raw.get(key)
    return int(value) if isinstance(value, int | float) else None


def _period(
    start: tuple[date | None, str | None], end: tuple[date | None, str | None]
) -> dict[str, Value] | None:
    """A stretch of days or of hours. A period of whole days ends at midnight after its last day."""
    (first, begins), (last, ends) = start, end
    if first and last and last > first and (ends in (None, "00:00") or begins == ends):
        last -= timedelta(days=1) if ends == "00:00" else timedelta(0)
        several = last > first
        return _value(first, last if several else None, None if begins == "00:00" else begins, None)
    if not (first or last or begins or ends):
        return None
    value = _value(first or last, last if first and last and last > first else None, begins, ends)
    if begins is None and ends is not None:
        value["open"] = "before"
    return value


def _from_iso(text: str) -> dict[str, Value] | None:
    """ISO 8601, as other versions of Dialogflow send it: date, time or both, with or without an offset."""
    try:
        if "T" not in text and ":" not in text:
            return _value(date.fromisoformat(text), None, None, None)
        if "T" not in text:
            moment = datetime.fromisoformat(f"2000-01-01T{text}")
            return _value(None, None, f"{moment:%H:%M}", None)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return _value(moment.date(), None, f"{moment:%H:%M}", None)


def _value(day: date | None, last: date | None, clock: str | None, until: str | None) -> dict[str, Value]:
    return {
        "date": day.isoformat() if day else None,
        "until_date": last.isoformat() if last else None,
        "time": clock,
        "until": until,
        "open": None,
        "either_half": False,
        "weekdays": None,
        "order": None,
        "weekday": False,
    }
