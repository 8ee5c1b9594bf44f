"""`templates push` and `templates status`: what WhatsApp must have approved before it may be sent.

Everything is made under a name that tells what is in it. So a second push finds everything made, and a
changed text is a new template beside the old one, which serves until WhatsApp has approved the new one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import typer

from app.accounts import twilio_account
from app.approvals import learn
from app.clock import Clock
from app.data_store import opened_storage
from app.flow_file import FlowFile
from app.settings import NotSetUp, Settings
from channels.content_api import Approval, ContentApi
from channels.contents import Payload, frame_payload, template_payload
from flows.templates import Frame, Template, frames_for, templates_for
from flows.vocabulary import load_understanding
from storage.contents import UNSUBMITTED, Contents, StoredContent
from storage.store import Storage


@dataclass(frozen=True, slots=True)
class Wanted:
    """What these flows need: how to make it, and how to keep it."""

    payload: Payload
    row: StoredContent
    category: str = ""
    """Of a template; without one WhatsApp need not approve it."""


@dataclass(slots=True)
class Pushed:
    """What a push did."""

    made: list[str] = field(default_factory=list)
    submitted: list[str] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    """As far as we know: nothing that a push could do about it but with another text."""


async def push_templates(settings: Settings) -> None:
    """Make what is missing, and ask for approval. Raises NotSetUp, FlowError, ContentRefused and others."""
    wanted = wanted_by(settings)
    async with _opened(settings) as (storage, api):
        pushed = await push(wanted, storage.contents, api, Clock()())
    as_it_was = len(wanted) - len({*pushed.made, *pushed.submitted})
    for name in pushed.made:
        typer.echo(f"made       {name}")
    for name in pushed.submitted:
        typer.echo(f"submitted  {name}")
    if rejected := [name for name in pushed.rejected if name not in pushed.submitted]:
        typer.echo(f"{len(rejected)} are rejected, such as {rejected[0]}; `templates status` tells why.")
    typer.echo(f"{len(pushed.made)} made, {len(pushed.submitted)} submitted, {as_it_was} as they were.")


async def show_templates(settings: Settings) -> None:
    """Tell what WhatsApp says of each, and keep it, so that a running server knows."""
    wanted = wanted_by(settings)
    async with _opened(settings) as (storage, api):
        there = await api.approvals()
        await learn(storage.contents, there)
        stored = {one.name: one for one in await storage.contents.all()}
    names = {one.row.name for one in wanted}
    for one in wanted:
        typer.echo(_line(stored.get(one.row.name), one.row.name, needs_approval=bool(one.category)))
    for earlier in stored.values():
        if earlier.name not in names and earlier.is_approved:
            words = f"{earlier.name} (of an earlier text; serves until the new one is approved)"
            typer.echo(_line(earlier, words))


async def standing_of(settings: Settings) -> dict[str, str]:
    """What Twilio says of everything that is needed, by name: `missing`, `made`, or how far it is approved.

    Changes nothing. Raises NotSetUp, FlowError, ContentRefused and others.
    """
    wanted = wanted_by(settings)
    async with _opened(settings, only_looks=True) as (storage, api):
        kept = {one.name for one in await storage.contents.all() if one.is_there}
        there = await api.approvals()
    standing = {}
    for one in wanted:
        name = one.row.name
        if name not in kept or name not in there:
            standing[name] = "missing"
        else:
            standing[name] = there[name].status if one.category else "made"
    return standing


def wanted_by(settings: Settings) -> list[Wanted]:
    """Everything that the flows in force need. Raises FlowError when they have mistakes."""
    vocabulary = load_understanding(settings.understanding_path).vocabulary
    file = FlowFile(settings.flows_path, settings.texts_path, vocabulary)
    templates = [_of_template(one) for one in templates_for(file.flows, file.texts)]
    return templates + [_of_frame(one) for one in frames_for(file.flows, file.texts)]


async def push(wanted: list[Wanted], contents: Contents, api: ContentApi, now: int) -> Pushed:
    """Make and submit what is missing. Whatever was done is kept at once, so a push may be broken off."""
    pushed = Pushed()
    stored = {one.name: one for one in await contents.all() if one.is_there}
    missing = [one for one in wanted if one.row.name not in stored]
    there = await api.approvals() if missing else {}
    for one in missing:
        row = await _made(one, there.get(one.row.name), api, pushed)
        stored[row.name] = replace(row, created_at=now)
        await contents.keep(stored[row.name])
    for one in wanted:
        row = stored[one.row.name]
        if row.approval == "rejected":
            pushed.rejected.append(row.name)
        if one.category and row.approval == UNSUBMITTED:
            status = await api.submit(row.sid, row.name, one.category)
            await contents.judged(row.name, status)
            pushed.submitted.append(row.name)
    return pushed


async def _made(one: Wanted, known: Approval | None, api: ContentApi, pushed: Pushed) -> StoredContent:
    """Make it, unless an earlier push made it and could not keep that."""
    if known:
        return replace(one.row, sid=known.sid, approval=known.status, reason=known.reason)
    sid = await api.create(one.payload)
    pushed.made.append(one.row.name)
    return replace(one.row, sid=sid)


def _of_template(one: Template) -> Wanted:
    titles = [title for _, title in one.buttons]
    row = StoredContent(
        name=one.name,
        sid="",
        kind="template",
        text_key=one.key,
        language=one.language,
        places=one.places,
        buttons=tuple(event for event, _ in one.buttons),
        created_at=0,
        body=one.body,
    )
    payload = template_payload(one.name, one.language, one.body, titles, one.examples)
    return Wanted(payload, row, one.category)


def _of_frame(one: Frame) -> Wanted:
    row = StoredContent(
        name=one.name,
        sid="",
        kind=one.kind,
        language=one.language,
        buttons=("",) * one.count,
        created_at=0,
    )
    return Wanted(frame_payload(one.name, one.language, one.kind, one.count, one.choose), row)


def _line(stored: StoredContent | None, name: str, *, needs_approval: bool = True) -> str:
    if stored is None or not stored.is_there:
        status = "missing"
    elif needs_approval:
        status = stored.approval
    else:
        status = "made"
    reason = f": {stored.reason}" if stored and stored.reason else ""
    return f"{status:<12} {name}{reason}"


@asynccontextmanager
async def _opened(
    settings: Settings, *, only_looks: bool = False
) -> AsyncIterator[tuple[Storage, ContentApi]]:
    """The database and Twilio. Raises NotSetUp."""
    twilio = twilio_account(settings)
    if missing := twilio.missing("account_sid", "auth_token"):
        raise NotSetUp(f"Not set: {', '.join(missing)}. See .env.example.")
    async with opened_storage(settings, only_looks=only_looks) as storage, ContentApi(twilio) as api:
        yield storage, api
