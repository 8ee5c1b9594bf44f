"""What a text gives, found without asking anybody: listed values, numbers, times, and a direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from channels.understanding.directions import DIRECTION, direction
from channels.understanding.entities import EntityFinder
from channels.understanding.times import TimeReader, TimesFound
from engine.events import Value

TIME: Final = "appointment_time"


@dataclass(frozen=True, slots=True)
class EntitiesFound:
    """What one text gives."""

    entities: dict[str, Value]
    latent: dict[str, Value]
    """What counts only where it was asked for, such as a bare "4" as a time."""
    times: TimesFound


class LocalEntities:
    """Finds entities in one language."""

    def __init__(
        self,
        entities: Mapping[str, Mapping[str, Sequence[str]]],
        *,
        language: str = "en",
        day_first: bool = False,
    ) -> None:
        """`entities`: entity -> value -> synonyms. `day_first`: whether 3/4 is the third of April."""
        self._finder = EntityFinder(entities)
        self._times = TimeReader(language, day_first=day_first)

    def find(self, text: str, now: datetime) -> EntitiesFound:
        """Everything that a text gives; `now` in the practice's zone."""
        times = self._times.read(text, now)
        entities: dict[str, Value] = self._finder.find(text)
        if (way := direction(text)) and not times.value:
            entities[DIRECTION] = way
        if times.value:
            entities[TIME] = times.value
        return EntitiesFound(entities, {TIME: times.latent} if times.latent else {}, times)
