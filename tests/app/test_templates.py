"""The operator's commands: what a push makes, that it makes it once, and what is told of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree

import pytest
from sqlalchemy import select, update

from flows.texts import Texts
from storage.revision import connection
from storage.settings import StorageSettings
from storage.tables import contents
from tests.app.command import run
from tests.fakes import twilio_forms as forms
from tests.fakes.twilio import FakeTwilio

ROOT = Path(__file__).parents[2]
TEXTS = ROOT / "flows" / "texts"
TEMPLATES = len(Texts.load(TEXTS).templates)


@dataclass
class Operator:
    """Types commands, with an account of the fake Twilio."""

    folder: Path
    twilio: FakeTwilio

    async def types(self, *words: str, code: int = 0, **settings: str) -> list[str]:
        """One command; returns its lines."""
        given = {
            "WHATSAPP_SID": forms.ACCOUNT_SID,
            "WHATSAPP_TOKEN": forms.AUTH_TOKEN,
            "TWILIO_CONTENT_BASE_URL": self.twilio.url,
            "SECRET_KEY": "an operator's secret",
            "PYTHONPATH": str(ROOT),
            "TEXTS_PATH": str(self.folder / "texts"),
        }
        done = await asyncio.to_thread(run, self.folder, *words, settings=given | settings)
        assert done.returncode == code, done.stderr.decode()
        return (done.stdout + done.stderr).decode().splitlines()

    def reword(self, old: str, new: str) -> None:
        """Change a text."""
        path = self.folder / "texts" / "en.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")


def counts(told: list[str]) -> tuple[int, int, int]:
    """How many were made, submitted, and as they were: what a push says last."""
    made, submitted, known = (int(number) for number in re.findall(r"\d+", told[-1]))
    return made, submitted, known


@pytest.fixture
async def operator(tmp_path: Path) -> AsyncIterator[Operator]:
    copytree(TEXTS, tmp_path / "texts")
    async with FakeTwilio() as twilio:
        made = Operator(tmp_path, twilio)
        await made.types("db", "upgrade")
        yield made


async def test_a_push_makes_everything_once(operator: Operator) -> None:
    made, submitted, known = counts(await operator.types("templates", "push"))
    assert submitted >= TEMPLATES, "one with buttons and without is two"
    assert made > submitted, "buttons and lists need no approval"
    assert known == 0
    assert operator.twilio.contents.writes == made + submitted
    assert {one.approval["status"] for one in operator.twilio.contents.contents.values()} == {
        "received",
        "unsubmitted",
    }, "whatever was submitted is what WhatsApp approves"
    second = await operator.types("templates", "push")
    assert second == [f"0 made, 0 submitted, {made} as they were."]
    assert operator.twilio.contents.writes == made + submitted


async def test_the_status_of_each_is_told_and_a_changed_text_is_a_new_template(operator: Operator) -> None:
    before = await operator.types("templates", "status")
    assert {line.split()[0] for line in before} == {"missing"}
    made, submitted, _ = counts(await operator.types("templates", "push"))
    operator.twilio.contents.decide_all()
    operator.twilio.contents.decide("declined", "rejected", "too vague")
    told = await operator.types("templates", "status")
    assert [line.split()[0] for line in told].count("approved") == submitted - 1
    assert [line for line in told if line.startswith("rejected     declined_en_") and ": too vague" in line]
    operator.reword("This is confirmed:", "We have confirmed your appointment:")
    again = await operator.types("templates", "push")
    assert counts(again) == (1, 1, made - 1)
    told = await operator.types("templates", "status")
    approvals = sorted(line.split()[0] for line in told if " approved_en_" in line)
    assert approvals == ["approved", "received"]
    assert [line for line in told if "serves until the new one is approved" in line]


async def test_what_was_deleted_over_there_is_made_anew(operator: Operator) -> None:
    made, _, _ = counts(await operator.types("templates", "push"))
    del operator.twilio.contents.contents[operator.twilio.contents.named("expired").sid]
    assert [one for one in await operator.types("templates", "status") if one.startswith("missing      exp")]
    assert counts(await operator.types("templates", "push")) == (1, 1, made - 1)


async def test_what_was_made_and_not_kept_is_not_made_twice(operator: Operator) -> None:
    made, _, _ = counts(await operator.types("templates", "push"))
    await operator.types("db", "upgrade", SQLITE_PATH="other.sqlite3")
    again = await operator.types("templates", "push", SQLITE_PATH="other.sqlite3")
    assert counts(again) == (0, 0, made)


async def test_what_is_missing_is_said(operator: Operator) -> None:
    told = await operator.types("templates", "push", code=1, WHATSAPP_TOKEN="")
    assert told == ["Not set: WHATSAPP_TOKEN. See .env.example."]
    told = await operator.types("templates", "status", code=1, WHATSAPP_TOKEN="wrong")
    assert "20003" in told[0]


async def test_the_words_of_earlier_templates_are_learnt(operator: Operator) -> None:
    await operator.types("templates", "push")
    settings = StorageSettings(sqlite_path=operator.folder / "var" / "therapy_booking.sqlite3", secret_key="")
    with connection(settings) as database:
        kept = database.execute(select(contents.c.name, contents.c.body)).all()
        database.execute(update(contents).values(body=None))
    await operator.types("templates", "status")
    with connection(settings) as database:
        assert database.execute(select(contents.c.name, contents.c.body)).all() == kept
    assert {body is None for name, body in kept if name.startswith("approved_")} == {False}
