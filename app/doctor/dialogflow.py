"""Whether the Dialogflow agent may be asked, answers, and holds what the file says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app.accounts import google_key_file
from app.doctor.examination import Ailment, Check
from app.settings import Settings
from engine.errors import ReadingUnavailable
from flows.vocabulary import load_understanding

if TYPE_CHECKING:
    from channels.understanding.agent.comparison import Difference

TEST_INTENT = "book.appointment"


def checks(settings: Settings) -> list[Check]:
    """What there is to look at; one line where Dialogflow is not used."""
    if not (settings.dialogflow_project_id or settings.dialogflow_agent_id):
        return [Check("Dialogflow", _unused)]
    return [
        Check("Dialogflow settings", lambda: _settings(settings)),
        Check("Dialogflow agent", lambda: _agent(settings), ("Dialogflow settings", "flows and texts")),
        Check("Dialogflow answer", lambda: _answer(settings), ("Dialogflow settings", "flows and texts")),
    ]


async def _unused() -> str:
    return "not set up; the offline classifier reads every message"


async def _settings(settings: Settings) -> str:
    if not settings.asks_dialogflow:
        raise AssertionError("looked at only when something is set")
    path = google_key_file(settings)
    return f"complete; key file {path}" if path else "complete; credentials as Google's libraries find them"


async def _agent(settings: Settings) -> str:
    from app.nlu import agent_compared  # noqa: PLC0415  # 80 MB that nobody needs without Dialogflow

    report = await agent_compared(settings, tries=1)
    if report.differences:
        raise Ailment(
            f"The agent differs from {settings.understanding_path.name} in {len(report.differences)} places.",
            _cure_of(report.differences),
        )
    return f"holds what {settings.understanding_path.name} says"


def _cure_of(differences: Sequence[Difference]) -> str:
    if all(one.message is None for one in differences):
        return (
            "Only the agent has these, and `nlu push` leaves them alone: take them into the file with "
            "`therapy-booking nlu pull-phrases`, or delete them in the console. `nlu diff` lists them."
        )
    return "Run `therapy-booking nlu push`; `nlu diff` lists them."


async def _answer(settings: Settings) -> str:
    from app.nlu import one_reading  # noqa: PLC0415  # as above

    phrase = load_understanding(settings.understanding_path).training_texts[TEST_INTENT][0]
    try:
        reading = await one_reading(settings, phrase, datetime.now(UTC))
    except ReadingUnavailable as error:
        raise Ailment(str(error), "The offline classifier reads meanwhile.") from None
    intent, confidence = reading.scores[0] if reading.scores else ("nothing", 0.0)
    if intent != TEST_INTENT:
        raise Ailment(
            f"A test phrase of {TEST_INTENT} is read as {intent}.",
            "Run `therapy-booking nlu push`; its last step trains the agent.",
        )
    return f"a test phrase is read as {intent}, {confidence:.2f} sure"
