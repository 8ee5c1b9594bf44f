"""How much comes from one address of the network, and from one sender. It counts, and decides nothing else.

An address is closed for what did not prove to be Twilio's; whoever is Twilio never is, not even behind a
proxy that nobody has told of. A sender is a person, so nothing of theirs is lost before a number that no
person writes. Every process counts for itself.
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
ALTOGETHER = 10
"""Of all addresses together so many times as much is too much as of one."""


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


class Flood(Enum):
    """What is flooded, as the operator is told it."""

    ADDRESS = "an address is closed for a minute: too much from there was not Twilio's"
    PROXY = (
        "too much that is not Twilio's comes through proxies that TRUSTED_PROXIES does not tell of; "
        "run `therapy-booking doctor`"
    )
    EVERYWHERE = "too much that is not Twilio's comes from everywhere"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a request came from."""

    network: str | None
    """None: nobody can tell."""
    is_sure: bool
    """False: others, Twilio among them, may come from there too."""


class Floods:
    """Counts within windows that begin with the first request."""

    def __init__(self, limits: Limits, now: Callable[[], float]) -> None:
        """`now`: in seconds; from when does not matter."""
        self._limits = limits
        self._refusals = _Counter(MINUTE, now)
        self._all_refusals = _Counter(MINUTE, now)
        self._recent = _Counter(MINUTE, now)
        self._hourly = _Counter(HOUR, now)

    def source(self, peer: str | None, forwarded_for: Sequence[str]) -> Source:
        """Whom to count a request for.

        `forwarded_for`: the values of all X-Forwarded-For headers, in order. They are believed as far as the
        operator's own proxies wrote them: each adds on the right whom it was reached by.
        """
        hops, proxies = hops_of(forwarded_for), self._limits.trusted_proxies
        if proxies is not None and 0 < proxies <= len(hops):
            network = network_of(hops[-proxies])
            return Source(network, is_sure=network is not None)
        network = network_of(peer)
        # What was forwarded by more or fewer than we know of may have come by a proxy that all come by.
        return Source(network, is_sure=network is not None and (proxies == 0 or not hops))

    def is_closed(self, source: Source) -> bool:
        """Whether too much that was not Twilio's came from there within the minute, and nobody else does."""
        return source.is_sure and self._is_too_much(source)

    def is_flooded(self, source: Source) -> bool:
        """Whether too much that was not Twilio's came from there, or altogether: Twilio itself may, too."""
        return self._is_too_much(source) or self._all_refusals.of("") >= self._most_altogether

    def refused(self, source: Source) -> Flood | None:
        """Count a request that was not Twilio's; tells what is flooded from it on."""
        altogether = self._all_refusals.add("")
        if source.network and self._refusals.add(source.network) == self._limits.refusals_per_minute:
            return Flood.ADDRESS if source.is_sure else Flood.PROXY
        return Flood.EVERYWHERE if altogether == self._most_altogether else None

    @property
    def _most_altogether(self) -> int:
        return ALTOGETHER * self._limits.refusals_per_minute

    def _is_too_much(self, source: Source) -> bool:
        if source.network is None:
            return False
        return self._refusals.of(source.network) >= self._limits.refusals_per_minute

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


def hops_of(forwarded_for: Sequence[str]) -> list[str]:
    """Whom a request is said to have come by: the values of all X-Forwarded-For headers, one by one."""
    return [hop.strip() for value in forwarded_for for hop in value.split(",") if hop.strip()]


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
