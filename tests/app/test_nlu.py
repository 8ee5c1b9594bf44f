"""The commands for the Dialogflow agent, typed as an operator types them, with the file that ships."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from google.cloud import dialogflowcx_v3 as cx

from app.nlu import as_yaml, content_of
from channels.understanding.agent.content import Part, text_of
from engine.narrow import NONE_OF_THESE
from flows.vocabulary import load_understanding
from tests.app.command import run
from tests.fakes.dialogflow import AGENT, FakeDialogflow

_, PROJECT, _, LOCATION, _, AGENT_ID = AGENT.split("/")
SHIPPED = load_understanding()


class Operator:
    """Somebody at a terminal, and the agent."""

    def __init__(self, folder: Path, agent: FakeDialogflow) -> None:
        self.folder, self.agent = folder, agent

    async def types(self, *words: str, **settings: str) -> subprocess.CompletedProcess[bytes]:
        """`therapy-booking nlu …`, while the agent goes on answering."""
        given = {
            "DIALOGFLOW_PROJECT_ID": PROJECT,
            "DIALOGFLOW_LOCATION": LOCATION,
            "DIALOGFLOW_AGENT_ID": AGENT_ID,
            "DIALOGFLOW_API_ENDPOINT": self.agent.address,
        }
        return await asyncio.to_thread(run, self.folder, "nlu", *words, settings=given | settings)


@pytest.fixture
async def operator(tmp_path: Path) -> AsyncIterator[Operator]:
    async with FakeDialogflow() as agent:
        yield Operator(tmp_path, agent)


async def test_the_agent_is_made_once_and_then_left_in_peace(operator: Operator) -> None:
    before = await operator.types("diff")
    assert before.returncode == 1
    assert b"entity type service-type is not in the agent" in before.stdout
    first = await operator.types("push")
    assert (first.returncode, first.stderr) == (0, b"")
    types, intents = len(SHIPPED.synonyms), len(SHIPPED.phrases)
    assert f"{types + intents + 1} writes, and trained.".encode() in first.stdout
    assert b"left alone: intent Default Welcome Intent; delete its route" in first.stdout
    writes = len(operator.agent.content.writes)
    second = await operator.types("push")
    assert second.stdout.splitlines()[0] == b"0 writes; the agent is up to date."
    assert len(operator.agent.content.writes) == writes == types + intents + 1
    after = await operator.types("diff")
    assert (after.returncode, after.stdout.splitlines()[0]) == (0, b"The agent holds what the file says.")


async def test_what_was_pushed_is_what_is_matched(operator: Operator) -> None:
    assert (await operator.types("push")).returncode == 0
    learnt = operator.agent.content.match("Can you do a home visit on Saturday")
    assert learnt is not None
    assert (learnt.intent, learnt.parameters) == ("book.appointment", {"service-type": "home visit"})


async def test_phrases_from_the_console_come_back_as_the_file_writes_them(operator: Operator) -> None:
    await operator.types("push")
    book = next(
        one for one in operator.agent.content.intents.values() if one.display_name == "book.appointment"
    )
    parts = [{"text": "squeeze me in at "}, {"text": "my cabin", "parameter_id": "service-type"}]
    book.training_phrases.append(cx.Intent.TrainingPhrase(parts=parts))
    pulled = await operator.types("pull-phrases")
    written = "intents:\n\n  book.appointment: |\n    squeeze me in at [my cabin](service_type)\n"
    assert (pulled.returncode, pulled.stdout.decode()) == (0, written)


@pytest.mark.parametrize(
    ("settings", "advice"),
    [
        ({"DIALOGFLOW_AGENT_ID": "another"}, b"DIALOGFLOW_AGENT_ID"),
        ({"DIALOGFLOW_LOCATION": "europe-west2"}, b"DIALOGFLOW_LOCATION"),
        ({"DIALOGFLOW_PROJECT_ID": "", "DIALOGFLOW_AGENT_ID": ""}, b"Which agent?"),
        ({"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere.json"}, b"GOOGLE_APPLICATION_CREDENTIALS"),
    ],
    ids=["wrong agent", "wrong region", "no agent", "no key file"],
)
async def test_what_is_set_wrongly_is_said_in_a_sentence(
    operator: Operator, settings: dict[str, str], advice: bytes
) -> None:
    done = await operator.types("diff", **settings)
    assert done.returncode == 1
    assert advice in done.stderr
    assert b"Traceback" not in done.stderr


async def test_without_credentials_it_is_said_what_to_set(operator: Operator) -> None:
    done = await operator.types(
        "push", DIALOGFLOW_API_ENDPOINT="", NO_GCE_CHECK="true", GCE_METADATA_TIMEOUT="1"
    )
    assert done.returncode == 1
    assert b"Set GOOGLE_APPLICATION_CREDENTIALS" in done.stderr


def test_every_shipped_phrase_reaches_the_agent_as_it_stands() -> None:
    content = content_of(SHIPPED)
    assert {name: [text_of(phrase) for phrase in phrases] for name, phrases in content.intents.items()} == {
        name: list(texts) for name, texts in SHIPPED.training_texts.items()
    }
    assert content.negative == NONE_OF_THESE
    assert content.personal_types == {"service-description", "address"}
    assert not {"pin", "words", "message"} & set(content.parameters), "taken word for word, never read there"


def test_a_phrase_of_several_lines_is_written_on_one() -> None:
    phrase = (Part("hello\n  "), Part("there", "unknown"), Part(" at 2", "appointment-time"))
    lines = list(as_yaml({"greeting": [phrase]}, {"appointment-time": "appointment_time"}))
    assert lines == ["intents:", "\n  greeting: |", "    hello there[ at 2](appointment_time)"]
