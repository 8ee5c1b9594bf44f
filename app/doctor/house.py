"""What is on this machine and in the database: settings, files, schema, practice, disk."""

from __future__ import annotations

import shutil
from pathlib import Path

from app.data_store import key_file, opened_storage
from app.doctor.examination import Ailment, Check
from app.flow_file import FlowFile
from app.settings import Settings
from engine.errors import FlowError
from flows.consent.screen import ConsentScreen
from flows.safety.screen import CrisisScreen
from flows.vocabulary import load_understanding

LEAST_FREE_BYTES = 500 * 1024 * 1024


def checks(settings: Settings) -> list[Check]:
    """What has to be right before anybody else is asked."""
    return [
        Check("flows and texts", lambda: _files(settings)),
        Check("disk", lambda: _disk(settings)),
        Check("secret key", lambda: _key(settings)),
        Check("database", lambda: _database(settings), needs=("secret key", "DB_PORT", "DB_POOL_SIZE")),
        Check("practice", lambda: _practice(settings), needs=("database",)),
    ]


async def _key(settings: Settings) -> str:
    key = settings.secret_key.get_secret_value()
    if not key and not settings.db_host and key_file(settings).exists():
        return f"kept in {key_file(settings)}; take a copy of that, too"
    if not key:
        raise Ailment(
            "SECRET_KEY is not set.",
            "Make one with `python3 -c 'import secrets; print(secrets.token_urlsafe(32))'`, and keep a copy.",
        )
    number = len([one for one in key.split(",") if one.strip()])
    return "set" if number == 1 else f"{number} set; the first seals"


async def _files(settings: Settings) -> str:
    try:
        understanding = load_understanding(settings.understanding_path)
        flows = FlowFile(settings.flows_path, settings.texts_path, understanding.vocabulary).flows
        CrisisScreen.load()
        ConsentScreen.load()
    except FlowError as error:
        raise Ailment(
            f"{len(error.issues)} to mend, the first: {error.issues[0]}",
            "Run `therapy-booking flows check`, which lists them all.",
        ) from None
    return f"{settings.flows_path.name} is good: {', '.join(sorted(flows))}"


async def _database(settings: Settings) -> str:
    async with opened_storage(settings, only_looks=True) as storage:
        await storage.tried_out()
        if not settings.db_host:
            return f"{settings.sqlite_path} can be worked on; its schema is current; who writes waits in line"
        answers = f"{settings.db_host} answers; its schema is current"
        return f"{answers}; sessions keep strict mode, UTC and READ COMMITTED"


async def _practice(settings: Settings) -> str:
    async with opened_storage(settings, only_looks=True) as storage:
        practice = await storage.practice.read()
    if practice is None:
        raise Ailment("No practice has been loaded.", "Run `therapy-booking practice load FILE`.")
    return f"{len(practice.therapists)} therapist(s), {len(practice.services)} service(s)"


async def _disk(settings: Settings) -> str:
    places = {settings.weights_dir, *([] if settings.db_host else [settings.sqlite_path.parent])}
    free = {place: shutil.disk_usage(_existing(place)).free for place in places}
    scarce = [place for place, bytes_ in free.items() if bytes_ < LEAST_FREE_BYTES]
    if scarce:
        raise Ailment(
            f"Less than {LEAST_FREE_BYTES // 1024**2} MiB are free at {scarce[0]}.",
            "Make room there, or choose another place with SQLITE_PATH or WEIGHTS_DIR.",
        )
    return f"{min(free.values()) // 1024**2} MiB free"


def _existing(place: Path) -> Path:
    return next(folder for folder in (place, *place.resolve().parents) if folder.exists())
