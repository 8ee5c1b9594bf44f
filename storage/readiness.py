"""Is this database fit to be used? Asked at the start, by the health check and by the doctor.

`check` only looks. Whoever is going to seal something leaves the marks of its keys afterwards.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select, text, update

from storage.database import Session
from storage.link import NotReady, StatementRefused
from storage.revision import newest_revision
from storage.sealing import Sealer
from storage.sql import Dialect, Insert, Query, Scalar
from storage.tables import practice_settings, sealing_marks

_ADDRESSES = "addresses"

_HAS_REVISION = Query(
    text("SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'"),
    text(
        "SELECT count(*) FROM information_schema.tables "
        "WHERE table_schema = DATABASE() AND table_name = 'alembic_version'"
    ),
)
_REVISION = Query(text("SELECT version_num FROM alembic_version"))
_MODES = Query(text("SELECT @@sql_mode, @@time_zone"))
# MySQL and MariaDB call it by different names.
_ISOLATION = Query(text("SHOW VARIABLES WHERE Variable_name IN ('tx_isolation', 'transaction_isolation')"))
_TRIAL = "may this be written?"
_TRY_ADD = Insert(practice_settings)
_TRY_CHANGE = Query(update(practice_settings).where(practice_settings.c.name == _TRIAL).values(value="yes"))
_TRY_REMOVE = Query(delete(practice_settings).where(practice_settings.c.name == _TRIAL))
_ADD_MARK = Insert(sealing_marks, unless_known=True)
_MARKS = Query(select(sealing_marks.c.name, sealing_marks.c.mark))


async def check(session: Session, dialect: Dialect, sealer: Sealer) -> Mapping[str, str]:
    """The marks that programs have left; changes nothing.

    Raises NotReady or TryAgain, saying what is wrong and what to do.
    """
    await _check_revision(session)
    if dialect is Dialect.MYSQL:
        await _check_session(session)
    marks = await _marks(session)
    _check_key(marks, sealer)
    return marks


async def leave_marks(session: Session, sealer: Sealer, found: Mapping[str, str]) -> None:
    """Every key that a program had leaves its mark; every later program must have those keys too.

    `found`: the marks that `check` has seen. Raises NotReady, TryAgain.
    """
    own = {_ADDRESSES: sealer.marks[-1], **{f"key {mark[:16]}": mark for mark in sealer.marks}}
    missing: list[dict[str, Scalar]] = [
        {"name": name, "mark": mark} for name, mark in own.items() if name not in found
    ]
    if missing:
        await session.insert_all(_ADD_MARK, missing)
        # Two programs may begin at once: what is there afterwards counts.
        _check_key(await _marks(session), sealer)


async def check_rights(session: Session) -> None:
    """Try out, on a row that nobody looks at, what a program has to do. Raises NotReady.

    To be undone by the caller: in a transaction that is not committed.
    """
    try:
        await session.insert_all(_TRY_ADD, [{"name": _TRIAL, "value": ""}])
        await session.change(_TRY_CHANGE)
        await session.change(_TRY_REMOVE)
    except StatementRefused as error:
        raise NotReady(
            f"The database's user may not write to it: {error}. It needs SELECT, INSERT, UPDATE and DELETE."
        ) from None


async def _check_revision(session: Session) -> None:
    ((migrated,),) = await session.fetch(_HAS_REVISION)
    rows = await session.fetch(_REVISION) if migrated else ()
    current = rows[0][0] if rows else None
    newest = await asyncio.to_thread(newest_revision)
    if current is None:
        raise NotReady("The database has no tables yet: run `therapy-booking db upgrade`.")
    if current != newest:
        raise NotReady(
            f"The database's schema is at revision {current}, this program needs {newest}: "
            "run `therapy-booking db upgrade`."
        )


async def _check_session(session: Session) -> None:
    ((modes, zone),) = await session.fetch(_MODES)
    if "STRICT_ALL_TABLES" not in modes or zone != "+00:00":
        raise NotReady("The database does not keep strict mode and UTC: is a proxy changing sessions?")
    isolation = {level for _, level in await session.fetch(_ISOLATION)}
    if isolation != {"READ-COMMITTED"}:
        raise NotReady("The database does not keep READ COMMITTED: is a proxy changing sessions?")


def _check_key(found: Mapping[str, str], sealer: Sealer) -> None:
    """Raise NotReady unless no program was here before, or those that were had no other keys."""
    if not found:
        return
    if found[_ADDRESSES] != sealer.marks[-1] or not set(found.values()) <= set(sealer.marks):
        raise NotReady(
            "SECRET_KEY is not the key that this database was sealed with, or has lost one of its keys: "
            "put that key back; a new one goes in front of it, separated by a comma."
        )


async def _marks(session: Session) -> dict[str, str]:
    rows: Sequence[Sequence[str]] = await session.fetch(_MARKS)
    return {name: mark for name, mark in rows}  # noqa: C416  # dict() would not know their types
