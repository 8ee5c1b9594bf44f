"""Finds expressions of time in a text with Duckling, in process. It settles nothing.

Duckling is given the wall clock as if it were UTC: it answers in wall time and needs no zone database.
Its `body` comes back in a broken encoding, so words are always cut from the text that was given.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckling

from channels.understanding.time_spans import Moment, Span

EARLIEST: Final = "1900"
LATEST: Final = "2200"


class Duckling:
    """Duckling for one language. Safe to use from several threads."""

    def __init__(self, language: str, *, day_first: bool) -> None:
        """`day_first`: whether 3/4 is the third of April."""
        with TemporaryDirectory() as nothing:
            self._zones = duckling.load_time_zones(nothing)
        region = "GB" if day_first else "US"
        name = f"{language.upper()}_{region}" if language == "en" else language.upper()
        fallback = duckling.default_locale_lang(duckling.parse_lang(language.upper()))
        self._locale = duckling.parse_locale(name, fallback)
        self._times = duckling.parse_dimensions(["time"])

    def spans(self, text: str, now: datetime, *, latent: bool) -> list[Span]:
        """Every expression in order. `latent`: also what is a time only where one was asked for."""
        wall = now.replace(tzinfo=UTC, microsecond=0)
        here = duckling.parse_ref_time(self._zones, "UTC", int(wall.timestamp()))
        found = duckling.parse(text, duckling.Context(here, self._locale), self._times, latent)
        return _without_doubles(filter(None, (_span(text, entity) for entity in found)))


def _span(text: str, entity: dict[str, Any]) -> Span | None:
    """Duckling's JSON -> Span; None if no reading is a time that anybody could mean."""
    value = entity["value"]
    readings = value.get("values") or [value]
    moments = tuple(_moment(reading) for reading in readings if _near(reading))
    if not moments:
        return None
    start, stop = entity["start"], entity["end"]
    return Span(start, stop, text[start:stop], moments, bool(entity.get("latent")))


def _near(reading: dict[str, Any]) -> bool:
    """Whether it lies within living memory and reach; "12000" is a year to Duckling."""
    stamps = [reading, reading.get("from"), reading.get("to")]
    values = [stamp["value"] for stamp in stamps if stamp and "value" in stamp]
    return bool(values) and all(EARLIEST <= value < LATEST and value[4] == "-" for value in values)


def _moment(reading: dict[str, Any]) -> Moment:
    if reading["type"] == "value":
        return Moment(_wall(reading), None, reading["grain"])
    begin, end = reading.get("from"), reading.get("to")
    if end is None:
        return Moment(_wall(reading["from"]), None, reading["from"]["grain"], "after")
    return Moment(_wall(begin) if begin else None, _wall(end), end["grain"], None if begin else "before")


def _wall(stamped: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(stamped["value"]).replace(tzinfo=None)


def _without_doubles(spans: Iterable[Span]) -> list[Span]:
    """One span for each place: the one with the fewest readings, which says most."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.stop, len(span.moments))):
        if not kept or span.start >= kept[-1].stop:
            kept.append(span)
    return kept
