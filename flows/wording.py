"""Times, places and people in words, as texts show them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime

from flows.slots import local


def in_full(minute: int, zone: ZoneInfo, language: str, now: int) -> str:
    """`Thursday 7 March, 16:00`; with the year when it is another one than now's (in minutes)."""
    wall = local(minute, zone)
    year = "" if wall.year == local(now, zone).year else " y"
    return str(format_datetime(wall, f"EEEE d MMMM{year}, HH:mm", locale=language))


def in_short(minute: int, zone: ZoneInfo, language: str) -> str:
    """`Thu 7 Mar, 16:00`: fits a button."""
    return str(format_datetime(local(minute, zone), "EEE d MMM, HH:mm", locale=language))


def dates_in_words(minutes: Sequence[int], zone: ZoneInfo, language: str, now: int) -> str:
    """`Tuesday 15:00: 3 Mar, 10 Mar; Wed 18 Mar, 10:00`: what is at one time of the week stands together."""
    at: dict[str, list[int]] = {}
    for minute in minutes:
        weekly = str(format_datetime(local(minute, zone), "EEEE HH:mm", locale=language))
        at.setdefault(weekly, []).append(minute)
    return "; ".join(
        f"{weekly}: {', '.join(_date(one, zone, language, now) for one in those)}"
        if len(those) > 1
        else in_short(those[0], zone, language)
        for weekly, those in at.items()
    )


def _date(minute: int, zone: ZoneInfo, language: str, now: int) -> str:
    wall = local(minute, zone)
    year = "" if wall.year == local(now, zone).year else " y"
    return str(format_datetime(wall, f"d MMM{year}", locale=language))


def day_in_short(day: date, language: str) -> str:
    """`Thu 7 Mar`."""
    return str(format_date(day, "EEE d MMM", locale=language))


def zone_in_words(minute: int, zone: ZoneInfo, language: str) -> str:
    """`Central European Time`."""
    if zone.key == "UTC":
        return zone.key
    return str(format_datetime(local(minute, zone), "vvvv", locale=language))


def day_in_full(wall: datetime, language: str) -> str:
    """`Thursday 7 March`."""
    return str(format_datetime(wall, "EEEE d MMMM", locale=language))


def clock(minute: int, zone: ZoneInfo) -> str:
    """`16:00`."""
    return f"{local(minute, zone):%H:%M}"
