"""When a number may send: not too fast, and not while it is turned away."""

from __future__ import annotations

from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from app.clock import Clock
from app.throttle import LONGEST_REST, LONGEST_SHORT_REST, Throttle

NOW = 1_800_000_000


@pytest.fixture
def clock() -> Clock:
    made = Clock()
    made.stand_at(NOW)
    return made


async def admitted(throttle: Throttle, times: int, sender: str = "clients") -> list[bool]:
    return [await throttle.admit(sender) for _ in range(times)]


async def test_a_second_has_room_for_so_many_of_each_number(clock: Clock) -> None:
    throttle = Throttle(3, clock)
    assert await admitted(throttle, 4) == [True, True, True, False]
    assert throttle.is_full()
    assert await admitted(throttle, 1, "therapists") == [True]


async def test_a_slow_number_sends_one_and_then_waits(clock: Clock) -> None:
    throttle = Throttle(1 / 300, clock)
    assert await admitted(throttle, 2) == [True, False]
    assert throttle.seconds_between == pytest.approx(300)


async def test_a_number_that_is_turned_away_rests_and_then_one_tries(clock: Clock) -> None:
    throttle = Throttle(80, clock)
    assert throttle.resting == 0
    throttle.rest("clients", 900, "not set up")
    assert throttle.resting == 1
    assert await admitted(throttle, 1) == [False]
    assert await admitted(throttle, 1, "therapists") == [True]
    clock.advance(900)
    assert await admitted(throttle, 2) == [True, False]
    throttle.undecided("clients")
    assert await admitted(throttle, 2) == [True, False]
    throttle.well("clients")
    assert throttle.resting == 0
    assert await admitted(throttle, 2) == [True, True]


@pytest.mark.parametrize(("seconds", "longest"), [(None, LONGEST_SHORT_REST), (60.0, LONGEST_REST)])
async def test_each_rest_in_a_row_is_twice_as_long(
    clock: Clock, seconds: float | None, longest: float
) -> None:
    throttle = Throttle(80, clock)
    rests: list[int] = []
    for _ in range(13):
        throttle.rest("clients", seconds, "slower")
        began = clock()
        while not await throttle.admit("clients"):
            clock.advance(1)
        rests.append(clock() - began)
    assert rests[0] == (seconds or 1)
    assert all(after == min(longest, 2 * before) for before, after in pairwise(rests))
    assert rests[-1] == longest


async def test_those_that_were_under_way_do_not_prolong_it(clock: Clock) -> None:
    throttle = Throttle(80, clock)
    for _ in range(50):
        throttle.rest("clients", 60, "slower")
    clock.advance(60)
    assert throttle.may("clients")


async def test_the_operator_hears_it_once_and_when_it_is_over(clock: Clock) -> None:
    throttle = Throttle(80, clock)
    with capture_logs() as lines:
        for _ in range(3):
            throttle.rest("clients", 900, "Twilio answered 401")
            clock.advance(3600)
            assert await throttle.admit("clients")
        throttle.well("clients")
        throttle.rest("clients", 7, "only a moment")
    assert [(line["event"], line["sender"]) for line in lines] == [
        ("sending rests", "clients"),
        ("sending goes on", "clients"),
    ]
    assert lines[0]["reason"] == "Twilio answered 401"
