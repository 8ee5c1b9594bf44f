"""Commands on messages in doubt: list them, have one sent again, mark one as sent. Also lists what failed.

Numbers, moments and counts only, unless the operator asks for the rest: it may end up in a log or a ticket.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

import typer

from app.clock import Clock
from app.data_store import opened_storage
from app.settings import Settings
from app.settling import STUCK_SECONDS
from engine.errors import TherapyBookingError
from storage.doubts import Doubt
from storage.lost import Lost
from storage.sealing import SealBroken
from storage.store import Storage

MOST = 1000
"""So many are listed at once; settle some, and the next ones show."""
DAY = 24 * 3600
_SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")


class NotInDoubt(TherapyBookingError):
    """There is no such message, or it is not in doubt."""


async def list_unknown(settings: Settings, *, as_json: bool, show: bool) -> None:
    """Print them, oldest first."""
    async with opened_storage(settings) as storage:
        stuck_before = Clock()() - STUCK_SECONDS
        doubts = await storage.doubts.listed(MOST, stuck_before=stuck_before)
        count = await storage.doubts.count(stuck_before=stuck_before)
        for doubt in doubts:
            told = _told(doubt) | (await _personal(storage, doubt.id) if show else {})
            line = json.dumps(told, ensure_ascii=False) if as_json else _line(told)
            typer.echo(line)
    if not as_json:
        typer.echo(_summary(count))


async def list_failed(settings: Settings, *, days: int, as_json: bool, show: bool) -> None:
    """Print what was owed within so many days and never arrived, oldest first."""
    async with opened_storage(settings) as storage:
        failed = await storage.lost.since(Clock()() - days * DAY, MOST)
        for one in failed:
            told = _failure(one) | (await _personal(storage, one.id) if show else {})
            typer.echo(json.dumps(told, ensure_ascii=False) if as_json else _line(told))
    if not as_json:
        typer.echo(f"{len(failed)} failed." if failed else "None failed.")


async def resend(settings: Settings, number: int) -> None:
    """Have one sent again. Raises NotInDoubt."""
    async with opened_storage(settings) as storage:
        now = Clock()()
        if not await storage.doubts.resend(number, now, stuck_before=now - STUCK_SECONDS):
            raise NotInDoubt(f"Message {number} is neither in doubt nor failed: nothing was changed.")
    typer.echo(f"Message {number} will be sent again.")


async def settle(settings: Settings, number: int, sid: str | None) -> None:
    """Mark one as sent. Raises NotInDoubt."""
    if sid is not None and not _SID.fullmatch(sid):
        raise NotInDoubt("A message's SID is SM or MM and 32 digits or letters from a to f.")
    async with opened_storage(settings) as storage:
        if not await storage.doubts.settle(number, sid, stuck_before=Clock()() - STUCK_SECONDS):
            raise NotInDoubt(f"Message {number} is not in doubt: nothing was changed.")
    typer.echo(f"Message {number} counts as sent.")


def _summary(count: Mapping[str, int]) -> str:
    lines = [f"{sum(count.values())} in doubt." if count else "None in doubt."]
    if stuck := count.get("sending", 0):
        lines.append(
            f"{stuck} of them still `sending`: the process that was at it has died. A running server looks "
            "for them by itself; where none runs, start it before you decide."
        )
    return "\n".join(lines)


def _told(doubt: Doubt) -> dict[str, object]:
    return {
        "id": doubt.id,
        "state": doubt.state,
        "conversation": doubt.conversation_id,
        "turn": doubt.turn,
        "owed_at": _moment(doubt.created_at),
        "begun_at": _moment(doubt.started_at),
        "begun": doubt.attempts,
        "resent": doubt.resent,
    }


def _failure(one: Lost) -> dict[str, object]:
    return {
        "id": one.id,
        "flow": one.flow,
        "conversation": one.conversation_id,
        "turn": one.turn,
        "owed_at": _moment(one.created_at),
        "begun": one.attempts,
        "code": one.error_code,
        "urgent": one.is_urgent,
    }


async def _personal(storage: Storage, number: int) -> dict[str, object]:
    try:
        owed = await storage.doubts.get(number)
    except SealBroken as error:
        return {"unreadable": str(error)}
    return {"to": owed.address, "text": owed.message.text} if owed else {}


def _line(told: dict[str, object]) -> str:
    text = str(told.pop("text", "")).replace("\n", " ")
    return "  ".join([*(f"{name}={value}" for name, value in told.items()), *([text] if text else [])])


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
