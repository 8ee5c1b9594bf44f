"""Steps of a booking: hold a time, ask the therapist, let go again. Each is a compare-and-swap."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.events import Value
from engine.ports import Outcome, Recipient
from flows.booking_turn import BookingTurn
from flows.claiming import MOST_OPEN, claim, claim_all, count_asked, is_offered_by, look_again, wanted_by
from flows.lives import summary_of, together, told_of, told_together, with_its_move
from flows.offers import find, simplest
from flows.registry import step
from flows.reminders import nudges, put_reminders
from flows.series import Plan
from flows.texts import line
from flows.waitlist import leave_line
from storage.appointments import Appointment, NewAppointment
from storage.lifecycle import ASK, BOOK, KEEP, LAPSE, LET_GO, WITHDRAW
from storage.practice import KNOWN_CLIENTS
from storage.store import Transaction
from storage.timers import Timer

LEAST_TO_ANSWER = 30 * 60
"""A therapist has at least this many seconds to answer, unless the appointment begins before."""
HELD = ("summary", "appointment")


@step("held", "address_missing", "taken", "too_many", "overtaken", remembers=HELD)
async def hold_slot(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Claim the chosen time for a few minutes, and let go of another one that was held before.

    An address that is still missing is asked for while the time is already safe. `overtaken`: what was to
    be moved does not stand any more.
    """
    (wanted,) = wanted_by(turn)
    moved = await _moved(turn, tx)
    if moved is not None and (moved.status != "confirmed" or moved.starts_at <= turn.minute):
        return Outcome("overtaken")
    before = await held_by(turn, tx) or await on_offer(turn, tx, [wanted])
    number = await _kept(turn, tx, before, wanted) if before else None
    if number is None:
        if before:
            await tx.calendar.move_on(before.id, LET_GO, turn.now)
        elif await count_asked(turn, tx) >= MOST_OPEN:
            return Outcome("too_many", remembers={"appointment": None})
        number = await claim(turn, tx, wanted)
    if number is None:
        moved = await _moved(turn, tx)  # it may have been called off in this moment
        is_overtaken = moved is not None and moved.status != "confirmed"
        return Outcome("overtaken" if is_overtaken else "taken", remembers={"appointment": None})
    if turn.practice.travels(wanted.service_type) and not wanted.address:
        return Outcome("address_missing", remembers={"appointment": number})
    summary = priced(turn, wanted)
    if moved is not None:
        summary = line("summary_of_move", before=turn.when(moved.starts_at), summary=summary)
    return Outcome("held", remembers={"appointment": number, "summary": summary})


async def on_offer(
    turn: BookingTurn, tx: Transaction, wanted: Sequence[NewAppointment]
) -> Appointment | None:
    """What is kept for a client who waited, if they want that time now; with it the offer is answered."""
    offered = turn.remembered_number("on_offer")
    found = await tx.appointments.get(offered) if offered is not None else None
    times = [(one.starts_at, one.therapist_id) for one in wanted]
    if found is None or (found.starts_at, found.therapist_id) not in times:
        return None
    return found if await tx.waitlist.answered(turn.person_id, found.id) else None


def priced(turn: BookingTurn, first: NewAppointment, *others: NewAppointment) -> Value:
    """What is to be booked in words, with what each appointment costs where the practice says so."""
    summary = turn.summary(first, *others)
    price = turn.practice.terms(first.therapist_id, first.service, first.service_type).price
    if not price:
        return summary
    return line("summary_with_price_each" if others else "summary_with_price", summary=summary, price=price)


