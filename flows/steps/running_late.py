"""Steps for a therapist who is running late, and for the client who has to know."""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import TurnFailed
from engine.events import Value
from engine.ports import Outcome, Recipient
from flows.booking_turn import BookingTurn, name_of, number, phone_of
from flows.registry import step
from flows.slots import DAY
from flows.texts import line
from flows.wording import in_short
from storage.appointments import Appointment
from storage.store import Transaction

SOON = 3 * 60
"""Minutes ahead in which every client may be the one who has to wait."""
TOLD = ("client", "phone", "when", "delay")
MOST = 10


@step(
    "told",
    "wants_silence",
    "which_one",
    "none",
    tells=TOLD,
    remembers=("late_for", "minutes"),
    reaches="client",
    signals={"told": "therapist_late"},
)
async def find_who_waits(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Find whose appointment goes on or comes next; tell them, if it can be only one."""
    minutes = number(turn.data.get("minutes"))
    found = await tx.appointments.of_therapist(turn.person_id, ("confirmed",), turn.minute, turn.minute + DAY)
    near = [one for one in found if one.starts_at <= turn.minute + SOON] or found[:1]
    if not near:
        return Outcome("none")
    if len(near) > 1:
        return Outcome("which_one", remembers={"late_for": _choices(turn, near), "minutes": minutes})
    return _tell(turn, near[0], minutes)


@step("told", "wants_silence", tells=TOLD, reaches="client", signals={"told": "therapist_late"})
async def tell_who_waits(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Tell the client whose appointment was picked."""
    found = await _appointment(turn, tx)
    if found.therapist.id != turn.person_id:
        raise TurnFailed("The appointment that was picked is not this therapist's.")
    return _tell(turn, found, turn.remembered_number("minutes"))


@step("read", "overtaken", tells=("therapist", "when", "delay"))
async def read_delay(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Look up which of the client's appointments begins late; it may have been cancelled in that moment."""
    found = await _appointment(turn, tx)
    if found.client.id != turn.person_id:
        raise TurnFailed("The appointment that begins late is not this client's.")
    if found.status != "confirmed":
        return Outcome("overtaken")
    tells = {
        "therapist": turn.practice.therapist_name(found.therapist.id),
        "when": turn.when(found.starts_at),
        "delay": _delay(number(turn.data.get("minutes"))),
    }
    return Outcome("read", tells=tells)


def _tell(turn: BookingTurn, appointment: Appointment, minutes: int | None) -> Outcome:
    client = appointment.client
    tells: dict[str, Value] = {
        "client": name_of(client),
        "phone": phone_of(client),
        "when": turn.when(appointment.starts_at),
        "delay": _delay(minutes),
    }
    if client.opted_out_at is not None:
        return Outcome("wants_silence", tells=tells)
    sends: dict[str, Value] = {"appointment": appointment.id, "minutes": minutes}
    return Outcome("told", tells=tells, to=Recipient("client", client.address), sends=sends)


def _delay(minutes: int | None) -> Value:
    return line("delay_minutes", minutes=minutes) if minutes else line("delay_little")


def _choices(turn: BookingTurn, found: Sequence[Appointment]) -> list[Value]:
    return [
        {
            "title": f"#{one.id} {in_short(one.starts_at, turn.zone, turn.language)}",
            "description": one.client.name or "",
            "data": {"appointment": one.id},
        }
        for one in found[:MOST]
    ]


async def _appointment(turn: BookingTurn, tx: Transaction) -> Appointment:
    told = number(turn.data.get("appointment"))
    found = await tx.appointments.get(told) if told is not None else None
    if found is None:
        raise TurnFailed("There is no appointment of the number that was told.")
    return found
