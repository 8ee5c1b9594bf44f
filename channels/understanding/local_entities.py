"""What a text gives, found without asking anybody: listed values, numbers, times, how often, which way."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from channels.understanding.directions import DIRECTION, direction
from channels.understanding.entities import EntityFinder
from channels.understanding.repetitions import (
    REPETITION,
    RepetitionFound,
    find_repetition,
    says_several_a_week,
)
from channels.understanding.shifts import find_shift
from channels.understanding.times import NOTHING, TimeReader, TimesFound
from engine.events import Value

TIME: Final = "appointment_time"
WITHOUT: Final = "without"
"""Its name among the entities; its value is a list of days that do not suit."""
TOGETHER: Final = "together"
"""Likewise of days that are all asked for: "Monday at noon and Friday at 2", "every Tuesday and Thursday"."""
SEVERAL_A_WEEK: Final = "several_a_week"
"""Likewise; True for "twice a week" without the days."""
AWAY: Final = "away"
"""Likewise; days on which whoever wrote is away. They are a time, too: therapists keep such days free."""
_AWAY: Final = re.compile(
    r"\b(?:i'?m|i am|we'?re|we are|i'?ll be|i will be|we'?ll be|we will be)\s+"
    r"(?:away|off|abroad|travell?ing|out of town|on (?:holidays?|vacation|leave|a trip)"
    r"|not (?:here|there|around|available|in town))\b",
    re.IGNORECASE,
)
AS_WELL: Final = "as_well"
"""Likewise; True where the day is one more beside another: "and Thursdays, too"."""
_ADDS: Final = re.compile(
    r"^\W*(?:and|plus|also)\b(?! (?:what|how) about)|\b(?:and|plus) (?:one|another)\b"
    r"|\b(?:too|also|as well|in addition|additionally|another (?:one|appointment)|one more)\b",
    re.IGNORECASE,
)
_SUITS: Final = re.compile(
    r"\b(?:works?|suits?|fine|good|ok|okay|possible|great|free|late|early|soon)\b", re.IGNORECASE
)
"""Who says "Thursday works, too" asks for no second one, and who finds a time "too late" for none."""
MOVES: Final = "moves"
"""Likewise; True where something is to be put elsewhere: "move it to Friday", "at 10 instead of 9"."""
_MOVES: Final = re.compile(
    r"\b(?:move|push|shift|reschedule|postpone|bring)\s+(?:it|this|that|them|all|me|us|(?:my|the|our)\b|\w+day\b)"
    r"|\binstead of\b",
    re.IGNORECASE,
)
LAST_DAY: Final = "last_day"
"""Likewise of "until the end of March" alone; its value is a day. Without a series it is a time."""


@dataclass(frozen=True, slots=True)
class EntitiesFound:
    """What one text gives."""

    entities: dict[str, Value]
    latent: dict[str, Value]
    """What counts only where it was asked for, such as a bare "4" as a time."""
    times: TimesFound
    repetition: RepetitionFound


class LocalEntities:
    """Finds entities in one language."""

    def __init__(
        self,
        entities: Mapping[str, Mapping[str, Sequence[str]]],
        *,
        language: str = "en",
        day_first: bool = False,
    ) -> None:
        """`entities`: entity -> value -> synonyms. `day_first`: whether 3/4 is the third of April."""
        self._finder = EntityFinder(entities)
        self._times = TimeReader(language, day_first=day_first)

    def find(self, text: str, now: datetime) -> EntitiesFound:
        """Everything that a text gives; `now` in the practice's zone."""
        repetition = find_repetition(text, lambda words: self._last_day(words, now))
        times = self._read(repetition.rest, now)
        if repetition.weekday and not self._is_of_that_day(repetition.weekday, times, now):
            repetition = RepetitionFound(None, None, text)  # "I work every Monday; on Friday at ten, please"
            times = self._read(text, now)
        entities: dict[str, Value] = self._finder.find(text)
        if (way := direction(text)) and not times.value:
            entities[DIRECTION] = way
        entities |= _given(text, times, repetition)
        latent = {TIME: times.latent, REPETITION: repetition.latent}
        return EntitiesFound(
            entities, {name: value for name, value in latent.items() if value}, times, repetition
        )

    def _read(self, text: str, now: datetime) -> TimesFound:
        """What a text says of when, in itself or as so much later or earlier than a time spoken of before."""
        moved = find_shift(text)
        times = self._times.read(moved.rest, now)
        if moved.minutes is None:
            return times
        # "The next day" is tomorrow where none was spoken of; "an hour later" is no time of its own.
        said = times if times.latent else self._times.read(text, now)
        value, latent = ({**(one or NOTHING), "shift": moved.minutes} for one in (said.value, said.latent))
        return replace(times, value=value, latent=latent)

    def _is_of_that_day(self, weekday: str, times: TimesFound, now: datetime) -> bool:
        """Whether the day that a text wishes for, if it does, is one of those days of the week."""
        named = _first_day(self._times.read(weekday, now))
        wished = _first_day(times)
        return named is None or wished is None or named.weekday() == wished.weekday()

    def _last_day(self, words: str, now: datetime) -> date | None:
        """The last of the days that words name; None if they name none."""
        said = self._times.read(words, now).value or {}
        day = said.get("until_date") or said.get("date")
        return date.fromisoformat(day) if isinstance(day, str) else None


def _given(text: str, times: TimesFound, repetition: RepetitionFound) -> dict[str, Value]:
    """What was said of when and how often, by name; nothing of what was not said."""
    together = times.together if repetition.value or _is_exact(times) else ()
    is_addition = times.value is not None and _ADDS.search(text) and not _SUITS.search(text)
    is_often = not together and says_several_a_week(text) and not _SUITS.search(text)
    given: dict[str, Value] = {
        TIME: times.value,
        REPETITION: repetition.value,
        LAST_DAY: repetition.last_day.isoformat() if repetition.last_day else None,
        WITHOUT: [*times.without],
        AWAY: [*times.whole_days] if _AWAY.search(text) else None,
        TOGETHER: [*together],
        AS_WELL: bool(is_addition),
        SEVERAL_A_WEEK: is_often,
        MOVES: bool(times.value and _MOVES.search(text)),
    }
    return {name: value for name, value in given.items() if value}


def _is_exact(times: TimesFound) -> bool:
    """Whether a text names a time of day, and not merely when it would suit."""
    said = times.value or {}
    return said.get("time") is not None and said.get("until") is None and said.get("open") is None


def _first_day(times: TimesFound) -> date | None:
    """The one day that a text names; None where it names none, or several."""
    said = times.value or {}
    day = said.get("date")
    return date.fromisoformat(day) if isinstance(day, str) and not said.get("until_date") else None
