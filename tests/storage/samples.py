"""Things to store, with only what a test cares about spelled out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.effects import Message
from engine.events import Heard
from storage.appointments import NewAppointment
from storage.conversations import Conversation
from storage.owed import Owed
from storage.practice import (
    DatedHours,
    Offering,
    Practice,
    PracticeData,
    Service,
    Therapist,
    TimeOff,
    WeeklyHours,
)
from storage.store import Storage

NOW = 1_800_000_000
TEN = NOW // 60 + 24 * 60
"""A start of an appointment: minutes since the epoch."""
ADDRESS = "whatsapp:+4915100000001"

HEARD = Heard(key="SM1", flow="client", address=ADDRESS, kind="text", at=NOW)


def heard(key: str, address: str = ADDRESS, **fields: object) -> Heard:
    return replace(HEARD, key=key, address=address, **fields)  # type: ignore[arg-type]


def therapist(code: str, address: str, name: str = "Dr. Ö") -> Therapist:
    return Therapist(
        code=code,
        name=name,
        zone="Europe/Berlin",
        address=address,
        offers=(Offering("massage", "home visit"), Offering("massage", "in-call", 55, "80 €")),
        hours=(
            WeeklyHours(0, 540, 720),
            WeeklyHours(0, 540, 720, "massage", "home visit"),
            WeeklyHours(0, 780, 1020),
            WeeklyHours(4, 540, 720),
        ),
        dates=(DatedHours("2027-01-24", 0, 0), DatedHours("2027-01-25", 540, 600, "", "in-call")),
        off=(TimeOff("2027-02-01", 0, "2027-02-14", 1440),),
        holidays="DE-BE",
        most_a_day=6,
        travel_minutes={"home visit": 45},
    )


def practice(*therapists: Therapist) -> PracticeData:
    return PracticeData(
        practice=Practice(
            name="Praxis",
            zone="Europe/Berlin",
            language="de",
            minimum_notice_minutes=120,
            horizon_days=60,
            hold_minutes=10,
            answer_within_minutes=240,
            start_every_minutes=30,
            buffer_minutes=10,
            acknowledge_within_minutes=10,
            travel_minutes={"home visit": 30},
            confirm_at_once=("known clients",),
        ),
        services=(
            Service(
                code="massage",
                title="Massage",
                about="Kräftig",
                minutes=60,
                price="90 €",
                before_minutes=5,
                after_minutes=0,
                start_every_minutes=60,
                minimum_notice_minutes=1440,
                horizon_days=30,
            ),
            Service(code="talk", title="Gespräch", about="", minutes=45),
        ),
        therapists=therapists,
    )


async def conversation_with(storage: Storage, address: str = ADDRESS, flow: str = "client") -> Conversation:
    async with storage.transaction() as tx:
        return await tx.conversations.lock(flow, address, "idle", at=NOW)


def new_appointment(
    therapist_id: int, client_id: int, op_key: str, starts_at: int = TEN, **fields: object
) -> NewAppointment:
    appointment = NewAppointment(
        therapist_id=therapist_id,
        client_id=client_id,
        service="massage",
        service_type="in-call",
        starts_at=starts_at,
        ends_at=starts_at + 60,
        claimed_from=starts_at - 10,
        claimed_until=starts_at + 70,
        zone="Europe/Berlin",
        wall_time="2027-01-16T10:00",
        expires_at=NOW + 600,
        op_key=op_key,
    )
    return replace(appointment, **fields)  # type: ignore[arg-type]


async def owe(
    storage: Storage, texts: Sequence[str], *, turn: int = 1, address: str = ADDRESS, urgent: bool = False
) -> list[int]:
    """Owe a person these messages; returns their numbers."""
    conversation = await conversation_with(storage, address)
    known = {one.id for one in await storage.outbox.since(0, 100)}
    await storage.outbox.put(conversation, turn, [Message(text) for text in texts], NOW, urgent=urgent)
    return [one.id for one in await storage.outbox.since(0, 100) if one.id not in known]


async def texts_due(storage: Storage, now: int = NOW) -> list[str]:
    """What may be sent now."""
    return [one.message.text for one in await storage.outbox.due(now, 100)]


async def only(storage: Storage) -> Owed:
    """The only message that there is."""
    (one,) = await storage.outbox.since(0, 10)
    return one
