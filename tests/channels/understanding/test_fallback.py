"""The offline classifier reads while Dialogflow is out of order, and whoever runs it is told twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import grpc
import pytest
from structlog.testing import capture_logs

from channels.understanding.dialogflow import DialogflowClassifier
from channels.understanding.dialogflow_agent import Access, Agent
from channels.understanding.fallback import FallbackClassifier
from channels.understanding.offline import OfflineClassifier
from engine.errors import ReadingUnavailable
from engine.events import Reading
from flows.vocabulary import load_understanding
from tests.channels.understanding.conftest import FRIDAY_MORNING
from tests.fakes.dialogflow import AGENT, FakeDialogflow, Rule

_, PROJECT, _, LOCATION, _, AGENT_ID = AGENT.split("/")
TEXT = "book me in please"


class Watch:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture(scope="session")
def offline(weights: str) -> OfflineClassifier:
    """With what the installation has taught it: that it reads counts here, and not how well."""
    shipped = load_understanding()
    return asyncio.run(OfflineClassifier.start(shipped.training_texts, shipped.synonyms, Path(weights)))


@pytest.fixture
async def agent() -> AsyncIterator[FakeDialogflow]:
    async with FakeDialogflow([Rule(TEXT, "book.appointment")]) as fake:
        yield fake


@pytest.fixture
async def both(
    agent: FakeDialogflow, offline: OfflineClassifier, watch: Watch
) -> AsyncIterator[FallbackClassifier]:
    dialogflow = DialogflowClassifier.connect(
        Agent(PROJECT, LOCATION, AGENT_ID), Access(insecure_address=agent.address), {}, timeout=5.0
    )
    yield FallbackClassifier(dialogflow, offline, clock=watch)
    await dialogflow.close()


async def read_by(classifier: FallbackClassifier) -> str:
    return (await classifier.read(TEXT, now=FRIDAY_MORNING, address_hash="f0" * 16)).read_by


async def test_a_single_failure_sets_nobody_aside(agent: FakeDialogflow, both: FallbackClassifier) -> None:
    with capture_logs() as lines:
        agent.fail(grpc.StatusCode.DEADLINE_EXCEEDED)
        assert await read_by(both) == "offline"
        assert await read_by(both) == "dialogflow"
    assert lines == []


async def test_three_failures_in_a_row_set_it_aside_until_it_is_back(
    agent: FakeDialogflow, both: FallbackClassifier, watch: Watch
) -> None:
    agent.fail(grpc.StatusCode.DEADLINE_EXCEEDED, times=None)
    with capture_logs() as lines:
        for _ in range(5):
            assert await read_by(both) == "offline"
        assert len(agent.requests) == 3
        agent.recover()
        assert await read_by(both) == "offline", "it is left alone for a second"
        watch.seconds = 1
        assert await read_by(both) == "dialogflow"
    assert [(line["event"], line["log_level"]) for line in lines] == [
        ("classifier set aside", "warning"),
        ("classifier back", "info"),
    ]
    assert "did not answer in time" in lines[0]["reason"]
    assert lines[1]["seconds"] == 1


@pytest.mark.parametrize(
    "code",
    [
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.NOT_FOUND,
    ],
)
async def test_what_waiting_does_not_mend_sets_it_aside_at_once(
    agent: FakeDialogflow, both: FallbackClassifier, code: grpc.StatusCode
) -> None:
    agent.fail(code, times=None)
    with capture_logs() as lines:
        for _ in range(3):
            assert await read_by(both) == "offline"
    assert len(agent.requests) == 1
    assert [(line["event"], line["log_level"]) for line in lines] == [("classifier set aside", "error")]


async def test_the_pause_doubles_up_to_half_a_minute(
    agent: FakeDialogflow, both: FallbackClassifier, watch: Watch
) -> None:
    agent.fail(grpc.StatusCode.DEADLINE_EXCEEDED, times=None)
    asked = []
    with capture_logs() as lines:
        for _ in range(2):
            assert await read_by(both) == "offline"
        for second in range(130):
            watch.seconds = second
            before = len(agent.requests)
            assert await read_by(both) == "offline"
            asked += [second] if len(agent.requests) > before else []
    assert asked == [0, 1, 3, 7, 15, 31, 63, 95, 127]
    assert len(lines) == 1, "one line, however long it lasts"


async def test_one_message_finds_out_whether_it_is_back_while_the_others_go_on(
    agent: FakeDialogflow, both: FallbackClassifier, watch: Watch
) -> None:
    agent.fail(grpc.StatusCode.RESOURCE_EXHAUSTED, times=1)
    assert await read_by(both) == "offline"
    watch.seconds = 1
    agent.requests.clear()
    readers = await asyncio.gather(*(read_by(both) for _ in range(5)))
    assert sorted(readers) == ["dialogflow", *["offline"] * 4]
    assert len(agent.requests) == 1
    assert await read_by(both) == "dialogflow"


async def test_a_cancelled_trial_is_followed_by_another(
    agent: FakeDialogflow, both: FallbackClassifier, watch: Watch
) -> None:
    agent.fail(grpc.StatusCode.RESOURCE_EXHAUSTED, times=1)
    assert await read_by(both) == "offline"
    watch.seconds = 1
    trial = asyncio.create_task(read_by(both))
    await asyncio.sleep(0)
    trial.cancel()
    await asyncio.gather(trial, return_exceptions=True)
    assert await read_by(both) == "dialogflow"


class Broken:
    """A classifier that never answers."""

    name = "broken"
    paid = True
    asked = 0

    async def read(self, text: str, *, now: datetime, address_hash: str) -> Reading:
        del text, now, address_hash
        self.asked += 1
        raise ReadingUnavailable("Broken.", lasting=True)


async def test_after_very_many_failures_the_pause_is_still_half_a_minute(
    offline: OfflineClassifier, watch: Watch
) -> None:
    broken = Broken()
    both = FallbackClassifier(broken, offline, clock=watch)
    for trial in range(1, 1200):
        watch.seconds = trial * 32.0
        assert await read_by(both) == "offline"
        assert broken.asked == trial
