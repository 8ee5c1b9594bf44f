"""By how much a time is to be another than the one spoken of: "an hour later", "the next day". Pure; English.

Whoever hears it knows which time was spoken of; here it is only how far from that.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

HOUR: Final = 60
DAY: Final = 24 * HOUR
_UNITS: Final = {"m": 1, "h": HOUR, "d": DAY, "w": 7 * DAY}
"""Minutes, by the first letter."""
_ONES: Final = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_TENS: Final = {"fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "forty-five": 45, "ninety": 90}
_NUMBERS: Final = {
    **dict.fromkeys(("a", "an", "one"), 1),
    **_TENS,
    **{word: number for number, word in enumerate(_ONES, start=2)},
}
_MUCH: Final = (
    rf"(?:(?P<half>half an? )|(?P<many>\d{{1,3}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})\s*)"
    r"(?P<unit>minutes?|mins?|hours?|hrs?|h|days?|weeks?)\b(?P<and_half> and a half)?"
)
_IT: Final = r"(?: it| this| that| (?:my|the|our) \w+)?"
_LATER: Final = (
    rf"\b{_MUCH} (?:later|after that)\b",
    rf"\blater by {_MUCH}",
    rf"\b(?:push|put|move){_IT} back(?: by)? {_MUCH}",
    rf"\bpostpone{_IT}(?: by)? {_MUCH}",
)
_EARLIER: Final = (
    rf"\b{_MUCH} (?:earlier|sooner|before that)\b",
    rf"\b(?:earlier|sooner) by {_MUCH}",
    rf"\b(?:bring|move|pull){_IT} (?:forward|up)(?: by)? {_MUCH}",
)
_SAID: Final = r"(?=\s*(?:$|[?!.,;]|(?:at|same|instead|please|would|works?|then|but|with|if)\b))"
_DAY_AFTER: Final = rf"\b(?:(?:the )?(?:next|following) day|(?:the|a) day after(?: that)?){_SAID}"
_DAY_BEFORE: Final = rf"\b(?:the|a) day before(?: that)?{_SAID}"
_ALL: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), sign)
    for patterns, sign in (((*_LATER, _DAY_AFTER), 1), ((*_EARLIER, _DAY_BEFORE), -1))
    for pattern in patterns
)


class ShiftFound(NamedTuple):
    """What a text says of it."""

    minutes: int | None
    """Later by so many, earlier if negative; None: nothing is said."""
    rest: str
    """The other words."""


def find_shift(text: str) -> ShiftFound:
    """Find by how much later or earlier it is to be."""
    for pattern, sign in _ALL:
        if found := pattern.search(text):
            rest = f"{text[: found.start()]} {text[found.end() :]}".split()
            return ShiftFound(sign * _minutes(found), " ".join(rest))
    return ShiftFound(None, text)


def _minutes(found: re.Match[str]) -> int:
    said = found.groupdict()
    if not said.get("unit"):
        return DAY
    unit = _UNITS[said["unit"][0].lower()]
    if said["half"]:
        return unit // 2
    many = said["many"].lower()
    return unit * (_NUMBERS.get(many) or int(many)) + (unit // 2 if said["and_half"] else 0)
