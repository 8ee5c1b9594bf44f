"""Twilio's sandbox: who has joined it, for how long, and how little it carries.

Assumed: that the webhook never hears of `join` and `stop`, and with which code Twilio reports a message that
came too soon after another. Documented are the three days, the one message in three seconds, and 63015.
"""

from __future__ import annotations

MEMBERSHIP_SECONDS = 3 * 24 * 3600
PAUSE_SECONDS = 3.0
NOT_JOINED = 63015
TOO_FAST = 63018


class Sandbox:
    """What `join two-words` opens and `stop` closes again; it takes one message in three seconds."""

    def __init__(self, code: str = "calm-river") -> None:
        """`code`: the two words of this account's sandbox."""
        self._code = code
        self._joined: dict[str, float] = {}
        self._free_at = 0.0

    def hears(self, body: str, from_: str, now: float) -> bool:
        """Whether a message is the sandbox's own; the webhook does not hear of it then."""
        said = body.strip().lower()
        if said == f"join {self._code}":
            self._joined[from_] = now
            return True
        if said == "stop":
            self._joined.pop(from_, None)
            return True
        return said.startswith("join ") and said.count("-") == 1  # of another sandbox: nothing comes of it

    def why_undelivered(self, to: str, now: float) -> int | None:
        """The code of a message to this person at this moment, or None where it arrives."""
        if now >= self._joined.get(to, -MEMBERSHIP_SECONDS) + MEMBERSHIP_SECONDS:
            return NOT_JOINED
        if now < self._free_at:
            return TOO_FAST
        self._free_at = now + PAUSE_SECONDS
        return None
