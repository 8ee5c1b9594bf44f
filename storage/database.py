"""Transactions and statements over a pool of lines. What to retry is decided here; what to write is not.

A session inside a transaction runs everything on that transaction's line; one outside gives every
statement a line and a commit of its own. Whatever is deferred waits for the next statement whose answer
somebody needs, and travels with it: a round trip costs more than a statement.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from storage.link import Answer, ConnectionLost, Duplicate, Statement, StatementRefused
from storage.pool import Loan, Pool
from storage.sql import Dialect, Insert, Query, Row, Scalar

MOST_WAITING = 200
"""How many statements travel together at most: a server takes only so long a text."""


class Deferred:
    """A statement whose answer nobody waits for."""

    __slots__ = ("_answer",)

    def __init__(self, answer: Answer | None = None) -> None:
        """Not answered yet, unless it is known what it came to."""
        self._answer = answer

    @property
    def found(self) -> int:
        """How many rows it wrote to. Known once a later statement was answered without an error."""
        assert self._answer is not None, "read before it was sent"  # noqa: S101  # a mistake of ours
        return self._answer.found

    @property
    def rows(self) -> Sequence[Row] | None:
        """All rows that a query found; None: that is not known yet."""
        return None if self._answer is None else self._answer.rows

    def settle(self, answer: Answer) -> None:
        """Keep what it came to."""
        self._answer = answer


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

    async def defer(self, query: Query, **values: Scalar) -> Deferred:
        """Run a statement before the next one or the commit; an error of it comes then.

        A collision with a row that exists is a mistake here: StatementRefused. Outside a transaction there
        is nothing to wait for: it runs at once, and a collision is a Duplicate.
        """

    async def defer_all(self, query: Insert, rows: Sequence[dict[str, Scalar]]) -> None:
        """Add rows in one statement, in the same way."""

    def atomically(self) -> AbstractAsyncContextManager[Session]:
        """A session whose statements hold together: a new transaction, or the one that is open."""


class Database:
    """One database, by way of its pool."""

    def __init__(self, pool: Pool, dialect: Dialect) -> None:
        self.pool = pool
        self.dialect = dialect
        self.round_trips = 0
        """How often something was sent and its answer waited for."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transacted]:
        """Commit at the end, or undo everything when an exception (cancellation included) leaves the block.

        A TryAgain from the commit itself may hide a success; taking the turn again finds its inbox row taken.
        After an error other than Duplicate nothing can be committed any more, whoever caught it.
        """
        async with self.pool.lend() as loan:
            session = Transacted(self, loan)
            try:
                yield session
                await session.commit()
            except BaseException:
                await session.undo()
                raise

    def statement(self, query: Query, values: dict[str, Scalar]) -> Statement:
        """One statement with its values."""
        text = query.text(self.dialect)
        return Statement(text.sql, text.arguments(values))

    def statement_for_all(self, query: Insert, rows: Sequence[dict[str, Scalar]]) -> Statement:
        """One statement that adds several rows."""
        text = query.text(self.dialect)
        arguments = [argument for row in rows for argument in text.arguments(row)]
        return Statement(query.many(self.dialect, len(rows)), arguments)


