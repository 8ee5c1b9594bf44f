"""Commands for the Dialogflow agent: `nlu push`, `nlu diff`, `nlu pull-phrases`.

They bring flows/understanding.yaml and the agent together. They never touch a database or a conversation.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Self

import typer

from app.accounts import google_key_file
from app.logs import set_up_logs
from app.settings import NotSetUp, Settings
from channels.understanding.agent.comparison import Found, counterpart, phrases_of
from channels.understanding.agent.console import PACE, TRIES, Console
from channels.understanding.agent.content import Content, Parameter, Part, Phrase, text_of
from channels.understanding.agent.push import Pushed, Report, compare, push
from channels.understanding.dialogflow import DialogflowClassifier
from channels.understanding.dialogflow_agent import Access, Agent
from engine.events import Reading
from engine.narrow import NONE_OF_THESE
from flows.annotation import Annotator
from flows.vocabulary import READ_HERE, Understanding, load_understanding

ONE_READING_SECONDS = 10.0
"""A cold agent takes longer than a message may wait for."""


def content_of(understanding: Understanding) -> Content:
    """What the agent has to hold, with Dialogflow's names."""
    entities = {name: one for name, one in understanding.entities.items() if one.system not in READ_HERE}
    annotator = Annotator(entities)
    return Content(
        language=understanding.language,
        values={one.dialogflow: one.values for one in entities.values() if one.values},
        parameters={
            one.dialogflow: Parameter(f"sys.{one.system}" if one.system else one.dialogflow, one.personal)
            for one in entities.values()
        },
        intents={
            intent: tuple(
                tuple(
                    Part(part.text, entities[part.entity].dialogflow if part.entity else "")
                    for part in annotator.annotate(phrase).parts
                )
                for phrase in phrases
            )
            for intent, phrases in understanding.phrases.items()
        },
        negative=NONE_OF_THESE,
        personal_types=frozenset(one.dialogflow for one in entities.values() if one.personal),
    )


async def push_nlu(settings: Settings, *, train: bool) -> None:
    """Make the agent hold what the file says, and tell what was done."""
    content, console = _opened(settings)
    async with console:
        with _Progress() as progress:
            pushed = await push(content, console, train=train, planned=progress.plan, done=progress.step)
    for line in told(pushed):
        typer.echo(line)


async def diff_nlu(settings: Settings) -> bool:
    """Tell how the agent differs from the file; True if it does."""
    report = await agent_compared(settings)
    for line in differing(report):
        typer.echo(line)
    return bool(report.differences)


async def agent_compared(settings: Settings, *, tries: int = TRIES) -> Report:
    """How the agent and the file differ. Raises AgentRefused, NoCredentials, NotSetUp.

    `tries`: how often each thing is asked for while the agent does not answer.
    """
    content, console = _opened(settings, tries)
    async with console:
        return compare(content, await console.read())


async def one_reading(settings: Settings, text: str, now: datetime) -> Reading:
    """What the agent makes of one text. Raises ReadingUnavailable, NoCredentials, NotSetUp."""
    agent = Agent(settings.dialogflow_project_id, settings.dialogflow_location, settings.dialogflow_agent_id)
    access = Access(google_key_file(settings), settings.dialogflow_api_endpoint)
    classifier = DialogflowClassifier.connect(agent, access, {}, timeout=ONE_READING_SECONDS)
    try:
        return await classifier.read(text, now=now, address_hash="doctor")
    finally:
        await classifier.close()


async def pull_phrases(settings: Settings) -> None:
    """Print the phrases that only the agent has, as they would stand in the file.

    They are printed and not written into it: people put them there while looking at real conversations, so
    somebody has to read them before they become part of the project.
    """
    content, console = _opened(settings)
    async with console:
        found = await console.read()
    names = {
        one.dialogflow: name for name, one in load_understanding(settings.understanding_path).entities.items()
    }
    phrases = only_there(content, found)
    for line in as_yaml(phrases, names) if phrases else ():
        typer.echo(line)
    if not phrases:
        typer.echo("The agent has no phrases that the file lacks.", err=True)


def _opened(settings: Settings, tries: int = TRIES) -> tuple[Content, Console]:
    if not settings.asks_dialogflow:
        raise NotSetUp("Which agent? Set DIALOGFLOW_PROJECT_ID, DIALOGFLOW_LOCATION and DIALOGFLOW_AGENT_ID.")
    set_up_logs(debug=settings.debug, quiet=True)
    content = content_of(load_understanding(settings.understanding_path))
    agent = Agent(settings.dialogflow_project_id, settings.dialogflow_location, settings.dialogflow_agent_id)
    stand_in = settings.dialogflow_api_endpoint  # it has no quota
    access = Access(google_key_file(settings), stand_in)
    return content, Console(agent, access, content.language, pace=0.0 if stand_in else PACE, tries=tries)


class _Progress:
    """A bar on the terminal, where there is one."""

    def __init__(self) -> None:
        self._bar: Any = typer.progressbar(
            length=1, label="Looking at the agent", file=sys.stderr, hidden=not sys.stderr.isatty()
        )

    def __enter__(self) -> Self:
        self._bar.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.__exit__(*exception)

    def plan(self, steps: int) -> None:
        """So many things will be written, and then learnt."""
        self._bar.length = steps + 1

    def step(self, what: str) -> None:
        """One is done."""
        self._bar.label = what
        self._bar.update(1)


def told(pushed: Pushed) -> Iterable[str]:
    """What a push did, for whoever typed it."""
    yield from (f"wrote {what}" for what in pushed.written)
    yield f"{len(pushed.written)} writes" + (
        ", and trained." if pushed.trained else "; the agent is up to date."
    )
    for difference in pushed.extra:
        yield f"{difference.what}: {len(difference.extra)} only in the agent, left alone; see `nlu diff`."
    yield from (f"left alone: {what}" for what in pushed.alone)


def differing(report: Report) -> Iterable[str]:
    """Plus for what the agent lacks or has otherwise, minus for what only the agent has."""
    for difference in report.differences:
        if difference.new:
            yield f"{difference.what} is not in the agent"
            continue
        yield difference.what
        yield from (f"  + {line}" for line in difference.missing)
        yield from (f"  - {line}" for line in difference.extra)
    if not report.differences:
        yield "The agent holds what the file says."
    yield from (f"left alone: {what}" for what in report.alone)


def only_there(content: Content, found: Found) -> dict[str, list[Phrase]]:
    """Our intents -> the phrases that only the agent has."""
    added: dict[str, list[Phrase]] = {}
    for name, phrases in content.intents.items():
        ours = {text_of(phrase) for phrase in phrases}
        if intent := counterpart(content, name, found):
            new = {text_of(phrase): phrase for phrase in phrases_of(intent) if text_of(phrase) not in ours}
            added[name] = list(new.values())
    return {name: phrases for name, phrases in added.items() if phrases}


def as_yaml(phrases: Mapping[str, Iterable[Phrase]], names: Mapping[str, str]) -> Iterable[str]:
    """Lines for the section `intents` of flows/understanding.yaml. `names`: parameter -> our entity."""
    yield "intents:"
    for intent, added in phrases.items():
        yield f"\n  {intent}: |"
        yield from (f"    {_as_line(phrase, names)}" for phrase in added)


def _as_line(phrase: Phrase, names: Mapping[str, str]) -> str:
    """One phrase on one line, its values marked with our names."""
    marked = (
        f"[{part.text}]({names[part.parameter]})" if part.parameter in names else part.text for part in phrase
    )
    return " ".join("".join(marked).split())
