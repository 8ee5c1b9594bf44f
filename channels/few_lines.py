"""Keeps a flood of requests from being a flood of lines in the log. What is left out is counted, and told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

MOST_LINES = 10
"""So many of one kind within the window are written."""
SECONDS = 60
"""How long the window lasts that the first of them opens."""


@dataclass(slots=True)
class _Window:
    began: float
    lines: int = 0
    left_out: int = 0


class FewLines:
    """Tells whether one more line may be written."""

    def __init__(self, now: Callable[[], float]) -> None:
        """`now`: in seconds; from when does not matter."""
        self._now = now
        self._windows: dict[str, _Window] = {}

    def may(self, kind: str) -> int | None:
        """How many of this kind were left out since the last line of it; None: leave this one out, too.

        `kind`: one of few, for each is remembered.
        """
        now = self._now()
        window = self._windows.get(kind)
        if window is None or now - window.began >= SECONDS:
            window = self._windows[kind] = _Window(now, left_out=window.left_out if window else 0)
        if window.lines >= MOST_LINES:
            window.left_out += 1
            return None
        window.lines += 1
        left_out, window.left_out = window.left_out, 0
        return left_out
