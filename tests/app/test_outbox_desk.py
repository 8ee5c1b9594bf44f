"""What an operator is told of messages in doubt, and what may be decided."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.data_store import database_settings, opened_storage
from app.outbox_desk import NotInDoubt, list_failed, list_unknown, resend, settle
from app.settings import Settings
from engine.effects import Message
from storage.revision import migrate
from storage.store import Storage

LONG_AGO = 1_700_000_000


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, sqlite_path=tmp_path / "doubts.sqlite3", secret_key="a key")


@pytest.fixture
async def storage(settings: Settings) -> AsyncIterator[Storage]:
    await migrate(database_settings(settings))
    async with opened_storage(settings) as opened:
        yield opened


async def begun(storage: Storage, turn: int) -> int:
    """A message whose sending was begun long ago."""
    async with storage.transaction() as tx:
        conversation = await tx.conversations.lock("client", "chat:a", "idle", at=LONG_AGO)
        await tx.outbox.put(conversation, turn, [Message("hello")], LONG_AGO)
    owed = (await storage.outbox.since(0, 100))[-1]
    await storage.outbox.start(owed.id, LONG_AGO)
    return owed.id


async def test_what_a_dead_process_left_behind_is_told_from_what_is_unknown(
    settings: Settings, storage: Storage, capsys: pytest.CaptureFixture[str]
) -> None:
    unknown, stuck = await begun(storage, 1), await begun(storage, 2)
    await storage.outbox.unknown(unknown, LONG_AGO)
    await list_unknown(settings, as_json=False, show=False)
    first, second, count, advice = capsys.readouterr().out.splitlines()
    assert first.startswith(f"id={unknown}  state=unknown  ")
    assert second.startswith(f"id={stuck}  state=sending  ")
    assert count == "2 in doubt."
    assert advice.startswith("1 of them still `sending`")
    await resend(settings, stuck)
    await settle(settings, unknown, None)
    capsys.readouterr()
    await list_unknown(settings, as_json=False, show=False)
    assert capsys.readouterr().out == "None in doubt.\n"
    with pytest.raises(NotInDoubt):
        await settle(settings, stuck, None)


async def test_what_failed_is_listed_with_its_code_and_nothing_personal(
    settings: Settings, storage: Storage, capsys: pytest.CaptureFixture[str]
) -> None:
    refused, reported, arrived = [await begun(storage, turn) for turn in (1, 2, 3)]
    await storage.outbox.failed(refused, 21610)
    for number, status in ((reported, "undelivered"), (arrived, "delivered")):
        await storage.outbox.sent(number, f"SM{number}", LONG_AGO)
        await storage.outbox.note_status(f"SM{number}", None, status, 63003 if number == reported else None)
    await list_failed(settings, days=3650, as_json=False, show=False)
    first, second, count = capsys.readouterr().out.splitlines()
    assert first.startswith(f"id={refused}  flow=client  ")
    assert first.endswith("code=21610  urgent=False")
    assert (second.split()[0], second.split()[-2], count) == (f"id={reported}", "code=63003", "2 failed.")
    await list_failed(settings, days=3650, as_json=True, show=True)
    assert "hello" in capsys.readouterr().out
    await list_failed(settings, days=1, as_json=False, show=False)
    assert capsys.readouterr().out == "None failed.\n"
