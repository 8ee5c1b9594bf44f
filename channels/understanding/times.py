"""Text -> the value of the entity `appointment_time`: what was said about the day and the time of day.

A value has always the same keys, each may be None:
    date        "YYYY-MM-DD", the first day meant
    until_date  "YYYY-MM-DD", the last day meant, if there are several ("next week")
    time        "HH:MM", the earliest start
    until       "HH:MM", the latest, exclusive ("in the afternoon", "between 2 and 4")
    open        "after" or "before" ("after 5", "before noon")
    weekdays    the days of the week that suit, 0 is Monday ("not on Monday", "Tuesday or Thursday")
    order       "earliest" if it is to be as soon as possible
    that_week   True if it is the rest of the week, be it this one or one spoken of before ("later that week")
    weekday     True if the one day was named by its weekday alone, and may lie in a week spoken of before
    shift       minutes by which it is to be later than a time spoken of before, earlier if negative; there
                only if that was said ("an hour later", "the next day")
    either_half True if neither am nor pm was said; `time` is then the half in which people are awake

It never decides whether a time can be had, and it never looks at a clock: `now` is given.
"""

from __future__ import annotations

import codecs
import locale
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.util import find_spec
from typing import Final

from channels.understanding.features import tokens
from channels.understanding.fillers import BESIDE_A_NUMBER
from channels.understanding.time_limits import ALL_WEEK, SOONEST, suiting_weekdays, told_apart
from channels.understanding.time_spans import HALF_A_DAY, ONE_DAY, Moment, Span, SpanFinder
from channels.understanding.time_wording import reworded
from engine.events import Value

FIRST_WAKING_HOUR: Final = 7
NOON: Final = 12
LAST_WEEKDAY: Final = 6
"""Sunday."""
LONGEST_AWAY: Final = 62
"""Days: a stretch that is ruled out is ruled out day by day."""
_LONGEST: Final = 300
"""Characters read: a time stands near the start, or somebody is telling a story."""

_NUMBER: Final = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
    r"|una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce)\b",
    re.IGNORECASE,
)
_ORDINAL: Final = re.compile(r"(?:the )?(?:first|second|third|fourth|fifth)|0+")
_TODAY: Final = re.compile(
    r"\b(?:today|tonight|this (?:morning|afternoon|evening)|hoy|esta)\b", re.IGNORECASE
)
_NO_DAY: Final = re.compile(r"after (?:lunch|work|school)$", re.IGNORECASE)
"""Duckling takes these for today."""
_NO_TIME: Final = frozenset({"may", "the day"})
"""Likewise; "can you change the day" is not about today."""
_IN_DAYS: Final = re.compile(
    r"(?:in |within )?(?:a few|a couple of|\w+) (?:day|week|month|year)s?(?: from (?:now|today))?",
    re.IGNORECASE,
)
"""Duckling adds to these the time that it is now."""
_IN_WEEKS: Final = re.compile(r"in (?:\w+ )+weeks?(?: from now)?", re.IGNORECASE)
_WEEKDAY: Final = re.compile(
    r"(?:on |for )?(?:mon|tue(?:s)?|wed(?:s|nes)?|thu(?:r|rs)?|fri|sat(?:ur)?|sun)(?:day)?\b"
    r"(?!.*\b(?:next|last|this|week|of)\b)(?!.*\d(?:st|nd|rd|th)\b)",
    re.IGNORECASE,
)
_OR: Final = re.compile(r"\s*,?\s*(?:or|o)\b(?: maybe| perhaps)?\s*(?:on |at )?(?:the )?\s*", re.IGNORECASE)

_AND_OR: Final = re.compile(
    r"\s*(?:,|\bor\b|\band\b|/|&|\bo\b|\by\b)(?:\s*(?:or|and|o|y)\b)?\s*(?:on |el )?(?:the )?", re.IGNORECASE
)
_TOGETHER: Final = re.compile(
    r"\s*(?:,|&|\+|\b(?:and|plus|as well as|y)\b)\s*(?:(?:and|also|again|then|plus|another one)\s+)*"
    r"(?:(?:on|every|each|el)\s+)?(?:the\s+)?",
    re.IGNORECASE,
)
_LATER_THAT_WEEK: Final = re.compile(r"\blater that week\b")
_WEEKENDS: Final = re.compile(r"(?:at |on |the )*\bweekends\b")


NOTHING: Final[Mapping[str, Value]] = dict.fromkeys(
    (
        "date",
        "until_date",
        "time",
        "until",
        "open",
        "weekday",
        "weekdays",
        "order",
        "that_week",
        "either_half",
    )
)
"""The value of a text that says nothing."""


