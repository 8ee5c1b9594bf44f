"""Commands on what somebody wants to hear of us: show it, opt them out, opt them in.

Nothing is changed here: the person's own conversation hears of it, under its lock, and writes the ledger.
No number and no words are printed unless the operator asks: it may end up in a log or a ticket.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import typer

from app.clock import Clock
from app.data_store import opened_storage
from app.settings import Settings
from engine.errors import TherapyBookingError
from engine.events import Heard
from flows.consent.screen import OPTED_IN_ELSEWHERE, OPTED_OUT_ELSEWHERE
from storage.consent_ledger import LedgerEntry
from storage.people import ROLES, Person
from storage.store import Storage

OPERATOR = "operator"
"""How the ledger says it."""
_NUMBER = re.compile(r"\+\d{6,15}")


class NobodyThere(TherapyBookingError):
    """The number is none, or nobody who has it is known."""


async def show_consent(settings: Settings, number: str, *, show: bool) -> None:
    """Print what holds and the ledger, for each role of the number. Raises NobodyThere."""
    async with opened_storage(settings) as storage:
        for person in await _people_at(storage, number):
            since = person.opted_out_at
            wants = "wants messages" if since is None else f"no messages since {_moment(since)}"
            typer.echo(f"{person.role} {person.id}: {wants}")
            for entry in await storage.ledger.of(person.id):
                typer.echo(f"  {_line(entry, show=show)}")


async def change_consent(settings: Settings, number: str, *, wanted: bool) -> None:
    """Opt the number in or out, in each of its roles. Raises NobodyThere."""
    now = Clock()()
    event = OPTED_IN_ELSEWHERE if wanted else OPTED_OUT_ELSEWHERE
    async with opened_storage(settings) as storage:
        people = await _people_at(storage, number)
        await storage.inbox.put_all(
            [
                Heard(
                    key=f"{OPERATOR}:{event}:{person.id}:{now}",
                    flow=person.role,
                    address=person.address,
                    kind="signal",
                    at=now,
                    event=event,
                    data={"how": OPERATOR},
                )
                for person in people
            ]
        )
    change = "opted in" if wanted else "opted out"
    typer.echo(f"Will be {change}, as soon as the server runs: {', '.join(one.role for one in people)}.")
    if wanted:
        typer.echo(
            "Twilio goes on refusing whoever told it to stop, until they write START to it themselves."
        )


async def _people_at(storage: Storage, number: str) -> Sequence[Person]:
    if not _NUMBER.fullmatch(number):
        raise NobodyThere("The number has to be given with + and the country's code, without blanks.")
    found = [await storage.people.find(role, f"whatsapp:{number}") for role in ROLES]
    people = [person for person in found if person]
    if not people:
        raise NobodyThere("Nobody with this number is known: they have never written and are no therapist.")
    return people


def _line(entry: LedgerEntry, *, show: bool) -> str:
    version = f" text={entry.text_version}" if entry.text_version else ""
    words = f"  {entry.wording!r}" if show and entry.wording else ""
    return f"{_moment(entry.at)}  {entry.kind} by {entry.how}{version}{words}"


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
