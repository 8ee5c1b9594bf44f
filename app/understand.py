"""What the classifier makes of single texts, as JSON lines: for measuring, and for finding out why.

There is no conversation here, so no state narrows the choice; only `expects` tells what was asked for.
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterable
from datetime import datetime

from engine.classifier import Classifier
from engine.errors import TherapyBookingError
from engine.events import NOTHING, Reading, Value, Values
from engine.narrow import LOW, NONE_OF_THESE
from engine.vocabulary import Vocabulary

TIME = "appointment_time"
NOBODY = "understand"
"""These texts come from no client; this stands where the hash of an address would."""


class BadLine(TherapyBookingError):
    """A line is not a JSON object with a `text`."""


async def understand_lines(
    classifier: Classifier, vocabulary: Vocabulary, lines: Iterable[str], now: datetime
) -> AsyncIterator[str]:
    """One line of JSON for each line; empty ones are skipped, one that asks nothing is answered with `error`.

    `now` is aware and in the practice's zone.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            text, expects = _asked(line, number)
        except BadLine as error:
            yield json.dumps({"error": str(error)}, ensure_ascii=False)
            continue
        began = time.perf_counter()
        reading = await classifier.read(text, now=now, address_hash=NOBODY)
        milliseconds = round((time.perf_counter() - began) * 1000, 2)
        yield json.dumps(
            {**_understood(vocabulary, text, expects, reading), "ms": milliseconds}, ensure_ascii=False
        )


def _asked(line: str, number: int) -> tuple[str, list[str]]:
    try:
        asked = json.loads(line)
        text, expects = asked["text"], asked.get("expects") or []
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadLine(f'line {number}: expected {{"text": "…", "expects": [...]}}') from error
    if not isinstance(text, str) or not isinstance(expects, list):
        raise BadLine(f"line {number}: `text` must be text and `expects` a list")
    return text, [str(name) for name in expects]


def chosen(vocabulary: Vocabulary, text: str, reading: Reading) -> tuple[str, float, Values]:
    """Intent, confidence and values: of a command, an exact word, or of the reading."""
    if found := vocabulary.command(text, vocabulary.intents):
        command, values = found
        return command.event, 1.0, values
    if intent := vocabulary.exact(text):
        return intent, 1.0, NOTHING
    return reading.intent or NONE_OF_THESE, reading.confidence, NOTHING


def _understood(vocabulary: Vocabulary, text: str, expects: list[str], reading: Reading) -> dict[str, Value]:
    entities: dict[str, Value] = dict(reading.entities)
    for name in expects:
        if name not in entities and name in reading.latent:
            entities[name] = reading.latent[name]
    intent, confidence, values = chosen(vocabulary, text, reading)
    entities |= values
    when = entities.get(TIME)
    return {
        "intent": intent if confidence >= LOW else NONE_OF_THESE,
        "confidence": round(confidence, 4),
        "entities": entities,
        TIME: _time(when) if isinstance(when, dict) else None,
    }


def _time(value: dict[str, Value]) -> dict[str, Value]:
    """Day, time, and where it ends: a time of day for a stretch of hours, a day for one of days."""
    return {
        "date": value.get("date"),
        "time": value.get("time"),
        "end": value.get("until_date") or value.get("until"),
    }
