"""Rewrites ways of wording a time that Duckling reads wrongly into ones that it reads rightly. Pure.

It never changes which time is meant, and it never sees what day it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from engine.nearest import one_slip

NOON: Final = 12
_NUMBERS: Final = dict(
    zip(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
        range(1, 13),
        strict=True,
    )
)
_MINUTES: Final = {
    "half": 30,
    "quarter": 15,
    "a quarter": 15,
    "five": 5,
    "ten": 10,
    "twenty": 20,
    "twenty five": 25,
}
_AFTER_HOUR: Final = {"thirty": 30, "fifteen": 15, "forty five": 45, "o'clock": 0}

_HOUR: Final = rf"(?:1[0-2]|0?[1-9]|{'|'.join(_NUMBERS)})"
_CLOCK: Final = (
    rf"(?:(?P<minutes>{'|'.join(_MINUTES)}) (?P<way>past|to) )?(?P<hour>{_HOUR})"
    rf"(?:[:.](?P<digits>[0-5]\d)| (?P<after>{'|'.join(_AFTER_HOUR)}))?"
)
_PART: Final = r"(?P<part>morning|afternoon|evening|night)"
_END: Final = r"(?![\w/:]|[.,]\d|(?:st|nd|rd|th)\b)"

_WEEKDAY: Final = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_DAYS: Final = (
    *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    "tomorrow",
)
_LONG_WORD: Final = re.compile(r"\b[a-z]{5,10}\b")
_MONTH: Final = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
)
_BARE_DAY: Final = rf"(?:today|tomorrow|{_WEEKDAY}s?|mon|tues?|wed|thu(?:rs?)?|fri|sat|sun)"
_SAID: Final = (
    r"(?= ?$| ?[!?;,)](?!\d)| ?\.(?!\d)| (?:please|pls|then|instead|or|and|works?|would|will|is|if|for me"
    r"|maybe|perhaps|thanks?|ok(?:ay)?|suits|sounds|it is|good|fine|only)\b)"
)
"""What may follow a time when nothing else is said about it."""
_NTH: Final = r"\d{1,2}(?:st|nd|rd|th)"
_DAY: Final = (
    rf"(?:today|tomorrow|(?:this |next )?{_WEEKDAY}"
    rf"|(?:the )?{_NTH}(?: of (?:{_MONTH}|this month|next month))?|{_MONTH} {_NTH})"
)
_LOOSE_CLOCK: Final = (
    r"(?:(?:half|(?:a )?quarter) (?:past|to) )?"
    rf"(?:\d{{1,2}}(?:[:.]\d\d)?|{'|'.join(_NUMBERS)})(?: ?[ap]\.?m\.?)?"
)
_NOT_A_TIME: Final = (
    "this|that|the|another|other|last|first|next|which|any|no|only|book|make|get|schedule|have|find|take"
    "|arrange|want|need"
)
"""What stands before a "one" that is a thing: "book one", "that one"."""
_THING: Final = (
    "therapist|doctor|counsell?or|psychologist|psychiatrist|person|option|choice|one"
    "|session|appointment|visit"
)
"""What stands behind a "first" that is no day of a month."""

_SO_LONG: Final = (
    rf"(?:about |over |almost |nearly |at least )?(?:the (?:last|past) )?"
    rf"(?:an? (?:few |couple of )?|a couple |several |\d+ |(?:{'|'.join(_NUMBERS)}) )"
    r"(?:minute|hour|day|week|month|year)s?"
)
"""How long something lasts; its number is no time of day."""


_NTH_WORD: Final = rf"(?:{_NTH}|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)"
"""Somebody's own "seventh" is no day of a month."""
_WISHED: Final = (
    "want|need|wish|lik|lov|hop|wonder|prefer|ask|plan|expect|schedul|book|arrang|agree|suggest|recommend"
    "|advis|offer|promis|call|email|text|message"
)
"""Who did one of these speaks of what is to come: "I wanted to come in two weeks"."""
_HAS: Final = r"(?:'ve|'s| have| has| had| haven't| hasn't| didn't)?(?: just| only| already| even| also)?"
_DID: Final = (
    rf"(?:(?<=n't )\w+|(?!(?:{_WISHED})\w*ed\b)\w{{3,}}ed|ran|run|lost|got|gotten|did|done|went|ate|slept"
    r"|felt|grew|fell|broke|became|won|wrote|drank|spent|swam|rode|drove|had|put on)"
)
_TO_COME: Final = r"(?:appointments?|sessions?|slots?|visits?|bookings?|and|but|so|to|can|could)"
_DONE: Final = rf"(?P<done>(?:i|we|he|she|it|they){_HAS} {_DID}\b(?:(?!\b{_TO_COME}\b)[^.!?;,])*?)"
"""Something that somebody has done: "in six days" behind it is how long that took."""


