"""Two people have one conversation, opened again whenever they talk; silence ends it by itself."""

from __future__ import annotations

import asyncio

from storage.relays import SILENT_SECONDS, Relay
from storage.store import Storage
from tests.storage.samples import NOW, conversation_with


async def opened(storage: Storage, client: str = "chat:ana", at: int = NOW) -> Relay:
    ana = (await conversation_with(storage, client)).person.id
    anna = (await conversation_with(storage, "chat:anna", "therapist")).person.id
    async with storage.transaction() as tx:
        return await tx.relays.open(ana, anna, at)


async def test_a_pair_has_one_conversation_however_often_it_is_opened(storage: Storage) -> None:
    first = await opened(storage)
    assert (first.client.address, first.therapist.address) == ("chat:ana", "chat:anna")
    assert await storage.relays.close(first.id, NOW + 5)
    assert not await storage.relays.close(first.id, NOW + 6)
    again = await opened(storage, at=NOW + 10)
    assert (again.id, again.last_at, again.closed_at) == (first.id, NOW + 10, None)
    assert await storage.relays.get(first.id) == again
    assert await storage.relays.get(first.id + 1) is None


async def test_both_opening_it_at_once_is_one_conversation(storage: Storage) -> None:
    await opened(storage, "chat:bo")
    found = await asyncio.gather(*(opened(storage, at=NOW + number) for number in range(8)))
    assert len({one.id for one in found}) == 1


async def test_silence_ends_it(storage: Storage) -> None:
    relay = await opened(storage)
    last = NOW + SILENT_SECONDS - 1
    assert relay.is_open(last)
    assert not relay.is_open(last + 1)
    assert await storage.relays.open_of_therapist(relay.therapist.id, last) == [relay]
    assert await storage.relays.open_of_therapist(relay.therapist.id, last + 1) == []


async def test_therapists_see_their_own_open_ones(storage: Storage) -> None:
    ana, bo = await opened(storage), await opened(storage, "chat:bo")
    await storage.relays.close(ana.id, NOW)
    assert await storage.relays.open_of_therapist(bo.therapist.id, NOW) == [bo]
    assert await storage.relays.open_of_therapist(bo.client.id, NOW) == []
