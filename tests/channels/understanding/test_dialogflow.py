"""The Dialogflow classifier against an agent that speaks the SDK's own messages."""

from __future__ import annotations

from collections.abc import AsyncIterator

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.understanding.dialogflow import LONGEST_TEXT, Agent, DialogflowClassifier, shortened
from channels.understanding.fallback import FallbackClassifier
from channels.understanding.offline import OfflineClassifier
from engine.errors import ReadingUnavailable
from engine.events import Reading
from engine.narrow import NONE_OF_THESE
from tests.channels.understanding.conftest import FRIDAY_MORNING
from tests.fakes.dialogflow import AGENT, FakeDialogflow, Rule

_, PROJECT, _, LOCATION, _, AGENT_ID = AGENT.split("/")
ENTITIES = {"service-type": "service_type", "appointment-time": "appointment_time"}
HASH = "f0e1d2c3b4a5968778695a4b3c2d1e0f" * 2
RULES = [
    Rule(
        "a home visit tomorrow at 2",
        "book.appointment",
        {"service-type": "home visit", "appointment-time": {"days_ahead": 1, "hours": 14}},
        0.87,
    ),
]


class Watch:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
async def agent() -> AsyncIterator[FakeDialogflow]:
    async with FakeDialogflow(RULES, now=lambda: FRIDAY_MORNING) as fake:
        yield fake


@pytest.fixture
async def dialogflow(agent: FakeDialogflow) -> AsyncIterator[DialogflowClassifier]:
    classifier = DialogflowClassifier.connect(
        Agent(PROJECT, LOCATION, AGENT_ID), ENTITIES, timeout=0.5, insecure_address=agent.address
    )
    yield classifier
    await classifier.close()


async def read(classifier: DialogflowClassifier | FallbackClassifier, text: str) -> Reading:
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


@pytest.mark.parametrize(
    "code",
    [
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.INTERNAL,
    ],
)
async def test_an_agent_that_fails_is_unavailable(
    agent: FakeDialogflow, dialogflow: DialogflowClassifier, code: grpc.StatusCode
) -> None:
    agent.fail(code, times=None)
    with pytest.raises(ReadingUnavailable, match="Dialogflow: ") as failed:
        await read(dialogflow, "my secret words")
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


async def test_the_offline_classifier_reads_while_the_agent_is_down(
    agent: FakeDialogflow, dialogflow: DialogflowClassifier, offline: OfflineClassifier
) -> None:
    watch = Watch()
    both = FallbackClassifier(dialogflow, offline, clock=watch)
    assert (await read(both, RULES[0].text)).read_by == "dialogflow"
    agent.fail(grpc.StatusCode.RESOURCE_EXHAUSTED, times=None)
    assert (await read(both, "hello")).read_by == "offline"
    asked = len(agent.requests)
    assert (await read(both, "hello")).read_by == "offline"
    assert len(agent.requests) == asked, "an agent that failed is left alone for a while"
    agent.recover()
    watch.seconds += 1
    assert (await read(both, RULES[0].text)).read_by == "dialogflow"


async def test_the_pause_grows_with_every_failure(
    agent: FakeDialogflow, dialogflow: DialogflowClassifier, offline: OfflineClassifier
) -> None:
    watch = Watch()
    both = FallbackClassifier(dialogflow, offline, clock=watch)
    agent.fail(grpc.StatusCode.PERMISSION_DENIED, times=None)
    for second in range(8):
        watch.seconds = second
        await read(both, "hello")
    assert len(agent.requests) == 4, "asked in seconds 0, 1, 3 and 7"