def _other_way(found: re.Match[str]) -> str:
    """Not before ten is after ten."""
    return "before " if found[1] == "after" else "after "


def _rest_of_day(found: re.Match[str]) -> str:
    """What is left of a day without its morning or its evening."""
    return "after 12 pm" if found[1] == "morning" else "before 6 pm"


_Change: TypeAlias = "str | Callable[[re.Match[str]], str]"
_CHANGES: Final[tuple[tuple[str, _Change], ...]] = (
    (r"\s+", " "),
    (r"[‘’´`]", "'"),
    (r"\bo\s?[\"']\s?clock\b", "o'clock"),
    (r"\b(?:tmrw|tmrrw|tmrow|tmr|tmw|2moro|2morrow|tomorow|tommorr?ow)\b", "tomorrow"),
    (r"\bweds\b", "wed"),
    (r"\bwen(?:d?s|ds)day", "wednesday"),
    (r"\b(?:a |one )?fortnight\b", "two weeks"),
    (r"\bthe week after next\b(?! week)", "the week after next week"),
    (r"\bthe day (?:after|before)\b(?! tomorrow| yesterday)", "then"),
    (r"\barr?ou?nd\b", "around"),
    (r"\barvo\b", "afternoon"),
    (r"\bhalf ?past\b", "half past"),
    (r"\b(twenty|forty)-five\b", r"\1 five"),
    (r"\b(morning|afternoon|evening)s\b", r"in the \1"),
    (r"\bnot too early\b", "after 10 am"),
    (r"\bnot too late\b", "before 5 pm"),
    (r"\bnot (before|after|until) (?=\w)", _other_way),
    (
        r"\b(?:no|not|never|can't do|cannot do|except|anything but) (?:in the )?(morning|evening)s?\b",
        _rest_of_day,
    ),
    (r"\b(?:the )?(?:first|second|third|fourth|fifth|last) one\b", "that of them"),
    (rf"\b({_NOT_A_TIME}) one\b", r"\1 of them"),
    (rf"\b(?:first|second|third|fourth|fifth) (?={_THING}\b)", ""),
    (r"\b(?:on |for )?(?:this|that|the same) (?:very |same )?day\b", "then"),
    (r"\b(\d{1,2})\.(\d{1,2})\.(?= |$)", r"\1/\2"),
    (r"\b(\d{1,2})\.(\d{2})(?= ?[ap]\.?m)", r"\1:\2"),
    (r"\bmay be\b", "maybe"),
    (r"\b(?:right )?now,? (?=at \d)", ""),
    (r"\bboss\b", "chief"),  # Duckling takes a boss for Boss's Day
    (rf"\bfor {_SO_LONG}(?! from| ago)(?: now)?\b", "for long"),
    (rf"\b(my|our|your|his|her|their) {_NTH_WORD} (?=[a-z])", r"\1 "),
    (rf"\b{_DONE}\bin {_SO_LONG}(?! from| ago)\b", r"\g<done>for long"),
    (r"\blater this week\b", "this week"),
    (r"\blater (?:on )?(?:in |during )?(?:that|the|that same|the same) week\b", "later that week"),
    (rf"\b(?:this )?coming (?={_WEEKDAY})", "this "),
    (rf"\b({_BARE_DAY}),? (?:at |around )?(1\d|2[0-3]|0?[7-9])([0-5]\d){_SAID}", r"\1 at \2:\3"),
    (rf"\b({_BARE_DAY}),? (1\d|2[0-3]|0?[1-9]|{'|'.join(_NUMBERS)}){_SAID}", r"\1 at \2"),
    # the day's name beside its date adds nothing, and a wrong one sends Duckling years ahead
    (rf"\b{_WEEKDAY}, ?(?=the \d|\d{{1,2}}/\d|{_NTH} |{_MONTH} \d)", ""),
    (rf"\b{_WEEKDAY} (?=\d{{1,2}}/\d|(?:the )?(?:{_NTH}|\d{{1,2}}) (?:of )?{_MONTH}|{_MONTH} \d)", ""),
    (rf"\b({_WEEKDAY}|today|tomorrow),? (\d{{1,2}}) ?- ?(\d{{1,2}})\b(?! ?[-/])", r"\1 from \2 to \3"),
    (
        rf"(?<![-/:\d])(\d{{1,2}}) ?- ?(\d{{1,2}}) (?:on )?((?:next )?{_WEEKDAY}|tomorrow)",
        r"\3 from \1 to \2",
    ),
    (rf"\bthis (?={_MONTH} \d)", ""),
    (r"\b(?:in the )?(?:morning|afternoon|evening) (?=\d{1,2}(?::\d\d)? ?[ap]\.?m)", ""),
)
_PLAIN: Final = tuple((re.compile(pattern), put) for pattern, put in _CHANGES)
_PART_FIRST: Final = re.compile(
    rf"\b(?:(?:in )?(?:the )?{_PART})(?: at| around| about| by|,)? {_CLOCK}{_END}(?! ?[ap]\.?m)"
)
_PART_LAST: Final = re.compile(rf"\b(?:in )?{_CLOCK},? (?:in the |at |on the |of the )?{_PART}\b")
_OTHER_ORDER: Final = {
    False: re.compile(r"(?<![\d/])(1[3-9]|2\d|3[01])\s?/\s?(1[0-2]|0?[1-9])(?![\d/])"),
    True: re.compile(r"(?<![\d/])(1[0-2]|0?[1-9])\s?/\s?(1[3-9]|2\d|3[01])(?![\d/])"),
}
"""Dates that make sense only in the order that is not the usual one here."""
_BY_CLOCK: Final = re.compile(rf"\bby (?={_HOUR}\b|\d{{1,2}}:\d\d|(?:a )?quarter|half)")
_FROM_TO: Final = re.compile(
    rf"\b(?:from|between) ({_LOOSE_CLOCK}) ?(?:to|till|until|and|-) ?({_LOOSE_CLOCK})\b"
    rf"(?! (?:of )?{_MONTH}|(?:st|nd|rd|th)\b| of\b)"
)
"""Duckling reads "from 10 to 2" as ten minutes to two."""
_RANGE_THEN_DAY: Final = re.compile(
    rf"\b((?:between|from) {_LOOSE_CLOCK} (?:and|to|till|until|-) {_LOOSE_CLOCK}),? (?:on )?({_DAY})\b"
)


