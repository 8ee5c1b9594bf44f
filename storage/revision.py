"""Bringing a database's schema up to date with Alembic. Blocking; nothing here is used by a turn."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import sqlalchemy

from storage.link import NotReady
from storage.settings import StorageSettings

MIGRATIONS = Path(__file__).parent / "migrations"
_ALONE = {
    "mysql": ("DO GET_LOCK('therapy-booking upgrade', 60)",),  # given back when the connection closes
    "sqlite": ("PRAGMA journal_mode = WAL", "PRAGMA busy_timeout = 60000", "BEGIN IMMEDIATE"),
}
"""Keeps two processes that start at the same time from upgrading at the same time."""


async def migrate(settings: StorageSettings) -> None:
    """Bring the schema up to the newest revision. Safe to repeat; data stays. Raises NotReady."""
    await asyncio.to_thread(upgrade, settings)


def upgrade(settings: StorageSettings, to: str = "head") -> None:
    """As `migrate`, without a loop. `to`: a revision before the newest one, for tests of what follows it."""
    with connection(settings) as open_connection:
        for statement in _ALONE[open_connection.dialect.name]:
            open_connection.exec_driver_sql(statement)
        # Imported here because it takes a third of a second, and a server that starts does not need it.
        from alembic import command  # noqa: PLC0415  # slow, and seldom needed
        from alembic.config import Config  # noqa: PLC0415  # likewise

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = open_connection
        command.upgrade(config, to)


@cache
def newest_revision() -> str:
    """The revision that this program needs. Files are named after their revisions, which are numbered."""
    return max(path.name.partition("_")[0] for path in MIGRATIONS.glob("versions/[0-9]*.py"))


_NOT_ALLOWED = frozenset({1044, 1142, 1227, 1370})
"""MySQL's codes for what the user has no right to."""


@contextlib.contextmanager
def connection(settings: StorageSettings) -> Iterator[sqlalchemy.Connection]:
    """A plain blocking connection for schema work, in a transaction of its own."""
    engine = sqlalchemy.create_engine(_url(settings), poolclass=sqlalchemy.pool.NullPool)
    try:
        with engine.begin() as open_connection:
            yield open_connection
    except sqlalchemy.exc.OperationalError as error:
        code = error.orig.args[0] if error.orig and error.orig.args else "?"
        if code in _NOT_ALLOWED:
            raise NotReady(
                f"The database's user may not do this ({code}): tables are made by a user with "
                "ALL on the database. Name that one in DB_USER for `db upgrade`, then the usual one."
            ) from None
        raise NotReady(f"The database cannot be reached or worked on ({code}).") from None
    finally:
        engine.dispose()


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
