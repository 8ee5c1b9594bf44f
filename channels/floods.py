"""How much comes from one address of the network, and from one sender. It counts, and decides nothing else.

An address is closed for what did not prove to be Twilio's; whoever is Twilio never is. A sender is a person,
so nothing of theirs is lost before a number that no person writes. Every process counts for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from cachetools import TTLCache

MINUTE = 60
HOUR = 3600
MOST_KEYS = 10_000
"""How many addresses and senders are counted at the same time; the ones longest unheard of are forgotten."""
NETWORK_BITS = 64
"""Of an IPv6 address: who has one has all that begin alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is too much."""

    refusals_per_minute: int = 30
    """Requests without a good signature, of one address."""
    answers_per_minute: int = 30
    """Messages of one sender that are acted on."""
    messages_per_hour: int = 1_000
    """Messages of one sender that are kept: more than any person writes."""
    trusted_proxies: int | None = None
    """How many proxies of ours stand before the server; None: the operator has not said."""


class Pace(Enum):
    """How fast a sender writes."""

    USUAL = "is answered"
    TOO_FAST = "is told so"
    STILL_TOO_FAST = "was told, and is not answered"
    FLOODING = "is no person"


class Floods:
    """Counts within windows that begin with the first request."""

    def __init__(self, limits: Limits, now: Callable[[], float]) -> None:
        """`now`: in seconds; from when does not matter."""
        self._limits = limits
        self._refusals = _Counter(MINUTE, now)
        self._recent = _Counter(MINUTE, now)
        self._hourly = _Counter(HOUR, now)

    def source(self, peer: str | None, forwarded_for: Sequence[str]) -> str | None:
        """Whom to count a request for; None: nobody can tell, so that nobody is shut out for another.

        `forwarded_for`: the values of all X-Forwarded-For headers, in order. They are believed as far as the
        operator's own proxies wrote them: each adds on the right whom it was reached by.
        """
        proxies = self._limits.trusted_proxies
        hops = [hop for value in forwarded_for for hop in value.split(",")]
        if proxies is None:
            return None if hops else network_of(peer)
        return network_of(hops[-proxies] if 0 < proxies <= len(hops) else peer)

    def is_closed(self, source: str | None) -> bool:
        """Whether too much that was not Twilio's came from there within the minute."""
        return source is not None and self._refusals.of(source) >= self._limits.refusals_per_minute

    def refused(self, source: str | None) -> bool:
        """Count a request that was not Twilio's. True: with it the address is closed."""
        return source is not None and self._refusals.add(source) == self._limits.refusals_per_minute

    def pace_of(self, sender: str) -> Pace:
        """Count a message that Twilio signed."""
        if self._hourly.add(sender) > self._limits.messages_per_hour:
            return Pace.FLOODING
        over = self._recent.add(sender) - self._limits.answers_per_minute
        if over <= 0:
            return Pace.USUAL
        return Pace.TOO_FAST if over == 1 else Pace.STILL_TOO_FAST

    def known_before(self, sender: str) -> None:
        """Take the last message back: Twilio has brought it again, and nobody wrote it twice."""
        for counter in (self._hourly, self._recent):
            counter.take_back(sender)


class _Counter:
    """How often each key was counted since its window began."""

    def __init__(self, seconds: int, now: Callable[[], float]) -> None:
        self._counts: TTLCache[str, list[int]] = TTLCache(MOST_KEYS, seconds, now)

    def add(self, key: str) -> int:
        count = self._counts.get(key)
        if count is None:
            self._counts[key] = count = [0]
        count[0] += 1  # the window does not begin anew with it, as it would with a new value
        return count[0]

    def take_back(self, key: str) -> None:
        count = self._counts.get(key)
        if count:
            count[0] -= 1

    def of(self, key: str) -> int:
        count = self._counts.get(key)
        return count[0] if count else 0


def network_of(peer: str | None) -> str | None:
    """An address, or for IPv6 the network it belongs to; with a port or without. None for anything else."""
    text = (peer or "").strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return str(IPv6Network((address, NETWORK_BITS), strict=False))
        address = address.ipv4_mapped
    return str(address)
