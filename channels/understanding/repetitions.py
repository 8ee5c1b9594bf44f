"""Text -> the value of the entity `repetition`: how often there is to be an appointment. English and Spanish.

A value has always the same keys, each may be None:
    every  weeks from one to the next, for "every other Tuesday" 2; a month counts as four weeks; None where
           only how many was said ("make it five weeks"), which changes a series and begins none
    times  how many appointments in all, for "only once" 1
    until  "YYYY-MM-DD", the last day on which one may be

It is read before any time is, and its words are taken out of the text: "six weeks" is no time then. A day
that it names ("every Tuesday") stays, for that is a time. What is not by the week ("every day", "every time
I call") is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Self

from channels.understanding.features import tokens
from channels.understanding.fillers import BESIDE_A_NUMBER, FILLERS
from engine.events import Value

REPETITION: Final = "repetition"
WEEKS_OF_A_MONTH: Final = 4
WEEKS_OF_A_YEAR: Final = 52
MONTHS_OF_A_YEAR: Final = 12
_LONGEST: Final = 300
"""Characters read, as of times."""
_NUMBERS: Final = {
    word: number
    for words in (
        "one two three four five six seven eight nine ten eleven twelve",
        "una dos tres cuatro cinco seis siete ocho nueve diez once doce",
    )
    for number, word in enumerate(words.split(), 1)
} | {
    "a": 1,
    "un": 1,
    "couple": 2,
    "thirteen": 13,
    "fourteen": 14,
    "sixteen": 16,
    "thirty": 30,
    "twice": 2,
    "fifteen": 15,
    "twenty": 20,
    "quince": 15,
    "veinte": 20,
}
_MORE: Final = "|".join(sorted((word for word in _NUMBERS if word not in {"a", "un", "once"}), key=len)[::-1])
_N: Final = rf"(?:\d{{1,3}}|{_MORE})"
"""Spanish "once" is left out where it cannot be told from the English one."""
_DAY: Final = (
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:days?)?"
    r"|lunes|martes|mi[eé]rcoles|jueves|viernes|s[aá]bados?|domingos?"
)
_PART: Final = r"(?:morning|afternoon|evening)s?"
_SESSIONS: Final = r"(?:sessions?|appointments?|visits?|meetings?|bookings?|sesi[oó]n(?:es)?|citas?|visitas?)"
_WEEKLY: Final = r"(?:weekly|fortnightly|bi-?weekly|monthly|regular|semanal(?:es)?|quincenal(?:es)?)"
_OFTEN: Final = (
    rf"\b(?:twice|(?:[2-7]|two|three|four|five|six|seven) (?:times|days|{_SESSIONS}))"
    r" (?:a|per|each|every|in the) week\b"
)
_EVERY_DAY: Final = r"\b(?:every|each) (?:single )?(?:week|working )?day\b|\bdaily\b"
_NOT: Final = r"(?<!not )(?<!n't )(?<!never )(?<!no )"


def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_RHYTHMS: Final = (
    # a day of the week stays in the text: it is when the first one is to be
    (_pattern(rf"\b{_NOT}(?:every|each) (?:other|second|2nd|alternate) (?P<day>{_DAY})\b"), 2),
    (_pattern(rf"\b{_NOT}cada dos (?P<day>{_DAY})\b"), 2),
    (_pattern(rf"\b{_NOT}(?:(?:every|each)(?: single| week on)?|todos los|cada) (?P<day>{_DAY})\b"), 1),
    (
        _pattern(
            rf"\b{_NOT}(?:once |one time |one {_SESSIONS} )?"
            r"(?:every (?:other|second|2nd|2|two) weeks?|every fortnight"
            r"|(?:(?<=once )|(?<=time )|(?<=session ))a fortnight|fortnightly|bi-?weekly|alternate weeks"
            r"|cada (?:dos semanas|quince d[ií]as)|quincenal(?:mente|es)?)\b"
        ),
        2,
    ),
    (
        _pattern(
            rf"\b{_NOT}(?:(?:once|one time|one {_SESSIONS}|una vez) "
            r"(?:a|per|each|every|al|cada) (?:month|mes)|(?:every|each|cada) (?:month|mes)"
            r"|monthly|mensual(?:mente|es)?)\b"
        ),
        WEEKS_OF_A_MONTH,
    ),
    (_pattern(rf"\b{_NOT}(?:once )?(?:every|each|cada) (?P<weeks>{_N}) (?:weeks|semanas)\b"), 0),
    (
        _pattern(
            rf"\b{_NOT}(?:(?:(?:once|one time|one {_SESSIONS}|una vez|una {_SESSIONS}) "
            r"(?:a|per|each|every|a la|por|cada|in the) (?:week|semana))"
            r"|(?:every|each)(?: single)? week|cada semana|todas las semanas|weekly|semanal(?:mente|es)?)\b"
            rf"(?: on| at| el)?(?= (?:{_DAY}|\d)\b)?"
        ),
        1,
    ),
    (_pattern(r"\bweek (?:after|by) week\b"), 1),
    (_pattern(_OFTEN), 1),
)
"""What says how often, each with its weeks; 0: they are counted there."""
_PLURAL: Final = _pattern(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days\b")
"""Says how often only beside how many: "Tuesdays at 3 for six weeks"."""
_UNITS: Final = (
    r"(?P<unit>weeks?|months?|semanas?|mes(?:es)?)(?: in a row| running| long| seguid[oa]s)?\b"
    r"(?! from| later| ago)"
)
_COUNTS: Final = (
    _pattern(
        r"\b(?:for|over|during|within|por|durante) (?:the |los |las )?(?:next |pr[oó]xim[oa]s )?"
        rf"(?P<n>{_N}|a couple of|an?|un) {_UNITS}"
    ),
    _pattern(rf"(?<!in )(?<!every )(?<!each )(?<!cada )\b(?P<n>{_N}) {_UNITS}"),
    _pattern(
        rf"\b(?:a (?:series|block|course|set) of )?(?P<n>{_N}) (?:{_WEEKLY} )?{_SESSIONS}\b(?! (?:a|per) )"
    ),
    _pattern(r"\b(?P<n>twice)\b(?! (?:a|per|each|every)\b)"),
    _pattern(rf"\b(?P<n>{_N}) (?:times|veces)\b(?! (?:a|per|each|every|por|al|cada)\b)"),
)
_UNTIL: Final = _pattern(
    r"\b(?:(?:up )?(?:until|till?)|up to|through(?! the (?:morning|day))|hasta|for(?= the rest of)"
    rf"|(?:the )?last (?:one|{_SESSIONS})(?: (?:is|will be|should be|would be|to be))?(?: on| in| by)?)\b"
    r"(?P<day>[^,;?!]*)"
)
_ENDS: Final = _pattern(
    r"\b(?:it |they |to |and |should |must )*"
    r"(?:end(?:s|ing)?|finish(?:es|ing)?|stop(?:s|ping)?) (?:on|after|with|by|in)\b(?P<day>[^,;?!]*)"
)
"""Says how long only where nothing else is said: with other words it may be a holiday that ends."""
_STARTS_A_TIME: Final = _pattern(r"\s(?:at|around|from|a las?)\s")
_SERIES: Final = _pattern(
    rf"\b(?:a series|recurring|repeating|standing|{_WEEKLY}) {_SESSIONS}|\b{_SESSIONS} {_WEEKLY}\b"
)
_ONCE: Final = _pattern(
    r"\b(?:(?:only|just) (?:this |the )?"
    rf"(?:once|one(?! (?:time |{_SESSIONS} )?(?:a|per|each|every|of|from|on|at|in)\b)"
    rf"(?: (?:time|{_SESSIONS}))?\b)"
    r"|not (?:every|each) (?:week|time)|no series|one[- ]off"
    rf"|(?:solo|s[oó]lo) una(?: (?:vez|{_SESSIONS}))?|una sola vez)"
    r"(?! (?:a|per|every|each|por) )"
)
_DENIED: Final = _pattern(
    r"\b(?:can't|cannot|can not|don't|do not|not|never|no puedo)\b[^.,;!?]*\b(?:every|each|weekly|cada)\b"
)
"""Whoever says so has no wish for it: "I can't come every week"."""
_ARTICLES: Final = frozenset({"a", "an", "un"})
_ALONE_ONCE: Final = frozenset({"once", "one", "1", "single", "una", "vez"})
_TIMELY: Final = frozenset(
    {"at", "around", "by", "from", "between", "after", "before", "on", "oclock", "hour", "hours", "sharp"}
)
"""Beside one of these a number is a time of day."""
_AROUND: Final = (BESIDE_A_NUMBER - _TIMELY) | {
    "weeks",
    "week",
    "times",
    "more",
    "all",
    "altogether",
    "total",
    "veces",
    "semanas",
}
_AROUND_A_LAST_DAY: Final = (BESIDE_A_NUMBER - {"not", "move", "change", "book"}) | {
    "but",
    "keep",
    "going",
    "continue",
    "extend",
    "all",
    "series",
    "them",
}
_AROUND_ALL: Final = FILLERS | {"no", "nope", "sorry", "rather", "actually", "instead", "it", "same", "then"}


@dataclass(frozen=True, slots=True)
class RepetitionFound:
    """What a text says about how often."""

    value: dict[str, Value] | None
    latent: dict[str, Value] | None
    """What it says if that was asked for, such as a bare "six"; counts only then."""
    rest: str
    """The text without the words that said it."""
    weekday: str = ""
    """The day of the week that it is tied to, in the words of the text: "every Tuesday"."""
    last_day: date | None = None
    """What "until the end of March" says where nothing else is said: of a series how long it goes on."""

    @property
    def says_nothing_else(self) -> bool:
        """Whether the other words are next to none."""
        return self.value is not None and {word for word in tokens(self.rest) if word != "?"} <= _AROUND_ALL


_SEVERAL_A_WEEK: Final = _pattern(f"{_OFTEN}|{_EVERY_DAY}")


def says_several_a_week(text: str) -> bool:
    """Whether there are to be several in one week: "twice a week", "every day"."""
    return _SEVERAL_A_WEEK.search(text[:_LONGEST]) is not None


def find_repetition(text: str, day_of: Callable[[str], date | None]) -> RepetitionFound:
    """Find what a text says about how often. `day_of`: the day that words name, if they name one."""
    said = text[:_LONGEST]
    if once := _ONCE.search(said):
        return RepetitionFound(_value(1, times=1), None, _without(text, [_Words.all_of(once)]))
    rhythm, count, until = _rhythm(said), _count(said), _until(said, day_of)
    every = rhythm.number if rhythm else None
    if every is None and count and (_PLURAL.search(said) or _SERIES.search(said)):
        every = 1
    if every is None and count and not _DENIED.search(said) and _says_only(said, count):
        return RepetitionFound(_value(None, times=count.number), None, _without(text, [count]))
    if every is None or _DENIED.search(said):
        until = until or _until(said, day_of, _ENDS)
        latent = _latent(said, count, until.day if until else None)
        alone = until is not None and _is_next_to_nothing(_without(text, [until]), _AROUND_A_LAST_DAY)
        return RepetitionFound(None, latent, text, last_day=until.day if until and alone else None)
    value = _value(every, times=count.times(every) if count else None, until=until.day if until else None)
    rest = _without(text, [*_further(said, rhythm), *(one for one in (rhythm, count, until) if one)])
    if rhythm is None or not rhythm.keep:
        rest = _PLURAL.sub(lambda day: day[0][:-1], rest)
    return RepetitionFound(value, None, rest, rhythm.keep if rhythm else "")


def _says_only(text: str, count: _Words) -> bool:
    """Whether there is next to nothing beside how many: "make it five weeks, please"."""
    return _is_next_to_nothing(_without(text, [count]), BESIDE_A_NUMBER)


def _is_next_to_nothing(text: str, words: frozenset[str]) -> bool:
    """Whether there are no other words than these."""
    return {word for word in tokens(text) if word != "?"} <= words


@dataclass(frozen=True, slots=True)
class _Words:
    """Words that say something, and what they say."""

    start: int
    end: int
    keep: str = ""
    """What of them stays, as it says something else, too."""
    number: int = 0
    in_weeks: bool = False
    day: date | None = None

    @classmethod
    def all_of(cls, found: re.Match[str]) -> Self:
        """Nothing of these stays."""
        return cls(found.start(), found.end())

    def times(self, every: int) -> int:
        """How many appointments that are, so many weeks apart."""
        return max(1, -(-self.number // every) if self.in_weeks else self.number)


def _rhythm(text: str) -> _Words | None:
    """How many weeks are from one to the next."""
    for pattern, weeks in _RHYTHMS:
        if found := pattern.search(text):
            named = found.groupdict()
            every = weeks or _number(named["weeks"])
            return _Words(found.start(), found.end(), named.get("day") or "", every) if every else None
    return None


def _further(text: str, rhythm: _Words | None) -> list[_Words]:
    """The rhythms of other days beside that of the first one: "every Monday and every Friday"."""
    if rhythm is None or not rhythm.keep:
        return []
    return [
        _Words(found.start(), found.end(), found["day"])
        for pattern, _ in _RHYTHMS
        if "day" in pattern.groupindex
        for found in pattern.finditer(text)
        if not rhythm.start <= found.start() < rhythm.end
    ]


def _count(text: str) -> _Words | None:
    """How many appointments there are to be, or for how many weeks."""
    for pattern in _COUNTS:
        if found := pattern.search(text):
            number, unit = _number(found["n"]), found.groupdict().get("unit") or ""
            if unit.casefold().startswith("m"):
                number = number * WEEKS_OF_A_YEAR // MONTHS_OF_A_YEAR
            return _Words(found.start(), found.end(), number=number, in_weeks=bool(unit))
    return None


def _until(
    text: str, day_of: Callable[[str], date | None], pattern: re.Pattern[str] = _UNTIL
) -> _Words | None:
    """The last day; "until Christmas at 3" keeps "at 3"."""
    for found in pattern.finditer(text):
        words = _STARTS_A_TIME.split(f" {found['day']} ", maxsplit=1)[0].strip()
        if words and (day := day_of(words)):
            end = found.start("day") + found["day"].find(words) + len(words)
            return _Words(found.start(), end, day=day)
    return None


def _without(text: str, words: Iterable[_Words]) -> str:
    """A text without words, which may lie within each other, but for what is kept of them."""
    kept, end = [], 0
    for one in sorted(words, key=lambda one: one.start):
        kept += [text[end : max(one.start, end)], one.keep]
        end = max(end, one.end)
    return " ".join([*kept, text[end:]])


def _latent(text: str, count: _Words | None, until: date | None) -> dict[str, Value] | None:
    """An answer to "how many?": a number with next to nothing beside it, or a last day."""
    words = {word for word in tokens(text) if word != "?"}
    if until is not None:
        return _value(None, until=until)
    if words & _ALONE_ONCE and words <= BESIDE_A_NUMBER | _ALONE_ONCE:
        return _value(1, times=1)
    if count is not None:
        return _value(None, times=count.number)
    numbers = [word for word in words if word not in _ARTICLES and _number(word)]
    if len(numbers) != 1 or not words <= _AROUND | set(numbers):
        return None
    return _value(None, times=_number(numbers[0]))


def _value(every: int | None, *, times: int | None = None, until: date | None = None) -> dict[str, Value]:
    return {"every": every, "times": times, "until": until.isoformat() if until else None}


def _number(word: str) -> int:
    """A number in digits or as a word; 0 for none."""
    plain = word.casefold().removeprefix("a ").removesuffix(" of") if " " in word else word.casefold()
    return int(plain) if plain.isdecimal() and plain.isascii() else _NUMBERS.get(plain, 0)
