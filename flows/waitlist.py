"""The line of those who wait: a time that was given back is offered along it, to one after the other.

Whatever gives time back, be it a cancellation, a refusal or a hold that has lapsed, the first in line who
may want it hears of it by a timer, which is due at once, or when their quiet hours are over. Their own turn
looks whether the time suits them and is free, holds it for them and offers it; or else passes it on to the
next. When an offer is refused or lapses, the time is given back, and goes along the line once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from engine.events import Value, Values
from flows.booking_turn import BookingTurn, number
from flows.free_times import MARGIN, Search, free_times
from flows.lives import together
from flows.reminders import quiet_hours
from flows.slots import DAY, instant, local
from flows.wishes import Wish
from flows.workload import week_of
from storage.appointments import Appointment
from storage.lifecycle import LET_GO
from storage.proposals import Proposal
from storage.store import Transaction
from storage.timers import Timer
from storage.waitlist import Waiting

TIME_RELEASED = "time_released"
"""The event of a timer: something was given back that its client may wait for."""
OFFER_LAPSED = "offer_lapsed"
"""The event of a timer: the client has had their time to answer an offer."""
OF_SERIES = "of_series"
"""Stands in what somebody waits for beside the rest of a series."""
FRONT = 0
"""Comes before every entry."""


@dataclass(frozen=True, slots=True)
class Released:
    """Time that a therapist has again. Minutes since the epoch."""

    therapist: int
    client: int
    """Whoever has given it back: it is not offered to them."""
    since: int
    until: int

    @classmethod
    def of(cls, told: Values) -> Released | None:
        """From the data of a timer."""
        found = [number(told.get(name)) for name in ("therapist", "client", "since", "until")]
        therapist, client, since, until = found
        if therapist is None or client is None or since is None or until is None:
            return None
        return cls(therapist, client, since, until)

    def as_values(self) -> dict[str, Value]:
        """For the data of a timer; `of` reads it back."""
        return {"therapist": self.therapist, "client": self.client, "since": self.since, "until": self.until}


async def offer_released(turn: BookingTurn, tx: Transaction) -> None:
    """Begin to offer what this turn has given back so far."""
    appointments, tx.calendar.released = tx.calendar.released, []
    if not appointments or not await tx.waitlist.is_anybody_waiting():
        return
    for appointment in dict.fromkeys(appointments):
        for released in await _stretches(turn, tx, appointment):
            await offer_to_next(turn, tx, released, FRONT)


async def _stretches(turn: BookingTurn, tx: Transaction, appointment: int) -> list[Released]:
    """Everything that an appointment may have given back; what of it is free shows when it is offered."""
    found = await tx.appointments.get(appointment)
    if found is None:
        return []
    replacing = await tx.appointments.replacing(appointment)
    times: list[Appointment | Proposal] = [*await together(tx, found), *replacing]
    for one in (found, *replacing):
        times += await tx.proposals.of(one.id)
    stretches = [(one.claimed_from, one.claimed_until) for one in times]
    therapist = next((one for one in turn.practice.therapists if one.id == found.therapist.id), None)
    if therapist and (therapist.most_a_day or therapist.most_a_week):  # all of that week has room again
        weeks = {week_of(one.starts_at, ZoneInfo(therapist.zone)) for one in times}
        stretches = sorted(weeks)
    return [Released(found.therapist.id, found.client.id, since, until) for since, until in stretches]


async def offer_to_next(turn: BookingTurn, tx: Transaction, released: Released, after: int) -> None:
    """Let the next in line behind entry `after` know, as soon as they may be written to."""
    waiting = await tx.waitlist.next(
        after,
        released.therapist,
        max(released.since, turn.minute),
        released.until,
        besides=released.client,
    )
    if waiting is None:
        return
    timer = Timer(
        key=f"released:{turn.cause}:{released.since}:{released.therapist}:{waiting.id}",
        flow=waiting.client.role,
        address=waiting.client.address,
        event=TIME_RELEASED,
        data={**released.as_values(), "entry": waiting.id},
        due_at=quiet_hours(turn, waiting.client).after(turn.now),
    )
    await tx.timers.put([timer])


async def leave_line(turn: BookingTurn, tx: Transaction, asked: Appointment) -> None:
    """What somebody waited for is asked for now; another time that is on offer for it is free again.

    Who asks for a series goes on waiting for a day that is not part of it, and who waits for a day of a
    series does whatever else they ask for.
    """
    entries = await tx.waitlist.of_client(turn.person_id, turn.minute)
    starts = [one.starts_at for one in await together(tx, asked)] if entries else []
    for entry in entries:
        wish = Wish.of(dict(entry.wish))
        of_series = asked.series is not None or bool(entry.wish.get(OF_SERIES))
        is_it = not of_series or any(_suits(wish, start, turn.zone) for start in starts)
        if entry.service != asked.service or not is_it:
            continue
        if entry.offered is not None and entry.offered != asked.id:
            await tx.calendar.move_on(entry.offered, LET_GO, turn.now)
        await tx.waitlist.leave(entry.id)


async def suiting(turn: BookingTurn, tx: Transaction, waiting: Waiting, released: Released) -> int | None:
    """The earliest free time that they wait for and have not been offered, in minutes since the epoch."""
    kind, service = waiting.service_type, waiting.service
    therapists = [
        one
        for one in turn.practice.therapists_for(kind, service)
        if one.id == released.therapist and waiting.therapist_id in {None, one.id}
    ]
    if not therapists:
        return None
    low = max(turn.minute + turn.practice.notice(service), released.since - DAY)
    high = min(turn.minute + turn.practice.horizon(service), released.until)
    if low > high:
        return None
    search = Search(therapists, service, kind, turn.person_id)
    taken = await tx.appointments.busy(search.people, low - MARGIN, high + MARGIN, turn.now)
    before = await tx.waitlist.offers(turn.person_id, service)
    return next(
        (
            start
            for start in sorted(free_times(turn.practice, search, taken, low, high))
            if _suits(Wish.of(dict(waiting.wish)), start, turn.zone)
            and (released.therapist, start) not in before
            and start + turn.practice.terms(released.therapist, service, kind).length > released.since
        ),
        None,
    )


def window(turn: BookingTurn, wish: Wish, service: str) -> tuple[int, int]:
    """The minutes since the epoch between which all that suits lies."""
    first = instant(wish.first, 0, turn.zone) if wish.first else turn.minute
    last = wish.last or wish.first
    until = instant(last + timedelta(days=1), 0, turn.zone) if last else turn.minute
    return first, until if last else turn.minute + turn.practice.horizon(service)


def _suits(wish: Wish, start: int, zone: ZoneInfo) -> bool:
    wall = local(start, zone)
    return wish.suits_day(wall.date()) and wish.suits_minute(wall.hour * 60 + wall.minute)
