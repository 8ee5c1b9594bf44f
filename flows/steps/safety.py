"""Steps for somebody who may be in danger: tell a person, and the next one if nobody answers.

Nothing is assessed, cancelled or given up here. What was held stays held.
"""

from __future__ import annotations

import structlog

from engine.errors import TurnFailed
from engine.events import Value
from engine.ports import Outcome, Recipient
from flows.booking_turn import BookingTurn, has_phone, initials_of, name_of, number, phone_of
from flows.consent.screen import CLIENT
from flows.on_call import on_call
from flows.registry import step
from flows.safety.screen import KINDS
from flows.steps.talk import silence_timer
from flows.texts import OTHER_WORDS, line
from storage.alerts import Alert
from storage.lifecycle import KEEP
from storage.people import Person
from storage.store import Transaction
from storage.timers import Timer

log = structlog.get_logger("safety")

ROUNDS = 3
"""How often everybody on call is told, one after the other, before the log alone is left."""
DAY = 24 * 3600
"""Seconds in which "I take care of it", without a number, can only mean the one alert that is open."""
SAME_ALERT = 30 * 60
"""Seconds in which further messages belong to the alert that was raised by the first."""
DONE = frozenset({"overdose"})
"""Rules of the lexicons that hear what somebody may have done already."""
BEGUN = ("service_type", "service", "wanted", "slot", "offered_types", "offered_days", "offered_times")
"""What a conversation remembers that has begun to book."""
HOLD = 60 * 60
"""Seconds that a held time is kept for somebody who has other things to think of."""


