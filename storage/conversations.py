"""Where every conversation stands. Read only after it was locked; written once a turn.

A state's waiting time lives here and is overwritten with every turn, so it can never fire for a state
that the conversation has left.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import String, and_, cast, exists, literal, select, update
from sqlalchemy.dialects import mysql, sqlite

from engine.effects import Option
from engine.events import Heard, Value
from engine.snapshot import Snapshot
from engine.window import FREE_SECONDS
from storage.database import Session
from storage.inbox import Inbox
from storage.people import ADD as ADD_PERSON
from storage.people import COLUMNS as PERSON
from storage.people import Person, person_from
from storage.sealing import Sealer, opened
from storage.sql import Query, Row, given, limit
from storage.tables import conversations, inbox, people

LANGUAGE = "en"
"""Of people who have not said otherwise."""

_STANDING = (
    conversations.c.id,
    conversations.c.state,
    conversations.c.turn,
    conversations.c.memory,
    conversations.c.wakes_at,
    conversations.c.heard_at,
    conversations.c.flow_hash,
)
_OF_PERSON = (
    select(*PERSON, *_STANDING)
    .join(conversations, conversations.c.person_id == people.c.id)
    .order_by(conversations.c.id)
)
_AT_ADDRESS = _OF_PERSON.where(
    people.c.role == given("flow"), people.c.address_hash == given("address_hash")
).order_by(None)
_ALL = Query(_OF_PERSON)
_PEEK = Query(_AT_ADDRESS)
# What the caller knows already, the role and the address, is not read again: every column costs a little.
_LOCK = Query(
    _AT_ADDRESS.with_only_columns(
        people.c.id,
        people.c.name,
        people.c.language,
        people.c.zone,
        people.c.opted_out_at,
        people.c.notice_version,
        *_STANDING,
    ).with_for_update()
)
_BEGINNING = (
    "person_id",
    "flow",
    "state",
    "turn",
    "memory",
    "wakes_at",
    "flow_hash",
    "updated_at",
)
_OF_THE_PERSON = select(people.c.id, *(given(name) for name in _BEGINNING[1:])).where(
    people.c.role == given("flow"), people.c.address_hash == given("address_hash")
)
_ADD = Query(
    sqlite.insert(conversations).from_select(_BEGINNING, _OF_THE_PERSON).on_conflict_do_nothing(),
    mysql.insert(conversations)
    .from_select(_BEGINNING, _OF_THE_PERSON)
    .on_duplicate_key_update(id=conversations.c.id),
)
_SAVE = Query(
    update(conversations)
    .where(conversations.c.id == given("conversation"))
    .values(
        state=given("state"),
        turn=given("turn"),
        memory=given("memory"),
        wakes_at=given("wakes_at"),
        heard_at=given("heard_at"),
        flow_hash=given("flow_hash"),
        updated_at=given("updated_at"),
    )
)
_WINDOW_WAS_SHUT = Query(
    update(conversations)
    .where(conversations.c.id == given("conversation"), conversations.c.heard_at < given("at"))
    .where(conversations.c.heard_at > given("before"))
    .values(heard_at=given("before"))
)
_WAIT_KEY = (
    literal("wait:") + cast(conversations.c.id, String(20)) + ":" + cast(conversations.c.turn, String(20))
)
_WAKING = Query(
    select(
        conversations.c.id,
        conversations.c.turn,
        conversations.c.flow,
        people.c.address,
        people.c.address_hash,
    )
    .join(people, and_(people.c.id == conversations.c.person_id))
    .where(conversations.c.wakes_at <= given("now"), ~exists().where(inbox.c.key == _WAIT_KEY))
    .order_by(conversations.c.wakes_at)
    .limit(limit())
)

_NEXT_WAKING = Query(
    select(conversations.c.wakes_at)
    .where(conversations.c.wakes_at.is_not(None), ~exists().where(inbox.c.key == _WAIT_KEY))
    .order_by(conversations.c.wakes_at)
    .limit(limit())
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One conversation as it was read."""

    id: int
    person: Person
    snapshot: Snapshot
    flow_hash: str
    """Of the flow's structure when the last turn was taken; empty before the first.

    No turn looks at it: it tells by which flows a conversation came to be where it stands, to whoever has
    to move stored conversations to a changed flow.
    """

    @property
    def flow(self) -> str:
        """The name of its flow."""
        return self.person.role


