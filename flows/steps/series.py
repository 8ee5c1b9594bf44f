"""Steps that plan and hold a series: appointments at one time, every so many weeks.

Nothing is written before everything is settled: what is not free is shown to the client first, one after the
other, who takes another time of that week or leaves it out. Then all are held in one transaction, or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from engine.events import Value
from engine.ports import Outcome
from flows.booking_turn import BookingTurn
from flows.choices import choose
from flows.claiming import MOST_OPEN, claim_all, count_asked, days_of, is_offered_by, wanted_by
from flows.free_times import MARGIN, Search, free_times
from flows.lives import together
from flows.offers import OFFERED, asked_therapists, chosen, find, offer, own_therapist, start_of
from flows.registry import step
from flows.series import Occurrence, Plan, Repetition, repeated
from flows.slots import instant, local
from flows.steps.booking import HELD, held_by, on_offer, priced
from flows.texts import line
from flows.wishes import Wish
from flows.wording import in_short
from storage.appointments import Appointment, NewAppointment
from storage.lifecycle import KEEP, LET_GO
from storage.store import Transaction

PLANNED = ("repeats", "series", "slot", "wanted", "therapist")
SHOWN = 9
"""So many times fit in one message beside the option that leaves one out."""
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found out about the days of a series."""

    plan: Plan
    days: list[Occurrence]
    free: Mapping[int, int]
    """Every free time in the weeks of these days, and before and after; with the therapist."""


