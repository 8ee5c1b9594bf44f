"""Somebody in danger hears the numbers, and a therapist of them, whatever else waits to be sent to either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.settings import Settings
from app.wiring import product
from engine.errors import DeliveryDeferred, DeliveryRefused, FreeTextRefused
from engine.events import Heard
from storage.owed import Owed

ANA = "chat:Ana"
NUMBERS, ALERT = "findahelpline", "get in touch at once"


class Reluctant:
    """A channel that puts off whatever is not about somebody in danger."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    async def send(self, owed: Owed) -> str:
        if not any(words in owed.message.text for words in (NUMBERS, ALERT)):
            raise DeliveryDeferred("Not now.", retry_after=3600)
        self.taken.append(owed.message.text)
        return f"SM{owed.id}"

    async def look_for(self, owed: Owed) -> Sequence[str]:
        del owed
        return ()

    def sender(self, flow: str) -> str:
        return flow


@pytest.mark.parametrize(("flow", "put_off"), [("client", 3), ("stranger", 2)])
async def test_the_numbers_and_the_alert_overtake_what_was_put_off(
    tmp_path: Path, weights: str, flow: str, put_off: int
) -> None:
    settings = Settings(_env_file=None, sqlite_path=tmp_path / "urgent.sqlite3", weights_dir=Path(weights))
    channel = Reluctant()
    async with product(settings, lambda _storage, _clock: channel, demonstration=True) as running:
        on_call = running.practice().therapists[0].address
        for number, (who, address, text) in enumerate(
            ((flow, ANA, "hello"), ("therapist", on_call, "hello"), (flow, ANA, "i want to die"))
        ):
            said = Heard(
                key=f"{number}", flow=who, address=address, kind="text", at=running.clock(), text=text
            )
            await running.storage.inbox.put(said)
            await running.settle()
        waiting = [owed.state for owed in await running.storage.outbox.since(0, 100)].count("pending")
    numbers, alert = channel.taken
    assert NUMBERS in numbers
    assert ALERT in alert
    assert waiting == put_off, "only what comes after the numbers waits with the rest"


@dataclass
class Refusing:
    """A channel that refuses every message with certain words in it for good."""

    words: str
    error: DeliveryRefused
    taken: list[str] = field(default_factory=list)

    async def send(self, owed: Owed) -> str:
        if self.words in owed.message.text:
            raise self.error
        self.taken.append(f"{owed.address}: {owed.message.text}")
        return f"SM{owed.id}"

    async def look_for(self, owed: Owed) -> Sequence[str]:
        del owed
        return ()

    def sender(self, flow: str) -> str:
        return flow


FOR_GOOD = [
    DeliveryRefused(code=21610),
    DeliveryRefused(code=63003),
    DeliveryRefused(code=63016, was_asked=False),
    FreeTextRefused(code=63016),
    DeliveryRefused(code=None),
]


async def in_danger(settings: Settings, channel: Refusing, flow: str) -> list[Owed]:
    """Somebody says so; returns all that is owed then."""
    async with product(settings, lambda _storage, _clock: channel, demonstration=True) as running:
        said = Heard(key="1", flow=flow, address=ANA, kind="text", at=running.clock(), text="i want to die")
        await running.storage.inbox.put(said)
        await running.settle()
        return await running.storage.outbox.since(0, 100)


@pytest.mark.parametrize("flow", ["client", "stranger"])
@pytest.mark.parametrize("error", FOR_GOOD, ids=lambda error: f"{type(error).__name__}-{error.code}")
async def test_when_the_numbers_do_not_arrive_a_therapist_is_told_to_phone(
    tmp_path: Path, weights: str, flow: str, error: DeliveryRefused
) -> None:
    settings = Settings(_env_file=None, sqlite_path=tmp_path / "lost.sqlite3", weights_dir=Path(weights))
    channel = Refusing(NUMBERS, error)
    with capture_logs() as lines:
        owed = await in_danger(settings, channel, flow)
    to_phone = [one for one in owed if "did not\nreach them" in one.message.text]
    assert [(one.state, one.is_urgent) for one in to_phone] == [("sent", True)]
    assert sum("somebody in danger was not reached" in line["event"] for line in lines) == 1
    assert not any(ANA in str(line) for line in lines)


@pytest.mark.parametrize("error", FOR_GOOD, ids=lambda error: f"{type(error).__name__}-{error.code}")
async def test_when_an_alert_does_not_arrive_the_next_on_call_is_told_at_once(
    tmp_path: Path, weights: str, error: DeliveryRefused
) -> None:
    settings = Settings(_env_file=None, sqlite_path=tmp_path / "lost.sqlite3", weights_dir=Path(weights))
    owed = await in_danger(settings, Refusing(ALERT, error), "client")
    alerts = [one for one in owed if ALERT in one.message.text]
    assert len({one.address for one in alerts}) == 2
    assert {one.state for one in alerts} == {"failed"}
