"""The address of somebody's private calendar feed: it tells neither who that is nor anything of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest

_TOKEN = re.compile(r"([1-9]\d{0,18})-([1-9]\d{0,8})-([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class CalendarAddresses:
    """Makes addresses, and reads them."""

    base: str
    """Where feeds are served, without a slash at the end."""
    prove: Callable[[str], str]
    """What only who has the key can answer: 64 hexadecimal digits."""

    def of(self, person: int, version: int) -> str:
        """The address of this version of a person's feed."""
        return f"{self.base}/{person}-{version}-{self._proof(person, version)}.ics"

    def read(self, token: str) -> tuple[int, int] | None:
        """The person and the version that a token is for; None: it was not made here."""
        found = _TOKEN.fullmatch(token)
        if found is None:
            return None
        person, version = int(found[1]), int(found[2])
        return (person, version) if compare_digest(found[3], self._proof(person, version)) else None

    def _proof(self, person: int, version: int) -> str:
        return self.prove(f"calendar feed {person} {version}")
