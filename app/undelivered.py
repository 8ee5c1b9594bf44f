"""What a conversation hears of news that could not be delivered for good.

Only a signal is made here: the person's own conversation decides what follows from it, under its lock.
"""

from __future__ import annotations

from engine.events import Heard
from flows.reminders import NEWS_UNDELIVERED
from storage.owed import Owed


def news_of_undelivered(owed: Owed, at: int) -> list[Heard]:
    """The one thing to be heard of it, or nothing: whoever gets no answer to their own word writes again."""
    if owed.unasked is None:
        return []
    return [
        Heard(
            key=f"undelivered:{owed.id}",
            flow=owed.flow,
            address=owed.address,
            kind="signal",
            at=at,
            event=NEWS_UNDELIVERED,
            data=owed.unasked,
        )
    ]
