"""By how much a time is to be another than the one spoken of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.understanding.shifts import DAY, HOUR, find_shift


@pytest.mark.parametrize(
    ("text", "minutes", "rest"),
    [
        ("an hour later", HOUR, ""),
        ("could we make it half an hour earlier?", -30, "could we make it ?"),
        ("2 hours before that, please", -2 * HOUR, ", please"),
        ("an hour and a half later", 90, ""),
        ("later by forty-five minutes", 45, ""),
        ("push my appointment back by an hour", HOUR, ""),
        ("can you bring it forward 90 min", -90, "can you"),
        ("postpone it a week", 7 * DAY, ""),
        ("the next day at 4", DAY, "at 4"),
        ("same time the following day please", DAY, "same time please"),
        ("the day after", DAY, ""),
        ("what about the day before?", -DAY, "what about ?"),
        ("A DAY LATER", DAY, ""),
    ],
)
def test_it_is_found(text: str, minutes: int, rest: str) -> None:
    assert find_shift(text) == (minutes, rest)


@pytest.mark.parametrize(
    "text",
    [
        "the day after tomorrow",
        "the day after the holiday",
        "the next day off",
        "next week",
        "later that week",
        "sooner or later",
        "I'll be 10 minutes late",
        "in an hour",
        "two hours",
        "later",
        "push back",
    ],
)
def test_what_is_a_time_by_itself_or_none_at_all_is_left_alone(text: str) -> None:
    assert find_shift(text) == (None, text)


@given(
    st.integers(1, 99), st.sampled_from([("minutes", 1), ("hours", HOUR), ("days", DAY), ("weeks", 7 * DAY)])
)
def test_earlier_is_the_opposite_of_later(many: int, unit: tuple[str, int]) -> None:
    later, earlier = (find_shift(f"{many} {unit[0]} {way}").minutes for way in ("later", "earlier"))
    assert later == many * unit[1]
    assert earlier == -many * unit[1]
