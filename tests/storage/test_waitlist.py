"""The line of those who wait: its order, whom it passes over, and what nobody is offered twice."""

from __future__ import annotations

from sqlalchemy import select

from storage.revision import connection
from storage.settings import StorageSettings
from storage.store import Storage
from storage.tables import waitlist
from storage.waitlist import Waiting
from tests.storage.samples import NOW, conversation_with, practice, therapist

DAY = 24 * 60
TODAY = NOW // 60
ANNA, MALIK = 101, 102


async def join(
    storage: Storage,
    name: str,
    *,
    service: str = "massage",
    therapist: int | None = None,
    since: int = TODAY,
    until: int = TODAY + DAY,
    entry: int | None = None,
) -> int:
    client = (await conversation_with(storage, f"chat:{name}")).person.id
    async with storage.transaction() as tx:
        await tx.waitlist.join(
            client_id=client,
            service=service,
            service_type="in-call",
            therapist_id=therapist,
            wish={"time": "09:00"},
            from_minute=since,
            until_minute=until,
            at=NOW,
            entry=entry,
        )
    return client


async def line(storage: Storage, therapist: int = ANNA, *, besides: int = 0) -> list[Waiting]:
    """Everybody in the line who may want an hour of this therapist, in order."""
    found: list[Waiting] = []
    while waiting := await storage.waitlist.next(
        found[-1].id if found else 0, therapist, TODAY + 60, TODAY + 120, besides=besides
    ):
        found.append(waiting)
    return found


async def clients(storage: Storage, therapist: int = ANNA, *, besides: int = 0) -> list[int]:
    return [one.client.id for one in await line(storage, therapist, besides=besides)]


async def test_who_came_first_is_asked_first_and_a_newer_wish_keeps_the_place(storage: Storage) -> None:
    assert not await storage.waitlist.is_anybody_waiting()
    first, second = await join(storage, "a"), await join(storage, "b")
    (entry,) = await storage.waitlist.of_client(first, TODAY)
    await join(storage, "a", therapist=ANNA, entry=entry.id)
    assert await clients(storage) == [first, second]
    (entry,) = await storage.waitlist.of_client(first, TODAY)
    assert (entry.therapist_id, entry.wish, entry.offered) == (ANNA, {"time": "09:00"}, None)
    assert await storage.waitlist.is_anybody_waiting()


async def test_whoever_cannot_want_it_is_passed_over(storage: Storage) -> None:
    anybody = await join(storage, "anybody")
    await join(storage, "hers", therapist=MALIK)
    await join(storage, "later", since=TODAY + 120, until=TODAY + DAY)
    await join(storage, "earlier", since=TODAY, until=TODAY + 60)
    giver = await join(storage, "giver")
    assert await clients(storage, besides=giver) == [anybody]
    assert await clients(storage) == [anybody, giver]


async def test_an_offer_is_open_until_it_is_answered_and_then_known(storage: Storage) -> None:
    client, other = await join(storage, "a"), await join(storage, "b")
    entry, _ = await line(storage)
    async with storage.transaction() as tx:
        for _ in range(2):
            await tx.waitlist.offer(entry.id, 7, ANNA, TODAY + 60)
    assert await clients(storage) == [other]
    assert not await storage.waitlist.answered(other, 7)
    assert await storage.waitlist.answered(client, 7)
    assert not await storage.waitlist.answered(client, 7)
    assert await clients(storage) == [client, other]
    assert await storage.waitlist.offers(entry.client.id, entry.service) == {(ANNA, TODAY + 60)}


async def test_who_leaves_waits_for_the_rest_only(storage: Storage) -> None:
    client = await join(storage, "a")
    await join(storage, "a")
    await join(storage, "a", service="yoga")
    entry, *_ = await line(storage)
    async with storage.transaction() as tx:
        await tx.waitlist.offer(entry.id, 7, ANNA, TODAY + 60)
        await tx.waitlist.leave(entry.id)
    left = await storage.waitlist.of_client(client, TODAY)
    assert [one.service for one in left] == ["massage", "yoga"]
    assert await storage.waitlist.get(entry.id) is None
    assert await storage.waitlist.of_client(client, TODAY + DAY) == []


async def test_what_suits_somebody_is_sealed(storage: Storage, settings: StorageSettings) -> None:
    await join(storage, "a")
    with connection(settings) as opened:
        (wish,) = opened.execute(select(waitlist.c.wish)).scalars()
    assert "09:00" not in wish


async def test_whether_there_is_a_line_is_asked_on_the_way(storage: Storage) -> None:
    await join(storage, "a")
    async with storage.transaction() as tx:
        await tx.waitlist.look()
        assert await tx.claims.count() == 0
        before = storage.round_trips
        assert await tx.waitlist.is_anybody_waiting()
        assert storage.round_trips == before


async def test_who_waits_for_a_therapist_who_has_left_waits_for_whoever_is_free(storage: Storage) -> None:
    loaded = await storage.practice.load(practice(therapist("zoe", "chat:z"), therapist("ann", "chat:a")))
    zoe, ann = (one.id for one in loaded.therapists)
    for name, number in (("a", zoe), ("b", ann)):
        await join(storage, name, therapist=number)
    await storage.practice.load(practice(therapist("ann", "chat:a")))
    assert [one.therapist_id for one in await line(storage, ann)] == [None, ann]
