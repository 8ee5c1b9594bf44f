"""Steps that give somebody the address of their private calendar feed."""

from __future__ import annotations

from engine.ports import Outcome
from flows.booking_turn import BookingTurn
from flows.registry import step
from storage.store import Transaction


@step("given", tells=("link",))
async def give_calendar_link(turn: BookingTurn, tx: Transaction) -> Outcome:
    """The address as it was given before, or a first one."""
    version = await tx.calendar_links.begin(turn.person_id)
    return Outcome("given", tells={"link": turn.calendars.of(turn.person_id, version)})


@step("given", tells=("link",))
async def renew_calendar_link(turn: BookingTurn, tx: Transaction) -> Outcome:
    """A new address; who has the one of before sees nothing more."""
    version = await tx.calendar_links.renew(turn.person_id)
    return Outcome("given", tells={"link": turn.calendars.of(turn.person_id, version)})
