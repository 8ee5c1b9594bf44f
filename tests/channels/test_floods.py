"""Who is counted for what, and when it is too much."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from channels.floods import ALTOGETHER, MOST_KEYS, Flood, Floods, Limits, Pace, Source, network_of


class Watch:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:4711", "192.0.2.7"),
        (" 192.0.2.7 ", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2:bbbb::2]:443", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unknown", None),
        ("", None),
        (None, None),
    ],
)
def test_an_address_is_read_however_it_is_written(peer: str | None, network: str | None) -> None:
    assert network_of(peer) == network


PROXY = "10.0.0.1"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "network", "is_sure"),
    [
        (None, [], PROXY, True),
        (None, ["192.0.2.7"], PROXY, False),  # a proxy that the operator has not told of, or a liar
        (0, [], PROXY, True),
        (0, ["192.0.2.7"], PROXY, True),  # whoever writes this header themselves gains nothing
        (1, [], PROXY, True),
        (1, ["192.0.2.7"], "192.0.2.7", True),
        (1, ["198.51.100.1, 192.0.2.7"], "192.0.2.7", True),
        (1, ["198.51.100.1", "192.0.2.7"], "192.0.2.7", True),
        (2, ["198.51.100.1, 192.0.2.7, 203.0.113.5"], "192.0.2.7", True),
        (2, ["203.0.113.5"], PROXY, False),  # it did not come through both
        (1, ["nonsense"], None, False),
    ],
)
def test_forwarded_addresses_are_believed_as_far_as_our_own_proxies_wrote_them(
    proxies: int | None, forwarded: Sequence[str], network: str | None, *, is_sure: bool
) -> None:
    source = Floods(Limits(trusted_proxies=proxies), Watch()).source(PROXY, forwarded)
    assert source == Source(network, is_sure=is_sure)


FORGER, OTHER = Source("192.0.2.7", is_sure=True), Source("192.0.2.8", is_sure=True)


def test_an_address_is_closed_for_a_minute_and_no_other_one_with_it() -> None:
    watch = Watch()
    floods = Floods(Limits(refusals_per_minute=3), watch)
    assert [floods.refused(FORGER) for _ in range(3)] == [None, None, Flood.ADDRESS]
    assert floods.is_closed(FORGER)
    assert not floods.is_closed(OTHER)
    watch.now += 59
    assert floods.is_closed(FORGER)
    assert floods.refused(FORGER) is None
    watch.now += 1
    assert not floods.is_closed(FORGER)


def test_where_others_may_come_from_is_flooded_and_never_closed() -> None:
    floods = Floods(Limits(refusals_per_minute=2), Watch())
    proxy = Source(PROXY, is_sure=False)
    assert [floods.refused(proxy) for _ in range(3)] == [None, Flood.PROXY, None]
    assert floods.is_flooded(proxy)
    assert not floods.is_closed(proxy)
    assert not floods.is_flooded(OTHER)


def test_all_addresses_together_are_counted_too() -> None:
    watch = Watch()
    floods = Floods(Limits(refusals_per_minute=2), watch)
    many = [Source(f"192.0.2.{number}", is_sure=True) for number in range(2 * ALTOGETHER)]
    *before, last = [floods.refused(source) for source in many]
    assert (set(before), last) == ({None}, Flood.EVERYWHERE)
    nobody = Source(None, is_sure=False)
    assert floods.is_flooded(nobody)
    assert not floods.is_closed(OTHER)
    watch.now += 60
    assert not floods.is_flooded(nobody)


def test_a_sender_is_told_once_a_minute_and_refused_only_after_what_a_person_can_write() -> None:
    watch = Watch()
    floods = Floods(Limits(answers_per_minute=2, messages_per_hour=6), watch)
    paces = [floods.pace_of("a") for _ in range(4)]
    assert paces == [Pace.USUAL, Pace.USUAL, Pace.TOO_FAST, Pace.STILL_TOO_FAST]
    assert floods.pace_of("b") is Pace.USUAL
    watch.now += 60
    assert [floods.pace_of("a") for _ in range(3)] == [Pace.USUAL, Pace.USUAL, Pace.FLOODING]
    watch.now += 3540
    assert floods.pace_of("a") is Pace.USUAL


def test_what_is_remembered_stays_bounded() -> None:
    floods = Floods(Limits(refusals_per_minute=1), Watch())
    for number in range(MOST_KEYS + 1):
        floods.refused(Source(str(number), is_sure=True))
    assert not floods.is_closed(Source("0", is_sure=True))
    assert floods.is_closed(Source(str(MOST_KEYS), is_sure=True))


def test_what_is_brought_again_counts_once() -> None:
    floods = Floods(Limits(answers_per_minute=2), lambda: 0.0)
    for _ in range(5):
        assert floods.pace_of("a") is Pace.USUAL
        floods.known_before("a")
    assert [floods.pace_of("a") for _ in range(3)] == [Pace.USUAL, Pace.USUAL, Pace.TOO_FAST]
    floods.known_before("nobody")
