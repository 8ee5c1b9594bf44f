"""What each turn of a booking asks of the database, so that it cannot grow unseen."""

from __future__ import annotations

import uuid

from app.parties import address_of
from app.wiring import Product
from engine.events import Heard
from tests.scenarios.stage import Stage

BARE = 2
"""There: take the message, lock and read. And back: save, owe, journal, commit. What every turn costs."""
MOST = 8

STORY = (
    ("client:Ana", "hi", [BARE + 1]),  # once: the person and the conversation are made
    ("client:Ana", "hi", [BARE]),
    ("client:Ana", "I want to book an appointment", [BARE]),
    ("client:Ana", "in-call", [BARE]),
    ("client:Ana", "individual therapy", [BARE + 2]),  # looks whose client Ana is, and when they are free
    ("client:Ana", "1", [BARE + 4]),
    ("client:Ana", "friday at 9am", [BARE + 6]),  # looks, and exchanges one hold for another
    # What does Ana wait for? And there: the conversation begins; how reliable is Ana?
    ("client:Ana", "yes", [BARE + 3, BARE + 3]),
    ("therapist:anna", "approve 2", [BARE + 2, BARE]),
    ("client:Ana", "in-call individual therapy thursday at 9am", [BARE + 6]),
    ("client:Ana", "my appointments", [BARE + 2]),  # and what Ana waits for
    ("client:Ana", "no", [BARE + 2]),  # gives the time back; does anybody wait for it?
    ("client:Ana", "cancel my appointment", [BARE + 2]),  # is it being moved?
    ("client:Ana", "yes", [BARE + 3, BARE + 2]),  # likewise, and again
)

SERIES = (
    ("client:Ana", "in-call individual therapy with anna every tuesday at 3pm for two weeks", [10]),
    ("client:Ana", "every tuesday at 3pm for six weeks", [19]),  # two for each, beside looking and letting go
    ("client:Ana", "yes", [7, 7]),
    ("therapist:anna", "approve", [6, 2]),  # as a whole
    ("client:Ana", "my appointments", [4]),
)


def test_a_series_costs_little_more(sqlite_stage: Stage) -> None:
    sqlite_stage.clear()
    found = [
        (who, text, sqlite_stage.do(_costs(sqlite_stage.products[0], who, text))) for who, text, _ in SERIES
    ]
    assert found == list(SERIES)


def test_no_turn_of_a_booking_grows(sqlite_stage: Stage) -> None:
    sqlite_stage.clear()
    found = [
        (who, text, sqlite_stage.do(_costs(sqlite_stage.products[0], who, text))) for who, text, _ in STORY
    ]
    assert found == list(STORY)
    assert all(cost <= MOST for _, _, costs in found for cost in costs)


async def _costs(product: Product, who: str, text: str) -> list[int]:
    """Round trips of the turn with which this is heard, then of each that follows from it."""
    party = address_of(who, product.practice())
    heard = Heard(
        key=f"cost:{uuid.uuid4()}",
        flow=party.flow,
        address=party.address,
        kind="text",
        at=product.clock(),
        text=text,
    )
    await product.storage.inbox.put(heard)
    costs = []
    while waiting := await product.storage.inbox.waiting(1):
        before = product.storage.round_trips
        assert await product.turns.take(waiting[0])
        costs.append(product.storage.round_trips - before)
    return costs
