"""The time, as the whole product sees it: the real one, or one that a demonstration may move."""

from __future__ import annotations

import time


class Clock:
    """Tells the time in whole seconds since the epoch. It can be moved forward, never back."""

    def __init__(self) -> None:
        """Begin as the real time."""
        self._ahead = 0.0
        self._standing: float | None = None

    def __call__(self) -> int:
        """The time now."""
        return int(time.time() + self._ahead if self._standing is None else self._standing)

    def stand_at(self, moment: int) -> None:
        """Stand still at a moment: from now on only `advance` moves it."""
        self._standing = moment

    def advance(self, seconds: float) -> None:
        """Move it forward."""
        if seconds < 0:
            raise ValueError("A clock that goes back would let timers fire twice: it moves forward only.")
        if self._standing is None:
            self._ahead += seconds
        else:
            self._standing += seconds
