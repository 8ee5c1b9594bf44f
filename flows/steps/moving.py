"""Steps with which a client has an appointment moved: it stays as it is until the new time is approved.

Once it is known which one is meant, the rest is a booking like any other, one that replaces something.
"""

from __future__ import annotations

from engine.events import Value
from engine.ports import Outcome
from flows.booking_turn import BookingTurn, number
from flows.lives import successor, together, wait_for
from flows.registry import step
from flows.slots import local
from flows.steps.availability import REPEATED
from flows.steps.own_appointments import choices_of, coming, is_meant
from flows.wishes import Wish
from storage.appointments import Appointment
from storage.lifecycle import ACTIVE
from storage.store import Transaction

ERRAND = ("moving", "service_type", "service", "address", "slot", "wanted", *REPEATED)
ENDS = ("one", "too_late", "moving_already", "moved_before", "gone")


@step(
    *ENDS,
    "several",
    "only_asked_for",
    "none",
    tells=("summary", "notice"),
    remembers=(*ERRAND, "appointment", "summary", "own_appointments"),
)
async def find_movable(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Find out which appointment is to be moved: the one named, the only one, or the one of the day said.

    `only_asked_for`: nothing is confirmed yet, and a request is better asked for anew than moved.
    """
    named = number(turn.data.get("request"))
    if named is not None:
        return await _begin(turn, tx, await tx.appointments.get(named), turn.wish)
    standing = [found for found in await coming(turn, tx) if found.starts_at > turn.minute]
    confirmed = [found for found in standing if found.status == "confirmed"]
    said = Wish.of(turn.data.get("appointment_time"))
    of_that_day = [found for found in confirmed if said.first and is_meant(turn, said, found)]
    if len(confirmed) == 1 or len(of_that_day) == 1:
        (meant,) = of_that_day or confirmed
        return await _begin(turn, tx, meant, Wish() if of_that_day else said)
    if confirmed:
        choices = choices_of(turn, confirmed)
        return Outcome("several", remembers={"own_appointments": choices, "wanted": said.as_value()})
    if standing:
        meant = standing[0]
        summary = turn.summary(*await together(tx, meant))
        about: dict[str, Value] = {"appointment": meant.id, "summary": summary}
        return Outcome("only_asked_for", remembers={**about, "wanted": said.as_value(), "slot": None})
    return Outcome("none")


@step(*ENDS, tells=("summary", "notice"), remembers=ERRAND)
async def pick_to_move(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Move the appointment that was picked of several."""
    picked = number(turn.data.get("appointment"))
    found = await tx.appointments.get(picked) if picked is not None else None
    return await _begin(turn, tx, found, turn.wish)


async def _begin(turn: BookingTurn, tx: Transaction, found: Appointment | None, wish: Wish) -> Outcome:
    """Take everything over from what is to be moved; the client's policy is kept to here."""
    if found is None or found.client.id != turn.person_id:
        return Outcome("gone")
    if found.status == "moved":
        now = await successor(tx, found)
        return Outcome("moved_before", tells={"summary": turn.summary(now)} if now else {})
    if found.status != "confirmed" or found.starts_at <= turn.minute:
        return Outcome("gone")
    notice = turn.practice.rules.move_notice_minutes
    if found.starts_at < turn.minute + notice:
        return Outcome("too_late", tells={"summary": turn.summary(found), "notice": wait_for(notice)})
    for other in await tx.appointments.replacing(found.id):
        if other.status in ACTIVE and other.status != "held" and other.stands(turn.now):
            return Outcome("moving_already", tells={"summary": turn.summary(other)})
    taken_over: dict[str, Value] = {
        "moving": found.id,
        "service_type": found.service_type,
        "service": found.service,
        "address": found.address,
        "slot": None,
        **dict.fromkeys(REPEATED),
        "wanted": _of_the_same_day(turn, wish, found).as_value(),
    }
    return Outcome("one", tells={"summary": turn.summary(found)}, remembers=taken_over)


def _of_the_same_day(turn: BookingTurn, wish: Wish, found: Appointment) -> Wish:
    """A time of day alone is meant for the day on which the appointment is, "an hour later" from its time."""
    wall = local(found.starts_at, turn.zone)
    if wish.shift:
        return Wish(wall.date(), wall.date(), wall.hour * 60 + wall.minute).and_now(wish)
    if wish.names_days or wish.anything or wish.start is None:
        return wish
    return Wish(wall.date(), wall.date()).and_now(wish)
