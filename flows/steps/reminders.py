"""Steps around reminders: say them, take the answer, and tell a therapist whom they did not reach."""

from __future__ import annotations

from collections.abc import Mapping

from engine.events import Value
from engine.ports import Outcome
from flows.booking_turn import BookingTurn, number
from flows.lives import others_of, successor
from flows.registry import step
from flows.reminders import quiet_hours
from flows.steps.consent import NEWS
from storage.appointments import Appointment
from storage.people import THERAPIST
from storage.store import Transaction
from storage.timers import Timer

ASKS = 3 * 60
"""Minutes before the appointment from which on it is too late to ask whether somebody comes."""
REMINDED = ("request", "when")
FORGOTTEN: Mapping[str, Value] = {"reminded": None}


@step("early", "soon", "outdated", tells=REMINDED, remembers=("reminded",))
async def read_reminder(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Look up what there is to be reminded of, as it stands now.

    `outdated`: cancelled, moved, begun, or the practice wants this reminder no more. Whatever kept us from
    saying it in time, nobody is woken in quiet hours for it.
    """
    found = await _own(turn, tx, turn.data.get("appointment"))
    minutes = number(turn.data.get("minutes"))
    if (
        found is None
        or found.status != "confirmed"
        or found.starts_at != turn.data.get("starts_at")
        or found.starts_at <= turn.minute
        or minutes not in turn.practice.rules.reminder_minutes
        or quiet_hours(turn, turn.person).before(turn.now) != turn.now
    ):
        return Outcome("outdated")
    tells = {"request": str(found.id), "when": turn.when(found.starts_at)}
    asks = minutes >= ASKS and found.starts_at - turn.minute >= ASKS
    return Outcome("early" if asks else "soon", tells=tells, remembers={"reminded": found.id})


@step("noted", "gone", tells=("when",), remembers=("reminded",))
async def note_attendance(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Keep that the client comes, to what they were reminded of last: the therapist's day shows it."""
    found = await _own(turn, tx, turn.memory.get("reminded"))
    return await _noted(turn, tx, found) or Outcome("gone", remembers=FORGOTTEN)


@step("noted", "moved_before", "gone", tells=("when", "summary"), remembers=("reminded",))
async def note_attendance_of(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Likewise of the appointment whose button was tapped, which may have been moved since."""
    found = await _own(turn, tx, turn.data.get("request"))
    noted = await _noted(turn, tx, found) or await _moved_to(turn, tx, found)
    return noted or Outcome("gone", remembers=FORGOTTEN)


async def _noted(turn: BookingTurn, tx: Transaction, found: Appointment | None) -> Outcome | None:
    if found is None or found.starts_at <= turn.minute:
        return None
    if not await tx.attendance.will_come(found.id, turn.now):
        return None
    return Outcome("noted", tells={"when": turn.when(found.starts_at)}, remembers=FORGOTTEN)


@step("found", "moved_before", "gone", tells=("summary",), remembers=("appointment", "summary", "and_later"))
async def find_reminded(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Find out which one appointment a button under a reminder is about, if it still stands."""
    found = await _own(turn, tx, turn.data.get("request"))
    if found is None or found.status != "confirmed" or found.starts_at <= turn.minute:
        return await _moved_to(turn, tx, found) or Outcome("gone")
    meant: dict[str, Value] = {"appointment": found.id, "summary": turn.summary(found), "and_later": None}
    return Outcome("found", remembers=meant)


@step("told", "nothing_to_tell")
async def have_client_reached(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Tell the therapist, once, that a client has not got what was said about an appointment to come.

    A timer's key is unique for ever, so setting it again tells nobody twice.
    """
    found = await _own(turn, tx, turn.data.get("appointment"))
    if (
        found is None
        or found.status not in NEWS
        or found.cancelled_by == "client"
        or found.starts_at <= turn.minute
    ):
        return Outcome("nothing_to_tell")
    timer = Timer(
        key=f"unreached:{found.id}:{found.status}",
        flow=THERAPIST,
        address=found.therapist.address,
        event="client_not_reached",
        data={"appointment": found.id, **others_of(turn)},
        due_at=turn.now,
    )
    await tx.timers.put([timer])
    return Outcome("told")


async def _moved_to(turn: BookingTurn, tx: Transaction, found: Appointment | None) -> Outcome | None:
    """What has become of an appointment that was moved."""
    now = await successor(tx, found) if found and found.status == "moved" else None
    return Outcome("moved_before", tells={"summary": turn.summary(now)}) if now else None


async def _own(turn: BookingTurn, tx: Transaction, named: object) -> Appointment | None:
    """The client's own appointment of this number."""
    wanted = number(named) if isinstance(named, (str, int)) else None
    found = await tx.appointments.get(wanted) if wanted is not None else None
    return found if found and found.client.id == turn.person_id else None
