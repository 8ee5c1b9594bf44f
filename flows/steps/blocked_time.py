"""Steps with which therapists block time and give it free. They never touch an appointment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from engine.errors import TurnFailed
from engine.events import Value
from engine.ports import Outcome
from flows.booking_turn import BookingTurn, name_of
from flows.registry import step
from flows.slots import DAY, instant, local
from flows.texts import line
from flows.waitlist import FRONT, Released, offer_to_next
from flows.wishes import ALL_WEEK, Wish
from flows.wording import clock, day_in_full
from storage.blocked_times import Blocked
from storage.lifecycle import ACTIVE
from storage.store import Transaction

REPEATING = frozenset({"every", "each", "always", "weekly", "daily"})
AHEAD = 800 * DAY
"""How far blocked times are looked for, in minutes."""
MOST = 10
"""How many lines of a list are shown."""
CONSIDERED = ("block_from", "block_until", "stretch", "interrupted")
UNCLEAR = ("no_time", "no_end", "repeated", "over")


@dataclass(frozen=True, slots=True)
class NoStretch:
    """Why the words are no stretch of time: one of `UNCLEAR`."""

    reason: str


@step("asked", *UNCLEAR, remembers=(*CONSIDERED, "inside"))
async def consider_blocking(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Find out which stretch is to be blocked, and what is booked in it."""
    wanted = _stretch(turn)
    if isinstance(wanted, NoStretch):
        return Outcome(wanted.reason)
    inside = await _inside(turn, tx, wanted)
    return Outcome("asked", remembers={**_considered(turn, wanted), "inside": inside})


@step("asked", "nothing_blocked", *UNCLEAR, remembers=CONSIDERED)
async def consider_unblocking(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Find out which stretch is to be given free, if any of it is blocked."""
    wanted = _stretch(turn)
    if isinstance(wanted, NoStretch):
        return Outcome(wanted.reason)
    if not await tx.blocked_times.blocked([turn.person_id], wanted.from_minute, wanted.until_minute):
        return Outcome("nothing_blocked")
    return Outcome("asked", remembers=_considered(turn, wanted))


@step("blocked", tells=("stretch", "inside"))
async def block_time(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Block what was read out. What is booked in it by now is told, and stands.

    Whoever holds a time locks the therapist as well, and then looks for blocked times: neither misses the
    other.
    """
    wanted = _remembered(turn)
    await tx.claims.lock_resources([turn.person_id])
    await tx.blocked_times.block(wanted, turn.now)
    inside = await _inside(turn, tx, wanted)
    return Outcome("blocked", tells={"stretch": _in_words(turn, wanted), "inside": inside})


@step("unblocked", tells=("stretch",))
async def unblock_time(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Give free what was read out."""
    wanted = _remembered(turn)
    await tx.claims.lock_resources([turn.person_id])
    await tx.blocked_times.unblock(wanted, turn.now)
    released = Released(turn.person_id, turn.person_id, wanted.from_minute, wanted.until_minute)
    await offer_to_next(turn, tx, released, FRONT)
    return Outcome("unblocked", tells={"stretch": _in_words(turn, wanted)})


@step("listed", "none", tells=("list",))
async def list_blocks(turn: BookingTurn, tx: Transaction) -> Outcome:
    """List what is blocked from now on."""
    found = await tx.blocked_times.blocked([turn.person_id], turn.minute, turn.minute + AHEAD)
    if not found:
        return Outcome("none")
    lines: list[Value] = [line("block_line", stretch=_in_words(turn, one)) for one in found[:MOST]]
    return Outcome("listed", tells={"list": _with_rest(lines, len(found))})


def _stretch(turn: BookingTurn) -> Blocked | NoStretch:
    """The one stretch that was said: whole days, or hours of one day."""
    wish = Wish.of(turn.data.get("appointment_time"))
    if REPEATING & set(turn.moment.heard.text.casefold().split()) or wish.weekdays != ALL_WEEK:
        return NoStretch("repeated")
    if wish.first is None and wish.start is None:
        return NoStretch("no_time")
    if wish.start is not None and wish.end is None:
        return NoStretch("no_end")
    first = wish.first or local(turn.minute, turn.zone).date()
    last = wish.last or first
    if wish.start is None:
        since, until = instant(first, 0, turn.zone), instant(last + timedelta(days=1), 0, turn.zone)
    elif first < last:
        return NoStretch("repeated")  # the same hours on several days
    else:
        since, until = instant(first, wish.start, turn.zone), instant(first, wish.end or DAY, turn.zone)
    if until <= turn.minute:
        return NoStretch("over")
    return Blocked(turn.person_id, since, until)


def _considered(turn: BookingTurn, wanted: Blocked) -> dict[str, Value]:
    return {
        "block_from": wanted.from_minute,
        "block_until": wanted.until_minute,
        "stretch": _in_words(turn, wanted),
        "interrupted": None,
    }


def _remembered(turn: BookingTurn) -> Blocked:
    since, until = turn.remembered_number("block_from"), turn.remembered_number("block_until")
    if since is None or until is None:
        raise TurnFailed("No stretch was read out before it was confirmed.")
    return Blocked(turn.person_id, since, until)


async def _inside(turn: BookingTurn, tx: Transaction, wanted: Blocked) -> Value:
    """What is booked or asked for in a stretch, line by line, or the words for nothing."""
    found = await tx.appointments.of_therapist(
        turn.person_id, ACTIVE, wanted.from_minute, wanted.until_minute
    )
    standing = [one for one in found if one.stands(turn.now)]
    if not standing:
        return line("nothing_booked_then")
    lines: list[Value] = [
        line(
            "booked_then",
            request=one.id,
            client=name_of(one.client),
            when=turn.when(one.starts_at),
        )
        for one in standing[:MOST]
    ]
    return line("booked_inside", list=_with_rest(lines, len(standing)))


def _with_rest(lines: Sequence[Value], count: int) -> list[Value]:
    left = count - len(lines)
    return [*lines, line("and_more", left=left)] if left else list(lines)


def _in_words(turn: BookingTurn, stretch: Blocked) -> Value:
    """Whole days as days, hours of one day with that day, anything else from moment to moment."""
    _, since, until = stretch
    first, last = local(since, turn.zone).date(), local(until - 1, turn.zone).date()
    day = day_in_full(local(since, turn.zone), turn.language)
    whole = since == instant(first, 0, turn.zone) and until == instant(last + timedelta(days=1), 0, turn.zone)
    if whole and first == last:
        return line("stretch_day", day=day)
    if whole:
        return line("stretch_days", first=day, last=day_in_full(local(until - 1, turn.zone), turn.language))
    if first == last:
        return line("stretch_hours", day=day, since=clock(since, turn.zone), until=clock(until, turn.zone))
    return line("stretch_moments", since=turn.when(since), until=turn.when(until))
