"""What follows from where a practice is."""

from __future__ import annotations

from zoneinfo import available_timezones

import pytest

from flows.practice import MONTH_FIRST, day_first


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "Europe/London", "Asia/Kolkata", "America/Sao_Paulo", "UTC"]
)
def test_dates_in_figures_begin_with_the_day(zone: str) -> None:
    assert day_first(zone)


@pytest.mark.parametrize(
    "zone", ["America/New_York", "US/Pacific", "America/Indiana/Knox", "Pacific/Honolulu"]
)
def test_in_the_united_states_they_begin_with_the_month(zone: str) -> None:
    assert not day_first(zone)


def test_every_zone_named_exists() -> None:
    assert available_timezones() >= MONTH_FIRST
