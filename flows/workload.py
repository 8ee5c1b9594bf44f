"""How many appointments a therapist has on a day and in a week, whatever is still to be decided of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from flows.slots import DAY, instant, local
from storage.appointments import Taken
from storage.practice import Therapist

WEEK = 7 * DAY
MANY = 1 << 30
"""As many as there is time for."""


class Workload:
    """Days and weeks are local to the therapist; weeks begin on Monday."""

    def __init__(self, therapist: Therapist, taken: Iterable[Taken]) -> None:
        """`taken`: what `Appointments.busy` finds of this therapist."""
        self._zone = ZoneInfo(therapist.zone)
        self._most_a_day = therapist.most_a_day or MANY
        self._most_a_week = therapist.most_a_week or MANY
        own = [one for one in taken if one.appointment]  # the others are blocked times
        days = {(one.appointment, *day_and_week(one.starts_at, self._zone)) for one in own}
        weeks = {(appointment, week) for appointment, _, week in days}
        self._by_day = Counter(day for _, day, _ in days)
        self._by_week = Counter(week for _, week in weeks)

    def of_week(self, start: int) -> int | None:
        """How many there are in the week of this minute; None: the therapist takes no more then."""
        day, week = day_and_week(start, self._zone)
        count = self._by_week.get(week, 0)
        return None if count >= self._most_a_week or self._by_day.get(day, 0) >= self._most_a_day else count


@lru_cache(maxsize=1 << 15)  # the same times are looked at for every therapist, and again in the next turn
def day_and_week(minute: int, zone: ZoneInfo) -> tuple[int, int]:
    """The local day and week of a minute, each counted from the year 1."""
    day = local(minute, zone).toordinal()
    return day, (day - 1) // 7


def week_of(minute: int, zone: ZoneInfo) -> tuple[int, int]:
    """The first minute of the local week in which a minute lies, and the first after it."""
    monday = date.fromordinal(day_and_week(minute, zone)[1] * 7 + 1)
    return instant(monday, 0, zone), instant(monday + timedelta(days=7), 0, zone)
