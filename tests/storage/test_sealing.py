"""Sealing: nothing personal is readable in the database, and keys can be changed."""

from __future__ import annotations

import traceback
from dataclasses import replace

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import text

from engine.effects import Message
from engine.errors import TherapyBookingError
from engine.snapshot import Snapshot
from storage.consent_ledger import LedgerEntry
from storage.database import Separate
from storage.lifecycle import LET_GO
from storage.link import Duplicate, NotReady, StatementRefused
from storage.proposals import Proposal
from storage.revision import connection
from storage.sealing import SealBroken, Sealer
from storage.settings import StorageSettings
from storage.sql import Insert
from storage.store import Storage, open_database
from storage.tables import metadata, practice_settings
from storage.timers import Timer
from tests.storage.conftest import Clock
from tests.storage.samples import NOW, heard, new_appointment, practice, therapist

OLD, NEW = "an old passphrase", Fernet.generate_key().decode()
SEALER = Sealer(OLD)

texts = st.text(st.characters())  # half an emoji, too
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=5,
)


@examples(deadline=None, max_examples=50)
@given(texts)
def test_what_is_sealed_opens_again(words: str) -> None:
    sealed = SEALER.seal(words)
    assert SEALER.open(sealed) == words
    assert sealed.isascii()
    assert sealed != SEALER.seal(words)


@examples(deadline=None, max_examples=50)
@given(st.dictionaries(texts, values, max_size=5))
def test_json_opens_again(value: dict[str, object]) -> None:
    assert SEALER.open_json(SEALER.seal_json(value)) == value  # type: ignore[arg-type]


@examples(deadline=None, max_examples=50)
@given(texts, texts)
def test_the_hash_is_the_same_for_the_same_alone(one: str, other: str) -> None:
    assert (SEALER.index(one) == SEALER.index(other)) is (one == other)
    assert len(SEALER.index(one)) == 64


def test_a_new_key_in_front_opens_and_finds_what_the_old_one_sealed() -> None:
    rotated = Sealer(f"{NEW}, {OLD}")
    assert rotated.open(SEALER.seal("Ann")) == "Ann"
    assert rotated.index("chat:a") == SEALER.index("chat:a")
    assert Sealer(NEW).open(rotated.seal("Ann")) == "Ann"
    with pytest.raises(SealBroken):
        SEALER.open(rotated.seal("Ann"))


def test_another_key_opens_nothing_and_finds_nothing() -> None:
    with pytest.raises(SealBroken):
        Sealer(NEW).open(SEALER.seal("Ann"))
    assert Sealer(NEW).index("chat:a") != SEALER.index("chat:a")


@pytest.mark.parametrize("empty", ["", " ", ",", " , "])
def test_no_key_is_refused(empty: str) -> None:
    with pytest.raises(TherapyBookingError, match="SECRET_KEY"):
        Sealer(empty)


async def test_nothing_personal_is_readable_in_any_table(storage: Storage, settings: StorageSettings) -> None:
    secret = "Quixote-4711"
    await storage.practice.load(practice(therapist("zoe", f"chat:{secret}", secret)))
    await storage.inbox.put(heard("a", f"chat:{secret}", text=secret, name=secret, data={"x": secret}))
    timer = Timer(key="a", flow="client", address=f"chat:{secret}", event="e", data={"x": secret}, due_at=NOW)
    await storage.timers.put([timer])
    async with storage.transaction() as tx:
        conversation = await tx.conversations.lock("client", f"chat:{secret}", "idle", name=secret, at=NOW)
        memory = Snapshot(state="idle", memory={"x": secret})
        await tx.conversations.save(conversation, memory, "", NOW)
        await tx.outbox.put(conversation, 1, [Message(secret)], NOW)
        number = conversation.person.id
        appointment = await tx.appointments.add(new_appointment(number, number, "a", address=secret))
        time = Proposal(
            starts_at=1, ends_at=2, claimed_from=1, claimed_until=2, zone="UTC", wall_time="1970-01-01T00:01"
        )
        await tx.proposals.put(appointment, [time])
        await tx.appointments.move_on(appointment, LET_GO, NOW, reason=secret)
        await tx.access_log.add(number, number, "history", NOW)
        await tx.relays.open(number, number, NOW)
        await tx.calendar_links.begin(number)
        await tx.alerts.raise_(number, "explicit.overdose", NOW)
        await tx.waitlist.join(
            client_id=number,
            service="massage",
            service_type="in-call",
            therapist_id=number,
            wish={"x": secret},
            from_minute=0,
            until_minute=NOW,
            at=NOW,
        )
        (waiting,) = await tx.waitlist.of_client(number, 0)
        await tx.waitlist.offer(waiting.id, appointment, number, 1)
        asked = LedgerEntry(
            kind="opted_out", at=NOW, how="words", wording=secret, text_version=None, inbox_id=1
        )
        await tx.ledger.add(number, asked)
    with connection(settings) as open_connection:
        rows = {
            name: [str(row) for row in open_connection.execute(text(f"SELECT * FROM {name}"))]  # noqa: S608
            for name in metadata.tables
        }
    empty = {name for name, found in rows.items() if not found}
    assert empty <= {"journal", "claims", "contents", "sealing_marks", "blocked_times", "therapist_pins"}
    assert not [row for found in rows.values() for row in found if secret in row]


async def test_no_error_repeats_a_value(storage: Storage, settings: StorageSettings) -> None:
    secret = "Quixote-4711"

    async def add_for_nobody() -> None:
        async with storage.transaction() as tx:
            conversation = await tx.conversations.lock("client", "chat:a", "idle", at=NOW)
            appointment = new_appointment(999_999, conversation.person.id, secret, zone=secret)
            await tx.appointments.add(appointment)

    with pytest.raises(StatementRefused) as refused:
        await add_for_nobody()
    assert "INSERT INTO appointments" in str(refused.value)
    assert secret not in "".join(traceback.format_exception(refused.value))

    database = open_database(settings)
    session, add = Separate(database), Insert(practice_settings)
    await session.insert(add, name=secret, value="")
    with pytest.raises(Duplicate) as duplicate:
        await session.insert(add, name=secret, value="")
    await database.pool.close()
    assert secret not in "".join(traceback.format_exception(duplicate.value))


async def test_another_key_is_noticed_and_a_new_one_in_front_is_welcome(
    storage: Storage, settings: StorageSettings, clock: Clock
) -> None:
    await storage.ready()
    both = f"{NEW}, {settings.secret_key}"
    for key, welcome in (
        (NEW, False),
        (settings.secret_key, True),
        (both, True),
        (settings.secret_key, False),
    ):
        other = await Storage.open(replace(settings, secret_key=key), clock=clock)
        if welcome:
            await other.ready()
        else:
            with pytest.raises(NotReady, match="SECRET_KEY"):
                await other.ready()
        await other.close()
