"""What happens when connections break, statements are cancelled and transactions collide."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.errors import TryAgain
from storage.database import Database, Separate
from storage.inbox import Inbox
from storage.link import ConnectionLost, NotReady, StatementRefused
from storage.sealing import Sealer
from storage.settings import StorageSettings
from storage.sql import Insert, Query, Scalar, given
from storage.store import Storage, open_database
from storage.tables import people
from tests.fakes.mariadb import PrivateMariaDB
from tests.storage.conftest import Clock
from tests.storage.samples import NOW, heard

SLEEP = Query(text("SELECT SLEEP(60)"))
ME = Query(text("SELECT CONNECTION_ID()"))
KILL = Query(text("KILL :who").bindparams(given("who")))
ASLEEP = Query(text("SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'"))
LOCK_NOW = Query(text("SELECT id FROM people WHERE id = :who FOR UPDATE NOWAIT").bindparams(given("who")))
LOCK = Query(people.select().where(people.c.id == given("who")).with_for_update())


@asynccontextmanager
async def opened(settings: StorageSettings, **changes: object) -> AsyncIterator[Database]:
    database = open_database(replace(settings, **changes))  # type: ignore[arg-type]
    try:
        yield database
    finally:
        await database.pool.close()


async def until_found(session: Separate, query: Query) -> int:
    """Ask the server again and again until the answer is not nothing."""
    while True:
        rows = await session.fetch(query)
        if rows and rows[0][0]:
            return int(rows[0][0])


async def outcome(action: Awaitable[object]) -> type[BaseException] | None:
    try:
        await action
    except (TryAgain, asyncio.CancelledError) as error:
        return type(error)
    return None


async def meet(storage: Storage, address: str) -> int:
    async with storage.transaction() as tx:
        return (await tx.conversations.lock("client", address, "idle", at=NOW)).person.id


async def test_bytes_are_refused_before_any_driver_sees_them(settings: StorageSettings) -> None:
    async with opened(settings) as database:
        with pytest.raises(TypeError, match="decode"):
            await Separate(database).fetch(LOCK, who=b"1")  # type: ignore[arg-type]


async def test_a_value_that_is_missing_is_an_error_not_null(settings: StorageSettings) -> None:
    async with opened(settings) as database:
        with pytest.raises(KeyError, match="who"):
            await Separate(database).fetch(LOCK)


async def test_sessions_are_strict_and_read_committed_and_utc(on_mariadb: StorageSettings) -> None:
    async with opened(on_mariadb) as database:
        waiting_and_length = "@@innodb_lock_wait_timeout, @@group_concat_max_len"
        asked = Query(text(f"SELECT @@tx_isolation, @@time_zone, @@autocommit, {waiting_and_length}"))
        assert list(await Separate(database).fetch(asked)) == [("READ-COMMITTED", "+00:00", 1, 5, 1 << 24)]
        with pytest.raises(StatementRefused, match="1406"):
            await Separate(database).change(
                Query(text("INSERT INTO practice_settings VALUES (:name, '')").bindparams(given("name"))),
                name="x" * 65,
            )


async def test_a_cancelled_statement_costs_nobody_else_the_place(on_mariadb: StorageSettings) -> None:
    async with opened(on_mariadb) as watched, opened(on_mariadb, pool_size=1) as database:
        watcher, session = Separate(watched), Separate(database)
        sleeper = asyncio.create_task(session.fetch(SLEEP))
        waiters = [asyncio.create_task(session.fetch(ME)) for _ in range(3)]
        asleep = await until_found(watcher, ASLEEP)
        sleeper.cancel()
        async with asyncio.timeout(5):
            answers = await asyncio.gather(*waiters)
        assert await outcome(sleeper) is asyncio.CancelledError
        assert asleep not in {number for ((number,),) in answers}
        await watcher.change(KILL, who=asleep)


async def test_a_cancelled_transaction_leaves_nothing(settings: StorageSettings, clock: Clock) -> None:
    storage = await Storage.open(settings, clock=clock)
    inside = asyncio.Event()

    async def linger() -> None:
        async with storage.transaction() as tx:
            await tx.conversations.lock("client", "chat:a", "idle", at=NOW)
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(linger())
    await inside.wait()
    task.cancel()
    assert await outcome(task) is asyncio.CancelledError
    assert await storage.conversations.peek("client", "chat:a") is None
    assert await meet(storage, "chat:a")
    await storage.close()


async def test_a_connection_that_died_idle_is_replaced(on_mariadb: StorageSettings) -> None:
    async with opened(on_mariadb) as watched, opened(on_mariadb, pool_size=1) as database:
        watcher, session = Separate(watched), Separate(database)
        for _ in range(3):
            ((number,),) = await session.fetch(ME)
            await watcher.change(KILL, who=number)
            async with database.transaction() as tx:
                ((other,),) = await tx.fetch(ME)
            assert other != number


async def test_a_death_that_was_not_noticed_yet_costs_no_transaction(
    on_mariadb: StorageSettings, mariadb: PrivateMariaDB, clock: Clock
) -> None:
    storage = await Storage.open(on_mariadb, clock=clock)
    assert await asyncio.gather(*(storage.conversations.all_states() for _ in range(5)))
    # Blocking: the event loop does not get to see that its connections were closed.
    mariadb.restart()
    assert await meet(storage, "chat:a")
    mariadb.restart()
    assert await storage.conversations.peek("client", "chat:a")
    mariadb.restart()
    assert (await storage.inbox.claim(1, NOW)).found == 0
    await storage.close()


class LosesTheFirstAnswer(Separate):
    """A line that breaks after the statement was carried out and before its answer came."""

    broken = False

    async def insert(self, query: Insert, **values: Scalar) -> int:
        number = await super().insert(query, **values)
        if not self.broken:
            self.broken = True
            raise ConnectionLost
        return number


async def test_what_was_put_before_the_line_broke_is_not_put_twice(settings: StorageSettings) -> None:
    async with opened(settings) as database:
        inbox = Inbox(LosesTheFirstAnswer(database), Sealer(settings.secret_key))
        with pytest.raises(TryAgain):
            await inbox.put(heard("SM1"))
        assert await inbox.put(heard("SM1")) is None
        assert [one.key for one in await inbox.waiting(10)] == ["SM1"]


async def test_a_connection_that_dies_inside_a_transaction_asks_for_another_try(
    on_mariadb: StorageSettings,
) -> None:
    async with opened(on_mariadb) as watched, opened(on_mariadb) as database:

        async def lose(*, at_commit: bool) -> None:
            async with database.transaction() as tx:
                ((number,),) = await tx.fetch(ME)
                await tx.change(
                    Query(text("INSERT INTO practice_settings (name, value) VALUES ('lost', '')"))
                )
                await Separate(watched).change(KILL, who=number)
                if not at_commit:
                    await tx.fetch(ME)

        assert issubclass(await outcome(lose(at_commit=False)) or object, TryAgain)
        assert issubclass(await outcome(lose(at_commit=True)) or object, TryAgain)
        assert await Separate(watched).fetch(Query(text("SELECT * FROM practice_settings"))) == ()


async def test_a_lock_that_is_not_given_asks_for_another_try(
    on_mariadb: StorageSettings, clock: Clock
) -> None:
    storage = await Storage.open(on_mariadb, clock=clock)
    person = await meet(storage, "chat:a")
    await storage.close()
    async with opened(on_mariadb) as database, database.transaction() as holder:
        await holder.fetch(LOCK, who=person)
        assert await outcome(Separate(database).fetch(LOCK_NOW, who=person)) is TryAgain


async def test_a_deadlock_asks_one_of_the_two_for_another_try(
    on_mariadb: StorageSettings, clock: Clock
) -> None:
    storage = await Storage.open(on_mariadb, clock=clock)
    one, other = await meet(storage, "chat:a"), await meet(storage, "chat:b")
    await storage.close()
    async with opened(on_mariadb) as database:
        first_holds = asyncio.Event()
        second_holds = asyncio.Event()

        async def lock(mine: int, theirs: int, held: asyncio.Event, wait_for: asyncio.Event) -> None:
            async with database.transaction() as tx:
                await tx.fetch(LOCK, who=mine)
                held.set()
                await wait_for.wait()
                await tx.fetch(LOCK, who=theirs)

        results = await asyncio.gather(
            outcome(lock(one, other, first_holds, second_holds)),
            outcome(lock(other, one, second_holds, first_holds)),
        )
        assert sorted(map(str, results)) == sorted(map(str, [None, TryAgain]))


async def test_while_the_database_is_away_nothing_is_lost(
    on_mariadb: StorageSettings, mariadb: PrivateMariaDB, clock: Clock
) -> None:
    storage = await Storage.open(on_mariadb, clock=clock)
    await storage.inbox.put(heard("before"))
    await asyncio.to_thread(mariadb.kill)
    try:
        with pytest.raises(TryAgain):
            await storage.inbox.waiting(10)
        with pytest.raises(TryAgain):
            await meet(storage, "chat:a")
        with pytest.raises(TryAgain):
            await storage.inbox.put(heard("during"))
    finally:
        await asyncio.to_thread(mariadb.start)
    assert await storage.inbox.put(heard("during"))
    kept = {one.key for one in await storage.inbox.waiting(100)}
    assert kept == {"before", "during"}
    await storage.close()


@pytest.mark.parametrize(
    ("changes", "advice"),
    [({"password": "wrong"}, "DB_PASSWORD"), ({"name": "nowhere"}, "DB_NAME")],
)
async def test_what_waiting_does_not_mend_is_said(
    on_mariadb: StorageSettings, changes: dict[str, str], advice: str
) -> None:
    async with opened(on_mariadb, **changes) as database:
        with pytest.raises(NotReady, match=advice):
            await Separate(database).fetch(ME)


async def test_a_server_that_is_not_there_asks_for_another_try(on_mariadb: StorageSettings) -> None:
    async with opened(on_mariadb, port=1) as database:
        assert issubclass(await outcome(Separate(database).fetch(ME)) or object, TryAgain)


async def test_a_file_that_cannot_be_used_is_said(sqlite_settings: StorageSettings, tmp_path: Path) -> None:
    other = tmp_path / "letter.txt"
    other.write_text("Dear database, " * 100)
    for path, reason in ((tmp_path / "nowhere" / "file", "db upgrade"), (other, "not a database")):
        async with opened(sqlite_settings, sqlite_path=path) as database:
            with pytest.raises(NotReady, match=reason):
                await Separate(database).fetch(LOCK, who=1)


async def test_two_processes_can_write_one_file(sqlite_settings: StorageSettings, clock: Clock) -> None:
    # Two storages do not share a queue of writers, as two processes do not.
    both = [await Storage.open(sqlite_settings, clock=clock) for _ in range(2)]
    await asyncio.gather(*(meet(storage, f"chat:{number}") for number in range(20) for storage in both))
    addresses = {one.person.address for one in await both[0].conversations.all_states()}
    assert addresses >= {f"chat:{number}" for number in range(20)}
    for storage in both:
        await storage.close()