class Transacted:
    """A session inside one transaction, which begins with its first statement."""

    def __init__(self, database: Database, loan: Loan) -> None:
        self._database = database
        self._loan = loan
        self._begun = False
        self._broken = False
        self._waiting: list[tuple[Statement, Deferred]] = []

    async def fetch(self, query: Query, **values: Scalar) -> Sequence[Row]:
        """See Session."""
        return (await self._ask(self._database.statement(query, values))).rows

    async def change(self, query: Query, **values: Scalar) -> int:
        """See Session."""
        return (await self._ask(self._database.statement(query, values))).found

    async def insert(self, query: Insert, **values: Scalar) -> int:
        """See Session."""
        return (await self._ask(self._database.statement(query, values))).id

    async def insert_all(self, query: Insert, rows: Sequence[dict[str, Scalar]]) -> None:
        """See Session."""
        if rows:
            await self._ask(self._database.statement_for_all(query, rows))

    async def defer(self, query: Query, **values: Scalar) -> Deferred:
        """See Session."""
        return await self._defer(self._database.statement(query, values))

    async def defer_all(self, query: Insert, rows: Sequence[dict[str, Scalar]]) -> None:
        """See Session."""
        if rows:
            await self._defer(self._database.statement_for_all(query, rows))

    @asynccontextmanager
    async def atomically(self) -> AsyncIterator[Session]:
        """See Session."""
        yield self

    async def commit(self) -> None:
        """Keep everything, what was deferred included. Nothing is sent if nothing was asked for.

        Raises TryAgain also where all of it was deferred and the line had died while it was idle.
        """
        if self._begun or self._waiting:
            await self._send([], commit=True)

    async def undo(self) -> None:
        """Forget everything. Never raises."""
        if self._begun:
            await self._loan.link.rollback()

    async def _defer(self, statement: Statement) -> Deferred:
        deferred = Deferred()
        self._waiting.append((statement, deferred))
        if len(self._waiting) >= MOST_WAITING:
            await self._send([])
        return deferred

    async def _ask(self, statement: Statement) -> Answer:
        return (await self._send([statement]))[-1]

    async def _send(self, last: Sequence[Statement], *, commit: bool = False) -> Sequence[Answer]:
        """Send what waits, and after it the statement that does not."""
        waiting, self._waiting = self._waiting, []
        statements = [*(statement for statement, _ in waiting), *last]
        if self._broken:
            raise StatementRefused("an earlier one failed", statements[-1].sql if statements else "COMMIT")
        self._broken, self._database.round_trips = True, self._database.round_trips + 1
        try:
            answers = await self._run(statements, commit=commit)
        except Duplicate:
            self._broken = False
            raise
        self._broken = False
        for (_, deferred), answer in zip(waiting, answers, strict=False):  # and then the last one's
            deferred.settle(answer)
        return answers

    async def _run(self, statements: Sequence[Statement], *, commit: bool) -> Sequence[Answer]:
        begin, self._begun = not self._begun, True
        try:
            return await self._loan.link.run(statements, begin=begin, commit=commit)
        except ConnectionLost:
            if not begin or commit:
                raise
        # It died while it was idle. Nothing has been kept yet, so all of it may be done again.
        await self._database.pool.renew(self._loan)
        return await self._loan.link.run(statements, begin=True)


class Separate:
    """A session outside transactions. Reads and changes survive one lost connection: they may be repeated."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def fetch(self, query: Query, **values: Scalar) -> Sequence[Row]:
        """See Session."""
        return (await self._ask(self._database.statement(query, values), again=True)).rows

    async def change(self, query: Query, **values: Scalar) -> int:
        """See Session. A change that was carried out before its line broke counts no rows when repeated."""
        return (await self._ask(self._database.statement(query, values), again=True)).found

    async def insert(self, query: Insert, **values: Scalar) -> int:
        """See Session. Not repeated: only the caller knows what a duplicate then means."""
        return (await self._ask(self._database.statement(query, values))).id

    async def insert_all(self, query: Insert, rows: Sequence[dict[str, Scalar]]) -> None:
        """See Session. Not repeated."""
        if rows:
            await self._ask(self._database.statement_for_all(query, rows))

    async def defer(self, query: Query, **values: Scalar) -> Deferred:
        """See Session. An insert is not repeated."""
        again = not isinstance(query, Insert)
        return Deferred(await self._ask(self._database.statement(query, values), again=again))

    async def defer_all(self, query: Insert, rows: Sequence[dict[str, Scalar]]) -> None:
        """See Session. Likewise."""
        await self.insert_all(query, rows)

    @asynccontextmanager
    async def atomically(self) -> AsyncIterator[Session]:
        """See Session."""
        async with self._database.transaction() as session:
            yield session

    async def _ask(self, statement: Statement, *, again: bool = False) -> Answer:
        self._database.round_trips += 1
        async with self._database.pool.lend() as loan:
            try:
                (answer,) = await loan.link.run([statement])
            except ConnectionLost:
                if not again:
                    raise
                await self._database.pool.renew(loan)
                (answer,) = await loan.link.run([statement])
        return answer
