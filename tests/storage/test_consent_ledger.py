"""What people asked for is kept for good, sealed, and what holds now is found with the person."""

from __future__ import annotations

from sqlalchemy import text

from storage.consent_ledger import ConsentLedger, LedgerEntry
from storage.revision import connection
from storage.settings import StorageSettings
from storage.store import Storage
from tests.storage.samples import ADDRESS, NOW, conversation_with

STOPPED = LedgerEntry(
    kind="opted_out", at=NOW, how="words", wording="no me escribas más", text_version="a1", inbox_id=7
)
STARTED = LedgerEntry(kind="opted_in", at=NOW + 9, how="twilio", wording=None, text_version=None, inbox_id=8)


async def test_entries_are_kept_in_their_order(storage: Storage) -> None:
    person = (await conversation_with(storage)).person
    other = (await conversation_with(storage, "chat:other")).person
    async with storage.transaction() as tx:
        await tx.ledger.add(person.id, STOPPED)
        await tx.ledger.add(other.id, STARTED)
        await tx.ledger.add(person.id, STARTED)
    assert await storage.ledger.of(person.id) == [STOPPED, STARTED]


async def test_what_was_written_is_sealed(storage: Storage, settings: StorageSettings) -> None:
    person = (await conversation_with(storage)).person
    await storage.ledger.add(person.id, STOPPED)
    with connection(settings) as open_connection:
        (stored,) = open_connection.execute(text("SELECT * FROM consent_ledger")).all()
    assert "escribas" not in str(stored)


def test_nothing_can_be_changed_or_removed() -> None:
    assert {name for name in vars(ConsentLedger) if not name.startswith("_")} == {"add", "of"}


async def test_what_holds_now_is_read_with_the_conversation(storage: Storage) -> None:
    person = (await conversation_with(storage)).person
    assert (person.opted_out_at, person.notice_version) == (None, None)
    async with storage.transaction() as tx:
        await tx.people.opt_out(person.id, NOW)
        await tx.people.agree(person.id, "a1")
    person = (await conversation_with(storage)).person
    assert (person.opted_out_at, person.notice_version) == (NOW, "a1")
    assert await storage.people.find("client", ADDRESS) == person
    await storage.people.opt_out(person.id, None)
    assert (await conversation_with(storage)).person.opted_out_at is None
