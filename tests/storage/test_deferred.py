"""What is deferred travels with the next statement whose answer is needed, and fails with it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, text

from storage.database import MOST_WAITING, Database, Separate
from storage.link import Duplicate, StatementRefused
from storage.settings import StorageSettings
from storage.sql import Insert, Query
from storage.store import open_database
from storage.tables import practice_settings

ADD = Insert(practice_settings)
ALL = Query(select(practice_settings.c.name).order_by(practice_settings.c.name))
RENAME_ALL = Query(text("UPDATE practice_settings SET value = 'new'"))


@pytest.fixture
async def database(settings: StorageSettings) -> AsyncIterator[Database]:
    opened = open_database(settings)
    yield opened
    await opened.pool.close()


async def names(database: Database) -> list[str]:
    return [name for (name,) in await Separate(database).fetch(ALL)]


async def test_many_statements_are_one_round_trip_and_come_in_their_order(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.defer(ADD, name="a", value="")
        found = await tx.defer(RENAME_ALL)
        await tx.defer_all(ADD, [{"name": "b", "value": ""}, {"name": "c", "value": "a;b'%s"}])
        assert database.round_trips == 0
        assert await tx.fetch(ALL) in ([("a",), ("b",), ("c",)], (("a",), ("b",), ("c",)))
        assert found.found == 1
        await tx.defer(ADD, name="d", value="")
    assert database.round_trips == 2
    assert await names(database) == ["a", "b", "c", "d"]


async def test_very_many_are_sent_in_portions(database: Database) -> None:
    async with database.transaction() as tx:
        for number in range(2 * MOST_WAITING + 1):
            await tx.defer(ADD, name=str(number), value="x" * 1000)
    assert database.round_trips == 3
    assert len(await names(database)) == 2 * MOST_WAITING + 1


async def test_nothing_is_sent_where_nothing_was_asked(database: Database) -> None:
    async with database.transaction():
        pass
    assert database.round_trips == 0


async def test_outside_a_transaction_nothing_waits(database: Database) -> None:
    await Separate(database).defer(ADD, name="a", value="")
    assert (await Separate(database).defer(RENAME_ALL)).found == 1


async def test_an_answer_is_not_read_before_it_has_come(database: Database) -> None:
    async with database.transaction() as tx:
        with pytest.raises(AssertionError, match="before it was sent"):
            _ = (await tx.defer(ADD, name="a", value="")).found


@pytest.mark.parametrize("asked_for_more", [True, False])
async def test_what_fails_at_last_undoes_everything(database: Database, *, asked_for_more: bool) -> None:
    async def collide() -> None:
        async with database.transaction() as tx:
            await tx.defer(ADD, name="a", value="")
            await tx.defer(ADD, name="a", value="")
            if asked_for_more:
                await tx.fetch(ALL)

    with pytest.raises(StatementRefused):
        await collide()
    assert await names(database) == []


async def test_after_an_error_nothing_is_committed_though_somebody_caught_it(database: Database) -> None:
    async def go_on() -> None:
        async with database.transaction() as tx:
            await tx.insert(ADD, name="a", value="")
            await tx.defer(ADD, name="a", value="")
            with contextlib.suppress(StatementRefused):
                await tx.fetch(ALL)
            await tx.defer(ADD, name="b", value="")

    with pytest.raises(StatementRefused, match="earlier"):
        await go_on()
    assert await names(database) == []


async def test_an_insert_is_not_blamed_for_a_collision_before_it(database: Database) -> None:
    """Who catches a Duplicate takes it for an answer, such as "this time is taken"."""
    await Separate(database).insert(ADD, name="a", value="")

    async def collide() -> None:
        async with database.transaction() as tx:
            await tx.defer(ADD, name="a", value="")
            await tx.insert(ADD, name="b", value="")

    with pytest.raises(StatementRefused):
        await collide()
    assert await names(database) == ["a"]


async def test_after_a_collision_that_was_expected_the_transaction_goes_on(database: Database) -> None:
    await Separate(database).insert(ADD, name="a", value="")
    async with database.transaction() as tx:
        await tx.defer(ADD, name="b", value="")
        with pytest.raises(Duplicate):
            await tx.insert(ADD, name="a", value="")
        await tx.defer(ADD, name="c", value="")
    assert await names(database) == ["a", "b", "c"]
