"""What was made in WhatsApp beforehand: templates, and the bodies of messages with buttons and lists.

Each was made once, under a name that tells what is in it, so that another text is another row. Nothing is
made from here, and no row holds anything about a person.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import select, update

from storage.database import Session
from storage.sql import Insert, Query, Row, Scalar, given
from storage.tables import contents

APPROVED = "approved"
UNSUBMITTED = "unsubmitted"
GONE = "gone"
"""Our own word for what somebody deleted over there: the next push makes it anew."""

_COLUMNS = (
    contents.c.name,
    contents.c.sid,
    contents.c.kind,
    contents.c.text_key,
    contents.c.language,
    contents.c.places,
    contents.c.buttons,
    contents.c.approval,
    contents.c.reason,
    contents.c.created_at,
    contents.c.body,
)
_ADD = Insert(contents)
_ALL = Query(select(*_COLUMNS).order_by(contents.c.id))
_RENEW = Query(
    update(contents)
    .where(contents.c.name == given("content"))
    .values(sid=given("sid"), approval=given("approval"), reason=given("reason"))
)
_JUDGE = Query(
    update(contents)
    .where(contents.c.name == given("content"))
    .values(approval=given("approval"), reason=given("reason"))
)
_WORD = Query(update(contents).where(contents.c.name == given("content")).values(body=given("words")))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredContent:
    """One content that was made."""

    name: str
    """Unique for ever, and different for different words."""
    sid: str
    """Twilio's name of it, HX and 32 digits and letters."""
    kind: str
    """`template`; or for use within 24 hours `buttons`, `list`, `described` (a list with descriptions)."""
    text_key: str = ""
    """The text that a template is made of."""
    language: str
    places: tuple[str, ...] = ()
    """What a template's variables stand for, in order: the places of its text."""
    buttons: tuple[str, ...] = ()
    """The events that a template's buttons mean; for the others one empty word for each option."""
    approval: str = UNSUBMITTED
    """As WhatsApp calls it: `unsubmitted`, `received`, `pending`, `approved`, `rejected`, `paused`, ..."""
    reason: str = ""
    """Why it was rejected, if WhatsApp said so."""
    created_at: int
    body: str = ""
    """The words of a template, with `{{1}}`, `{{2}}`, ... for its places; empty where nobody knows them."""

    @property
    def is_there(self) -> bool:
        """Whether it was not deleted, as far as we know."""
        return self.approval != GONE

    @property
    def is_approved(self) -> bool:
        """Whether it may be sent at any time."""
        return self.approval == APPROVED


class Contents:
    """The table `contents`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def keep(self, content: StoredContent) -> None:
        """Keep one that was made. Of a known name, which was made anew, only what it is called over there."""
        row: dict[str, Scalar] = {
            "name": content.name,
            "sid": content.sid,
            "kind": content.kind,
            "text_key": content.text_key,
            "language": content.language,
            "places": json.dumps(content.places),
            "buttons": json.dumps(content.buttons),
            "approval": content.approval,
            "reason": content.reason,
            "created_at": content.created_at,
            "body": content.body or None,
        }
        async with self._session.atomically() as session:
            known = {"content": content.name, "sid": content.sid}
            if not await session.change(_RENEW, approval=content.approval, reason=content.reason, **known):
                await session.insert_all(_ADD, [row])

    async def judged(self, name: str, approval: str, reason: str = "") -> None:
        """Keep what WhatsApp says of one."""
        await self._session.change(_JUDGE, content=name, approval=approval, reason=reason[:500])

    async def worded(self, name: str, body: str) -> None:
        """Keep the words of a template that were not known."""
        await self._session.change(_WORD, content=name, words=body)

    async def all(self) -> list[StoredContent]:
        """Every one that was made, the oldest first."""
        return [_stored(row) for row in await self._session.fetch(_ALL)]


def _stored(row: Row) -> StoredContent:
    name, sid, kind, text_key, language, places, buttons, approval, reason, created_at, body = row
    return StoredContent(
        name=name,
        sid=sid,
        kind=kind,
        text_key=text_key,
        language=language,
        places=tuple(json.loads(places)),
        buttons=tuple(json.loads(buttons)),
        approval=approval,
        reason=reason,
        created_at=created_at,
        body=body or "",
    )
