"""What somebody waits for, in words."""

from __future__ import annotations

from datetime import date, datetime, time

from babel.dates import format_date

from engine.events import Value
from flows.texts import line
from flows.wishes import ALL_WEEK, Wish
from flows.wording import day_in_full


def wish_in_words(wish: Wish, language: str) -> Value:
    """`Friday 6 March, 15:00`, or as much of it as was said."""
    days, hours = _days(wish, language), _hours(wish)
    if hours is None:
        return days
    return line("wish_with_hours", days=days, hours=hours)


def _days(wish: Wish, language: str) -> Value:
    if wish.first is None:
        if wish.weekdays == ALL_WEEK:
            return line("wish_any_day")
        return ", ".join(_weekday(day, language) for day in sorted(wish.weekdays))
    first, last = _day(wish.first, language), _day(wish.last or wish.first, language)
    return first if first == last else line("wish_days", first=first, last=last)


def _hours(wish: Wish) -> Value:
    if wish.start is None and wish.end is None:
        return None
    if wish.end is None:
        return " / ".join(_clock(minute) for minute in wish.minutes())
    return line("wish_hours", start=_clock(wish.start or 0), end=_clock(wish.end))


def _day(day: date, language: str) -> str:
    return day_in_full(datetime.combine(day, time()), language)


def _weekday(number: int, language: str) -> str:
    monday = date(2024, 1, 1)
    return str(format_date(monday.replace(day=1 + number), "EEEE", locale=language))


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
