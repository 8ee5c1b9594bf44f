"""Steps in a therapist's conversation: read requests and answer them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.errors import TurnFailed
from engine.events import Value
from engine.ports import Outcome, Recipient
from flows.booking_turn import BookingTurn, number
from flows.lives import news_of, record, summary_of, together, told_of, told_together, with_its_move
from flows.registry import step
from flows.reminders import put_reminders
from flows.steps.safety import open_alerts
from flows.texts import line
from flows.wording import in_short
from storage.appointments import Appointment
from storage.lifecycle import APPROVE
from storage.proposals import Proposal
from storage.store import Transaction

MOST = 10
"""So many options fit in one message."""
NEWS = ("request", "client", "phone", "when", "summary")
PENDING = ("verdict", "answer", "requests", "waiting")
LONGEST_WAY = 240
"""Minutes. More would keep whole days free by a slip of the finger."""
CONSIDERED = (*PENDING, "request", "summary", "interrupted")
ANSWERED = ("answered_before", "lapsed", "which_one", "unknown", "none_waiting")
REFUSED = ("request", "summary", "reason")


@step("read", "outdated", tells=(*NEWS, "deadline"))
async def read_request(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Look up a request that has arrived or still waits, as it stands now, and how reliable its client is."""
    request = await told_of(turn, tx)
    if request.status != "pending" or request.expires_at is None:
        return Outcome("outdated")
    news = {**await news_of(turn, tx, request), "summary": await summary_of(turn, tx, request)}
    if known := await record(turn, tx, request.client):
        news["client"] = line("client_with_record", client=news["client"], record=known)
    return Outcome("read", tells={**news, "deadline": turn.when(request.expires_at // 60)})


@step("read", "outdated", tells=(*NEWS, "deadline"), remembers=("interrupted",))
async def read_request_between(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Likewise, of one that comes between a question to the therapist and the answer to that."""
    found = await read_request.run(turn, tx)
    return replace(found, remembers={"interrupted": 1}) if found.name == "read" else found


@step("read", tells=NEWS)
async def read_news(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Look up an appointment, or a series, that the client or the time has ended."""
    return Outcome("read", tells=turn.news(*await told_together(turn, tx)))


@step("in_time", "late", tells=NEWS)
async def read_cancellation(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Look up an appointment that its client has cancelled; `late`: when the practice counted on them."""
    told = await told_together(turn, tx)
    late = any(one.cancelled_late for one in told)
    news = turn.news(*told)
    news["when"] = await with_its_move(turn, tx, told[0], news["when"])
    return Outcome("late" if late else "in_time", tells=news)


@step(
    "approved",
    *ANSWERED,
    tells=NEWS,
    remembers=(*PENDING, "interrupted"),
    reaches="client",
    signals={"approved": "approved"},
)
async def approve_request(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Confirm the request that was named, or the only one that is waiting."""
    return uninterrupted(await _answer(turn, tx, "approved"))


@step(
    "approved",
    "no_room",
    "is_series",
    "which_number",
    *(outcome for outcome in ANSWERED if outcome != "which_one"),
    tells=NEWS,
    reaches="client",
    signals={"approved": "approved"},
)
async def approve_with_longer_way(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Confirm a request, and keep so many minutes more free before and after it than is usual."""
    named, waiting = turn.data.get("request"), await waiting_requests(turn, tx)
    if named is None and len(waiting) != 1:
        return Outcome("which_number" if waiting else "none_waiting")
    wanted = number(named) if named is not None else waiting[0].id
    request = await request_named(turn, tx, wanted)
    if request is None:
        return Outcome("unknown")
    if request.series is not None:
        return Outcome("is_series", tells=await news_of(turn, tx, request))
    more = min(number(turn.data.get("minutes")) or 0, LONGEST_WAY)
    wider = Proposal(
        starts_at=request.starts_at,
        ends_at=request.ends_at,
        claimed_from=request.claimed_from - more,
        claimed_until=request.claimed_until + more,
        zone=request.zone,
        wall_time=request.wall_time,
    )
    people = (request.therapist.id, request.client.id)
    await tx.calendar.queue_up(*people)
    around = await tx.appointments.busy(
        people, wider.claimed_from, wider.claimed_until, turn.now, moving=request.id
    )
    if any(one.appointment != request.replaces for one in around):
        return Outcome("no_room", tells=turn.news(request))
    return await _approve(turn, tx, request, wider)


@step(
    "refusing",
    "named",
    *(outcome for outcome in ANSWERED if outcome != "lapsed"),
    tells=NEWS,
    remembers=(*PENDING, *REFUSED),
)
async def find_refused(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Find out which request is to be refused: the one named, or the only one that is waiting.

    `named`: by its number, in writing. That is no slip of a finger, so nothing more is asked. For a series no
    other times can be proposed, so there the reason is the place to say what would suit.
    """
    found = await _answer(turn, tx, "declined")
    is_named = turn.data.get("request") is not None and turn.moment.heard.kind == "text"
    if found.name != "refusing" or not is_named:
        return found
    request = await request_named(turn, tx, number(found.remembers["request"]))
    return found if request and request.series is not None else replace(found, name="named")


@step("one", "which_one", "none_waiting", remembers=CONSIDERED)
async def consider_approving(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Find out what would be confirmed, for a therapist who seems to want that."""
    return uninterrupted(await _consider(turn, tx, "approved"))


@step("one", "which_one", "none_waiting", remembers=CONSIDERED)
async def consider_declining(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Find out what would be refused, for a therapist who seems to want that."""
    return uninterrupted(await _consider(turn, tx, "declined"))


def uninterrupted(found: Outcome) -> Outcome:
    """The same; a yes or a no is about this from now on."""
    return replace(found, remembers={**found.remembers, "interrupted": None})


@step(
    "approved",
    "refusing",
    "answered_before",
    "lapsed",
    tells=NEWS,
    remembers=REFUSED,
    reaches="client",
    signals={"approved": "approved"},
)
async def answer_considered_request(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Answer the request that was read out with what the therapist has now said yes to."""
    considered = turn.remembered_number("request")
    request = await tx.appointments.get(considered) if considered is not None else None
    if request is None or request.therapist.id != turn.person_id:
        raise TurnFailed("The request that was read out is not one of this therapist's.")
    return await _settle(turn, tx, request, str(turn.memory.get("verdict")))


@step(
    "approved",
    "refusing",
    "answered_before",
    "lapsed",
    tells=NEWS,
    remembers=REFUSED,
    reaches="client",
    signals={"approved": "approved"},
)
async def answer_picked_request(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Answer the request that was picked with what had been said before picking it."""
    outcome = await _answer(turn, tx, str(turn.memory.get("verdict")))
    known = outcome.name in {"approved", "refusing", "lapsed"}
    return outcome if known else Outcome("answered_before", tells=outcome.tells)


async def _answer(turn: BookingTurn, tx: Transaction, verdict: str) -> Outcome:
    named = turn.data.get("request")
    if named is not None:
        request = await request_named(turn, tx, number(named))
        if request is None:
            return Outcome("unknown")
        return await _settle(turn, tx, request, verdict)
    waiting = await waiting_requests(turn, tx)
    if not waiting:
        return Outcome("none_waiting")
    if len(waiting) > 1:
        return await _which_one(turn, tx, waiting, verdict)
    return await _settle(turn, tx, waiting[0], verdict)


async def _consider(turn: BookingTurn, tx: Transaction, verdict: str) -> Outcome:
    waiting = await waiting_requests(turn, tx)
    if named := [request for request in waiting if str(request.id) == turn.data.get("request")]:
        waiting = named
    if not waiting:
        return Outcome("none_waiting")
    if len(waiting) > 1:
        return await _which_one(turn, tx, waiting, verdict)
    (only,) = waiting
    summary = line("request_line", **await news_of(turn, tx, only))
    meant: dict[str, Value] = {"request": only.id, "summary": summary}
    return Outcome("one", remembers={**meant, "verdict": verdict, "answer": line(f"answer {verdict}")})


async def _which_one(
    turn: BookingTurn, tx: Transaction, waiting: Sequence[Appointment], verdict: str
) -> Outcome:
    return Outcome(
        "which_one",
        remembers={
            "verdict": verdict,
            "answer": line(f"answer {verdict}"),
            "requests": _choices(turn, waiting),
            "waiting": await _lines(turn, tx, waiting),
        },
    )


async def _settle(turn: BookingTurn, tx: Transaction, request: Appointment, verdict: str) -> Outcome:
    """Compare and swap: of two answers one counts. What is to be refused waits for a reason."""
    tells = await news_of(turn, tx, request)
    if verdict == "declined":
        if request.status != "pending":
            return Outcome("answered_before", tells=tells)
        summary = line("request_line", **tells)
        return Outcome("refusing", remembers={"request": request.id, "summary": summary, "reason": None})
    return await _approve(turn, tx, request)


async def _approve(
    turn: BookingTurn, tx: Transaction, request: Appointment, wider: Proposal | None = None
) -> Outcome:
    """Confirm it, with more time kept free around it if it is to be `wider`."""
    asked = await together(tx, request)
    tells = turn.news(*asked)
    if await tx.calendar.confirm(request, APPROVE, turn.now, wider):
        for one in asked:
            await put_reminders(turn, tx, one)
        client = Recipient("client", request.client.address)
        return Outcome("approved", tells=tells, to=client, sends={"appointment": request.id})
    as_it_is = await tx.appointments.get(request.id)
    lapsed = as_it_is is not None and as_it_is.status in {"pending", "expired"}
    return Outcome("lapsed" if lapsed else "answered_before", tells=tells)


async def waiting_requests(turn: BookingTurn, tx: Transaction) -> list[Appointment]:
    """The therapist's requests whose deadline is not over, the oldest first."""
    horizon = turn.minute + turn.practice.farthest + 24 * 60
    found = await tx.appointments.of_therapist(turn.person_id, ("pending",), turn.minute, horizon)
    standing = [request for request in found if request.leads and (request.expires_at or 0) > turn.now]
    return sorted(standing, key=lambda request: request.id)


async def request_named(turn: BookingTurn, tx: Transaction, wanted: int | None) -> Appointment | None:
    """The therapist's request or appointment of this number; what waits of a series is named by its first."""
    found = await tx.appointments.get(wanted) if wanted is not None else None
    if found is not None and found.status == "pending" and found.series is not None and not found.leads:
        found = await tx.appointments.get(found.series)
    is_own = found is not None and found.therapist.id == turn.person_id
    return found if found and is_own and found.status != "held" else None


async def _lines(turn: BookingTurn, tx: Transaction, requests: Sequence[Appointment]) -> list[Value]:
    return [line("request_line", **await news_of(turn, tx, request)) for request in requests[:MOST]]


def _choices(turn: BookingTurn, requests: Sequence[Appointment]) -> list[Value]:
    """Each bound to its request: a list that grows meanwhile mixes nothing up."""
    return [
        {
            "title": f"#{request.id} {in_short(request.starts_at, turn.zone, turn.language)}",
            "description": request.client.name or "",
            "data": {"request": str(request.id)},
        }
        for request in requests[:MOST]
    ]


@step("listed", "alerts_only", "none", tells=("list",))
async def list_requests(turn: BookingTurn, tx: Transaction) -> Outcome:
    """List what waits for an answer: alerts for which nobody answers yet, then the requests."""
    alerts = await open_alerts(turn, tx)
    waiting = await waiting_requests(turn, tx)
    lines = [*alerts, *await _lines(turn, tx, waiting)]
    if len(waiting) > MOST:
        lines.append(line("and_more", left=len(waiting) - MOST))
    if not lines:
        return Outcome("none")
    return Outcome("listed" if waiting else "alerts_only", tells={"list": lines})
