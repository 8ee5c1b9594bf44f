"""What every database must do for the practice's own data."""

from __future__ import annotations

from storage.practice import PracticeData
from storage.store import Storage
from tests.storage.samples import practice, therapist


def numbers(data: PracticeData | None) -> dict[str, int]:
    assert data
    return {one.code: one.id for one in data.therapists}


class TestPractice:
    async def test_is_read_as_it_was_loaded(self, storage: Storage) -> None:
        assert await storage.practice.read() is None
        assert await storage.practice.version() == 0
        loaded = await storage.practice.load(
            practice(therapist("zoe", "chat:z", "Zoë"), therapist("ann", "chat:a"))
        )
        assert await storage.practice.read() == loaded
        assert await storage.practice.version() == loaded.version == 1
        assert all(numbers(loaded).values())

    async def test_loading_again_replaces_it_and_counts(self, storage: Storage) -> None:
        first = await storage.practice.load(practice(therapist("zoe", "chat:z"), therapist("ann", "chat:a")))
        second = await storage.practice.load(practice(therapist("ann", "chat:a")))
        assert await storage.practice.read() == second
        assert second.version == 2
        assert numbers(second) == {"ann": numbers(first)["ann"]}

    async def test_a_therapist_keeps_the_number_by_code_or_by_address(self, storage: Storage) -> None:
        first = numbers(
            await storage.practice.load(practice(therapist("zoe", "chat:z"), therapist("ann", "chat:a")))
        )
        moved = numbers(
            await storage.practice.load(practice(therapist("zoe", "chat:new"), therapist("anna", "chat:a")))
        )
        assert moved == {"zoe": first["zoe"], "anna": first["ann"]}
        assert [await storage.people.is_therapist(f"chat:{one}") for one in ("new", "a", "z")] == [
            True,
            True,
            False,
        ]

    async def test_therapists_can_exchange_their_phones(self, storage: Storage) -> None:
        first = numbers(
            await storage.practice.load(practice(therapist("zoe", "chat:z"), therapist("ann", "chat:a")))
        )
        swapped = await storage.practice.load(
            practice(therapist("zoe", "chat:a"), therapist("ann", "chat:z"))
        )
        assert numbers(swapped) == first
        person = await storage.people.find("therapist", "chat:a")
        assert person
        assert person.id == first["zoe"]

    async def test_a_successor_can_have_the_phone_of_somebody_who_left(self, storage: Storage) -> None:
        first = numbers(
            await storage.practice.load(practice(therapist("zoe", "chat:z"), therapist("ann", "chat:a")))
        )
        later = numbers(await storage.practice.load(practice(therapist("zoe", "chat:a"))))
        assert later == {"zoe": first["zoe"]}
        left = await storage.people.by_id(first["ann"])
        assert left
        assert left.role == "therapist"
        assert not await storage.people.is_therapist("chat:z")

    async def test_tells_therapists_from_others(self, storage: Storage) -> None:
        await storage.practice.load(practice(therapist("zoe", "chat:z")))
        assert await storage.people.is_therapist("chat:z")
        assert not await storage.people.is_therapist("chat:client")
        async with storage.transaction() as tx:
            conversation = await tx.conversations.lock("therapist", "chat:z", "idle", at=0)
            client = await tx.conversations.lock("client", "chat:z", "idle", at=0)
        assert conversation.person.zone == "Europe/Berlin"
        assert client.person.id != conversation.person.id
