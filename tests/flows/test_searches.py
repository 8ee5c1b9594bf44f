"""Looking near the wish first finds what looking everywhere would."""

from __future__ import annotations

import random
from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from flows.choices import Choice, choose, searches
from flows.slots import DAY, instant
from flows.wishes import Wish

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = date(2026, 3, 1)
EARLIEST = instant(TODAY, 11 * 60 + 20, BERLIN)
LATEST = EARLIEST + 90 * DAY


def wishes(dice: random.Random) -> Wish:
    first = dice.choice([None, TODAY + timedelta(days=dice.randrange(-3, 100))])
    last = first + timedelta(days=dice.choice([0, 0, 6])) if first else None
    start = dice.choice([None, 60 * dice.randrange(7, 20)])
    end = dice.choice([None, start + 120]) if start else None
    weekdays = frozenset(dice.sample(range(7), dice.choice([2, 7])))
    return Wish(first, last, start, end, either_half=dice.random() < 0.3, weekdays=weekdays)


def found(starts: list[int], wish: Wish) -> tuple[Choice, int]:
    """What the steps find, and how many searches they need."""
    choices = []
    for low, high in searches(wish, EARLIEST, LATEST, BERLIN):
        choices.append(choose([start for start in starts if low <= start <= high], wish, BERLIN))
        if choices[-1].settles(wish):
            break
    return choices[-1], len(choices)


@pytest.mark.parametrize("share", [0.002, 0.02, 0.3])
def test_near_and_far_agree(share: float) -> None:
    dice = random.Random(share)  # noqa: S311  # repeatable
    all_starts = [
        instant(TODAY + timedelta(days=n), 60 * hour, BERLIN) for n in range(91) for hour in range(7, 21)
    ]
    for _ in range(150):
        starts = [one for one in all_starts if EARLIEST <= one <= LATEST and dice.random() < share]
        wish = wishes(dice)
        assert found(starts, wish)[0] == choose(starts, wish, BERLIN), wish


def test_a_wish_that_can_be_met_needs_one_search() -> None:
    day = TODAY + timedelta(days=40)
    noon = instant(day, 12 * 60, BERLIN)
    assert found([noon], Wish(day, day, 12 * 60)) == (Choice(exact=noon, offered=(noon,)), 1)


def test_the_search_widens_quickly_to_the_whole_time_and_ends() -> None:
    stretches = list(searches(Wish(), EARLIEST, LATEST, BERLIN))
    assert stretches[-1] == (EARLIEST, LATEST)
    widths = [high - low for low, high in stretches]
    assert all(wider >= min(2 * narrow, LATEST - EARLIEST) for narrow, wider in pairwise(widths))
    assert found([], Wish()) == (Choice(suits=False), len(stretches))
    assert list(searches(Wish(), EARLIEST, EARLIEST + DAY, BERLIN)) == [(EARLIEST, EARLIEST + DAY)]
