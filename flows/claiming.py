"""How a time is taken for a client: what is written down, and what has to hold beside the claims."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from flows.booking_turn import BookingTurn
from flows.free_times import Search, free_times
from flows.series import Occurrence, Plan, Repetition
from flows.slots import local
from flows.workload import Workload, week_of
from storage.appointments import NewAppointment, Taken
from storage.calendar import Together
from storage.practice import Therapist
from storage.store import Transaction
from storage.timers import Timer

HOLD_OVER = "hold_over"
"""The event of a timer: a hold may have run out."""
MINUTE = 60
MOST_OPEN = 3
"""How many requests one client may have open: more would let one person empty a calendar."""


def hold_of(  # noqa: PLR0913  # what makes an appointment
    turn: BookingTurn,
    kind: str,
    service: str,
    start: int,
    therapist: int,
    *,
    minutes: int,
    replaces: int | None = None,
    place: int = 0,
) -> NewAppointment:
    """A hold for this turn's client that lasts so many minutes. `start`: minutes since the epoch.

    `place`: which of those it is that this turn holds.
    """
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
        op_key=f"{turn.cause}:{place}" if place else turn.cause,
    )


def wanted_by(turn: BookingTurn) -> list[NewAppointment]:
    """Holds on all that the client has settled on, as the conversation remembers it."""
    kind, service, slot = str(turn.memory["service_type"]), str(turn.memory["service"]), turn.memory["slot"]
    assert isinstance(slot, dict)  # noqa: S101  # find_next_question leads here only with a slot
    starts = planned_starts(turn) or [int(str(slot["start"]))]
    return [
        hold_of(
            turn,
            kind,
            service,
            start,
            int(str(slot["therapist"])),
            minutes=turn.practice.rules.hold_minutes,
            replaces=turn.remembered_number("moving"),
            place=place,
        )
        for place, start in enumerate(starts)
    ]


def planned_starts(turn: BookingTurn) -> list[int]:
    """When those of the series are to begin that the client has settled on; none if there is no series."""
    plan = Plan.of(turn.memory.get("series"))
    if plan is None:
        return []
    return sorted(start for start in plan.starts(days_of(turn, plan)) if start is not None)


def days_of(turn: BookingTurn, plan: Plan, more: int = 0) -> list[Occurrence]:
    """All the days of a series, as many as can be booked at once or so many more."""
    repetition = Repetition.of(turn.memory.get("repeats")) or Repetition(times=1)
    return plan.days(repetition, turn.zone, turn.practice.rules.most_in_series + more)


async def claim(turn: BookingTurn, tx: Transaction, wanted: NewAppointment) -> int | None:
    """Write the appointment with its claims; None, and nothing is written, when the time is taken."""
    await tx.calendar.queue_up(wanted.therapist_id, wanted.client_id)
    if await _not_to_be_had(turn, tx, [wanted]):
        return None
    number = await tx.calendar.take(wanted, turn.now)
    if number is not None:
        await look_again(turn, tx, number, wanted.expires_at or turn.now)
    return number


async def claim_all(turn: BookingTurn, tx: Transaction, wanted: Sequence[NewAppointment]) -> Together:
    """Write all of these, of one therapist, with their claims; or nothing, when one of them cannot be had."""
    if len(wanted) == 1:
        number = await claim(turn, tx, wanted[0])
        return Together((), (0,)) if number is None else Together((number,), ())
    await tx.calendar.queue_up(*(person for one in wanted for person in (one.therapist_id, one.client_id)))
    if lost := await _not_to_be_had(turn, tx, wanted):
        return Together((), lost)
    taken = await tx.calendar.take_all(wanted, turn.now)
    if taken.numbers:
        await look_again(turn, tx, taken.numbers[0], wanted[0].expires_at or turn.now)
    return taken


async def look_again(turn: BookingTurn, tx: Transaction, held: int, expires_at: int) -> None:
    """Have a hold looked at when it has run out, as somebody may wait for its time. Deferred.

    A minute later than that: whoever is asked to confirm hears first that it is over.
    """
    timer = Timer(
        key=f"hold:{held}:{expires_at}",
        flow=turn.moment.flow.name,
        address=turn.moment.heard.address,
        event=HOLD_OVER,
        data={"appointment": held},
        due_at=expires_at + MINUTE,
    )
    await tx.timers.put([timer])


async def _not_to_be_had(
    turn: BookingTurn, tx: Transaction, wanted: Sequence[NewAppointment]
) -> tuple[int, ...]:
    """Places of those, all of one therapist, that no rule allows; asked while others queue up."""
    whose = wanted[0].therapist_id
    since, until = min(one.claimed_from for one in wanted), max(one.claimed_until for one in wanted)
    blocked = await tx.blocked_times.blocked([whose], since, until)
    therapist = next((one for one in turn.practice.therapists if one.id == whose), None)
    room = await _room(turn, tx, therapist, wanted)
    return tuple(
        place
        for place, one in enumerate(wanted)
        if one.starts_at < turn.minute + turn.practice.notice(one.service)
        or not _is_offered(turn, one)
        or any(one.claimed_from < off.until_minute and off.from_minute < one.claimed_until for off in blocked)
        or not room[place]
    )


def is_offered_by(turn: BookingTurn, therapist: int, service: str, kind: str) -> bool:
    """Whether this therapist is of the practice still, and does that."""
    return therapist in [one.id for one in turn.practice.therapists_for(kind, service)]


def _is_offered(turn: BookingTurn, new: NewAppointment) -> bool:
    """Whether the therapist works then: the practice may have changed since the time was looked up."""
    whose = [
        one
        for one in turn.practice.therapists_for(new.service_type, new.service)
        if one.id == new.therapist_id
    ]
    search = Search(whose, new.service, new.service_type, new.client_id)
    return new.starts_at in free_times(turn.practice, search, (), new.starts_at, new.starts_at)


async def _room(
    turn: BookingTurn, tx: Transaction, therapist: Therapist | None, wanted: Sequence[NewAppointment]
) -> list[bool]:
    """For each whether the therapist takes one more on that day and in that week, those before it counted."""
    if therapist is None or (therapist.most_a_day is None and therapist.most_a_week is None):
        return [True] * len(wanted)
    zone = ZoneInfo(therapist.zone)
    weeks = [week_of(one.starts_at, zone) for one in wanted]
    since, until = min(first for first, _ in weeks), max(end for _, end in weeks)
    taken = await tx.appointments.busy([therapist.id], since, until, turn.now, moving=wanted[0].replaces)
    room = []
    for place, one in enumerate(wanted):
        before = [
            Taken(therapist.id, other.claimed_from, other.claimed_until, -number, other.starts_at)
            for number, other in enumerate(wanted[:place], 1)
        ]
        room.append(Workload(therapist, [*taken, *before]).of_week(one.starts_at) is not None)
    return room


async def count_asked(turn: BookingTurn, tx: Transaction) -> int:
    """How many appointments the client holds or asks for, besides what is on offer to who waits."""
    found = await tx.appointments.count_open(turn.person_id, turn.now)
    if found < MOST_OPEN:
        return found
    entries = await tx.waitlist.of_client(turn.person_id, turn.minute)
    return found - sum(one.offered is not None for one in entries)
