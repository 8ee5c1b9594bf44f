"""Everything that is owed to the outside: the only way out of a conversation.

A row exists only if the turn that owes it was committed. Nothing is sent from here, and a row whose
sending was begun and never answered for is not sent again blindly.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from functools import cache

from sqlalchemy import and_, case, exists, func, or_, select, update

from engine.effects import Attempt, Message
from engine.events import Values
from storage.conversations import Conversation
from storage.database import Deferred, Session
from storage.owed import OWED, UNREADABLE, Owed, body_of, owed_from
from storage.sealing import SealBroken, Sealer, opened
from storage.sql import Insert, Query, Row, Scalar, given, limit, listed, spread
from storage.tables import outbox

RECEIVED = ("delivered", "read")
PROGRESS = {
    status: rank
    for rank, status in enumerate(
        (
            *("scheduled", "accepted", "queued", "sending", "sent"),
            *("partially_delivered", "canceled", "undelivered", "failed"),
            *RECEIVED,
        ),
        start=1,
    )
}
"""How far along a message is by its reported status. Reports arrive in any order; only the furthest stays.

What somebody has received cannot have failed, whichever report comes last. No two are equally far, so the
order of arrival never decides.
"""

MOST_RESENT = 2
"""How often a message is sent again at the most after it was in doubt or came back: it leaves three times."""
MOST_RESENT_URGENT = 4
"""Likewise, of what somebody in danger has to read."""
IN_ORDER_SECONDS = 30
"""So long after it was owed an urgent message in doubt keeps the rest of its turn waiting."""

_before = outbox.alias("before")
_BEHIND_A_DOUBT = (
    exists()
    .where(_before.c.conversation_id == outbox.c.conversation_id, _before.c.turn == outbox.c.turn)
    .where(_before.c.position < outbox.c.position, _before.c.urgent == 1, _before.c.state == "unknown")
    .where(_before.c.created_at > given("doubts_since"))
)
"""Whether it stands behind an urgent message of its own turn of which nobody knows whether it was taken."""

_unsent = (
    select(
        outbox.c.id,
        func.row_number()
        .over(
            partition_by=outbox.c.conversation_id,
            order_by=[outbox.c.urgent.desc(), outbox.c.turn, outbox.c.position],
        )
        .label("place"),
    )
    .where(
        outbox.c.state.in_(["pending", "sending"]),
        or_(
            outbox.c.provider_sid.is_(None),
            outbox.c.state == "sending",
            outbox.c.next_try_at <= given("now"),
        ),
        ~_BEHIND_A_DOUBT,
    )
    .subquery("unsent")
)
"""Everything unsent with its place in its conversation; what is urgent stands before all else, also before
what is being sent or has to wait. What came back and has to wait holds up nothing: its
conversation has gone on. Row numbers tell no order: nodes of a cluster number
on their own. Joined by row and not by conversation, so that whichever way the database goes, it looks at each
unsent message once: one conversation may have thousands of them."""
_PUT = Insert(outbox)
_NAMED = Query(select(outbox.c.conversation_id, outbox.c.body).where(outbox.c.provider_sid == given("sid")))
_BY_ID = Query(OWED.where(outbox.c.id == given("row")))
_BY_SID = Query(OWED.where(outbox.c.provider_sid == given("sid")))
_SINCE = Query(
    OWED.where(outbox.c.id > given("after"), outbox.c.state != "withheld")
    .order_by(outbox.c.id)
    .limit(limit())
)


def _moved(*states: str, **values: object) -> Query:
    """One row from any of these states to another."""
    return Query(update(outbox).where(outbox.c.id == given("row"), outbox.c.state.in_(states)).values(values))


_START = _moved("pending", state="sending", attempts=outbox.c.attempts + 1, started_at=given("at"))
_open = outbox.c.state.in_(["pending", "sending", "unknown"])
# Pending, too: somebody may have looked for it in vain while nobody could write down that it was sent. But
# not if it has come back under this name already: then the answer to the sending is old news.
_SENT = Query(
    update(outbox)
    .where(
        outbox.c.id == given("row"),
        or_(outbox.c.state == "sent", _open),
        or_(outbox.c.provider_sid.is_(None), outbox.c.provider_sid != given("sid"), ~_open),
    )
    .values(state="sent", provider_sid=given("sid"), sent_at=given("at"))
)
_DEFER = _moved("sending", state="pending", next_try_at=given("at"))
_AS_TEMPLATE = _moved("sending", state="pending", template_only=1, next_try_at=given("at"))
_WITHHELD = _moved("pending", state="withheld")
_UNKNOWN = _moved("sending", state="unknown", next_try_at=given("at"))
_FAILED = _moved("sending", "pending", "unknown", state="failed", error_code=given("code"))
_reached = case(PROGRESS, value=outbox.c.provider_status, else_=0)
_NOTE = {
    # A report proves that the message was taken, even if the answer to the sending never came, and also if
    # somebody has decided meanwhile to send it again.
    "state": case((_open, "sent"), else_=outbox.c.state),
    "provider_status": given("status"),
    "error_code": given("code"),
}
_CAME_BACK = and_(outbox.c.state == "pending", outbox.c.provider_sid == given("sid"))
IS_NEWS = (
    outbox.c.id == given("row"),
    outbox.c.attempts == given("attempt"),
    or_(outbox.c.provider_sid.is_(None), ~_CAME_BACK),
)
"""Whether a report is of the last attempt. One that came back keeps its name over there until it is begun
once more, so that the rest of the news of it is known as old."""
_NOTE_OF_ATTEMPT = Query(
    update(outbox).where(*IS_NEWS, _reached < given("rank")).values(_NOTE | {"provider_sid": given("sid")})
)
_NOTE_BY_SID = Query(
    update(outbox)
    .where(outbox.c.provider_sid == given("sid"), ~_open, _reached < given("rank"))
    .values(_NOTE)
)


@cache
def _due(besides: int) -> Query:
    """What may be sent now, without so many flows but for what is urgent in them."""
    is_other = outbox.c.flow.not_in(listed("besides", besides))
    others = (or_(is_other, outbox.c.urgent == 1),) if besides else ()
    return Query(
        OWED.join(_unsent, _unsent.c.id == outbox.c.id)
        .where(_unsent.c.place == 1, outbox.c.state == "pending", outbox.c.next_try_at <= given("now"))
        .where(*others)
        .order_by(outbox.c.urgent.desc(), outbox.c.next_try_at, outbox.c.id)
        .limit(limit())
    )


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
        urgent: bool = False,
    ) -> None:
        """Owe these messages, in this order, to the conversation's person. Deferred.

        `unasked`: what came with the signal or the silence that made us say it, if they are no answer.
        `urgent`: nothing else that is owed to the person may hold them up.
        """
        address = self._sealer.seal(conversation.person.address) if messages else ""
        rows: list[dict[str, Scalar]] = [
            {
                "conversation_id": conversation.id,
                "turn": turn,
                "position": position,
                "flow": conversation.flow,
                "address": address,
                "body": self._sealer.seal_json(body_of(message, unasked)),
                "state": "pending",
                "attempts": 0,
                "next_try_at": at,
                "started_at": None,
                "provider_sid": None,
                "provider_status": None,
                "error_code": None,
                "created_at": at,
                "sent_at": None,
                "template_only": 0,
                "resent": 0,
                "urgent": int(urgent),
            }
            for position, message in enumerate(messages)
        ]
        await self._session.defer_all(_PUT, rows)

    async def due(self, now: int, limit: int, besides: Collection[str] = ()) -> list[Owed]:
        """What may be sent now: of every conversation at most its first message that is still unsent.

        What is urgent comes first, and what follows it in its turn not before it is known to be taken, or
        IN_ORDER_SECONDS have passed. `besides`: flows of which nothing else is wanted now. One that cannot be
        opened fails as UNREADABLE, so that it does not keep the others from being sent.
        """
        flows = sorted(besides)
        rows = await self._session.fetch(
            _due(len(flows)),
            now=now,
            doubts_since=now - IN_ORDER_SECONDS,
            limit=limit,
            **spread("besides", flows),
        )
        return await opened(rows, self._owed, self._give_up)

    async def start(self, outbox_id: int, now: int) -> Deferred:
        """Take a pending message for sending, deferred. It finds no row that another sender has."""
        return await self._session.defer(_START, row=outbox_id, at=now)

    async def sent(self, outbox_id: int, sid: str, at: int) -> None:
        """It was taken; `sid` is its number over there. Deferred, like what follows down to `failed`."""
        await self._session.defer(_SENT, row=outbox_id, sid=sid, at=at)

    async def withhold(self, outbox_id: int) -> Deferred:
        """Never send a message that is unwanted. It finds no row that was begun to be sent."""
        return await self._session.defer(_WITHHELD, row=outbox_id)

    async def defer(self, outbox_id: int, next_try_at: int) -> None:
        """It was certainly not taken: try again then. Later messages of the conversation wait for it."""
        await self._session.defer(_DEFER, row=outbox_id, at=next_try_at)

    async def send_as_template(self, outbox_id: int, at: int) -> None:
        """It was certainly not taken, as it was no template: from `at` on it may be sent as one."""
        await self._session.defer(_AS_TEMPLATE, row=outbox_id, at=at)

    async def unknown(self, outbox_id: int, look_at: int) -> None:
        """Nobody can tell whether it was taken. `look_at`: when to look for it on the other side."""
        await self._session.defer(_UNKNOWN, row=outbox_id, at=look_at)

    async def failed(self, outbox_id: int, code: int | None) -> None:
        """It was refused for good."""
        await self._session.defer(_FAILED, row=outbox_id, code=code)

    async def note_status(
        self, sid: str, attempt: Attempt | None, status: str, error_code: int | None = None
    ) -> bool:
        """A report on a message, found by our name of it or else by theirs. False: unknown, or old news."""
        news = {"sid": sid, "status": status, "code": error_code, "rank": PROGRESS.get(status, 0)}
        if attempt is None:
            return await self._session.change(_NOTE_BY_SID, **news) > 0
        row, number = attempt
        return await self._session.change(_NOTE_OF_ATTEMPT, **news, row=row, attempt=number) > 0

    async def message_named(self, conversation_id: int, sid: str) -> Message | None:
        """The message of a conversation that has this name over there, if it can be opened."""
        rows = await self._session.fetch(_NAMED, sid=sid)
        for owner, body in rows:
            with suppress(SealBroken):
                if owner == conversation_id:
                    return Message.from_json(self._sealer.open_json(body))
        return None

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

    def _owed(self, row: Row) -> Owed:
        return owed_from(row, self._sealer)
