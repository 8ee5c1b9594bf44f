"""Steps with which a therapist offers other times, and a client takes one of them.

All the times offered are kept for the client until they have answered or the offer lapses. A request gives up
the time that it asked for; an appointment that stands already keeps it until the client has chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from engine.errors import TurnFailed
from engine.events import Value
from engine.ports import Outcome, Recipient
from flows.booking_turn import BookingTurn, number
from flows.choices import choose
from flows.lives import news_of, summary_of, told_of
from flows.registry import step
from flows.reminders import put_reminders
from flows.slots import DAY, Busy, Shape, free_starts, local
from flows.steps.approval import NEWS, request_named, waiting_requests
from flows.texts import line
from flows.wishes import Wish
from flows.wording import in_short
from flows.working_time import working_time
from storage.appointments import Appointment, NewAppointment
from storage.lifecycle import ACCEPT, LAPSE_UNANSWERED, REFUSE
from storage.proposals import MOST, Proposal
from storage.store import Transaction
from storage.timers import Timer

SHOWN = 9
"""So many free times fit into a message beside the option that sends what was chosen."""
SOONEST = 5
"""Minutes from now to the first time that a therapist can offer; no policy for clients binds them."""
CHOSEN = ("times", "proposed", "chosen")
OFFER = ("request", "summary", *CHOSEN)


@step("found", "none", "unknown", "answered_before", "which_number", "is_series", tells=NEWS, remembers=OFFER)
async def find_times_to_propose(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Find the free times nearest to a request, or to an appointment that the therapist wants to move."""
    about = await _meant(turn, tx)
    if about is None:
        named = turn.data.get("request")
        return Outcome("unknown" if named is not None else "which_number")
    if about.status not in ("pending", "confirmed") or about.starts_at <= turn.minute:
        return Outcome("answered_before", tells=turn.news(about))
    if about.series is not None and about.status == "pending":
        return Outcome("is_series", tells=await news_of(turn, tx, about))
    times = _nearest(await _free(turn, tx, about), about.starts_at)
    if not times:
        return Outcome("none")
    summary = line("request_line", **turn.news(about))
    kept: dict[str, Value] = {"request": about.id, "summary": summary, "proposed": [], "chosen": None}
    return Outcome("found", remembers={**kept, "times": _choices(turn, times, [])})


