"""A series: appointments at one local time, every so many weeks, as far as they can be had. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from engine.events import Value
from flows.slots import instant, local
from flows.wishes import days_of


@dataclass(frozen=True, slots=True)
class Repetition:
    """How often: for `times` appointments or as far as the day `until`, whichever ends first."""

    every: int = 1
    """In weeks."""
    times: int | None = None
    until: date | None = None
    """The last day on which one may be, in the zone of the appointments."""
    without: frozenset[date] = frozenset()
    """Days on which there is none."""

    @classmethod
    def of(cls, value: Value) -> Self | None:
        """From the entity's value, or from what is remembered; None for anything else."""
        if not isinstance(value, dict):
            return None
        every, times, until = (value.get(name) for name in ("every", "times", "until"))
        return cls(
            every if isinstance(every, int) else 1,
            times if isinstance(times, int) else None,
            date.fromisoformat(until) if isinstance(until, str) else None,
            days_of(value.get("without")),
        )

    @property
    def is_counted(self) -> bool:
        """Whether it is known where it ends."""
        return self.times is not None or self.until is not None

    @property
    def is_none(self) -> bool:
        """Whether it is a single appointment after all."""
        return self.times is not None and self.times <= 1

    def as_value(self) -> dict[str, Value]:
        """For the conversation's memory; `of` reads it back."""
        until = self.until.isoformat() if self.until else None
        without: list[Value] = [day.isoformat() for day in sorted(self.without)]
        return {"every": self.every, "times": self.times, "until": until, "without": without}


def repeated(before: Value, said: Value, without: Value = None) -> Repetition | None:
    """How often it is to be after something was said of that; what was not said stays as it was.

    `without`: days that were ruled out beside it. A mere number begins no series.
    """
    older, newer = Repetition.of(before), Repetition.of(said)
    says_rhythm = isinstance(said, dict) and said.get("every") is not None
    if newer is None or (older is None and not says_rhythm):
        now = older
    elif newer.is_none:
        return None
    elif older is None:
        now = newer
    else:
        counted = newer if newer.is_counted else older
        every = newer.every if says_rhythm else older.every
        now = replace(counted, every=every, without=older.without)
    return replace(now, without=now.without | days_of(without)) if now else None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One appointment of a series."""

    day: date
    start: int | None
    """In minutes since the epoch; None: a clock change skips that local time on this day."""


def occurrences(
    first: int, repetition: Repetition, zone: ZoneInfo, most: int, skipped: datetime | None = None
) -> list[Occurrence]:
    """All of a series that begins at an instant, but for those left out; at most so many, these counted.

    Counted in local days, as a week with a clock change has not seven times 24 hours. Of an hour that comes
    twice it is the earlier, except where `first` itself is the later one. `skipped`: the local time at which
    it is to begin, where that does not exist. Raises ValueError below one week.
    """
    if repetition.every < 1:
        raise ValueError("A series goes on by one week or more.")
    begins = skipped or local(first, zone)
    minute = begins.hour * 60 + begins.minute
    found = [Occurrence(begins.date(), None if skipped else first)]
    for number in range(1, min(repetition.times or most, most)):
        day = begins.date() + timedelta(weeks=number * repetition.every)
        if repetition.until is not None and day > repetition.until:
            break
        found.append(Occurrence(day, _instant(day, minute, zone)))
    return [one for one in found if one.day not in repetition.without]


def _instant(day: date, minute: int, zone: ZoneInfo) -> int | None:
    """`instant`, except that a skipped time is none at all: nobody has asked for another hour."""
    found = instant(day, minute, zone)
    wall = local(found, zone)
    return found if (wall.date(), wall.hour * 60 + wall.minute) == (day, minute) else None


@dataclass(frozen=True, slots=True)
class Plan:
    """A series on its way to be booked: where it begins, and what the client has settled so far."""

    start: int
    """Of the first one, be it free or not: minutes since the epoch."""
    therapist: int
    instead: Mapping[date, int | None] = field(default_factory=dict)
    """Days whose time was not free, each with what is taken instead; None: it is left out."""
    asked: date | None = None
    """The one that the client is being asked about."""
    lost: frozenset[int] = frozenset()
    """Times that could not be had when they were to be taken."""
    skipped: datetime | None = None
    """The local time of the first one where a clock change skips it; `start` is that change then."""

    @classmethod
    def beginning(cls, day: date, minute: int, zone: ZoneInfo, therapist: int) -> Self:
        """Whose first one is at a local time, be there such a time on that day or not."""
        exists = _instant(day, minute, zone) is not None
        wall = datetime.combine(day, time(minute // 60, minute % 60))
        return cls(instant(day, minute, zone), therapist, skipped=None if exists else wall)

    @classmethod
    def of(cls, value: Value) -> Self | None:
        """From what is remembered; None for anything else."""
        match value:
            case {
                "start": int(start),
                "therapist": int(therapist),
                "instead": dict(instead),
                "asked": asked,
                "lost": list(lost),
                **others,
            }:
                skipped = others.get("skipped")
                return cls(
                    start,
                    therapist,
                    {date.fromisoformat(day): int(str(to)) if to else None for day, to in instead.items()},
                    date.fromisoformat(asked) if isinstance(asked, str) else None,
                    frozenset(one for one in lost if isinstance(one, int)),
                    datetime.fromisoformat(skipped) if isinstance(skipped, str) else None,
                )
        return None

    def as_value(self) -> dict[str, Value]:
        """For the conversation's memory; `of` reads it back."""
        return {
            "start": self.start,
            "therapist": self.therapist,
            "instead": {day.isoformat(): start for day, start in self.instead.items()},
            "asked": self.asked.isoformat() if self.asked else None,
            "lost": [*sorted(self.lost)],
            "skipped": self.skipped.isoformat() if self.skipped else None,
        }

    def days(self, repetition: Repetition, zone: ZoneInfo, most: int) -> list[Occurrence]:
        """All of it, as `occurrences` tells."""
        return occurrences(self.start, repetition, zone, most, self.skipped)

    def minute(self, zone: ZoneInfo) -> int:
        """The local time of day of all of it, in minutes."""
        wall = self.skipped or local(self.start, zone)
        return wall.hour * 60 + wall.minute

    def settled(self, start: int | None) -> Plan:
        """With another time for what was asked about, or with none."""
        return self if self.asked is None else replace(self, instead={**self.instead, self.asked: start})

    def without(self, starts: Iterable[int]) -> Plan:
        """Where these times cannot be had, for whatever reason."""
        return replace(self, lost=self.lost | frozenset(starts))

    def starts(self, days: Sequence[Occurrence]) -> list[int | None]:
        """For each of these when it is to be; None: it is left out, or its time does not exist."""
        return [self.instead.get(one.day, one.start) for one in days]

    def clash(self, days: Sequence[Occurrence], free: Collection[int]) -> Occurrence | None:
        """The first of these that is not settled and not free."""
        for one, start in zip(days, self.starts(days), strict=True):
            is_left_out = one.day in self.instead and start is None
            if not is_left_out and (start not in free or start in self.lost):
                return one
        return None
