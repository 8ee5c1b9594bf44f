"""What a conversation hears of news that could not be delivered for good.

Only a signal is made here: the person's own conversation decides what follows from it, under its lock.
"""

from __future__ import annotations

from engine.events import Heard
from flows.registry import NUMBERS_UNDELIVERED
from flows.reminders import NEWS_UNDELIVERED
from storage.owed import Owed
from storage.people import THERAPIST


def news_of_undelivered(owed: Owed, at: int) -> list[Heard]:
    """The one thing to be heard of it, or nothing: whoever gets no answer to their own word writes again.

    But not somebody in danger, who may be waiting for the numbers to call.
    """
    event, data = NEWS_UNDELIVERED, owed.unasked
    if is_answer_in_danger(owed):
        event, data = NUMBERS_UNDELIVERED, {}
    if data is None:
        return []
    return [
        Heard(
            key=f"undelivered:{owed.id}",
            flow=owed.flow,
            address=owed.address,
            kind="signal",
            at=at,
            event=event,
            data=data,
        )
    ]


def is_answer_in_danger(owed: Owed) -> bool:
    """Whether it tells somebody in danger whom to call; therapists are told so for others, and know."""
    return owed.is_urgent and owed.unasked is None and owed.flow != THERAPIST
