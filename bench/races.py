"""Clients race for overlapping times of one therapist, on a real MariaDB.

    python -m bench.races --rounds 200            # as the product books: no overlaps
    python -m bench.races --rounds 200 --control  # look first, then book: the race is real

Every round is a new, empty day, and all clients start at once. What is counted are pairs of appointments
that overlap afterwards, as the database itself finds them, not as the clients believe.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

from bench.law import claims_astray, looked_at, overlaps
from engine.errors import TryAgain
from storage.appointments import NewAppointment
from storage.revision import upgrade
from storage.settings import StorageSettings
from storage.store import Storage, Transaction
from tests.fakes.mariadb import PrivateMariaDB

NOW = 1_800_000_000
DAY = 24 * 60
BUFFER = 15
LENGTH = 60
GRID = 15
STARTS = 12
MOST_TRIES = 20


@dataclass(slots=True)
class Result:
    """What a race came to."""

    attempts: int = 0
    booked: int = 0
    tried_again: int = 0
    """Transactions that the database asked to take again."""
    overlaps: int = 0
    """Pairs of active appointments that overlap: must be 0."""
    claims_astray: int = 0
    """Claims without an active appointment, and active appointments without all claims: must be 0."""
    milliseconds: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        """One line of figures."""
        ordered = sorted(self.milliseconds)
        return (
            f"{self.attempts} attempts, {self.booked} booked, {self.tried_again} taken again, "
            f"p50 {statistics.median(ordered):.1f} ms, p95 {ordered[int(len(ordered) * 0.95)]:.1f} ms, "
            f"{self.claims_astray} claims astray, {self.overlaps} overlaps"
        )


class Taken(Exception):
    """The time is gone; undoes the attempt."""


async def race(
    servers: Sequence[StorageSettings],
    *,
    rounds: int,
    clients: int = 16,
    control: bool = False,
    seed: int = 1,
) -> Result:
    """Race on a migrated database, by way of all the servers that serve it.

    `control`: without claims and locks, as a careful program without them.
    """
    storages = [await Storage.open(one, clock=lambda: NOW) for one in servers]
    storage, each = storages[0], len(storages)
    result, dice = Result(), random.Random(seed)
    try:
        therapist = await _meet(storage, "therapist", "race:therapist")
        people = [await _meet(storage, "client", f"race:client:{number}") for number in range(clients)]
        first_day = NOW // 60 + DAY
        for number in range(rounds):
            opening = first_day + number * DAY
            wanted = [
                _appointment(therapist, client, opening + GRID * dice.randrange(STARTS), f"race:{number}")
                for client in people
            ]
            attempts = [
                _attempt(storages[place % each], one, result, control=control)
                for place, one in enumerate(wanted)
            ]
            await asyncio.gather(*attempts)
    finally:
        for storage in storages:
            await storage.close()
    with looked_at(servers) as opened:
        result.overlaps = overlaps(opened)
        result.claims_astray = claims_astray(opened)
    return result


async def _meet(storage: Storage, flow: str, address: str) -> int:
    async with storage.transaction() as tx:
        return (await tx.conversations.lock(flow, address, "idle", at=NOW)).person.id


async def _attempt(storage: Storage, wanted: NewAppointment, result: Result, *, control: bool) -> None:
    began = time.perf_counter()
    result.attempts += 1
    for _ in range(MOST_TRIES):
        try:
            async with storage.transaction() as tx:
                await (_look_then_book(tx, wanted) if control else _claim(tx, wanted))
        except Taken:
            break
        except TryAgain:
            result.tried_again += 1
        else:
            result.booked += 1
            break
    else:
        raise AssertionError(f"The database asked for more than {MOST_TRIES} tries.")
    result.milliseconds.append((time.perf_counter() - began) * 1000)


async def _claim(tx: Transaction, wanted: NewAppointment) -> None:
    if await tx.calendar.take(wanted, NOW) is None:
        raise Taken


async def _look_then_book(tx: Transaction, wanted: NewAppointment) -> None:
    if await tx.appointments.busy([wanted.therapist_id], wanted.claimed_from, wanted.claimed_until, NOW):
        raise Taken
    await tx.appointments.add(wanted)


def _appointment(therapist: int, client: int, starts_at: int, cause: str) -> NewAppointment:
    return NewAppointment(
        therapist_id=therapist,
        client_id=client,
        service="massage",
        service_type="in-call",
        starts_at=starts_at,
        ends_at=starts_at + LENGTH,
        claimed_from=starts_at - BUFFER,
        claimed_until=starts_at + LENGTH + BUFFER,
        zone="UTC",
        wall_time="2027-01-15T08:00",
        status="pending",
        op_key=f"{cause}:{client}",
    )


def main() -> int:
    """Run one race; 1 when it ended in overlaps, or when the control did not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--control", action="store_true", help="show that the race is real")
    parser.add_argument("--sqlite", type=Path, help="race on this new SQLite file instead")
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
            pool_size=options.clients,
        )
        upgrade(settings)
        result = asyncio.run(
            race([settings], rounds=options.rounds, clients=options.clients, control=options.control)
        )
    print(result)
    return int(bool(result.overlaps or result.claims_astray) != options.control)


if __name__ == "__main__":
    sys.exit(main())
