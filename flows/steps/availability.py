"""Steps that find out what the client wants, and what is still to be asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from engine.events import Value
from engine.ports import Outcome
from flows.booking_turn import BookingTurn
from flows.offers import OFFERED, chosen, find, offer
from flows.registry import step
from flows.series import Repetition, repeated
from flows.slots import local
from flows.texts import line
from flows.wish_wording import wish_in_words
from flows.wishes import Wish, days_of
from flows.with_whom import said_with_whom
from storage.practice import Service
from storage.store import Transaction

SEVERAL_A_WEEK = "several"
"""What is remembered of days that were not named: "twice a week"."""
REPEATED = ("repeats", "series")
WHEN = ("wanted", "slot", "therapist", "together")
WISHES = ("service_type", "service", *WHEN, "asked_for", "not_with", *REPEATED)


@step("noted", remembers=WISHES)
async def note_wishes(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Remember everything that was said about the booking, whatever was asked."""
    told = turn.data
    noted: dict[str, Value] = _repetition(turn)
    kind, service = told.get("service_type"), told.get("service_description") or told.get("service")
    if kind in turn.practice.service_types:
        noted |= {"service_type": kind, "slot": None}
    if service in [offered.code for offered in turn.practice.services]:
        noted |= {"service": service, "slot": None}
    is_no_wish = _says_how_long(turn) or "away" in told
    said = Wish() if is_no_wish else Wish.of(told.get("appointment_time"))
    if not said.anything and not said.over(local(turn.minute, turn.zone).date()):
        noted |= _wished(turn, said, is_series=bool(noted.get("repeats", turn.memory.get("repeats"))))
    elif "repeats" not in noted and (ruled_out := _ruled_out(turn)):
        noted |= {"wanted": turn.wish.ruling_out(ruled_out).as_value(), "slot": None}
    if "several_a_week" in told:
        noted["together"] = [SEVERAL_A_WEEK]
    noted |= said_with_whom(turn)
    if isinstance(slot := told.get("slot"), dict):
        noted |= chosen(turn, int(str(slot["start"])), int(str(slot["therapist"])))
    if "slot" in noted:
        noted["series"] = None  # what was settled of it was about another time
    return Outcome("noted", remembers=noted)


def _wished(turn: BookingTurn, said: Wish, *, is_series: bool) -> dict[str, Value]:
    """What was said of when: of days that were asked for at once, or beside what was chosen, it is one."""
    slot = turn.memory.get("slot")
    chosen_day = local(int(str(slot["start"])), turn.zone).date() if isinstance(slot, dict) else None
    if chosen_day and said == Wish(weekdays=said.weekdays) and chosen_day.weekday() in said.weekdays:
        return {}  # "not on Mondays" changes nothing of a Tuesday
    is_another = chosen_day and said.first and said.first == said.last and said.first != chosen_day
    if "as_well" in turn.data and is_another:
        return {"together": [str(chosen_day), str(said.first)]}
    together = sorted(days_of(turn.data.get("together")))
    wish = turn.wish.and_now(said)
    if together and is_series and wish.start is not None:
        wish = wish.on_first_day()
    elif is_series and turn.wish.one_moment and wish.start is not None:
        wish = wish.on_weekday_of(turn.wish)
    return {"wanted": wish.as_value(), "slot": None, "together": [*map(str, together)] or None}


def _repetition(turn: BookingTurn) -> dict[str, Value]:
    """How often it is to be, if that was said. What is moved is one appointment."""
    before, said = turn.memory.get("repeats"), turn.data.get("repetition")
    if _says_how_long(turn):
        said = {"until": turn.data["last_day"]}
    if turn.memory.get("moving") is not None:
        return {}
    now = repeated(before, said, [day.isoformat() for day in _ruled_out(turn)])
    if said is None:  # what was settled of a series stays so without some of its days
        return {"repeats": now.as_value()} if now and now != Repetition.of(before) else {}
    return {"repeats": now.as_value() if now else None, "series": None} if now or before else {}


def _ruled_out(turn: BookingTurn) -> frozenset[date]:
    """Days that do not suit, or on which the client is away."""
    return days_of(turn.data.get("without")) | days_of(turn.data.get("away"))


def _says_how_long(turn: BookingTurn) -> bool:
    """Whether "until the end of March" is about a series: it is no wish for a time then."""
    is_series = turn.memory.get("repeats") is not None and turn.memory.get("moving") is None
    return is_series and "last_day" in turn.data and "repetition" not in turn.data


