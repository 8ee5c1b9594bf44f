"""Steps for what people want to hear of us: the notice before a booking, no more messages, messages again.

Every change is a row in the consent ledger. That nothing is sent to somebody who wants no messages is seen to
at the door out (`app/deliveries.py`), not here: here somebody is told to phone them, or
that WhatsApp shows no number of theirs.
"""

from __future__ import annotations

import structlog

from engine.events import Value
from engine.ports import Outcome
from flows.booking_turn import BookingTurn, has_phone, number
from flows.consent.screen import OPTED_IN_ELSEWHERE, OPTED_OUT_ELSEWHERE, REFUSED, TOLD_TWILIO
from flows.lives import by_series, others_of
from flows.registry import step
from flows.steps.own_appointments import coming, own_lines
from flows.texts import line
from storage.appointments import Appointment
from storage.consent_ledger import Kind, LedgerEntry
from storage.people import ROLES, THERAPIST
from storage.store import Transaction
from storage.timers import Timer

log = structlog.get_logger("consent")

NOTICE = "privacy_notice"
"""The text of which the version is kept that somebody agreed to."""
CONFIRMATIONS = {True: "silence_by_phone", False: "silence_without_phone"}
"""The text that confirms an opt-out, by whether the practice can phone the person instead."""
NEWS = ("confirmed", "declined", "expired", "cancelled")
"""Statuses of which a client ought to hear, unless it was they who cancelled."""


