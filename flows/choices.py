"""Which free times to offer for a wish: the one that was meant, those that suit, or the nearest. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flows.slots import instant, local
from flows.wishes import Wish

MOST = 10
"""More than ten options do not fit in one message."""
NEAR = timedelta(days=14)
"""How far around a wish is looked first."""
DAYS = MOST - 1
"""How many days are shown at once: the earliest time of all stands beside them."""
A_DAY = 3
"""How many times of one day are shown to somebody who named none."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which free times to offer for a wish."""

    exact: int | None = None
    """The one that was meant, when it is free."""
    offered: tuple[int, ...] = ()
    suits: bool = True
    """False when nothing free suits and the nearest are offered instead."""

    def settles(self, wish: Wish) -> bool:
        """Whether looking beyond the times near the wish could not find anything better."""
        if self.exact is not None:
            return True
        if wish.first is None:
            return self.suits and len(self.offered) == MOST
        return self.suits or len(self.offered) == MOST


@dataclass(frozen=True, slots=True)
class Day:
    """A day with room."""

    date: date
    times: int
    """How many are free."""


def searches(wish: Wish, earliest: int, latest: int, zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    """Where to look for free times: near the wish first, then ever wider. Minutes since the epoch.

    Most practices can be booked for months or years ahead, and few wishes need to look so far.
    """
    day = local(earliest, zone).date()
    low = max(earliest, instant(wish.first - NEAR, 0, zone)) if wish.first else earliest
    high = min(latest, instant((wish.last or wish.first or day) + timedelta(days=1) + NEAR, 0, zone))
    while low < high and (earliest < low or high < latest):
        yield low, high
        wider = 3 * (high - low)
        low, high = max(earliest, low - wider), min(latest, high + wider)
    yield earliest, latest


def choose(starts: Sequence[int], wish: Wish, zone: ZoneInfo) -> Choice:
    """The free times (minutes since the epoch, in order) to offer."""
    suiting = [
        (start, wall)
        for start, wall in _on_the_wall(_of_these_days(starts, wish, zone), zone)
        if wish.suits_day(wall.date()) and wish.suits_minute(_of_day(wall))
    ]
    if wish.one_moment:
        for minute in wish.minutes():
            for start, wall in suiting:
                if _of_day(wall) == minute:
                    return Choice(exact=start, offered=(start,))
    if suiting:
        return Choice(offered=_spread(suiting, wish))
    others = [(start, wall) for start, wall in _on_the_wall(starts, zone) if wall.date() not in wish.without]
    near = sorted(others, key=lambda item: _distance(wish, item[1]))[:MOST]
    return Choice(offered=tuple(sorted(start for start, _ in near)), suits=False)


def days_with_room(starts: Sequence[int], wish: Wish, zone: ZoneInfo) -> tuple[Day, ...]:
    """The first days on which something is free, to be shown before any times.

    None for somebody who has said anything of when it would suit, nor where all the times fit in one message.
    """
    if not wish.anything or len(starts) <= MOST:
        return ()
    dates = [wall.date() for _, wall in _on_the_wall(starts, zone)]
    counts = Counter(day for day in dates if day not in wish.without)
    days = tuple(Day(day, times) for day, times in counts.items())
    return days[:DAYS] if len(days) > 1 else ()


def rest_of_day(starts: Sequence[int], wish: Wish, shown: Sequence[int], zone: ZoneInfo) -> tuple[int, ...]:
    """Of the one day that was named, the free times behind those that were shown.

    A full day is shown in several turns: every third time, then those next to them. Empty when all were
    shown, or no one day was named.
    """
    if wish.first is None or wish.first != wish.last:
        return ()
    suiting = [
        start
        for start, wall in _on_the_wall(_of_these_days(starts, wish, zone), zone)
        if wish.end is None or wish.suits_minute(_of_day(wall))
    ]
    every = max(1, -(-len(suiting) // MOST))
    turns = [tuple(suiting[first::every][:MOST]) for first in range(every)]
    seen = [number for number, times in enumerate(turns) if set(times) & set(shown)]
    return turns[seen[-1] + 1] if seen and seen[-1] + 1 < len(turns) else ()


def _of_these_days(starts: Sequence[int], wish: Wish, zone: ZoneInfo) -> Sequence[int]:
    """Those of the days that suit, cut out before the wall clock is asked for each."""
    if wish.first is None:
        return starts
    low = instant(wish.first, 0, zone)
    high = instant((wish.last or wish.first) + timedelta(days=1), 0, zone)
    return starts[bisect_left(starts, low) : bisect_left(starts, high)]


def _on_the_wall(starts: Sequence[int], zone: ZoneInfo) -> list[tuple[int, datetime]]:
    return [(start, local(start, zone)) for start in starts]


def _spread(suiting: Sequence[tuple[int, datetime]], wish: Wish) -> tuple[int, ...]:
    """At most ten: of one day evenly, of many days a few of each, and if it is urgent the first ones."""
    if wish.soonest:
        return tuple(start for start, _ in suiting[:MOST])
    if wish.first and wish.first == wish.last:
        every = max(1, -(-len(suiting) // MOST))
        return tuple(start for start, _ in suiting[::every][:MOST])
    by_day: dict[date, list[int]] = {}
    for start, wall in suiting:
        by_day.setdefault(wall.date(), []).append(start)
    picked: list[int] = []
    for times in by_day.values():
        every = max(1, -(-len(times) // A_DAY))
        picked += times[::every][:A_DAY]
    return tuple(picked[:MOST])


def _distance(wish: Wish, wall: datetime) -> tuple[int, bool, int]:
    """How far a time is from the wish: days first, then the day of the week, then minutes of the day."""
    first, last = wish.first or wall.date(), wish.last or wish.first or wall.date()
    days = max((first - wall.date()).days, (wall.date() - last).days, 0)
    return days, wall.weekday() not in wish.weekdays, wish.minutes_away(_of_day(wall))


def _of_day(wall: datetime) -> int:
    return wall.hour * 60 + wall.minute
