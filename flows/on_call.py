"""Who is told when a client needs a person: everybody in the practice, one after the other."""

from __future__ import annotations

from typing import NamedTuple

from flows.booking_turn import BookingTurn
from storage.lifecycle import ACTIVE
from storage.practice import Therapist
from storage.store import Transaction


class OnCall(NamedTuple):
    """One of those who are told when somebody may be in danger, or wants a person."""

    therapist: Therapist
    hears: bool
    """False: they have told Twilio to send them nothing."""


async def on_call(turn: BookingTurn, tx: Transaction) -> list[OnCall]:
    """Whom to tell of this client, in order.

    First whoever has answered for an alert of theirs within a day, then their own therapist, then the others
    as the practice lists them. Whoever has told Twilio to send them nothing comes last: they would not hear.
    """
    own = await tx.appointments.of_client(turn.person_id, ACTIVE, turn.minute)
    known = {appointment.therapist_id for appointment in own[:1]}
    answering = await tx.alerts.who_answers_for(turn.person_id, turn.now)
    people = [await tx.people.by_id(therapist.id) for therapist in turn.practice.therapists]
    deaf = {person.id for person in people if person and person.opted_out_at is not None}
    chain = [OnCall(therapist, therapist.id not in deaf) for therapist in turn.practice.therapists]
    return sorted(
        chain,
        key=lambda one: (not one.hears, one.therapist.id != answering, one.therapist.id not in known),
    )
