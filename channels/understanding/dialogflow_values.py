"""Dialogflow's parameters -> our entities. Pure, and forgiving: shapes differ between agents and versions.

Every number arrives as a float, every date as a structure without an offset: wall time in the zone asked for.
Whatever the structure holds, nothing here raises; what cannot be read is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from channels.understanding.dialogflow_times import time_value
from channels.understanding.directions import DIRECTION
from channels.understanding.local_entities import TIME, TOGETHER, WITHOUT
from channels.understanding.repetitions import REPETITION
from engine.events import Value

_ONLY_LOCAL: Final = ("weekdays", "order", "that_week", "shift")
"""What Dialogflow has no shape for: "not on Monday", "as soon as possible", "a day later"."""


def plain(struct: Any) -> dict[str, Any]:  # noqa: ANN401  # protobuf is untyped
    """A protobuf `Struct` as Python values; the library's own conversion raises for NaN and infinity."""
    return {name: _plain_value(value) for name, value in struct.fields.items()}


def _plain_value(value: Any) -> Any:  # noqa: ANN401  # as above
    match value.WhichOneof("kind"):
        case "struct_value":
            return plain(value.struct_value)
        case "list_value":
            return [_plain_value(item) for item in value.list_value.values]
        case "number_value":
            return value.number_value if math.isfinite(value.number_value) else None
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
    return None


def entity_values(
    parameters: Mapping[str, Any], names: Mapping[str, str], now: datetime, text: str = ""
) -> dict[str, Value]:
    """Our entities by our names; what Dialogflow left out or made unreadable is left out.

    `names`: Dialogflow's name of each entity -> ours; our own names are understood, too. `text`: what was
    written, if it is English; it tells whether am or pm was said.
    """
    found: dict[str, Value] = {}
    for given, raw in parameters.items():
        name = names.get(given, given)
        value = time_value(raw, now, text) if name == TIME else _word(raw)
        if value is not None:
            found[name] = value
    return found


def completed(theirs: Mapping[str, Value], local: Mapping[str, Value]) -> dict[str, Value]:
    """Dialogflow's entities, and what it left out as it was found here.

    It tells the parameters of the intent that it matched and no others: of "yes, at home" it may know the yes
    alone. Of "not on Monday" it tells Monday.
    """
    entities = {**local, **theirs}
    here = local.get(TIME)
    if isinstance(here, dict) and any(here.get(part) for part in _ONLY_LOCAL):
        entities[TIME] = here
    # Of "every Tuesday for six weeks" it may have taken six weeks for a time, of two days it tells any, and
    # of "not next week" it tells next week.
    if local.keys() & {REPETITION, TOGETHER, WITHOUT}:
        entities.pop(TIME, None)
        entities |= {TIME: here} if here else {}
    if TIME in entities:
        entities.pop(DIRECTION, None)
    return entities


def _word(raw: Any) -> Value:  # noqa: ANN401  # JSON
    """A canonical value; of several the first, of a structure its original words."""
    if isinstance(raw, list):
        return next((word for word in map(_word, raw) if word is not None), None)
    if isinstance(raw, dict):
        return _word(raw.get("original") or raw.get("name"))
    if isinstance(raw, float) and raw.is_integer():
        return str(int(raw))
    return None if isinstance(raw, bool) or raw in (None, "") else str(raw)
