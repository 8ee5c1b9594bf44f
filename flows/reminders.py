"""When a client is reminded of an appointment: the rule, and the timers that keep it.

- A reminder comes a length of time before the beginning, counted as it passes, whatever clocks do.
- None comes for what was confirmed less than two hours before, nor within an hour of the confirmation.
- One that would fall into quiet hours comes shortly before they begin. If that is too late it is dropped.
- Of two that would come at the same moment the one that was meant for earlier comes.

A timer only says when to look: `read_reminder` decides whether there is still something to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from flows.booking_turn import BookingTurn
from flows.quiet import QuietHours
from storage.appointments import Appointment
from storage.people import Person
from storage.store import Transaction
from storage.timers import Timer

REMINDER_DUE = "reminder_due"
"""The event of a reminder's timer."""
NEWS_UNDELIVERED = "news_undelivered"
"""Something that nobody asked for was said, and could not be delivered for good."""
REQUEST_WAITS = "request_waits"
"""The event of a timer that reminds a therapist of a request."""
APPOINTMENT_OVER = "appointment_over"
NUDGES = (50, 90)
"""Per cent of the time to answer."""
TOO_SHORT = 2 * 3600
"""Seconds: who books so shortly before needs no reminder."""
SETTLES = 3600
"""Seconds after the confirmation in which no reminder comes."""


def moments(starts_at: int, before: Iterable[int], now: int, quiet: QuietHours) -> dict[int, int]:
    """When to remind of what begins at that minute: minutes before it -> seconds since the epoch."""
    start = starts_at * 60
    if start - now < TOO_SHORT:
        return {}
    due: dict[int, int] = {}
    for minutes in sorted(before, reverse=True):
        moment = quiet.before(start - minutes * 60)
        if moment >= now + SETTLES and moment not in due.values():
            due[minutes] = moment
    return due


async def put_reminders(turn: BookingTurn, tx: Transaction, appointment: Appointment) -> None:
    """Set the reminders of an appointment that has just been confirmed, and its end, deferred. Repeatable.

    What becomes of it later needs nothing here: one that no longer stands as it did is not spoken of.
    """
    due = moments(
        appointment.starts_at,
        turn.practice.rules.reminder_minutes,
        turn.now,
        quiet_hours(turn, appointment.client),
    )
    over = Timer(
        key=f"over:{appointment.id}:{appointment.starts_at}",
        flow=appointment.client.role,
        address=appointment.client.address,
        event=APPOINTMENT_OVER,
        data={"appointment": appointment.id},
        due_at=appointment.ends_at * 60,
    )
    await tx.timers.put(
        [over]
        + [
            Timer(
                key=f"reminder:{appointment.id}:{minutes}:{appointment.starts_at}",
                flow=appointment.client.role,
                address=appointment.client.address,
                event=REMINDER_DUE,
                data={
                    "appointment": appointment.id,
                    "starts_at": appointment.starts_at,
                    "minutes": minutes,
                },
                due_at=moment,
            )
            for minutes, moment in due.items()
        ]
    )


def nudges(turn: BookingTurn, request: Appointment, deadline: int) -> list[Timer]:
    """Timers that remind a therapist of a request, at 50 % and 90 % of the time there is to answer it.

    Nobody is nudged in quiet hours; a nudge that would come before the request itself is left out.
    """
    quiet = quiet_hours(turn, request.therapist)
    moments = {quiet.before(turn.now + (deadline - turn.now) * part // 100) for part in NUDGES}
    return [
        Timer(
            key=f"nudge:{request.id}:{moment}",
            flow=request.therapist.role,
            address=request.therapist.address,
            event=REQUEST_WAITS,
            data={"appointment": request.id},
            due_at=moment,
        )
        for moment in sorted(moments)
        if moment > turn.now
    ]


def quiet_hours(turn: BookingTurn, person: Person) -> QuietHours:
    """The practice's quiet hours where this person is, or where the practice is if nobody knows."""
    rules = turn.practice.rules
    return QuietHours(
        rules.quiet_from, rules.quiet_until, ZoneInfo(person.zone) if person.zone else turn.zone
    )
