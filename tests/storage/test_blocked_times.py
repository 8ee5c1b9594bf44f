"""Blocked stretches join, split and are in the way; a block and a hold at once never miss each other."""

from __future__ import annotations

import asyncio

import pytest

from storage.appointments import Taken
from storage.blocked_times import Blocked
from storage.settings import StorageSettings
from storage.store import Storage
from tests.storage.conftest import Clock
from tests.storage.samples import NOW, TEN, conversation_with, new_appointment

ROUNDS = 25


async def therapist(storage: Storage) -> int:
    return (await conversation_with(storage, "chat:anna", "therapist")).person.id


async def stretches(storage: Storage, person: int) -> list[tuple[int, int]]:
    found = await storage.blocked_times.blocked([person], 0, 10_000)
    return [(one.from_minute, one.until_minute) for one in found]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ((300, 400), [(100, 200), (300, 400)]),
        ((200, 300), [(100, 300)]),
        ((50, 100), [(50, 200)]),
        ((120, 150), [(100, 200)]),
        ((50, 250), [(50, 250)]),
    ],
)
async def test_what_touches_becomes_one(
    storage: Storage, more: tuple[int, int], found: list[tuple[int, int]]
) -> None:
    person = await therapist(storage)
    async with storage.transaction() as tx:
        await tx.blocked_times.block(Blocked(person, 100, 200), NOW)
        await tx.blocked_times.block(Blocked(person, *more), NOW)
    assert await stretches(storage, person) == found


@pytest.mark.parametrize(
    ("free", "found"),
    [
        ((100, 200), []),
        ((120, 150), [(100, 120), (150, 200)]),
        ((50, 150), [(150, 200)]),
        ((150, 250), [(100, 150)]),
        ((200, 300), [(100, 200)]),
    ],
)
async def test_what_is_given_free_leaves_the_rest_blocked(
    storage: Storage, free: tuple[int, int], found: list[tuple[int, int]]
) -> None:
    person, other = await therapist(storage), (await conversation_with(storage)).person.id
    async with storage.transaction() as tx:
        await tx.blocked_times.block(Blocked(person, 100, 200), NOW)
        await tx.blocked_times.block(Blocked(other, 100, 200), NOW)
        await tx.blocked_times.unblock(Blocked(person, *free), NOW)
    assert await stretches(storage, person) == found
    assert await stretches(storage, other) == [(100, 200)]


async def test_blocked_time_counts_as_busy(storage: Storage) -> None:
    person = await therapist(storage)
    await storage.blocked_times.block(Blocked(person, TEN, TEN + 60), NOW)
    (blocked,) = await storage.appointments.busy([person], TEN + 30, TEN + 90, NOW)
    assert blocked == Taken(person, TEN, TEN + 60, appointment=0, starts_at=TEN)
    assert await storage.appointments.busy([person], TEN + 60, TEN + 90, NOW) == []


async def test_a_block_and_a_hold_at_once_never_miss_each_other(
    settings: StorageSettings, storage: Storage, clock: Clock
) -> None:
    other_process = await Storage.open(settings, clock=clock)
    person, client = await therapist(storage), (await conversation_with(storage)).person.id
    held_unseen = []
    for number in range(ROUNDS):
        start = TEN + number * 120
        seen, held = await asyncio.gather(
            _block(storage, person, start), _hold(other_process, person, client, start)
        )
        held_unseen += [number] if held and not seen else []
    await other_process.close()
    assert held_unseen == []


async def _block(storage: Storage, person: int, start: int) -> bool:
    """Block a stretch; whether an appointment in it was seen."""
    async with storage.transaction() as tx:
        await tx.claims.lock_resources([person])
        await tx.blocked_times.block(Blocked(person, start, start + 60), NOW)
        return bool(await tx.appointments.of_therapist(person, ("held",), start, start + 60))


async def _hold(storage: Storage, person: int, client: int, start: int) -> bool:
    """Hold the same stretch, unless it is seen to be blocked."""
    async with storage.transaction() as tx:
        await tx.claims.lock_resources([person, client])
        if await tx.blocked_times.blocked([person], start, start + 60):
            return False
        await tx.appointments.add(new_appointment(person, client, f"hold {start}", start))
        return True
