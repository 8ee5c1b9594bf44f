"""Where data are kept and with which key they are sealed, as the settings say."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from app.clock import Clock
from app.settings import NotSetUp, Settings
from engine.errors import TryAgain
from storage.revision import migrate
from storage.settings import StorageSettings
from storage.store import Storage

KEY_FILE = "secret_key"


def storage_settings(settings: Settings, *, invent_key: bool = False) -> StorageSettings:
    """Where data are kept. Raises NotSetUp.

    An SQLite file may have its key beside it; `invent_key` makes one there when none is set. A database
    server never gets an invented key: who loses it loses what it sealed.
    """
    return replace(database_settings(settings), secret_key=_key(settings, invent=invent_key))


def database_settings(settings: Settings) -> StorageSettings:
    """Where data are kept, without the key: for work on the schema alone."""
    return StorageSettings(
        host=settings.db_host,
        port=settings.db_port,
        user=settings.db_user,
        password=settings.db_password.get_secret_value(),
        name=settings.db_name,
        sqlite_path=settings.sqlite_path,
        secret_key="",
        pool_size=settings.db_pool_size,
    )


async def upgrade(where: StorageSettings) -> None:
    """Bring the schema up to date, the folder of an SQLite file included. Raises NotSetUp, NotReady."""
    if not where.host:
        _make(where.sqlite_path.parent)
    await migrate(where)


async def reachable(storage: Storage, where: StorageSettings, *, only_looks: bool = False) -> None:
    """Return when the database is fit to be used. Raises NotSetUp or NotReady, saying what to look at.

    `only_looks`: nothing is going to be sealed, so leave no mark of the key.
    """
    try:
        await (storage.looked_at() if only_looks else storage.ready())
    except TryAgain as error:
        place = f"{where.host}:{where.port}" if where.host else str(where.sqlite_path)
        raise NotSetUp(
            f"The database at {place} does not answer: {error} Look at DB_HOST, DB_PORT, DB_USER, "
            "DB_PASSWORD and DB_NAME, or at SQLITE_PATH."
        ) from None


@asynccontextmanager
async def opened_storage(settings: Settings, *, only_looks: bool = False) -> AsyncIterator[Storage]:
    """The storage for one command, closed at its end. `only_looks`: see `reachable`.

    Raises NotSetUp, NotReady.
    """
    where = storage_settings(settings)
    storage = await Storage.open(where, clock=Clock())
    try:
        await reachable(storage, where, only_looks=only_looks)
        yield storage
    finally:
        await storage.close()


def key_file(settings: Settings) -> Path:
    """Where the key of an SQLite file may be kept, beside it."""
    return settings.sqlite_path.parent / KEY_FILE


def _key(settings: Settings, *, invent: bool) -> str:
    if key := settings.secret_key.get_secret_value():
        return key
    path = key_file(settings)
    if settings.db_host or not (invent or path.exists()):
        raise NotSetUp("SECRET_KEY is not set; it seals personal data. See .env.example.")
    _make(path.parent)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise NotSetUp(
            f"No key can be kept beside the SQLite file: {error.strerror}. Set SECRET_KEY."
        ) from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32))
    return path.read_text(encoding="ascii").strip()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotSetUp(f"SQLITE_PATH is in a folder that cannot be made: {error.strerror}.") from None
