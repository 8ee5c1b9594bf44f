"""Somebody in danger hears the numbers, and a therapist of them, whatever else waits to be sent to either."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from app.settings import Settings
from app.wiring import product
from engine.errors import DeliveryDeferred
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
