"""Who is counted for what, and when it is too much."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from channels.floods import MOST_KEYS, Floods, Limits, Pace, network_of


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
    ("proxies", "forwarded", "source"),
    [
        (None, [], PROXY),
        (None, ["192.0.2.7"], None),  # a proxy that the operator has not told of: nobody can tell
        (0, [], PROXY),
        (0, ["192.0.2.7"], PROXY),  # whoever writes this header themselves gains nothing
        (1, ["192.0.2.7"], "192.0.2.7"),
        (1, ["198.51.100.1, 192.0.2.7"], "192.0.2.7"),
        (1, ["198.51.100.1", "192.0.2.7"], "192.0.2.7"),
        (2, ["198.51.100.1, 192.0.2.7, 203.0.113.5"], "192.0.2.7"),
        (2, ["203.0.113.5"], PROXY),  # it did not come through both
        (1, ["nonsense"], None),
    ],
)
def test_forwarded_addresses_are_believed_as_far_as_our_own_proxies_wrote_them(
    proxies: int | None, forwarded: Sequence[str], source: str | None
) -> None:
    assert Floods(Limits(trusted_proxies=proxies), Watch()).source(PROXY, forwarded) == source


def test_an_address_is_closed_for_a_minute_and_no_other_one_with_it() -> None:
    watch = Watch()
    floods = Floods(Limits(refusals_per_minute=3), watch)
    assert [floods.refused("192.0.2.7") for _ in range(3)] == [False, False, True]
    assert floods.is_closed("192.0.2.7")
    assert not floods.is_closed("192.0.2.8")
    watch.now += 59
    assert floods.is_closed("192.0.2.7")
    assert not floods.refused("192.0.2.7")
    watch.now += 1
    assert not floods.is_closed("192.0.2.7")


def test_nobody_is_shut_out_for_somebody_whom_nobody_can_tell() -> None:
    floods = Floods(Limits(refusals_per_minute=1), Watch())
    assert not floods.refused(None)
    assert not floods.is_closed(None)


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
        floods.refused(str(number))
    assert not floods.is_closed("0")
    assert floods.is_closed(str(MOST_KEYS))


def test_what_is_brought_again_counts_once() -> None:
    floods = Floods(Limits(answers_per_minute=2), lambda: 0.0)
    for _ in range(5):
        assert floods.pace_of("a") is Pace.USUAL
        floods.known_before("a")
    assert [floods.pace_of("a") for _ in range(3)] == [Pace.USUAL, Pace.USUAL, Pace.TOO_FAST]
    floods.known_before("nobody")
