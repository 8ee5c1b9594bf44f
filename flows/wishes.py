"""When somebody would like to come, as far as they said. Pure.

A wish is the value of the entity `appointment_time`. What was left open stays open until the free
times settle it: "at 4" is the afternoon when only the afternoon is free.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Self

from engine.events import Value

NOON, MIDNIGHT = 12 * 60, 24 * 60
ALL_WEEK = frozenset(range(7))
USUAL_HOURS = range(8 * 60, 20 * 60)
"""When "at 4" is heard without am or pm, the half of the day that people mean."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Days and times of day that suit, in the practice's local time."""

    first: date | None = None
    last: date | None = None
    """The last day that suits; the same as `first` for a single day."""
    start: int | None = None
    """Minute of the day from which it suits."""
    end: int | None = None
    """Minute of the day until which it suits, exclusive; None where one exact time was named."""
    either_half: bool = False
    """Neither am nor pm was said."""
    weekdays: frozenset[int] = ALL_WEEK
    """The days of the week that suit, Monday is 0: "not on Monday", "Tuesday or Thursday"."""
    soonest: bool = False
    """As soon as possible: the earliest of what suits."""
    weekday: bool = False
    """The one day was named by its weekday alone: "on Thursday"."""
    without: frozenset[date] = frozenset()
    """Days that do not suit, named by their dates."""
    that_week: bool = False
    """The days are the rest of the week, of this one or of one that was spoken of: "later that week"."""
    shift: int = 0
    """Minutes of local time by which it is to be later than what was spoken of; earlier if negative."""

    @classmethod
    def of(cls, value: Value) -> Self:
        """From the entity's value; anything unexpected is as good as unsaid."""
        if not isinstance(value, dict):
            return cls()
        first, last = _day(value.get("date")), _day(value.get("until_date"))
        start, end = _minute(value.get("time")), _minute(value.get("until"))
        match value.get("open"):
            case "after":
                start, end = start if start is not None else 0, end if end is not None else MIDNIGHT
            case "before":
                start, end = 0, end if end is not None else start
        # "before 11" is settled by when people are awake: it does not mean the night as well.
        either_half = bool(value.get("either_half")) and value.get("open") != "before"
        if end is not None and start is not None and end <= start:
            # "between 11 and 1" ends in the afternoon; "from 22 to 2" is over, for one day, at midnight.
            end = min(end + NOON, MIDNIGHT) if either_half and start < end + NOON else MIDNIGHT
        return cls(
            first,
            last or first,
            start,
            end,
            either_half=either_half,
            weekdays=_weekdays(value.get("weekdays")),
            soonest=value.get("order") == "earliest",
            weekday=bool(value.get("weekday")),
            without=days_of(value.get("without")),
            that_week=bool(value.get("that_week")),
            shift=shift if isinstance(shift := value.get("shift"), int) else 0,
        )

    def ruling_out(self, days: frozenset[date]) -> Wish:
        """This wish, but on none of these days."""
        return replace(self, without=self.without | days)

    def and_now(self, newer: Wish) -> Wish:
        """This wish with what was said later, so that no limit goes on unseen.

        - "As soon as possible" begins anew.
        - New days replace the old ones. One day keeps the time of day; several days keep it only if it was
          one exact time: who cannot come "between 2 and 4" and then asks for "any day next week" is shown
          the whole days.
        - A new time of day keeps the days.
        - A weekday alone is looked for in the week that was spoken of: "next week", and then "on Thursday".
        - So is the rest of a week: "on Tuesday", and then "later that week".
        - "An hour later", "the next day" is counted from the one moment, or day, that was spoken of.
        - Days of the week without a date, such as "not on Monday", narrow several old days, where any of
          those is left, and otherwise replace them.
        """
        newer = newer.away_from(self).ruling_out(self.without)
        if newer.soonest or self.anything:
            return newer
        newer = newer.within_days_of(self).in_week_of(self)
        kept = newer if newer.names_days else newer.on_days_of(self)
        if newer.first is None and newer.weekdays != ALL_WEEK:
            kept = newer.narrowing(self)
        several = newer.names_days and (newer.first is None or newer.first != newer.last)
        if newer.start is None and newer.end is None and not (several and self.end is not None):
            kept = replace(kept, start=self.start, end=self.end, either_half=self.either_half)
        return kept

    def within_days_of(self, older: Wish) -> Wish:
        """This weekday as one of the days of another wish, if it is one of them."""
        if not (self.weekday and self.first and older.first and older.last and older.first < older.last):
            return self
        day = older.first + (self.first - older.first) % timedelta(weeks=1)
        return replace(self, first=day, last=day) if day <= older.last else self

    def away_from(self, older: Wish) -> Wish:
        """So much later or earlier than another wish, if that is of one day; by hours, if of one moment."""
        days, minutes = divmod(self.shift, MIDNIGHT)
        day, start = older.first, self.start
        if minutes and older.one_moment:
            further, start = divmod((older.start or 0) + minutes, MIDNIGHT)
            day = self.first or (day and day + timedelta(further))
        elif minutes or older.first != older.last:
            day = None
        if not self.shift or day is None:
            return replace(self, shift=0)
        return replace(self, first=day + timedelta(days), last=day + timedelta(days), start=start, shift=0)

    def in_week_of(self, older: Wish) -> Wish:
        """This rest of a week as that of the week in which the days of another wish end, and after them."""
        if not (self.that_week and older.last):
            return self
        first = older.last + timedelta(days=1)
        sunday = older.last + timedelta(days=6 - older.last.weekday())
        return replace(self, first=first, last=max(first, sunday))

    def on_days_of(self, older: Wish) -> Wish:
        """This time of day on the days of another wish."""
        return replace(
            self, first=older.first, last=older.last, weekdays=older.weekdays, soonest=older.soonest
        )

    def on_first_day(self) -> Wish:
        """This time of day, on the first of its days alone."""
        return replace(self, last=self.first, weekdays=ALL_WEEK)

    def on_weekday_of(self, older: Wish) -> Wish:
        """Within these days, of a week or more, the first that is the weekday of another wish; else as it is.

        Whoever comes on Tuesdays and says "starting next week" means that Tuesday.
        """
        if not (self.first and self.last and older.first) or self.weekdays != ALL_WEEK:
            return self
        day = self.first + (older.first - self.first) % timedelta(weeks=1)
        return replace(self, first=day, last=day) if day <= self.last else self

    def on_any_day(self) -> Wish:
        """This time of day, on whatever day."""
        return Wish(start=self.start, end=self.end, either_half=self.either_half, without=self.without)

    def narrowing(self, older: Wish) -> Wish:
        """These days of the week among the days of another wish, if some are left there."""
        narrowed = replace(self, first=older.first, last=older.last, weekdays=self.weekdays & older.weekdays)
        if older.first is None:
            return narrowed if narrowed.weekdays else self
        days = ((older.last or older.first) - older.first).days + 1
        among = [older.first + timedelta(days=day) for day in range(min(days, len(ALL_WEEK)))]
        return narrowed if days > 1 and any(map(narrowed.suits_day, among)) else self

    @property
    def names_days(self) -> bool:
        """Whether it says on which days."""
        return self.first is not None or self.weekdays != ALL_WEEK

    @property
    def one_moment(self) -> bool:
        """Whether one day and one time of day were named."""
        return (
            self.first is not None and self.first == self.last and self.start is not None and self.end is None
        )

    @property
    def anything(self) -> bool:
        """Whether nothing was named."""
        return not (self.names_days or self.soonest or self.shift) and self.start is None and self.end is None

    def over(self, today: date) -> bool:
        """Whether it is a past that was told of ("since yesterday"), and no wish."""
        return self.last is not None and self.last < today

    def minutes(self) -> tuple[int, ...]:
        """The exact times of day that may be meant, the likeliest first."""
        if self.start is None:
            return ()
        if not self.either_half or self.start > NOON:
            return (self.start,)
        other = (self.start + NOON) % MIDNIGHT
        likely = self.start in USUAL_HOURS or other not in USUAL_HOURS
        return (self.start, other) if likely else (other, self.start)

    def suits_day(self, day: date) -> bool:
        """Whether the day suits."""
        if day.weekday() not in self.weekdays or day in self.without:
            return False
        return self.first is None or self.first <= day <= (self.last or self.first)

    def suits_minute(self, minute: int) -> bool:
        """Whether the time of day suits."""
        return self.minutes_away(minute) == 0

    def minutes_away(self, minute: int) -> int:
        """How far a time of day is from what suits; 0 when it suits."""
        return min((max(low - minute, minute - last, 0) for low, last in self._stretches()), default=0)

    def _stretches(self) -> list[tuple[int, int]]:
        """The first and last minutes of the times of day that suit; none when any does."""
        if self.end is None:
            return [(minute, minute) for minute in self.minutes()]
        start, last = self.start or 0, self.end - 1
        if self.either_half and self.end <= NOON:
            return [(start, last), (start + NOON, last + NOON)]
        return [(start, last)]

    def as_value(self) -> dict[str, Value]:
        """For the conversation's memory; `of` reads it back."""
        return {
            "date": self.first.isoformat() if self.first else None,
            "until_date": self.last.isoformat() if self.last else None,
            "time": _clock(self.start),
            "until": _clock(self.end),
            "either_half": self.either_half,
            "weekdays": None if self.weekdays == ALL_WEEK else [*sorted(self.weekdays)],
            "order": "earliest" if self.soonest else None,
            "weekday": self.weekday,
            "without": [day.isoformat() for day in sorted(self.without)] or None,
            "that_week": self.that_week,
            "shift": self.shift or None,
        }


def _day(value: Value) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def days_of(value: Value) -> frozenset[date]:
    """Days as they are told or remembered."""
    days = map(_day, value) if isinstance(value, list) else ()
    return frozenset(day for day in days if day is not None)


def _weekdays(value: Value) -> frozenset[int]:
    days = frozenset(day for day in value if isinstance(day, int)) if isinstance(value, list) else ALL_WEEK
    return days & ALL_WEEK or ALL_WEEK


def _minute(value: Value) -> int | None:
    if not isinstance(value, str) or ":" not in value:
        return None
    hours, _, minutes = value.partition(":")
    if not (hours.isdecimal() and minutes[:2].isdecimal()):
        return None
    minute = int(hours) * 60 + int(minutes[:2])
    return minute if minute <= MIDNIGHT else None


def _clock(minute: int | None) -> str | None:
    return None if minute is None else f"{minute // 60:02}:{minute % 60:02}"
