"""Everything that is owed to the outside: the only way out of a conversation.

A row exists only if the turn that owes it was committed. Nothing is sent from here, and a row whose
sending was begun and never answered for is not sent again blindly.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache

from sqlalchemy import case, func, select, update

from engine.effects import Message, Option
from engine.events import Value, Values
from storage.conversations import Conversation
from storage.database import Deferred, Session
from storage.sealing import Sealer, opened
from storage.sql import Insert, Query, Row, Scalar, given, limit, listed, spread
from storage.tables import conversations, outbox, people

PROGRESS = {
    "accepted": 1,
    "queued": 1,
    "scheduled": 1,
    "sending": 2,
    "sent": 3,
    "undelivered": 4,
    "failed": 4,
    "canceled": 4,
    "delivered": 5,
    "read": 6,
}
"""How far along a message is by its reported status. Reports arrive in any order; only the furthest stays.

What somebody has received cannot have failed, whichever report comes last.
"""

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
)
_unsent = (
    select(
        outbox.c.id,
        func.row_number()
        .over(partition_by=outbox.c.conversation_id, order_by=[outbox.c.turn, outbox.c.position])
        .label("place"),
    )
    .where(outbox.c.state.in_(["pending", "sending"]))
    .subquery("unsent")
)
"""Everything unsent with its place in its conversation. Row numbers tell no order: nodes of a cluster number
on their own. Joined by row and not by conversation, so that whichever way the database goes, it looks at each
unsent message once: one conversation may have thousands of them."""
_PUT = Insert(outbox)
_BY_ID = Query(select(*_COLUMNS).where(outbox.c.id == given("row")))
_BY_SID = Query(select(*_COLUMNS).where(outbox.c.provider_sid == given("sid")))
_DUE = Query(
    select(*_COLUMNS, people.c.opted_out_at)
    .join(_unsent, _unsent.c.id == outbox.c.id)
    .join(conversations, conversations.c.id == outbox.c.conversation_id)
    .join(people, people.c.id == conversations.c.person_id)
    .where(_unsent.c.place == 1, outbox.c.state == "pending", outbox.c.next_try_at <= given("now"))
    .order_by(outbox.c.next_try_at, outbox.c.id)
    .limit(limit())
)
_SINCE = Query(
    select(*_COLUMNS)
    .where(outbox.c.id > given("after"), outbox.c.state != "withheld")
    .order_by(outbox.c.id)
    .limit(limit())
)


def _moved(*states: str, **values: object) -> Query:
    """One row from any of these states to another."""
    return Query(update(outbox).where(outbox.c.id == given("row"), outbox.c.state.in_(states)).values(values))


_START = _moved("pending", state="sending", attempts=outbox.c.attempts + 1, started_at=given("at"))
# Pending, too: somebody may have taken it for stuck while nobody could write down that it was sent.
_SENT = _moved(
    "pending", "sending", "unknown", "sent", state="sent", provider_sid=given("sid"), sent_at=given("at")
)
_DEFER = _moved("sending", state="pending", next_try_at=given("at"))
_WITHHELD = _moved("pending", state="withheld")
_UNKNOWN = _moved("sending", state="unknown")
_FAILED = _moved("sending", "pending", "unknown", state="failed", error_code=given("code"))
_reached = case(PROGRESS, value=outbox.c.provider_status, else_=0)
_NOTE = {
    # A report proves that the message was taken, even if the answer to the sending never came.
    "state": case((outbox.c.state.in_(["sending", "unknown"]), "sent"), else_=outbox.c.state),
    "provider_status": given("status"),
    "error_code": func.coalesce(given("code"), outbox.c.error_code),
}
_NOTE_BY_ID = Query(
    update(outbox)
    .where(outbox.c.id == given("row"), _reached < given("rank"))
    .values(_NOTE | {"provider_sid": func.coalesce(outbox.c.provider_sid, given("sid"))})
)
_NOTE_BY_SID = Query(
    update(outbox).where(outbox.c.provider_sid == given("sid"), _reached < given("rank")).values(_NOTE)
)


@cache
def _stuck(own: int) -> Query:
    """Sendings that nobody is at, but for so many of the caller's own."""
    stuck = (outbox.c.state == "sending", outbox.c.started_at < given("before"))
    others = (outbox.c.id.not_in(listed("own", own)),) if own else ()
    return Query(update(outbox).where(*stuck, *others).values(state="pending"))


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
    unasked: Values | None = None
    """What came with the signal or the silence that made us say it; None: it answers what the person said."""
    is_unwanted: bool = False
    """It answers nothing, and the person wants no messages but answers. Only `due` tells."""


