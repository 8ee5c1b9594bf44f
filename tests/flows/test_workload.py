"""How many appointments there are on a day and in a week."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from flows.workload import Workload, week_of
from storage.appointments import Taken
from storage.practice import Therapist

AUCKLAND = ZoneInfo("Pacific/Auckland")
MIA = Therapist(
    id=1,
    code="mia",
    name="Mia",
    zone=AUCKLAND.key,
    address="chat:m",
    offers=(),
    hours=(),
    most_a_day=2,
    most_a_week=3,
)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=AUCKLAND).timestamp()) // 60


def taken(start: str, appointment: int) -> Taken:
    return Taken(1, at(start), at(start) + 60, appointment, at(start))


def test_days_are_the_therapists_own() -> None:
    """Monday 23:00 and Tuesday 00:30 in Auckland are one day in UTC."""
    load = Workload(
        MIA, [taken("2026-03-02T22:00", 1), taken("2026-03-02T23:00", 2), taken("2026-03-03T00:30", 3)]
    )
    assert load.of_week(at("2026-03-02T08:00")) is None
    assert load.of_week(at("2026-03-10T08:00")) == 0
    other_day = Workload(replace(MIA, most_a_week=None), [taken("2026-03-03T00:30", 3)])
    assert other_day.of_week(at("2026-03-02T08:00")) == 1


def test_weeks_begin_on_monday() -> None:
    load = Workload(MIA, [taken(f"2026-03-0{day}T10:00", day) for day in (2, 4, 8)])
    assert load.of_week(at("2026-03-06T10:00")) is None
    assert load.of_week(at("2026-03-09T00:00")) is not None


def test_an_appointment_counts_once_however_many_times_are_proposed() -> None:
    load = Workload(
        MIA, [taken("2026-03-02T10:00", 1), taken("2026-03-02T12:00", 1), taken("2026-03-04T12:00", 1)]
    )
    assert load.of_week(at("2026-03-02T15:00")) is not None
    assert load.of_week(at("2026-03-02T15:00")) == 1


def test_what_is_blocked_does_not_count() -> None:
    load = Workload(MIA, [taken("2026-03-02T10:00", 0)])
    assert load.of_week(at("2026-03-02T15:00")) == 0


def test_a_week_in_which_the_clocks_change_is_an_hour_longer() -> None:
    first, last = week_of(at("2026-04-04T10:00"), AUCKLAND)
    assert last - first == (7 * 24 + 1) * 60
    assert (first, last) == (at("2026-03-30T00:00"), at("2026-04-06T00:00"))
