"""Whatever is posted to the webhooks, the server answers, and goes on serving everybody."""

from __future__ import annotations

import pytest

from bench.fuzz import fuzz
from tests.acceptance.conftest import MakeServer

REQUESTS = 500


@pytest.mark.timeout(300)
async def test_no_request_breaks_the_door_or_gets_anybody_stuck(make_server: MakeServer) -> None:
    outcome = await fuzz(make_server(), REQUESTS, seed=7)
    assert outcome.good, str(outcome)
    assert outcome.statuses.total() == REQUESTS
    assert {200, 204, 400, 403} <= outcome.statuses.keys()
