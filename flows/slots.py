"""Free times: integers in, integers out. No I/O, no clock, no datetime object in the inner loop.

Minutes are counted since the epoch, UTC. All intervals are half-open.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = 24 * 60


class Window(NamedTuple):
    """A stretch of working time."""

    start: int
    end: int


class Busy(NamedTuple):
    """A stretch that is claimed, journeys and breaks included."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Shape:
    """How much time an appointment takes, in minutes."""

    length: int
    before: int = 0
    """Claimed before it begins: the journey there and the break."""
    after: int = 0
    every: int = 30
    """Appointments begin at multiples of this, counted from the beginning of a window."""


def instant(day: date, minute: int, zone: ZoneInfo) -> int:
    """The instant of a local time; one that a clock change skips becomes the moment of the change."""
    day += timedelta(days=minute // DAY)
    wall = datetime(day.year, day.month, day.day, minute % DAY // 60, minute % 60, tzinfo=zone)
    found = int(wall.timestamp()) // 60
    back = datetime.fromtimestamp(found * 60, zone)
    if back.replace(tzinfo=None) == wall.replace(tzinfo=None):
        return found
    skipped = wall.replace(fold=1).utcoffset(), wall.replace(fold=0).utcoffset()
    gap = abs(int(((skipped[0] or timedelta()) - (skipped[1] or timedelta())).total_seconds())) // 60
    return _change_within(found - gap, found, zone)


def _change_within(low: int, high: int, zone: ZoneInfo) -> int:
    """The first minute after the clock change that lies between two instants."""
    before = datetime.fromtimestamp(low * 60, zone).utcoffset()
    while low + 1 < high:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle * 60, zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


def joined(found: Iterable[Window]) -> list[Window]:
    """Windows in order, with those that touch made one: a night shift does not end at midnight."""
    merged: list[Window] = []
    for window in sorted(found):
        if merged and window.start <= merged[-1].end:
            merged[-1] = Window(merged[-1].start, max(merged[-1].end, window.end))
        else:
            merged.append(window)
    return merged


def free_starts(
    working: Sequence[Window], busy: Iterable[Busy], shape: Shape, earliest: int, latest: int
) -> Iterator[int]:
    """Every minute from `earliest` to `latest` at which an appointment may begin, in order.

    The appointment itself lies within working time; the breaks and journeys around it may not, but
    nothing that is claimed may touch them.
    """
    taken = _merged(busy)
    ends = [end for _, end in taken]
    for start, end in working:
        begin = max(start, start + -(-(earliest - start) // shape.every) * shape.every)
        at = bisect_right(ends, begin - shape.before)
        while begin + shape.length <= end and begin <= latest:
            while at < len(taken) and taken[at].end <= begin - shape.before:
                at += 1
            if at < len(taken) and taken[at].start < begin + shape.length + shape.after:
                clear = taken[at].end + shape.before
                begin = start + -(-(clear - start) // shape.every) * shape.every
                continue
            yield begin
            begin += shape.every


def _merged(busy: Iterable[Busy]) -> list[Busy]:
    merged: list[Busy] = []
    for start, end in sorted(busy):
        if merged and start <= merged[-1].end:
            merged[-1] = Busy(merged[-1].start, max(merged[-1].end, end))
        elif start < end:
            merged.append(Busy(start, end))
    return merged


@lru_cache(maxsize=1 << 15)
def local(minute: int, zone: ZoneInfo) -> datetime:
    """An instant as the wall clock of a zone shows it. Remembered: the same free times come up every turn."""
    return datetime.fromtimestamp(minute * 60, UTC).astimezone(zone)
