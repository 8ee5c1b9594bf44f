"""Steps of clients who talk to a therapist through us: call one, pass words on, end it.

Words travel sealed from inbox to inbox and are kept nowhere else; the journal holds that they were passed on.
"""

from __future__ import annotations

from engine.errors import TurnFailed
from engine.events import Value
from engine.ports import Outcome, Recipient
from flows.booking_turn import BookingTurn, number
from flows.on_call import on_call
from flows.registry import step
from storage.relays import SILENT_SECONDS, Relay
from storage.store import Transaction
from storage.timers import Timer

WITH = ("relay", "talking_to")
WRITTEN = ("therapist", "words", "relay")


@step(
    "called",
    remembers=WITH,
    reaches="therapist",
    signals={"called": "client_wants_person"},
    sets=("talk_fell_silent",),
)
async def call_person(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Open a conversation with the first who is on call for this client, and tell them."""
    relay = await _open(turn, tx, await _first_on_call(turn, tx))
    return Outcome(
        "called", remembers=_with(turn, relay), to=_therapist(relay), sends={"relay": str(relay.id)}
    )


@step("passed", remembers=WITH, reaches="therapist", signals={"passed": "client_wrote"})
async def pass_on(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Pass the client's words on to the therapist whose message they answer, or whom they are talking to."""
    known = turn.data.get("relay") or turn.memory.get("relay")
    # Who was put through before conversations had numbers has none.
    therapist = (await _told_of(turn, tx)).therapist.id if known else await _first_on_call(turn, tx)
    relay = await _open(turn, tx, therapist)
    return Outcome(
        "passed",
        remembers=_with(turn, relay),
        to=_therapist(relay),
        sends={"relay": str(relay.id), "words": turn.moment.heard.written},
    )


@step("joined", "unknown", remembers=WITH)
async def join_talk(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Talk to the therapist whose message was answered by a tap, or by its number."""
    told = number(turn.data.get("relay"))
    relay = await tx.relays.get(told) if told is not None else None
    if relay is None or relay.client.id != turn.person_id:
        return Outcome("unknown")
    relay = await _open(turn, tx, relay.therapist.id)
    return Outcome("joined", remembers=_with(turn, relay))


@step("read", tells=WRITTEN)
async def read_answer(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Look up who writes."""
    return Outcome("read", tells=_written(turn, await _told_of(turn, tx)))


@step("read", "from_another", tells=WRITTEN)
async def read_in_talk(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Look up who writes to somebody who is talking. `from_another`: not the one they are talking to."""
    relay = await _told_of(turn, tx)
    same = turn.remembered_number("relay") == relay.id
    return Outcome("read" if same else "from_another", tells=_written(turn, relay))


@step("read", tells=WRITTEN, remembers=WITH)
async def read_and_join(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Look up who writes to a client with whom nothing else is going on: their next words are the answer."""
    relay = await _told_of(turn, tx)
    return Outcome("read", tells=_written(turn, relay), remembers=_with(turn, relay))


@step("ended", "none_open", remembers=WITH, reaches="therapist", signals={"ended": "client_closed"})
async def end_talk(turn: BookingTurn, tx: Transaction) -> Outcome:
    """End the conversation."""
    current = turn.remembered_number("relay")
    relay = await tx.relays.get(current) if current is not None else None
    if relay is None or relay.client.id != turn.person_id or not await tx.relays.close(relay.id, turn.now):
        return Outcome("none_open", remembers=dict.fromkeys(WITH))
    return Outcome(
        "ended", remembers=dict.fromkeys(WITH), to=_therapist(relay), sends={"relay": str(relay.id)}
    )


@step(
    "closed_here",
    "closed",
    "goes_on",
    remembers=WITH,
    reaches="therapist",
    signals={"closed_here": "talk_over", "closed": "talk_over"},
)
async def let_talk_rest(turn: BookingTurn, tx: Transaction) -> Outcome:
    """End a conversation in which nobody has written for long. `closed_here`: the one going on here."""
    relay = await _told_of(turn, tx)
    if relay.closed_at is not None or relay.is_open(turn.now):
        return Outcome("goes_on")
    await tx.relays.close(relay.id, turn.now)
    to, sends = _therapist(relay), {"relay": str(relay.id)}
    if turn.remembered_number("relay") != relay.id:
        return Outcome("closed", to=to, sends=sends)
    return Outcome("closed_here", remembers=dict.fromkeys(WITH), to=to, sends=sends)


@step("left", "goes_on", remembers=WITH)
async def leave_talk(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Leave a conversation that the therapist has closed, if it is the one going on here."""
    relay = await _told_of(turn, tx)
    if turn.remembered_number("relay") != relay.id or relay.is_open(turn.now):
        return Outcome("goes_on")
    return Outcome("left", remembers=dict.fromkeys(WITH))


async def _told_of(turn: BookingTurn, tx: Transaction) -> Relay:
    """The conversation that was told, or else the one going on. Raises TurnFailed when it is not theirs."""
    told = number(turn.data.get("relay")) or turn.remembered_number("relay")
    relay = await tx.relays.get(told) if told is not None else None
    if relay is None or relay.client.id != turn.person_id:
        raise TurnFailed("There is no such conversation of this client with a therapist.")
    return relay


def _written(turn: BookingTurn, relay: Relay) -> dict[str, Value]:
    therapist = turn.practice.therapist_name(relay.therapist.id)
    return {"therapist": therapist, "words": turn.data.get("words"), "relay": str(relay.id)}


def _with(turn: BookingTurn, relay: Relay) -> dict[str, Value]:
    return {"relay": relay.id, "talking_to": turn.practice.therapist_name(relay.therapist.id)}


def _therapist(relay: Relay) -> Recipient:
    return Recipient("therapist", relay.therapist.address)


async def _first_on_call(turn: BookingTurn, tx: Transaction) -> int:
    return (await on_call(turn, tx))[0].therapist.id


async def _open(turn: BookingTurn, tx: Transaction, therapist: int) -> Relay:
    relay = await tx.relays.open(turn.person_id, therapist, turn.now)
    await tx.timers.put([silence_timer(relay, turn.now)])
    return relay


def silence_timer(relay: Relay, now: int) -> Timer:
    """Has the client's side look, when the conversation may have fallen silent, whether it has."""
    return Timer(
        key=f"talk:{relay.id}:{now}",
        flow="client",
        address=relay.client.address,
        event="talk_fell_silent",
        data={"relay": str(relay.id)},
        due_at=now + SILENT_SECONDS,
    )
