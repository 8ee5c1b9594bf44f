"""Which clock somebody goes by, as far as their number tells."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from flows.clocks import clocks, shares_clock, zones_of_number
from flows.slots import local

MINUTES = st.integers(28_000_000, 30_000_000)
BERLIN = ZoneInfo("Europe/Berlin")


def test_a_number_tells_where_it_may_be() -> None:
    assert zones_of_number("whatsapp:+12125550123") == ("America/New_York",)
    assert "Atlantic/Canary" in zones_of_number("whatsapp:+34600000001")
    assert zones_of_number("chat:ana") == zones_of_number("whatsapp:US.13491208655302741918") == ()


@given(MINUTES)
def test_every_clock_is_shown_once_and_by_its_zone(minute: int) -> None:
    zones = zones_of_number("whatsapp:+61412345678")
    found = clocks(zones, minute)
    assert {f"{local(minute, ZoneInfo(one)):%H:%M}" for one in zones} == found.keys()
    assert all(f"{local(minute, ZoneInfo(zone)):%H:%M}" == shown for shown, zone in found.items())


@given(MINUTES)
def test_who_may_see_the_same_clock_is_taken_for_seeing_it(minute: int) -> None:
    assert shares_clock((), BERLIN, minute)
    assert shares_clock(("Atlantic/Canary", "Europe/Madrid"), BERLIN, minute)
    assert not shares_clock(("Atlantic/Canary",), BERLIN, minute)
