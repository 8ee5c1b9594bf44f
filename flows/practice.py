"""The practice as booking steps ask about it: who offers what, how, for how long, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from storage.practice import Practice, PracticeData, Service, Therapist

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

    def before(self, kind: str) -> int:
        """Minutes kept free before such an appointment: the journey there."""
        return self.rules.travel_minutes.get(kind, 0)

    def after(self, kind: str) -> int:
        """Minutes kept free after it: the journey back, and the break.

        The break stands on one side only, or there would be two of them between two appointments.
        """
        return self.rules.travel_minutes.get(kind, 0) + self.rules.buffer_minutes

    def travels(self, kind: str) -> bool:
        """Whether the therapist comes to the client."""
        return kind in TRAVELLING