@dataclass(frozen=True, slots=True)
class TimesFound:
    """What a text says about time."""

    value: dict[str, Value] | None
    latent: dict[str, Value] | None
    """What it says if a time was asked for; counts only then."""
    words: str
    """The words that said it."""
    rest: str
    """The other words."""
    without: tuple[str, ...] = ()
    """Days that do not suit, named by their dates ("not on the 17th"): "YYYY-MM-DD"."""
    whole_days: tuple[str, ...] = ()
    """The days that it names, one by one, where no time of day is named: "YYYY-MM-DD"."""
    together: tuple[str, ...] = ()
    """Days that were named at once ("Monday at noon and Friday at 2"): "YYYY-MM-DD"."""


class TimeReader:
    """Reads times in one language."""

    def __init__(self, language: str = "en", *, day_first: bool = False) -> None:
        """`day_first`: whether 3/4 is the third of April."""
        self._language, self._day_first = language, day_first
        self._finder = finder_for(language, day_first=day_first)

    def read(self, text: str, now: datetime) -> TimesFound:
        """Find what a text says about time; `now` in the practice's zone."""
        said = reworded(text[:_LONGEST], self._language, day_first=self._day_first)
        loose = self._finder.spans(said, now, latent=True)
        # Where nothing is found even so, as in most messages, there is nothing to be looked for twice.
        plain = self._finder.spans(said, now, latent=False) if loose else []
        loose = _likely(said, loose)
        rest, end = [], 0
        for span in plain:
            rest.append(said[end : span.start])
            end = span.stop
        value = settle(said, plain, now)
        return TimesFound(
            value=value,
            latent=settle(said, loose, now),
            words=" ".join(span.words for span in plain),
            rest=" ".join([*rest, said[end:]]),
            without=_dates_denied(said, plain, now.replace(tzinfo=None)),
            whole_days=_whole_days(value),
            together=_days_named_together(said, plain, now.replace(tzinfo=None)),
        )


def finder_for(language: str, *, day_first: bool) -> SpanFinder:
    """Duckling where it is built for this machine, and dateparser elsewhere."""
    if find_spec("duckling"):
        _write_utf8()
        from channels.understanding.duckling_spans import Duckling  # noqa: PLC0415  # it may be missing

        return Duckling(language, day_first=day_first)
    from channels.understanding.dateparser_spans import Dateparser  # noqa: PLC0415  # as above

    return Dateparser(language, day_first=day_first)


def _write_utf8() -> None:
    """Duckling reads the locale when it is loaded, and ends the whole process unless that is UTF-8."""
    if codecs.lookup(locale.nl_langinfo(locale.CODESET)).name != "utf-8":
        os.environ["LC_ALL"] = "C.UTF-8"


def _likely(text: str, spans: Sequence[Span]) -> list[Span]:
    """The expressions without the latent ones that hardly answer "when?".

    Nobody means a year ("47") or a bare "second", and a number beside other words counts something else.
    """
    rest, end = [], 0
    for span in spans:
        rest.append(text[end : span.start])
        end = span.stop
    alone = set(tokens(" ".join([*rest, text[end:]]))) <= BESIDE_A_NUMBER
    return [
        span
        for span in spans
        if not span.latent
        or (
            span.moments[0].grain != "year"
            and not _ORDINAL.fullmatch(span.words)
            and (alone or not _NUMBER.search(span.words))
        )
    ]


def settle(text: str, spans: Sequence[Span], now: datetime) -> dict[str, Value] | None:
    """One value out of all the expressions of a text, or None if they say nothing.

    A later expression corrects an earlier one, and a denied one only says which days of the week do not suit.
    Of two times joined by "or" the first counts, of two days both. Of two days with their times joined by
    "and" it is the first, too.
    """
    wall = now.replace(tzinfo=None)
    spoken = [span for span in spans if not _any_time(span.moments[0], wall) and span.words not in _NO_TIME]
    denied, chosen = told_apart(text, spoken)
    together = _named_together(text, chosen)
    if together and together[0].moments[0].of_day:
        chosen = [span for span in chosen if span not in together[1:]]
    alternatives = _alternatives(text, chosen)
    # Of alternatives the last may tell the time for all of them: "Tuesday or Wednesday at 11".
    chosen = [
        span
        for span in chosen
        if (span in alternatives[:1] or (span in alternatives and span.moments[0].of_day))
        or not (span in alternatives or _follows_or(text, chosen, span))
    ]
    weekdays = suiting_weekdays(text, denied)
    if _WEEKENDS.search(text):
        chosen = [span for span in chosen if not _WEEKENDS.fullmatch(span.words)]
    order = "earliest" if SOONEST.search(text) else None
    dated = [
        span for span in chosen if not (span.daily or _NO_DAY.match(span.words)) or _TODAY.search(span.words)
    ]
    timed = [
        span
        for span in chosen
        if span.moments[0].of_day and not _many_days(span.moments[0]) and not _IN_DAYS.fullmatch(span.words)
    ]
    that_week = not dated and bool(_LATER_THAT_WEEK.search(text))
    if not (dated or timed or order or that_week or weekdays != ALL_WEEK):
        return None
    first, last = _rest_of_week(wall) if that_week else _days(dated, wall)
    if alternatives and (named := _named_days(alternatives, wall)):
        first, last = named[0].isoformat(), named[-1].isoformat()
        weekdays = {day.weekday() for day in named}
    singles = [span for span in dated if not _many_days(span.moments[0])]
    return {
        "date": first,
        "until_date": last,
        "weekday": weekdays == ALL_WEEK
        and len(dated) == len(singles) == 1
        and bool(_WEEKDAY.match(singles[0].words)),
        **_clock(timed, first, wall),
        "that_week": that_week,
        "weekdays": None if weekdays == ALL_WEEK else [*sorted(weekdays)],
        "order": order,
    }