@step(
    "held",
    "address_missing",
    "clash",
    "fewer",
    "single",
    "none_left",
    "never_free",
    "too_many",
    remembers=(*HELD, *PLANNED, *OFFERED, "clash", "fewer"),
)
async def hold_series(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Claim all of the series for a few minutes, as soon as the client has nothing of it left to settle.

    `clash`: one is not free, or has just been taken. `fewer`: there are more than can be booked ahead, or at
    once. `single`: just one is left. `never_free`: that time is free in none of the weeks.
    """
    looked = await _look(turn, tx)
    plan, days = looked.plan, looked.days
    if fewer := _fewer(turn, looked):
        return fewer
    if days and not plan.instead and not any(one.start in looked.free for one in days):
        return await _never_free(turn, tx)
    if clash := plan.clash(days, looked.free):
        return _clash(turn, looked, clash)
    starts = [start for start in plan.starts(days) if start is not None]
    if not starts:
        return Outcome("none_left", remembers={"repeats": None, "series": None})
    first = chosen(turn, min(starts), plan.therapist)
    if len(starts) == 1:
        return Outcome("single", remembers={**first, "repeats": None, "series": None})
    return await _hold(turn, tx, looked, {**first, "series": plan.as_value()})


def _fewer(turn: BookingTurn, looked: Looked) -> Outcome | None:
    """What can be booked, where that is not all; None: it is."""
    plan, days = looked.plan, looked.days
    latest = turn.minute + turn.practice.horizon(_service(turn))
    bookable = [one for one in days if one.start is None or one.start <= latest]
    is_all = len(bookable) == len(days) == len(days_of(turn, plan, more=1))
    if is_all or not bookable:
        return None
    last = turn.when_on(bookable[-1].day, plan.minute(turn.zone))
    many = len(bookable) > 1
    fewer = line("fewer", count=len(bookable), last=last) if many else line("only_one_of_them", last=last)
    return Outcome("fewer", remembers={"series": plan.as_value(), "fewer": fewer})


async def _hold(turn: BookingTurn, tx: Transaction, looked: Looked, planned: dict[str, Value]) -> Outcome:
    """Claim what was planned, or none of it; what was held before is let go."""
    now = turn.knowing(planned)
    wanted = wanted_by(now)
    before = await held_by(now, tx) or await on_offer(now, tx, wanted)
    number = await _kept(now, tx, before, wanted) if before else None
    if number is None:
        if before:
            await tx.calendar.move_on(before.id, LET_GO, now.now)
        elif await count_asked(now, tx) >= MOST_OPEN:
            return Outcome("too_many", remembers={"appointment": None})
        taken = await claim_all(now, tx, wanted)
        if not taken.numbers:
            without = replace(
                looked, plan=looked.plan.without(wanted[place].starts_at for place in taken.lost)
            )
            lost = without.plan.clash(without.days, without.free)
            assert lost is not None  # noqa: S101  # what cannot be had is not free
            found = _clash(now, without, lost)
            return replace(found, remembers={**found.remembers, "appointment": None})
        number = taken.numbers[0]
    kept: dict[str, Value] = {**planned, "appointment": number}
    if now.practice.travels(wanted[0].service_type) and not wanted[0].address:
        return Outcome("address_missing", remembers=kept)
    return Outcome("held", remembers={**kept, "summary": priced(now, *wanted)})


@step("settled", remembers=("series",))
async def settle_clash(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Take the time that was picked instead, or leave that one out."""
    plan = Plan.of(turn.memory.get("series"))
    picked = start_of({"data": dict(turn.data)}) or None
    return Outcome("settled", remembers={"series": plan.settled(picked).as_value()} if plan else {})


@step("settled", "not_free", remembers=("series", *OFFERED))
async def settle_in_words(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Take the time of that week that was named instead; if it is not free, the nearest are offered."""
    looked = await _look(turn, tx)
    plan = looked.plan
    if plan.asked is None:
        return Outcome("settled")
    choice = choose(_of_week(turn, looked, plan.asked), _meant(turn, plan), turn.zone)
    if choice.exact is None:
        return Outcome("not_free", remembers=_offered(turn, choice.offered[:SHOWN], plan.therapist))
    return Outcome("settled", remembers={"series": plan.settled(choice.exact).as_value()})


@step("settled", remembers=("series",))
async def leave_out(turn: BookingTurn, tx: Transaction) -> Outcome:
    """There is no appointment in that week."""
    plan = Plan.of(turn.memory.get("series"))
    return Outcome("settled", remembers={"series": plan.settled(None).as_value()} if plan else {})


@step("noted", remembers=("repeats",))
async def take_fewer(turn: BookingTurn, tx: Transaction) -> Outcome:
    """As many as can be booked, from now on nobody asks for more."""
    plan, asked = Plan.of(turn.memory.get("series")), Repetition.of(turn.memory.get("repeats"))
    if plan is None or asked is None:
        return Outcome("noted")
    latest = turn.minute + turn.practice.horizon(_service(turn))
    count = sum(one.start is None or one.start <= latest for one in days_of(turn, plan))
    return Outcome("noted", remembers={"repeats": replace(asked, times=count, until=None).as_value()})


@step("noted", remembers=("repeats", "series"))
async def note_repetition(turn: BookingTurn, tx: Transaction) -> Outcome:
    """How many there are to be, or until when."""
    now = repeated(turn.memory.get("repeats"), turn.data.get("repetition"), turn.data.get("without"))
    return Outcome("noted", remembers={"repeats": now.as_value() if now else None, "series": None})


async def _kept(
    turn: BookingTurn, tx: Transaction, held: Appointment, wanted: list[NewAppointment]
) -> int | None:
    """What is held, for as long again, if it is still what is wanted."""
    those = await together(tx, held)
    if [_essence(one) for one in those] != [_essence(one) for one in wanted]:
        return None
    first = wanted[0]
    kept = await tx.calendar.move_on(
        held.id, KEEP, turn.now, expires_at=first.expires_at, address=first.address
    )
    return held.id if kept else None


def _essence(one: Appointment | NewAppointment) -> tuple[object, ...]:
    return one.therapist_id, one.starts_at, one.service, one.service_type


async def _look(turn: BookingTurn, tx: Transaction) -> Looked:
    """What of the series is free, with whoever can have most of it."""
    plan = Plan.of(turn.memory.get("series"))
    therapists = [one.id for one in asked_therapists(turn, _kind(turn), _service(turn))]
    is_possible = plan is not None and is_offered_by(turn, plan.therapist, _service(turn), _kind(turn))
    plans = [plan] if plan and is_possible else _beginnings(turn, therapists)
    days = [days_of(turn, one) for one in plans]
    named = [one.day for those in days for one in those]
    if not named:  # every one of them was ruled out
        return Looked(plans[0], [], {})
    monday, sunday = _monday(min(named)), _monday(max(named)) + WEEK
    low = max(turn.minute + turn.practice.notice(_service(turn)), instant(monday, 0, turn.zone))
    high = min(turn.minute + turn.practice.horizon(_service(turn)), instant(sunday, 0, turn.zone))
    people = [turn.person_id, *(one.therapist for one in plans)]
    held = turn.remembered_number("appointment") or turn.remembered_number("on_offer")
    taken = await tx.appointments.busy(people, low - MARGIN, max(low, high) + MARGIN, turn.now, besides=held)
    own = await own_therapist(turn, tx) if len(therapists) > 1 else None
    looked = []
    for one, its_days in zip(plans, days, strict=True):
        whose = [therapist for therapist in turn.practice.therapists if therapist.id == one.therapist]
        search = Search(whose, _service(turn), _kind(turn), turn.person_id)
        free = free_times(turn.practice, search, taken, low, high) if low < high else {}
        looked.append(Looked(one, its_days, free))
    return max(looked, key=lambda one: (_count_free(one), one.plan.therapist == own))


def _count_free(looked: Looked) -> int:
    return sum(one.start in looked.free for one in looked.days)


def _beginnings(turn: BookingTurn, therapists: list[int]) -> list[Plan]:
    """When the first one may be meant to begin, and with whom: as chosen, or at the time that was named."""
    slot = turn.memory.get("slot")
    if isinstance(slot, dict):
        whose = int(str(slot["therapist"]))
        if is_offered_by(turn, whose, _service(turn), _kind(turn)):
            return [Plan(int(str(slot["start"])), whose)]
    wish = turn.wish
    assert wish.first is not None  # noqa: S101  # find_next_question leads here only with one moment
    return [
        Plan.beginning(wish.first, minute, turn.zone, therapist)
        for minute in wish.minutes()
        for therapist in therapists
    ]


async def _never_free(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Other times than that are offered, for the first one to begin with."""
    found = await find(turn, tx, _kind(turn), _service(turn))
    return Outcome("never_free", remembers={**offer(turn, found), "slot": None, "series": None})


def _clash(turn: BookingTurn, looked: Looked, clash: Occurrence) -> Outcome:
    """What is free in the week of one that is not, nearest to its time first."""
    asked = replace(looked.plan, asked=clash.day)
    minute = looked.plan.minute(turn.zone)
    wanted = instant(clash.day, minute, turn.zone)
    near = sorted(_of_week(turn, looked, clash.day), key=lambda start: _distance(turn, start, wanted))
    left = sum(one.start in looked.free for one in looked.days)
    return Outcome(
        "clash",
        remembers={
            "series": asked.as_value(),
            "clash": line("clash", when=turn.when_on(clash.day, minute), left=left, count=len(looked.days)),
            **_offered(turn, tuple(sorted(near[:SHOWN])), looked.plan.therapist),
        },
    )


def _offered(turn: BookingTurn, starts: tuple[int, ...], therapist: int) -> dict[str, Value]:
    times: list[Value] = [
        {
            "title": in_short(start, turn.zone, turn.language),
            "description": "",
            "data": {"slot": {"start": start, "therapist": therapist}},
        }
        for start in starts
    ]
    out: Value = {"title": line("leave_it_out"), "description": "", "data": {"leave_out": True}}
    return {"offered_days": None, "offered_times": [*times, out]}


def _of_week(turn: BookingTurn, looked: Looked, day: date) -> list[int]:
    """What is free in the week of a day, but for what could not be had."""
    low = instant(_monday(day), 0, turn.zone)
    high = instant(_monday(day) + WEEK, 0, turn.zone)
    return sorted(start for start in looked.free if low <= start < high and start not in looked.plan.lost)


def _meant(turn: BookingTurn, plan: Plan) -> Wish:
    """What was said, within the week that was asked about: "at 4" is that day, "Wednesday" that week's."""
    assert plan.asked is not None  # noqa: S101  # settle_in_words has looked
    said = Wish.of(turn.data.get("appointment_time"))
    if not said.names_days:
        return Wish(plan.asked, plan.asked).and_now(said)
    monday = _monday(plan.asked)
    minute = plan.minute(turn.zone)
    return Wish(monday, monday + WEEK - timedelta(days=1), minute).and_now(said)


def _distance(turn: BookingTurn, start: int, wanted: int) -> tuple[int, int]:
    """Days first, then time."""
    here, there = local(start, turn.zone), local(wanted, turn.zone)
    return abs(here.toordinal() - there.toordinal()), abs(_of_day(here) - _of_day(there))


def _of_day(wall: datetime) -> int:
    return wall.hour * 60 + wall.minute


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _kind(turn: BookingTurn) -> str:
    return str(turn.memory["service_type"])


def _service(turn: BookingTurn) -> str:
    return str(turn.memory["service"])
