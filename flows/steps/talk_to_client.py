"""Steps of therapists who write to clients through us: answer one, tell one something, end a conversation.

Words go to a client only where it is certain which one is meant; and only while WhatsApp takes free text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from engine.errors import TurnFailed
from engine.events import Value
from engine.ports import Outcome, Recipient
from flows.booking_turn import BookingTurn, name_of, number, phone_of
from flows.consent.screen import CLIENT
from flows.guards import TODAY
from flows.registry import step
from flows.steps.approval import waiting_requests
from flows.steps.meant_client import choices, meant
from flows.steps.safety import other_words_in, take_alert
from flows.steps.talk import silence_timer
from flows.texts import OTHER_WORDS, line
from storage.conversations import Conversation
from storage.people import Person
from storage.relays import Relay
from storage.store import Transaction

WRITTEN = ("client", "phone", "relay")
SENT = ("passed", "too_late", "wants_silence")
ADDRESSEES = ("clients", "words")
ASKED_ABOUT = ("request", "block_from", "late_for", "times")
"""What a conversation remembers that has asked a question and got no answer yet."""
TELL = re.compile(r"\s*(?:please )?(?:tell|write to|message)\s+(.+)", re.IGNORECASE | re.DOTALL)
"""The command `tell`, which the crisis screen comes before."""


@step("read", tells=(*WRITTEN, "words"))
async def read_words(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Look up which client writes, or wants to, or could not be reached."""
    relay = await _told_of(turn, tx)
    return Outcome("read", tells={**_about(relay), "words": turn.data.get("words")})