def _dates_denied(text: str, spans: Sequence[Span], wall: datetime) -> tuple[str, ...]:
    """Days that were denied, those of a stretch one by one; but for weekdays, of which all are meant."""
    denied, _ = told_apart(text, spans)
    dates: list[str] = []
    for span in denied:
        moment = span.moments[0]
        first, last = _days([span], wall)
        if _WEEKDAY.match(span.words) or "weekend" in span.words or not first:
            continue
        if last and _many_days(moment):
            dates += _each_day(date.fromisoformat(first), date.fromisoformat(last))
        elif moment.grain == "day":
            dates.append(first)
    return tuple(dates)


def _whole_days(value: dict[str, Value] | None) -> tuple[str, ...]:
    """The days of a value that says nothing of the time of day."""
    if value is None or any(value[part] is not None for part in ("time", "until", "open", "weekdays")):
        return ()
    first, last = value["date"], value["until_date"] or value["date"]
    if not isinstance(first, str) or not isinstance(last, str):
        return ()
    return tuple(_each_day(date.fromisoformat(first), date.fromisoformat(last)))


def _each_day(first: date, last: date) -> list[str]:
    """The days of a stretch; none of a longer one than anybody is away for."""
    days = (last - first).days + 1
    return [(first + number * ONE_DAY).isoformat() for number in range(days)] if days <= LONGEST_AWAY else []


def _named_together(text: str, spans: Sequence[Span]) -> list[Span]:
    """Single days, with or without a time, joined by "and" or commas; none where there is just one."""
    joined: list[Span] = []
    for span in spans:
        is_day = span.moments[0].begin is not None and not span.daily and not _many_days(span.moments[0])
        if is_day and joined and _TOGETHER.fullmatch(_between(text, joined[-1], span)):
            joined.append(span)
        elif len(joined) > 1:
            follows_or = is_day and _OR.fullmatch(_between(text, joined[-1], span))
            return [] if follows_or else joined
        else:
            joined = [span] if is_day else []
    return joined if len(joined) > 1 else []


def _days_named_together(text: str, spans: Sequence[Span], wall: datetime) -> tuple[str, ...]:
    """The days that were asked for at once, in order."""
    _, chosen = told_apart(text, spans)
    days = {day for span in _named_together(text, chosen) if (day := _days([span], wall)[0])}
    return tuple(sorted(days)) if len(days) > 1 else ()


def _follows_or(text: str, spans: Sequence[Span], span: Span) -> bool:
    """Whether it is the second of two joined by "or"."""
    number = spans.index(span)
    return number > 0 and bool(_OR.fullmatch(text[spans[number - 1].stop : span.start]))


def _alternatives(text: str, spans: Sequence[Span]) -> list[Span]:
    """The whole days joined by "or", "and" or commas ("Monday, Wednesday or Friday")."""
    joined: list[Span] = []
    for span in spans:
        timed = span.moments[0].of_day and bool(_WEEKDAY.match(span.words))
        whole = (span.moments[0].grain == "day" or timed) and not _many_days(span.moments[0])
        if joined and joined[-1].moments[0].of_day:
            break
        if whole and (not joined or _AND_OR.fullmatch(_between(text, joined[-1], span))):
            joined.append(span)
        elif whole and len(joined) == 1:
            joined = [span]
    return joined if len(joined) > 1 else []


def _between(text: str, one: Span, other: Span) -> str:
    """The words between two expressions; Duckling counts a comma behind a weekday with it."""
    return text[one.start + len(one.words.rstrip(", ")) : other.start]


def _named_days(spans: Sequence[Span], wall: datetime) -> list[date]:
    """The days in order, as far as they lie within one week: only then do their weekdays tell them apart."""
    days = sorted({date.fromisoformat(str(_days([span], wall)[0])) for span in spans})
    return days if len(days) > 1 and days[-1] - days[0] < timedelta(days=7) else []