async def _kept(turn: BookingTurn, tx: Transaction, held: Appointment, wanted: NewAppointment) -> int | None:
    """What is held, for as long again, if it is still what is wanted."""
    if held.series is not None:
        return None
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
    "some_taken",
    "overtaken",
    remembers=(*HELD, "deadline", "series"),
    reaches="therapist",
    signals={"sent": "request_arrived", "sent_quietly": "request_arrived", "booked": "booked_at_once"},
    sets=("request_expired",),
)
async def send_request(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Turn the hold into a request; a hold that has run out is taken again if the time is still free.

    A series is one request, known by the number of its first. `some_taken`: not all of it can be had now.
    `sent_quietly`: the client wants no messages, so they will not hear of the answer by themselves.
    `booked`: the practice wants no therapist to be asked about such an appointment. `overtaken`: what was to
    be moved does not stand any more.
    """
    held = await held_by(turn, tx)
    moved = await _moved(turn, tx)
    if moved and moved.status != "confirmed":
        return Outcome("overtaken", remembers={"appointment": None})
    if held and not is_offered_by(turn, held.therapist.id, held.service, held.service_type):
        await tx.calendar.move_on(held.id, LET_GO, turn.now)
        held = None
    booked = await _booked(turn, tx, held, moved)
    if held is None or not (booked or await _ask(turn, tx, held, moved)):
        wanted = wanted_by(turn)
        taken = await claim_all(turn, tx, wanted)
        held = await tx.appointments.get(taken.numbers[0]) if taken.numbers else None
        booked = await _booked(turn, tx, held, moved)
        if held is None or not (booked or await _ask(turn, tx, held, moved)):
            return _lost(turn, [wanted[place].starts_at for place in taken.lost])
    await leave_line(turn, tx, held)
    to, sends = Recipient("therapist", held.therapist.address), {"appointment": held.id}
    if booked:
        return Outcome("booked", remembers={"summary": turn.summary(*booked)}, to=to, sends=sends)
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
    return Outcome(
        "sent" if turn.person.opted_out_at is None else "sent_quietly",
        remembers={
            "appointment": held.id,
            "summary": await summary_of(turn, tx, held),
            "deadline": turn.when(deadline // 60),
        },
        to=to,
        sends=sends,
    )


def _lost(turn: BookingTurn, starts: Sequence[int]) -> Outcome:
    plan = Plan.of(turn.memory.get("series"))
    if plan is None:
        return Outcome("taken", remembers={"appointment": None})
    return Outcome("some_taken", remembers={"appointment": None, "series": plan.without(starts).as_value()})


async def _booked(
    turn: BookingTurn, tx: Transaction, held: Appointment | None, moved: Appointment | None
) -> list[Appointment]:
    """Confirm at once what needs no answer. Empty: a therapist is to be asked, or the hold has run out."""
    if held is None or moved is not None:
        return []
    asked = await together(tx, held)
    if not await _needs_no_answer(turn, tx, held) or not await tx.calendar.confirm(held, BOOK, turn.now):
        return []
    for one in asked:
        await put_reminders(turn, tx, one)
    return asked


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


@step("ended", "goes_on")
async def end_hold(turn: BookingTurn, tx: Transaction) -> Outcome:
    """End a hold that has run out, wherever its client has gone meanwhile: somebody may wait for its time."""
    found = await told_of(turn, tx)
    if await tx.calendar.expire(found.id, turn.now):
        return Outcome("ended")
    if found.status == "held" and found.expires_at is not None:
        await look_again(turn, tx, found.id, found.expires_at)
    return Outcome("goes_on")


async def held_by(turn: BookingTurn, tx: Transaction) -> Appointment | None:
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


@step("withdrawn", "too_late", "not_free", reaches="therapist", signals={"withdrawn": "request_withdrawn"})
async def withdraw_for_another(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Take a request back for another time; not for one that cannot be had, which would leave nothing."""
    if turn.wish.one_moment and (await find(turn, tx, *simplest(turn))).choice.exact is None:
        return Outcome("not_free")
    return await withdraw_request.run(turn, tx)


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
    asked = await together(tx, request)
    # Expired already: somebody else has booked the time since, and nobody has been told. Only requests that
    # were sent have this timer, and it goes off once. For times that were proposed there is another one.
    if request.status == "expired" and await tx.proposals.of(request.id):
        return Outcome("answered_before")
    if not await tx.calendar.move_on(request.id, LAPSE, turn.now):
        return Outcome("answered_before")
    return Outcome(
        "expired",
        tells={"summary": turn.summary(*asked)},
        to=Recipient("therapist", request.therapist.address),
        sends={"appointment": request.id},
    )


@step("stands", "overtaken", tells=("summary",))
async def read_approval(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Look up what was approved; the client may have cancelled it, or some of a series, at the same time."""
    request = await told_of(turn, tx)
    asked = await tx.appointments.of_series(request.id) if request.series == request.id else [request]
    standing = [one for one in asked if one.status == "confirmed"]
    if not standing:
        return Outcome("overtaken")
    return Outcome("stands", tells={"summary": turn.summary(*standing)})


@step("read", "read_because", tells=("summary", "reason"))
async def read_refusal(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Look up what the therapist has declined or called off, which is final, and what they said of it."""
    refused, *others = await told_together(turn, tx)
    told = "read_because" if refused.reason else "read"
    summary = await with_its_move(turn, tx, refused, turn.summary(refused, *others))
    return Outcome(told, tells={"summary": summary, "reason": refused.reason})
