"""Free times against an oracle that looks at every single minute."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from flows.slots import Busy, Shape, Window, free_starts


def test_the_grid_begins_with_the_window() -> None:
    begins = list(free_starts([Window(1005, 1200)], [], Shape(50, every=45), 0, 5000))
    assert begins == [1005, 1050, 1095, 1140]


def test_earliest_and_latest_are_both_allowed() -> None:
    assert list(free_starts([Window(0, 600)], [], Shape(30), 60, 120)) == [60, 90, 120]
    assert list(free_starts([Window(0, 600)], [], Shape(30), 61, 119)) == [90]


def test_breaks_may_reach_beyond_working_time_but_not_into_what_is_claimed() -> None:
    shape = Shape(60, before=15, after=15, every=15)
    assert next(free_starts([Window(600, 720)], [], shape, 0, 9999)) == 600
    assert next(free_starts([Window(600, 800)], [Busy(500, 590)], shape, 0, 9999)) == 615
    assert list(free_starts([Window(600, 720)], [Busy(720, 760)], shape, 0, 9999)) == [600, 615, 630, 645]


def test_what_is_claimed_may_touch() -> None:
    assert 660 in free_starts([Window(600, 900)], [Busy(600, 660)], Shape(60), 0, 9999)
    assert 600 in free_starts([Window(600, 900)], [Busy(660, 700)], Shape(60), 0, 9999)


stretches = st.tuples(st.integers(0, 400), st.integers(1, 150)).map(lambda pair: (pair[0], pair[0] + pair[1]))


def apart(found: list[tuple[int, int]]) -> list[Window]:
    """Those that neither overlap nor touch, as `working_time` promises them."""
    kept: list[Window] = []
    for start, end in sorted(found):
        if not kept or start > kept[-1].end:
            kept.append(Window(start, end))
    return kept


@settings(max_examples=600, deadline=None)
@given(
    working=st.lists(stretches, max_size=4).map(apart),
    busy=st.lists(st.tuples(st.integers(-50, 500), st.integers(0, 80)), max_size=8),
    shape=st.builds(Shape, st.integers(1, 60), st.integers(0, 20), st.integers(0, 20), st.integers(1, 45)),
    earliest=st.integers(-50, 500),
    span=st.integers(0, 500),
)
def test_free_times_are_those_that_brute_force_finds(
    working: list[Window], busy: list[tuple[int, int]], shape: Shape, earliest: int, span: int
) -> None:
    claimed = [Busy(start, start + length) for start, length in busy]
    taken = {minute for start, end in claimed for minute in range(start, end)}
    expected = [
        begin
        for start, end in working
        for begin in range(start, end, shape.every)
        if earliest <= begin <= earliest + span
        and begin + shape.length <= end
        and not taken.intersection(range(begin - shape.before, begin + shape.length + shape.after))
    ]
    assert list(free_starts(working, claimed, shape, earliest, earliest + span)) == expected
