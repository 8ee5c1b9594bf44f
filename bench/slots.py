"""How long it takes to find the free times of 60 days, on a real MariaDB.

    python -m bench.slots                 # 1, 10 and 100 therapists, 0 to 10,000 appointments each
    python -m bench.slots --searches 50   # fewer searches of each kind

Each therapist has six appointments on every working day to come, as far as they go, and the others in the
past. A search is what a turn does: whose time is taken, one query, and what is left of the working time of
everybody. A table and a plot for docs/performance.md are printed.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_hex

import pymysql

from flows.free_times import MARGIN, Search, free_times
from flows.practice import PracticeBook
from flows.practice_hours import WEEKDAYS
from storage.practice import Offering, Practice, PracticeData, Service, Therapist, WeeklyHours
from storage.revision import upgrade
from storage.settings import StorageSettings
from storage.store import Storage
from tests.fakes.mariadb import PrivateMariaDB

NOW = int(datetime(2026, 3, 2, 8, tzinfo=UTC).timestamp())
DAYS, DAY = 60, 24 * 60
THERAPISTS = (1, 10, 100)
APPOINTMENTS = (0, 100, 1_000, 10_000)
A_DAY = 6
PRACTICE = Practice(
    name="Slots",
    zone="Europe/Berlin",
    language="en",
    minimum_notice_minutes=120,
    horizon_days=DAYS,
    hold_minutes=10,
    answer_within_minutes=1440,
    start_every_minutes=15,
    buffer_minutes=10,
    acknowledge_within_minutes=10,
)


@dataclass(frozen=True, slots=True)
class Row:
    """What one kind of search came to. Milliseconds."""

    therapists: int
    appointments: int
    found: int
    p50: float
    p95: float
    sweep: float
    """The median of the part that is not the database."""

    def __str__(self) -> str:
        """A line of the table."""
        return (
            f"| {self.therapists} | {self.appointments:,} | {self.found:,} "
            f"| {self.p50:.1f} | {self.p95:.1f} | {self.sweep:.1f} |"
        )


def practice_of(count: int) -> PracticeData:
    """So many therapists with a usual week."""
    week = [WeeklyHours(day, *stretch) for day in range(5) for stretch in ((540, 750), (810, 1080))]
    return PracticeData(
        practice=PRACTICE,
        services=(Service(code="talk", title="Talking", about="", minutes=50),),
        therapists=tuple(
            Therapist(
                code=f"t{number}",
                name=f"T {number}",
                zone=PRACTICE.zone,
                address=f"chat:t{number}",
                offers=(Offering("talk", "in-call"),),
                hours=tuple(week),
                most_a_week=40,
            )
            for number in range(count)
        ),
    )


def starts(count: int) -> list[int]:
    """When so many appointments of one therapist begin: those to come first, then ever further back."""
    midnight = NOW // 60 // DAY * DAY
    ahead = [day for day in range(1, DAYS) if _works(midnight, day)]
    behind = [-day for day in range(1, 10_000) if _works(midnight, -day)]
    found = [midnight + day * DAY + 8 * 60 + 75 * hour for day in (*ahead, *behind) for hour in range(A_DAY)]
    return found[:count]


def _works(midnight: int, day: int) -> bool:
    weekday = (datetime.fromtimestamp(midnight * 60, UTC) + timedelta(days=day)).weekday()
    return WEEKDAYS[weekday] not in ("saturday", "sunday")


def fill(
    server: PrivateMariaDB, settings: StorageSettings, therapists: Sequence[int], client: int, count: int
) -> None:
    """Write the appointments as plain rows; what claims them does not matter here."""
    rows = [
        (one, client, start, start + 50, start, start + 60, f"{one}:{start}")
        for one in therapists
        for start in starts(count)
    ]
    statement = (
        "INSERT INTO appointments (therapist_id, client_id, service, service_type, starts_at, ends_at,"
        " claimed_from, claimed_until, zone, wall_time, status, op_key, created_at, updated_at) VALUES"
        " (%s, %s, 'talk', 'in-call', %s, %s, %s, %s, 'Europe/Berlin', '', 'confirmed', %s, 0, 0)"
    )
    with (
        pymysql.connect(
            host=server.host,
            port=server.port,
            user=server.user,
            password=server.password,
            database=settings.name,
        ) as line,
        line.cursor() as cursor,
    ):
        for first in range(0, len(rows), 10_000):
            cursor.executemany(statement, rows[first : first + 10_000])
        line.commit()
        cursor.execute("ANALYZE TABLE appointments")


async def measure(storage: Storage, data: PracticeData, client: int, count: int, searches: int) -> Row:
    """Search so often, each time as if for the first time on that day."""
    book, low = PracticeBook(data), NOW // 60 + 120
    search = Search(data.therapists, "talk", "in-call", client)
    whole, sweeps, found = [], [], 0
    for number in range(searches):
        began = time.perf_counter()
        within = (low + number, low + DAYS * DAY)
        taken = await storage.appointments.busy(search.people, within[0] - MARGIN, within[1] + MARGIN, NOW)
        asked = time.perf_counter()
        found = len(free_times(book, search, taken, *within))
        ended = time.perf_counter()
        whole.append((ended - began) * 1000)
        sweeps.append((ended - asked) * 1000)
    ordered = sorted(whole)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return Row(len(data.therapists), count, found, statistics.median(whole), p95, statistics.median(sweeps))


async def run(server: PrivateMariaDB, therapists: int, count: int, searches: int) -> Row:
    """A practice of this size, in a database of its own."""
    settings = StorageSettings(
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        name=server.create_database(),
        secret_key=token_hex(),
    )
    await asyncio.to_thread(upgrade, settings)
    storage = await Storage.open(settings, clock=lambda: NOW)
    try:
        data = await storage.practice.load(practice_of(therapists))
        async with storage.transaction() as tx:
            booked, asks = [
                (await tx.conversations.lock("client", address, "idle", at=NOW)).person.id
                for address in ("chat:booked", "chat:asks")
            ]
        numbers = [one.id for one in data.therapists]
        await asyncio.to_thread(fill, server, settings, numbers, booked, count)
        return await measure(storage, data, asks, count, searches)
    finally:
        await storage.close()


def plot(rows: Sequence[Row]) -> str:
    """How the 95th percentile grows, one line for each number of therapists."""
    sizes = ", ".join(f'"{count:,}"' for count in APPOINTMENTS)
    lines = [
        f"    line [{', '.join(f'{row.p95:.1f}' for row in rows if row.therapists == number)}]"
        for number in THERAPISTS
    ]
    return "\n".join(
        [
            "```mermaid",
            "xychart-beta",
            '    title "Free times of 60 days: p95 for 1, 10 and 100 therapists, from below"',
            f'    x-axis "appointments of each therapist" [{sizes}]',
            '    y-axis "milliseconds"',
            *lines,
            "```",
        ]
    )


def main() -> None:
    """Print the table and the plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--searches", type=int, default=200)
    options = parser.parse_args()
    gc.collect()
    gc.freeze()  # as the server does when it has started
    rows = []
    print("| therapists | appointments each | free times | p50 ms | p95 ms | of it without the database |")
    print("|---|---|---|---|---|---|")
    with PrivateMariaDB(durable=False) as server:
        for therapists in THERAPISTS:
            for count in APPOINTMENTS:
                searches = max(20, options.searches // therapists)
                rows.append(asyncio.run(run(server, therapists, count, searches)))
                print(rows[-1], flush=True)
    print(plot(rows))


if __name__ == "__main__":
    main()
