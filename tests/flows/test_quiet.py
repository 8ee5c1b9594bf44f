"""Quiet hours: what falls into them, also on nights in which the clock changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.quiet import MARGIN, QuietHours

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = QuietHours(21 * 60, 8 * 60, BERLIN)


def at(text: str, zone: ZoneInfo = BERLIN) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp())


@pytest.mark.parametrize(
    ("moment", "before", "after"),
    [
        ("2026-03-03 20:59", "2026-03-03 20:59", "2026-03-03 20:59"),
        ("2026-03-03 21:00", "2026-03-03 20:55", "2026-03-04 08:00"),
        ("2026-03-04 07:30", "2026-03-03 20:55", "2026-03-04 08:00"),
        ("2026-03-04 08:00", "2026-03-04 08:00", "2026-03-04 08:00"),
        ("2026-03-29 07:30", "2026-03-28 20:55", "2026-03-29 08:00"),  # the night is an hour shorter
        ("2026-10-25 07:30", "2026-10-24 20:55", "2026-10-25 08:00"),  # and an hour longer
    ],
)
def test_what_falls_into_the_night_is_said_before_or_after(moment: str, before: str, after: str) -> None:
    assert (NIGHT.before(at(moment)), NIGHT.after(at(moment))) == (at(before), at(after))


def test_there_may_be_none() -> None:
    never = QuietHours(0, 0, BERLIN)
    assert never.before(at("2026-03-04 00:00")) == never.after(at("2026-03-04 00:00"))


def test_they_may_lie_within_one_day() -> None:
    noon = QuietHours(12 * 60, 14 * 60, BERLIN)
    assert noon.before(at("2026-03-04 13:00")) == at("2026-03-04 11:55")
    assert noon.after(at("2026-03-04 14:00")) == at("2026-03-04 14:00")


ZONES = ["Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu"]


@given(
    moment=st.integers(1_700_000_000, 1_900_000_000),
    begins=st.integers(0, 1439),
    ends=st.integers(0, 1439),
    zone=st.sampled_from(ZONES),
)
def test_nothing_is_ever_said_in_them(moment: int, begins: int, ends: int, zone: str) -> None:
    quiet = QuietHours(begins, ends, ZoneInfo(zone))
    after, before = quiet.after(moment), quiet.before(moment)
    assert before <= moment <= after <= moment + 26 * 3600
    assert quiet.after(after) == after
    if before != moment:
        wall = datetime.fromtimestamp(before + MARGIN, ZoneInfo(zone))
        begin = wall.replace(hour=begins // 60, minute=begins % 60, second=0)
        assert wall - begin < timedelta(hours=1)  # the clock may have skipped the very minute
