"""The command that tells what a text is understood as."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from app.understand import understand_lines
from engine.events import Reading, Value
from engine.vocabulary import Command, Vocabulary

NOW = datetime.fromisoformat("2026-03-06T09:00:00+01:00")
WEEK: dict[str, Value] = {"date": "2026-03-09", "until_date": "2026-03-15", "time": None, "until": None}
AFTERNOON: dict[str, Value] = {"date": None, "until_date": None, "time": "12:00", "until": "19:00"}
FOUR: dict[str, Value] = {"date": None, "until_date": None, "time": "16:00", "until": None}
VOCABULARY = Vocabulary(
    intents=("yes", "approve", "give.time", "out.of.scope"),
    lexicon={"ok": "yes"},
    commands=(Command("approve", "approve {request}"),),
)


class Scripted:
    """A classifier whose readings are written down."""

    name = "scripted"
    paid = False

    async def read(self, text: str, *, now: datetime, address_hash: str) -> Reading:
        assert now == NOW
        assert address_hash
        entities: dict[str, Value] = {}
        if text == "next week":
            entities["appointment_time"] = WEEK
        if text == "afternoon":
            entities["appointment_time"] = AFTERNOON
        latent: dict[str, Value] = {"appointment_time": FOUR} if text == "4" else {}
        confidence = 0.1 if text == "mumble" else 0.9
        return Reading(
            scores=(("give.time", confidence),), entities=entities, latent=latent, read_by=self.name
        )


async def ask(*asked: object) -> list[dict[str, Any]]:
    """The answers, without how long they took."""
    lines = [json.dumps(one) if isinstance(one, dict) else str(one) for one in asked]
    answers = [json.loads(line) async for line in understand_lines(Scripted(), VOCABULARY, lines, NOW)]
    assert all(answer.pop("ms", 0) >= 0 for answer in answers)
    return answers


async def test_every_line_gets_one_answer() -> None:
    assert len(await ask({"text": "one"}, "", {"text": "two"})) == 2


async def test_a_stretch_of_days_ends_on_a_day_and_one_of_hours_at_a_time() -> None:
    week, afternoon = await ask({"text": "next week"}, {"text": "afternoon"})
    assert week["appointment_time"] == {"date": "2026-03-09", "time": None, "end": "2026-03-15"}
    assert afternoon["appointment_time"] == {"date": None, "time": "12:00", "end": "19:00"}


async def test_a_latent_time_counts_only_where_one_is_expected() -> None:
    bare, expected = await ask({"text": "4"}, {"text": "4", "expects": ["appointment_time"]})
    assert bare["appointment_time"] is None
    assert expected["appointment_time"] == {"date": None, "time": "16:00", "end": None}


async def test_exact_words_and_commands_need_no_classifier() -> None:
    ok, approve = await ask({"text": "OK!"}, {"text": "approve 12"})
    assert (ok["intent"], ok["confidence"]) == ("yes", 1.0)
    assert (approve["intent"], approve["entities"]) == ("approve", {"request": "12"})


async def test_an_unsure_reading_is_none_of_these() -> None:
    (answer,) = await ask({"text": "mumble"})
    assert (answer["intent"], answer["confidence"]) == ("out.of.scope", 0.1)


@pytest.mark.parametrize("line", ["hello", "[]", "{}", '{"text": 4}', '{"text": "a", "expects": "b"}'])
async def test_a_line_that_is_none_is_named(line: str) -> None:
    fine, bad, fine_again = await ask({"text": "fine"}, line, {"text": "fine"})
    assert "line 2" in bad["error"]
    assert (fine["intent"], "error" in fine) == (fine_again["intent"], False)
