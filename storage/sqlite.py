"""A line to an embedded SQLite file through aiosqlite, whose statements run in a thread of their own.

Writers of this process queue here, in order; those of other processes wait for each other in SQLite.
Readers need not wait for writers: the upgrade that makes the file gives it a write-ahead log.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import aiosqlite

from engine.errors import TryAgain
from storage.link import Answer, Duplicate, NotReady, Statement, StatementRefused
from storage.sql import Scalar

LOCK_WAIT_SECONDS = 5

_PRIMARY_CODE = 0xFF
_AGAIN = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DUPLICATE = frozenset({sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY})

_SETTINGS = (
    # A commit that was answered for is on the disk, as with MySQL.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {LOCK_WAIT_SECONDS * 1000}",
    # The others do not look into the file, and it may be none of SQLite's.
    "PRAGMA schema_version",
)


class SqliteLink:
    """One aiosqlite connection."""

    def __init__(self, connection: aiosqlite.Connection, writers: asyncio.Lock) -> None:
        """`writers`: shared by all lines to one file; whoever writes holds it."""
        self._connection = connection
        self._writers = writers
        self._writing = False
        self._spoiled = False

    @classmethod
    async def connect(cls, path: Path, writers: asyncio.Lock) -> SqliteLink:
        """Open a file that is there: an upgrade makes it, nothing else does. Raises NotReady, TryAgain."""
        if not os.access(path, os.F_OK):
            raise NotReady(f"There is no database file {path} yet: run `therapy-booking db upgrade`.")
        if not os.access(path.parent, os.W_OK):
            raise NotReady(f"The database file {path} cannot be worked on: its folder is not writable.")
        connection = aiosqlite.connect(_not_made(path), isolation_level=None, uri=True)
        # A program that ends without closing must end all the same; the file is safe whenever that is.
        connection._thread.daemon = True  # noqa: SLF001  # aiosqlite offers no other way
        await connection
        link = cls(connection, writers)
        try:
            await link.run([Statement(setting, ()) for setting in _SETTINGS])
        except StatementRefused:
            await link.close()
            raise NotReady(f"The file {path} is not a database that can be written.") from None
        except BaseException:
            await link.close()
            raise
        return link

    async def run(
        self, statements: Sequence[Statement], *, begin: bool = False, commit: bool = False
    ) -> Sequence[Answer]:
        """See Link. A transaction takes the write lock at once: upgrading a reader fails without waiting."""
        if begin or (not self._writing and not all(map(_only_reads, statements))):
            await self._queue()
        try:
            if begin:
                await self._execute("BEGIN IMMEDIATE")
            awaited = None if commit else statements[-1]
            answers = [await self._execute(*one, awaited=one is awaited) for one in statements]
            if commit:
                await self._execute("COMMIT")
        finally:
            if not self._connection.in_transaction:
                self._leave()
        return answers

    async def rollback(self) -> None:
        """See Link."""
        try:
            if not self._spoiled and self._connection.in_transaction:
                await self._execute("ROLLBACK")
        except (TryAgain, StatementRefused):
            self._spoiled = True
        finally:
            self._leave()

    def usable(self) -> bool:
        """See Link."""
        return not (self._spoiled or self._connection.in_transaction)

    async def close(self) -> None:
        """See Link. Statements still running in the thread end first; an open transaction is undone."""
        self._spoiled = True
        try:
            await self._connection.close()
        finally:
            self._leave()

    async def _execute(self, sql: str, arguments: Sequence[Scalar] = (), *, awaited: bool = False) -> Answer:
        try:
            cursor = await self._connection.execute(sql, arguments)
            rows = list(await cursor.fetchall()) if cursor.description else ()
            return Answer(rows, cursor.rowcount, cursor.lastrowid or 0)  # type: ignore[arg-type]  # rows are tuples
        except sqlite3.Error as error:
            raise _translated(error, sql, awaited=awaited) from None
        except asyncio.CancelledError:
            # The statement goes on in its thread. Nobody else may have this line.
            self._spoiled = True
            raise

    async def _queue(self) -> None:
        try:
            async with asyncio.timeout(LOCK_WAIT_SECONDS):
                await self._writers.acquire()
        except TimeoutError:
            raise TryAgain("Another transaction holds the database.") from None
        self._writing = True

    def _leave(self) -> None:
        if self._writing:
            self._writing = False
            self._writers.release()


def _not_made(path: Path) -> str:
    """The address by which SQLite opens a file that is there, and makes none."""
    return f"{path.absolute().as_uri()}?mode=rw"


def _only_reads(statement: Statement) -> bool:
    """Readers need not queue."""
    return statement.sql[:6].upper() in {"SELECT", "PRAGMA"}


def _translated(error: sqlite3.Error, sql: str, *, awaited: bool) -> Exception:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if code in _DUPLICATE and awaited:
        return Duplicate()
    if code & _PRIMARY_CODE in _AGAIN:
        return TryAgain("The database is locked by another process.")
    return StatementRefused(getattr(error, "sqlite_errorname", type(error).__name__), sql)
