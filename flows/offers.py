"""The free times that a conversation offers next, or the days that have some, and the options they become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from engine.events import Value
from flows.booking_turn import BookingTurn
from flows.choices import DAYS, Choice, Day, choose, days_with_room, searches
from flows.free_times import MARGIN, Search, free_times
from flows.slots import local
from flows.texts import line
from flows.wishes import Wish
from flows.with_whom import not_turned_down
from flows.wording import day_in_short, in_short
from storage.appointments import Appointment
from storage.practice import Therapist
from storage.store import Transaction

OFFERED = ("offered_days", "offered_times")
"""What is remembered of an offer."""


@dataclass(frozen=True, slots=True)
class Found:
    """What there is to offer."""

    choice: Choice
    owners: Mapping[int, int]
    """For every free time that was looked at the therapist who is free then."""
    days: tuple[Day, ...] = ()
    """To be offered first, where these are any."""

    @property
    def is_what_suits(self) -> bool:
        """Whether any of it is what was wished for, and not merely near it."""
        return self.choice.exact is not None or (self.choice.suits and bool(self.choice.offered or self.days))

    def showing(self, starts: tuple[int, ...]) -> Found:
        """The same, to be offered these."""
        return replace(self, choice=replace(self.choice, offered=starts), days=())


@dataclass(frozen=True, slots=True)
class Beyond:
    """What has been seen already. Minutes since the epoch."""

    after: int = 0
    before: int | None = None
    """Those next before this one instead, whatever was wished for."""
    without: int = 0
    not_on: date | None = None

    def rules_out(self, start: int, zone: ZoneInfo) -> bool:
        """Whether it lies on the day that was looked at."""
        return self.not_on is not None and local(start, zone).date() == self.not_on


NOTHING = Beyond()


def simplest(turn: BookingTurn) -> tuple[str, str]:
    """The way to meet and the service that were said, or else the first of the practice."""
    kind = turn.memory.get("service_type") or turn.practice.service_types[0]
    service = turn.memory.get("service") or turn.practice.services[0].code
    return str(kind), str(service)


async def find(
    turn: BookingTurn, tx: Transaction, kind: str, service: str, beyond: Beyond = NOTHING
) -> Found:
    """The free times that suit the wish; the days first for somebody who has said nothing of when."""
    earliest = max(turn.minute + turn.practice.notice(service), beyond.after + 1)
    latest = turn.minute + turn.practice.horizon(service)
    wish = turn.wish
    if beyond.before is not None:
        latest, day = min(latest, beyond.before - 1), local(beyond.before, turn.zone).date()
        wish = wish if wish.anything else Wish(day, day)
    moving = turn.remembered_number("moving")
    moved = await tx.appointments.get(moving) if moving is not None else None
    therapists = asked_therapists(turn, kind, service, moved)
    own = await own_therapist(turn, tx) if len(therapists) > 1 else None
    search = Search(therapists, service, kind, turn.person_id, own)
    unwanted = {beyond.without, turn.remembered_number("refused"), moved.starts_at if moved else None}
    found = Found(Choice(), {})
    for low, high in searches(wish, earliest, latest, turn.zone):
        # What this conversation holds is not in its way, nor what it moves: that can be by half an hour.
        taken = await tx.appointments.busy(
            search.people,
            low - MARGIN,
            high + MARGIN,
            turn.now,
            besides=turn.remembered_number("appointment") or turn.remembered_number("on_offer"),
            moving=moving,
        )
        owners = free_times(turn.practice, search, taken, low, high)
        for start in [one for one in owners if one in unwanted or beyond.rules_out(one, turn.zone)]:
            del owners[start]
        starts = sorted(owners)
        found = Found(choose(starts, wish, turn.zone), owners, days_with_room(starts, wish, turn.zone))
        if found.choice.settles(wish) and len(found.days) in {0, DAYS}:
            break
    return found


def asked_therapists(
    turn: BookingTurn, kind: str, service: str, moved: Appointment | None = None
) -> list[Therapist]:
    """Whose times are looked for: an appointment that is moved stays where it is."""
    therapists = turn.practice.therapists_for(kind, service)
    if moved:
        return [one for one in therapists if one.id == moved.therapist.id]
    if (wanted := turn.remembered_number("asked_for")) in [one.id for one in therapists]:
        return [one for one in therapists if one.id == wanted]
    return not_turned_down(turn, therapists) or therapists


async def own_therapist(turn: BookingTurn, tx: Transaction) -> int | None:
    """Whose client this is: of the time chosen last in this chat, or of the latest appointment."""
    own = turn.remembered_number("therapist")
    if own is not None and own != turn.remembered_number("not_with"):
        return own
    return await tx.appointments.seen_last_by(turn.person_id)


def offer(turn: BookingTurn, found: Found, beyond: Beyond = NOTHING) -> dict[str, Value]:
    """Options bound to what they mean, never "the third of a list", to be remembered."""
    if not found.days:
        several = len(set(found.owners.values())) > 1
        who = {start: found.owners[start] for start in found.choice.offered}
        times = [
            _time(turn, start, one, turn.practice.therapist_name(one) if several else "")
            for start, one in who.items()
        ]
        return {"offered_days": None, "offered_times": [*times]}
    days = [_day(turn, day) for day in found.days]
    if beyond is NOTHING:
        next_one = min(found.owners)
        days.insert(0, _time(turn, next_one, found.owners[next_one], line("next_available")))
    return {"offered_days": [*days], "offered_times": None}


def _time(turn: BookingTurn, start: int, therapist: int, description: Value) -> Value:
    return {
        "title": in_short(start, turn.zone, turn.language),
        "description": description,
        "data": {"slot": {"start": start, "therapist": therapist}},
    }


def _day(turn: BookingTurn, day: Day) -> Value:
    """What is picked says the same as who writes that day."""
    return {
        "title": day_in_short(day.date, turn.language),
        "description": line("one_time") if day.times == 1 else line("several_times", count=str(day.times)),
        "data": {"appointment_time": Wish(day.date, day.date).as_value()},
    }


def chosen(turn: BookingTurn, start: int, therapist: int) -> dict[str, Value]:
    """A chosen time, and the wish it amounts to, should something else change later."""
    wall = local(start, turn.zone)
    wish = Wish(wall.date(), wall.date(), wall.hour * 60 + wall.minute)
    slot: Value = {"start": start, "therapist": therapist, "zone": turn.zone.key}
    return {"slot": slot, "wanted": wish.as_value(), "therapist": therapist}


def times_shown(turn: BookingTurn) -> list[int]:
    """The times that were offered last, in minutes since the epoch."""
    offered = turn.memory.get("offered_times")
    return [start_of(choice) for choice in offered] if isinstance(offered, list) else []


def days_shown(turn: BookingTurn) -> list[date]:
    """The days that were offered last."""
    offered = turn.memory.get("offered_days")
    return [day for choice in (offered if isinstance(offered, list) else []) if (day := _day_of(choice))]


def start_of(choice: Value) -> int:
    """Of an option the time that it stands for; 0 for none."""
    match choice:
        case {"data": {"slot": {"start": start}}}:
            return int(str(start))
    return 0


def _day_of(choice: Value) -> date | None:
    match choice:
        case {"data": {"appointment_time": wanted}}:
            return Wish.of(wanted).first
    return None
