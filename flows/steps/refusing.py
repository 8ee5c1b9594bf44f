"""Steps with which a therapist refuses a request or calls an appointment off, and says why if they like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.errors import TurnFailed
from engine.events import Value
from engine.ports import Outcome, Recipient
from flows.booking_turn import BookingTurn, number
from flows.lives import later_ones, together
from flows.registry import step
from flows.steps.approval import NEWS, request_named
from flows.texts import line
from storage.appointments import Appointment
from storage.lifecycle import CALL_OFF, DECLINE
from storage.store import Transaction

LONGEST_REASON = 500
"""Characters of a reason that are passed on: what it is part of has to fit into one message."""


@step("noted", remembers=("reason",))
async def note_reason(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Keep the therapist's own words for the client."""
    return Outcome("noted", remembers={"reason": turn.moment.heard.text.strip()[:LONGEST_REASON]})


@step("noted", tells=("reply",), remembers=("reason",))
async def note_reason_in_danger(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Likewise of words that speak of danger: they are for the client; the therapist hears whom to call."""
    noted = await note_reason.run(turn, tx)
    return replace(noted, tells={"reply": turn.data.get("reply_untold")})


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
    request = await _read_out(turn, tx)
    asked = await together(tx, request)
    declined = await tx.calendar.move_on(request.id, DECLINE, turn.now, reason=turn.remembered_text("reason"))
    return _ended(turn, "declined", request, asked if declined else ())


@step(
    "one",
    "one_of_series",
    "is_request",
    "over",
    "unknown",
    remembers=("request", "summary", "reason", "and_later"),
)
async def find_to_call_off(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Find out which appointment a therapist does not keep. `is_request`: it has not been approved yet.

    `one_of_series`: later ones of its series stand, too.
    """
    found = await request_named(turn, tx, number(turn.data.get("request")))
    if found is None:
        return Outcome("unknown")
    if found.status == "pending":
        return Outcome("is_request")
    if found.status not in CALL_OFF.frm or found.starts_at <= turn.minute:
        return Outcome("over")
    summary = line("request_line", **turn.news(found))
    later = await later_ones(tx, found)
    return Outcome(
        "one_of_series" if later else "one",
        remembers={"request": found.id, "summary": summary, "reason": None, "and_later": None},
    )


@step("noted", remembers=("summary", "and_later"))
async def call_off_later_too(turn: BookingTurn, tx: Transaction) -> Outcome:
    """All later ones of the series are meant, too."""
    found = await _read_out(turn, tx)
    summary = line("request_line", **turn.news(found, *await later_ones(tx, found)))
    return Outcome("noted", remembers={"summary": summary, "and_later": 1})


@step(
    "called_off",
    "answered_before",
    tells=NEWS,
    remembers=("reason",),
    reaches="client",
    signals={"called_off": "called_off"},
)
async def call_off(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Cancel what was read out, or it and all later ones; no policy of clients binds a therapist."""
    found = await _read_out(turn, tx)
    later = await later_ones(tx, found) if turn.memory.get("and_later") else []
    called_off = [
        one
        for one in (found, *later)
        if await tx.calendar.move_on(one.id, CALL_OFF, turn.now, reason=turn.remembered_text("reason"))
    ]
    return _ended(turn, "called_off", found, called_off, others=[one.id for one in called_off[1:]])


def _ended(
    turn: BookingTurn, name: str, meant: Appointment, ended: Sequence[Appointment], **sends: Value
) -> Outcome:
    """`answered_before` where nothing was ended."""
    if not ended:
        return Outcome("answered_before", tells=turn.news(meant), remembers={"reason": None})
    first = ended[0]
    return Outcome(
        name,
        tells=turn.news(*ended),
        remembers={"reason": None},
        to=Recipient("client", first.client.address),
        sends={"appointment": first.id, **sends},
    )


async def _read_out(turn: BookingTurn, tx: Transaction) -> Appointment:
    """What was read out to the therapist. Raises TurnFailed when it is not theirs."""
    found = await request_named(turn, tx, turn.remembered_number("request"))
    if found is None:
        raise TurnFailed("What is to be ended is no appointment of this therapist's.")
    return found
