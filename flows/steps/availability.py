"""Steps that find out what the client wants and which free times suit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.events import Value
from engine.ports import Outcome
from flows.booking_turn import BookingTurn
from flows.free_times import MARGIN, Search, free_times
from flows.registry import step
from flows.slots import local
from flows.texts import line
from flows.therapist_names import asked_for, asks_for_another, asks_for_anybody
from flows.wishes import Choice, Wish, choose, rest_of_day, searches
from flows.wording import in_short
from storage.practice import Service, Therapist
from storage.store import Transaction

WISHES = ("service_type", "service", "wanted", "slot", "therapist", "asked_for", "not_with")


@step("noted", remembers=WISHES)
async def note_wishes(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Remember everything that was said about the booking, whatever was asked."""
    told = turn.data
    noted: dict[str, Value] = {}
    kind, service = told.get("service_type"), told.get("service_description") or told.get("service")
    if kind in turn.practice.service_types:
        noted |= {"service_type": kind, "slot": None}
    if service in [offered.code for offered in turn.practice.services]:
        noted |= {"service": service, "slot": None}
    said = Wish.of(told.get("appointment_time"))
    if not said.anything and not said.over(local(turn.minute, turn.zone).date()):
        noted |= {"wanted": turn.wish.and_now(said).as_value(), "slot": None}
    noted |= _with_whom(turn)
    if isinstance(slot := told.get("slot"), dict):
        noted |= chosen(turn, int(str(slot["start"])), int(str(slot["therapist"])))
    return Outcome("noted", remembers=noted)


