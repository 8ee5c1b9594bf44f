"""Twilio goes wrong under whole bookings: nothing is lost and nothing comes twice."""

from __future__ import annotations

import pytest

from bench.faults import go_wrong
from tests.acceptance.conftest import MakeServer


@pytest.mark.timeout(300)
async def test_bookings_survive_a_twilio_that_goes_wrong(make_server: MakeServer) -> None:
    outcome = await go_wrong(make_server(), people=4, each=2, seed=7)
    assert outcome.good, str(outcome)
    assert outcome.booked
    assert outcome.faults
    assert not outcome.unknown


@pytest.mark.timeout(300)
async def test_where_nobody_can_know_nothing_is_sent_again_and_all_of_it_is_listed(
    make_server: MakeServer,
) -> None:
    outcome = await go_wrong(make_server(), people=3, each=1, seed=7, blind=True)
    assert outcome.good, str(outcome)
    assert outcome.unknown
    assert outcome.resent == outcome.resent_urgent
