"""How long what the bot says may be: checked where it was written, made to fit when it is said. Pure.

Nothing that was said is ever dropped: a message that is too long becomes several. The limits are Twilio's and
WhatsApp's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from engine.effects import Option
from engine.model import NOWHERE, place_of
from flows.practice import SERVICE_TYPES
from flows.template_limits import LONGEST_TITLE, PLACE, PLACE_ROOM, Note

MESSAGE = 1_600
"""What one message takes, counted in UTF-16 units: there an emoji is two."""
CHOOSE = "choose"
"""The text on the button that opens a list."""
ROW_TITLE = 24
ROW_DESCRIPTION = 72
"""A title that is longer than a row is told in full as its description."""
CUT = "…"
_TITLES = {CHOOSE: LONGEST_TITLE} | {f"type {kind}": ROW_TITLE for kind in SERVICE_TYPES}
"""Texts that are titles."""
_CHOICES = MESSAGE // 2
"""All that written-out options take, but for those that are typed as they are."""
_ENDS = tuple(re.compile(end) for end in (r"\n\s*\n", r"\n", r"(?<=[.!?…])\s+", r"\s+"))
"""Where a text may be parted, the best first: paragraphs, lines, sentences, words."""


def check_lengths(texts: Mapping[str, str], note: Note) -> None:
    """Note texts that no message, button or row of a list has room for."""
    for key, text in texts.items():
        places = len(PLACE.findall(text))
        length = units(PLACE.sub("", text))
        most = _TITLES.get(key, MESSAGE)
        if length + places * (PLACE_ROOM if most == MESSAGE else 0) > most:
            left = f", and its places need {PLACE_ROOM} each" if places else ""
            message = f"the text `{key}` has {length} characters{left}: there is room for {most}"
            note(place_of(key, NOWHERE), "long-text", message, "say it in fewer")


def parted(text: str, options: Sequence[Option] = ()) -> list[str]:
    """The text as messages that each have room for it, the last one also for the options.

    Parted between paragraphs if that leaves none half empty, else between lines, sentences or words.
    """
    last = MESSAGE - _room_for(options)
    if units(text) <= last:
        return [text]
    parts, rest = [], text.strip()
    while units(rest) > last:
        head, rest = _cut_at_an_end(rest, MESSAGE if units(rest) > MESSAGE else last)
        parts.append(head)
    return [*parts, rest]


def shortened(text: str, values: Mapping[str, str], options: Sequence[Option] = ()) -> dict[str, str]:
    """The values, the longest of them cut so that the text has room for them in one message."""
    room = MESSAGE - _room_for(options) - units(PLACE.sub("", text))
    uses = PLACE.findall(text)
    for longest in (MESSAGE, *range(_CHOICES, 0, -PLACE_ROOM // 2)):
        cut = {name: _cut(value, longest) for name, value in values.items()}
        if sum(units(cut[name]) for name in uses) <= room:
            return cut
    raise AssertionError("check_lengths leaves more room for each place")


def units(text: str) -> int:
    """Length as Twilio counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _room_for(options: Sequence[Option]) -> int:
    """What options take at the most when they are written out below a text."""
    if not options:
        return 0
    offered = sum(units(option.title) + len("10. \n") for option in options if ":" not in option.id)
    typed = sum(units(option.id) + len('"" / ') for option in options if ":" in option.id)
    return min(offered, _CHOICES) + typed + len("\n\n\n↩ ")


def _cut_at_an_end(text: str, room: int) -> tuple[str, str]:
    """A beginning that fits, and the rest."""
    head = _beginning(text, room)
    for end in _ENDS:
        found = [match for match in end.finditer(text, 0, len(head) + 1) if match.start() <= len(head)]
        if found and found[-1].start() >= len(head) // 2:
            return text[: found[-1].start()], text[found[-1].end() :].lstrip()
    return head, text[len(head) :]


def _cut(text: str, room: int) -> str:
    return text if units(text) <= room else _beginning(text, room - len(CUT)).rstrip() + CUT


def _beginning(text: str, room: int) -> str:
    """As much as there is room for, without half a character."""
    return text.encode("utf-16-le", "surrogatepass")[: 2 * room].decode("utf-16-le", "ignore")
