"""Contents as Twilio's Content API takes them, and what fills them when a message is sent. Pure.

The limits are Twilio's. What a person wrote is made to fit here; what an author wrote was checked before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.effects import Option

BODY = 1_024
"""Characters of a message with buttons or a list, and of a template."""
MOST_BUTTONS = 3
MOST_ROWS = 10
BUTTON_TITLE = 20
ROW_TITLE = 24
ROW_DESCRIPTION = 72
LONGEST_ID = 128
VALUE = 300
"""Characters of what fills one place of a template at the most; fewer where several would not fit."""
STEP = 20
JOINT = " · "
"""Stands where a line ended: a variable holds one line."""
NOTHING_THERE = "–"
"""Stands where there is nothing to fill in: a variable cannot be empty."""
CUT = "…"
_LINE_END = re.compile(r"\s*\n\s*")
_BLANKS = re.compile(r"\s+")
_VARIABLE = re.compile(r"\{\{(\d+)\}\}")

Payload = dict[str, object]


@dataclass(frozen=True, slots=True)
class Content:
    """Something made beforehand, and what fills it this time."""

    sid: str
    variables: Mapping[str, str]
    """By their numbers: `1`, `2`, ..."""
    replaceable: bool = False
    """Whether plain words would do as well."""


def template_payload(
    name: str, language: str, body: str, titles: Sequence[str], examples: Sequence[str]
) -> Payload:
    """A template: its buttons say the same each time, and the id of each is a variable behind the others."""
    ids = {str(len(examples) + number): f"option:{number}" for number in range(1, len(titles) + 1)}
    variables = numbered(examples) | ids
    if not titles:
        return _payload(name, language, variables, "twilio/text", {"body": body})
    actions = [_button(title, f"{{{{{number}}}}}") for title, number in zip(titles, ids, strict=True)]
    return _payload(name, language, variables, "twilio/quick-reply", {"body": body, "actions": actions})


def frame_payload(name: str, language: str, kind: str, count: int, choose: str) -> Payload:
    """A body with so many options, all of it variable: text, then for each option title, id, description."""
    width = _width(kind)
    cells = [str(number) for number in range(2, 2 + count * width)]
    rows = [cells[at : at + width] for at in range(0, len(cells), width)]
    variables = {"1": "When would suit you?", **dict.fromkeys(cells, "option")}
    if kind == "buttons":
        actions = [_button(f"{{{{{title}}}}}", f"{{{{{id_}}}}}") for title, id_ in rows]
        return _payload(
            name, language, variables, "twilio/quick-reply", {"body": "{{1}}", "actions": actions}
        )
    names = ("item", "id", "description")
    items = [{key: f"{{{{{cell}}}}}" for key, cell in zip(names, row, strict=False)} for row in rows]
    listed = {"body": "{{1}}", "button": choose, "items": items}
    return _payload(name, language, variables, "twilio/list-picker", listed)


def fill_template(body: str, values: Iterable[str], options: Sequence[Option]) -> dict[str, str]:
    """The variables of a template: what fills its places in order, then the ids of its buttons.

    Values are cut so that the body has room for them; of a `body` that nobody knows it is empty here.
    """
    lines = [one_line(value) for value in values]
    filled, longest = lines, VALUE
    while longest > 0:
        filled = [cut(line, longest) for line in lines]
        if len(rendered(body, numbered(filled))) <= BODY:
            break
        longest -= STEP
    return numbered([*filled, *(option.id for option in options)])


def rendered(body: str, variables: Mapping[str, str]) -> str:
    """The words that Twilio makes of a template's body."""
    return _VARIABLE.sub(lambda place: variables.get(place[1], place[0]), body)


def fill_frame(text: str, options: Sequence[Option]) -> tuple[str, dict[str, str]] | None:
    """Which kind of frame fits, and its variables; None where only plain text does."""
    body = one_line(text)
    ids = [option.id for option in options]
    if not options or len(body) > BODY or max(map(len, ids)) > LONGEST_ID or len(options) > MOST_ROWS:
        return None
    titles = [one_line(option.title) for option in options]
    if len(options) <= MOST_BUTTONS and len({*titles}) == len(titles) and _fit(titles, BUTTON_TITLE):
        return "buttons", numbered([body, *_cells(titles, ids)])
    if _fit(titles, ROW_TITLE) and len({*titles}) == len(titles):
        return "list", numbered([body, *_cells(titles, ids)])
    short = [cut(title, ROW_TITLE) for title in titles]
    if len({*short}) < len(short) or not _fit(titles, ROW_DESCRIPTION):
        return None
    return "described", numbered([body, *_cells(short, ids, titles)])


def one_line(text: str) -> str:
    """As a variable takes it: one line, without rows of blanks, and never empty."""
    joined = _BLANKS.sub(" ", _LINE_END.sub(JOINT, text.strip()))
    return joined or NOTHING_THERE


def cut(text: str, room: int) -> str:
    """The beginning of a text, with a mark where it ends."""
    return text if len(text) <= room else text[: room - len(CUT)].rstrip() + CUT


def numbered(values: Iterable[str]) -> dict[str, str]:
    """By their numbers, from 1."""
    return {str(number): value for number, value in enumerate(values, 1)}


def _width(kind: str) -> int:
    """How many variables each option takes."""
    return 3 if kind == "described" else 2


def _fit(titles: Iterable[str], room: int) -> bool:
    return all(len(title) <= room for title in titles)


def _cells(*columns: Sequence[str]) -> list[str]:
    return [cell for row in zip(*columns, strict=True) for cell in row]


def _button(title: str, id_: str) -> dict[str, str]:
    return {"type": "QUICK_REPLY", "title": title, "id": id_}


def _payload(name: str, language: str, variables: Mapping[str, str], kind: str, inner: object) -> Payload:
    return {
        "friendly_name": name,
        "language": language,
        "variables": dict(variables),
        "types": {kind: inner},
    }
