"""Commands that read and answer: `chat`, `understand`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import typer

from app.chat import HELP, Chat, answer_lines, handed_over, shown, typed
from app.classifiers import start_classifier
from app.clock import Clock
from app.logs import set_up_logs
from app.settings import NotSetUp, Settings
from app.understand import understand_lines
from app.wiring import EXAMPLE_PRACTICE, product
from engine.errors import TherapyBookingError
from flows.practice import day_first
from flows.practice_file import read_practice
from flows.vocabulary import load_understanding


async def talk(settings: Settings, *, jsonl: bool, now: datetime | None) -> None:
    """Read lines until there are no more, and answer each.

    Not beside a server with real accounts: whatever is owed counts as delivered here, so a chat on its
    database would swallow messages to real people. Raises NotSetUp then.
    """
    if not settings.missing_for_whatsapp():
        raise NotSetUp("WhatsApp is set up here, and a chat would swallow its messages: chat elsewhere.")
    set_up_logs(debug=settings.debug, quiet=True)
    clock = Clock()
    async with product(settings, handed_over, clock=clock, demonstration=True) as running:
        if now is not None:
            clock.stand_at(int(_placed(now, running.practice.zone()).timestamp()))
        conversation = Chat(running)
        await conversation.begin()
        if jsonl:
            async for answer in answer_lines(conversation, _lines()):
                print(answer, flush=True)  # noqa: T201  # the command's output
        else:
            await _at_the_terminal(conversation)


def _placed(now: datetime, zone: ZoneInfo) -> datetime:
    """A time in the practice's zone; one without an offset is meant there."""
    return now.astimezone(zone) if now.tzinfo else now.replace(tzinfo=zone)


def _lines() -> Iterator[str]:
    """What is written to this process. Bytes that are no UTF-8 spoil their own line only."""
    for line in sys.stdin.buffer:
        yield line.decode("utf-8", errors="replace")


async def _at_the_terminal(conversation: Chat) -> None:
    typer.echo(HELP)
    speaker = "client:you"
    while True:
        try:
            line = typer.prompt(speaker, prompt_suffix="> ").strip()
        except typer.Abort:
            return
        if line == "/quit":
            return
        parsed, speaker = typed(line, speaker)
        try:
            typer.echo(shown(await conversation.hear(parsed)))
        except TherapyBookingError as error:
            typer.echo(str(error))


async def explain(settings: Settings, *, jsonl: bool, now: datetime | None) -> None:
    """Read texts and tell what the classifier makes of each."""
    set_up_logs(debug=settings.debug, quiet=True)
    understanding = load_understanding(settings.understanding_path)
    zone = ZoneInfo(read_practice(EXAMPLE_PRACTICE).practice.zone)
    moment = datetime.now(zone) if now is None else _placed(now, zone)
    async with start_classifier(settings, understanding, day_first=day_first(zone.key)) as classifier:
        lines = _lines() if jsonl else (json.dumps({"text": line.rstrip("\n")}) for line in _lines())
        async for answer in understand_lines(classifier, understanding.vocabulary, lines, moment):
            print(answer, flush=True)  # noqa: T201  # the command's output
