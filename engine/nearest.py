"""The nearest right name for a wrong one: the most useful part of an error message."""

from __future__ import annotations

import difflib
from collections.abc import Collection

A_LINEFUL = 12


def nearest(name: str, known: Collection[str]) -> str:
    """A hint with the likeliest right name, or with all of them when they fit on a line."""
    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"known: {', '.join(sorted(known))}" if 0 < len(known) <= A_LINEFUL else ""
