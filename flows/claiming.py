"""How a time is taken for a client: what is written down, and what has to hold beside the claims."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flows.booking_turn import BookingTurn
from flows.slots import local
from flows.workload import Workload, week_of
from storage.appointments import NewAppointment
from storage.store import Transaction


def hold_of(  # what makes an appointment
    turn: BookingTurn,
    kind: str,
    service: str,
    start: int,
    therapist: int,
    *,
    minutes: int,
    replaces: int | None = None,
) -> NewAppointment:
    """A hold for this turn's client that lasts so many minutes. `start`: minutes since the epoch."""
    terms = turn.practice.terms(therapist, service, kind)
    end = start + terms.length
    return NewAppointment(
        therapist_id=therapist,
        client_id=turn.person_id,
        service=service,
        service_type=kind,
        starts_at=start,
        ends_at=end,
        claimed_from=start - terms.before,
        claimed_until=end + terms.after,
        zone=turn.zone.key,
        wall_time=f"{local(start, turn.zone):%Y-%m-%dT%H:%M}",
        address=turn.remembered_text("address") if turn.practice.travels(kind) else None,
        status="held",
        expires_at=turn.now + minutes * 60,
        replaces=replaces,
        op_key=turn.cause,
    )


async def claim(turn: BookingTurn, tx: Transaction, wanted: NewAppointment) -> int | None:
    """Write the appointment with its claims; None, and nothing is written, when the time is taken."""
    if wanted.starts_at < turn.minute + turn.practice.notice(wanted.service):
        return None
    await tx.calendar.queue_up(wanted.therapist_id, wanted.client_id)
    if await tx.blocked_times.blocked([wanted.therapist_id], wanted.claimed_from, wanted.claimed_until):
        return None
    if await _is_full(turn, tx, wanted):
        return None
    return await tx.calendar.take(wanted, turn.now)


async def _is_full(turn: BookingTurn, tx: Transaction, wanted: NewAppointment) -> bool:
    """Whether the therapist takes no more on that day or in that week; asked while others queue up."""
    therapist = next((one for one in turn.practice.therapists if one.id == wanted.therapist_id), None)
    if therapist is None or (therapist.most_a_day is None and therapist.most_a_week is None):
        return False
    week = week_of(wanted.starts_at, ZoneInfo(therapist.zone))
    taken = await tx.appointments.busy([therapist.id], *week, turn.now, moving=wanted.replaces)
    return Workload(therapist, taken).of_week(wanted.starts_at) is None