@step("noted", remembers=WISHES)
async def note_other_time(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Note wishes that have nothing to do with the time of the request that waits."""
    noted = await note_wishes.run(turn.without("slot", "wanted"), tx)
    return replace(noted, remembers={"slot": None, "wanted": None, **noted.remembers})


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
    "time_missing",
    "time_not_free",
    "nothing_free",
    "complete",
    remembers=(*WISHES, "offered_types", "offered_services", "offered_times"),
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
    if turn.memory.get("slot"):
        return Outcome("complete", remembers=known)
    kind = str(known.get("service_type") or turn.memory["service_type"])
    service = str(known.get("service") or turn.memory["service"])
    choice, owners = await _choice(turn, tx, kind, service)
    if choice.exact is not None:
        return Outcome("complete", remembers={**known, **chosen(turn, choice.exact, owners[choice.exact])})
    known["offered_times"] = _offer(turn, choice, owners)
    if not choice.offered:
        return Outcome("nothing_free", remembers=known)
    return Outcome("time_missing" if choice.suits else "time_not_free", remembers=known)


@step("found", "not_free", "none", remembers=("offered_times",))
async def browse_times(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Show free times before anything else is known, as if it were the simplest appointment."""
    kind, service = _simplest(turn)
    choice, owners = await _choice(turn, tx, kind, service)
    if not choice.offered:
        return Outcome("none")
    offered = {"offered_times": _offer(turn, choice, owners)}
    return Outcome("found" if choice.suits else "not_free", remembers=offered)


@step("found", "none", "nobody_else", remembers=("offered_times", "slot", "asked_for", "not_with"))
async def find_other_times(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Look beyond the times that were offered last, or for somebody else's.

    Who wants earlier ones sees those before. Of the one day that was named, those not shown yet come first.
    """
    if whom := _with_whom(turn):
        return await _times_with(turn.knowing(whom), tx, whom)
    kind, service = _simplest(turn)
    offered = turn.memory.get("offered_times")
    shown = [_start_of(choice) for choice in offered] if isinstance(offered, list) else []
    way = turn.data.get("direction")
    if shown and way == "earlier":
        choice, owners = await _choice(turn, tx, kind, service, before=min(shown))
    else:
        choice, owners = await _choice(turn, tx, kind, service)
        rest = rest_of_day(sorted(owners), turn.wish, shown, turn.zone) if way is None else ()
        if not rest:
            choice, owners = await _choice(turn, tx, kind, service, after=max(shown, default=0))
        choice = replace(choice, offered=rest or choice.offered)
    if not choice.offered:
        return Outcome("none")
    return Outcome("found", remembers={"offered_times": _offer(turn, choice, owners)})


async def _times_with(turn: BookingTurn, tx: Transaction, whom: dict[str, Value]) -> Outcome:
    """The times of whoever is wanted now, nearest to what was wished for."""
    kind, service = _simplest(turn)
    if not _others(turn, turn.practice.therapists_for(kind, service)):
        return Outcome("nobody_else")
    choice, owners = await _choice(turn, tx, kind, service)
    if not choice.offered:
        return Outcome("none", remembers=whom)
    return Outcome("found", remembers={**whom, "offered_times": _offer(turn, choice, owners)})


@step("found", "none", remembers=("offered_times", "slot", "refused"))
async def find_times_instead(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Find what is free nearest to a time that cannot be had: declined, or taken by somebody else.

    The wish stays ("the 12th, then" means the same hour), and so does what was refused: it is not offered
    again in this errand.
    """
    kind, service = _simplest(turn)
    refused = _start_of({"data": {"slot": turn.memory.get("slot")}})
    choice, owners = await _choice(turn, tx, kind, service, without=refused)
    if not choice.offered:
        return Outcome("none")
    offered = _offer(turn, choice, owners)
    return Outcome("found", remembers={"slot": None, "refused": refused, "offered_times": offered})


def _type_choice(kind: str) -> Value:
    return {"title": line(f"type {kind}"), "data": {"service_type": kind}}


def _service_choice(service: Service) -> Value:
    return {"title": service.title, "description": service.about, "data": {"service": service.code}}


def _simplest(turn: BookingTurn) -> tuple[str, str]:
    kind = turn.memory.get("service_type") or turn.practice.service_types[0]
    service = turn.memory.get("service") or turn.practice.services[0].code
    return str(kind), str(service)


async def _choice(
    turn: BookingTurn,
    tx: Transaction,
    kind: str,
    service: str,
    *,
    after: int = 0,
    before: int | None = None,
    without: int = 0,
) -> tuple[Choice, dict[int, int]]:
    """The free times that suit the wish, and for every free time the therapist who is free then.

    `before`: those next before this minute instead, whatever was wished for.
    """
    earliest = max(turn.minute + turn.practice.notice(service), after + 1)
    latest = turn.minute + turn.practice.horizon(service)
    wish = turn.wish
    if before is not None:
        latest, day = min(latest, before - 1), local(before, turn.zone).date()
        wish = Wish(day, day)
    moving = turn.remembered_number("moving")
    therapists = turn.practice.therapists_for(kind, service)
    if moved := await tx.appointments.get(moving) if moving is not None else None:
        therapists = [one for one in therapists if one.id == moved.therapist.id]
    elif (wanted := turn.remembered_number("asked_for")) in [one.id for one in therapists]:
        therapists = [one for one in therapists if one.id == wanted]
    else:
        therapists = _others(turn, therapists) or therapists
    own = await _own_therapist(turn, tx) if len(therapists) > 1 else None
    search = Search(therapists, service, kind, turn.person_id, own)
    choice, owners = Choice(), dict[int, int]()
    for low, high in searches(wish, earliest, latest, turn.zone):
        # What this conversation holds is not in its way, nor what it moves: that can be by half an hour.
        taken = await tx.appointments.busy(
            search.people,
            low - MARGIN,
            high + MARGIN,
            turn.now,
            besides=turn.remembered_number("appointment"),
            moving=moving,
        )
        owners = free_times(turn.practice, search, taken, low, high)
        owners.pop(without or turn.remembered_number("refused") or 0, None)
        owners.pop(moved.starts_at if moved else 0, None)
        choice = choose(sorted(owners), wish, turn.zone)
        if choice.settles(wish):
            break
    return choice, owners


def _with_whom(turn: BookingTurn) -> dict[str, Value]:
    """What was said about the therapist: one by name, anybody, or anybody but who is on offer."""
    text = turn.moment.heard.text
    if named := asked_for(text, turn.practice.therapists):
        return {"asked_for": named.id, "not_with": None, "slot": None}
    if asks_for_another(text) and (now := _on_offer(turn)) is not None:
        return {"asked_for": None, "not_with": now, "slot": None}
    if asks_for_anybody(text):
        return {"asked_for": None, "not_with": None}
    return {}


def _on_offer(turn: BookingTurn) -> int | None:
    """The one therapist whom the client has been offered last, if there is just one."""
    if (asked := turn.remembered_number("asked_for")) is not None:
        return asked
    offered = turn.memory.get("offered_times")
    choices = offered if isinstance(offered, list) and not turn.memory.get("slot") else []
    therapists = {_therapist_of(choice) for choice in choices}
    return therapists.pop() if len(therapists) == 1 else turn.remembered_number("therapist")


def _therapist_of(choice: Value) -> int | None:
    match choice:
        case {"data": {"slot": {"therapist": therapist}}}:
            return int(str(therapist))
    return None


def _others(turn: BookingTurn, therapists: Sequence[Therapist]) -> list[Therapist]:
    """Those whom the client has not turned down."""
    return [one for one in therapists if one.id != turn.remembered_number("not_with")]


async def _own_therapist(turn: BookingTurn, tx: Transaction) -> int | None:
    """Whose client this is: of the time chosen last in this chat, or of the latest appointment."""
    own = turn.remembered_number("therapist")
    if own is not None and own != turn.remembered_number("not_with"):
        return own
    return await tx.appointments.seen_last_by(turn.person_id)


def _offer(turn: BookingTurn, choice: Choice, owners: dict[int, int]) -> list[Value]:
    """Options bound to what they mean: never "the third of a list"."""
    several = len(set(owners.values())) > 1
    offer: list[Value] = []
    for start in choice.offered:
        title = in_short(start, turn.zone, turn.language)
        who = turn.practice.therapist_name(owners[start])
        offer.append(
            {
                "title": title,
                "description": who if several else "",
                "data": {"slot": {"start": start, "therapist": owners[start]}},
            }
        )
    return offer


def chosen(turn: BookingTurn, start: int, therapist: int) -> dict[str, Value]:
    """A chosen time, and the wish it amounts to, should something else change later."""
    wall = local(start, turn.zone)
    wish = Wish(wall.date(), wall.date(), wall.hour * 60 + wall.minute)
    slot: Value = {"start": start, "therapist": therapist, "zone": turn.zone.key}
    return {"slot": slot, "wanted": wish.as_value(), "therapist": therapist}


def _start_of(choice: Value) -> int:
    match choice:
        case {"data": {"slot": {"start": start}}}:
            return int(str(start))
    return 0
