"""Steps with which therapists read a client's history, in the client's own words. Behind a PIN, and logged.

A typed PIN is taken out of the inbox in the turn that reads it, right or wrong; nothing else ever holds it.
"""

from __future__ import annotations

from engine.errors import TurnFailed
from engine.events import Value
from engine.ports import Outcome
from flows.booking_turn import BookingTurn, name_of, number
from flows.registry import step
from flows.steps.meant_client import choices, meant
from flows.texts import line
from storage.store import Transaction

OPEN_SECONDS = 10 * 60
"""How long one PIN opens."""
MOST_TRIES = 5
PAUSE_SECONDS = 15 * 60
MOST = 10
"""How many lines are shown."""
LOOKED_AT = 60
"""How many messages are looked through for those that say something."""
FEWEST_WORDS = 3
"""A shorter message ("yes", "in-call") was an answer to a question and tells nothing."""
LONGEST = 120
"""Characters of one message that are shown."""


@step("one", "several", "unknown", remembers=("client", "clients"))
async def find_whose_history(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Find out whose history is asked for."""
    found = (await meant(turn, tx, str(turn.data.get("words") or ""))).clients
    if not found:
        return Outcome("unknown")
    if len(found) > 1:
        return Outcome("several", remembers={"clients": choices(found)})
    return Outcome("one", remembers={"client": found[0].id})


@step("noted", remembers=("client",))
async def note_client(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Keep in mind which client was picked."""
    return Outcome("noted", remembers={"client": number(turn.data.get("client"))})


@step("open", "closed", "paused", "no_pin")
async def check_lock(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Find out whether the therapist has shown just now who they are."""
    lock = await tx.pins.get(turn.person_id)
    if lock is None:
        return Outcome("no_pin")
    if turn.now < lock.open_until:
        return Outcome("open")
    return Outcome("paused" if turn.now < lock.paused_until else "closed")


@step("right", "wrong", "paused")
async def check_pin(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Look at what was typed. The fifth wrong one in a row has everything wait a while.

    The therapist's conversation is locked meanwhile, so no try goes uncounted.
    """
    heard = turn.moment.heard
    await tx.inbox.blot_out(heard)
    lock = await tx.pins.get(turn.person_id)
    if lock is None or turn.now < lock.paused_until:
        return Outcome("paused")
    if await lock.fits(heard.text.strip()):
        await tx.pins.note(turn.person_id, open_until=turn.now + OPEN_SECONDS)
        return Outcome("right")
    tries = lock.tries + 1
    if tries >= MOST_TRIES:
        await tx.pins.note(turn.person_id, paused_until=turn.now + PAUSE_SECONDS)
        return Outcome("paused")
    await tx.pins.note(turn.person_id, tries=tries)
    return Outcome("wrong")


@step("read", "nothing", tells=("client", "list"))
async def read_history(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Read the client's past appointments and what they wrote about them, and write down that it was read."""
    whose = turn.remembered_number("client")
    client = await tx.people.by_id(whose) if whose is not None else None
    if client is None:
        raise TurnFailed("No client was found before their history was read.")
    await tx.access_log.add(turn.person_id, client.id, "history", turn.now)
    entries = [
        *[
            (one.starts_at * 60, _appointment(turn, one.id, one.starts_at, one.service_type, one.status))
            for one in await tx.clientele.past(turn.person_id, client.id, turn.minute, MOST)
        ],
        *[
            (one.heard_at, _words(turn, one.heard_at, one.text))
            for one in await tx.clientele.words(turn.person_id, client.id, LOOKED_AT)
            if len(one.text.split()) >= FEWEST_WORDS
        ],
    ]
    newest = sorted(entries, key=lambda entry: -entry[0])[:MOST]
    name = name_of(client)
    if not newest:
        return Outcome("nothing", tells={"client": name})
    return Outcome("read", tells={"client": name, "list": [words for _, words in newest]})


def _appointment(turn: BookingTurn, request: int, starts_at: int, kind: str, status: str) -> Value:
    became = line(f"became {status}")
    kind_of = line(f"type {kind}")
    return line(
        "history_appointment", request=request, when=turn.when(starts_at), kind=kind_of, became=became
    )


def _words(turn: BookingTurn, heard_at: int, text: str) -> Value:
    said = " ".join(text.split())
    cut = said if len(said) <= LONGEST else said[:LONGEST].rstrip() + "…"
    return line("history_words", when=turn.when(heard_at // 60), words=cut)
