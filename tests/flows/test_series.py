"""The days and instants of a series, around clock changes and in zones far apart, and what is settled."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.series import Occurrence, Plan, Repetition, occurrences, repeated
from flows.slots import local

BERLIN = ZoneInfo("Europe/Berlin")
MOST = 12
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
    found = occurrences(first, Repetition(every, times), zone, MOST)
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
    found = occurrences(first, Repetition(until=until), zone, MOST)
    assert found[-1].day <= until
    assert len(found) == min(MOST, days // 7 + 1)


def test_what_is_left_out_counts() -> None:
    """Who leaves one of six out has five: nothing is added behind them."""
    without = frozenset({date(2026, 10, 20), date(2026, 11, 3)})
    found = occurrences(at(BERLIN, "2026-10-20T15:00"), Repetition(times=3, without=without), BERLIN, MOST)
    assert shown(found, BERLIN) == ["Tue 27 Oct 15:00"]


def test_over_both_clock_changes_it_is_at_three() -> None:
    autumn = occurrences(at(BERLIN, "2026-10-20T15:00"), Repetition(times=2), BERLIN, MOST)
    assert shown(autumn, BERLIN) == ["Tue 20 Oct 15:00", "Tue 27 Oct 15:00"]
    spring = occurrences(at(BERLIN, "2027-03-23T15:00"), Repetition(times=2), BERLIN, MOST)
    lengths = [(late.start or 0) - (early.start or 0) for early, late in (autumn, spring)]
    assert lengths == [7 * 1440 + 60, 7 * 1440 - 60]


def test_a_time_that_does_not_exist_on_a_day_is_not_another_one() -> None:
    found = occurrences(at(BERLIN, "2027-03-21T02:30"), Repetition(times=3), BERLIN, MOST)
    assert shown(found, BERLIN) == ["Sun 21 Mar 02:30", "none", "Sun 04 Apr 02:30"]
    assert found[1].day == date(2027, 3, 28)


def test_who_begins_at_a_time_that_does_not_exist_goes_on_at_that_time() -> None:
    """Never an hour later: nobody has asked for that."""
    plan = Plan.beginning(date(2027, 3, 28), 150, BERLIN, 1)
    assert plan.skipped == datetime(2027, 3, 28, 2, 30)  # noqa: DTZ001  # there is no such instant
    assert Plan.of(plan.as_value()) == plan
    assert plan.minute(BERLIN) == 150
    found = plan.days(Repetition(times=3), BERLIN, MOST)
    assert shown(found, BERLIN) == ["none", "Sun 04 Apr 02:30", "Sun 11 Apr 02:30"]
    assert found[0].day == date(2027, 3, 28)


def test_a_day_that_is_skipped_as_a_whole_is_named_all_the_same() -> None:
    """Samoa had no 30 December 2011."""
    apia = ZoneInfo("Pacific/Apia")
    found = Plan.beginning(date(2011, 12, 30), 600, apia, 1).days(Repetition(times=2), apia, MOST)
    assert [one.day for one in found] == [date(2011, 12, 30), date(2012, 1, 6)]
    assert shown(found, apia) == ["none", "Fri 06 Jan 10:00"]


@given(
    st.sampled_from(ZONES),
    st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    st.integers(0, 1439),
    st.integers(1, 20),
)
def test_whenever_it_is_to_begin_all_of_it_is_at_that_time(
    name: str, day: date, minute: int, times: int
) -> None:
    zone = ZoneInfo(name)
    plan = Plan.beginning(day, minute, zone, 1)
    found = plan.days(Repetition(times=times), zone, MOST)
    assert [one.day for one in found] == [day + timedelta(weeks=number) for number in range(min(times, MOST))]
    walls = [local(one.start, zone) for one in found if one.start is not None]
    assert {wall.hour * 60 + wall.minute for wall in walls} <= {minute}
    assert plan.minute(zone) == minute


def test_of_an_hour_that_comes_twice_it_is_the_earlier() -> None:
    found = occurrences(at(BERLIN, "2026-10-18T02:30"), Repetition(times=2), BERLIN, MOST)
    assert found[1].start == at(BERLIN, "2026-10-25T02:30")


def test_who_begins_in_the_later_of_two_hours_stays_there() -> None:
    later = at(BERLIN, "2026-10-25T02:30", fold=1)
    assert occurrences(later, Repetition(times=2), BERLIN, MOST)[0].start == later


@pytest.mark.parametrize("every", [0, -1])
def test_a_series_that_does_not_go_on_is_refused(every: int) -> None:
    with pytest.raises(ValueError, match="one week or more"):
        occurrences(FROM, Repetition(every), BERLIN, MOST)


def said(every: int | None = None, times: int | None = None, until: str | None = None) -> dict[str, object]:
    return {"every": every, "times": times, "until": until}


@pytest.mark.parametrize(
    ("before", "now", "then"),
    [
        (None, said(1), Repetition(1)),
        (said(1), said(times=6), Repetition(1, 6)),
        (said(2), said(until="2026-05-31"), Repetition(2, None, date(2026, 5, 31))),
        (said(1, 6), said(2), Repetition(2, 6)),
        (said(2, 6), said(until="2026-05-31"), Repetition(2, None, date(2026, 5, 31))),
        (said(2, None, "2026-05-31"), said(times=4), Repetition(2, 4)),
        (said(1, 6), said(1, 1), None),
        (said(1, 6), None, Repetition(1, 6)),
        (None, None, None),
        (None, said(times=3), None),  # a mere number begins no series
    ],
)
def test_what_was_not_said_anew_stays(before: object, now: object, then: Repetition | None) -> None:
    assert repeated(before, now) == then  # type: ignore[arg-type]
    if then is not None:
        assert Repetition.of(then.as_value()) == then


def test_days_that_were_ruled_out_stay_so() -> None:
    once = repeated(Repetition(1, 6).as_value(), None, ["2026-03-17"])
    assert once
    again = repeated(once.as_value(), {"every": None, "times": 4}, ["2026-03-24", "nonsense", 3])
    assert again == Repetition(1, 4, without=frozenset({date(2026, 3, 17), date(2026, 3, 24)}))
    assert repeated(None, None, ["2026-03-17"]) is None


class TestPlan:
    DAYS = (
        Occurrence(date(2026, 3, 3), 1),
        Occurrence(date(2026, 3, 10), 2),
        Occurrence(date(2026, 3, 17), None),
        Occurrence(date(2026, 3, 24), 4),
    )

    def clashes(self, plan: Plan, free: set[int]) -> int | None:
        clash = plan.clash(self.DAYS, free)
        return None if clash is None else clash.day.day

    def test_one_after_the_other_is_settled(self) -> None:
        plan, free = Plan(1, 7), {1, 4, 40}
        assert self.clashes(plan, free) == 10
        plan = replace(plan, asked=date(2026, 3, 10)).settled(40)
        assert self.clashes(plan, free) == 17
        plan = replace(plan, asked=date(2026, 3, 17)).settled(None)
        assert self.clashes(plan, free) is None
        assert plan.starts(self.DAYS) == [1, 40, None, 4]
        assert Plan.of(plan.as_value()) == plan

    def test_what_has_become_taken_or_could_not_be_had_is_asked_about_again(self) -> None:
        plan = Plan(1, 7, {date(2026, 3, 10): 40, date(2026, 3, 17): None})
        assert self.clashes(plan, {1, 4}) == 10
        assert self.clashes(plan.without([4]), {1, 4, 40}) == 24
        assert self.clashes(plan.without([4]).without([1]), {1, 4, 40}) == 3

    def test_nothing_asked_settles_nothing(self) -> None:
        assert Plan(1, 7).settled(40) == Plan(1, 7)

    @pytest.mark.parametrize("value", [None, 3, {}, {"start": 1}, {"start": "1", "therapist": 2}])
    def test_anything_else_is_no_plan(self, value: object) -> None:
        assert Plan.of(value) is None  # type: ignore[arg-type]
