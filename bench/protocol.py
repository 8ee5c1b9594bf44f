"""People hold, ask, answer, propose, accept, move, cancel and fall silent, all at once, and are cut off.

    python -m bench.protocol --operations 20000           # on a real MariaDB
    python -m bench.protocol --operations 20000 --sqlite /tmp/new.sqlite3

One operation in twenty is cut off in the middle of its transaction. What is counted afterwards is worked out
from the tables by `bench.law`, and after every wave of operations once more.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_hex

from bench.law import claims_astray, looked_at, overlaps, series_apart, what_is_astray
from engine.errors import TryAgain
from storage.appointments import Appointment, NewAppointment
from storage.lifecycle import (
    ACCEPT,
    ACTIVE,
    APPROVE,
    ASK,
    BOOK,
    CALL_OFF,
    CANCEL,
    COMPLETE,
    DECLINE,
    KEEP,
    LAPSE,
    LAPSE_UNANSWERED,
    LET_GO,
    MISS,
    REFUSE,
    WAITING,
    WITHDRAW,
    Move,
)
from storage.link import ConnectionLost
from storage.proposals import MOST, Proposal
from storage.revision import upgrade
from storage.settings import StorageSettings
from storage.store import Storage, Transaction
from tests.fakes.mariadb import PrivateMariaDB

NOW = 1_800_000_000
FIRST = NOW // 60 + 24 * 60
GRID, STARTS, LENGTH, BUFFER = 15, 192, 60, 10
WAIT = 900
"""Seconds until a hold or a deadline is over; one passes with each operation."""
WAVE = 25
MOST_TRIES = 40
COMMON = ("hold", "hold", "ask", "answer", "answer")
MEANT: Mapping[str, Sequence[Move]] = {
    "ask": (ASK, ASK, BOOK),
    "answer": (APPROVE, APPROVE, DECLINE),
    "end": (KEEP, LET_GO, REFUSE, WITHDRAW, LAPSE, LAPSE_UNANSWERED, CANCEL, CALL_OFF, COMPLETE, MISS),
}
"""What an operation may be, each move as likely as it is often listed."""


class CutOff(Exception):
    """The process died here, or so it is for the database."""


@dataclass(slots=True)
class Result:
    """What came of it."""

    done: Counter[str] = field(default_factory=Counter)
    """Operations that changed something, by name; and `refused`, `cut off`, `taken again`."""
    operations: int = 0
    overlaps: int = 0
    """Must be 0, as must the next two."""
    claims_astray: int = 0
    series_apart: int = 0
    astray: str = ""
    """What was astray when something was for the first time."""

    @property
    def is_sound(self) -> bool:
        """Whether nothing is astray."""
        return not (self.overlaps or self.claims_astray or self.series_apart)

    def __str__(self) -> str:
        """One line of figures."""
        done = ", ".join(f"{count} {name}" for name, count in sorted(self.done.items()))
        return (
            f"{self.operations} operations: {done}; "
            f"{self.claims_astray} claims astray, {self.overlaps} overlaps, {self.series_apart} series apart"
        )


@dataclass
class Crowd:
    """A few therapists, some clients, and what they do to each other's calendars."""

    storages: Sequence[Storage]
    therapists: Sequence[int]
    clients: Sequence[int]
    result: Result
    dice: random.Random
    now: int = NOW

    async def wave(self, workers: int, name: int) -> None:
        """Everybody does something `WAVE` times, at the same time."""
        await asyncio.gather(*(self._work(random.Random(f"{name}:{one}"), one) for one in range(workers)))

    async def _work(self, dice: random.Random, worker: int) -> None:
        storage = self.storages[worker % len(self.storages)]
        for _ in range(WAVE):
            self.now += 1
            cause, seed = token_hex(8), dice.random()
            for tries in range(MOST_TRIES):
                try:
                    await self._operate(storage, random.Random(seed), cause, self.now)
                    break
                except CutOff:
                    self.result.done["cut off"] += 1
                    break
                except ConnectionLost:  # perhaps it was kept; nobody does it again who cannot know that
                    self.result.done["cut off"] += 1
                    break
                except TryAgain:
                    self.result.done["taken again"] += 1
                    await asyncio.sleep(0.005 * tries * dice.random())  # as a turn waits a moment, too
            else:
                raise AssertionError(f"The database asked for more than {MOST_TRIES} tries.")
            self.result.operations += 1

    async def _operate(self, storage: Storage, dice: random.Random, cause: str, now: int) -> None:
        """One operation in one transaction, cut off at its end once in twenty."""
        async with storage.transaction() as tx:
            name, done = await self._choose(tx, dice, cause, now)
            if dice.random() < 0.05:
                await tx.claims.count()  # whatever was deferred reaches the database first
                raise CutOff
        self.result.done[name if done else "refused"] += 1

    async def _choose(self, tx: Transaction, dice: random.Random, cause: str, now: int) -> tuple[str, bool]:
        what = dice.choice((*COMMON, "series", "propose", "propose", "accept", "move", "move", "end"))
        if what == "series":
            return what, await self._repeat(tx, dice, cause, now)
        wanted = {
            "ask": ("held",),
            "answer": ("pending",),
            "propose": ("pending",),
            "accept": ("proposed",),
            "move": ("confirmed",),
        }.get(what, ACTIVE)
        therapist = dice.choice(self.therapists)
        found = await tx.appointments.of_therapist(therapist, wanted, FIRST, FIRST + GRID * STARTS + LENGTH)
        if what == "hold" or not found:
            return "hold", await self._take(tx, dice, cause, now) is not None
        # What has run out, and what a status forbids, is tried as well, but mostly it would only be refused.
        is_sensible = dice.random() < 0.8
        standing = [one for one in found if one.stands(now)]
        one = dice.choice(standing if standing and is_sensible else found)
        if not one.leads and one.status in WAITING:  # what waits of a series is answered by its first
            one = next(other for other in found if other.id == one.series)
        if what == "move":
            return await self._replace(tx, dice, cause, now, one)
        if what in ("propose", "accept"):
            return what, await self._negotiate(tx, dice, now, one)
        legal = [move for move in MEANT[what] if one.status in move.frm]
        move = dice.choice(legal if legal and is_sensible else MEANT[what])
        if move.to == "confirmed":
            return move.to, await tx.calendar.confirm(one, move, now)
        return move.to, await tx.calendar.move_on(one.id, move, now, expires_at=_until(move, now))

    async def _negotiate(self, tx: Transaction, dice: random.Random, now: int, one: Appointment) -> bool:
        """The therapist offers other times, or the client takes one of those offered."""
        if one.status == "pending":
            options = [_time(start) for start in self._starts(dice)]
            return bool(await tx.calendar.propose(one, options, now, expires_at=now + WAIT))
        options = await tx.proposals.of(one.id)  # none, if it has been decided since it was looked up
        return bool(options) and await tx.calendar.confirm(one, ACCEPT, now, dice.choice(options))

    async def _replace(
        self, tx: Transaction, dice: random.Random, cause: str, now: int, one: Appointment
    ) -> tuple[str, bool]:
        """A client asks for another time instead of a confirmed one, or the therapist offers some."""
        if any(other.status in ACTIVE for other in await tx.appointments.replacing(one.id)):
            return "move", False
        if dice.random() < 0.5:
            return "move", await self._take(tx, dice, cause, now, one) is not None
        options = [_time(start) for start in self._starts(dice)]
        return "offer", await self._take(tx, dice, cause, now, one, options) is not None

    async def _take(
        self,
        tx: Transaction,
        dice: random.Random,
        cause: str,
        now: int,
        replaced: Appointment | None = None,
        options: Sequence[Proposal] = (),
    ) -> int | None:
        therapist = replaced.therapist.id if replaced else dice.choice(self.therapists)
        client = replaced.client.id if replaced else dice.choice(self.clients)
        new = replace(
            _held(therapist, client, next(iter(self._starts(dice))), cause, now),
            status="proposed" if options else "held",
            replaces=replaced.id if replaced else None,
        )
        return await tx.calendar.take(new, now, options)

    async def _repeat(self, tx: Transaction, dice: random.Random, cause: str, now: int) -> bool:
        """A client wants several times, all or none."""
        therapist, client = dice.choice(self.therapists), dice.choice(self.clients)
        starts = self._starts(dice)
        wanted = [_held(therapist, client, start, f"{cause}:{start}", now) for start in starts]
        return bool((await tx.calendar.take_all(wanted, now)).numbers)

    def _starts(self, dice: random.Random) -> list[int]:
        return [FIRST + GRID * one for one in dice.sample(range(STARTS), dice.randint(1, MOST))]


