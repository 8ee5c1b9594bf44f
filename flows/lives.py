"""What steps ask about the life of an appointment: what replaces it, and how a length of time is called."""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import TurnFailed
from engine.events import Value
from flows.booking_turn import BookingTurn, number
from flows.texts import line
from storage.appointments import Appointment
from storage.lifecycle import WAITING
from storage.people import Person
from storage.store import Transaction

HOUR = 60
DAY = 24 * HOUR
YEAR = 365 * DAY


async def told_of(turn: BookingTurn, tx: Transaction) -> Appointment:
    """The person's own appointment that a signal is about. Raises TurnFailed when it is not theirs."""
    told = number(turn.data.get("appointment"))
    found = await tx.appointments.get(told) if told is not None else None
    if found is None or turn.person_id not in {found.client.id, found.therapist.id}:
        raise TurnFailed("The signal is about an appointment that this person does not have.")
    return found


async def successor(tx: Transaction, moved: Appointment) -> Appointment | None:
    """What an appointment was moved to, in the end."""
    found: Appointment | None = moved
    while found is not None and found.status == "moved":
        later = [one for one in await tx.appointments.replacing(found.id) if one.status in CONFIRMED]
        found = later[0] if later else None
    return found


CONFIRMED = ("confirmed", "moved", "completed", "no_show", "cancelled")
"""Statuses of what has been confirmed once; of a cancelled one nobody can tell."""


async def together(tx: Transaction, appointment: Appointment) -> list[Appointment]:
    """What is asked for and answered as one, it first: its series as far as it stands like it, or itself."""
    if appointment.series != appointment.id:
        return [appointment]
    series = await tx.appointments.of_series(appointment.id)
    (first,) = (one for one in series if one.id == appointment.id)  # as it stands by now
    return [first, *(one for one in series if one is not first and one.status == first.status)]


async def later_ones(tx: Transaction, appointment: Appointment) -> list[Appointment]:
    """The confirmed ones of its series that come after it, whatever has become of itself."""
    if appointment.series is None:
        return []
    return [
        one
        for one in await tx.appointments.of_series(appointment.series)
        if one.status == "confirmed" and one.starts_at > appointment.starts_at
    ]


async def told_together(turn: BookingTurn, tx: Transaction) -> list[Appointment]:
    """The person's own appointments that a signal is about: those it names, or what is answered as one."""
    told = await told_of(turn, tx)
    others = turn.data.get("others")
    if not isinstance(others, list) or told.series is None:
        return await together(tx, told)
    return [told, *(one for one in await tx.appointments.of_series(told.series) if one.id in others)]


def others_of(turn: BookingTurn) -> dict[str, Value]:
    """Which others of a series the signal names, to be handed on."""
    others = turn.data.get("others")
    return {"others": others} if isinstance(others, list) else {}


def by_series(appointments: Iterable[Appointment]) -> list[list[Appointment]]:
    """What stands alike of one series together, and every other one by itself."""
    found: dict[tuple[int, str], list[Appointment]] = {}
    for one in appointments:
        found.setdefault((one.series or -one.id, one.status), []).append(one)
    return [*found.values()]


async def news_of(turn: BookingTurn, tx: Transaction, appointment: Appointment) -> dict[str, Value]:
    """What a therapist is told of a request, of all its appointments."""
    return turn.news(*await together(tx, appointment))


async def summary_of(turn: BookingTurn, tx: Transaction, appointment: Appointment) -> Value:
    """A request in words, with the time that it is to replace as long as that is open."""
    summary = turn.summary(*await together(tx, appointment))
    if appointment.replaces is None or appointment.status == "confirmed":
        return summary
    replaced = await tx.appointments.get(appointment.replaces)
    if replaced is None:
        return summary
    return line("summary_of_move", before=turn.when(replaced.starts_at), summary=summary)


async def with_its_move(turn: BookingTurn, tx: Transaction, ended: Appointment, words: Value) -> Value:
    """What is said of an appointment that ends, with the other time asked for instead: that ends with it."""
    for move in await tx.appointments.replacing(ended.id):
        is_fallen = move.status == "cancelled" and move.cancelled_by is None
        if is_fallen or (move.status in WAITING and ended.status == "confirmed"):
            return line("with_its_move", words=words, when=turn.when(move.starts_at))
    return words


async def record(turn: BookingTurn, tx: Transaction, client: Person) -> Value:
    """How often a client has missed or cancelled late in the last year, in words; None if never."""
    missed, late = await tx.appointments.record(client.id, turn.minute - YEAR)
    if not missed and not late:
        return None
    return line("record", missed=missed, late=late)


def wait_for(minutes: int) -> Value:
    """A length of time in words."""
    if minutes % DAY == 0 and minutes > DAY:
        return line("some_days", count=minutes // DAY)
    if minutes % HOUR == 0:
        return line("some_hours", count=minutes // HOUR)
    return line("some_minutes", count=minutes)
