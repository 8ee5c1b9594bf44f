"""The one object that the rest of the product holds: all tables, and transactions over them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial

from storage.access_log import AccessLog
from storage.alerts import Alerts
from storage.appointments import Appointments
from storage.attendance import Attendance
from storage.blocked_times import BlockedTimes
from storage.calendar import Calendar
from storage.calendar_links import CalendarLinks
from storage.claims import Claims
from storage.clientele import Clientele
from storage.consent_ledger import ConsentLedger
from storage.contents import Contents
from storage.conversations import Conversations
from storage.database import Database, Separate, Session
from storage.doubts import Doubts
from storage.inbox import Inbox
from storage.journal import Journal
from storage.link import Link
from storage.lost import LostMessages
from storage.mysql import MySqlLink
from storage.outbox import Outbox
from storage.people import People
from storage.pool import Pool
from storage.practice_tables import Practices
from storage.proposals import Proposals
from storage.queues import Queues
from storage.readiness import check, check_rights, leave_marks
from storage.relays import Relays
from storage.returned import Returned
from storage.sealing import Sealer
from storage.settings import StorageSettings
from storage.sql import Dialect
from storage.sqlite import SqliteLink
from storage.therapist_pins import TherapistPins
from storage.timers import Timers
from storage.waitlist import Waitlist

_PATIENCE_SECONDS = 10.0


class Tables:
    """All tables over one session."""

    def __init__(self, session: Session, sealer: Sealer, clock: Callable[[], int]) -> None:
        self.people = People(session, sealer)
        self.conversations = Conversations(session, sealer)
        self.inbox = Inbox(session, sealer)
        self.outbox = Outbox(session, sealer)
        self.doubts = Doubts(session, sealer)
        self.lost = LostMessages(session)
        self.timers = Timers(session, sealer)
        self.journal = Journal(session)
        self.practice = Practices(session, sealer, clock)
        self.appointments = Appointments(session, sealer, clock)
        self.attendance = Attendance(session)
        self.claims = Claims(session)
        self.proposals = Proposals(session)
        self.waitlist = Waitlist(session, sealer)
        self.calendar = Calendar(self.appointments, self.proposals, self.claims, self.waitlist)
        self.alerts = Alerts(session, sealer)
        self.queues = Queues(session)
        self.contents = Contents(session)
        self.returned = Returned(session)
        self.ledger = ConsentLedger(session, sealer)
        self.blocked_times = BlockedTimes(session)
        self.clientele = Clientele(session, sealer)
        self.pins = TherapistPins(session, sealer)
        self.access_log = AccessLog(session)
        self.relays = Relays(session, sealer)
        self.calendar_links = CalendarLinks(session)


class Transaction(Tables):
    """All tables inside one transaction: everything that is written through it holds together."""


class Storage(Tables):
    """All tables, each statement with a commit of its own; and `transaction` for what must hold together."""

    def __init__(self, database: Database, sealer: Sealer, clock: Callable[[], int]) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock
        self._session = Separate(database)
        super().__init__(self._session, sealer, clock)

    @classmethod
    async def open(cls, settings: StorageSettings, *, clock: Callable[[], int]) -> Storage:
        """Prepare; connects when first used. `clock`: seconds since the epoch."""
        sealer = await asyncio.to_thread(Sealer, settings.secret_key)
        return cls(open_database(settings), sealer, clock)

    async def close(self) -> None:
        """Close all connections."""
        await self._database.pool.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Commit at the end, or undo everything when an exception leaves the block. Raises TryAgain."""
        async with self._database.transaction() as session:
            yield Transaction(session, self._sealer, self._clock)

    def address_hash(self, address: str) -> str:
        """The keyed hash by which an address is found: tells people apart without telling who they are."""
        return self._sealer.index(address)

    def prove(self, challenge: str) -> str:
        """The answer to a challenge that only a process with the same SECRET_KEY can give."""
        return self._sealer.prove(challenge)

    @property
    def round_trips(self) -> int:
        """How often something was sent to the database and its answer waited for."""
        return self._database.round_trips

    @property
    def connections(self) -> Mapping[str, int]:
        """How many connections are lent, idle, and awaited."""
        return self._database.pool.use

    async def ready(self) -> None:
        """Raise NotReady or TryAgain, saying what is wrong, unless the database is fit to be used.

        From the first time on the database belongs to this SECRET_KEY.
        """
        marks = await check(self._session, self._database.dialect, self._sealer)
        await leave_marks(self._session, self._sealer, marks)

    async def looked_at(self) -> None:
        """As `ready`, for whoever only looks: the database does not belong to this SECRET_KEY by it."""
        await check(self._session, self._database.dialect, self._sealer)

    async def tried_out(self) -> None:
        """Raise NotReady unless everything that a program writes may be written. Nothing of it stays."""
        with suppress(_Undone):
            async with self._database.transaction() as session:
                await check_rights(session)
                raise _Undone


class _Undone(Exception):
    """Ends a transaction of which nothing is to stay."""


def open_database(settings: StorageSettings) -> Database:
    """The database that the settings name, as yet without a connection."""
    server = settings.server
    connect: Callable[[], Awaitable[Link]]
    if server:
        connect = partial(MySqlLink.connect, server)
    else:
        connect = partial(SqliteLink.connect, settings.sqlite_path, asyncio.Lock())
    pool = Pool(connect, size=settings.pool_size, patience=_PATIENCE_SECONDS)
    return Database(pool, Dialect.MYSQL if server else Dialect.SQLITE)
