"""Nobody is booked twice, whoever comes at once; and without the protection somebody would be."""

from __future__ import annotations

import asyncio
import itertools
import random
from dataclasses import dataclass, field

from bench.races import CLAIMS_ASTRAY, NOW, OVERLAPS, Taken, race
from engine.errors import TryAgain
from storage.appointments import ACTIVE
from storage.revision import connection
from storage.settings import StorageSettings
from storage.store import Storage
from tests.storage.conftest import Clock
from tests.storage.samples import TEN, conversation_with, new_appointment


async def test_racing_clients_never_overlap(settings: StorageSettings) -> None:
    result = await race(settings, rounds=15)
    assert result.overlaps == 0
    assert result.claims_astray == 0
    assert 15 <= result.booked < result.attempts == 15 * 16


async def test_without_claims_they_do(on_mariadb: StorageSettings) -> None:
    result = await race(on_mariadb, rounds=15, control=True)
    assert result.overlaps > 0


@dataclass
class Crowd:
    """Books, answers, cancels and lets run out, at random."""

    storage: Storage
    therapists: list[int]
    clients: list[int]
    seen: set[str] = field(default_factory=set)

    async def act(self, wave: int, worker: int) -> None:
        dice = random.Random(100 * wave + worker)  # noqa: S311  # to be repeatable
        for number in range(wave * 20, wave * 20 + 20):
            try:
                if dice.random() < 0.5:
                    await self.book(dice, f"{worker}:{number}", NOW + number)
                else:
                    await self.move(dice, NOW + number)
            except (Taken, TryAgain) as refusal:
                self.seen.add(type(refusal).__name__)

    async def book(self, dice: random.Random, cause: str, now: int) -> None:
        start = TEN + 15 * dice.randrange(24)
        therapist, client = dice.choice(self.therapists), dice.choice(self.clients)
        new = new_appointment(therapist, client, cause, start, expires_at=now + 5)
        stretch = (new.claimed_from, new.claimed_until)
        async with self.storage.transaction() as tx:
            await tx.claims.lock_resources((therapist, client))
            for one in await tx.appointments.expired_colliding((therapist, client), *stretch, now):
                if await tx.appointments.expire(one.id, now):
                    await tx.claims.release(one.id)
                    self.seen.add("expired")
            number = await tx.appointments.add(new)
            if not await tx.claims.claim(number, (therapist, client), *stretch):
                raise Taken

    async def move(self, dice: random.Random, now: int) -> None:
        to = dice.choice(["pending", "confirmed", "declined", "cancelled"])
        frm = {"pending": ("held",), "cancelled": ACTIVE}.get(to, ("pending",))
        active = [one.id for one in await self.storage.appointments.all() if one.status in ACTIVE]
        number = dice.choice(active or [0])
        async with self.storage.transaction() as tx:
            if await tx.appointments.move_on(number, frm=frm, to=to, unexpired_at=now):
                self.seen.add(to)
                if to in ("declined", "cancelled"):
                    await tx.claims.release(number)


async def test_claims_always_equal_the_active_appointments(settings: StorageSettings, clock: Clock) -> None:
    storage = await Storage.open(settings, clock=clock)
    crowd = Crowd(
        storage,
        therapists=[(await conversation_with(storage, f"t:{n}", "therapist")).person.id for n in range(2)],
        clients=[(await conversation_with(storage, f"c:{n}")).person.id for n in range(6)],
    )
    waves = itertools.count()
    while not crowd.seen >= {"Taken", "expired", "pending", "confirmed", "declined", "cancelled"}:
        wave = next(waves)
        await asyncio.gather(*(crowd.act(wave, worker) for worker in range(8)))
    await storage.close()
    with connection(settings) as open_connection:
        assert open_connection.execute(OVERLAPS).scalar_one() == 0
        assert open_connection.execute(CLAIMS_ASTRAY).scalar_one() == 0
