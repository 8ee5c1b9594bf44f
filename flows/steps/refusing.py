"""Steps with which a therapist refuses a request or calls an appointment off, and says why if they like."""

from __future__ import annotations

from engine.errors import TurnFailed
from engine.ports import Outcome, Recipient
from flows.booking_turn import BookingTurn, number
from flows.registry import step
from flows.steps.approval import NEWS
from flows.texts import line
from storage.appointments import Appointment
from storage.lifecycle import CALL_OFF, DECLINE, Move
from storage.store import Transaction

LONGEST_REASON = 500
"""Characters of a reason that are passed on: what it is part of has to fit into one message."""


@step("noted", remembers=("reason",))
async def note_reason(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Keep the therapist's own words for the client."""
    return Outcome("noted", remembers={"reason": turn.moment.heard.text.strip()[:LONGEST_REASON]})


@step(
    "declined",
    "answered_before",
    tells=NEWS,
    remembers=("reason",),
    reaches="client",
    signals={"declined": "declined"},
)
async def refuse_request(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Decline the request that was read out."""
    request = await _own(turn, tx, turn.remembered_number("request"))
    if request is None:
        raise TurnFailed("The request that is to be declined is not one of this therapist's.")
    return await _end(turn, tx, request, DECLINE, "declined")


@step("one", "is_request", "over", "unknown", remembers=("request", "summary", "reason"))
async def find_to_call_off(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Find out which appointment a therapist does not keep. `is_request`: it has not been approved yet."""
    found = await _own(turn, tx, number(turn.data.get("request")))
    if found is None or found.status == "held":
        return Outcome("unknown")
    if found.status == "pending":
        return Outcome("is_request")
    if found.status not in CALL_OFF.frm or found.starts_at <= turn.minute:
        return Outcome("over")
    summary = line("request_line", **turn.news(found))
    return Outcome("one", remembers={"request": found.id, "summary": summary, "reason": None})


@step(
    "called_off",
    "answered_before",
    tells=NEWS,
    remembers=("reason",),
    reaches="client",
    signals={"called_off": "called_off"},
)
async def call_off(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Cancel the appointment that was read out; no policy of clients binds a therapist."""
    found = await _own(turn, tx, turn.remembered_number("request"))
    if found is None:
        raise TurnFailed("The appointment that is to be called off is not one of this therapist's.")
    return await _end(turn, tx, found, CALL_OFF, "called_off")


async def _end(turn: BookingTurn, tx: Transaction, one: Appointment, move: Move, ended: str) -> Outcome:
    reason = turn.remembered_text("reason")
    if not await tx.calendar.move_on(one.id, move, turn.now, reason=reason):
        return Outcome("answered_before", tells=turn.news(one), remembers={"reason": None})
    client = Recipient("client", one.client.address)
    return Outcome(
        ended, tells=turn.news(one), remembers={"reason": None}, to=client, sends={"appointment": one.id}
    )


async def _own(turn: BookingTurn, tx: Transaction, wanted: int | None) -> Appointment | None:
    found = await tx.appointments.get(wanted) if wanted is not None else None
    return found if found and found.therapist.id == turn.person_id else None