@step(
    "alerted",
    "alerted_before",
    tells=("reply",),
    remembers=("numbers", OTHER_WORDS),
    reaches="therapist",
    signals={"alerted": "person_in_danger"},
    sets=("alert_unanswered",),
)
async def alert_on_call(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Raise an alert and tell the first on call; what the client is told comes with the event."""
    await _keep_hold(turn, tx)
    chain = await on_call(turn, tx)
    reply = turn.data["reply" if any(one.hears for one in chain) else "reply_untold"]
    tells, numbers = {"reply": reply}, {"numbers": reply, OTHER_WORDS: other_words_in(turn)}
    rule, last = str(turn.data["rule"]), await tx.alerts.last_of(turn.person_id)
    to = Recipient("therapist", chain[0].therapist.address)
    if last and last.acknowledged_by is None and turn.now < last.raised_at + SAME_ALERT:
        if not _is_worse(rule, last.rule):
            return Outcome("alerted_before", tells=tells, remembers=numbers)
        return Outcome("alerted", tells=tells, remembers=numbers, to=to, sends={"alert": str(last.id)})
    alert = await tx.alerts.raise_(turn.person_id, rule, turn.now)
    await _look_again(turn, tx, alert, 1)
    log.warning("alert raised", alert=alert)
    return Outcome("alerted", tells=tells, remembers=numbers, to=to, sends={"alert": str(alert)})


@step(
    "escalated",
    "answered_for",
    "nobody_answers",
    reaches="therapist",
    signals={"escalated": "person_in_danger"},
    sets=("alert_unanswered",),
)
async def escalate_alert(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Tell the next on call when nobody has answered for an alert in time."""
    alert = await _alert(turn, tx)
    if alert is None or alert.client.id != turn.person_id:
        raise TurnFailed("The timer is about an alert that is not this client's.")
    if alert.acknowledged_by is not None:
        return Outcome("answered_for")
    chain = await on_call(turn, tx)
    if alert.told >= ROUNDS * len(chain):
        log.critical("nobody answers for an alert", alert=alert.id, told=alert.told)
        return Outcome("nobody_answers")
    await tx.alerts.tell_again(alert.id)
    await _look_again(turn, tx, alert.id, alert.told + 1)
    log.error("alert escalated", alert=alert.id, told=alert.told + 1)
    following = chain[alert.told % len(chain)].therapist
    return Outcome("escalated", to=Recipient("therapist", following.address), sends={"alert": str(alert.id)})


@step(
    "escalated",
    "nothing_to_tell",
    reaches="therapist",
    signals={"escalated": "person_in_danger"},
)
async def escalate_unheard(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Tell the next on call at once when an alert could not be delivered to this therapist.

    Where nobody else is on call the timer of the alert tries again. Whatever else was not delivered is no
    matter of life: of a request or other news of an appointment the operator hears.
    """
    alert = await _alert(turn, tx)
    if alert is None and (appointment := number(turn.data.get("appointment"))) is not None:
        log.error("news of an appointment did not reach its therapist", appointment=appointment)
    elif alert is None and "relay" in turn.data:
        log.error("what a client wrote did not reach its therapist", therapist=turn.person_id)
    chain = await on_call(turn, tx)
    others = [one.therapist for one in chain if one.therapist.id != turn.person_id and one.hears]
    others = others or [one.therapist for one in chain if one.therapist.id != turn.person_id]
    if alert is None or alert.acknowledged_by is not None or not others:
        return Outcome("nothing_to_tell")
    if alert.told >= ROUNDS * len(chain):  # or two whom nothing reaches would be told in turn for ever
        log.critical("an alert reaches nobody", alert=alert.id, told=alert.told)
        return Outcome("nothing_to_tell")
    await tx.alerts.tell_again(alert.id)
    log.error("alert not delivered, the next on call is told", alert=alert.id, told=alert.told + 1)
    following = others[alert.told % len(others)]
    return Outcome("escalated", to=Recipient("therapist", following.address), sends={"alert": str(alert.id)})


@step("told", reaches="therapist", signals={"told": "numbers_missed"})
async def have_somebody_phone(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Tell whoever answers for the alert, or was told of it last, that the numbers did not arrive."""
    alert = await tx.alerts.last_of(turn.person_id)
    if alert is None:
        raise TurnFailed("Somebody in danger was not reached, and there is no alert.")
    log.error("somebody in danger was not reached, a therapist is told to phone", alert=alert.id)
    chain = [one.therapist for one in await on_call(turn, tx)]
    answering = [one for one in chain if one.id == alert.acknowledged_by]
    to = answering[0] if answering else chain[(alert.told - 1) % len(chain)]
    return Outcome("told", to=Recipient("therapist", to.address), sends={"alert": str(alert.id)})


@step("read", tells=("client", "phone", "when"))
async def read_whom_to_phone(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Look up who is to be phoned, whether or not somebody answers for the alert already."""
    alert = await _alert(turn, tx)
    if alert is None:
        raise TurnFailed("The signal is about an alert that does not exist.")
    return Outcome("read", tells=_whom_to_phone(turn, alert))


@step("read", "answered_for", tells=("alert", "client", "phone", "when"))
async def read_alert(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Look up whom an alert is about: as little as it takes to call them."""
    alert = await _alert(turn, tx)
    if alert is None:
        raise TurnFailed("The signal is about an alert that does not exist.")
    if alert.acknowledged_by is not None:
        return Outcome("answered_for")
    return Outcome("read", tells={"alert": str(alert.id), **_whom_to_phone(turn, alert)})


@step(
    *("acknowledged", "acknowledged_by_phone", "answered_for", "which_one", "unknown"),
    tells=("client", "phone", "list", "relay"),
)
async def acknowledge_alert(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Somebody on call answers for the alert; of two, the first counts. `which_one`: several are open.

    They can write to a client from then on. `acknowledged_by_phone`: it is no client, so they can only call.
    """
    alert = await _alert(turn, tx)
    if alert is None and turn.data.get("alert") is None:
        waiting = await tx.alerts.open_since(turn.now - DAY)
        if len(waiting) > 1:
            return Outcome("which_one", tells={"list": await open_alerts(turn, tx)})
        alert = waiting[0] if waiting else None
    if alert is None:
        return Outcome("unknown")
    if not await _acknowledge(turn, tx, alert):
        return Outcome("answered_for")
    tells: dict[str, Value] = {"client": _called(alert.client), "phone": phone_of(alert.client)}
    if alert.client.role != CLIENT:
        return Outcome("acknowledged_by_phone", tells=tells)
    relay = await tx.relays.open(alert.client.id, turn.person_id, turn.now)
    await tx.timers.put([silence_timer(relay, turn.now)])
    return Outcome("acknowledged", tells={**tells, "relay": str(relay.id)})


@step("spoken_of", "not_spoken_of")
async def find_danger(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Find out whether words of danger were heard since which the client has not said to go on."""
    return Outcome("spoken_of" if turn.memory.get("numbers") else "not_spoken_of")


@step("talking", "booking", "waiting", "nothing", remembers=("numbers",))
async def find_place_again(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Find out what was going on before everything else rested. Whoever is not talking has gone on."""
    place = await _place_of(turn, tx)
    return Outcome(place, remembers={} if place == "talking" else {"numbers": None})


async def _place_of(turn: BookingTurn, tx: Transaction) -> str:
    talk = turn.remembered_number("relay")
    relay = await tx.relays.get(talk) if talk is not None else None
    if relay and relay.client.id == turn.person_id and relay.is_open(turn.now):
        return "talking"
    current = turn.remembered_number("appointment")
    appointment = await tx.appointments.get(current) if current is not None else None
    if appointment and appointment.status == "pending" and appointment.stands(turn.now):
        return "waiting"
    if appointment and appointment.status != "held":
        return "nothing"
    begun = any(turn.memory.get(name) for name in BEGUN)
    return "booking" if begun else "nothing"


async def open_alerts(turn: BookingTurn, tx: Transaction) -> list[Value]:
    """A line for each alert of the last day for which nobody answers yet."""
    return [
        line("alert_line", alert=one.id, client=_called(one.client), phone=phone_of(one.client))
        for one in await tx.alerts.open_since(turn.now - DAY)
    ]


async def take_alert(turn: BookingTurn, tx: Transaction) -> Alert:
    """Answer for the alert that is named, unless somebody does. Raises TurnFailed where there is none."""
    alert = await _alert(turn, tx)
    if alert is None:
        raise TurnFailed("There is no such alert.")
    await _acknowledge(turn, tx, alert)
    return alert


async def _acknowledge(turn: BookingTurn, tx: Transaction, alert: Alert) -> bool:
    """Answer for an alert. False: somebody did before."""
    is_first = await tx.alerts.acknowledge(alert.id, turn.person_id, turn.now)
    if is_first:
        log.info("alert acknowledged", alert=alert.id)
    return is_first


def other_words_in(turn: BookingTurn) -> Value:
    """How texts are said that follow numbers in another language than the conversation's; else None."""
    return None if turn.data.get("language") == turn.language else turn.data.get("afterwards")


def _is_worse(rule: str, before: str) -> bool:
    """Whether it is plainer than what was said before, or something may have been done since."""
    kind, _, name = rule.partition(".")
    kind_before, _, name_before = before.partition(".")
    plainer = kind_before in KINDS and KINDS.index(kind) < KINDS.index(kind_before)
    return plainer or (name in DONE and name_before not in DONE)


def _called(client: Person) -> Value:
    """Initials are enough beside a number; where there is none the name is all there is to find them by."""
    return initials_of(client) if has_phone(client) else name_of(client)


def _whom_to_phone(turn: BookingTurn, alert: Alert) -> dict[str, Value]:
    client = alert.client
    return {
        "client": _called(client),
        "phone": phone_of(client),
        "when": turn.when(alert.raised_at // 60),
    }


async def _alert(turn: BookingTurn, tx: Transaction) -> Alert | None:
    told = number(turn.data.get("alert"))
    return await tx.alerts.get(told) if told is not None else None


async def _look_again(turn: BookingTurn, tx: Transaction, alert: int, time: int) -> None:
    """Have it looked at once more when the time to answer is over."""
    conversation = turn.moment.conversation
    due_at = turn.now + turn.practice.rules.acknowledge_within_minutes * 60
    timer = Timer(
        key=f"alert:{alert}:{time}",
        flow=turn.moment.flow.name,
        address=conversation.person.address,
        event="alert_unanswered",
        data={"alert": str(alert)},
        due_at=due_at,
    )
    await tx.timers.put([timer])


async def _keep_hold(turn: BookingTurn, tx: Transaction) -> None:
    current = turn.remembered_number("appointment")
    if current is not None:
        await tx.calendar.move_on(current, KEEP, turn.now, expires_at=turn.now + HOLD)
