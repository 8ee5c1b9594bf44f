"""What one row of the outbox is: a message owed to one person, sealed and opened. It asks no database."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from engine.effects import Attempt, Message
from engine.events import Value, Values
from storage.sealing import Sealer
from storage.sql import Row
from storage.tables import conversations, outbox, people

UNREADABLE = -1
"""The `error_code` of a message that cannot be opened. Those of the other side are positive."""

_COLUMNS = (
    outbox.c.id,
    outbox.c.conversation_id,
    outbox.c.turn,
    outbox.c.position,
    outbox.c.flow,
    outbox.c.address,
    outbox.c.body,
    outbox.c.state,
    outbox.c.attempts,
    outbox.c.provider_status,
    outbox.c.error_code,
    outbox.c.created_at,
    outbox.c.started_at,
    outbox.c.resent,
    outbox.c.template_only,
    outbox.c.urgent,
    conversations.c.heard_at,
    people.c.opted_out_at,
)
OWED = (
    select(*_COLUMNS)
    .join(conversations, conversations.c.id == outbox.c.conversation_id)
    .join(people, people.c.id == conversations.c.person_id)
)
"""What `owed_from` reads; to be narrowed down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """One message to one person: one outbox row."""

    id: int
    conversation_id: int
    turn: int
    position: int
    flow: str
    address: str
    message: Message
    state: str
    """`pending`, `sending`, `sent`, `unknown` (nobody knows whether it was taken), `failed` or `withheld`."""
    attempts: int
    provider_status: str | None
    error_code: int | None
    created_at: int
    started_at: int | None
    """When its sending was begun the last time."""
    resent: int
    """How often it was sent again after it was in doubt or came back."""
    template_only: bool
    """Free text came back as too late, so this time only a template may be sent."""
    is_urgent: bool
    """Somebody may be in danger: it waits for no other message, and for nothing else longer than it must."""
    heard_at: int | None
    """When the person was last heard, in seconds since the epoch."""
    unasked: Values | None = None
    """What came with the signal or the silence that made us say it; None: it answers what the person said."""
    is_unwanted: bool = False
    """It answers nothing, and the person wants no messages but answers."""

    @property
    def next_attempt(self) -> Attempt:
        """What its sending is called that is begun now, as it was read before."""
        return Attempt(self.id, self.attempts + 1)


def owed_from(row: Row, sealer: Sealer) -> Owed:
    """Read a row of `OWED`. Raises SealBroken."""
    number, conversation_id, turn, position, flow, address, body, *rest = row
    state, attempts, provider_status, error_code, created_at, *rest = rest
    started_at, resent, template_only, urgent, heard_at, opted_out_at = rest
    stored = sealer.open_json(body)
    unasked = stored.get("unasked")
    return Owed(
        id=number,
        conversation_id=conversation_id,
        turn=turn,
        position=position,
        flow=flow,
        address=sealer.open(address),
        message=Message.from_json(stored),
        state=state,
        attempts=attempts,
        provider_status=provider_status,
        error_code=error_code,
        created_at=created_at,
        started_at=started_at,
        resent=resent,
        template_only=bool(template_only),
        is_urgent=bool(urgent),
        heard_at=heard_at,
        unasked=unasked,  # type: ignore[arg-type]  # as body_of wrote it
        is_unwanted=unasked is not None and opted_out_at is not None,
    )


def body_of(message: Message, unasked: Values | None) -> dict[str, Value]:
    """What is sealed of a message, as `owed_from` reads it."""
    return message.as_json() if unasked is None else {**message.as_json(), "unasked": dict(unasked)}