@step("due", "seen", tells=("practice",), remembers=("notice",))
async def check_notice(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Find out whether the client has seen the privacy notice as it reads now; if not, it is to be said."""
    version = turn.version_of(NOTICE)
    if version in (turn.person.notice_version, turn.memory.get("notice")):
        return Outcome("seen")
    return Outcome("due", tells={"practice": turn.practice.rules.name}, remembers={"notice": version})


@step("noted")
async def note_consent(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Write down that the client, who was shown the notice, has said yes to the request.

    A conversation that began before there was a notice has shown none, and then there is nothing to note.
    """
    shown = turn.remembered_text("notice")
    if shown and shown != turn.person.notice_version:
        await tx.people.agree(turn.person_id, shown)
        await _write(turn, tx, "consented", shown)
    return Outcome("noted")


@step("opted_out", "request_waits", "opted_out_before", tells=("confirmation",))
async def opt_out(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Write nothing unasked to this person from now on."""
    if turn.person.opted_out_at is not None:
        return Outcome("opted_out_before")
    confirmation = CONFIRMATIONS[has_phone(turn.person)]
    await _opt_out(turn, tx, turn.version_of(confirmation))
    waiting = any(one.status == "pending" for one in await _have_phoned_about_coming(turn, tx))
    return Outcome("request_waits" if waiting else "opted_out", tells={"confirmation": line(confirmation)})


@step("opted_out", "opted_out_before", tells=("confirmation",))
async def opt_out_stranger(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Likewise, of somebody who has no appointment."""
    if turn.person.opted_out_at is not None:
        return Outcome("opted_out_before")
    confirmation = CONFIRMATIONS[has_phone(turn.person)]
    await _opt_out(turn, tx, turn.version_of(confirmation))
    return Outcome("opted_out", tells={"confirmation": line(confirmation)})


@step("noted")
async def note_opt_out(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Likewise, of somebody who has told Twilio; a message that it refused is news they did not get.

    What they told Twilio is evidence each time; that it refuses one message after the other is not.
    """
    if turn.person.opted_out_at is None or turn.data.get("how") == TOLD_TWILIO:
        await _tell_other_conversations(turn, tx, OPTED_OUT_ELSEWHERE)
    if turn.person.opted_out_at is None:
        await _opt_out(turn, tx, None)
        await _have_phoned_about_coming(turn, tx)
    elif turn.data.get("how") == TOLD_TWILIO:
        await _write(turn, tx, "opted_out", None)
    if (withheld := await _told_of(turn, tx)) is not None:
        await _have_phoned(turn, tx, withheld)
    return Outcome("noted")


@step("news", "listed", "none", "opted_in_before", tells=("list",))
async def opt_in(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Write to this client again, and list what was withheld, as it stands now, and what else is to come.

    What somebody told Twilio is evidence each time, also if they want messages already. Who was opted in by
    an operator has not just written, so nothing is listed to them.
    """
    since = turn.person.opted_out_at
    await _tell_other_conversations(turn, tx, OPTED_IN_ELSEWHERE)
    if since is not None or turn.data.get("how") == TOLD_TWILIO:
        await _opt_in(turn, tx)
    if since is None:
        return Outcome("opted_in_before")
    if not turn.moment.heard.is_said:
        return Outcome("none")
    unheard = await _unheard(turn, tx, since)
    known = {one.id for one in unheard}
    lines: list[Value] = [
        line(f"own_line_{found[0].status}", summary=turn.summary(*found)) for found in by_series(unheard)
    ]
    lines += await own_lines(turn, tx, [one for one in await coming(turn, tx) if one.id not in known])
    if not lines:
        return Outcome("none")
    return Outcome("news" if unheard else "listed", tells={"list": lines})


@step("opted_in", "opted_in_before")
async def opt_in_stranger(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Likewise, of somebody who has no appointment: nothing was withheld from them."""
    if turn.person.opted_out_at is None:
        return Outcome("opted_in_before")
    await _opt_in(turn, tx)
    return Outcome("opted_in")


@step("noted")
async def note_opt_in(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Write again to somebody who has told Twilio."""
    await _tell_other_conversations(turn, tx, OPTED_IN_ELSEWHERE)
    await _opt_in(turn, tx)
    return Outcome("noted")


@step("told", "nothing_to_tell")
async def have_client_phoned(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Tell the therapist, once, to phone a client from whom news of an appointment was withheld."""
    withheld = await _told_of(turn, tx)
    if withheld is None:
        return Outcome("nothing_to_tell")
    await _have_phoned(turn, tx, withheld)
    return Outcome("told")


async def _tell_other_conversations(turn: BookingTurn, tx: Transaction, event: str) -> None:
    """Let the person's conversations in other roles hear what Twilio knows: they mean the practice by it.

    What was said to us, or by the operator, is heard where it was meant. What was passed on goes no further.
    Requests and alerts end only for a therapist who says so where they come from.
    """
    how = str(turn.data.get("how") or "")
    if turn.data.get("passed_on") or not (how == TOLD_TWILIO or how.startswith(REFUSED)):
        return
    others = [role for role in ROLES if role not in {turn.person.role, THERAPIST}]
    found = [await tx.people.find(role, turn.person.address) for role in others]
    timers = [
        Timer(
            key=f"{event}:{turn.moment.heard.id}:{other.role}",
            flow=other.role,
            address=other.address,
            event=event,
            data={"how": how, "passed_on": True},
            due_at=turn.now,
        )
        for other in found
        if other
    ]
    await tx.timers.put(timers)


async def _opt_out(turn: BookingTurn, tx: Transaction, shown: str | None) -> None:
    await tx.people.opt_out(turn.person_id, turn.now)
    await _write(turn, tx, "opted_out", shown)
    if turn.person.role == THERAPIST:
        log.error("a therapist gets no more messages, neither requests nor alerts", therapist=turn.person_id)


async def _opt_in(turn: BookingTurn, tx: Transaction) -> None:
    await tx.people.opt_out(turn.person_id, None)
    await _write(turn, tx, "opted_in", None)


async def _write(turn: BookingTurn, tx: Transaction, kind: Kind, shown: str | None) -> None:
    entry = LedgerEntry(
        kind=kind,
        at=turn.now,
        how=str(turn.data.get("how") or ("tap" if turn.moment.heard.kind == "tap" else "words")),
        wording=turn.moment.heard.text or None,
        text_version=shown,
        inbox_id=turn.moment.heard.id,
    )
    await tx.ledger.add(turn.person_id, entry)


async def _have_phoned_about_coming(turn: BookingTurn, tx: Transaction) -> list[Appointment]:
    """Have the client phoned about every appointment that stands; returns also the requests that wait."""
    found = await coming(turn, tx)
    for one in found:
        if one.status == "confirmed":
            await _have_phoned(turn, tx, one)
    return found


async def _have_phoned(turn: BookingTurn, tx: Transaction, appointment: Appointment) -> None:
    """Tell the appointment's therapist, once for each thing that became of it since the client opted out.

    A timer's key is unique for ever, so setting it again tells nobody twice.
    """
    timer = Timer(
        key=_phone_key(appointment, turn.person.opted_out_at or turn.now),
        flow=THERAPIST,
        address=appointment.therapist.address,
        event="client_not_told",
        data={"appointment": appointment.id, **others_of(turn)},
        due_at=turn.now,
    )
    await tx.timers.put([timer])


def _phone_key(appointment: Appointment, since: int) -> str:
    return f"phone:{appointment.id}:{appointment.status}:{since}"


async def _unheard(turn: BookingTurn, tx: Transaction, since: int) -> list[Appointment]:
    """What became of the client's appointments since they opted out: of each a therapist was told."""
    found = await tx.appointments.of_client(turn.person_id, NEWS, since // 60)
    told = await tx.timers.known([_phone_key(one, since) for one in found])
    unheard = [one for one in found if _phone_key(one, since) in told]
    series = {(one.series, one.status) for one in unheard if one.series is not None}
    return [one for one in found if one in unheard or (one.series, one.status) in series]


async def _told_of(turn: BookingTurn, tx: Transaction) -> Appointment | None:
    """The client's own appointment that unsaid news was about, if a client ought to hear of it."""
    told = number(turn.data.get("appointment"))
    found = await tx.appointments.get(told) if told is not None else None
    is_own = found is not None and found.client.id == turn.person_id
    is_news = found is not None and found.status in NEWS and found.cancelled_by != "client"
    return found if is_own and is_news else None
