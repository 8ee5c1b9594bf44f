"""What WhatsApp asks of a template and of a button, checked where its author wrote it. Pure.

The limits are those of Twilio's Content API and of WhatsApp's review of templates. Where two pages of
theirs disagree, the smaller one stands here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Protocol

from engine.model import NOWHERE, Place, place_of
from engine.nearest import nearest

PLACE = re.compile(r"\{(\w+)\}")
CATEGORIES = ("UTILITY", "MARKETING")
LONGEST_BODY = 1_024
"""Characters of a template with what fills its places."""
PLACE_ROOM = 100
"""Characters that a text has to leave for each of its places."""
MOST_VARIABLES = 100
LONGEST_TITLE = 20
"""Characters on a button."""
_WORD = re.compile(r"[^\W_]+")
_BLANKS = re.compile(r"\s{5,}")


class Note(Protocol):
    """Takes down one mistake."""

    def __call__(self, place: Place, code: str, message: str, hint: str = "") -> None:
        """Where it is, a fixed word for it, what is wrong, what to do."""


def check_titles(titles: Mapping[str, str], note: Note) -> None:
    """Note titles that no button has room for."""
    for event, title in titles.items():
        if len(title) > LONGEST_TITLE:
            message = (
                f"the title of `{event}` has {len(title)} characters, and a button takes {LONGEST_TITLE}"
            )
            note(place_of(event, NOWHERE), "long-title", message, "say it in fewer")


def check_named(
    named: Mapping[str, str], templates: Mapping[str, str], texts: Mapping[str, str], note: Note
) -> None:
    """Note templates that are no texts, of no category, or named in another file than English's."""
    for key, category in named.items():
        if named is not templates:
            message = "which texts are templates is the same in every language"
            note(place_of(key, NOWHERE), "templates-elsewhere", message, "name it in en.yaml")
        elif key not in texts:
            note(place_of(key, NOWHERE), "unknown-text", f"there is no text `{key}`", nearest(key, texts))
        if category not in CATEGORIES:
            message = f"WhatsApp knows no category `{category}` for a text with places"
            note(place_of(category, NOWHERE), "unknown-category", message, f"known: {', '.join(CATEGORIES)}")


def check_templates(
    texts: Mapping[str, str], examples: Mapping[str, str], templates: Mapping[str, str], note: Note
) -> None:
    """Note templates that WhatsApp would not approve, in one language."""
    for key, text in texts.items():
        if key not in templates:
            continue
        for code, message, hint in _faults(text):
            note(place_of(key, NOWHERE), code, f"the template `{key}` {message}", hint)
        for name in sorted(set(PLACE.findall(text)) - set(examples)):
            message = f"nothing shows WhatsApp's reviewers what fills `{name}` in the template `{key}`"
            note(place_of(key, NOWHERE), "no-example", message, f"add `{name}` under `examples`")


def _faults(text: str) -> list[tuple[str, str, str]]:
    """What is wrong with a text as a template: code, message, hint."""
    places = list(PLACE.finditer(text))
    faults = []
    length = len(PLACE.sub("", text)) + PLACE_ROOM * len(places)
    if length > LONGEST_BODY:
        message = f"takes {length} characters with {PLACE_ROOM} for each place, not {LONGEST_BODY} at most"
        faults.append(("long-template", message, "say it in fewer"))
    if _BLANKS.search(text):
        faults.append(("blanks-in-template", "has more than four blanks or line ends in a row", ""))
    if not places:
        return faults
    if len({place[1] for place in places}) > MOST_VARIABLES:
        faults.append(("many-places", f"has more than {MOST_VARIABLES} places to fill", ""))
    before, after = text[: places[0].start()], text[places[-1].end() :]
    if not (_WORD.search(before) and _WORD.search(after)):
        hint = "put a word before the first place and one behind the last"
        faults.append(("place-at-the-edge", "begins or ends with a place to fill", hint))
    if any(not text[one.end() : other.start()].strip() for one, other in pairwise(places)):
        faults.append(
            ("places-side-by-side", "has two places with nothing between them", "write a word there")
        )
    words, needed = len(_WORD.findall(PLACE.sub(" ", text))), 2 * len(places) + 1
    if words < needed:
        message = f"has {words} words besides its {len(places)} places, and needs {needed}"
        faults.append(("few-words", message, "say more, or fill in less"))
    return faults
