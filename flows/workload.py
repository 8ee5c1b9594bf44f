"""How many appointments a therapist has on a day and in a week, whatever is still to be decided of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from flows.slots import DAY, instant, local
from storage.appointments import Taken
from storage.practice import Therapist

WEEK = 7 * DAY


class Workload:
    """Days and weeks are local to the therapist; weeks begin on Monday."""

    def __init__(self, therapist: Therapist, taken: Iterable[Taken]) -> None:
        """`taken`: what `Appointments.busy` finds, also of other people."""
        self._therapist = therapist
        self._zone = ZoneInfo(therapist.zone)
        days = {(one.appointment, self._day(one.starts_at)) for one in taken if self._counts(one)}
        weeks = {(appointment, _monday(day)) for appointment, day in days}
        self._by_day = Counter(day for _, day in days)
        self._by_week = Counter(monday for _, monday in weeks)

    def is_full(self, start: int) -> bool:
        """Whether one more that begins at this minute would be more than the therapist takes."""
        day = self._day(start)
        most_a_day, most_a_week = self._therapist.most_a_day, self._therapist.most_a_week
        return (most_a_day is not None and self._by_day[day] >= most_a_day) or (
            most_a_week is not None and self._by_week[_monday(day)] >= most_a_week
        )

    def of_week(self, start: int) -> int:
        """How many there are in the week of this minute."""
        return self._by_week[_monday(self._day(start))]

    def _counts(self, one: Taken) -> bool:
        return bool(one.appointment) and one.person == self._therapist.id

    def _day(self, minute: int) -> date:
        return local(minute, self._zone).date()


def week_of(minute: int, zone: ZoneInfo) -> tuple[int, int]:
    """The first minute of the local week in which a minute lies, and the first after it."""
    monday = _monday(local(minute, zone).date())
    return instant(monday, 0, zone), instant(monday + timedelta(days=7), 0, zone)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
