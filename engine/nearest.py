"""What was probably meant: the nearest right name for a wrong one, and words with a slip in them."""

from __future__ import annotations

import difflib
from collections.abc import Collection

A_LINEFUL = 12


def one_slip(word: str, other: str) -> bool:
    """Whether one letter is wrong, missing, added or exchanged with the next."""
    if abs(len(word) - len(other)) > 1:
        return False
    start = next((n for n, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), None)
    if start is None:
        return len(word) != len(other)
    mine, theirs = word[start:], other[start:]
    swapped = mine[:2] == theirs[1::-1] and mine[2:] == theirs[2:]
    return swapped or mine[1:] == theirs[1:] or mine[1:] == theirs or mine == theirs[1:]


def closest(name: str, known: Collection[str]) -> str | None:
    """The likeliest right name, if one is near."""
    return next(iter(difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5)), None)


def nearest(name: str, known: Collection[str]) -> str:
    """A hint with the likeliest right name, or with all of them when they fit on a line."""
    if close := closest(name, known):
        return f"did you mean `{close}`?"
    return f"known: {', '.join(sorted(known))}" if 0 < len(known) <= A_LINEFUL else ""
