"""How other schedulers have got the time wrong, each as a test that it does not happen here.

The names are those of a list of failures that users have reported. The seventh is a scenario.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from flows.free_times import Search, free_times
from flows.practice import PracticeBook
from flows.series import Repetition, occurrences
from flows.slots import Busy, Shape, Window, free_starts, instant, local
from flows.wording import in_full
from flows.working_time import working_time
from storage.appointments import Taken
from storage.practice import DatedHours, Practice, PracticeData, Service, Therapist, WeeklyHours

NEW_YORK = "America/New_York"
EVERY_DAY = tuple(WeeklyHours(weekday, 9 * 60, 12 * 60) for weekday in range(7))
MIA = Therapist(code="mia", name="Mia", zone=NEW_YORK, address="chat:m", offers=(), hours=EVERY_DAY, id=1)
PRACTICE = Practice(
    name="P",
    zone="Europe/Berlin",
    language="en",
    minimum_notice_minutes=0,
    horizon_days=60,
    hold_minutes=10,
    answer_within_minutes=60,
    start_every_minutes=60,
    buffer_minutes=0,
    acknowledge_within_minutes=10,
)


def hours(therapist: Therapist, day: date, days: int = 1) -> list[Window]:
    return list(working_time(therapist, "talk", "in-call", day, days))


def at(zone: str, text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) // 60


def found(therapist: Therapist, low: int, high: int, *taken: Taken) -> list[int]:
    service = Service(code="talk", title="Talking", about="", minutes=60)
    book = PracticeBook(PracticeData(practice=PRACTICE, services=(service,), therapists=(therapist,)))
    return sorted(free_times(book, Search((therapist,), "talk", "in-call", client=9), taken, low, high))


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("America/New_York", date(2026, 3, 8)),
        ("America/New_York", date(2026, 11, 1)),
        ("Europe/Berlin", date(2026, 3, 29)),
        ("Europe/Berlin", date(2026, 10, 25)),
        ("America/Santiago", date(2026, 4, 4)),
        ("America/Santiago", date(2026, 9, 6)),
    ],
)
def test_b1_around_a_clock_change_people_begin_at_the_same_local_time(zone: str, change: date) -> None:
    windows = hours(replace(MIA, zone=zone), change - timedelta(days=7), 14)
    assert {f"{local(window.start, ZoneInfo(zone)):%H:%M}" for window in windows} == {"09:00"}
    assert len(windows) == 14


def test_b2_a_time_in_summer_is_told_in_summer_time_though_it_is_winter_now() -> None:
    now, summer = at("Europe/Berlin", "2026-02-02T09:00"), at("UTC", "2026-07-06T07:00")
    assert in_full(summer, ZoneInfo("Europe/Berlin"), "en", now) == "Monday 6 July, 09:00"


def test_b3_an_hour_that_does_not_exist_is_not_the_next_hour() -> None:
    night = replace(MIA, hours=(WeeklyHours(6, 120, 150),))
    assert hours(night, date(2026, 3, 8)) == []


def test_b4_an_hour_that_comes_twice_can_be_booked_twice() -> None:
    night = replace(MIA, hours=(WeeklyHours(6, 0, 360),))
    (window,) = hours(night, date(2026, 11, 1))
    assert window.end - window.start == 420
    first = at(NEW_YORK, "2026-11-01T01:00")
    free = list(free_starts([window], [Busy(first, first + 60)], Shape(60, every=60), 0, window.end))
    shown = [f"{local(start, ZoneInfo(NEW_YORK)):%H:%M %z}" for start in free]
    assert shown == ["00:00 -0400", "01:00 -0500", "02:00 -0500", "03:00 -0500", "04:00 -0500", "05:00 -0500"]


def test_b5_a_date_is_the_therapists_local_one() -> None:
    auckland = replace(MIA, zone="Pacific/Auckland", dates=(DatedHours("2026-03-05", 0, 0),))
    days = [
        local(window.start, ZoneInfo("Pacific/Auckland")).day
        for window in hours(auckland, date(2026, 3, 3), 4)
    ]
    assert days == [3, 4, 6]


def test_b6_what_is_booked_stays_when_its_therapist_changes_the_zone() -> None:
    start = at(NEW_YORK, "2026-03-05T10:00")
    booked = Taken(MIA.id, start, start + 60, appointment=1, starts_at=start)
    for zone in (NEW_YORK, "Asia/Tokyo", "UTC"):
        free = found(replace(MIA, zone=zone), start - 2 * 1440, start + 2 * 1440, booked)
        assert free
        assert not [one for one in free if abs(one - start) < 60]


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Asia/Kathmandu", "Australia/Adelaide", "America/St_Johns"])
def test_b8_a_zone_may_be_half_an_hour_off(zone: str) -> None:
    free = found(replace(MIA, zone=zone), at(zone, "2026-03-05T00:00"), at(zone, "2026-03-05T23:59"))
    assert [f"{local(start, ZoneInfo(zone)):%H:%M}" for start in free] == ["09:00", "10:00", "11:00"]


@pytest.mark.parametrize(
    "zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Lisbon", "Asia/Kathmandu"]
)
def test_b9_a_quarter_past_midnight_is_on_its_weekday_everywhere(zone: str) -> None:
    night = replace(MIA, zone=zone, hours=(WeeklyHours(2, 15, 75),))
    windows = hours(night, date(2026, 3, 1), 35)
    assert [f"{local(window.start, ZoneInfo(zone)):%a %H:%M}" for window in windows] == ["Wed 00:15"] * 5


@pytest.mark.parametrize(
    "zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Lisbon", "Asia/Kathmandu"]
)
def test_b9_a_series_keeps_its_weekday_everywhere(zone: str) -> None:
    found = occurrences(at(zone, "2026-03-04T00:15"), Repetition(times=6), ZoneInfo(zone), 12)
    starts = [one.start for one in found if one.start is not None]
    assert [f"{local(start, ZoneInfo(zone)):%a %H:%M}" for start in starts] == ["Wed 00:15"] * 6


@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_b10_today_is_the_therapists_today(hour: int) -> None:
    """Somewhere it is always another date than in UTC."""
    now = int(datetime(2026, 3, 4, hour, tzinfo=UTC).timestamp()) // 60
    for zone in ("Pacific/Auckland", "America/Los_Angeles", "UTC"):
        today = local(now, ZoneInfo(zone)).date()
        still = [instant(today, minute, ZoneInfo(zone)) for minute in (540, 600, 660)]
        midnight = instant(today + timedelta(days=1), 0, ZoneInfo(zone))
        assert found(replace(MIA, zone=zone), now, midnight - 1) == [start for start in still if start >= now]