@step("last", "others_open", tells=("client",))
async def read_end(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Look up which client has ended a conversation, and whether others go on."""
    relay = await _told_of(turn, tx)
    others = await tx.relays.open_of_therapist(turn.person_id, turn.now)
    return Outcome("others_open" if others else "last", tells={"client": name_of(relay.client)})


@step(
    *(*SENT, "which_client", "unclear", "secret", "about_no_client", "over"),
    tells=WRITTEN,
    remembers=ADDRESSEES,
    reaches="client",
    signals={"passed": "therapist_wrote"},
)
async def answer_client(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Pass words on to the client whose message they answer, or the only one there is a conversation with.

    `unclear`: it may be the answer to what the client has interrupted. `secret`: it was the therapist's PIN.
    `about_no_client`: they answer a message in which nobody's words were passed on.
    """
    if await _is_pin(turn, tx):
        await tx.inbox.blot_out(turn.moment.heard)
        return Outcome("secret")
    words = turn.moment.heard.text
    quoted = number(turn.data.get("relay"))
    if quoted is not None:
        return await _tell(turn, tx, (await _told_of(turn, tx)).client, words)
    if turn.moment.heard.replied_to is not None:
        return Outcome("about_no_client")
    going_on = await tx.relays.open_of_therapist(turn.person_id, turn.now)
    if not going_on:
        return Outcome("over")
    if await _may_answer_something_else(turn, tx):
        return Outcome("unclear", remembers=dict.fromkeys(ADDRESSEES))
    return await _tell_one_of(turn, tx, [relay.client for relay in going_on], words)


@step(
    *SENT,
    "which_client",
    "unknown",
    "nothing_said",
    tells=WRITTEN,
    remembers=ADDRESSEES,
    reaches="client",
    signals={"passed": "therapist_wrote"},
)
async def tell_client(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Pass words on to the client who is named before them."""
    found = await meant(turn, tx, str(turn.data.get("words") or ""))
    if not found.clients:
        return Outcome("unknown")
    if not found.rest:
        return Outcome("nothing_said")
    return await _tell_one_of(turn, tx, found.clients, found.rest)


@step(
    *SENT,
    "by_phone",
    tells=WRITTEN,
    remembers=ADDRESSEES,
    reaches="client",
    signals={"passed": "therapist_wrote"},
)
async def answer_alert(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Pass words on to the client whom an alert is about; who writes to them takes care of it.

    `by_phone`: it is no client, so they can only be called.
    """
    alert = await take_alert(turn, tx)
    if alert.client.role != CLIENT:
        return Outcome("by_phone", tells={"client": name_of(alert.client), "phone": phone_of(alert.client)})
    return await _tell(turn, tx, alert.client, turn.moment.heard.text)


IN_DANGER = ("passed", "which_client", "not_passed")


@step(
    *IN_DANGER,
    tells=(*WRITTEN, "reply", OTHER_WORDS),
    remembers=ADDRESSEES,
    reaches="client",
    signals={"passed": "therapist_wrote"},
)
async def answer_in_danger(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Pass words on although they speak of danger: no client is to be kept from a therapist's help."""
    return await _told_in_danger(turn, tx) or _in_danger(turn, await answer_client.run(turn, tx))


@step(
    "noted",
    *IN_DANGER,
    tells=(*WRITTEN, "reply", OTHER_WORDS),
    remembers=ADDRESSEES,
    reaches="client",
    signals={"passed": "therapist_wrote"},
)
async def hear_concern(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Tell whom to call, and alert nobody: they may speak of a client. Words for one go there."""
    told = await _told_in_danger(turn, tx)
    if told is None and await tx.relays.open_of_therapist(turn.person_id, turn.now):
        return _in_danger(turn, Outcome("unclear"))  # it may have been meant for the client
    return told or Outcome("noted", tells={"reply": turn.data.get("reply_untold")})


async def _told_in_danger(turn: BookingTurn, tx: Transaction) -> Outcome | None:
    """What becomes of a reply about a client, or of a command to tell one something; None: it was neither."""
    if number(turn.data.get("alert")) is not None:
        return _in_danger(turn, await answer_alert.run(turn, tx))
    if number(turn.data.get("relay")) is not None:
        return _in_danger(turn, await answer_client.run(turn, tx))
    told = TELL.match(turn.moment.heard.text)
    if told is None:
        return None
    found = await meant(turn, tx, told[1])
    if not found.clients or not found.rest:
        return _in_danger(turn, Outcome("unknown"))
    return _in_danger(turn, await _tell_one_of(turn, tx, found.clients, found.rest))


def _in_danger(turn: BookingTurn, told: Outcome) -> Outcome:
    name = told.name if told.name in IN_DANGER else "not_passed"
    reply = {"reply": turn.data.get("reply_untold"), OTHER_WORDS: other_words_in(turn)}
    return replace(told, name=name, tells={**told.tells, **reply})


@step(*SENT, tells=WRITTEN, remembers=ADDRESSEES, reaches="client", signals={"passed": "therapist_wrote"})
async def tell_picked(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Pass on what had been written before the client was picked."""
    picked, words = number(turn.data.get("client")), turn.remembered_text("words")
    client = await tx.people.by_id(picked) if picked is not None else None
    if client is None or words is None:
        raise TurnFailed("A client was picked, but not who or what was to be said.")
    return await _tell(turn, tx, client, words)


@step(
    "closed",
    "which_one",
    "none_open",
    tells=("client", "list"),
    reaches="client",
    signals={"closed": "talk_closed"},
)
async def close_talk(turn: BookingTurn, tx: Transaction) -> Outcome:
    """End the conversation that was named, or the only one."""
    going_on = await tx.relays.open_of_therapist(turn.person_id, turn.now)
    named = number(turn.data.get("relay"))
    if named is not None:
        going_on = [relay for relay in going_on if relay.id == named]
    if not going_on:
        return Outcome("none_open")
    if len(going_on) > 1:
        lines: list[Value] = [
            line("close_line", relay=relay.id, client=name_of(relay.client)) for relay in going_on
        ]
        return Outcome("which_one", tells={"list": lines})
    (relay,) = going_on
    await tx.relays.close(relay.id, turn.now)
    tells = {"client": name_of(relay.client)}
    return Outcome("closed", tells=tells, to=_client(relay.client), sends={"relay": str(relay.id)})


async def _tell_one_of(turn: BookingTurn, tx: Transaction, clients: Sequence[Person], words: str) -> Outcome:
    if len(clients) > 1:
        return Outcome("which_client", remembers={"clients": choices(clients), "words": words})
    return await _tell(turn, tx, clients[0], words)


async def _tell(turn: BookingTurn, tx: Transaction, client: Person, words: str) -> Outcome:
    """Pass words on, if the client may be written to now."""
    forgetting = dict.fromkeys(ADDRESSEES)
    tells: dict[str, Value] = {"client": name_of(client), "phone": phone_of(client)}
    conversation = await tx.conversations.peek("client", client.address)
    is_asked = await _is_asked(turn, tx, client, conversation)
    if client.opted_out_at is not None and not is_asked:
        return Outcome("wants_silence", tells=tells, remembers=forgetting)
    heard_at = conversation.snapshot.heard_at if conversation else None
    if heard_at is None or turn.now > heard_at + TODAY:
        return Outcome("too_late", tells=tells, remembers=forgetting)
    relay = await tx.relays.open(client.id, turn.person_id, turn.now)
    await tx.timers.put([silence_timer(relay, turn.now)])
    return Outcome(
        "passed",
        tells={**tells, "relay": str(relay.id)},
        remembers=forgetting,
        to=_client(client),
        sends={"relay": str(relay.id), "words": words, "is_answer": is_asked},
    )


async def _is_asked(
    turn: BookingTurn, tx: Transaction, client: Person, conversation: Conversation | None
) -> bool:
    """Whether a client who wants no messages has asked this therapist for one, by writing to them since.

    Or has spoken of danger since, and it is this therapist who takes care of it.
    """
    if conversation is None or client.opted_out_at is None:
        return False
    talk, alert = number(conversation.snapshot.memory.get("relay")), await tx.alerts.last_of(client.id)
    relay = await tx.relays.get(talk) if talk is not None else None
    is_theirs = relay is not None and relay.therapist.id == turn.person_id and relay.is_open(turn.now)
    is_theirs |= alert is not None and alert.is_of(turn.person_id, turn.now)
    return is_theirs and (conversation.snapshot.heard_at or 0) > client.opted_out_at


async def _may_answer_something_else(turn: BookingTurn, tx: Transaction) -> bool:
    """Whether words were asked for when the client wrote, and these may be meant so; or a request waits."""
    if turn.memory.get("clients"):  # who was meant may be said by name
        return True
    is_plain = turn.moment.event.name in {"yes", "no"}
    was_asked = any(turn.memory.get(name) is not None for name in ASKED_ABOUT)
    return is_plain and (was_asked or bool(await waiting_requests(turn, tx)))


async def _is_pin(turn: BookingTurn, tx: Transaction) -> bool:
    """Whether somebody has typed their PIN where it was not asked for: it must reach nobody."""
    typed = turn.moment.heard.text.strip()
    if not (typed.isascii() and typed.isdecimal()):
        return False
    lock = await tx.pins.get(turn.person_id)
    return lock is not None and await lock.fits(typed)


async def _told_of(turn: BookingTurn, tx: Transaction) -> Relay:
    """The conversation that a signal or a reply is about. Raises TurnFailed when it is not their own."""
    told = number(turn.data.get("relay"))
    relay = await tx.relays.get(told) if told is not None else None
    if relay is None or relay.therapist.id != turn.person_id:
        raise TurnFailed("There is no such conversation of this therapist with a client.")
    return relay


def _about(relay: Relay) -> dict[str, Value]:
    return {"client": name_of(relay.client), "phone": phone_of(relay.client), "relay": str(relay.id)}


def _client(person: Person) -> Recipient:
    return Recipient("client", person.address)
