"""What people agreed to and asked for, and when: evidence, to which rows are only ever added.

What holds now stands with the person (`storage/people.py`); this table tells how it came to be so. There is
no way to change or remove a row, on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from sqlalchemy import select

from storage.database import Session
from storage.sealing import Sealer
from storage.sql import Insert, Query, given
from storage.tables import consent_ledger

Kind: TypeAlias = Literal["opted_out", "opted_in", "consented"]
"""No more messages but answers; messages again; agreed to the privacy notice."""

_ADD = Insert(consent_ledger)
_OF = Query(
    select(
        consent_ledger.c.kind,
        consent_ledger.c.at,
        consent_ledger.c.how,
        consent_ledger.c.wording,
        consent_ledger.c.text_version,
        consent_ledger.c.inbox_id,
    )
    .where(consent_ledger.c.person_id == given("person"))
    .order_by(consent_ledger.c.id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One thing that somebody asked for or agreed to."""

    kind: Kind
    at: int
    """Seconds since the epoch."""
    how: str
    """`words`, `tap`, `twilio` (its Advanced Opt-Out), `error 21610` (Twilio refused a message) or
    `operator` (the practice's command)."""
    wording: str | None
    """What the person wrote, if they wrote anything."""
    text_version: str | None
    """Which version of our text they were shown: that of the notice, or of the confirmation."""
    inbox_id: int
    """The message or signal that it came with."""


class ConsentLedger:
    """The table `consent_ledger`."""

    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def add(self, person_id: int, entry: LedgerEntry) -> None:
        """Add a row, deferred."""
        await self._session.defer(
            _ADD,
            person_id=person_id,
            kind=entry.kind,
            at=entry.at,
            how=entry.how,
            wording=self._sealer.seal_optional(entry.wording),
            text_version=entry.text_version,
            inbox_id=entry.inbox_id,
        )

    async def of(self, person_id: int) -> list[LedgerEntry]:
        """All rows of a person, in order."""
        return [
            LedgerEntry(
                kind=kind,
                at=at,
                how=how,
                wording=self._sealer.open_optional(wording),
                text_version=text_version,
                inbox_id=inbox_id,
            )
            for kind, at, how, wording, text_version, inbox_id in await self._session.fetch(
                _OF, person=person_id
            )
        ]
