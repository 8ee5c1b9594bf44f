"""Steps with which clients look up and cancel what they have, and learn of services."""

from __future__ import annotations

from collections.abc import Sequence

from engine.events import Value
from engine.ports import Outcome, Recipient
from flows.booking_turn import BookingTurn, number
from flows.lives import summary_of, wait_for
from flows.registry import step
from flows.steps.waitlist import waiting_lines
from flows.texts import line
from flows.wording import in_short
from storage.appointments import Appointment
from storage.lifecycle import CANCEL
from storage.practice import Service
from storage.store import Transaction

MOST = 10
"""So many options fit in one message."""
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
    lines: list[Value] = [await appointment_line(turn, tx, found) for found in await coming(turn, tx)]
    lines += await waiting_lines(turn, tx)
    return Outcome("listed", tells={"list": lines}) if lines else Outcome("none")


async def appointment_line(turn: BookingTurn, tx: Transaction, found: Appointment) -> Value:
    """One line of such a list."""
    summary = await summary_of(turn, tx, found)
    if found.status == "confirmed" or found.expires_at is None:
        return line("own_line", summary=summary)
    deadline = turn.when(found.expires_at // 60)
    return line(f"own_line_{found.status}", summary=summary, deadline=deadline)


@step("one", "several", "none", remembers=("appointment", "summary", "own_appointments"))
async def find_cancellable(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Find out which appointment the client may mean."""
    cancellable = [found for found in await coming(turn, tx) if found.starts_at > turn.minute]
    if not cancellable:
        return Outcome("none")
    if len(cancellable) == 1:
        return Outcome("one", remembers=_meant(turn, cancellable[0]))
    return Outcome("several", remembers={"own_appointments": choices_of(turn, cancellable)})


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


@step("picked", remembers=("appointment", "summary"))
async def pick_appointment(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Keep in mind which appointment was picked."""
    picked = number(turn.data.get("appointment"))
    found = await tx.appointments.get(picked) if picked is not None else None
    mine = found is not None and found.client.id == turn.person_id
    return Outcome("picked", remembers=_meant(turn, found) if found and mine else {})


def _meant(turn: BookingTurn, appointment: Appointment) -> dict[str, Value]:
    summary = turn.summary(appointment)
    if _is_late(turn, appointment):
        notice = wait_for(turn.practice.rules.cancel_notice_minutes)
        summary = line("summary_with_policy", summary=summary, notice=notice)
    return {"appointment": appointment.id, "summary": summary}


def _is_late(turn: BookingTurn, appointment: Appointment) -> bool:
    """Whether the practice counts on the client already. A request was never confirmed, so it is not late."""
    notice = turn.practice.rules.cancel_notice_minutes
    return appointment.status == "confirmed" and appointment.starts_at < turn.minute + notice


@step("cancelled", "gone", reaches="therapist", signals={"cancelled": "client_cancelled"})
async def cancel_appointment(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Cancel the client's own appointment; its time is free at once. What has begun can only be kept."""
    meant = turn.remembered_number("appointment")
    found = await tx.appointments.get(meant) if meant is not None else None
    if found is None or found.client.id != turn.person_id or found.starts_at <= turn.minute:
        return Outcome("gone")
    if not await tx.calendar.move_on(found.id, CANCEL, turn.now, late=_is_late(turn, found)):
        return Outcome("gone")
    therapist = Recipient("therapist", found.therapist.address)
    return Outcome("cancelled", to=therapist, sends={"appointment": found.id})


async def coming(turn: BookingTurn, tx: Transaction) -> list[Appointment]:
    """The client's requests and appointments that are still to come and stand."""
    found = await tx.appointments.of_client(turn.person_id, COMING, turn.minute)
    return [one for one in found if one.stands(turn.now)]
