"""The command `practice load`. It takes no turns and sends nothing, and imports nothing that does."""

from __future__ import annotations

from pathlib import Path

import typer

from app.clock import Clock
from app.data_store import reachable, storage_settings, upgrade
from app.settings import Settings
from flows.left_over import left_over
from flows.practice import PracticeBook
from flows.practice_file import read_practice
from flows.practice_notes import notes_on
from flows.wording import in_full
from storage.store import Storage


async def load_practice(settings: Settings, file: Path) -> None:
    """Read a practice file and put it into the database, all of it or nothing.

    What is booked stays; it is told what of it the new file would not allow.
    """
    data = read_practice(file, settings.therapist_phone)
    where, clock = storage_settings(settings, invent_key=True), Clock()
    await upgrade(where)
    storage = await Storage.open(where, clock=clock)
    try:
        await reachable(storage, where)  # before anything is sealed with what may be a wrong key
        loaded = await storage.practice.load(data)
        book = PracticeBook(loaded)
        odd = list(left_over(book, await storage.appointments.coming(clock() // 60)))
    finally:
        await storage.close()
    names = f"{len(loaded.therapists)} therapists and {len(loaded.services)} services"
    typer.echo(f"Loaded {names} of {loaded.practice.name}.")
    for note in notes_on(data):
        typer.echo(note)
    for one in odd:
        when = in_full(one.starts_at, book.zone, "en", clock() // 60)
        if book.therapist_name(one.therapist.id):
            typer.echo(f"#{one.id} on {when} lies outside the working time of its therapist now; it stays.")
        else:
            typer.echo(f"#{one.id} on {when} is with a therapist who has left; it stays, so tell its client.")
