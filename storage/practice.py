"""The practice as its file describes it: settings, therapists, services, weekly hours. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

REMINDERS = (24 * 60, 60)
QUIET = (21 * 60, 8 * 60)
KNOWN_CLIENTS = "known clients"
MOVES, CANCELLATIONS, OFFERS, IN_SERIES = 12 * 60, 24 * 60, 30, 12
"""What holds where the practice has not said otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """What holds for the whole practice."""

    name: str
    zone: str
    """IANA name."""
    language: str
    minimum_notice_minutes: int
    """The shortest time between now and an appointment that a client can book."""
    horizon_days: int
    """How far ahead clients can book."""
    hold_minutes: int
    """How long a chosen time is kept for a client who has not confirmed."""
    answer_within_minutes: int
    """How long a therapist has to answer a request."""
    start_every_minutes: int
    """The grid on which appointments start."""
    buffer_minutes: int
    """Kept free before and after each appointment."""
    acknowledge_within_minutes: int
    """After how long the next one is told that somebody may be in danger."""
    travel_minutes: Mapping[str, int] = field(default_factory=dict)
    """By service type: kept free for the way there, and again for the way back."""
    reminder_minutes: tuple[int, ...] = REMINDERS
    """How long before an appointment its client is reminded of it, the earliest first."""
    quiet_from: int = QUIET[0]
    """From this minute of the local day on nobody is written to unasked."""
    quiet_until: int = QUIET[1]
    """Until this one; the same minute: there are no such hours."""
    move_notice_minutes: int = MOVES
    """Until how long before an appointment its client can have it moved."""
    cancel_notice_minutes: int = CANCELLATIONS
    """Who cancels later than that cancels late."""
    offer_minutes: int = OFFERS
    """How long a time that has become free is kept for one of those who wait."""
    most_in_series: int = IN_SERIES
    """How many appointments a client can ask for at once, repeated by the week; 1: there are no series."""
    confirm_at_once: tuple[str, ...] = ()
    """Which requests need no therapist's answer: of `KNOWN_CLIENTS`, or of these service types; of both, if
    both are named. Empty: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A kind of session. What is None is as it is in the whole practice."""

    code: str
    title: str
    about: str
    minutes: int
    price: str = ""
    """As clients read it; empty: they are told none."""
    before_minutes: int | None = None
    """Kept free before it, beside the journey."""
    after_minutes: int | None = None
    start_every_minutes: int | None = None
    minimum_notice_minutes: int | None = None
    horizon_days: int | None = None


@dataclass(frozen=True, slots=True, order=True)
class Offering:
    """A therapist gives this service in this way; for as long and as much as `Service` says, or otherwise."""

    service: str
    service_type: str
    minutes: int | None = None
    price: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class WeeklyHours:
    """A stretch of a weekday, in minutes of the local day, its end excluded. 0 is Monday."""

    weekday: int
    from_minute: int
    until_minute: int
    service: str = ""
    """For this one only; empty: for all."""
    service_type: str = ""


@dataclass(frozen=True, slots=True, order=True)
class DatedHours:
    """A stretch of one local date, which counts instead of the weekly hours. Without length: closed."""

    day: str
    """ISO 8601."""
    from_minute: int
    until_minute: int
    service: str = ""
    service_type: str = ""


@dataclass(frozen=True, slots=True, order=True)
class TimeOff:
    """From this minute of the first local day to that minute of the last, which is excluded."""

    first_day: str
    """ISO 8601."""
    from_minute: int
    last_day: str
    until_minute: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Therapist:
    """Somebody who gives sessions."""

    code: str
    name: str
    zone: str
    """IANA name: of the hours, dates and days off."""
    address: str
    offers: tuple[Offering, ...]
    hours: tuple[WeeklyHours, ...]
    dates: tuple[DatedHours, ...] = ()
    off: tuple[TimeOff, ...] = ()
    holidays: str = ""
    """Whose public holidays are kept, as ISO 3166 writes it: `DE`, `DE-BE`; empty: nobody's."""
    most_a_day: int | None = None
    """Of local days, whatever the appointments are; None: as many as there is time for."""
    most_a_week: int | None = None
    """Of weeks from Monday to Sunday."""
    travel_minutes: Mapping[str, int] = field(default_factory=dict)
    """By service type, where it differs from the practice's."""
    id: int = 0
    """The person's number, also the resource's; 0 before the practice is loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeData:
    """All that a practice file says, therapists and services in its order."""

    practice: Practice
    services: tuple[Service, ...]
    therapists: tuple[Therapist, ...]
    version: int = 0
    """How many times a practice was loaded; tells a cache when to read again."""
