"""PINs are hashed and sealed, looks are logged for good, and therapists find only what concerns them."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import text

from storage.access_log import AccessLog
from storage.revision import connection
from storage.settings import StorageSettings
from storage.store import Storage
from tests.storage.conftest import Clock
from tests.storage.samples import ADDRESS, NOW, TEN, conversation_with, heard, new_appointment

PIN = "482911"


async def person(storage: Storage, address: str, flow: str = "therapist") -> int:
    return (await conversation_with(storage, address, flow)).person.id


async def test_a_pin_is_kept_as_its_sealed_hash(storage: Storage, settings: StorageSettings) -> None:
    anna = await person(storage, "chat:anna")
    assert await storage.pins.get(anna) is None
    await storage.pins.set(anna, PIN, NOW)
    lock = await storage.pins.get(anna)
    assert lock is not None
    assert await lock.fits(PIN)
    assert not await lock.fits("482912")
    assert not await lock.fits("")
    assert lock.hash.startswith("$argon2id$")
    with connection(settings) as open_connection:
        (stored,) = open_connection.execute(text("SELECT * FROM therapist_pins")).all()
    assert "argon2" not in str(stored)
    assert PIN not in str(stored)


async def test_a_new_pin_closes_what_the_old_one_opened(storage: Storage) -> None:
    anna = await person(storage, "chat:anna")
    await storage.pins.set(anna, PIN, NOW)
    await storage.pins.note(anna, open_until=NOW + 600)
    lock = await storage.pins.get(anna)
    assert lock is not None
    assert (lock.tries, lock.paused_until, lock.open_until) == (0, 0, NOW + 600)
    await storage.pins.set(anna, "000000", NOW)
    lock = await storage.pins.get(anna)
    assert lock is not None
    assert lock.open_until == 0
    assert not await lock.fits(PIN)


async def test_a_secret_is_taken_out_of_the_inbox(storage: Storage) -> None:
    secret = heard("SM1", text=PIN, name="Anna", replied_to="SM0")
    number = await storage.inbox.put(secret)
    assert number is not None
    await storage.inbox.blot_out(replace(secret, id=number))
    assert await storage.inbox.waiting(9) == [replace(secret, id=number, text="")]


async def test_looks_are_listed_in_their_order(storage: Storage) -> None:
    anna, ana = await person(storage, "chat:anna"), await person(storage, ADDRESS, "client")
    await storage.access_log.add(anna, ana, "history", NOW)
    await storage.access_log.add(anna, ana, "history", NOW + 1)
    first, second = await storage.access_log.listed(0, 9)
    assert (first.person_id, first.client_id, first.what, first.at, second.at) == (
        *(anna, ana, "history", NOW, NOW + 1),
    )
    assert await storage.access_log.listed(first.id, 9) == [second]


def test_no_look_can_be_changed_or_removed() -> None:
    assert {name for name in vars(AccessLog) if not name.startswith("_")} == {"add", "listed"}


async def test_therapists_find_their_own_clients_and_what_these_wrote_about_it(
    storage: Storage, clock: Clock
) -> None:
    anna, malik = await person(storage, "chat:anna"), await person(storage, "chat:malik")
    ana = await person(storage, ADDRESS, "client")
    clock.now = NOW + 4000
    await storage.appointments.add(new_appointment(anna, ana, "a", status="confirmed"))
    clock.now = NOW + 90_000
    await storage.appointments.add(new_appointment(malik, ana, "b", TEN + 600, status="declined"))
    await storage.appointments.add(new_appointment(anna, ana, "c", TEN + 900, status="held"))
    for key, at, words in (
        ("1", NOW, "too early for it"),
        ("2", NOW + 3990, "for anna"),
        ("3", NOW + 4000, "for anna, too"),
        ("4", NOW + 89_000, "for malik"),
    ):
        await storage.inbox.put(heard(key, at=at, text=words))
    await storage.inbox.put(heard("5", "chat:other", at=NOW + 4000, text="of somebody else"))
    await storage.inbox.put(heard("6", at=NOW + 4000, kind="signal", text="nobody said it"))

    assert [one.text for one in await storage.clientele.words(anna, ana, 9)] == ["for anna, too", "for anna"]
    assert [one.text for one in await storage.clientele.words(malik, ana, 9)] == ["for malik"]
    assert [one.id for one in await storage.clientele.of(anna)] == [ana]
    bo = await person(storage, "chat:bo", "client")
    await storage.relays.open(bo, malik, NOW)
    assert [one.id for one in await storage.clientele.of(malik)] == [ana, bo]
    past = await storage.clientele.past(anna, ana, TEN, 9)
    assert [(one.starts_at, one.status) for one in past] == [(TEN, "confirmed")]
    assert await storage.clientele.past(anna, ana, TEN - 1, 9) == []
