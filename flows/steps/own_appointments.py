"""Steps with which clients look up and cancel what they have, and learn of services."""

from __future__ import annotations

from collections.abc import Sequence

from engine.events import Value
from engine.ports import Outcome, Recipient
from flows.booking_turn import BookingTurn, number
from flows.lives import by_series, later_ones, summary_of, together, wait_for, with_its_move
from flows.registry import step
from flows.slots import local
from flows.steps.waitlist import waiting_lines
from flows.texts import line
from flows.wishes import Wish, days_of
from flows.wording import in_short
from storage.appointments import Appointment
from storage.lifecycle import CANCEL
from storage.practice import Service
from storage.store import Transaction

MOST = 10
"""So many options fit in one message."""
MEANT = ("appointment", "summary", "and_later")
COMING = ("pending", "proposed", "confirmed")


@step("listed", tells=("list", "types"))
async def list_services(turn: BookingTurn, tx: Transaction) -> Outcome:
    """List what the practice offers."""
    lines: list[Value] = [_service_line(service) for service in turn.practice.services]
    types: list[Value] = [
        line("type_line", type=line(f"type {kind}")) for kind in turn.practice.service_types
    ]
    return Outcome("listed", tells={"list": lines, "types": types})


def _service_line(of: Service) -> Value:
    if not of.price:
        return line("service_line", service=of.title, minutes=of.minutes, about=of.about)
    return line(
        "service_line_with_price", service=of.title, minutes=of.minutes, price=of.price, about=of.about
    )


@step("listed", "none", tells=("list",))
async def list_appointments(turn: BookingTurn, tx: Transaction) -> Outcome:
    """List the client's appointments that are still to come, and what they wait for."""
    lines = await own_lines(turn, tx, await coming(turn, tx))
    lines += await waiting_lines(turn, tx)
    return Outcome("listed", tells={"list": lines}) if lines else Outcome("none")


