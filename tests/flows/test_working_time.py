"""When somebody works, against oracles that look at every single minute, in many time zones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.slots import Shape, Window, free_starts, instant, local
from flows.working_time import is_holiday, working_time
from storage.practice import DatedHours, Therapist, TimeOff, WeeklyHours

BERLIN = ZoneInfo("Europe/Berlin")
REGIONS = {
    "Africa": "Cairo Casablanca",
    "America": "Asuncion Chicago Havana Los_Angeles Nuuk New_York Santiago Sao_Paulo St_Johns Toronto",
    "Antarctica": "Troll",
    "Asia": "Beirut Gaza Jerusalem Kathmandu Kolkata Tehran Tokyo",
    "Atlantic": "Azores",
    "Australia": "Adelaide Brisbane Lord_Howe Sydney",
    "Europe": "Berlin Chisinau Dublin Helsinki Istanbul Kyiv Lisbon London Madrid Moscow",
    "Pacific": "Apia Auckland Chatham Easter Kiritimati Norfolk",
}
ZONES = ["UTC", *(f"{region}/{city}" for region, cities in REGIONS.items() for city in cities.split())]


THERAPIST = Therapist(code="t", name="T", zone="UTC", address="chat:t", offers=(), hours=())
"""With nothing to do as yet."""


def weekly(hours: list[tuple[int, int, int]]) -> Therapist:
    return replace(THERAPIST, hours=tuple(WeeklyHours(*stretch) for stretch in hours))


def windows(therapist: Therapist, zone: ZoneInfo, first: date, days: int) -> Sequence[Window]:
    return working_time(replace(therapist, zone=zone.key), "individual", "in-call", first, days)


def minutes_of(windows_found: Iterable[Window]) -> set[int]:
    return {minute for start, end in windows_found for minute in range(start, end)}


@cache
def clock_changes(zone: ZoneInfo, year: int) -> list[date]:
    """The local days of a year on which the offset changes, found by looking at every quarter of an hour."""
    at = datetime(year, 1, 1, tzinfo=UTC)
    found: list[date] = []
    offset = at.astimezone(zone).utcoffset()
    while at.year == year:
        at += timedelta(minutes=15)
        if (now := at.astimezone(zone).utcoffset()) != offset:
            offset = now
            found.append(at.astimezone(zone).date())
    return found


def working_minutes(hours: list[tuple[int, int, int]], zone: ZoneInfo, first: date, days: int) -> set[int]:
    """Every minute, one by one through UTC, whose wall clock lies within the hours of its day."""
    at = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=2)
    found: set[int] = set()
    for minute in range(int(at.timestamp()) // 60, int(at.timestamp()) // 60 + (days + 4) * 1440):
        wall = datetime.fromtimestamp(minute * 60, zone)
        of_day = wall.hour * 60 + wall.minute
        if first <= wall.date() < first + timedelta(days=days) and any(
            wall.weekday() == weekday and start <= of_day < end for weekday, start, end in hours
        ):
            found.add(minute)
    return found


def test_there_are_enough_zones_and_enough_of_them_change_their_clocks() -> None:
    assert len(ZONES) >= 40
    assert sum(1 for zone in ZONES if clock_changes(ZoneInfo(zone), 2025)) >= 25


@pytest.mark.parametrize("name", ZONES)
def test_working_time_across_clock_changes_is_the_time_that_passes(name: str) -> None:
    zone = ZoneInfo(name)
    days = clock_changes(zone, 2025) or [date(2025, 6, 1)]
    for day in days:
        first = day - timedelta(days=1)
        every_day = [(weekday, 0, 1440) for weekday in range(7)]
        assert minutes_of(windows(weekly(every_day), zone, first, 3)) == working_minutes(
            every_day, zone, first, 3
        )
        office = [(weekday, 6 * 60, 20 * 60) for weekday in range(7)]
        assert minutes_of(windows(weekly(office), zone, first, 3)) == working_minutes(office, zone, first, 3)


@pytest.mark.parametrize("name", ZONES)
def test_the_first_instant_of_a_local_time_is_found_by_stepping_too(name: str) -> None:
    zone = ZoneInfo(name)
    for day in clock_changes(zone, 2025) or [date(2025, 6, 1)]:
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        begin = int((midnight - timedelta(hours=15)).timestamp()) // 60
        walls = [datetime.fromtimestamp((begin + step) * 60, zone) for step in range(49 * 60)]
        for minute in range(0, 1440, 10):
            wanted = (day, minute)
            # The first minute whose wall clock shows that time or, where it is skipped, a later one.
            found = next(
                begin + step
                for step, wall in enumerate(walls)
                if (wall.date(), wall.hour * 60 + wall.minute) >= wanted
            )
            assert instant(day, minute, zone) == found, f"{day} {minute // 60:02}:{minute % 60:02}"


def test_a_whole_day_that_was_skipped_has_no_working_time() -> None:
    apia = ZoneInfo("Pacific/Apia")  # 30 December 2011 never was
    friday = [(date(2011, 12, 30).weekday(), 9 * 60, 17 * 60)]
    assert windows(weekly(friday), apia, date(2011, 12, 30), 1) == ()


@pytest.mark.parametrize(
    ("day", "start", "end", "minutes"),
    [
        (date(2025, 3, 30), 120, 150, 0),  # 02:00-02:30 does not exist
        (date(2025, 3, 30), 60, 240, 120),
        (date(2025, 3, 30), 0, 1440, 23 * 60),
        (date(2025, 10, 26), 0, 360, 420),
        (date(2025, 10, 26), 0, 1440, 25 * 60),
        (date(2025, 7, 1), 0, 1440, 24 * 60),
    ],
)
def test_known_lengths_of_working_time_in_berlin(day: date, start: int, end: int, minutes: int) -> None:
    found = windows(weekly([(day.weekday(), start, end)]), BERLIN, day, 1)
    assert sum(window.end - window.start for window in found) == minutes


def test_a_night_shift_is_one_window() -> None:
    day = date(2025, 7, 1)
    late, early = (1, 23 * 60 + 30, 1440), (2, 0, 30)
    (window,) = windows(weekly([late, early]), BERLIN, day, 2)
    assert window.end - window.start == 60
    begins = list(free_starts([window], [], Shape(60), window.start, window.end))
    assert [local(begin, BERLIN).strftime("%H:%M") for begin in begins] == ["23:30"]


def test_hours_may_run_past_midnight() -> None:
    day = date(2025, 7, 1)
    (past,) = windows(weekly([(1, 23 * 60 + 30, 1440 + 30)]), BERLIN, day, 1)
    assert local(past.end, BERLIN).strftime("%a %H:%M") == "Wed 00:30"


def test_overlapping_hours_count_once() -> None:
    day = date(2025, 7, 1)
    (one,) = windows(weekly([(1, 540, 720), (1, 600, 780), (1, 780, 800)]), BERLIN, day, 1)
    assert one.end - one.start == 800 - 540


def test_a_date_counts_instead_of_its_weekday() -> None:
    day = date(2026, 12, 24)  # a Thursday
    usual = weekly([(3, 540, 720), (4, 540, 720)])
    short = replace(usual, dates=(DatedHours("2026-12-24", 600, 660),))
    closed = replace(usual, dates=(DatedHours("2026-12-24", 0, 0),))
    assert [window.end - window.start for window in windows(short, BERLIN, day, 2)] == [60, 180]
    assert [window.end - window.start for window in windows(closed, BERLIN, day, 2)] == [180]


def test_a_date_may_have_hours_where_its_weekday_has_none() -> None:
    saturday = replace(THERAPIST, dates=(DatedHours("2026-03-07", 600, 660),))
    (window,) = windows(saturday, BERLIN, date(2026, 3, 6), 3)
    assert local(window.start, BERLIN).strftime("%a %H:%M") == "Sat 10:00"


def test_hours_for_one_service_or_one_way_to_meet_are_for_no_other() -> None:
    day = date(2026, 3, 2)
    hours = (
        WeeklyHours(0, 540, 600),
        WeeklyHours(0, 600, 660, service="couples"),
        WeeklyHours(0, 660, 720, service_type="home visit"),
        WeeklyHours(0, 720, 780, service="couples", service_type="home visit"),
    )
    therapist = replace(THERAPIST, hours=hours)

    def worked(service: str, kind: str) -> list[tuple[int, int]]:
        midnight = instant(day, 0, ZoneInfo("UTC"))
        found = working_time(therapist, service, kind, day, 1)
        return [(start - midnight, end - midnight) for start, end in found]

    assert worked("individual", "in-call") == [(540, 600)]
    assert worked("couples", "in-call") == [(540, 660)]
    assert worked("individual", "home visit") == [(540, 600), (660, 720)]
    assert worked("couples", "home visit") == [(540, 780)]


def test_a_date_for_one_service_alone_is_closed_for_the_others() -> None:
    day = date(2026, 3, 2)
    dates = (DatedHours("2026-03-02", 600, 660, service="couples"),)
    therapist = replace(weekly([(0, 540, 720)]), dates=dates)
    assert working_time(therapist, "individual", "in-call", day, 1) == ()
    assert len(working_time(therapist, "couples", "in-call", day, 1)) == 1


def test_time_off_is_cut_out_of_hours_and_of_dates() -> None:
    day = date(2026, 3, 2)
    off = (TimeOff("2026-03-02", 600, "2026-03-02", 660), TimeOff("2026-03-03", 0, "2026-03-04", 1440))
    therapist = replace(weekly([(weekday, 540, 720) for weekday in range(4)]), off=off)
    found = windows(therapist, BERLIN, day, 4)
    assert [window.end - window.start for window in found] == [60, 60, 180]


def test_public_holidays_are_closed_unless_a_date_says_otherwise() -> None:
    therapist = replace(weekly([(weekday, 540, 720) for weekday in range(7)]), holidays="DE")
    may = date(2026, 5, 1)
    assert windows(therapist, BERLIN, may, 1) == ()
    assert len(windows(replace(therapist, dates=(DatedHours("2026-05-01", 540, 600),)), BERLIN, may, 1)) == 1


def test_a_region_has_holidays_of_its_own() -> None:
    corpus_christi = date(2026, 6, 4)
    assert is_holiday(corpus_christi, "DE-BY")
    assert not is_holiday(corpus_christi, "DE-BE")


# Outside the hours that some zone repeats: of a time that comes twice, the first is meant.
clock = st.sampled_from([0, *range(5 * 60, 23 * 60, 15), 1440])
stretches = st.tuples(clock, clock).filter(lambda pair: pair[0] < pair[1])


@settings(max_examples=40, deadline=None)
@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    which=st.integers(0, 3),
    hours=st.lists(st.tuples(st.integers(0, 6), stretches), max_size=6),
    dated=st.lists(st.tuples(st.integers(0, 3), stretches), max_size=3),
    closed=st.sets(st.integers(0, 3), max_size=1),
    off=st.lists(st.tuples(st.integers(0, 3), clock, st.integers(0, 2), clock), max_size=3),
)
def test_working_time_is_that_of_an_oracle_that_asks_at_every_minute(
    zone: ZoneInfo,
    which: int,
    hours: list[tuple[int, tuple[int, int]]],
    dated: list[tuple[int, tuple[int, int]]],
    closed: set[int],
    off: list[tuple[int, int, int, int]],
) -> None:
    changes = clock_changes(zone, 2025) or [date(2025, 6, 1)]
    first = changes[which % len(changes)] - timedelta(days=1)
    days = [first + timedelta(days=number) for number in range(6)]
    therapist = replace(
        THERAPIST,
        hours=tuple({WeeklyHours(weekday, *stretch) for weekday, stretch in hours}),
        dates=tuple(
            {DatedHours(str(days[number]), *stretch) for number, stretch in dated if number not in closed}
            | {DatedHours(str(days[number]), 0, 0) for number in closed}
        ),
        off=tuple(
            TimeOff(str(days[number]), since, str(days[number + more]), until)
            for number, since, more, until in off
            if more or since < until
        ),
    )
    assert minutes_of(windows(therapist, zone, first, 4)) == {
        minute for minute, wall in wall_clocks(zone, days[0], 4) if works(therapist, wall)
    }


@cache
def wall_clocks(zone: ZoneInfo, first: date, days: int) -> list[tuple[int, datetime]]:
    """Every minute of some local days, found by stepping through UTC."""
    begin = (
        int((datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=2)).timestamp()) // 60
    )
    stepped = (
        (minute, datetime.fromtimestamp(minute * 60, zone))
        for minute in range(begin, begin + (days + 4) * 1440)
    )
    return [(minute, wall) for minute, wall in stepped if first <= wall.date() < first + timedelta(days=days)]


def works(therapist: Therapist, wall: datetime) -> bool:
    """Whether somebody works while the wall shows this: read off the rules, one after the other."""
    of_day, today = wall.hour * 60 + wall.minute, wall.date().isoformat()
    for gap in therapist.off:
        if (gap.first_day, gap.from_minute) <= (today, of_day) < (gap.last_day, gap.until_minute):
            return False
    if any(one.day == today for one in therapist.dates):
        return any(
            one.day == today and one.from_minute <= of_day < one.until_minute for one in therapist.dates
        )
    return any(
        one.weekday == wall.weekday() and one.from_minute <= of_day < one.until_minute
        for one in therapist.hours
    )
