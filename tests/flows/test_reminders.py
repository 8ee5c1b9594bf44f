"""When reminders come, by the written rule."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flows.quiet import QuietHours
from flows.reminders import moments

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = QuietHours(21 * 60, 8 * 60, BERLIN)
USUAL = (24 * 60, 60)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp())


def due(starts: str, now: str, before: tuple[int, ...] = USUAL) -> dict[int, str]:
    found = moments(at(starts) // 60, before, at(now), NIGHT)
    return {minutes: f"{datetime.fromtimestamp(one, BERLIN):%a %H:%M}" for minutes, one in found.items()}


def test_a_day_and_an_hour_before() -> None:
    assert due("2026-03-05 10:00", "2026-03-02 09:00") == {1440: "Wed 10:00", 60: "Thu 09:00"}


def test_a_day_is_24_hours_also_when_the_clock_changes() -> None:
    assert due("2026-03-29 10:00", "2026-03-24 09:00") == {1440: "Sat 09:00", 60: "Sun 09:00"}


def test_none_for_what_is_booked_less_than_two_hours_before() -> None:
    assert due("2026-03-05 12:00", "2026-03-05 10:01", (30,)) == {}
    assert due("2026-03-05 12:00", "2026-03-05 10:00", (30,)) == {30: "Thu 11:30"}


def test_none_within_an_hour_of_the_confirmation() -> None:
    assert due("2026-03-05 12:00", "2026-03-04 11:01") == {60: "Thu 11:00"}
    assert due("2026-03-05 12:00", "2026-03-04 11:00") == {1440: "Wed 12:00", 60: "Thu 11:00"}


def test_what_falls_into_the_night_comes_on_the_evening_before_it() -> None:
    assert due("2026-03-05 08:30", "2026-03-02 09:00") == {1440: "Wed 08:30", 60: "Wed 20:55"}
    assert due("2026-03-05 07:00", "2026-03-02 09:00") == {1440: "Tue 20:55", 60: "Wed 20:55"}


def test_and_is_dropped_when_that_evening_is_over() -> None:
    assert due("2026-03-05 08:30", "2026-03-04 20:30") == {}


def test_two_reminders_never_come_at_once() -> None:
    assert due("2026-03-05 08:30", "2026-03-02 09:00", (600, 60)) == {600: "Wed 20:55"}


def test_a_practice_may_want_none() -> None:
    assert due("2026-03-05 10:00", "2026-03-02 09:00", ()) == {}