@step("one", "several", tells=("why",), remembers=("together",))
async def find_days_besides(turn: BookingTurn, tx: Transaction) -> Outcome:
    """See whether other days than the one that is booked now were asked for as well.

    `several`: that is said, once, with the day that was taken if one was.
    """
    slot, wish = turn.memory.get("slot"), turn.wish
    done: dict[str, Value] = {"together": None}
    if turn.memory.get("together") == [SEVERAL_A_WEEK]:
        return Outcome("several", tells={"why": line("one_day_of_week")}, remembers=done)
    taken = wish.first if wish.first == wish.last else None
    if isinstance(slot, dict):
        taken = local(int(str(slot["start"])), turn.zone).date()
    days = days_of(turn.memory.get("together"))
    others = sorted(days - {taken})
    if not others or (taken is not None and taken not in days):
        return Outcome("one", remembers=done)
    if taken is None:
        return Outcome("several", tells={"why": line("one_day_first")}, remembers=done)
    why = line(
        "one_day_only",
        taken=wish_in_words(Wish(taken, taken), turn.language),
        others=", ".join(str(wish_in_words(Wish(day, day), turn.language)) for day in others),
    )
    return Outcome("several", tells={"why": why}, remembers=done)


@step("noted", remembers=WISHES)
async def note_other_time(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Note wishes that have nothing to do with the request's time, unless they are "an hour later"."""
    forgotten = dict.fromkeys(("slot", "wanted", "together", *REPEATED))
    if Wish.of(turn.data.get("appointment_time")).shift:
        del forgotten["wanted"]
    noted = await note_wishes.run(turn.without(*forgotten), tx)
    return replace(noted, remembers={**forgotten, **noted.remembers})


@step("noted", remembers=(*WISHES, "moving"))
async def note_another(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Likewise for a further appointment, which moves none."""
    noted = await note_other_time.run(turn, tx)
    return replace(noted, remembers={**noted.remembers, "moving": None})


@step("noted", remembers=("moving",))
async def note_one_more(turn: BookingTurn, tx: Transaction) -> Outcome:
    """What was wished for is a further appointment: nothing is moved by it."""
    return Outcome("noted", remembers={"moving": None})


@step("noted", remembers=WISHES)
async def take_only_time(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Take the one time that was offered."""
    match turn.memory.get("offered_times"):
        case [{"data": {"slot": {"start": start, "therapist": therapist}}}]:
            return Outcome("noted", remembers=chosen(turn, int(str(start)), int(str(therapist))))
    return Outcome("noted")


@step(
    "type_missing",
    "service_missing",
    "not_offered",
    "day_missing",
    "time_missing",
    "time_not_free",
    "nothing_free",
    "count_missing",
    "repeats",
    "complete",
    remembers=(*WISHES, *OFFERED, "offered_types", "offered_services"),
)
async def find_next_question(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Find the first thing that is still unknown, settling by itself whatever has just one answer."""
    known: dict[str, Value] = {}
    types = turn.practice.service_types
    if turn.memory.get("service_type") not in types:
        if len(types) > 1:
            return Outcome(
                "type_missing", remembers={"offered_types": [_type_choice(kind) for kind in types]}
            )
        known["service_type"] = types[0]
    services = turn.practice.services_for(str(known.get("service_type") or turn.memory["service_type"]))
    said = turn.memory.get("service")
    if said not in [service.code for service in services]:
        if said or len(services) > 1:
            offered: list[Value] = [_service_choice(service) for service in services]
            asking = {**known, "offered_services": offered, "service": None}
            return Outcome("not_offered" if said else "service_missing", remembers=asking)
        known["service"] = services[0].code
    repetition = Repetition.of(turn.memory.get("repeats"))
    if repetition and (turn.memory.get("slot") or turn.wish.one_moment):
        is_settled = repetition.is_counted or turn.practice.rules.most_in_series == 1
        return Outcome("repeats" if is_settled else "count_missing", remembers=known)
    if turn.memory.get("slot"):
        return Outcome("complete", remembers=known)
    kind = str(known.get("service_type") or turn.memory["service_type"])
    service = str(known.get("service") or turn.memory["service"])
    return await _when(turn, tx, kind, service, known)


async def _when(
    turn: BookingTurn, tx: Transaction, kind: str, service: str, known: dict[str, Value]
) -> Outcome:
    """The time that was meant, or what is to be offered: the nearest ones, or first the days."""
    found = await find(turn, tx, kind, service)
    if (exact := found.choice.exact) is not None:
        return Outcome("complete", remembers={**known, **chosen(turn, exact, found.owners[exact])})
    known |= offer(turn, found)
    if not found.choice.offered:
        return Outcome("nothing_free", remembers=known)
    if found.days:
        return Outcome("day_missing", remembers=known)
    return Outcome("time_missing" if found.choice.suits else "time_not_free", remembers=known)


def _type_choice(kind: str) -> Value:
    return {"title": line(f"type {kind}"), "data": {"service_type": kind}}


def _service_choice(service: Service) -> Value:
    return {"title": service.title, "description": service.about, "data": {"service": service.code}}
