"""Turns per second, in one process on a real MariaDB, beside a bare loop that makes the same writes.

    python -m bench.turns --seconds 5                # both, at 1 and at 16 connections
    python -m bench.turns --only turns --profile     # where the time goes

A turn is all that happens to one message once it has arrived: the inbox row, understanding it offline, and
the transaction that moves the conversation. The bare loop sends the statements that such a turn needs
through aiomysql one by one, with rows of the same size and no thinking; the joined one sends them together,
as a turn does: what the database and the driver take by themselves. They are measured in alternation, so
that whatever else the machine does meets all.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import cProfile
import os
import pstats
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple

import aiomysql

from app.chat import handed_over
from app.data_store import storage_settings
from app.logs import set_up_logs
from app.settings import Settings
from app.wiring import Product, product
from engine.events import Heard
from flows.practice_file import read_practice
from storage.revision import migrate
from tests.fakes.mariadb import PrivateMariaDB

SAYING = ("hello", "thanks", "what can you do?", "good morning")
BOOKING = ("hi", "I want to book an appointment", "in-call", "{day} at 3 pm", "yes")
ROUNDS = 3
READS = 3
"""How many statements of the bare loop come before something has to be decided."""

Act = Callable[[int, int], Awaitable[None]]


def settings_for(server: PrivateMariaDB, connections: int) -> Settings:
    """The product's settings for a new database."""
    return Settings(
        _env_file=None,
        db_host=server.host,
        db_port=server.port,
        db_user=server.user,
        db_password=server.password,
        db_name=server.create_database(),
        db_pool_size=connections,
        secret_key=token_hex(),
        therapist_phone="+4915199988877",
        weights_dir=Path(tempfile.gettempdir()) / "therapy-booking-bench",
    )


@asynccontextmanager
async def set_up(server: PrivateMariaDB, connections: int) -> AsyncIterator[Product]:
    """The product with a practice, but without its background work: turns are taken one by one from here."""
    settings = settings_for(server, connections)
    await migrate(storage_settings(settings, invent_key=False))
    async with product(settings, handed_over) as made:
        practice = read_practice(Path(__file__).parent / "practice.yaml", settings.therapist_phone)
        await made.storage.practice.load(practice)
        await made.practice.refresh()
        yield made


def said(text: str, person: int, number: int) -> Heard:
    """A message as the webhook hands it in."""
    address = f"whatsapp:+4915{person:09}"
    now = int(time.time())
    return Heard(key=f"SM{person}x{number}", flow="client", address=address, kind="text", at=now, text=text)


async def whole_turn(made: Product, heard: Heard) -> None:
    """The inbox row and the turn."""
    number = await made.storage.inbox.put(heard)
    assert number is not None
    turn = await made.turns.take(replace(heard, id=number))
    assert turn is not None
    assert turn.taken
    assert turn.messages


@asynccontextmanager
async def bare(server: PrivateMariaDB, connections: int, *, joined: bool = False) -> AsyncIterator[Act]:
    """The loop without thinking, on tables of the same shape that it fills itself.

    `joined`: its statements travel together, as those of a turn do.
    """
    settings = settings_for(server, connections)
    await migrate(storage_settings(settings, invent_key=False))
    pool = await aiomysql.create_pool(
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        db=settings.db_name,
        minsize=connections,
        maxsize=connections,
        autocommit=True,
        init_command="SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    )
    sealed_address, sealed_body = "x" * 120, "x" * 440
    people: dict[int, int] = {}

    async def inbox_row(person: int, number: int) -> int:
        async with pool.acquire() as line, line.cursor() as cursor:
            if person not in people:
                people[person] = await _meet(cursor, person, sealed_address)
            await cursor.execute(
                "INSERT INTO inbox (`key`, flow, address_hash, address, kind, body, heard_at, taken_at, "
                "attempts, failed_reason) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (f"SM{person}x{number}", "client", f"{person:064}", sealed_address, "text", sealed_body, 1,
                 None, 0, None),
            )  # fmt: skip
            return int(cursor.lastrowid)

    def statements(person: int, number: int, inbox: int) -> list[tuple[str, tuple[object, ...]]]:
        return [
            ("BEGIN", ()),
            ("UPDATE inbox SET taken_at = %s WHERE id = %s AND taken_at IS NULL", (1, inbox)),
            (
                ("SELECT p.id, p.role, p.address, p.address_hash, p.name, p.language, p.zone, c.id, c.state, "
                "c.turn, c.memory, c.wakes_at, c.flow_hash FROM people p JOIN conversations c ON "
                "c.person_id = p.id WHERE p.role = %s AND p.address_hash = %s FOR UPDATE"),
                ("client", f"{person:064}"),
            ),
            (
                ("UPDATE conversations SET state = %s, turn = %s, memory = %s, wakes_at = %s, "
                "flow_hash = %s, updated_at = %s WHERE id = %s"),
                ("idle", number, sealed_body, None, "f" * 64, 1, people[person]),
            ),
            (
                ("INSERT INTO outbox (conversation_id, turn, position, flow, address, body, state, attempts, "
                "next_try_at, started_at, provider_sid, provider_status, error_code, created_at, sent_at) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"),
                (people[person], number, 0, "client", sealed_address, sealed_body, "pending", 0, 1, None,
                 None, None, None, 1, None),
            ),
            (
                ("INSERT INTO journal (inbox_id, conversation_id, turn, event, state_before, state_after, "
                "trail, read_by, confidence, at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"),
                (inbox, people[person], number, "greeting", "idle", "idle", '["idle:greeting"]', "offline",
                 0.97, 1),
            ),
            ("COMMIT", ()),
        ]  # fmt: skip

    async def act(person: int, number: int) -> None:
        script = statements(person, number, await inbox_row(person, number))
        async with pool.acquire() as line, line.cursor() as cursor:
            # One by one, or as the product does: up to what has to be read first, and then the rest.
            for part in [script[:READS], script[READS:]] if joined else [[one] for one in script]:
                await cursor.execute(";".join(cursor.mogrify(sql, args or None) for sql, args in part))
                while await cursor.nextset():
                    pass

    try:
        yield act
    finally:
        pool.close()
        await pool.wait_closed()


