"""For how long after a person's last message WhatsApp takes free text. Afterwards it takes templates only.

WhatsApp opens 24 hours with every message and every tap of the person's, each time anew.
"""

from __future__ import annotations

FREE_SECONDS = 24 * 3600 - 600
"""Ten minutes less than WhatsApp's 24 hours: clocks differ, and a message takes a moment to get there."""


def is_open(heard_at: int | None, now: int) -> bool:
    """Whether free text may be sent `now` to somebody last heard at `heard_at`; None: never heard."""
    return heard_at is not None and now < heard_at + FREE_SECONDS
