"""Messages in doubt: the part of the outbox of which nobody could tell whether it was taken.

Those are `unknown`, when the other side's answer was doubtful, or `sending` for longer than any sending
takes, when the process that was at it has died. Nothing here sends anything or asks anybody; a change
finds its row only if nobody has begun or settled it meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import and_, func, null, or_, select, update

from engine.effects import Message
from storage.database import Session
from storage.owed import OWED, UNREADABLE, Owed, owed_from
from storage.sealing import Sealer, opened
from storage.sql import Query, Row, given, limit, listed, spread
from storage.tables import conversations, outbox

_UNKNOWN = outbox.c.state == "unknown"
_STUCK = and_(outbox.c.state == "sending", outbox.c.started_at < given("stuck_before"))
_SAME = (
    outbox.c.id == given("row"),
    outbox.c.state.in_(["unknown", "sending"]),
    outbox.c.started_at == given("started"),
)

_CONVERSATION = Query(
    select(conversations.c.id).where(conversations.c.id == given("conversation")).with_for_update()
)
_FOUND = Query(
    update(outbox)
    .where(outbox.c.id == given("row"), outbox.c.state.in_(["unknown", "sending"]))
    .values(state="sent", provider_sid=given("sid"), sent_at=given("at"))
)
_LOOK_AGAIN = Query(update(outbox).where(*_SAME).values(next_try_at=given("at")))
_STAY = Query(update(outbox).where(*_SAME).values(state="unknown", next_try_at=given("at")))
_SEND_AGAIN = Query(
    update(outbox).where(*_SAME).values(state="pending", next_try_at=given("at"), resent=outbox.c.resent + 1)
)
_UNREADABLE = Query(
    update(outbox)
    .where(outbox.c.id == given("row"), outbox.c.state.in_(["unknown", "sending"]))
    .values(state="failed", error_code=UNREADABLE)
)
_SENDING = Query(
    OWED.where(
        outbox.c.conversation_id == given("conversation"),
        outbox.c.state == "sending",
        outbox.c.id != given("row"),
    )
)
_LIST = Query(
    select(
        outbox.c.id,
        outbox.c.state,
        outbox.c.conversation_id,
        outbox.c.turn,
        outbox.c.created_at,
        outbox.c.started_at,
        outbox.c.attempts,
        outbox.c.resent,
    )
    .where(or_(_UNKNOWN, _STUCK))
    .order_by(outbox.c.id)
    .limit(limit())
)
_COUNT = Query(select(outbox.c.state, func.count()).where(or_(_UNKNOWN, _STUCK)).group_by(outbox.c.state))
_GET = Query(OWED.where(outbox.c.id == given("row")))
_RESEND = Query(
    update(outbox)
    .where(outbox.c.id == given("row"), or_(outbox.c.state.in_(["unknown", "failed"]), _STUCK))
    .values(state="pending", next_try_at=given("at"), error_code=null(), resent=0)
)
_SETTLE = Query(
    update(outbox)
    .where(outbox.c.id == given("row"), or_(_UNKNOWN, _STUCK))
    .values(
        state="sent",
        provider_sid=func.coalesce(given("sid"), outbox.c.provider_sid),
        sent_at=outbox.c.started_at,
    )
)


@cache
def _in_doubt(own: int) -> Query:
    """What has to be looked for now, but for so many that the caller is still sending."""
    others = (outbox.c.id.not_in(listed("own", own)),) if own else ()
    return Query(
        OWED.where(outbox.c.state.in_(["unknown", "sending"]), *others)
        .where(or_(and_(_UNKNOWN, outbox.c.created_at > given("after")), _STUCK))
        .where(outbox.c.next_try_at <= given("now"))
        .order_by(outbox.c.urgent.desc(), outbox.c.next_try_at, outbox.c.id)
        .limit(limit())
    )


@cache
def _claimed(count: int) -> Query:
    return Query(select(outbox.c.provider_sid).where(outbox.c.provider_sid.in_(listed("sid", count))))


@dataclass(frozen=True, slots=True)
class Doubt:
    """One message of which nobody can tell whether it was taken; nothing that says who or what."""

    id: int
    state: str
    """`unknown`, or `sending` when the process that was at it has died and nobody has looked for it yet."""
    conversation_id: int
    turn: int
    created_at: int
    started_at: int
    """When its sending was begun the last time. Seconds since the epoch, like the one before."""
    attempts: int
    resent: int


class Doubts:
    """The rows of the table `outbox` that are in doubt."""

    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def due(
        self, now: int, *, stuck_before: int, created_after: int, limit: int, besides: Collection[int] = ()
    ) -> list[Owed]:
        """Messages to look for now: what is urgent first, and then the longest overdue.

        `stuck_before`: a sending begun before then was left alone. `created_after`: what is `unknown` and
        older is not looked for any more; a sending left alone is, as others wait for it. `besides`: numbers
        of messages that the caller is still sending. One that cannot be opened fails as UNREADABLE.
        """
        own = sorted(besides)
        rows = await self._session.fetch(
            _in_doubt(len(own)),
            now=now,
            stuck_before=stuck_before,
            after=created_after,
            limit=limit,
            **spread("own", own),
        )
        return await opened(rows, self._owed, self._give_up)

    async def has_twin_under_way(self, owed: Owed) -> bool:
        """Whether one that may read the same is being sent to the same person: nobody knows its name yet.

        Those of one template do as far as they are cut.
        """
        rows = await self._session.fetch(_SENDING, conversation=owed.conversation_id, row=owed.id)
        beside = await opened(rows, self._owed, self._give_up)
        return any(_alike(other.message, owed.message) for other in beside)

    async def found(self, owed: Owed, sids: Sequence[str], at: int) -> bool:
        """It was taken if one of these names of the other side belongs to none of our messages: it has that.

        False: none does, or somebody has settled it meanwhile. Two that look at once never give two messages
        one name: a name is of one person, so whoever settles holds that person's conversation.
        """
        async with self._session.atomically() as session:
            await session.fetch(_CONVERSATION, conversation=owed.conversation_id)
            free = await _unclaimed(session, sids)
            return bool(free) and await session.change(_FOUND, row=owed.id, sid=free[0], at=at) == 1

    async def look_again(self, owed: Owed, at: int) -> None:
        """It was not found yet: look again then. What was `sending` stays so and holds up what follows."""
        await self._session.change(_LOOK_AGAIN, row=owed.id, started=owed.started_at, at=at)

    async def stay(self, owed: Owed, look_at: int) -> None:
        """It cannot be known now: `unknown`, and nothing waits for it any more."""
        await self._session.change(_STAY, row=owed.id, started=owed.started_at, at=look_at)

    async def send_again(self, owed: Owed, at: int) -> bool:
        """It was not taken: pending again. False: somebody has begun or settled it meanwhile."""
        return await self._session.change(_SEND_AGAIN, row=owed.id, started=owed.started_at, at=at) == 1

    # For the operator. `stuck_before`: a sending begun before then was left alone.

    async def listed(self, limit: int, *, stuck_before: int) -> list[Doubt]:
        """Those in doubt, oldest first."""
        rows = await self._session.fetch(_LIST, limit=limit, stuck_before=stuck_before)
        return [Doubt(*row) for row in rows]

    async def count(self, *, stuck_before: int) -> Mapping[str, int]:
        """How many are in doubt, by their state."""
        return {state: int(n) for state, n in await self._session.fetch(_COUNT, stuck_before=stuck_before)}

    async def get(self, outbox_id: int) -> Owed | None:
        """Any message of the outbox, opened. Raises SealBroken."""
        rows = await self._session.fetch(_GET, row=outbox_id)
        return self._owed(rows[0]) if rows else None

    async def resend(self, outbox_id: int, at: int, *, stuck_before: int) -> bool:
        """Somebody decided to have a message sent again. False: it is neither in doubt nor failed."""
        return await self._session.change(_RESEND, row=outbox_id, at=at, stuck_before=stuck_before) == 1

    async def settle(self, outbox_id: int, sid: str | None, *, stuck_before: int) -> bool:
        """Somebody knows that a message in doubt was taken. False: it is not, or the name is taken."""
        async with self._session.atomically() as session:
            if sid and not await _unclaimed(session, [sid]):
                return False
            return await session.change(_SETTLE, row=outbox_id, sid=sid, stuck_before=stuck_before) == 1

    def _owed(self, row: Row) -> Owed:
        return owed_from(row, self._sealer)

    async def _give_up(self, row: Row, _reason: str) -> None:
        await self._session.change(_UNREADABLE, row=row[0])


def _alike(one: Message, other: Message) -> bool:
    keys = [message.template and message.template.key for message in (one, other)]
    return one.text == other.text or (keys[0] is not None and keys[0] == keys[1])


async def _unclaimed(session: Session, sids: Sequence[str]) -> list[str]:
    """Which of these names belong to none of our messages, in their order."""
    if not sids:
        return []
    claimed = {row[0] for row in await session.fetch(_claimed(len(sids)), **spread("sid", list(sids)))}
    return [sid for sid in sids if sid not in claimed]
