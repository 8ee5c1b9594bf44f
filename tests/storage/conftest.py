"""Both databases, each migrated once; every test begins with empty tables."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import delete

from bench.law import claims_astray, looked_at, overlaps, series_apart
from storage.revision import connection, upgrade
from storage.settings import StorageSettings
from storage.store import Storage
from storage.tables import metadata
from tests.fakes.mariadb import PrivateMariaDB
from tests.storage.diary import Diary
from tests.storage.samples import NOW


@dataclass
class Clock:
    """A clock that tests move."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now

    def advance(self, seconds: int) -> None:
        self.now += seconds


@pytest.fixture(scope="session")
def mysql_settings(mariadb: PrivateMariaDB) -> StorageSettings:
    settings = StorageSettings(
        host=mariadb.host,
        port=mariadb.port,
        user=mariadb.user,
        password=mariadb.password,
        name=mariadb.create_database(),
        secret_key="a long and quiet test",
    )
    upgrade(settings)
    return settings


@pytest.fixture(scope="session")
def sqlite_settings(tmp_path_factory: pytest.TempPathFactory) -> StorageSettings:
    path: Path = tmp_path_factory.mktemp("storage") / "test.sqlite3"
    settings = StorageSettings(sqlite_path=path, secret_key="a long and quiet test")
    upgrade(settings)
    return settings


@pytest.fixture(params=["sqlite", "mariadb"])
def settings(request: pytest.FixtureRequest) -> StorageSettings:
    """Either database, with empty tables."""
    name = "sqlite_settings" if request.param == "sqlite" else "mysql_settings"
    chosen: StorageSettings = request.getfixturevalue(name)
    empty(chosen)
    return chosen


@pytest.fixture
def on_mariadb(mysql_settings: StorageSettings) -> StorageSettings:
    """MariaDB, with empty tables."""
    empty(mysql_settings)
    return mysql_settings


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def storage(settings: StorageSettings, clock: Clock) -> AsyncIterator[Storage]:
    """An open storage on either database."""
    opened = await Storage.open(settings, clock=clock)
    yield opened
    await opened.close()


@pytest.fixture
async def diary(storage: Storage) -> Diary:
    """One therapist and two clients."""
    return await Diary.begin(storage)


@pytest.fixture
def law(settings: StorageSettings) -> Iterator[None]:
    """Whatever a test does: afterwards the law of claims holds."""
    yield
    with looked_at([settings]) as opened:
        assert (overlaps(opened), claims_astray(opened), series_apart(opened)) == (0, 0, 0)


def empty(settings: StorageSettings) -> None:
    """Delete every row; much faster than making the tables anew."""
    with connection(settings) as open_connection:
        for table in reversed(metadata.sorted_tables):
            open_connection.execute(delete(table))
