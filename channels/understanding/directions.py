"""Whether a text asks for earlier or later times than those it has seen, or for another day. Pure; English.

It never finds a time of its own: "later today" is one, and not read here.
"""

from __future__ import annotations

import re
from typing import Final

from channels.understanding.features import tokens
from channels.understanding.fillers import FILLERS

DIRECTION: Final = "direction"
"""Its name among the entities; its value is "earlier", "later" or "another_day"."""
_EARLIER: Final = re.compile(r"\b(?:earlier|sooner|too late)\b", re.IGNORECASE)
_LATER: Final = re.compile(r"\b(?:later|too early)\b", re.IGNORECASE)
_ANOTHER_DAY: Final = re.compile(
    r"(?<!no )(?<!the )\b(?:another|other|some other|any other|different) (?:days?|dates?)\b"
    r"|\bchange the (?:day|date)\b",
    re.IGNORECASE,
)
"""But "the other day" was one."""
_DENIED: Final = re.compile(
    r"\b(?:not|no) (?:too |any |much )?(?:earlier|sooner|later|early|late)\b", re.IGNORECASE
)
_MORE: Final = """
    earlier sooner later too late early something anything else is there got go bit little much
    no even one ones times slot slots date dates day days another other different change
"""
_AROUND: Final = FILLERS | frozenset(_MORE.split())


def direction(text: str) -> str | None:
    """Which way to look from the times that were offered, if the text says."""
    if _DENIED.search(text):
        return None
    earlier, later = _EARLIER.search(text), _LATER.search(text)
    if not earlier and not later and _ANOTHER_DAY.search(text):
        return "another_day"
    if bool(earlier) == bool(later):
        return None
    return "earlier" if earlier else "later"


def only_a_direction(text: str) -> bool:
    """Whether it says next to nothing else."""
    return direction(text) is not None and {word for word in tokens(text) if word != "?"} <= _AROUND
