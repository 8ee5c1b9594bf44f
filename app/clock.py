"""The time, as the whole product sees it: the real one, or one that a demonstration may move."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Tells the time in whole seconds since the epoch. It can be moved forward, never back."""

    def __init__(self, start: int | None = None, running: Callable[[], float] = time.time) -> None:
        """`start`: the time to begin at instead of now. `running`: what makes it go on by itself."""
        self._running = running
        self._offset = 0.0 if start is None else start - running()

    def __call__(self) -> int:
        """The time now."""
        return int(self._running() + self._offset)

    def advance(self, seconds: float) -> None:
        """Move it forward."""
        if seconds < 0:
            raise ValueError("A clock that goes back would let timers fire twice: it moves forward only.")
        self._offset += seconds


def standing_still() -> float:
    """What makes a clock go on by itself when nothing should: it moves only when it is advanced."""
    return 0.0
