"""The life of an appointment: every move from one status to another that there is, as one table.

    held ──> pending ──> confirmed ──> completed <──> no_show
              │   ^           │
              v   │           └──> moved, when its successor is confirmed
            proposed

Whatever waits can lapse, and whatever stands can be cancelled. A move is a compare-and-swap: it happens only
to an appointment whose status is one of those that the move begins from.
"""

from __future__ import annotations

from dataclasses import dataclass

WAITING = ("held", "pending", "proposed")
"""Statuses that end by themselves at `expires_at`."""
ACTIVE = (*WAITING, "confirmed")
"""Statuses that take time."""
OVER = ("completed", "no_show", "cancelled", "declined", "expired", "moved")
"""Statuses that take none."""
STATUSES = (*ACTIVE, *OVER)


@dataclass(frozen=True, slots=True)
class Move:
    """One way from some statuses to another."""

    frm: tuple[str, ...]
    to: str
    in_time: bool = False
    """Only while the hold or deadline, where there is one, is not over."""
    by: str | None = None
    """Who cancels by it."""

    @property
    def gives_time_back(self) -> bool:
        """Whether nothing is taken by it afterwards."""
        return self.to not in ACTIVE

    @property
    def is_of_what_waits(self) -> bool:
        """Whether it may begin where something waits: then all of a series make it together."""
        return bool(set(self.frm) & set(WAITING))


KEEP = Move(("held",), "held", in_time=True)
"""The client goes on deciding; the hold lasts longer."""
LET_GO = Move(("held",), "cancelled", by="client")
ASK = Move(("held",), "pending", in_time=True)
"""The client sends the request."""
BOOK = Move(("held",), "confirmed", in_time=True)
"""Likewise, where the practice has said that nobody need be asked."""
APPROVE = Move(("pending",), "confirmed", in_time=True)
DECLINE = Move(("pending",), "declined")
PROPOSE = Move(("pending",), "proposed", in_time=True)
"""The therapist offers other times instead."""
ACCEPT = Move(("proposed",), "confirmed", in_time=True)
REFUSE = Move(("proposed",), "declined", by="client")
"""None of the proposed times suits."""
WITHDRAW = Move(("pending", "proposed"), "cancelled", by="client")
LAPSE = Move(("pending", "expired"), "expired")
"""The deadline's own timer: also of what has given way since to somebody else, for nobody was told yet."""
LAPSE_UNANSWERED = Move(("proposed", "expired"), "expired")
"""Likewise, of what the client has not chosen from."""
CANCEL = Move(("pending", "proposed", "confirmed"), "cancelled", in_time=True, by="client")
CALL_OFF = Move(("pending", "proposed", "confirmed"), "cancelled", by="therapist")
GIVE_WAY = Move(("confirmed",), "moved")
"""The appointment that replaces it is confirmed."""
COMPLETE = Move(("confirmed", "no_show"), "completed")
MISS = Move(("confirmed", "completed"), "no_show")

MOVES = {
    "keep": KEEP,
    "let_go": LET_GO,
    "ask": ASK,
    "book": BOOK,
    "approve": APPROVE,
    "decline": DECLINE,
    "propose": PROPOSE,
    "accept": ACCEPT,
    "refuse": REFUSE,
    "withdraw": WITHDRAW,
    "lapse": LAPSE,
    "lapse_unanswered": LAPSE_UNANSWERED,
    "cancel": CANCEL,
    "call_off": CALL_OFF,
    "give_way": GIVE_WAY,
    "complete": COMPLETE,
    "miss": MISS,
}
"""All of them, by name: there are no others."""
