"""Nobody is booked twice, whoever comes at once; and without the protection somebody would be."""

from __future__ import annotations

from bench.protocol import operate
from bench.races import race
from storage.settings import StorageSettings


async def test_racing_clients_never_overlap(settings: StorageSettings) -> None:
    result = await race([settings], rounds=15)
    assert result.overlaps == 0
    assert result.claims_astray == 0
    assert 15 <= result.booked < result.attempts == 15 * 16


async def test_without_claims_they_do(on_mariadb: StorageSettings) -> None:
    result = await race([on_mariadb], rounds=15, control=True)
    assert result.overlaps > 0


async def test_claims_always_equal_the_active_appointments(settings: StorageSettings) -> None:
    result = await operate([settings], operations=2_000)
    assert (result.overlaps, result.claims_astray) == (0, 0)
    held = ["hold", "series", "move", "offer", "propose"]
    decided = ["pending", "confirmed", "declined", "accept", "cancelled"]
    assert all(result.done[name] for name in (*held, *decided))