def _any_time(moment: Moment, wall: datetime) -> bool:
    """Now, or as soon as possible: a wish that says nothing about which time, or a mere "now then"."""
    return moment.end is None and moment.grain == "second" and moment.begin == wall.replace(microsecond=0)


def _many_days(moment: Moment) -> bool:
    """A stretch of days, such as a week, a month or from Monday to Friday."""
    if moment.begin is None:
        return not moment.of_day
    if moment.open or (moment.end is None and moment.of_day):
        return False
    return moment.last_day() > moment.begin.date() + (ONE_DAY if moment.of_day else timedelta(0))


def _days(dated: Sequence[Span], wall: datetime) -> tuple[str | None, str | None]:
    """First and last day meant; a single day is looked for within the stretch given beside it."""
    stretches = [span.moments[0] for span in dated if _many_days(span.moments[0])]
    singles = [span for span in dated if not _many_days(span.moments[0])]
    if singles and _WEEKDAY.match(singles[-1].words):  # "in two weeks on Tuesday"
        stretches += [_week_of(span.moments[0]) for span in singles[:-1] if _IN_WEEKS.fullmatch(span.words)]
    if not singles:
        return _stretch(stretches[-1], wall) if stretches else (None, None)
    days = [moment.anchor.date() for moment in singles[-1].moments]
    days = [day for day in days if day >= wall.date()] or days
    if stretches:
        first, last = stretches[-1].anchor.date(), stretches[-1].last_day()
        days = [day for day in days if first <= day <= last] or days
    return days[0].isoformat(), None


def _rest_of_week(wall: datetime) -> tuple[str, str]:
    """From tomorrow to Sunday, or on a Sunday the next day."""
    first = wall.date() + ONE_DAY
    last = wall.date() + (LAST_WEEKDAY - wall.weekday()) * ONE_DAY
    return first.isoformat(), max(first, last).isoformat()


def _week_of(moment: Moment) -> Moment:
    """The whole week in which a day lies."""
    day = moment.anchor.replace(hour=0, minute=0)
    return Moment(day - timedelta(days=day.weekday()), None, "week")


def _stretch(moment: Moment, wall: datetime) -> tuple[str, str]:
    """A stretch that has begun counts from today, and one that begins in an evening from the next day."""
    begin = moment.begin or wall
    first, last = begin.date(), moment.last_day()
    if moment.of_day and begin.hour > NOON:
        first += ONE_DAY
    if first < wall.date() <= last:
        first = wall.date()
    return first.isoformat(), last.isoformat()


def _clock(timed: Sequence[Span], day: str | None, wall: datetime) -> dict[str, Value]:
    """Earliest and latest start. A clock time says more than a part of the day, which settles its half."""
    if not timed:
        return _clock_value(None, None, None)
    parts = [span for span in timed if _part_of_day(span)]
    exact = [span for span in timed if span not in parts]
    if not exact:
        return _clock_value(parts[-1].moments[0].begin, parts[-1].moments[0].end, None)
    span = exact[-1]
    moment = span.moments[0]
    begin, end = moment.begin, moment.end
    if begin and end:
        end -= timedelta(minutes=1) if moment.grain == "minute" else timedelta(hours=1)
    if not span.either_half:
        return _clock_value(begin, end, moment.open)
    part = parts[-1].moments[0] if parts else None
    begin, end = _half(begin, part, day, wall), _half(end, part, day, wall)
    if begin and end and end <= begin:
        end += HALF_A_DAY
    return _clock_value(begin, end, moment.open, either_half=part is None)


def _part_of_day(span: Span) -> bool:
    """The afternoon, and not from two to four."""
    moment = span.moments[0]
    return moment.begin is not None and moment.end is not None and not _NUMBER.search(span.words)


def _half(moment: datetime | None, part: Moment | None, day: str | None, wall: datetime) -> datetime | None:
    """The half in which people are awake, unless a part of the day or the clock says otherwise."""
    if moment is None:
        return None
    morning = moment.replace(hour=moment.hour % NOON)
    evening = morning + HALF_A_DAY
    if part and part.begin and part.end:
        return evening if part.begin.hour >= NOON - 1 else morning
    over = day == wall.date().isoformat() and morning.time() < wall.time()
    return morning if morning.hour >= FIRST_WAKING_HOUR and not over else evening


def _clock_value(
    begin: datetime | None, end: datetime | None, opens: str | None, *, either_half: bool = False
) -> dict[str, Value]:
    """What a value says of the time of day; a stretch that runs past midnight has no latest start."""
    overnight = begin is not None and end is not None and end.date() > begin.date()
    return {
        "time": f"{begin:%H:%M}" if begin else None,
        "until": f"{end:%H:%M}" if end and not overnight else None,
        "open": "after" if overnight else opens,
        "either_half": either_half,
    }
