"""Free times against oracles that look at every single minute, in many time zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.slots import Busy, Shape, Window, free_starts, instant, local, windows

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


def minutes_of(windows_found: list[Window]) -> set[int]:
    return {minute for start, end in windows_found for minute in range(start, end)}


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
        assert minutes_of(windows(every_day, zone, first, 3)) == working_minutes(every_day, zone, first, 3)
        office = [(weekday, 6 * 60, 20 * 60) for weekday in range(7)]
        assert minutes_of(windows(office, zone, first, 3)) == working_minutes(office, zone, first, 3)


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
    assert windows(friday, apia, date(2011, 12, 30), 1) == []


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
    found = windows([(day.weekday(), start, end)], BERLIN, day, 1)
    assert sum(window.end - window.start for window in found) == minutes


def test_a_night_shift_is_one_window() -> None:
    day = date(2025, 7, 1)
    late, early = (1, 23 * 60 + 30, 1440), (2, 0, 30)
    (window,) = windows([late, early], BERLIN, day, 2)
    assert window.end - window.start == 60
    begins = list(free_starts([window], [], Shape(60), window.start, window.end))
    assert [local(begin, BERLIN).strftime("%H:%M") for begin in begins] == ["23:30"]


def test_hours_may_run_past_midnight() -> None:
    day = date(2025, 7, 1)
    (past,) = windows([(1, 23 * 60 + 30, 1440 + 30)], BERLIN, day, 1)
    assert local(past.end, BERLIN).strftime("%a %H:%M") == "Wed 00:30"


def test_overlapping_hours_count_once() -> None:
    day = date(2025, 7, 1)
    (one,) = windows([(1, 540, 720), (1, 600, 780), (1, 780, 800)], BERLIN, day, 1)
    assert one.end - one.start == 800 - 540


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
    """Those that neither overlap nor touch, as `windows` promises them."""
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
