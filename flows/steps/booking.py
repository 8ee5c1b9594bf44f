"""Steps of a booking: hold a time, ask the therapist, let go again. Each is a compare-and-swap."""

from __future__ import annotations

import re

from engine.ports import Outcome, Recipient
from flows.booking_turn import BookingTurn
from flows.claiming import claim, hold_of
from flows.lives import summary_of, told_of
from flows.registry import step
from flows.reminders import nudges, put_reminders
from flows.texts import line
from storage.appointments import Appointment, NewAppointment
from storage.lifecycle import ASK, BOOK, KEEP, LAPSE, LET_GO, WITHDRAW
from storage.practice import KNOWN_CLIENTS
from storage.store import Transaction
from storage.timers import Timer

MOST_OPEN = 3
"""How many requests one client may have open: more would let one person empty a calendar."""
LEAST_TO_ANSWER = 30 * 60
"""A therapist has at least this many seconds to answer, unless the appointment begins before."""
HELD = ("summary", "appointment")


@step("held", "address_missing", "taken", "too_many", "overtaken", remembers=HELD)
async def hold_slot(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Claim the chosen time for a few minutes, and let go of another one that was held before.

    An address that is still missing is asked for while the time is already safe. `overtaken`: what was to
    be moved does not stand any more.
    """
    wanted = _wanted(turn)
    moved = await _moved(turn, tx)
    if moved is not None and (moved.status != "confirmed" or moved.starts_at <= turn.minute):
        return Outcome("overtaken")
    before = await _held(turn, tx)
    number = await _kept(turn, tx, before, wanted) if before else None
    if number is None:
        if before:
            await tx.calendar.move_on(before.id, LET_GO, turn.now)
        elif await tx.appointments.count_open(turn.person_id, turn.now) >= MOST_OPEN:
            return Outcome("too_many", remembers={"appointment": None})
        number = await claim(turn, tx, wanted)
    if number is None:
        return Outcome("taken", remembers={"appointment": None})
    if turn.practice.travels(wanted.service_type) and not wanted.address:
        return Outcome("address_missing", remembers={"appointment": number})
    summary = turn.summary(wanted)
    if price := turn.practice.terms(wanted.therapist_id, wanted.service, wanted.service_type).price:
        summary = line("summary_with_price", summary=summary, price=price)
    if moved is not None:
        summary = line("summary_of_move", before=turn.when(moved.starts_at), summary=summary)
    return Outcome("held", remembers={"appointment": number, "summary": summary})


def _wanted(turn: BookingTurn) -> NewAppointment:
    """What the client has settled on, as the conversation remembers it."""
    kind, service, slot = str(turn.memory["service_type"]), str(turn.memory["service"]), turn.memory["slot"]
    assert isinstance(slot, dict)  # noqa: S101  # find_next_question leads here only with a slot
    return hold_of(
        turn,
        kind,
        service,
        int(str(slot["start"])),
        int(str(slot["therapist"])),
        minutes=turn.practice.rules.hold_minutes,
        replaces=turn.remembered_number("moving"),
    )


async def _kept(turn: BookingTurn, tx: Transaction, held: Appointment, wanted: NewAppointment) -> int | None:
    """What is held, for as long again, if it is still what is wanted."""
    for name in ("therapist_id", "starts_at", "zone", "service_type", "service", "replaces"):
        if getattr(held, name) != getattr(wanted, name):
            return None
    kept = await tx.calendar.move_on(
        held.id, KEEP, turn.now, expires_at=wanted.expires_at, address=wanted.address
    )
    return held.id if kept else None


@step("noted", "unclear", remembers=("address",))
async def note_address(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Keep the address to travel to, if it looks like one."""
    address = str(turn.data.get("address") or "").strip()
    if len(address) < 6 or not re.search(r"\d", address):  # noqa: PLR2004  # "A 1, B" is about the shortest
        return Outcome("unclear")
    return Outcome("noted", remembers={"address": address[:200]})


@step(
    "sent",
    "sent_quietly",
    "booked",
    "taken",
    remembers=(*HELD, "deadline"),
    reaches="therapist",
    signals={"sent": "request_arrived", "sent_quietly": "request_arrived", "booked": "booked_at_once"},
    sets=("request_expired",),
)
async def send_request(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Turn the hold into a request; a hold that has run out is taken again if the time is still free.

    `sent_quietly`: the client wants no messages, so they will not hear of the answer by themselves.
    `booked`: the practice wants no therapist to be asked about such an appointment.
    """
    held = await _held(turn, tx)
    moved = await _moved(turn, tx)
    if held and not moved and await _booked(turn, tx, held):
        await tx.waitlist.leave(turn.person_id, held.service)
        return Outcome(
            "booked",
            remembers={"summary": turn.summary(held)},
            to=Recipient("therapist", held.therapist.address),
            sends={"appointment": held.id},
        )
    if held is None or not await _ask(turn, tx, held, moved):
        number = await claim(turn, tx, _wanted(turn))
        held = await tx.appointments.get(number) if number is not None else None
        if held is None or not await _ask(turn, tx, held, moved):
            return Outcome("taken", remembers={"appointment": None})
    deadline = _deadline(turn, held, moved)
    expiry = Timer(
        key=f"expiry:{held.id}",
        flow=turn.moment.flow.name,
        address=turn.moment.heard.address,
        event="request_expired",
        data={"appointment": held.id},
        due_at=deadline,
    )
    await tx.timers.put([expiry, *nudges(turn, held, deadline)])
    await tx.waitlist.leave(turn.person_id, held.service)  # what somebody waited for is asked for now
    return Outcome(
        "sent" if turn.person.opted_out_at is None else "sent_quietly",
        remembers={
            "appointment": held.id,
            "summary": await summary_of(turn, tx, held),
            "deadline": turn.when(deadline // 60),
        },
        to=Recipient("therapist", held.therapist.address),
        sends={"appointment": held.id},
    )


async def _booked(turn: BookingTurn, tx: Transaction, held: Appointment) -> bool:
    """Confirm at once what needs no answer. False: a therapist is to be asked, or the hold has run out."""
    if not await _needs_no_answer(turn, tx, held) or not await tx.calendar.confirm(held, BOOK, turn.now):
        return False
    await put_reminders(turn, tx, held)
    return True


async def _needs_no_answer(turn: BookingTurn, tx: Transaction, held: Appointment) -> bool:
    """Whether all that the practice demands of such an appointment holds."""
    demanded = turn.practice.rules.confirm_at_once
    kinds = [kind for kind in demanded if kind != KNOWN_CLIENTS]
    if not demanded or (kinds and held.service_type not in kinds):
        return False
    if KNOWN_CLIENTS not in demanded:
        return True
    return await tx.appointments.count_kept(held.client.id, held.therapist.id, turn.minute) > 0


async def _moved(turn: BookingTurn, tx: Transaction) -> Appointment | None:
    """The appointment that this errand moves."""
    moving = turn.remembered_number("moving")
    return await tx.appointments.get(moving) if moving is not None else None


async def _ask(turn: BookingTurn, tx: Transaction, held: Appointment, moved: Appointment | None) -> bool:
    """Put it to the therapist. False: the hold has run out, or somebody else has taken the time since."""
    return await tx.calendar.move_on(held.id, ASK, turn.now, expires_at=_deadline(turn, held, moved))


def _deadline(turn: BookingTurn, held: Appointment, moved: Appointment | None) -> int:
    """The earlier of the time to answer and the minimum notice, in seconds since the epoch.

    A move has to be answered before what it moves begins.
    """
    answer_by = turn.now + turn.practice.rules.answer_within_minutes * 60
    notice = (held.starts_at - turn.practice.notice(held.service)) * 60
    deadline = max(min(answer_by, notice), min(turn.now + LEAST_TO_ANSWER, held.starts_at * 60))
    return min(deadline, moved.starts_at * 60) if moved else deadline


@step("released", remembers=("appointment", "slot"))
async def release_hold(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Give the held time back to others."""
    number = turn.remembered_number("appointment")
    if number is not None:
        await tx.calendar.move_on(number, LET_GO, turn.now)
    return Outcome("released", remembers={"appointment": None, "slot": None})


async def _held(turn: BookingTurn, tx: Transaction) -> Appointment | None:
    """The appointment that this conversation holds; the hold may have run out."""
    number = turn.remembered_number("appointment")
    held = await tx.appointments.get(number) if number is not None else None
    return held if held and held.status == "held" else None


@step("withdrawn", "too_late", reaches="therapist", signals={"withdrawn": "request_withdrawn"})
async def withdraw_request(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Take a request back before it was answered."""
    number = turn.remembered_number("appointment")
    request = await tx.appointments.get(number) if number is not None else None
    if request is None or not await tx.calendar.move_on(request.id, WITHDRAW, turn.now):
        return Outcome("too_late")
    therapist = Recipient("therapist", request.therapist.address)
    return Outcome("withdrawn", to=therapist, sends={"appointment": request.id})


@step(
    "expired",
    "answered_before",
    tells=("summary",),
    reaches="therapist",
    signals={"expired": "request_lapsed"},
)
async def expire_request(turn: BookingTurn, tx: Transaction) -> Outcome:
    """End a request that nobody answered in time."""
    request = await told_of(turn, tx)
    # Expired already: somebody else has booked the time since, and nobody has been told. Only requests that
    # were sent have this timer, and it goes off once. For times that were proposed there is another one.
    if request.status == "expired" and await tx.proposals.of(request.id):
        return Outcome("answered_before")
    if not await tx.calendar.move_on(request.id, LAPSE, turn.now):
        return Outcome("answered_before")
    return Outcome(
        "expired",
        tells={"summary": turn.summary(request)},
        to=Recipient("therapist", request.therapist.address),
        sends={"appointment": request.id},
    )


@step("stands", "overtaken", tells=("summary",))
async def read_approval(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Look up what was approved; the client may have cancelled it in the same moment."""
    request = await told_of(turn, tx)
    if request.status != "confirmed":
        return Outcome("overtaken")
    return Outcome("stands", tells={"summary": turn.summary(request)})


@step("read", "read_because", tells=("summary", "reason"))
async def read_refusal(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Look up what the therapist has declined or called off, which is final, and what they said of it."""
    refused = await told_of(turn, tx)
    told = "read_because" if refused.reason else "read"
    return Outcome(told, tells={"summary": turn.summary(refused), "reason": refused.reason})
