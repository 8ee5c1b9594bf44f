"""No more appointments on a day than a therapist takes, however many clients want one at the same moment."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from engine.events import Heard
from storage.appointments import ACTIVE
from tests.scenarios.stage import Stage

WISHES = ("tuesday at 9am", "tuesday at 10:30", "tuesday at 9:30", "tuesday at 11am", "tuesday at 10am")
MOST = 2


@pytest.mark.parametrize("database", ["sqlite_stage", "mariadb_stage"])
def test_a7_the_most_a_day_holds_under_race(database: str, request: pytest.FixtureRequest) -> None:
    stage: Stage = request.getfixturevalue(database)
    for _ in range(3):
        stage.clear("clinic", "2026-03-02 07:00")
        assert stage.do(_everybody_at_once(stage)) == MOST


async def _everybody_at_once(stage: Stage) -> int:
    """How many hold a time after all have asked for one, each at another hour."""
    one, other = stage.products
    for number, wish in enumerate(WISHES):
        said = Heard(
            key=f"a7:{uuid.uuid4()}",
            flow="client",
            address=f"chat:{number}",
            kind="text",
            at=stage.clock(),
            text=f"in-call individual therapy {wish}",
        )
        await one.storage.inbox.put(said)
    await asyncio.gather(one.settle(), other.settle())
    return sum(found.status in ACTIVE for found in await one.storage.appointments.all())
