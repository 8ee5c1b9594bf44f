"""What the rest of the product knows of a classifier: text in, `Reading` out. A protocol only."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from engine.events import Reading


class Classifier(Protocol):
    """Finds intents and entities in a text. It knows nothing of states and decides nothing."""

    @property
    def name(self) -> str:
        """Written to the journal with every reading."""

    @property
    def paid(self) -> bool:
        """True if every call costs money, so that it is asked only when nothing else can tell."""

    async def read(self, text: str, *, now: datetime, address_hash: str) -> Reading:
        """Every intent with its confidence, and the entities found.

        `now` is aware and in the practice's time zone. `address_hash` tells people apart without
        telling who they are. Raises `ReadingUnavailable` when it cannot answer.
        """
