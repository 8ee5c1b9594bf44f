"""Messages that were taken and came back: each is owed once more.

Either it failed for a passing reason, or it was free text outside WhatsApp's 24 hours and has to go as a
template. It was certainly not delivered, so nothing arrives twice. It keeps its name over there until it has
a new one: by it late news of the first attempt is known.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, null, or_, select, update

from engine.errors import TryAgain
from storage.database import Session
from storage.outbox import MOST_RESENT
from storage.sql import Query, Scalar, given
from storage.tables import outbox

WORTH_SECONDS = 4 * 3600
"""So long after it was owed a message is still worth sending: later, old offers only confuse."""
_PAUSE = 60 * (1 + 4 * outbox.c.resent)
"""Seconds until what failed is sent again: one minute, then five."""

_FREE_TEXT = outbox.c.template_only == 0
_HAS_ITS_NAME = or_(outbox.c.provider_sid.is_(None), outbox.c.provider_sid == given("sid"))
_HAS_NO_OTHER_NAME_YET = or_(outbox.c.provider_sid.is_(None), outbox.c.provider_sid != given("sid"))


@dataclass(frozen=True, slots=True)
class _OnceMore:
    """How a row is owed once more."""

    by_id: Query
    by_sid: Query
    under_way: Query
    """Finds the row while its sending is under way, so that the news may be of this one."""

    @classmethod
    def of(
        cls, *may: ColumnElement[bool], under_way: ColumnElement[bool], values: dict[str, object]
    ) -> _OnceMore:
        """`may`: which rows that were taken may be; `values`: what changes besides."""
        taken = (outbox.c.state.in_(["sent", "unknown"]), _HAS_ITS_NAME, *may)
        owed = values | {
            "state": "pending",
            "provider_sid": given("sid"),
            "provider_status": null(),
            "error_code": null(),
        }
        is_it = outbox.c.id == given("row")
        return cls(
            by_id=Query(update(outbox).where(is_it, *taken).values(owed)),
            by_sid=Query(update(outbox).where(outbox.c.provider_sid == given("sid"), *taken).values(owed)),
            under_way=Query(select(outbox.c.id).where(is_it, outbox.c.state == "sending", under_way)),
        )


_FAILED = _OnceMore.of(
    outbox.c.resent < MOST_RESENT,
    outbox.c.created_at > given("now") - WORTH_SECONDS,
    under_way=_HAS_NO_OTHER_NAME_YET,
    values={"next_try_at": given("now") + _PAUSE, "resent": outbox.c.resent + 1},
)
_TOO_LATE = _OnceMore.of(
    _FREE_TEXT, under_way=_FREE_TEXT, values={"next_try_at": given("now"), "template_only": 1}
)


class Returned:
    """The rows of the table `outbox` that came back."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def send_again(self, sid: str, outbox_id: int | None, now: int) -> bool:
        """It failed for a passing reason: owe it once more. Found by our number or else by theirs.

        False: unknown, known already, tried often enough, or too old. Raises TryAgain while its sending is
        still under way: the news has overtaken the answer.
        """
        return await self._owe(_FAILED, sid, outbox_id, now)

    async def send_as_template(self, sid: str, outbox_id: int | None, now: int) -> bool:
        """It was free text and came too late: owe it once more, as a template. Found likewise.

        False: unknown, or owed once more before, so that this news is of the template or repeats the old.
        Raises TryAgain as above.
        """
        return await self._owe(_TOO_LATE, sid, outbox_id, now)

    async def _owe(self, once_more: _OnceMore, sid: str, outbox_id: int | None, now: int) -> bool:
        if outbox_id is None:
            return await self._session.change(once_more.by_sid, sid=sid, now=now) > 0
        row: dict[str, Scalar] = {"row": outbox_id, "sid": sid}
        if await self._session.change(once_more.by_id, now=now, **row):
            return True
        if await self._session.fetch(once_more.under_way, **row):
            raise TryAgain("The message is still being handed over, so its news has to wait.")
        # The answer to its sending may have been written down between the two.
        return await self._session.change(once_more.by_id, now=now, **row) > 0
