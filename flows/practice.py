"""The practice as booking steps ask about it: who offers what, how, for how long, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar
from zoneinfo import ZoneInfo

from flows.slots import Shape
from storage.practice import Practice, PracticeData, Service, Therapist

Known = TypeVar("Known", int, str)

SERVICE_TYPES = ("in-call", "out-call", "home visit", "clinic visit")
"""How client and therapist meet, in the order in which they are offered."""
TRAVELLING = frozenset({"out-call", "home visit"})
"""The therapist comes to the client, so an address is needed."""

_UNITED_STATES = """
    America/Adak America/Anchorage America/Boise America/Chicago America/Denver America/Detroit
    America/Juneau America/Los_Angeles America/Menominee America/Metlakatla America/New_York America/Nome
    America/Phoenix America/Puerto_Rico America/Sitka America/Yakutat Pacific/Guam Pacific/Honolulu
    Pacific/Saipan Pacific/Pago_Pago
"""
MONTH_FIRST = frozenset(_UNITED_STATES.split())
"""Zones in which 5/3 is the third of May, beside all that begin with the names below."""
MONTH_FIRST_REGIONS = ("US/", "America/Indiana/", "America/Kentucky/", "America/North_Dakota/")


def day_first(zone: str) -> bool:
    """Whether 5/3 is the fifth of March there: everywhere but in the United States."""
    return zone not in MONTH_FIRST and not zone.startswith(MONTH_FIRST_REGIONS)


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for an appointment, in minutes."""

    length: int
    before: int
    """Kept free before it: the journey there, and a break where the service has one."""
    after: int
    every: int
    """Such appointments begin at multiples of this, counted from the beginning of a working stretch."""
    price: str
    """As clients read it; empty: they are told none."""

    @property
    def shape(self) -> Shape:
        """How much time it takes."""
        return Shape(self.length, self.before, self.after, self.every)


@dataclass(frozen=True)
class PracticeBook:
    """A reading of the practice's data. Made anew whenever they change."""

    data: PracticeData

    @cached_property
    def zone(self) -> ZoneInfo:
        """In which all times are shown."""
        return ZoneInfo(self.rules.zone)

    @property
    def rules(self) -> Practice:
        """What holds for the whole practice."""
        return self.data.practice

    @cached_property
    def service_types(self) -> tuple[str, ...]:
        """The ways to meet that somebody here offers."""
        offered = {offer.service_type for therapist in self.data.therapists for offer in therapist.offers}
        return tuple(kind for kind in SERVICE_TYPES if kind in offered)

    @cached_property
    def services(self) -> tuple[Service, ...]:
        """The services that somebody here offers."""
        offered = {offer.service for therapist in self.data.therapists for offer in therapist.offers}
        return tuple(service for service in self.data.services if service.code in offered)

    def services_for(self, kind: str) -> list[Service]:
        """The services that somebody here offers in this way."""
        return [service for service in self.services if self.therapists_for(kind, service.code)]

    @property
    def therapists(self) -> Sequence[Therapist]:
        """Everybody who gives sessions, in the practice's own order."""
        return self.data.therapists

    def service(self, code: str) -> Service:
        """The service of this code; one that has left the file keeps its code for a title."""
        for service in self.data.services:
            if service.code == code:
                return service
        return Service(code=code, title=code, about="", minutes=0)

    def therapist_name(self, number: int) -> str:
        """What a therapist is called."""
        return next((one.name for one in self.therapists if one.id == number), "")

    def therapists_for(self, kind: str, service: str) -> list[Therapist]:
        """Who gives this service in this way."""
        return [
            one
            for one in self.therapists
            if any(offer.service == service and offer.service_type == kind for offer in one.offers)
        ]

    def terms(self, therapist: int, service: str, kind: str) -> Terms:
        """What holds for an appointment with this therapist, of this service, in this way.

        The break stands on one side only unless the service says otherwise, or there would be two of them
        between two appointments. Somebody who has left the practice has its own terms.
        """
        what, rules = self.service(service), self.rules
        who = next((one for one in self.therapists if one.id == therapist), None)
        offers = who.offers if who else ()
        own = next((one for one in offers if (one.service, one.service_type) == (service, kind)), None)
        journey = (who.travel_minutes if who else {}).get(kind, rules.travel_minutes.get(kind, 0))
        return Terms(
            length=_first(own.minutes if own else None, what.minutes),
            before=journey + (what.before_minutes or 0),
            after=journey + _first(what.after_minutes, rules.buffer_minutes),
            every=what.start_every_minutes or rules.start_every_minutes,
            price=_first(own.price if own else None, what.price),
        )

    def notice(self, service: str) -> int:
        """The shortest time in minutes between now and such an appointment that a client can book."""
        return _first(self.service(service).minimum_notice_minutes, self.rules.minimum_notice_minutes)

    def horizon(self, service: str) -> int:
        """How far ahead clients can book such an appointment, in minutes."""
        return (self.service(service).horizon_days or self.rules.horizon_days) * 24 * 60

    @property
    def farthest(self) -> int:
        """How far ahead clients can book anything at all, in minutes."""
        return max(self.horizon(service.code) for service in self.data.services)

    def travels(self, kind: str) -> bool:
        """Whether the therapist comes to the client."""
        return kind in TRAVELLING


def _first(own: Known | None, general: Known) -> Known:
    """What was said of the particular case, or else what holds in general."""
    return general if own is None else own
