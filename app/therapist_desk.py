"""Commands about therapists: set the PIN behind which clients' words are, list who has read them.

Codes, numbers and moments only; a PIN is read without being shown, and kept as its hash.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime

import typer

from app.clock import Clock
from app.data_store import opened_storage
from app.settings import Settings
from engine.errors import TherapyBookingError
from storage.access_log import Access

PAGE = 500
_PIN = re.compile(r"\d{6,12}", re.ASCII)


class NoSuchTherapist(TherapyBookingError):
    """The practice has no therapist of this code."""


class BadPin(TherapyBookingError):
    """This cannot be a PIN: it has six to twelve digits."""


def typed_pin() -> str:
    """The PIN, typed twice where somebody types, or one line of what is piped in. Raises BadPin."""
    if sys.stdin.isatty():
        pin: str = typer.prompt("PIN", hide_input=True, confirmation_prompt=True)
    else:
        pin = sys.stdin.readline()
    if not _PIN.fullmatch(pin.strip()):
        raise BadPin
    return pin.strip()


async def set_pin(settings: Settings, code: str, pin: str) -> None:
    """Set a therapist's PIN. Raises NoSuchTherapist."""
    async with opened_storage(settings) as storage:
        practice = await storage.practice.read()
        therapists = practice.therapists if practice else ()
        found = next((one for one in therapists if one.code == code), None)
        if found is None:
            known = ", ".join(one.code for one in therapists) or "none; load a practice first"
            raise NoSuchTherapist(f"The practice has no therapist `{code}`. Known: {known}.")
        await storage.pins.set(found.id, pin, Clock()())
    typer.echo(f"The PIN of {code} is set. Tell them by another way than WhatsApp.")


async def list_reads(settings: Settings, *, as_json: bool) -> None:
    """Print who has read which client's words, and when, oldest first."""
    count, last = 0, 0
    async with opened_storage(settings) as storage:
        while page := await storage.access_log.listed(last, PAGE):
            for one in page:
                typer.echo(_line(one, as_json=as_json))
            count, last = count + len(page), page[-1].id
    if not as_json:
        typer.echo(f"{count} reads." if count else "Nobody has read anything.")


def _line(one: Access, *, as_json: bool) -> str:
    told = {
        "at": datetime.fromtimestamp(one.at, UTC).isoformat().replace("+00:00", "Z"),
        "therapist": one.code or f"#{one.person_id}",
        "client": one.client_id,
        "what": one.what,
    }
    return json.dumps(told) if as_json else "  ".join(f"{name}={value}" for name, value in told.items())
