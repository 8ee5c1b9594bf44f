"""Nobody is booked twice on a cluster both of whose nodes take writes: no row lock reaches the other one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence

import pymysql
import pytest

from bench.law import claims_astray, looked_at
from bench.protocol import operate
from bench.races import race
from engine.errors import TryAgain
from storage.lifecycle import CANCEL
from storage.link import Statement
from storage.mysql import MySqlLink
from storage.revision import newest_revision, upgrade
from storage.settings import StorageSettings
from storage.store import Storage
from tests.fakes.galera import GaleraPair
from tests.fakes.mariadb import PrivateMariaDB
from tests.storage.diary import Diary
from tests.storage.samples import NOW, TEN, new_appointment

missing = GaleraPair.why_not()
pytestmark = [
    pytest.mark.skipif(missing is not None, reason=str(missing)),
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def pair() -> Iterator[GaleraPair]:
    with GaleraPair() as started:
        yield started


@pytest.fixture
def servers(pair: GaleraPair) -> Sequence[StorageSettings]:
    """A new database on both nodes."""
    name = pair.nodes[0].create_database()
    both = [
        StorageSettings(
            host=node.host,
            port=node.port,
            user=node.user,
            password=node.password,
            name=name,
            secret_key="a cluster's",
            pool_size=16,
        )
        for node in pair.nodes
    ]
    upgrade(both[0])
    wait_for_schema(pair.nodes[1], name)
    return both


def wait_for_schema(node: PrivateMariaDB, name: str) -> None:
    """Until the other node has made the tables, too."""
    end = time.monotonic() + 30
    while True:
        try:
            with (
                pymysql.connect(
                    host=node.host, port=node.port, user=node.user, password=node.password, database=name
                ) as connection,
                connection.cursor() as cursor,
            ):
                cursor.execute("SELECT version_num FROM alembic_version")
                if cursor.fetchone() == (newest_revision(),):
                    return
        except pymysql.err.MySQLError:
            if time.monotonic() > end:
                raise
        time.sleep(0.05)


def synchronise(servers: Sequence[StorageSettings]) -> None:
    """Wait until what is committed on one node has come to the other."""
    with looked_at(servers) as opened:
        claims_astray(opened)


async def test_racing_clients_never_overlap(servers: Sequence[StorageSettings]) -> None:
    result = await race(servers, rounds=8)
    assert (result.overlaps, result.claims_astray) == (0, 0)
    assert 8 <= result.booked < result.attempts


async def test_without_claims_they_do(servers: Sequence[StorageSettings]) -> None:
    result = await race(servers, rounds=15, control=True)
    assert result.overlaps > 0


async def test_what_is_built_upon_an_appointment_fails_with_it_however_far_apart(
    servers: Sequence[StorageSettings],
) -> None:
    here, there = [await Storage.open(one, clock=lambda: NOW) for one in servers]
    try:
        diary = await Diary.begin(here)
        stands = await diary.add("first", status="confirmed")
        later = new_appointment(diary.therapist, diary.client, "move", TEN + 30, replaces=stands.id)
        synchronise(servers)

        async def cancel_while_it_is_moved() -> None:
            async with here.transaction() as ending:
                assert await ending.calendar.move_on(stands.id, CANCEL, NOW)
                await ending.claims.count()  # whatever was deferred has reached the database
                async with there.transaction() as moving:
                    assert await moving.calendar.take(later, NOW)

        with pytest.raises(TryAgain):
            await cancel_while_it_is_moved()
        with looked_at(servers) as opened:
            assert claims_astray(opened) == 0
    finally:
        await here.close()
        await there.close()


async def test_of_two_who_write_to_one_calendar_on_two_nodes_one_tries_again(
    servers: Sequence[StorageSettings],
) -> None:
    """So that whoever counts appointments, or looks for blocked time, has counted what stands."""
    here, there = [await Storage.open(one, clock=lambda: NOW) for one in servers]
    try:
        diary = await Diary.begin(here)
        synchronise(servers)

        async def count_on_both() -> None:
            async with here.transaction() as one:
                await one.calendar.queue_up(diary.therapist)
                assert await one.appointments.count_open(diary.client, NOW) == 0
                await one.appointments.add(new_appointment(diary.therapist, diary.client, "a", TEN))
                async with there.transaction() as other:
                    await other.calendar.queue_up(diary.therapist)
                    assert await other.appointments.count_open(diary.client, NOW) == 0
                    await other.appointments.add(
                        new_appointment(diary.therapist, diary.other, "b", TEN + 240)
                    )

        with pytest.raises(TryAgain):
            await count_on_both()
    finally:
        await here.close()
        await there.close()


async def test_what_stands_behind_a_statement_is_undone_with_it(servers: Sequence[StorageSettings]) -> None:
    """The other node undoes the transaction while the statement in the middle of it is busy."""
    here, there = [await MySqlLink.connect(one.server) for one in servers if one.server]
    try:
        await here.run([_new_person("first")])
        synchronise(servers)
        slow = asyncio.create_task(
            here.run([TO_THE_FIRST, Statement("DO SLEEP(2)", ()), _new_person("second")], begin=True)
        )
        await asyncio.sleep(0)  # the task has begun
        while not slow.done():
            await there.run([TO_THE_FIRST])
        with pytest.raises(TryAgain):
            await slow
        await here.rollback()
        (people,) = await here.run([Statement("SELECT role FROM people", ())])
        assert people.rows == (("first",),)
    finally:
        await here.close()
        await there.close()


TO_THE_FIRST = Statement("UPDATE people SET queued = queued + 1 WHERE role = 'first'", ())


def _new_person(role: str) -> Statement:
    row = "INSERT INTO people (role, address_hash, address, language, created_at) VALUES (%s, '', '', '', 0)"
    return Statement(row, (role,))


async def test_claims_always_equal_the_active_appointments(servers: Sequence[StorageSettings]) -> None:
    result = await operate(servers, operations=1_000)
    assert (result.overlaps, result.claims_astray) == (0, 0), result.astray
    assert result.done["taken again"], "the nodes have never disagreed, so nothing was tried"
