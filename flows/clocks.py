"""Whether two people's clocks show the same: what is shown in the practice's time is named if not."""

from __future__ import annotations

import re
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone

from flows.slots import local
from storage.people import Person

_NUMBER = re.compile(r"\+\d{7,15}")
_UNKNOWN = timezone.UNKNOWN_TIMEZONE


def shares_clock(person: Person, zone: ZoneInfo, minute: int) -> bool:
    """Whether that person's clock may show what the zone's does at this instant.

    Theirs is the zone that is known of them, or else any that their number may be of; in doubt, the same.
    """
    theirs = (person.zone,) if person.zone else _zones_of(person.address)
    offset = local(minute, zone).utcoffset()
    return not theirs or any(local(minute, ZoneInfo(one)).utcoffset() == offset for one in theirs)


@lru_cache(maxsize=1 << 12)
def _zones_of(address: str) -> tuple[str, ...]:
    """Guessed from a number's country and area; empty where there is no number."""
    found = _NUMBER.search(address)
    if found is None:
        return ()
    try:
        zones = timezone.time_zones_for_number(phonenumbers.parse(found[0]))
    except phonenumbers.NumberParseException:
        return ()
    return tuple(zone for zone in zones if zone != _UNKNOWN)
