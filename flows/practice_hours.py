"""What the practice file says of a therapist's working time: hours, dates that differ, time off, holidays."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

import holidays

from engine.nearest import nearest
from flows.practice import SERVICE_TYPES
from flows.strict_yaml import Items, Node, Problems, Text
from storage.claims import UNIT_MINUTES
from storage.practice import DatedHours, TimeOff, WeeklyHours

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CLOSED = "closed"
NONE = "none"
DAY = 24 * 60
_STRETCH = re.compile(r"(\d{1,2}):([0-5]\d)\s*-\s*(\d{1,2}):([0-5]\d)(?:\s+for\s+(.+))?")
_OFF = re.compile(r"(\d{4}-\d\d-\d\d)(?:\s+to\s+(\d{4}-\d\d-\d\d)|\s+(\d.*))?")
_BETWEEN = re.compile(r"\s*,\s*|\s+and\s+")
_EXAMPLE = "write it like 9:00-12:30, or 9:00-12:30 for home visit"


class Stretch(NamedTuple):
    """A part of a day, in minutes; for one service or one way to meet only where these are named."""

    from_minute: int
    until_minute: int
    service: str = ""
    service_type: str = ""


class HoursReader:
    """Reads the sections, and notes what does not fit. `services`: the codes that the file has."""

    def __init__(self, problems: Problems, services: Sequence[str]) -> None:
        self._problems = problems
        self._services = services

    def weekly(self, day: Text, node: Node) -> list[WeeklyHours]:
        """The hours of one weekday."""
        if day.text not in WEEKDAYS:
            message = f"`{day.text}` is no day of the week"
            self._problems.add(day.place, "unknown-day", message, nearest(day.text, WEEKDAYS))
            return []
        weekday = WEEKDAYS.index(day.text)
        return [WeeklyHours(weekday, *stretch) for stretch in self._day(day.text, node)]

    def dated(self, day: Text, node: Node) -> list[DatedHours]:
        """The hours of one date, which count instead of that weekday's."""
        if _date(day.text) is None:
            self._problems.add(day.place, "bad-date", f"`{day.text}` is no date", "write it like 2026-12-24")
            return []
        if isinstance(node, Text) and node.text == CLOSED:
            return [DatedHours(day.text, 0, 0)]
        if isinstance(node, Items) and not node.items:
            message = f"{day.text} has no hours"
            self._problems.add(node.place, "no-hours", message, f"write `{CLOSED}`, or remove the line")
        return [DatedHours(day.text, *stretch) for stretch in self._day(day.text, node)]

    def off(self, node: Node | None) -> tuple[TimeOff, ...]:
        """Times at which nobody can be booked, whatever the hours say."""
        found: dict[tuple[str, int], TimeOff] = {}
        for item in _items(node):
            time_off = _time_off(item.text) if isinstance(item, Text) else None
            if time_off is None:
                message = "this is no time off"
                example = 'write it like "2026-07-01 to 2026-07-14", "2026-07-01" or "2026-07-01 14:00-16:00"'
                self._problems.add(item.place, "bad-date", message, example)
                continue
            begins = (time_off.first_day, time_off.from_minute)
            longest = max(
                time_off, found.get(begins, time_off), key=lambda off: (off.last_day, off.until_minute)
            )
            found[begins] = longest
        return tuple(sorted(found.values()))

    def holidays(self, node: Node | None) -> str:
        """Whose public holidays are kept: `DE`, `DE-BE`; empty for nobody's."""
        if node is None:
            return ""
        written = node.text if isinstance(node, Text) else ""
        country, _, region = written.partition("-")
        known = holidays.list_supported_countries(include_aliases=False)
        if written == NONE:
            return ""
        if country not in known:
            message = f"`{written}` is no country whose public holidays are known"
            self._problems.add(
                node.place,
                "unknown-holidays",
                message,
                nearest(country, known) or "write it like DE or DE-BE",
            )
        elif region and region not in known[country]:
            message = f"`{country}` has no region `{region}` with public holidays of its own"
            self._problems.add(node.place, "unknown-holidays", message, nearest(region, known[country]))
        else:
            return written
        return ""

    def _day(self, day: str, node: Node) -> list[Stretch]:
        found: list[Stretch] = []
        for item in _items(node):
            stretches = list(self._stretches(day, item))
            if any(_overlap(one, other) for one in stretches for other in found):
                message = f"the hours of {day} overlap or are out of order"
                self._problems.add(item.place, "bad-hours", message)
            else:
                found += stretches
        return found

    def _stretches(self, day: str, item: Node) -> Iterator[Stretch]:
        match = _STRETCH.fullmatch(item.text.strip()) if isinstance(item, Text) else None
        start, end = _minutes(match) if match else (0, 0)
        if match is None or not 0 <= start < end <= DAY:
            self._problems.add(item.place, "bad-hours", f"this is no stretch of {day}", _EXAMPLE)
            return
        if start % UNIT_MINUTES or end % UNIT_MINUTES:
            message = f"the hours of {day} must begin and end at full steps of {UNIT_MINUTES} minutes"
            self._problems.add(item.place, "bad-hours", message, _EXAMPLE)
            return
        names = _BETWEEN.split(match[5]) if match[5] else []
        for name in names:
            if name not in (*self._services, *SERVICE_TYPES):
                known = (*SERVICE_TYPES, *self._services)
                message = f"`{name}` is neither a service nor a way to meet"
                self._problems.add(item.place, "unknown-name", message, nearest(name, known))
                return
        for service in [name for name in names if name in self._services] or [""]:
            for kind in [name for name in names if name in SERVICE_TYPES] or [""]:
                yield Stretch(start, end, service, kind)


def _overlap(later: Stretch, earlier: Stretch) -> bool:
    """Whether two stretches cannot both be meant: the same minutes for the same, or out of order."""
    same = (later.service, later.service_type) == (earlier.service, earlier.service_type)
    return same and later.from_minute < earlier.until_minute


def _items(node: Node | None) -> tuple[Node, ...]:
    if node is None:
        return ()
    return tuple(node.items) if isinstance(node, Items) else (node,)


def _minutes(match: re.Match[str]) -> tuple[int, int]:
    return int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-12-24") else None
    except ValueError:
        return None


def _time_off(text: str) -> TimeOff | None:
    """The days are included, as people say it; the minute at the end is not."""
    match = _OFF.fullmatch(text.strip())
    first = _date(match[1]) if match else None
    if match is None or first is None:
        return None
    if match[3]:
        stretch = _STRETCH.fullmatch(match[3])
        start, end = _minutes(stretch) if stretch and not stretch[5] else (0, 0)
        is_good = 0 <= start < end <= DAY and not (start % UNIT_MINUTES or end % UNIT_MINUTES)
        return TimeOff(match[1], start, match[1], end) if is_good else None
    last = _date(match[2]) if match[2] else first
    return TimeOff(match[1], 0, match[2] or match[1], DAY) if last and first <= last else None
