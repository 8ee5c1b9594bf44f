"""What does not suit, and what is urgent: "not on Monday", "weekdays only", "as soon as possible". Pure.

It never finds a time; it says which of those found were denied.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from channels.understanding.time_spans import Span

ALL_WEEK: Final = frozenset(range(7))
WORKING_DAYS: Final = frozenset(range(5))
WEEKEND: Final = ALL_WEEK - WORKING_DAYS

SOONEST: Final = re.compile(
    r"\b(?:as (?:soon|early|quick(?:ly)?) as (?:possible|you can)|asap|soonest|(?<!at the )earliest"
    r"|(?:first|next) (?:available|free|possible)|lo antes posible|cuanto antes)\b",
    re.IGNORECASE,
)
_DENIED: Final = re.compile(
    r"(?<!why )\b(?:not|never|except|besides|instead of|rather than|other than|anything but|any day but"
    r"|apart from|leave out|leaving out|skip|skipping|without"
    r"|(?:can't|cannot|can not|couldn't)(?: do| make(?: it)?| come| attend| be there)?|don't want|avoid"
    r"|(?:not|won't) be (?:there|here|available)|unavailable)"
    r"\s+(?:on |in |at |for |during |the |any |a )*$",
    re.IGNORECASE,
)
_NO: Final = re.compile(r"\bno $", re.IGNORECASE)
"""Denies "Mondays" behind it; "no Monday" may as well be a correction."""
_RULED_OUT: Final = re.compile(
    r"\s*(?:(?:does|do|will|would|is|are)(?:n't| not)|won't|can't|cannot)"
    r" (?:work|suit|good|possible|fit|ok|okay|great|be|for me)\b",
    re.IGNORECASE,
)
_JOINED: Final = re.compile(r"\s*,?\s*(?:or|and|nor)\s+(?:on |at )?(?:the )?", re.IGNORECASE)
_WEEKDAY: Final = re.compile(r"\b(mon|tue|wed|thu|fri|sat|sun)")
_NAMES: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WORKING: Final = re.compile(r"\b(?:week ?days?|work(?:ing)? ?days|during the week)\b", re.IGNORECASE)
_WEEKENDS: Final = re.compile(r"\bweekends\b", re.IGNORECASE)


def told_apart(text: str, spans: Sequence[Span]) -> tuple[list[Span], list[Span]]:
    """The expressions that were denied, and the others; what is joined to a denied one is denied, too."""
    denied: list[Span] = []
    for number, span in enumerate(spans):
        before = text[: span.start]
        joined = bool(denied) and spans[number - 1] is denied[-1]
        if (
            (joined and _JOINED.fullmatch(text[denied[-1].stop : span.start]))
            or _DENIED.search(before)
            or (_NO.search(before) and span.words.endswith("s"))
            or _RULED_OUT.match(text[span.stop :])
        ):
            denied.append(span)
    return denied, [span for span in spans if span not in denied]


def suiting_weekdays(text: str, denied: Sequence[Span]) -> frozenset[int] | set[int]:
    """The days of the week that are left; all of them where nothing limits them."""
    suiting = set(ALL_WEEK)
    for span in denied:
        if span.moments[0].of_day and "weekend" not in span.words:
            continue
        if "weekend" in span.words and not span.words.startswith(("this", "next")):
            suiting -= WEEKEND
        elif named := _WEEKDAY.search(span.words):
            suiting.discard(_NAMES.index(named[1]))
    for found, days in ((_WORKING.search(text), WORKING_DAYS), (_WEEKENDS.search(text), WEEKEND)):
        if found and not (any(span.start <= found.start() < span.stop for span in denied)):
            before = text[: found.start()]
            suiting &= ALL_WEEK - days if _DENIED.search(before) or _NO.search(before) else days
    return suiting or ALL_WEEK