async def own_lines(turn: BookingTurn, tx: Transaction, found: Sequence[Appointment]) -> list[Value]:
    """One line of such a list for each, and just one for what is left of a series."""
    lines: list[Value] = []
    for first, *others in by_series(found):
        if first.status == "confirmed" or first.expires_at is None:
            lines.append(line("own_line", summary=turn.summary(first, *others)))
        else:
            summary, deadline = await summary_of(turn, tx, first), turn.when(first.expires_at // 60)
            lines.append(line(f"own_line_{first.status}", summary=summary, deadline=deadline))
    return lines


@step("one", "one_of_series", "several", "other_day", "none", remembers=(*MEANT, "own_appointments"))
async def find_cancellable(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Find out which appointment the client may mean: the only one, or the one of the day said.

    `other_day`: there is none on that day, but there are others.
    """
    cancellable = [found for found in await coming(turn, tx) if found.starts_at > turn.minute]
    if not cancellable:
        return Outcome("none")
    said, away = Wish.of(turn.data.get("appointment_time")), sorted(days_of(turn.data.get("without")))
    said = Wish(away[0], away[-1]) if away and not said.first else said
    of_that_day = [found for found in cancellable if said.first and is_meant(turn, said, found)]
    if len(of_that_day) == 1 or (len(cancellable) == 1 and not said.first):
        (meant,) = of_that_day or cancellable
        later = await later_ones(tx, meant)
        return Outcome("one_of_series" if later else "one", remembers=await _meant(turn, tx, meant))
    choices = choices_of(turn, cancellable)
    is_other_day = said.first and not of_that_day
    return Outcome(
        "other_day" if is_other_day else "several",
        remembers={"own_appointments": choices, "and_later": None},
    )


def choices_of(turn: BookingTurn, appointments: Sequence[Appointment]) -> list[Value]:
    """Appointments to pick from, each bound to its number."""
    return [
        {
            "title": in_short(found.starts_at, turn.zone, turn.language),
            "description": turn.practice.service(found.service).title,
            "data": {"appointment": found.id},
        }
        for found in appointments[:MOST]
    ]


@step("picked", "one_of_series", remembers=MEANT)
async def pick_appointment(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Keep in mind which appointment was picked. `one_of_series`: later ones of its series stand, too."""
    picked = number(turn.data.get("appointment"))
    found = await tx.appointments.get(picked) if picked is not None else None
    if found is None or found.client.id != turn.person_id:
        return Outcome("picked")
    later = await later_ones(tx, found)
    return Outcome("one_of_series" if later else "picked", remembers=await _meant(turn, tx, found))


@step("noted", remembers=MEANT)
async def cancel_later_too(turn: BookingTurn, tx: Transaction) -> Outcome:
    """All later ones of the series are meant, too."""
    meant = turn.remembered_number("appointment")
    found = await tx.appointments.get(meant) if meant is not None else None
    if found is None:
        return Outcome("noted")
    all_of_it = [found, *await later_ones(tx, found)]
    return Outcome("noted", remembers={"summary": _in_words(turn, all_of_it), "and_later": 1})


async def _meant(turn: BookingTurn, tx: Transaction, one: Appointment) -> dict[str, Value]:
    """What the client means; while a series waits, all of it."""
    those = await together(tx, one) if one.status == "pending" else [one]
    summary = await with_its_move(turn, tx, one, _in_words(turn, those))
    return {"appointment": one.id, "summary": summary, "and_later": None}


def _in_words(turn: BookingTurn, appointments: Sequence[Appointment]) -> Value:
    """With the practice's policy, if it is late for one of them."""
    summary = turn.summary(*appointments)
    if not any(_is_late(turn, one) for one in appointments):
        return summary
    notice = wait_for(turn.practice.rules.cancel_notice_minutes)
    several = len(appointments) > 1
    return line(
        "summary_with_policy_for_some" if several else "summary_with_policy", summary=summary, notice=notice
    )


def _is_late(turn: BookingTurn, appointment: Appointment) -> bool:
    """Whether the practice counts on the client already. A request was never confirmed, so it is not late."""
    notice = turn.practice.rules.cancel_notice_minutes
    return appointment.status == "confirmed" and appointment.starts_at < turn.minute + notice


@step("cancelled", "gone", reaches="therapist", signals={"cancelled": "client_cancelled"})
async def cancel_appointment(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Cancel the client's own appointment, or it and all later ones of its series; that time is free at once.

    What has begun can only be kept. What waits of a series ends with its first.
    """
    meant = turn.remembered_number("appointment")
    found = await tx.appointments.get(meant) if meant is not None else None
    if found is None or found.client.id != turn.person_id or found.starts_at <= turn.minute:
        return Outcome("gone")
    asked = await together(tx, found) if found.status == "pending" else [found]
    later = await later_ones(tx, found) if turn.memory.get("and_later") else []
    cancelled = [
        one
        for one in (found, *later)
        if await tx.calendar.move_on(one.id, CANCEL, turn.now, late=_is_late(turn, one))
    ]
    if not cancelled:
        return Outcome("gone")
    first, *others = cancelled if later else asked
    therapist = Recipient("therapist", found.therapist.address)
    return Outcome(
        "cancelled", to=therapist, sends={"appointment": first.id, "others": [one.id for one in others]}
    )


def is_meant(turn: BookingTurn, said: Wish, found: Appointment) -> bool:
    """Whether what was said is when the appointment is: "the one on Thursday"."""
    wall = local(found.starts_at, turn.zone)
    return said.suits_day(wall.date()) and said.suits_minute(wall.hour * 60 + wall.minute)


async def coming(turn: BookingTurn, tx: Transaction) -> list[Appointment]:
    """The client's requests and appointments that are still to come and stand."""
    found = await tx.appointments.of_client(turn.person_id, COMING, turn.minute)
    return [one for one in found if one.stands(turn.now) and (one.leads or one.status == "confirmed")]
