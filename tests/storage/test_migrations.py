"""The migrations make exactly the tables that the code declares, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from storage.link import NotReady
from storage.revision import MIGRATIONS, connection, migrate, upgrade
from storage.settings import StorageSettings
from storage.store import Storage
from storage.tables import metadata
from tests.fakes.mariadb import PrivateMariaDB
from tests.storage.conftest import Clock
from tests.storage.samples import NOW

PERSON = text(
    "INSERT INTO people (id, role, address_hash, address, language, created_at) "
    "VALUES (:number, 'client', :hash, 'a', 'en', 5)"
)
CONVERSATION = text(
    "INSERT INTO conversations (person_id, flow, state, turn, memory, flow_hash, updated_at) "
    "VALUES (:number, 'client', :state, 1, 'm', 'f', 9)"
)


@pytest.fixture(params=["sqlite", "mariadb"])
def blank(request: pytest.FixtureRequest, tmp_path: Path) -> StorageSettings:
    """An empty database of either kind."""
    if request.param == "sqlite":
        return StorageSettings(sqlite_path=tmp_path / "blank.sqlite3", secret_key="test")
    mariadb: PrivateMariaDB = request.getfixturevalue("mariadb")
    settings: StorageSettings = request.getfixturevalue("mysql_settings")
    return replace(settings, name=mariadb.create_database())


def definitions(open_connection: Connection) -> dict[str, set[str]]:
    """How the database itself writes its tables down, line by line in no order."""
    if open_connection.dialect.name == "sqlite":
        rows = open_connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
        found = {name: sql for name, sql in rows if name != "alembic_version"}
    else:
        found = {
            name: open_connection.execute(text(f"SHOW CREATE TABLE {name}")).one()[1]
            for name in metadata.tables
        }
    return {
        name: {line.strip().rstrip(",").replace('"', "") for line in sql.splitlines() if line.strip()}
        for name, sql in found.items()
    }


def test_alembic_finds_no_difference(blank: StorageSettings) -> None:
    upgrade(blank)
    with connection(blank) as open_connection:
        context = MigrationContext.configure(open_connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_database_finds_no_difference(blank: StorageSettings) -> None:
    with connection(blank) as open_connection:
        metadata.create_all(open_connection)
        declared = definitions(open_connection)
        metadata.drop_all(open_connection)
    upgrade(blank)
    with connection(blank) as open_connection:
        assert definitions(open_connection) == declared


def test_an_upgrade_can_be_repeated(blank: StorageSettings) -> None:
    upgrade(blank)
    upgrade(blank)


async def test_two_processes_can_start_at_once(blank: StorageSettings) -> None:
    await asyncio.gather(*(migrate(blank) for _ in range(4)))


def test_who_asked_for_silence_before_there_was_a_ledger_still_has_it(blank: StorageSettings) -> None:
    upgrade_to(blank, "0002")
    with connection(blank) as open_connection:
        for number, state in ((1, "stopped"), (2, "idle")):
            row = {"number": number, "hash": f"h{number}", "state": state}
            open_connection.execute(PERSON, row)
            open_connection.execute(CONVERSATION, row)
    upgrade(blank)
    with connection(blank) as open_connection:
        silent = open_connection.execute(text("SELECT id, opted_out_at FROM people ORDER BY id")).all()
        ledger = open_connection.execute(text("SELECT person_id, kind, at, how FROM consent_ledger")).all()
    assert [tuple(row) for row in silent] == [(1, 9), (2, None)]
    assert [tuple(row) for row in ledger] == [(1, "opted_out", 9, "words")]


def upgrade_to(settings: StorageSettings, revision: str) -> None:
    """As it was when this revision was the newest."""
    with connection(settings) as open_connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = open_connection
        command.upgrade(config, revision)


def test_a_database_that_is_not_there_is_said(blank: StorageSettings) -> None:
    nowhere = replace(blank, name="nowhere", sqlite_path=blank.sqlite_path / "nowhere")
    with pytest.raises(NotReady, match="reached"):
        upgrade(nowhere)


async def test_ready_asks_for_an_upgrade_until_there_was_one(blank: StorageSettings, clock: Clock) -> None:
    storage = await Storage.open(blank, clock=clock)
    with pytest.raises(NotReady, match="db upgrade"):
        await storage.ready()
    await migrate(blank)
    await storage.ready()
    await storage.close()


def test_whoever_wrote_during_the_last_day_is_known_to_have_been_heard(blank: StorageSettings) -> None:
    upgrade(blank, "0002")
    day = 24 * 3600
    people = [("client", "a"), ("therapist", "a"), ("client", "b")]
    heard = [
        ("client", "a", "text", NOW - 5),
        ("client", "a", "signal", NOW),
        ("therapist", "a", "tap", NOW - 7),
        ("client", "b", "media", NOW - day - 1),
        ("stranger", "a", "text", NOW - 9),
    ]
    with connection(blank) as database:
        key = database.dialect.identifier_preparer.quote("key")
        for number, (role, address) in enumerate(people, 1):
            put(database, "people", id=number, role=role, address_hash=address, language="en")
            put(database, "conversations", id=number, person_id=number, flow=role, state="idle")
        for number, (flow, address, kind, at) in enumerate(heard):
            row = {key: str(number), "flow": flow, "address_hash": address, "kind": kind, "heard_at": at}
            put(database, "inbox", **row)
    upgrade(blank)
    with connection(blank) as database:
        found = database.execute(text("SELECT id, heard_at FROM conversations ORDER BY id")).all()
    assert [tuple(one) for one in found] == [(1, NOW - 5), (2, NOW - 7), (3, None)]


NEEDED: dict[str, dict[str, object]] = {
    "people": {"address": "", "created_at": 0},
    "conversations": {"turn": 0, "memory": "", "flow_hash": "", "updated_at": 0},
    "inbox": {"address": "", "body": "", "attempts": 0},
}


def put(database: Connection, table: str, **values: object) -> None:
    """A row of an older schema, which the tables of today do not know."""
    row = NEEDED[table] | values
    numbered = {f"v{number}": value for number, value in enumerate(row.values())}
    places = ", ".join(f":{name}" for name in numbered)
    statement = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})"  # noqa: S608  # of this test's own
    database.execute(text(statement), numbered)
