"""Steps that show free times, and others than those that were shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from engine.events import Value
from engine.ports import Outcome
from flows.booking_turn import BookingTurn
from flows.choices import rest_of_day
from flows.offers import (
    NOTHING,
    OFFERED,
    Beyond,
    Found,
    days_shown,
    find,
    offer,
    simplest,
    start_of,
    times_shown,
)
from flows.registry import step
from flows.slots import instant
from flows.steps.booking import release_hold
from flows.texts import line
from flows.with_whom import not_turned_down, said_with_whom
from storage.store import Transaction

ENDS = ("found", "found_days", "none", "nobody_else")
CHANGED = (*OFFERED, "slot", "asked_for", "not_with", "wanted")


@step("found", "found_days", "not_free", "none", remembers=OFFERED)
async def browse_times(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Show free times before anything else is known, as if it were the simplest appointment."""
    found = await find(turn, tx, *simplest(turn))
    if found.choice.offered and not found.choice.suits:
        return Outcome("not_free", remembers=offer(turn, found))
    return _offered(turn, found)


@step(*ENDS, remembers=CHANGED)
async def find_other_times(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Look beyond the times that were offered last, or for those of other days, or of somebody else.

    Who wants earlier ones sees those before. Of the one day that was named, those not shown yet come first.
    """
    if whom := said_with_whom(turn):
        return await _with_somebody_else(turn, tx, whom)
    shown, way = times_shown(turn), turn.data.get("direction")
    if way == "another_day":
        return await _on_another_day(turn, tx)
    if shown and way == "earlier":
        beyond = Beyond(before=min(shown))
        return _offered(turn, await find(turn, tx, *simplest(turn), beyond), beyond)
    if way is None:
        found = await find(turn, tx, *simplest(turn))
        if found.choice.exact is not None:  # the one that was meant has been shown
            beyond = Beyond(without=found.choice.exact)
            return _offered(turn, await find(turn, tx, *simplest(turn), beyond), beyond)
        if rest := rest_of_day(sorted(found.owners), turn.wish, shown, turn.zone):
            return _offered(turn, found.showing(rest))
    beyond = Beyond(after=max(shown, default=0))
    return _offered(turn, await find(turn, tx, *simplest(turn), beyond), beyond)


@step(*ENDS, remembers=CHANGED)
async def find_other_days(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Look beyond the days that were offered last, or for those of somebody else."""
    if whom := said_with_whom(turn):
        return await _with_somebody_else(turn, tx, whom)
    shown = days_shown(turn)
    if not shown:
        return _offered(turn, await find(turn, tx, *simplest(turn)))
    if turn.data.get("direction") == "earlier":
        beyond = Beyond(before=instant(min(shown), 0, turn.zone))
    else:
        beyond = Beyond(after=instant(max(shown) + timedelta(days=1), 0, turn.zone) - 1)
    return _offered(turn, await find(turn, tx, *simplest(turn), beyond), beyond)


@step("found", "none", remembers=(*OFFERED, "slot", "refused"))
async def find_times_instead(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Find what is free nearest to a time that cannot be had: declined, or taken by somebody else.

    The wish stays ("the 12th, then" means the same hour), and so does what was refused: it is not offered
    again in this errand.
    """
    refused = start_of({"data": {"slot": turn.memory.get("slot")}})
    found = await find(turn, tx, *simplest(turn), Beyond(without=refused))
    if not found.choice.offered:
        return Outcome("none")
    nearest = offer(turn, found.showing(found.choice.offered))
    return Outcome("found", remembers={"slot": None, "refused": refused, **nearest})


@step(
    "changed",
    "impossible",
    "released",
    remembers=("slot", "asked_for", "not_with", "series", "appointment"),
    tells=("why",),
)
async def change_therapist(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Want what is read out with another therapist, if that was said; otherwise give its time back.

    The wish stays, which is for that very time. `impossible`: nobody else does it, or not whom they named.
    """
    return _with_another(turn) or await release_hold.run(turn, tx)


@step(
    "agreed", "changed", "impossible", remembers=("slot", "asked_for", "not_with", "series"), tells=("why",)
)
async def check_therapist(turn: BookingTurn, tx: Transaction) -> Outcome:
    """See whether a yes is one to whoever was read out, and not "yes, with Malik"."""
    slot, whom = turn.memory.get("slot"), said_with_whom(turn)
    same = isinstance(slot, dict) and slot.get("therapist") == whom.get("asked_for")
    if same or "slot" not in whom:
        return Outcome("agreed")
    return _with_another(turn) or Outcome("agreed")


def _with_another(turn: BookingTurn) -> Outcome | None:
    """What comes of another therapist who was asked for; None: nothing was said of that."""
    whom = said_with_whom(turn)
    if not whom:
        return None
    now, possible = turn.knowing(whom), turn.practice.therapists_for(*simplest(turn))
    named = now.remembered_number("asked_for")
    why: Value = None
    if turn.memory.get("moving") is not None:
        why = line("moves_with_same")
    elif not not_turned_down(now, possible):
        why = line("nobody_else")
    elif named is not None and named not in [one.id for one in possible]:
        why = line("not_theirs", therapist=turn.practice.therapist_name(named))
    if why:
        return Outcome("impossible", tells={"why": why})
    return Outcome("changed", remembers={**whom, "series": None})


async def _on_another_day(turn: BookingTurn, tx: Transaction) -> Outcome:
    """What is left of the wish without its days, and not on the one day that was looked at."""
    wish = turn.wish
    wanted: dict[str, Value] = {"wanted": wish.on_any_day().as_value()}
    beyond = Beyond(not_on=wish.first if wish.first == wish.last else None)
    found = await find(turn.knowing(wanted), tx, *simplest(turn), beyond)
    return _offered(turn, found, beyond, wanted if found.choice.offered else {})


async def _with_somebody_else(turn: BookingTurn, tx: Transaction, whom: dict[str, Value]) -> Outcome:
    """The times of whoever is wanted now, nearest to what was wished for."""
    now = turn.knowing(whom)
    if not not_turned_down(now, turn.practice.therapists_for(*simplest(turn))):
        return replace(_offered(turn, await find(turn, tx, *simplest(turn))), name="nobody_else")
    return _offered(turn, await find(now, tx, *simplest(turn)), remembers=whom)


def _offered(
    turn: BookingTurn, found: Found, beyond: Beyond = NOTHING, remembers: dict[str, Value] | None = None
) -> Outcome:
    if not found.choice.offered:
        return Outcome("none", remembers=remembers or {})
    remembered = {**(remembers or {}), **offer(turn, found, beyond)}
    return Outcome("found_days" if found.days else "found", remembers=remembered)
