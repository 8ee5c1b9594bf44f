"""One open line to a database, as `database` wants it, and what can go wrong on it.

The two kinds are in `mysql` and `sqlite`. No error carries a value: a driver's own message may name the
address or the text that was being written, so it is replaced, not chained.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from engine.errors import TherapyBookingError, TryAgain
from storage.sql import Row, Scalar


class ConnectionLost(TryAgain):
    """The database is not there, or went away. Whether the last statement was carried out is unknown."""


class Duplicate(TherapyBookingError):
    """A row with this unique key exists already. The transaction goes on."""


class StatementRefused(TherapyBookingError):
    """The database will not carry out a statement, however often it is tried."""

    def __init__(self, what: str, sql: str) -> None:
        """`what`: the database's code for it. `sql`: the statement, whose places are never filled here."""
        super().__init__(f"The database refused a statement ({what}): {sql[:300]}")


class NotReady(TherapyBookingError):
    """The database is not fit to be used; the message says why and what to do."""


class Statement(NamedTuple):
    """A statement as one dialect writes it, and the values for its places."""

    sql: str
    arguments: Sequence[Scalar]


class Answer(NamedTuple):
    """What one statement came to."""

    rows: Sequence[Row]
    """What it read."""
    found: int
    """How many rows it wrote to, changed or not."""
    id: int
    """The number of the row that it inserted."""


class Link(Protocol):
    """One connection. Every call raises TryAgain, Duplicate or StatementRefused, and nothing else."""

    async def run(
        self, statements: Sequence[Statement], *, begin: bool = False, commit: bool = False
    ) -> Sequence[Answer]:
        """Send statements together and return their answers, in order; the first that fails ends it.

        `begin` opens a transaction before them, `commit` keeps after them what it did. Raises Duplicate
        only for the last of them and without `commit`: nobody waits for the answers of the others, so a
        collision there is a mistake.
        """

    async def rollback(self) -> None:
        """Undo what the transaction did. Never raises; a line that cannot undo is closed instead."""

    def usable(self) -> bool:
        """Whether another borrower may have it: open, not stale, and not interrupted in the middle."""

    async def close(self) -> None:
        """Hang up. Never raises."""