@step("found", "none", remembers=CHOSEN)
async def find_times_again(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Begin anew, as one of the times has been taken by somebody else."""
    about = await _read_out(turn, tx)
    times = _nearest(await _free(turn, tx, about), about.starts_at)
    kept: dict[str, Value] = {"proposed": [], "chosen": None, "times": _choices(turn, times, [])}
    return Outcome("found" if times else "none", remembers=kept)


@step("more", "enough", "not_free", "not_free_either", remembers=CHOSEN)
async def note_time_to_propose(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Keep a time that was picked or typed; what is not free is answered with the nearest that are.

    `not_free_either`: one or two others have been chosen already, which stay so.
    """
    about = await _read_out(turn, tx)
    proposed = _starts(turn.memory.get("proposed"))
    not_free = "not_free_either" if proposed else "not_free"
    if turn.data.get("send") is not None:
        return Outcome("enough")
    free = await _free(turn, tx, about)
    picked = number(turn.data.get("start"))
    if picked is None:
        wish = Wish.of(turn.data.get("appointment_time"))
        choice = choose([start for start in free if start not in proposed], wish, turn.zone)
        if choice.exact is None:
            nearest = _choices(turn, choice.offered[:SHOWN], proposed)
            return Outcome(not_free, remembers={"times": nearest})
        picked = choice.exact
    elif picked not in free:
        times = _nearest([start for start in free if start not in proposed], picked)
        return Outcome(not_free, remembers={"times": _choices(turn, times, proposed)})
    proposed = sorted({*proposed, picked})
    rest = _nearest([start for start in free if start not in proposed], about.starts_at)
    kept: dict[str, Value] = {
        "proposed": [{"title": "", "data": {"start": start}} for start in proposed],
        "chosen": [in_short(start, turn.zone, turn.language) for start in proposed],
        "times": _choices(turn, rest, proposed),
    }
    return Outcome("enough" if len(proposed) == MOST else "more", remembers=kept)


@step(
    "proposed",
    "taken",
    "answered_before",
    tells=(*NEWS, "list"),
    reaches="client",
    signals={"proposed": "times_proposed"},
)
async def propose_times(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Keep all of these times for the client, who has as long to answer as a therapist has.

    What is to be moved may begin before that, and then there is nothing left to move.
    """
    about = await _read_out(turn, tx)
    starts = _starts(turn.memory.get("proposed"))
    options = [_proposal(turn, about, start) for start in starts]
    until = min(turn.now + turn.practice.rules.answer_within_minutes * 60, min(starts) * 60)
    if about.status == "confirmed":
        until = min(until, about.starts_at * 60)
    in_words: list[Value] = [turn.when(start) for start in starts]
    tells: dict[str, Value] = {**turn.news(about), "list": in_words}
    if about.status == "confirmed":
        found = await tx.calendar.take(_instead_of(turn, about, options[0], until), turn.now, options)
        proposed = None if found is None else True
    else:
        found = about.id
        proposed = await tx.calendar.propose(about, options, turn.now, expires_at=until)
    if found is None and (await _read_out(turn, tx)).status != about.status:
        return Outcome("answered_before", tells=tells)
    if found is None or proposed is None:
        return Outcome("taken", tells=tells)
    if not proposed:
        return Outcome("answered_before", tells=tells)
    lapse = Timer(
        key=f"proposal:{found}:{turn.now}",
        flow=about.client.role,
        address=about.client.address,
        event="proposal_lapsed",
        data={"appointment": found},
        due_at=until,
    )
    await tx.timers.put([lapse])
    client = Recipient("client", about.client.address)
    return Outcome("proposed", tells=tells, to=client, sends={"appointment": found})


@step(
    "read",
    "outdated",
    tells=("summary", "list", "request", "deadline"),
    remembers=("appointment", "proposal", "summary", "deadline", "offered_times"),
)
async def read_proposals(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Look up what a therapist has proposed to this client, as it stands now; without a number the latest."""
    told = number(turn.data.get("appointment")) or number(turn.data.get("request"))
    told = told or turn.remembered_number("proposal")
    found = await tx.appointments.get(told) if told is not None else None
    is_own = found is not None and found.client.id == turn.person_id
    if found is None or not is_own or found.status != "proposed" or not found.stands(turn.now):
        return Outcome("outdated", remembers={"proposal": None})
    options = await tx.proposals.of(found.id)
    choices: list[Value] = [
        {
            "title": in_short(option.starts_at, turn.zone, turn.language),
            "data": {"start": option.starts_at},
        }
        for option in options
    ]
    summary = await summary_of(turn, tx, found)
    deadline = turn.when((found.expires_at or turn.now) // 60)
    return Outcome(
        "read",
        tells={
            "summary": summary,
            "list": [turn.when(option.starts_at) for option in options],
            "request": str(found.id),
            "deadline": deadline,
        },
        remembers={
            "appointment": found.id,
            "proposal": found.id,
            "summary": summary,
            "deadline": deadline,
            "offered_times": choices,
        },
    )


@step(
    "accepted",
    "gone",
    "unclear",
    tells=("summary",),
    remembers=("proposal",),
    reaches="therapist",
    signals={"accepted": "proposal_accepted"},
)
async def accept_proposal(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Confirm the time that was picked, or the one that suits what was written; the others are free."""
    awaited = turn.remembered_number("proposal")
    found = await tx.appointments.get(awaited) if awaited is not None else None
    if found is None or found.client.id != turn.person_id:
        raise TurnFailed("The client has picked a time of nothing that was proposed to them.")
    options = await tx.proposals.of(found.id)
    picked = number(turn.data.get("start"))
    suiting = [one for one in options if one.starts_at == picked] if picked else _suiting(turn, options)
    if found.status == "proposed" and len(suiting) != 1:
        return Outcome("unclear")
    if len(suiting) != 1 or not await tx.calendar.confirm(found, ACCEPT, turn.now, suiting[0]):
        return Outcome("gone", remembers={"proposal": None})
    accepted = await tx.appointments.get(found.id)
    assert accepted is not None  # noqa: S101  # appointments are never removed once they were asked for
    await put_reminders(turn, tx, accepted)
    return Outcome(
        "accepted",
        tells={"summary": turn.summary(accepted)},
        remembers={"proposal": None},
        to=Recipient("therapist", found.therapist.address),
        sends={"appointment": found.id},
    )


@step(
    "refused",
    "gone",
    remembers=("slot", "proposal"),
    reaches="therapist",
    signals={"refused": "proposal_refused"},
)
async def refuse_proposals(turn: BookingTurn, tx: Transaction) -> Outcome:
    """None of the times suits."""
    awaited = turn.remembered_number("proposal")
    found = await tx.appointments.get(awaited) if awaited is not None else None
    answered: dict[str, Value] = {"slot": None, "proposal": None}
    if found is None or not await tx.calendar.move_on(found.id, REFUSE, turn.now):
        return Outcome("gone", remembers=answered)
    therapist = Recipient("therapist", found.therapist.address)
    return Outcome("refused", remembers=answered, to=therapist, sends={"appointment": found.id})


@step(
    "lapsed",
    "answered_before",
    tells=("summary",),
    remembers=("proposal",),
    reaches="therapist",
    signals={"lapsed": "proposal_unanswered"},
)
async def lapse_proposals(turn: BookingTurn, tx: Transaction) -> Outcome:
    """The client has not answered in time; what was kept for them is free again."""
    found = await told_of(turn, tx)
    if not await tx.calendar.move_on(found.id, LAPSE_UNANSWERED, turn.now):
        return Outcome("answered_before")
    therapist = Recipient("therapist", found.therapist.address)
    return Outcome(
        "lapsed",
        tells={"summary": turn.summary(found)},
        remembers={"proposal": None} if turn.remembered_number("proposal") == found.id else {},
        to=therapist,
        sends={"appointment": found.id},
    )


async def _meant(turn: BookingTurn, tx: Transaction) -> Appointment | None:
    """What the therapist has named, or the only request that waits."""
    if turn.data.get("request") is None:
        waiting = await waiting_requests(turn, tx)
        return waiting[0] if len(waiting) == 1 else None
    return await request_named(turn, tx, number(turn.data.get("request")))


async def _read_out(turn: BookingTurn, tx: Transaction) -> Appointment:
    """What the times are to be proposed for."""
    read_out = turn.remembered_number("request")
    found = await tx.appointments.get(read_out) if read_out is not None else None
    if found is None or found.therapist.id != turn.person_id:
        raise TurnFailed("What times are to be proposed for is not one of this therapist's.")
    return found


async def _free(turn: BookingTurn, tx: Transaction, about: Appointment) -> list[int]:
    """When both are free within the practice's horizon, but for the time that it is to be instead of."""
    low, high = turn.minute + SOONEST, turn.minute + turn.practice.horizon(about.service)
    both = [about.therapist.id, about.client.id]
    busy = await tx.appointments.busy(both, low - DAY, high + DAY, turn.now, moving=about.id)
    shape = Shape(
        about.ends_at - about.starts_at,
        about.starts_at - about.claimed_from,
        about.claimed_until - about.ends_at,
        turn.practice.terms(about.therapist.id, about.service, about.service_type).every,
    )
    therapist = next((one for one in turn.practice.therapists if one.id == about.therapist.id), None)
    if therapist is None:  # they have left the practice meanwhile
        return []
    first = local(low, ZoneInfo(therapist.zone)).date() - timedelta(days=1)
    days = (high - low) // DAY + 3
    working = working_time(therapist, about.service, about.service_type, first, days)
    taken = [Busy(one.start, one.end) for one in busy]
    return [start for start in free_starts(working, taken, shape, low, high) if start != about.starts_at]


def _nearest(free: Sequence[int], to: int) -> list[int]:
    return sorted(sorted(free, key=lambda start: abs(start - to))[:SHOWN])


def _choices(turn: BookingTurn, times: Sequence[int], proposed: Sequence[int]) -> list[Value]:
    """Times to pick from, each bound to itself; once something was picked it can be sent."""
    choices: list[Value] = [
        {"title": in_short(start, turn.zone, turn.language), "data": {"start": start}} for start in times
    ]
    if proposed:
        choices.append({"title": line("send_proposal"), "data": {"send": "now"}})
    return choices


def _starts(value: Value) -> list[int]:
    starts = []
    for choice in value if isinstance(value, list) else []:
        match choice:
            case {"data": {"start": int(start)}}:
                starts.append(start)
    return starts


def _suiting(turn: BookingTurn, options: Sequence[Proposal]) -> list[Proposal]:
    """The options that what was written may mean; all of them where nothing was."""
    wish = Wish.of(turn.data.get("appointment_time"))
    if wish.shift:
        return []
    walls = [(one, local(one.starts_at, turn.zone)) for one in options]
    return [
        one
        for one, wall in walls
        if wish.suits_day(wall.date()) and wish.suits_minute(wall.hour * 60 + wall.minute)
    ]


def _proposal(turn: BookingTurn, about: Appointment, start: int) -> Proposal:
    return Proposal(
        starts_at=start,
        ends_at=start + about.ends_at - about.starts_at,
        claimed_from=start - (about.starts_at - about.claimed_from),
        claimed_until=start + (about.claimed_until - about.starts_at),
        zone=turn.zone.key,
        wall_time=f"{local(start, turn.zone):%Y-%m-%dT%H:%M}",
    )


def _instead_of(turn: BookingTurn, about: Appointment, first: Proposal, until: int) -> NewAppointment:
    """What is to replace an appointment, as yet with the first of the times proposed."""
    return NewAppointment(
        therapist_id=about.therapist.id,
        client_id=about.client.id,
        service=about.service,
        service_type=about.service_type,
        starts_at=first.starts_at,
        ends_at=first.ends_at,
        claimed_from=first.claimed_from,
        claimed_until=first.claimed_until,
        zone=first.zone,
        wall_time=first.wall_time,
        address=about.address,
        status="proposed",
        expires_at=until,
        replaces=about.id,
        op_key=turn.cause,
    )
