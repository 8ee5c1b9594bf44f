"""Steps of waiting for a time: join the line, be offered what has become free, take it or pass it on."""

from __future__ import annotations

from engine.events import Value
from engine.ports import Outcome
from flows.booking_turn import BookingTurn, number
from flows.claiming import MOST_OPEN, claim, count_asked, hold_of
from flows.offers import chosen, days_shown, find, times_shown
from flows.registry import step
from flows.reminders import quiet_hours
from flows.series import Plan
from flows.steps.availability import REPEATED, WISHES
from flows.texts import line
from flows.waitlist import OF_SERIES, OFFER_LAPSED, Released, offer_to_next, suiting, window
from flows.wish_wording import wish_in_words
from flows.wishes import Wish
from storage.appointments import Appointment
from storage.lifecycle import LET_GO
from storage.store import Transaction
from storage.timers import Timer
from storage.waitlist import Waiting

OFFER = ("request", "summary", "deadline")
ON_OFFER = ("on_offer",)
MOST_WAITED_FOR = 5
"""So much one client may wait for at the same time."""
FORGOTTEN: dict[str, Value] = {"on_offer": None}


@step("joined", "joined_though_free", "too_many", "too_little", "silent", tells=("waiting",))
async def join_waitlist(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Wait for what was wished for. `too_little`: nobody knows yet what that is.

    `joined_though_free`: something that suits is free now, and they have not seen it. `silent`: who wants no
    messages could not be offered anything. `too_many`: they wait for as much as anybody may.
    """
    kind, service = turn.remembered_text("service_type"), turn.remembered_text("service")
    if kind not in turn.practice.service_types or service not in [
        one.code for one in turn.practice.services_for(kind)
    ]:
        return Outcome("too_little")
    if turn.person.opted_out_at is not None:
        return Outcome("silent")
    waiting = await _join(turn, tx, turn.wish, turn.remembered_number("asked_for"))
    if waiting is None:
        return Outcome("too_many")
    if (held := turn.remembered_number("appointment")) is not None:
        await tx.calendar.move_on(held, LET_GO, turn.now)  # for somebody else who waits, as this errand ends
    elif not (times_shown(turn) or days_shown(turn)) and (await find(turn, tx, kind, service)).is_what_suits:
        return Outcome("joined_though_free", tells={"waiting": waiting})
    return Outcome("joined", tells={"waiting": waiting})


@step("settled", "too_many", "silent", tells=("waiting",), remembers=("series",))
async def wait_for_clash(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Wait for the one of a series that is not free, and go on without it."""
    plan = Plan.of(turn.memory.get("series"))
    if turn.person.opted_out_at is not None or plan is None or plan.asked is None:
        return Outcome("silent")
    wish = Wish(plan.asked, plan.asked, plan.minute(turn.zone))
    waiting = await _join(turn, tx, wish, plan.therapist, of_series=True)
    if waiting is None:
        return Outcome("too_many")
    return Outcome("settled", tells={"waiting": waiting}, remembers={"series": plan.settled(None).as_value()})


async def _join(
    turn: BookingTurn, tx: Transaction, wish: Wish, therapist: int | None, *, of_series: bool = False
) -> Value:
    """Put the client on the list for what they want, from now on; returns it in words. None: for too much.

    Who waits for the same already keeps their place.
    """
    kind, service = str(turn.memory["service_type"]), str(turn.memory["service"])
    entries = await tx.waitlist.of_client(turn.person_id, turn.minute)
    same = [
        one.id
        for one in entries
        if (one.service_type, one.service, one.therapist_id) == (kind, service, therapist)
        and Wish.of(dict(one.wish)) == wish
    ]
    if not same and len(entries) >= MOST_WAITED_FOR:
        return None
    since, until = window(turn, wish, service)
    await tx.waitlist.join(
        client_id=turn.person_id,
        service=service,
        service_type=kind,
        therapist_id=therapist,
        wish={**wish.as_value(), "moving": turn.memory.get("moving"), OF_SERIES: of_series},
        from_minute=since,
        until_minute=until,
        at=turn.now,
        entry=same[0] if same else None,
    )
    return _in_words(turn, service, wish)


@step("left", "left_one", "not_on_it", remembers=ON_OFFER)
async def leave_waitlist(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Wait for nothing any more; what is on offer is free again.

    `left_one`: the button under an offer ends the wish that this was for, and they go on waiting for others.
    """
    entries = await tx.waitlist.of_client(turn.person_id, turn.minute)
    told = number(turn.data.get("request"))
    meant = [entry for entry in entries if entry.offered is not None and entry.offered == told] or entries
    for entry in meant:
        if entry.offered is not None:
            await tx.calendar.move_on(entry.offered, LET_GO, turn.now)
        await tx.waitlist.leave(entry.id)
    if len(meant) < len(entries):
        return Outcome("left_one", remembers=await _still_on_offer(turn, tx))
    return Outcome("left" if entries else "not_on_it", remembers=FORGOTTEN)


@step("offered", "passed_on", tells=OFFER, remembers=ON_OFFER, sets=(OFFER_LAPSED,))
async def offer_released_time(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Hold a time that has become free for whoever waits for it, or pass it on to the next in line."""
    waiting, released = await _waiting(turn, tx), Released.of(turn.data)
    if waiting and released and (held := await _hold(turn, tx, waiting, released)):
        return Outcome(
            "offered",
            tells={
                "request": str(held.id),
                "summary": turn.summary(held),
                "deadline": turn.when((held.expires_at or 0) // 60),
            },
            remembers={"on_offer": held.id},
        )
    return await pass_on_released_time.run(turn, tx)


@step("passed_on")
async def pass_on_released_time(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Let the next in line have it: this is no moment for it, or it does not suit."""
    entry, released = number(turn.data.get("entry")), Released.of(turn.data)
    if entry is not None and released is not None:
        await offer_to_next(turn, tx, released, entry)
    return Outcome("passed_on")


@step("taken", "gone", "too_many", remembers=(*WISHES, "appointment", "moving", "on_offer"))
async def take_offer(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Go on with what is on offer as with any chosen time. What was held before is free again.

    A second tap finds it taken already, and it is read out once more.
    """
    held = await _on_offer(turn, tx)
    if held and held.id == turn.remembered_number("appointment"):
        return Outcome("taken")
    if held and await count_asked(turn, tx) >= MOST_OPEN:
        return Outcome("too_many")
    moving = await _moved_by(turn, tx, held) if held else None
    if held is None or not await tx.waitlist.answered(turn.person_id, held.id):
        return Outcome("gone", remembers=await _still_on_offer(turn, tx))
    other = turn.remembered_number("appointment")
    if other is not None and other != held.id:
        await tx.calendar.move_on(other, LET_GO, turn.now)
    return Outcome(
        "taken",
        remembers={
            **chosen(turn, held.starts_at, held.therapist.id),
            "service_type": held.service_type,
            "service": held.service,
            "asked_for": None,
            "appointment": held.id,
            "moving": moving,
            **dict.fromkeys(REPEATED),
            "on_offer": None,
        },
    )


@step("passed", "gone", remembers=ON_OFFER)
async def pass_offer(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Not this one: it is free for the next, and the client goes on waiting."""
    held = await _on_offer(turn, tx)
    if held is None or not await tx.waitlist.answered(turn.person_id, held.id):
        return Outcome("gone", remembers=await _still_on_offer(turn, tx))
    await tx.calendar.move_on(held.id, LET_GO, turn.now)
    return Outcome("passed", remembers=await _still_on_offer(turn, tx))


@step("lapsed", "lapsed_at_night", "answered_before", remembers=ON_OFFER)
async def lapse_offer(turn: BookingTurn, tx: Transaction) -> Outcome:
    """The client has not answered an offer in time: it is free for the next, and they go on waiting.

    `lapsed_at_night`: in their quiet hours nobody is told.
    """
    offered = number(turn.data.get("offer"))
    if offered is None or not await tx.waitlist.answered(turn.person_id, offered):
        return Outcome("answered_before")
    await tx.calendar.move_on(offered, LET_GO, turn.now)
    is_night = quiet_hours(turn, turn.person).after(turn.now) != turn.now
    return Outcome("lapsed_at_night" if is_night else "lapsed", remembers=await _still_on_offer(turn, tx))


async def _still_on_offer(turn: BookingTurn, tx: Transaction) -> dict[str, Value]:
    """What a plain yes or no is about from now on: the latest time that is on offer to the client yet."""
    entries = await tx.waitlist.of_client(turn.person_id, turn.minute)
    return {"on_offer": max((one.offered for one in entries if one.offered is not None), default=None)}


async def waiting_lines(turn: BookingTurn, tx: Transaction) -> list[Value]:
    """What the client waits for, a line each."""
    return [
        line("waiting_line", waiting=_in_words(turn, one.service, Wish.of(dict(one.wish))))
        for one in await tx.waitlist.of_client(turn.person_id, turn.minute)
    ]


async def _hold(
    turn: BookingTurn, tx: Transaction, waiting: Waiting, released: Released
) -> Appointment | None:
    """A hold on the time for this client, with the timer that ends the offer; None: it does not suit."""
    start = await suiting(turn, tx, waiting, released)
    if start is None:
        return None
    minutes = turn.practice.rules.offer_minutes
    wanted = hold_of(turn, waiting.service_type, waiting.service, start, released.therapist, minutes=minutes)
    held = await claim(turn, tx, wanted)
    if held is None:
        return None
    await tx.waitlist.offer(waiting.id, held, released.therapist, start)
    lapse = Timer(
        key=f"offer:{held}",
        flow=turn.moment.flow.name,
        address=turn.moment.heard.address,
        event=OFFER_LAPSED,
        data={"offer": held},
        due_at=turn.now + minutes * 60,
    )
    await tx.timers.put([lapse])
    return await tx.appointments.get(held)


async def _waiting(turn: BookingTurn, tx: Transaction) -> Waiting | None:
    """The client's own entry that a timer is about, if they may be offered something now."""
    entry = number(turn.data.get("entry"))
    found = await tx.waitlist.get(entry) if entry is not None else None
    if found is None or found.client.id != turn.person_id or found.offered is not None:
        return None
    return None if turn.person.opted_out_at is not None else found


async def _on_offer(turn: BookingTurn, tx: Transaction) -> Appointment | None:
    """The hold that is on offer: the one that a button names, or the last one that was spoken of."""
    named = number(turn.data.get("request")) or turn.remembered_number("on_offer")
    found = await tx.appointments.get(named) if named is not None else None
    is_own = found is not None and found.client.id == turn.person_id
    return found if found and is_own and found.status == "held" and found.stands(turn.now) else None


async def _moved_by(turn: BookingTurn, tx: Transaction, held: Appointment) -> int | None:
    """The appointment that was to be moved by whoever waited, if it still stands."""
    for entry in await tx.waitlist.of_client(turn.person_id, turn.minute):
        moving = number(entry.wish.get("moving")) if entry.offered == held.id else None
        found = await tx.appointments.get(moving) if moving is not None else None
        if found and found.client.id == turn.person_id and found.status == "confirmed":
            return found.id
    return None


def _in_words(turn: BookingTurn, service: str, wish: Wish) -> Value:
    title = turn.practice.service(service).title
    return line("waiting_for", service=title, when=wish_in_words(wish, turn.language))
