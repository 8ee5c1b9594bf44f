"""The texts that code puts into other texts, each with the names that it fills in. Pure.

What flows.yaml says is checked against the steps that run before it. Of these nobody but the code knows what
may stand in their braces, so it is written down here; a test compares it with the code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.model import NOWHERE, place_of
from engine.nearest import nearest
from flows.template_limits import PLACE, Note

_SUMMARY = "when kind service therapist address"
_BOOKED = "request client when"
_OF_DAY = "times client kind request"
_NEXT = "when client kind request address"
_PARTS = {
    "a_client": "",
    "alert_line": "alert client phone",
    "and_more": "left",
    "answer *": "",
    "became *": "",
    "block_line": "stretch",
    "blocked_day": "",
    "blocked_line": "times",
    "booked_inside": "list",
    "booked_then": _BOOKED,
    "clash": "when left count",
    "client_with_record": "client record",
    "close_line": "relay client",
    "day_heading": "day",
    "day_line": _OF_DAY,
    "day_line_sure": _OF_DAY,
    "day_line_waiting": _OF_DAY,
    "delay_little": "",
    "delay_minutes": "minutes",
    "fewer": "count last",
    "free_days": "days",
    "history_appointment": "when kind became request",
    "history_words": "when words",
    "leave_it_out": "",
    "more_lines": "left",
    "moves_with_same": "",
    "next_available": "",
    "next_line": _NEXT,
    "next_with_address": _NEXT,
    "no_phone": "",
    "nobody_else": "",
    "not_theirs": "therapist",
    "nothing_booked_then": "",
    "one_day_first": "",
    "one_day_of_week": "",
    "one_day_only": "taken others",
    "one_time": "",
    "only_one_of_them": "last",
    "own_line": "summary",
    "own_line_*": "summary deadline",
    "record": "missed late",
    "request_line": f"{_BOOKED} phone summary",
    "send_proposal": "",
    "service_line": "service minutes about",
    "service_line_with_price": "service minutes price about",
    "several_times": "count",
    "some_days": "count",
    "some_hours": "count",
    "some_minutes": "count",
    "stretch_day": "day",
    "stretch_days": "first last",
    "stretch_hours": "day since until",
    "stretch_moments": "since until",
    "summary": _SUMMARY,
    "summary_of_move": "before summary",
    "summary_with_price": "summary price",
    "summary_with_price_each": "summary price",
    "summary_with_address": _SUMMARY,
    "summary_with_policy": "summary notice",
    "summary_with_policy_for_some": "summary notice",
    "therapist_left": "",
    "type *": "",
    "type_line": "type",
    "waiting_for": "service when",
    "when_repeated": "count dates",
    "waiting_line": "waiting",
    "with_its_move": "words when",
    "wish_any_day": "",
    "wish_days": "first last",
    "wish_hours": "start end",
    "wish_with_hours": "days hours",
}
PARTS: Mapping[str, frozenset[str]] = {key: frozenset(names.split()) for key, names in _PARTS.items()}
"""By key, or by the beginning of several keys and a star."""
_BRACE = re.compile(r"[{}]")


def check_places(texts: Mapping[str, str], note: Note) -> None:
    """Note braces that hold no name, and names that nobody fills in."""
    for key, text in texts.items():
        if _BRACE.search(PLACE.sub("", text)):
            message = f"the text `{key}` has a brace that does not hold a name"
            note(place_of(key, NOWHERE), "stray-brace", message, "write {name}, and no other braces")
        known = names_for(key)
        for name in PLACE.findall(text):
            if known is not None and name not in known:
                message = f"nothing ever fills the place `{{{name}}}` of the text `{key}`"
                note(place_of(key, NOWHERE), "unfilled-place", message, nearest(name, known))


def names_for(key: str) -> frozenset[str] | None:
    """What code fills into this text; None: it is no part of another one."""
    found = PARTS.get(key)
    if found is None:
        stars = [one for one in PARTS if one.endswith("*") and key.startswith(one[:-1])]
        found = PARTS[stars[0]] if stars else None
    return found
