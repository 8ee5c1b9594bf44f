"""The days and instants of a series, around both clock changes and in zones far apart."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.series import MOST, Occurrence, Repetition, occurrences
from flows.slots import local

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = (
    "America/New_York",
    "America/Santiago",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
)
FROM = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) // 60


def at(zone: ZoneInfo, text: str, fold: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp()) // 60


def shown(found: list[Occurrence], zone: ZoneInfo) -> list[str]:
    return ["none" if one.start is None else f"{local(one.start, zone):%a %d %b %H:%M}" for one in found]


@given(
    st.sampled_from(ZONES),
    st.integers(FROM, FROM + 3 * 366 * 1440),
    st.integers(1, 8),
    st.integers(1, 20),
)
def test_all_have_the_weekday_and_the_local_time_of_the_first(
    name: str, first: int, every: int, times: int
) -> None:
    zone = ZoneInfo(name)
    found = occurrences(first, Repetition(every, times), zone)
    assert len(found) == min(times, MOST)
    assert found[0].start == first
    begins = local(first, zone)
    for number, one in enumerate(found):
        assert one.day == begins.date() + timedelta(weeks=number * every)
        if one.start is not None:
            wall = local(one.start, zone)
            assert (wall.date(), wall.time()) == (one.day, begins.time())


@given(st.sampled_from(ZONES), st.integers(FROM, FROM + 3 * 366 * 1440), st.integers(0, 200))
def test_none_is_after_the_last_day_and_none_before_it_is_missing(name: str, first: int, days: int) -> None:
    zone = ZoneInfo(name)
    until = local(first, zone).date() + timedelta(days=days)
    found = occurrences(first, Repetition(until=until), zone)
    assert found[-1].day <= until
    assert len(found) == min(MOST, days // 7 + 1)


def test_over_both_clock_changes_it_is_at_three() -> None:
    autumn = occurrences(at(BERLIN, "2026-10-20T15:00"), Repetition(times=2), BERLIN)
    assert shown(autumn, BERLIN) == ["Tue 20 Oct 15:00", "Tue 27 Oct 15:00"]
    spring = occurrences(at(BERLIN, "2027-03-23T15:00"), Repetition(times=2), BERLIN)
    lengths = [(late.start or 0) - (early.start or 0) for early, late in (autumn, spring)]
    assert lengths == [7 * 1440 + 60, 7 * 1440 - 60]


def test_a_time_that_does_not_exist_on_a_day_is_not_another_one() -> None:
    found = occurrences(at(BERLIN, "2027-03-21T02:30"), Repetition(times=3), BERLIN)
    assert shown(found, BERLIN) == ["Sun 21 Mar 02:30", "none", "Sun 04 Apr 02:30"]
    assert found[1].day == date(2027, 3, 28)


def test_of_an_hour_that_comes_twice_it_is_the_earlier() -> None:
    found = occurrences(at(BERLIN, "2026-10-18T02:30"), Repetition(times=2), BERLIN)
    assert found[1].start == at(BERLIN, "2026-10-25T02:30")


def test_who_begins_in_the_later_of_two_hours_stays_there() -> None:
    later = at(BERLIN, "2026-10-25T02:30", fold=1)
    assert occurrences(later, Repetition(times=2), BERLIN)[0].start == later


@pytest.mark.parametrize("every", [0, -1])
def test_a_series_that_does_not_go_on_is_refused(every: int) -> None:
    with pytest.raises(ValueError, match="one week or more"):
        occurrences(FROM, Repetition(every), BERLIN)
