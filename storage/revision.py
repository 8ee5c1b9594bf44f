"""Bringing a database's schema up to date with Alembic. Blocking; nothing here is used by a turn."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from storage.settings import StorageSettings

_MIGRATIONS = Path(__file__).parent / "migrations"


async def migrate(settings: StorageSettings) -> None:
    """Bring the schema up to the newest revision. Safe to repeat; data stays."""
    await asyncio.to_thread(upgrade, settings)


def upgrade(settings: StorageSettings, revision: str = "head") -> None:
    """As `migrate`, without a loop."""
    with connection(settings) as open_connection:
        config = _config()
        config.attributes["connection"] = open_connection
        command.upgrade(config, revision)


@cache
def newest_revision() -> str | None:
    """The revision that this program needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


@contextlib.contextmanager
def connection(settings: StorageSettings) -> Iterator[sqlalchemy.Connection]:
    """A plain blocking connection for schema work, in a transaction of its own."""
    engine = sqlalchemy.create_engine(_url(settings), poolclass=sqlalchemy.pool.NullPool)
    try:
        with engine.begin() as open_connection:
            yield open_connection
    finally:
        engine.dispose()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config


def _url(settings: StorageSettings) -> sqlalchemy.URL:
    if settings.host is None:
        return sqlalchemy.URL.create("sqlite", database=str(settings.sqlite_path))
    return sqlalchemy.URL.create(
        "mysql+pymysql",
        username=settings.user,
        password=settings.password,
        host=settings.host,
        port=settings.port,
        database=settings.name,
        query={"charset": "utf8mb4"},
    )
