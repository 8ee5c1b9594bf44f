"""One open line to a database, as `database` wants it, and what can go wrong on it.

The two kinds are in `mysql` and `sqlite`. No error carries a value: a driver's own message may name the
address or the text that was being written, so it is replaced, not chained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

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


@dataclass(frozen=True, slots=True)
class Changed:
    """What a writing statement did."""

    rows: int
    """How many rows it found, changed or not."""
    id: int
    """The number of the row that it inserted."""


class Link(Protocol):
    """One connection. Every call raises TryAgain, Duplicate or StatementRefused, and nothing else."""

    async def fetch(self, sql: str, arguments: Sequence[Scalar]) -> Sequence[Row]:
        """Read rows."""

    async def change(self, sql: str, arguments: Sequence[Scalar]) -> Changed:
        """Write."""

    async def begin(self) -> None:
        """Open a transaction."""

    async def commit(self) -> None:
        """Keep what the transaction did."""

    async def rollback(self) -> None:
        """Undo what the transaction did. Never raises; a line that cannot undo is closed instead."""

    def usable(self) -> bool:
        """Whether another borrower may have it: open, not stale, and not interrupted in the middle."""

    async def close(self) -> None:
        """Hang up. Never raises."""