async def _meet(cursor: aiomysql.Cursor, person: int, sealed_address: str) -> int:
    await cursor.execute(
        "INSERT INTO people (role, address_hash, address, language, created_at) VALUES (%s, %s, %s, %s, %s)",
        ("client", f"{person:064}", sealed_address, "en", 1),
    )
    await cursor.execute(
        "INSERT INTO conversations (person_id, flow, state, turn, memory, flow_hash, updated_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (cursor.lastrowid, "client", "idle", 0, "x", "", 1),
    )
    return int(cursor.lastrowid)


class Rate(NamedTuple):
    """What a loop came to."""

    per_second: float
    cpu_ms: float
    """Of this process, each time round: unlike the rate it hardly depends on what else the machine does."""


async def rate(act: Act, connections: int, seconds: float, numbers: Iterator[int]) -> Rate:
    """How often so many people at once get through, each with their own conversation."""
    done, end = 0, time.perf_counter() + seconds

    async def person(who: int) -> None:
        nonlocal done
        while time.perf_counter() < end:
            await act(who, next(numbers))
            done += 1

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(person(who) for who in range(connections)))
    return Rate(done / (time.perf_counter() - began), (time.process_time() - cpu) / done * 1000)


async def compare(server: PrivateMariaDB, connections: int, options: argparse.Namespace) -> None:
    """Print both rates and their ratio."""
    rates: dict[str, list[Rate]] = {"turns": [], "bare": [], "joined": []}
    async with (
        set_up(server, connections) as made,
        bare(server, connections) as bare_act,
        bare(server, connections, joined=True) as joined_act,
    ):

        async def turn(person: int, number: int) -> None:
            await whole_turn(made, said(SAYING[number % len(SAYING)], person, number))

        acts: dict[str, Act] = {"turns": turn, "bare": bare_act, "joined": joined_act}
        numbers = count(1)
        for name in (name for name in acts if options.only in {None, name}):
            await rate(acts[name], connections, 0.5, numbers)  # warm
        for _ in range(ROUNDS):
            for name in (name for name in acts if options.only in {None, name}):
                with _profiled() if options.profile and name == "turns" else contextlib.nullcontext():
                    rates[name].append(await rate(acts[name], connections, options.seconds / ROUNDS, numbers))
    median = {
        name: Rate(*(statistics.median(values) for values in zip(*rounds, strict=True)))
        for name, rounds in rates.items()
        if rounds
    }
    said_so = ", ".join(
        f"{name} {one.per_second:.0f}/s with {one.cpu_ms:.2f} ms CPU" for name, one in median.items()
    )
    ratios = [
        f"{median['turns'].per_second / median[name].per_second:.2f} of {name}"
        for name in ("bare", "joined")
        if {"turns", name} <= set(median)
    ]
    print(f"{connections:3} connections: {said_so}; turns are {', '.join(ratios) or 'alone'}")


async def round_trips(server: PrivateMariaDB) -> None:
    """Print the database round trips of every turn of a booking, the inbox row's one left out."""
    async with set_up(server, 1) as made:
        day = time.strftime("%d %B %Y", time.gmtime(time.time() + 5 * 86400))
        await whole_turn(made, said("hello", 1, 0))
        for number, text in enumerate(BOOKING, 1):
            heard = said(text.format(day=day), 1, number)
            inbox = await made.storage.inbox.put(heard)
            before = made.storage.round_trips
            turn = await made.turns.take(replace(heard, id=inbox or 0))
            assert turn is not None
            trips = made.storage.round_trips - before
            print(f"  {trips:2} round trips, 1 commit: {' > '.join(turn.trail)}")


@contextlib.contextmanager
def _profiled() -> Iterator[None]:
    profile = cProfile.Profile(time.process_time)
    profile.enable()
    yield
    profile.disable()
    pstats.Stats(profile).sort_stats("tottime").print_stats(35)


async def _run(options: argparse.Namespace) -> None:
    with PrivateMariaDB() as server:
        print(f"machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        await round_trips(server)
        for connections in options.connections:
            await compare(server, connections, options)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=6.0, help="of measuring each, in three parts")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--only", choices=("turns", "bare", "joined"))
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    set_up_logs(debug=False, quiet=True)
    asyncio.run(_run(options))


if __name__ == "__main__":
    main()
