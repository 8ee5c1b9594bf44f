"""How soon what somebody in danger has to read is tried again: twice is better than late."""

from __future__ import annotations

PAUSES = (10, 20, 40, 60)
"""Seconds until the next try, after the first, the second and so on; the last holds from then on."""


def pause_after(tries: int) -> int:
    """Seconds until the next try at the most, after so many that came to nothing before the last one."""
    return PAUSES[min(tries, len(PAUSES) - 1)]
