"""What a conversation hears of messages that did not leave because the person wants none.

Only signals are made here: the person's own conversation decides what follows from them, under its lock.
"""

from __future__ import annotations

from app.undelivered import is_answer_in_danger, news_of_undelivered
from engine.events import Heard
from flows.consent.screen import NEWS_WITHHELD, OPTED_OUT_ELSEWHERE, REFUSED
from storage.owed import Owed
from storage.people import THERAPIST


def news_of_withheld(owed: Owed, at: int) -> Heard:
    """A message was withheld at our own door; carries what made us say it."""
    return Heard(
        key=f"withheld:{owed.id}",
        flow=owed.flow,
        address=owed.address,
        kind="signal",
        at=at,
        event=NEWS_WITHHELD,
        data=owed.unasked or {},
    )


def news_of_refusal(owed: Owed, code: int, at: int) -> list[Heard]:
    """What follows from that: a client is phoned, and of a therapist's alert the next on call hears."""
    is_heard_of = owed.flow == THERAPIST or is_answer_in_danger(owed)
    lost = news_of_undelivered(owed, at) if is_heard_of else []
    return [news_of_opt_out(owed, code, at), *lost]


def news_of_opt_out(owed: Owed, code: int, at: int) -> Heard:
    """Twilio refused a message with this code, as the person has asked it for no more."""
    return Heard(
        key=f"refused:{owed.id}",
        flow=owed.flow,
        address=owed.address,
        kind="signal",
        at=at,
        event=OPTED_OUT_ELSEWHERE,
        data={**(owed.unasked or {}), "how": f"{REFUSED}{code}"},
    )