class Outbox:
    """The table `outbox`."""

    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def put(
        self,
        conversation: Conversation,
        turn: int,
        messages: Sequence[Message],
        at: int,
        *,
        unasked: Values | None = None,
    ) -> None:
        """Owe these messages, in this order, to the conversation's person. Deferred.

        `unasked`: what came with the signal or the silence that made us say it, if they are no answer.
        """
        address = self._sealer.seal(conversation.person.address) if messages else ""
        rows: list[dict[str, Scalar]] = [
            {
                "conversation_id": conversation.id,
                "turn": turn,
                "position": position,
                "flow": conversation.flow,
                "address": address,
                "body": self._sealer.seal_json(_body(message, unasked)),
                "state": "pending",
                "attempts": 0,
                "next_try_at": at,
                "started_at": None,
                "provider_sid": None,
                "provider_status": None,
                "error_code": None,
                "created_at": at,
                "sent_at": None,
            }
            for position, message in enumerate(messages)
        ]
        await self._session.defer_all(_PUT, rows)

    async def due(self, now: int, limit: int) -> list[Owed]:
        """What may be sent now: of every conversation at most its first message that is still unsent.

        One that cannot be opened fails as UNREADABLE, so that it does not keep the others from being sent.
        """
        rows = await self._session.fetch(_DUE, now=now, limit=limit)
        return await opened(rows, self._due, self._give_up)

    async def start(self, outbox_id: int, now: int) -> Deferred:
        """Take a pending message for sending, deferred. It finds no row that another sender has."""
        return await self._session.defer(_START, row=outbox_id, at=now)

    async def sent(self, outbox_id: int, sid: str, at: int) -> None:
        """It was taken; `sid` is its number over there. Deferred, like the three below."""
        await self._session.defer(_SENT, row=outbox_id, sid=sid, at=at)

    async def withhold(self, outbox_id: int) -> Deferred:
        """Never send a message that is unwanted, deferred. It finds no row that was begun to be sent."""
        return await self._session.defer(_WITHHELD, row=outbox_id)

    async def defer(self, outbox_id: int, next_try_at: int) -> None:
        """It was certainly not taken: try again then. Later messages of the conversation wait for it."""
        await self._session.defer(_DEFER, row=outbox_id, at=next_try_at)

    async def unknown(self, outbox_id: int) -> None:
        """Nobody can tell whether it was taken."""
        await self._session.defer(_UNKNOWN, row=outbox_id)

    async def failed(self, outbox_id: int, code: int | None) -> None:
        """It was refused for good."""
        await self._session.defer(_FAILED, row=outbox_id, code=code)

    async def take_up_stuck(self, started_before: int, besides: Collection[int] = ()) -> int:
        """Sendings begun before then and never answered for may be begun anew; returns how many.

        `besides`: numbers of messages that the caller is still sending.
        """
        own = sorted(besides)
        return await self._session.change(_stuck(len(own)), before=started_before, **spread("own", own))

    async def note_status(
        self, sid: str | None, outbox_id: int | None, status: str, error_code: int | None = None
    ) -> bool:
        """A report on a message, found by our number or else by theirs. False: unknown, or old news."""
        rank = PROGRESS.get(status, 0)
        if outbox_id is not None:
            found = await self._session.change(
                _NOTE_BY_ID, row=outbox_id, sid=sid, status=status, code=error_code, rank=rank
            )
        else:
            found = await self._session.change(
                _NOTE_BY_SID, sid=sid, status=status, code=error_code, rank=rank
            )
        return found > 0

    async def find(self, sid: str, outbox_id: int | None) -> Owed | None:
        """The message of our number, or else of theirs."""
        if outbox_id is not None:
            rows = await self._session.fetch(_BY_ID, row=outbox_id)
        else:
            rows = await self._session.fetch(_BY_SID, sid=sid)
        return self._owed(rows[0]) if rows else None

    async def since(self, outbox_id: int, limit: int) -> list[Owed]:
        """Messages with higher numbers, whatever their state but withheld, in order."""
        return [self._owed(row) for row in await self._session.fetch(_SINCE, after=outbox_id, limit=limit)]

    async def _give_up(self, row: Row, _reason: str) -> None:
        await self.failed(row[0], UNREADABLE)

    def _due(self, row: Row) -> Owed:
        *own, opted_out_at = row
        owed = self._owed(tuple(own))
        return replace(owed, is_unwanted=owed.unasked is not None and opted_out_at is not None)

    def _owed(self, row: Row) -> Owed:
        number, conversation_id, turn, position, flow, address, body, *rest = row
        state, attempts, provider_status, error_code, created_at = rest
        stored = self._sealer.open_json(body)
        return Owed(
            id=number,
            conversation_id=conversation_id,
            turn=turn,
            position=position,
            flow=flow,
            address=self._sealer.open(address),
            message=Message(
                str(stored["text"]),
                tuple(map(Option.from_json, stored["options"])),  # type: ignore[arg-type]  # as _body wrote it
            ),
            state=state,
            attempts=attempts,
            provider_status=provider_status,
            error_code=error_code,
            created_at=created_at,
            unasked=stored.get("unasked"),  # type: ignore[arg-type]  # likewise
        )


def _body(message: Message, unasked: Values | None) -> dict[str, Value]:
    body: dict[str, Value] = {
        "text": message.text,
        "options": [option.as_json() for option in message.options],
    }
    return body if unasked is None else {**body, "unasked": dict(unasked)}