class Conversations:
    """The table `conversations`."""

    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def lock(
        self, flow: str, address: str, start_state: str, *, at: int, name: str | None = None
    ) -> Conversation:
        """Lock the conversation and its person until the transaction ends, then read them.

        One round trip when it exists. Otherwise it is made in another one, in `start_state`, and then
        locked: two first messages at once pass over each other's rows instead of colliding.
        """
        address_hash = self._sealer.index(address)
        rows = await self._session.fetch(_LOCK, flow=flow, address_hash=address_hash)
        if not rows:
            await self._begin(flow, address, address_hash, start_state, name, at)
            rows = await self._session.fetch(_LOCK, flow=flow, address_hash=address_hash)
        number, sealed_name, language, zone, opted_out_at, notice_version, *standing = rows[0]
        person = Person(
            id=number,
            role=flow,
            address=address,
            address_hash=address_hash,
            name=self._sealer.open_optional(sealed_name),
            language=language,
            zone=zone,
            opted_out_at=opted_out_at,
            notice_version=notice_version,
        )
        return self._standing(person, tuple(standing))

    async def save(self, conversation: Conversation, snapshot: Snapshot, flow_hash: str, at: int) -> None:
        """Write where the conversation stands now. Deferred."""
        await self._session.defer(
            _SAVE,
            conversation=conversation.id,
            state=snapshot.state,
            turn=snapshot.turn,
            memory=self._sealer.seal_json(_memory(snapshot)),
            wakes_at=snapshot.wakes_at,
            heard_at=snapshot.heard_at,
            flow_hash=flow_hash,
            updated_at=at,
        )

    async def window_was_shut(self, conversation_id: int, at: int) -> None:
        """WhatsApp took no free text at that moment, so the person was last heard a day before. Deferred.

        What they have written in that second or since counts all the same.
        """
        before = at - FREE_SECONDS
        await self._session.defer(_WINDOW_WAS_SHUT, conversation=conversation_id, at=at, before=before)

    async def peek(self, flow: str, address: str) -> Conversation | None:
        """Read without locking: to look, never to decide."""
        rows = await self._session.fetch(_PEEK, flow=flow, address_hash=self._sealer.index(address))
        return self._read(rows[0]) if rows else None

    async def all_states(self) -> list[Conversation]:
        """Every conversation, in the order in which they began. For demonstrations, not for big practices."""
        return [self._read(row) for row in await self._session.fetch(_ALL)]

    async def waking(self, now: int, limit: int) -> list[Heard]:
        """The waits that are over and not yet in the inbox, to be put there; the longest overdue first.

        One whose address cannot be opened is put there at once, failed, so that it does not stop the others.
        """

        def read(row: Row) -> Heard:
            number, turn, flow, address, _ = row
            return Heard(
                key=f"wait:{number}:{turn}",
                flow=flow,
                address=self._sealer.open(address),
                kind="wait",
                at=now,
                data={"turn": turn},
            )

        async def give_up(row: Row, reason: str) -> None:
            number, turn, flow, address, address_hash = row
            unheard = Inbox(self._session, self._sealer)
            await unheard.put_unheard(f"wait:{number}:{turn}", flow, address_hash, address, now, reason)

        return await opened(await self._session.fetch(_WAKING, now=now, limit=limit), read, give_up)

    async def next_waking(self) -> int | None:
        """When the next wait is over that is not in the inbox yet."""
        rows = await self._session.fetch(_NEXT_WAKING, limit=1)
        return rows[0][0] if rows else None

    async def _begin(
        self, flow: str, address: str, address_hash: str, state: str, name: str | None, at: int
    ) -> None:
        await self._session.defer(
            ADD_PERSON,
            role=flow,
            address_hash=address_hash,
            address=self._sealer.seal(address),
            name=self._sealer.seal_optional(name or None),
            language=LANGUAGE,
            zone=None,
            created_at=at,
            opted_out_at=None,
            notice_version=None,
            queued=0,
        )
        await self._session.defer(
            _ADD,
            flow=flow,
            address_hash=address_hash,
            state=state,
            turn=0,
            memory=self._sealer.seal_json(_memory(Snapshot(state=state))),
            wakes_at=None,
            flow_hash="",
            updated_at=at,
        )

    def _read(self, row: Row) -> Conversation:
        return self._standing(person_from(row[: len(PERSON)], self._sealer), row[len(PERSON) :])

    def _standing(self, person: Person, row: Row) -> Conversation:
        number, state, turn, memory, wakes_at, heard_at, flow_hash = row
        stored = self._sealer.open_json(memory)
        return Conversation(
            id=number,
            person=person,
            snapshot=Snapshot(
                state=state,
                turn=turn,
                memory=stored["memory"],  # type: ignore[arg-type]  # as _memory wrote it
                misses=stored["misses"],  # type: ignore[arg-type]  # likewise
                offer=tuple(map(Option.from_json, stored["offer"])),  # type: ignore[arg-type]  # likewise
                wakes_at=wakes_at,
                heard_at=heard_at,
            ),
            flow_hash=flow_hash,
        )


def _memory(snapshot: Snapshot) -> dict[str, Value]:
    return {
        "memory": dict(snapshot.memory),
        "misses": snapshot.misses,
        "offer": [option.as_json() for option in snapshot.offer],
    }
