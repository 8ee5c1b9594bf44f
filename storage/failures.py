"""Messages that were taken and then failed for a passing reason: they are owed once more.

Such a message was certainly not delivered, so nothing arrives twice. It keeps its name over there until it
has a new one: by it late news of the first attempt is known.
"""

from __future__ import annotations

from sqlalchemy import null, or_, select, update

from engine.errors import TryAgain
from storage.database import Session
from storage.outbox import MOST_RESENT
from storage.sql import Query, given
from storage.tables import outbox

WORTH_SECONDS = 4 * 3600
"""So long after it was owed a message is still worth sending: later, old offers only confuse."""
_PAUSE = 60 * (1 + 4 * outbox.c.resent)
"""Seconds until it is sent again: one minute, then five."""

_FAILED = (
    outbox.c.state.in_(["sent", "unknown"]),
    or_(outbox.c.provider_sid.is_(None), outbox.c.provider_sid == given("sid")),
    outbox.c.resent < MOST_RESENT,
    outbox.c.created_at > given("worth"),
)
_AGAIN: dict[str, object] = {
    "state": "pending",
    "next_try_at": given("now") + _PAUSE,
    "resent": outbox.c.resent + 1,
    "provider_sid": given("sid"),
    "provider_status": null(),
    "error_code": null(),
}
_BY_ID = Query(update(outbox).where(outbox.c.id == given("row"), *_FAILED).values(_AGAIN))
_BY_SID = Query(update(outbox).where(outbox.c.provider_sid == given("sid"), *_FAILED).values(_AGAIN))
_UNDER_WAY = Query(
    select(outbox.c.id).where(
        outbox.c.id == given("row"),
        outbox.c.state == "sending",
        or_(outbox.c.provider_sid.is_(None), outbox.c.provider_sid != given("sid")),
    )
)


class Failures:
    """The rows of the table `outbox` that failed after they were taken."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def send_again(self, sid: str, outbox_id: int | None, now: int) -> bool:
        """Owe it once more, found by our number or else by theirs.

        False: unknown, known already, tried often enough, or too old. Raises TryAgain while its sending is
        still under way: the news has overtaken the answer.
        """
        if outbox_id is None:
            return await self._session.change(_BY_SID, sid=sid, now=now, worth=now - WORTH_SECONDS) > 0
        if await self._session.change(_BY_ID, row=outbox_id, sid=sid, now=now, worth=now - WORTH_SECONDS):
            return True
        if await self._session.fetch(_UNDER_WAY, row=outbox_id, sid=sid):
            raise TryAgain("The message is still being handed over, so its news has to wait.")
        # The answer to its sending may have been written down between the two.
        return (
            await self._session.change(_BY_ID, row=outbox_id, sid=sid, now=now, worth=now - WORTH_SECONDS) > 0
        )
