"""Transactions and statements over a pool of lines. What to retry is decided here; what to write is not.

A session inside a transaction runs everything on that transaction's line; one outside gives every
statement a line and a commit of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from storage.link import Changed, ConnectionLost, Link
from storage.pool import Pool
from storage.sql import Dialect, Insert, Query, Row, Scalar


class Session(Protocol):
    """Runs statements. Raises TryAgain when the same may succeed in a moment, Duplicate, StatementRefused."""

    async def fetch(self, query: Query, **values: Scalar) -> Sequence[Row]:
        """All rows that a query finds."""

    async def change(self, query: Query, **values: Scalar) -> int:
        """Run a writing statement; returns how many rows it found."""

    async def insert(self, query: Insert, **values: Scalar) -> int:
        """Add one row; returns its number. Raises Duplicate."""

    async def insert_all(self, query: Insert, rows: Sequence[dict[str, Scalar]]) -> None:
        """Add rows in one statement: all of them or, with Duplicate, none."""

    def atomically(self) -> AbstractAsyncContextManager[Session]:
        """A session whose statements hold together: a new transaction, or the one that is open."""


class Database:
    """One database, by way of its pool."""

    def __init__(self, pool: Pool, dialect: Dialect) -> None:
        self.pool = pool
        self.dialect = dialect
        self.round_trips = 0
        """How many statements were sent so far, BEGIN and COMMIT included."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transacted]:
        """BEGIN, then COMMIT, or ROLLBACK when an exception (cancellation included) leaves the block.

        A TryAgain from COMMIT itself may hide a success; taking the turn again finds its inbox row taken.
        """
        async with self.pool.lend() as loan:
            self.round_trips += 2
            try:
                await loan.link.begin()
            except ConnectionLost:
                # It died while it was idle. Nothing has been done yet, so a new one may begin.
                await self.pool.renew(loan)
                await loan.link.begin()
            link = loan.link
            try:
                yield Transacted(self, link)
            except BaseException:
                await link.rollback()
                raise
            try:
                await link.commit()
            except BaseException:
                await link.rollback()
                raise


class _Statements:
    """Statements over some line."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def _fetch(self, link: Link, query: Query, values: dict[str, Scalar]) -> Sequence[Row]:
        self._database.round_trips += 1
        text = query.text(self._database.dialect)
        return await link.fetch(text.sql, text.arguments(values))

    async def _change(self, link: Link, query: Query, values: dict[str, Scalar]) -> Changed:
        self._database.round_trips += 1
        text = query.text(self._database.dialect)
        return await link.change(text.sql, text.arguments(values))

    async def _insert_all(self, link: Link, query: Insert, rows: Sequence[dict[str, Scalar]]) -> None:
        self._database.round_trips += 1
        text = query.text(self._database.dialect)
        arguments = [argument for row in rows for argument in text.arguments(row)]
        await link.change(query.many(self._database.dialect, len(rows)), arguments)


class Transacted(_Statements):
    """A session inside one transaction."""

    def __init__(self, database: Database, link: Link) -> None:
        super().__init__(database)
        self._link = link

    async def fetch(self, query: Query, **values: Scalar) -> Sequence[Row]:
        """See Session."""
        return await self._fetch(self._link, query, values)

    async def change(self, query: Query, **values: Scalar) -> int:
        """See Session."""
        return (await self._change(self._link, query, values)).rows

    async def insert(self, query: Insert, **values: Scalar) -> int:
        """See Session."""
        return (await self._change(self._link, query, values)).id

    async def insert_all(self, query: Insert, rows: Sequence[dict[str, Scalar]]) -> None:
        """See Session."""
        if rows:
            await self._insert_all(self._link, query, rows)

    @asynccontextmanager
    async def atomically(self) -> AsyncIterator[Session]:
        """See Session."""
        yield self


class Separate(_Statements):
    """A session outside transactions. Reads and changes survive one lost connection: they may be repeated."""

    async def fetch(self, query: Query, **values: Scalar) -> Sequence[Row]:
        """See Session."""
        async with self._database.pool.lend() as loan:
            try:
                return await self._fetch(loan.link, query, values)
            except ConnectionLost:
                await self._database.pool.renew(loan)
                return await self._fetch(loan.link, query, values)

    async def change(self, query: Query, **values: Scalar) -> int:
        """See Session. A change that was carried out before its line broke counts no rows when repeated."""
        async with self._database.pool.lend() as loan:
            try:
                return (await self._change(loan.link, query, values)).rows
            except ConnectionLost:
                await self._database.pool.renew(loan)
                return (await self._change(loan.link, query, values)).rows

    async def insert(self, query: Insert, **values: Scalar) -> int:
        """See Session. Not repeated: only the caller knows what a duplicate then means."""
        async with self._database.pool.lend() as loan:
            return (await self._change(loan.link, query, values)).id

    async def insert_all(self, query: Insert, rows: Sequence[dict[str, Scalar]]) -> None:
        """See Session. Not repeated."""
        if rows:
            async with self._database.pool.lend() as loan:
                await self._insert_all(loan.link, query, rows)

    @asynccontextmanager
    async def atomically(self) -> AsyncIterator[Session]:
        """See Session."""
        async with self._database.transaction() as session:
            yield session
