"""The Dialogflow classifier against an agent that speaks the SDK's own messages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.understanding.dialogflow import LONGEST_TEXT, DialogflowClassifier, shortened
from channels.understanding.dialogflow_agent import Access, Agent, NoCredentials
from channels.understanding.local_entities import LocalEntities
from engine.errors import ReadingUnavailable
from engine.events import Reading
from engine.narrow import NONE_OF_THESE
from flows.vocabulary import load_understanding
from tests.channels.understanding.conftest import FRIDAY_MORNING
from tests.fakes.dialogflow import AGENT, FakeDialogflow, Rule

_, PROJECT, _, LOCATION, _, AGENT_ID = AGENT.split("/")
ENTITIES = {"service-type": "service_type", "appointment-time": "appointment_time"}
LOCAL = LocalEntities(load_understanding().synonyms)
HASH = "f0e1d2c3b4a5968778695a4b3c2d1e0f" * 2
RULES = [
    Rule(
        "a home visit tomorrow at 2",
        "book.appointment",
        {"service-type": "home visit", "appointment-time": {"days_ahead": 1, "hours": 14}},
        0.87,
    ),
]


@pytest.fixture
async def agent() -> AsyncIterator[FakeDialogflow]:
    async with FakeDialogflow(RULES, now=lambda: FRIDAY_MORNING) as fake:
        yield fake


@pytest.fixture
async def dialogflow(agent: FakeDialogflow) -> AsyncIterator[DialogflowClassifier]:
    classifier = DialogflowClassifier.connect(
        Agent(PROJECT, LOCATION, AGENT_ID),
        Access(insecure_address=agent.address),
        ENTITIES,
        local=LOCAL,
        timeout=1.5,
    )
    yield classifier
    await classifier.close()


async def read(classifier: DialogflowClassifier, text: str) -> Reading:
    return await classifier.read(text, now=FRIDAY_MORNING, address_hash=HASH)


async def test_intent_and_entities(dialogflow: DialogflowClassifier) -> None:
    reading = await read(dialogflow, "A home visit tomorrow at 2")
    assert reading.intent == "book.appointment"
    assert reading.confidence == pytest.approx(0.87)
    assert reading.entities["service_type"] == "home visit"
    assert isinstance(when := reading.entities["appointment_time"], dict)
    assert (when["date"], when["time"]) == ("2026-03-07", "14:00")
    assert reading.read_by == "dialogflow"


async def test_the_agent_learns_zone_and_language_but_not_who_it_is(
    agent: FakeDialogflow, dialogflow: DialogflowClassifier
) -> None:
    await read(dialogflow, "hello")
    (request,) = agent.requests
    assert request.session == f"{AGENT}/sessions/{HASH[:32]}"
    assert request.query_params.time_zone == "Europe/Berlin"
    assert request.query_input.language_code == "en"


@pytest.mark.parametrize(
    ("text", "parameters", "expected"),
    [
        ("yes, at home", {}, {"service_type": "home visit"}),
        ("yes, at home", {"service-type": "in-call"}, {"service_type": "in-call"}),
        ("something later", {}, {"direction": "later"}),
        ("no later than this", {"appointment-time": {"days_ahead": 0}}, {"date": "2026-03-06"}),
        ("not on Monday", {"appointment-time": {"days_ahead": 3}}, {"weekdays": [1, 2, 3, 4, 5, 6]}),
        ("not on the 17th", {"appointment-time": {"days_ahead": 11}}, {"without": ["2026-03-17"]}),
        (
            "Monday at noon and Tuesday at 2",
            {"appointment-time": {"days_ahead": 4, "hours": 14}},
            {"date": "2026-03-09", "time": "12:00", "together": ["2026-03-09", "2026-03-10"]},
        ),
        ("asap", {}, {"order": "earliest"}),
        ("on Monday", {"appointment-time": {"days_ahead": 4}}, {"date": "2026-03-10"}),
    ],
)
async def test_what_dialogflow_leaves_out_is_found_here(
    agent: FakeDialogflow,
    dialogflow: DialogflowClassifier,
    text: str,
    parameters: dict[str, object],
    expected: dict[str, object],
) -> None:
    agent.add(Rule(text, "yes", parameters))
    reading = await read(dialogflow, text)
    assert reading.read_by == "dialogflow"
    when = reading.entities.get("appointment_time") or {}
    assert isinstance(when, dict)
    found = {name: value for name, value in {**reading.entities, **when}.items() if value}
    found = {name: value for name, value in found.items() if name not in {"appointment_time", "weekday"}}
    assert found == expected


async def test_in_another_language_dialogflow_is_believed_about_the_half_of_the_day(
    agent: FakeDialogflow,
) -> None:
    agent.content.languages = frozenset({"es"})
    agent.add(Rule("a las 4 de la mañana", "give.time", {"appointment-time": {"days_ahead": 1, "hours": 4}}))
    spanish = DialogflowClassifier.connect(
        Agent(PROJECT, LOCATION, AGENT_ID),
        Access(insecure_address=agent.address),
        ENTITIES,
        language="es",
    )
    reading = await read(spanish, "a las 4 de la mañana")
    await spanish.close()
    assert isinstance(when := reading.entities["appointment_time"], dict)
    assert (when["time"], when["either_half"]) == ("04:00", False)


async def test_a_bare_number_is_a_time_only_where_one_was_asked_for(dialogflow: DialogflowClassifier) -> None:
    reading = await read(dialogflow, "make it 4")
    assert "appointment_time" not in reading.entities
    assert isinstance(when := reading.latent["appointment_time"], dict)
    assert when["time"] == "16:00"


async def test_nothing_matched_is_a_reading(dialogflow: DialogflowClassifier) -> None:
    assert (await read(dialogflow, "xyzzy")).intent == NONE_OF_THESE


@pytest.mark.parametrize("text", ["", "  \n "])
async def test_nothing_said_is_not_asked(
    agent: FakeDialogflow, dialogflow: DialogflowClassifier, text: str
) -> None:
    assert (await read(dialogflow, text)).scores == ()
    assert agent.requests == []


@pytest.mark.parametrize("text", ["word " * 200, "x" * 1600, "🎉" * 1600, " a" * 300])
async def test_a_long_text_is_cut_to_what_the_agent_takes(
    agent: FakeDialogflow, dialogflow: DialogflowClassifier, text: str
) -> None:
    await read(dialogflow, text)
    (sent,) = agent.texts
    assert 0 < len(sent) <= LONGEST_TEXT


@given(st.text(max_size=600))
def test_a_text_is_cut_between_words(text: str) -> None:
    cut = shortened(text)
    assert len(cut) <= LONGEST_TEXT
    assert text.strip().startswith(cut)
    rest = text.strip()[len(cut) :]
    assert not rest or rest[0].isspace() or not any(letter.isspace() for letter in cut)


async def test_a_short_outage_is_bridged(agent: FakeDialogflow, dialogflow: DialogflowClassifier) -> None:
    agent.fail(grpc.StatusCode.UNAVAILABLE, times=1)
    assert (await read(dialogflow, RULES[0].text)).intent == "book.appointment"


async def test_an_internal_error_is_tried_once_more_and_a_quota_never(
    agent: FakeDialogflow, dialogflow: DialogflowClassifier
) -> None:
    for code, asked in ((grpc.StatusCode.INTERNAL, 2), (grpc.StatusCode.RESOURCE_EXHAUSTED, 1)):
        agent.fail(code, times=None)
        agent.requests.clear()
        with pytest.raises(ReadingUnavailable):
            await read(dialogflow, "hello")
        assert len(agent.requests) == asked


@pytest.mark.parametrize(
    ("code", "advice", "lasting"),
    [
        (grpc.StatusCode.UNAVAILABLE, "cannot be reached", False),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "did not answer in time", False),
        (grpc.StatusCode.INTERNAL, "InternalServerError", False),
        (grpc.StatusCode.INVALID_ARGUMENT, "DIALOGFLOW_LOCATION", False),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "quota", True),
        (grpc.StatusCode.PERMISSION_DENIED, "role Dialogflow API Client", True),
        (grpc.StatusCode.UNAUTHENTICATED, "GOOGLE_APPLICATION_CREDENTIALS", True),
        (grpc.StatusCode.NOT_FOUND, "DIALOGFLOW_AGENT_ID", True),
    ],
)
async def test_a_failure_says_who_can_mend_it_and_never_what_was_written(
    agent: FakeDialogflow,
    dialogflow: DialogflowClassifier,
    code: grpc.StatusCode,
    advice: str,
    lasting: bool,  # noqa: FBT001  # a column of the table
) -> None:
    agent.fail(code, times=None)
    with pytest.raises(ReadingUnavailable, match=advice) as failed:
        await read(dialogflow, "my secret words")
    assert failed.value.lasting is lasting
    assert "secret" not in str(failed.value)


async def test_an_agent_that_is_slow_is_unavailable(
    agent: FakeDialogflow, dialogflow: DialogflowClassifier
) -> None:
    agent.delay = 30
    with pytest.raises(ReadingUnavailable):
        await read(dialogflow, "hello")


def test_the_address_follows_the_region() -> None:
    assert Agent("p", "europe-west2", "a").endpoint == "europe-west2-dialogflow.googleapis.com"
    assert Agent("p", "global", "a").endpoint == "dialogflow.googleapis.com"


@pytest.mark.parametrize("content", [None, "", "{}", '{"type": "service_account", "private_key": "secret"}'])
async def test_without_a_key_it_is_said_what_to_set(tmp_path: Path, content: str | None) -> None:
    key = tmp_path / "key.json"
    if content is not None:
        key.write_text(content, encoding="utf-8")
    with pytest.raises(NoCredentials, match="GOOGLE_APPLICATION_CREDENTIALS") as refused:
        DialogflowClassifier.connect(Agent("p", "global", "a"), Access(str(key)), {})
    assert "secret" not in str(refused.value)
