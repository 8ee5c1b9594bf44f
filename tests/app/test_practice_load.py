"""Loading a practice anew changes nothing of what is booked, and tells what it would not allow any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.clock import Clock
from app.data_store import storage_settings
from app.practice_load import load_practice
from app.settings import Settings
from storage.appointments import NewAppointment
from storage.store import Storage
from tests.scenarios.script import FOLDER

WEEK = FOLDER / "practices" / "tiny_week.yaml"
DAY = 24 * 60


async def test_what_lies_outside_the_new_hours_is_told_and_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(_env_file=None, sqlite_path=tmp_path / "load.sqlite3")
    await load_practice(settings, WEEK)
    storage = await Storage.open(storage_settings(settings), clock=Clock())
    data = await storage.practice.read()
    assert data
    monday = (Clock()() // 60 // DAY + 14) * DAY
    monday -= (monday // DAY + 3) % 7 * DAY  # the first day of the epoch was a Thursday
    async with storage.transaction() as tx:
        client = (await tx.conversations.lock("client", "chat:Ana", "idle", at=0)).person.id
        for number, start in enumerate((monday + 10 * 60, monday + DAY + 10 * 60)):
            new = NewAppointment(
                therapist_id=data.therapists[0].id,
                client_id=client,
                service="talk",
                service_type="in-call",
                starts_at=start,
                ends_at=start + 60,
                claimed_from=start,
                claimed_until=start + 60,
                zone="Europe/Berlin",
                wall_time="",
                status="confirmed",
                op_key=f"load:{number}",
            )
            assert await tx.calendar.take(new, 0)
    capsys.readouterr()
    await load_practice(settings, WEEK)
    assert "lies outside" not in capsys.readouterr().out
    without_mondays = tmp_path / "practice.yaml"
    without_mondays.write_text(WEEK.read_text().replace("      monday: [10:00-13:00]\n", ""))
    await load_practice(settings, without_mondays)
    told = [line for line in capsys.readouterr().out.splitlines() if "lies outside" in line]
    assert len(told) == 1
    assert told[0].startswith("#1 on Monday ")
    assert "Ana" not in told[0]
    with_somebody_else = WEEK.read_text().replace("  mia:", "  eve:").replace("5550103", "5550104")
    without_mondays.write_text(with_somebody_else)
    await load_practice(settings, without_mondays)
    assert capsys.readouterr().out.count("with a therapist who has left") == 2
    assert [one.status for one in await storage.appointments.all()] == ["confirmed", "confirmed"]
    await storage.close()
