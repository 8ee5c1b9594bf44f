"""What Dialogflow's structures do not tell, read from the words: am or pm, and a bare weekday.

English only: for another language give it no text, and nothing is doubted. It never finds a time of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from channels.understanding.times import FIRST_WAKING_HOUR, NOON
from engine.events import Value

_HALF: Final = re.compile(
    r"\d\s*[ap]\.?\s?m\b|\b(?:1[3-9]|2[0-3])(?:[:.h][0-5]\d|h\b)|\bat (?:1[3-9]|2[0-3])\b|\b12[:.][0-5]\d"
    r"|\b(?:mornings?|noon|midday|afternoons?|arvo|lunch(?:time)?|evenings?|nights?|tonight|midnight)\b",
    re.IGNORECASE,
)
"""What settles the half of the day."""
_WORDS: Final = {
    word: number
    for number, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 1
    )
}
_HOUR: Final = re.compile(rf"\b(?:(1[0-2]|0?[1-9])(?:[:.][0-5]\d)?|({'|'.join(_WORDS)}))\b", re.IGNORECASE)
_SHORT_OF: Final = re.compile(
    rf"\b(?:quarter|minutes|five|ten|twenty|\d+) to (?:(1[0-2]|[1-9])|({'|'.join(_WORDS)}))\b", re.IGNORECASE
)
"""Of "quarter to six" the hour is five."""
_NAMES: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY: Final = re.compile(r"\b(mon|tue|wed|thu|fri|sat|sun)(?:s|rs?|nes|ur)?(?:day)?\b", re.IGNORECASE)
_OTHERWISE: Final = re.compile(
    r"\b(?:next|last|this|coming|weeks?|of|tomorrow|today"
    r"|jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec"
    r"|january|february|march|april|august|september|october|november|december)\b"
    r"|\d(?:st|nd|rd|th)\b|\d[./-]\d",
    re.IGNORECASE,
)
"""Beside these a weekday is not all that names the day."""


def as_spoken(value: dict[str, Value], text: str, now: datetime) -> dict[str, Value]:
    """The value, marked where the words leave open what Dialogflow decided by itself."""
    marked = {**value, "weekday": _by_weekday_alone(value, text)}
    begin, end = _hour(value["time"]), _hour(value["until"])
    if not text or (begin is None and end is None) or _HALF.search(text):
        return marked
    said = set(_hours(_HOUR, text)) | {hour - 1 or NOON for hour in _hours(_SHORT_OF, text)}
    if any(hour is not None and (hour % NOON or NOON) not in said for hour in (begin, end)):
        return marked  # these hours come from elsewhere, as those of a meal
    if begin is not None and end is not None and begin % NOON > end % NOON:
        return marked  # from ten to two runs over noon, whichever noon that is
    return {
        **marked,
        "time": _settled(value["time"], value, now),
        "until": _settled(value["until"], value, now),
        "either_half": True,
    }


def _hours(pattern: re.Pattern[str], text: str) -> Iterator[int]:
    for hour in pattern.finditer(text):
        yield int(hour[1]) if hour[1] else _WORDS[hour[2].lower()]


def _hour(clock: Value) -> int | None:
    return int(clock[:2]) if isinstance(clock, str) else None


def _settled(clock: Value, value: dict[str, Value], now: datetime) -> str | None:
    """The half in which people are awake, and that is not over: as the offline reader settles it."""
    if not isinstance(clock, str):
        return None
    morning = f"{int(clock[:2]) % NOON:02}{clock[2:]}"
    over = value["date"] == now.date().isoformat() and morning < f"{now:%H:%M}"
    return morning if int(morning[:2]) >= FIRST_WAKING_HOUR and not over else _later(morning)


def _later(clock: str) -> str:
    hours = int(clock[:2]) + NOON
    return f"{hours:02}{clock[2:]}" if hours < 2 * NOON else clock


def _by_weekday_alone(value: dict[str, Value], text: str) -> bool:
    """Whether the one day was named by its weekday and by nothing else."""
    named = _WEEKDAY.findall(text)
    day = value["date"]
    if len(named) != 1 or not isinstance(day, str) or value["until_date"] or _OTHERWISE.search(text):
        return False
    return date.fromisoformat(day).weekday() == _NAMES.index(named[0].lower())
