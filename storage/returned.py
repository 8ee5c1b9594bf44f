"""Messages that came back: free text that was taken, and then found to be outside WhatsApp's 24 hours.

Each is owed once more, to go as a template. It was certainly not delivered, so nothing is sent twice.
"""

from __future__ import annotations

from sqlalchemy import null, or_, select, update

from engine.errors import TryAgain
from storage.database import Session
from storage.sql import Query, given
from storage.tables import outbox

_FREE_TEXT = outbox.c.template_only == 0
_TAKEN = (
    _FREE_TEXT,
    outbox.c.state.in_(["sent", "unknown"]),
    or_(outbox.c.provider_sid.is_(None), outbox.c.provider_sid == given("sid")),
)
# It keeps its name over there until it has a new one: by it late news of the first sending is known.
_AGAIN: dict[str, object] = {
    "state": "pending",
    "template_only": 1,
    "next_try_at": given("at"),
    "provider_sid": given("sid"),
    "provider_status": null(),
    "error_code": null(),
}
_AGAIN_BY_ID = Query(update(outbox).where(outbox.c.id == given("row"), *_TAKEN).values(_AGAIN))
_AGAIN_BY_SID = Query(update(outbox).where(outbox.c.provider_sid == given("sid"), *_TAKEN).values(_AGAIN))
_UNDER_WAY = Query(
    select(outbox.c.id).where(outbox.c.id == given("row"), _FREE_TEXT, outbox.c.state == "sending")
)


class Returned:
    """The rows of the table `outbox` that came back."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def send_as_template(self, sid: str, outbox_id: int | None, at: int) -> bool:
        """Owe it once more, found by our number or else by theirs.

        False: unknown, or owed once more before, so that this news is of the template or repeats the old.
        Raises TryAgain while its sending is still under way: the news has overtaken the answer.
        """
        if outbox_id is None:
            return await self._session.change(_AGAIN_BY_SID, at=at, sid=sid) > 0
        if await self._session.change(_AGAIN_BY_ID, at=at, sid=sid, row=outbox_id):
            return True
        if await self._session.fetch(_UNDER_WAY, row=outbox_id):
            raise TryAgain("The message is still being handed over, so its news has to wait.")
        # The answer to its sending may have been written down between the two.
        return await self._session.change(_AGAIN_BY_ID, at=at, sid=sid, row=outbox_id) > 0
