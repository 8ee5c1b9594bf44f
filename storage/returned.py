"""Messages that came back: taken by the other side, and not delivered. Each is owed once more.

Free text that came after WhatsApp's 24 hours goes once more as a template; what failed for a passing reason
goes once more as it is. It was certainly not delivered, so nothing arrives twice.

The news may come before the answer to the sending, which then changes nothing any more, or when the message
has been looked for in vain and waits to be sent again.
"""

from __future__ import annotations

from sqlalchemy import case, null, or_, update

from engine.effects import Attempt
from storage.database import Session
from storage.outbox import IS_NEWS, MOST_RESENT, MOST_RESENT_URGENT, RECEIVED
from storage.sql import Query, Scalar, given
from storage.tables import outbox

WORTH_SECONDS = 4 * 3600
"""So long after it was owed a message is still worth sending again: later, old offers only confuse."""

_WAITS = outbox.c.state == "pending"
_PAUSE = case((outbox.c.urgent == 1, 5), else_=60) * (1 + 4 * outbox.c.resent)
"""Seconds until it is sent again: one minute, then five; of what is urgent 5 seconds, then 25, 45 and 65."""

# What somebody has received cannot have failed, whichever report comes last.
_NOT_RECEIVED = or_(outbox.c.provider_status.is_(None), outbox.c.provider_status.not_in(RECEIVED))
_BY_ATTEMPT = (*IS_NEWS, _NOT_RECEIVED, outbox.c.state.in_(["sent", "sending", "unknown", "pending"]))
_BY_NAME = (outbox.c.provider_sid == given("sid"), _NOT_RECEIVED, outbox.c.state == "sent")
_OWED_AGAIN: dict[str, object] = {
    "state": "pending",
    "provider_sid": given("sid"),
    "provider_status": null(),
    "error_code": null(),
}

_WAS_FREE_TEXT = outbox.c.template_only == 0
_AS_TEMPLATE = _OWED_AGAIN | {"template_only": 1, "next_try_at": given("at")}
_AS_TEMPLATE_BY_ATTEMPT = Query(update(outbox).where(*_BY_ATTEMPT, _WAS_FREE_TEXT).values(_AS_TEMPLATE))
_AS_TEMPLATE_BY_NAME = Query(update(outbox).where(*_BY_NAME, _WAS_FREE_TEXT).values(_AS_TEMPLATE))

# One that waits to be sent again, because nobody found it, waits already: this is no further attempt.
_IS_WORTH_IT = (
    or_(_WAITS, outbox.c.resent < case((outbox.c.urgent == 1, MOST_RESENT_URGENT), else_=MOST_RESENT)),
    outbox.c.created_at > given("worth"),
)
# In this order: MySQL reads a column as it has just been set.
_AS_IT_IS = (
    ("next_try_at", given("now") + _PAUSE),
    ("resent", case((_WAITS, outbox.c.resent), else_=outbox.c.resent + 1)),
    *_OWED_AGAIN.items(),
)
_AS_IT_IS_BY_ATTEMPT = Query(update(outbox).where(*_BY_ATTEMPT, *_IS_WORTH_IT).ordered_values(*_AS_IT_IS))
_AS_IT_IS_BY_NAME = Query(update(outbox).where(*_BY_NAME, *_IS_WORTH_IT).ordered_values(*_AS_IT_IS))


class Returned:
    """The rows of the table `outbox` that came back, found by our name of the attempt or else by theirs."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def send_as_template(self, sid: str, attempt: Attempt | None, at: int) -> bool:
        """Owe free text once more, as a template.

        False: unknown, or owed as one before, so that this news is of the template or repeats the old.
        """
        if attempt is None:
            return await self._session.change(_AS_TEMPLATE_BY_NAME, at=at, sid=sid) > 0
        row, number = attempt
        found = await self._session.change(_AS_TEMPLATE_BY_ATTEMPT, at=at, sid=sid, row=row, attempt=number)
        return found > 0

    async def send_again(self, sid: str, attempt: Attempt | None, now: int) -> bool:
        """Owe it once more after a pause. False: unknown, known already, tried often enough, or too old."""
        news: dict[str, Scalar] = {"sid": sid, "now": now, "worth": now - WORTH_SECONDS}
        if attempt is None:
            return await self._session.change(_AS_IT_IS_BY_NAME, **news) > 0
        row, number = attempt
        return await self._session.change(_AS_IT_IS_BY_ATTEMPT, **news, row=row, attempt=number) > 0
