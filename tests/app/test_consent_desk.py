"""An operator opts a number out and in, and sees what the ledger has of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.chat import handed_over
from app.consent_desk import NobodyThere, change_consent, show_consent
from app.settings import Settings
from app.wiring import Product, product
from engine.events import Heard
from storage.people import Person

NUMBER = "+4915112345678"
ANA = f"whatsapp:{NUMBER}"


@pytest.fixture
def settings(tmp_path: Path, weights: str) -> Settings:
    return Settings(_env_file=None, sqlite_path=tmp_path / "consent.sqlite3", weights_dir=Path(weights))


@pytest.fixture
async def running(settings: Settings) -> AsyncIterator[Product]:
    async with product(settings, handed_over, demonstration=True) as made:
        yield made


async def says(running: Product, text: str, flow: str = "client") -> None:
    said = Heard(key=f"{flow}:{text}", flow=flow, address=ANA, kind="text", at=running.clock(), text=text)
    await running.storage.inbox.put(said)
    await running.settle()


async def known(running: Product, role: str = "client") -> Person:
    person = await running.storage.people.find(role, ANA)
    assert person
    return person


async def test_an_operator_opts_a_number_out_and_in(
    running: Product, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await says(running, "hello")
    owed = len(await running.storage.outbox.since(0, 100))
    await change_consent(settings, NUMBER, wanted=False)
    await running.settle()
    assert (await known(running)).opted_out_at is not None
    await change_consent(settings, NUMBER, wanted=True)
    await running.settle()
    assert (await known(running)).opted_out_at is None
    entries = await running.storage.ledger.of((await known(running)).id)
    assert [(one.kind, one.how, one.wording) for one in entries] == [
        ("opted_out", "operator", None),
        ("opted_in", "operator", None),
    ]
    assert len(await running.storage.outbox.since(0, 100)) == owed
    assert NUMBER not in capsys.readouterr().out


async def test_who_is_opted_in_by_an_operator_is_told_nothing_that_they_did_not_ask_for(
    running: Product, settings: Settings
) -> None:
    anna = running.practice().therapists[0].address
    for text in ("in-call individual therapy with anna", "1", "yes"):
        await says(running, text)
    await change_consent(settings, NUMBER, wanted=False)
    await running.settle()
    for key, text in (("d", "decline"), ("s", "no reason")):
        said = Heard(key=key, flow="therapist", address=anna, kind="text", at=running.clock(), text=text)
        await running.storage.inbox.put(said)
        await running.settle()
    await change_consent(settings, NUMBER, wanted=True)
    await running.settle()
    told = [owed.message.text for owed in await running.storage.outbox.since(0, 100)]
    assert any("Please tell them yourself" in text for text in told)
    assert not any("(declined" in text for text in told)


async def test_a_therapist_is_opted_in_again_like_anybody(running: Product, settings: Settings) -> None:
    await says(running, "hello", "therapist")
    with capture_logs() as lines:
        await change_consent(settings, NUMBER, wanted=False)
        await running.settle()
    assert any("a therapist gets no more messages" in line["event"] for line in lines)
    await change_consent(settings, NUMBER, wanted=True)
    await running.settle()
    assert (await known(running, "therapist")).opted_out_at is None


async def test_what_holds_and_the_ledger_are_shown_and_words_only_when_asked_for(
    running: Product, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await says(running, "please stop messaging me")
    person = await known(running)
    await show_consent(settings, NUMBER, show=False)
    shown = capsys.readouterr().out
    assert f"client {person.id}: no messages since" in shown
    assert "opted_out by words text=" in shown
    assert "stop messaging" not in shown
    await show_consent(settings, NUMBER, show=True)
    assert "stop messaging" in capsys.readouterr().out


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("number", ["015112345678", "+49 151 1234567", ANA, "+4915100000000"])
async def test_a_number_that_is_none_or_unknown_is_refused_without_naming_it(
    settings: Settings, number: str
) -> None:
    with pytest.raises(NobodyThere) as refused:
        await change_consent(settings, number, wanted=True)
    assert number not in str(refused.value)