def _held(therapist: int, client: int, start: int, cause: str, now: int) -> NewAppointment:
    time = _time(start)
    return NewAppointment(
        therapist_id=therapist,
        client_id=client,
        service="massage",
        service_type="in-call",
        starts_at=time.starts_at,
        ends_at=time.ends_at,
        claimed_from=time.claimed_from,
        claimed_until=time.claimed_until,
        zone="UTC",
        wall_time=time.wall_time,
        status="held",
        expires_at=now + WAIT,
        op_key=cause,
    )


def _until(move: Move, now: int) -> int | None:
    return None if move.gives_time_back or move.to == "confirmed" else now + WAIT


def _time(start: int) -> Proposal:
    return Proposal(
        starts_at=start,
        ends_at=start + LENGTH,
        claimed_from=start - BUFFER,
        claimed_until=start + LENGTH + BUFFER,
        zone="UTC",
        wall_time="2027-01-16T08:00",
    )


async def operate(servers: Sequence[StorageSettings], *, operations: int, workers: int = 8) -> Result:
    """Operate on a migrated database, by way of all the servers that serve it."""
    storages = [await Storage.open(one, clock=lambda: NOW) for one in servers]
    result = Result()
    try:
        crowd = Crowd(
            storages,
            therapists=[await _meet(storages[0], "therapist", f"fuzz:t{one}") for one in range(3)],
            clients=[await _meet(storages[0], "client", f"fuzz:c{one}") for one in range(10)],
            result=result,
            dice=random.Random(1),
        )
        number = 0
        while result.operations < operations:
            await crowd.wave(workers, number)
            number += 1
            with looked_at(servers) as opened:
                result.overlaps += overlaps(opened)
                result.claims_astray += claims_astray(opened)
                result.series_apart += series_apart(opened)
                result.astray = result.astray or what_is_astray(opened)
    finally:
        for storage in storages:
            await storage.close()
    return result


async def _meet(storage: Storage, flow: str, address: str) -> int:
    async with storage.transaction() as tx:
        return (await tx.conversations.lock(flow, address, "idle", at=NOW)).person.id


def main() -> int:
    """Operate; 1 when anything is astray."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--operations", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--sqlite", type=Path, help="operate on this new SQLite file instead")
    options = parser.parse_args()
    with PrivateMariaDB(durable=False) as server:
        settings = StorageSettings(
            host=None if options.sqlite else server.host,
            port=server.port,
            user=server.user,
            password=server.password,
            name=server.create_database(),
            sqlite_path=options.sqlite or Path(),
            secret_key=token_hex(),
            pool_size=options.workers,
        )
        upgrade(settings)
        result = asyncio.run(operate([settings], operations=options.operations, workers=options.workers))
    print(result, result.astray, sep="\n" if result.astray else "")
    return int(not result.is_sound)


if __name__ == "__main__":
    sys.exit(main())
