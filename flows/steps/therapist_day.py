"""Steps with which therapists look at their days: one, several, what is next. They change nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import chain, groupby
from typing import NamedTuple

from engine.events import Value
from engine.ports import Outcome
from flows.booking_turn import BookingTurn, name_of
from flows.registry import step
from flows.slots import DAY, instant, local
from flows.texts import line
from flows.wishes import Wish
from flows.wording import clock, day_in_full
from storage.appointments import Appointment
from storage.store import Transaction

MOST_LINES = 10
"""A longer message is not read on a phone; "more" shows the rest."""
MOST_DAYS = 31
"""How many days are looked at in one go."""
A_WEEK = 7
AHEAD = 400 * DAY
"""How far the next appointment is looked for, in minutes: beyond any practice's horizon."""
SHOWN = ("pending", "confirmed", "completed", "no_show")
REST = ("rest_from", "rest_until")
"""The stretch that was not shown yet, in minutes since the epoch."""


class Entry(NamedTuple):
    """One line of a day."""

    starts_at: int
    line: Value


@step("listed", "free", tells=("list", "day"), remembers=REST)
async def list_days(turn: BookingTurn, tx: Transaction) -> Outcome:
    """List the days that were named, or today."""
    wish = Wish.of(turn.data.get("appointment_time"))
    first = wish.first or _today(turn)
    days = ((wish.last or first) - first).days + 1
    return await _list(turn, tx, first, min(days, MOST_DAYS))


@step("listed", "free", tells=("list", "day"), remembers=REST)
async def list_week(turn: BookingTurn, tx: Transaction) -> Outcome:
    """List the seven days from today on."""
    return await _list(turn, tx, _today(turn), A_WEEK)


@step("listed", "all_shown", tells=("list", "day"), remembers=REST)
async def list_rest(turn: BookingTurn, tx: Transaction) -> Outcome:
    """List what did not fit into the last message."""
    since, until = (turn.remembered_number(name) for name in REST)
    if since is None or until is None:
        return Outcome("all_shown")
    outcome = await _list_stretch(turn, tx, since, until)
    return Outcome("all_shown", remembers=outcome.remembers) if outcome.name == "free" else outcome


@step("found", "none", tells=("next",))
async def find_next(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Find the next appointment that is confirmed."""
    found = await tx.appointments.of_therapist(
        turn.person_id, ("confirmed",), turn.minute, turn.minute + AHEAD
    )
    coming = next((one for one in found if one.starts_at > turn.minute), None)
    if coming is None:
        return Outcome("none")
    told = line(
        "next_with_address" if coming.address else "next_line",
        when=turn.when(coming.starts_at),
        client=name_of(coming.client),
        kind=line(f"type {coming.service_type}"),
        request=coming.id,
        address=coming.address,
    )
    return Outcome("found", tells={"next": told})


async def _list(turn: BookingTurn, tx: Transaction, first: date, days: int) -> Outcome:
    since = instant(first, 0, turn.zone)
    return await _list_stretch(turn, tx, since, instant(first + timedelta(days=days), 0, turn.zone))


async def _list_stretch(turn: BookingTurn, tx: Transaction, since: int, until: int) -> Outcome:
    """As many lines of a stretch as fit; what is left is remembered."""
    entries = await _entries(turn, tx, since, until)
    if not entries:
        return Outcome("free", tells={"day": _span(turn, since, until)}, remembers=dict.fromkeys(REST))
    shown = _that_fit(turn, entries)
    left = entries[len(shown) :]
    end = left[0].starts_at if left else until
    lines = _lines(turn, shown, since, end)
    if left:
        rest: dict[str, Value] = {"rest_from": end, "rest_until": until}
        more = line("more_lines", left=len(left))
        return Outcome("listed", tells={"list": [*lines, more]}, remembers=rest)
    return Outcome("listed", tells={"list": lines}, remembers=dict.fromkeys(REST))


async def _entries(turn: BookingTurn, tx: Transaction, since: int, until: int) -> list[Entry]:
    """What is booked and what is blocked, in order of time."""
    found = await tx.appointments.of_therapist(turn.person_id, SHOWN, since, until)
    booked = [Entry(one.starts_at, _line(turn, one)) for one in found if one.stands(turn.now)]
    blocked = await tx.blocked_times.blocked([turn.person_id], since, until)
    daily = [_blocked(turn, max(one.from_minute, since), min(one.until_minute, until)) for one in blocked]
    return sorted([*booked, *chain.from_iterable(daily)], key=lambda entry: entry.starts_at)


def _blocked(turn: BookingTurn, since: int, until: int) -> Iterator[Entry]:
    """A blocked stretch, day by day."""
    while since < until:
        midnight = instant(_day(turn, since), 0, turn.zone)
        morrow = instant(_day(turn, since) + timedelta(days=1), 0, turn.zone)
        end = min(until, morrow)
        times = f"{clock(since, turn.zone)}–{clock(end, turn.zone)}"
        whole = (since, end) == (midnight, morrow)
        yield Entry(since, line("blocked_day") if whole else line("blocked_line", times=times))
        since = morrow


def _that_fit(turn: BookingTurn, entries: Sequence[Entry]) -> Sequence[Entry]:
    """The first entries that fit into a message, each day with a heading."""
    days: set[date] = set()
    for number, entry in enumerate(entries):
        days.add(_day(turn, entry.starts_at))
        if number + 1 + len(days) > MOST_LINES:
            return entries[:number]
    return entries


def _lines(turn: BookingTurn, entries: Sequence[Entry], since: int, until: int) -> list[Value]:
    """Day by day; the days in between on which there is nothing are named in one line."""
    lines: list[Value] = []
    busy: set[date] = set()
    for day, of_day in groupby(entries, lambda entry: _day(turn, entry.starts_at)):
        busy.add(day)
        lines += [line("day_heading", day=_named(turn, day)), *(entry.line for entry in of_day)]
    last = _day(turn, until - 1)
    days = [_day(turn, since) + timedelta(days=number) for number in range(MOST_DAYS)]
    free = [_named(turn, day) for day in days if day <= last and day not in busy]
    if free:
        lines.append(line("free_days", days=", ".join(free)))
    return lines


def _line(turn: BookingTurn, appointment: Appointment) -> Value:
    sure = "day_line_sure" if appointment.client_confirmed_at else "day_line"
    waits = appointment.status == "pending"
    return line(
        "day_line_waiting" if waits else sure,
        times=f"{clock(appointment.starts_at, turn.zone)}–{clock(appointment.ends_at, turn.zone)}",
        kind=line(f"type {appointment.service_type}"),
        client=name_of(appointment.client),
        request=appointment.series or appointment.id if waits else appointment.id,
    )


def _span(turn: BookingTurn, since: int, until: int) -> str:
    first, last = _named(turn, _day(turn, since)), _named(turn, _day(turn, until - 1))
    return first if first == last else f"{first} – {last}"


def _day(turn: BookingTurn, minute: int) -> date:
    return local(minute, turn.zone).date()


def _today(turn: BookingTurn) -> date:
    return _day(turn, turn.minute)


def _named(turn: BookingTurn, day: date) -> str:
    return day_in_full(local(instant(day, 12 * 60, turn.zone), turn.zone), turn.language)
