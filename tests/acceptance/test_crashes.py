"""The server is killed under load again and again: nothing is lost, nothing happens twice."""

from __future__ import annotations

import pytest

from bench.crashes import crash
from tests.acceptance.conftest import MakeServer

KILLS = 3


@pytest.mark.timeout(300)
async def test_kill_9_at_random_moments_loses_nothing_and_repeats_nothing(make_server: MakeServer) -> None:
    outcome = await crash(make_server(), KILLS, seed=7)
    assert outcome.good, str(outcome)
    assert outcome.kills == KILLS
    assert outcome.booked
    assert outcome.answered > KILLS
