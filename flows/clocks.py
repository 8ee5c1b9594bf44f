"""Which clock somebody goes by: guessed from their number, until they have said it."""

from __future__ import annotations

import re
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone

from flows.slots import local

_NUMBER = re.compile(r"\+\d{7,15}")
_UNKNOWN = timezone.UNKNOWN_TIMEZONE


def shares_clock(zones: tuple[str, ...], zone: ZoneInfo, minute: int) -> bool:
    """Whether somebody who is in one of these zones may see the same clock as in `zone` at this instant.

    In doubt, and where nothing is known of them, it is the same.
    """
    offset = local(minute, zone).utcoffset()
    return not zones or any(local(minute, ZoneInfo(one)).utcoffset() == offset for one in zones)


def clocks(zones: tuple[str, ...], minute: int) -> dict[str, str]:
    """What clocks show at this instant in these zones, as `16:12`, each with the first zone that shows it."""
    found: dict[str, str] = {}
    for one in zones:
        found.setdefault(f"{local(minute, ZoneInfo(one)):%H:%M}", one)
    return found


@lru_cache(maxsize=1 << 12)
def zones_of_number(address: str) -> tuple[str, ...]:
    """IANA names, guessed from a number's country and area; empty where there is no number."""
    found = _NUMBER.search(address)
    if found is None:
        return ()
    try:
        zones = timezone.time_zones_for_number(phonenumbers.parse(found[0]))
    except phonenumbers.NumberParseException:
        return ()
    return tuple(zone for zone in zones if zone != _UNKNOWN)
