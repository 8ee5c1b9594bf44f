"""Steps that keep whether somebody came: by the clock, and by what the therapist says."""

from __future__ import annotations

from engine.ports import Outcome
from flows.booking_turn import BookingTurn, number
from flows.lives import record
from flows.registry import step
from flows.steps.approval import NEWS
from storage.appointments import Appointment
from storage.lifecycle import COMPLETE, MISS
from storage.store import Transaction


@step("completed", "otherwise")
async def complete_appointment(turn: BookingTurn, tx: Transaction) -> Outcome:
    """An appointment is over: it took place, as long as nobody says otherwise."""
    told = number(turn.data.get("appointment"))
    found = await tx.appointments.get(told) if told is not None else None
    is_due = found is not None and found.status == "confirmed" and found.ends_at <= turn.minute
    if found is None or not is_due or not await tx.calendar.move_on(found.id, COMPLETE, turn.now):
        return Outcome("otherwise")
    return Outcome("completed")


@step("noted", "too_early", "unknown", tells=(*NEWS, "record"))
async def note_no_show(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Keep that a client did not come, and tell how often that has been so lately."""
    found = await _own(turn, tx)
    if found is None:
        return Outcome("unknown")
    if found.starts_at > turn.minute:
        return Outcome("too_early", tells=turn.news(found))
    if not await tx.calendar.move_on(found.id, MISS, turn.now):
        return Outcome("unknown")
    return Outcome("noted", tells={**turn.news(found), "record": await record(turn, tx, found.client)})


@step("noted", "unknown", tells=NEWS)
async def note_came(turn: BookingTurn, tx: Transaction) -> Outcome:
    """They came after all."""
    found = await _own(turn, tx)
    began = found is not None and found.starts_at <= turn.minute
    if found is None or not began or not await tx.calendar.move_on(found.id, COMPLETE, turn.now):
        return Outcome("unknown")
    return Outcome("noted", tells=turn.news(found))


async def _own(turn: BookingTurn, tx: Transaction) -> Appointment | None:
    wanted = number(turn.data.get("request"))
    found = await tx.appointments.get(wanted) if wanted is not None else None
    return found if found and found.therapist.id == turn.person_id else None