def reworded(text: str, language: str, *, day_first: bool) -> str:
    """The text as Duckling reads it best, in lower case. Unprintable characters go: it dies of NUL."""
    said = "".join(letter if letter.isprintable() else " " for letter in text.lower())
    if language != "en":
        return _OTHER_ORDER[day_first].sub(r"\2/\1", said)
    said = _LONG_WORD.sub(_mended, said)
    for pattern, put in _PLAIN:
        said = pattern.sub(put, said)
    said = _OTHER_ORDER[day_first].sub(r"\2/\1", said)
    said = _PART_FIRST.sub(_with_half, said)
    said = _PART_LAST.sub(_with_half, said)
    said = _BY_CLOCK.sub("at ", said)
    said = _FROM_TO.sub(_between, said)
    return _RANGE_THEN_DAY.sub(r"\2 \1", said)


def _mended(found: re.Match[str]) -> str:
    """A day's name with one slip in it; the first letter is hardly ever wrong."""
    word = found[0]
    if word in _DAYS or word.removesuffix("s") in _DAYS:
        return word
    return next((day for day in _DAYS if day[0] == word[0] and one_slip(word, day)), word)


def _between(found: re.Match[str]) -> str:
    """Two clock times in the wording that Duckling knows; from ten to two runs over noon."""
    first, second = found[1], found[2]
    hours = [_NUMBERS.get(clock) or (int(clock) if clock.isdigit() else None) for clock in (first, second)]
    begin, end = hours
    if begin and end and (end < begin < NOON or begin < end == NOON):
        return f"between {first} am and {second} pm"
    return f"between {first} and {second}"


def _with_half(found: re.Match[str]) -> str:
    """A clock time with a part of the day -> "5:15 pm"."""
    hour = _NUMBERS.get(found["hour"]) or int(found["hour"])
    minute = int(found["digits"] or _AFTER_HOUR.get(found["after"] or "", 0))
    if found["way"]:
        shift = _MINUTES[found["minutes"]]
        hour, minute = (hour, shift) if found["way"] == "past" else ((hour - 1) or 12, 60 - shift)
    late = found["part"] in {"afternoon", "evening"} or (found["part"] == "night" and 6 <= hour < 12)  # noqa: PLR2004
    return f"{hour}:{minute:02} {'pm' if late else 'am'}"
