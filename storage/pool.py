"""A few open lines to the database, lent to one task at a time.

A borrower that is cancelled in the middle of a statement costs its line and nobody's turn: the place is
free again at once, and the line is closed instead of being lent on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from engine.errors import TryAgain
from storage.link import Link


@dataclass(slots=True)
class Loan:
    """A line that is lent out."""

    link: Link


class Pool:
    """At most `size` lines; opened when needed, lent last in first out."""

    def __init__(self, connect: Callable[[], Awaitable[Link]], *, size: int, patience: float) -> None:
        """`patience`: seconds that a borrower waits for a place before TryAgain."""
        self._connect = connect
        self._patience = patience
        self._places = asyncio.Semaphore(size)
        self._lent = 0
        self._awaited = 0
        self._idle: list[Link] = []
        self._closing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Loan]:
        """Lend a line. Raises TryAgain when none comes free or the database is not there."""
        self._awaited += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._places.acquire()
        except TimeoutError:
            raise TryAgain("All database connections are taken.") from None
        finally:
            self._awaited -= 1
        self._lent += 1
        try:
            loan = Loan(await self._take())
            try:
                yield loan
            finally:
                self._give_back(loan.link)
        finally:
            self._lent -= 1
            self._places.release()

    @property
    def use(self) -> Mapping[str, int]:
        """How many lines are `lent` and `idle`, and for how many places borrowers wait (`awaited`)."""
        return {"lent": self._lent, "idle": len(self._idle), "awaited": self._awaited}

    async def renew(self, loan: Loan) -> None:
        """Exchange a line that was found dead for a new one, and drop the idle ones, dead likewise."""
        self._drop_idle()
        dead, loan.link = loan.link, await self._connect()
        self._hang_up(dead)

    async def close(self) -> None:
        """Close the idle lines and wait for those that are being closed."""
        self._drop_idle()
        await asyncio.gather(*self._closing)

    def _drop_idle(self) -> None:
        while self._idle:
            self._hang_up(self._idle.pop())

    async def _take(self) -> Link:
        while self._idle:
            link = self._idle.pop()
            if link.usable():
                return link
            self._hang_up(link)
        return await self._connect()

    def _give_back(self, link: Link) -> None:
        if link.usable():
            self._idle.append(link)
        else:
            self._hang_up(link)

    def _hang_up(self, link: Link) -> None:
        # In a task of its own, so that a borrower's cancellation cannot leave a line half closed.
        task = asyncio.get_running_loop().create_task(link.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
