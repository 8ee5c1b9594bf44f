"""Finds expressions of time with dateparser, on machines for which Duckling is not built.

It finds less: no stretches ("next week", "between 2 and 4"), and no bare numbers.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from dateparser.search import search_dates

from channels.understanding.time_spans import Moment, Span

_SAYS_CLOCK: Final = re.compile(
    r"\d[:h.]\d|\d\s?[ap]\.?m|\bat \d|\bnoon\b|\bo'clock\b|a las \d", re.IGNORECASE
)
_SAYS_DAY: Final = re.compile(
    r"mon|tue|wed|thu|fri|sat|sun|day|tomorrow|week|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
    r"|\d(?:st|nd|rd|th)\b|\d/\d|mañana|hoy|lunes|martes|miércoles|jueves|viernes|sábado|domingo",
    re.IGNORECASE,
)


class Dateparser:
    """The same promise as `Duckling`, kept less well."""

    def __init__(self, language: str, *, day_first: bool) -> None:
        """`day_first`: whether 3/4 is the third of April."""
        self._language = language
        self._order = "DMY" if day_first else "MDY"

    def spans(self, text: str, now: datetime, *, latent: bool) -> list[Span]:
        """Every expression in order; nothing more is found where a time is expected."""
        del latent
        wall = now.replace(tzinfo=None, microsecond=0)
        settings = {"RELATIVE_BASE": wall, "PREFER_DATES_FROM": "future", "DATE_ORDER": self._order}
        found = search_dates(text, languages=[self._language], settings=settings) or []
        spans: list[Span] = []
        for words, moment in found:
            start = text.find(words, spans[-1].stop if spans else 0)
            if start >= 0:
                spans.append(_span(words, start, moment))
        return spans


def _span(words: str, start: int, moment: datetime) -> Span:
    """Say whether a day, a clock time or both were meant; a bare clock time recurs every day."""
    plain = moment.replace(tzinfo=None)
    clock, day = bool(_SAYS_CLOCK.search(words)), bool(_SAYS_DAY.search(words))
    if not clock:
        begin = plain.replace(hour=0, minute=0, second=0)
        return Span(start, start + len(words), words, (Moment(begin, None, "day"),))
    days = (0,) if day else (0, 1)
    moments = tuple(Moment(plain + timedelta(days=ahead), None, "minute") for ahead in days)
    return Span(start, start + len(words), words, moments)
