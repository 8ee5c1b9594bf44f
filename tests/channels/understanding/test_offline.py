"""The offline classifier, trained from the shipped phrases. None of these texts is one of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.understanding import weights as weights_file
from channels.understanding.offline import OfflineClassifier, TrainingFailed
from engine.events import Reading
from engine.narrow import LOW, NONE_OF_THESE
from flows.vocabulary import load_understanding
from tests.channels.understanding.conftest import FRIDAY_MORNING

TINY = {"greeting": ["hi", "hello there"], NONE_OF_THESE: ["play music", "buy bread"]}


def modified(path: Path) -> int:
    """When a file was last written."""
    return path.stat().st_mtime_ns


def names_in(folder: Path) -> set[str]:
    """The files in a folder."""
    return {file.name for file in folder.iterdir()}


async def read(offline: OfflineClassifier, text: str) -> Reading:
    return await offline.read(text, now=FRIDAY_MORNING, address_hash="nobody")


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("hellooo there!", "greeting"),
        ("i cant make it on tuesday", "cancel.appointment"),
        ("could u book me an appointmnt pls", "book.appointment"),
        ("what slots are still free on thursday afternoon", "check.availability"),
        ("what sort of therapy do you offer", "get.services"),
        ("i have to move my session to another day", "modify.appointment"),
        ("sorry, i need to cancel my session on friday", "cancel.appointment"),
        ("when is my next session with you", "my.appointments"),
        ("thursday around half past four", "give.time"),
        ("yeah that works fine for me", "yes"),
        ("nope, not really", "no"),
        ("put me through to a real human", "human"),
        ("could you say that one more time?", "repeat"),
        ("thank you ever so much", "thanks"),
        ("goodbye and take care", "bye"),
        ("how do i make pancakes", NONE_OF_THESE),
        ("turn the lights off in the bathroom", NONE_OF_THESE),
        ("my credit card payment was charged twice", NONE_OF_THESE),
    ],
)
async def test_what_people_want(offline: OfflineClassifier, text: str, intent: str) -> None:
    reading = await read(offline, text)
    assert reading.intent == intent
    assert reading.confidence >= LOW


async def test_every_intent_has_its_confidence(offline: OfflineClassifier) -> None:
    reading = await read(offline, "can i come tomorrow")
    assert {intent for intent, _ in reading.scores} == set(load_understanding().vocabulary.intents)
    confidences = [confidence for _, confidence in reading.scores]
    assert confidences == sorted(confidences, reverse=True)
    assert sum(confidences) <= 1 + 1e-9


async def test_strange_words_make_it_unsure(offline: OfflineClassifier) -> None:
    plain = await read(offline, "book an appointment")
    strange = await read(offline, "book an appointment qwrtz plugh xyzzy")
    assert strange.confidence < plain.confidence * 0.7


async def test_names_given_to_it_are_not_strange(weights_dir: Path, offline: OfflineClassifier) -> None:
    shipped = load_understanding()
    knowing = OfflineClassifier(
        shipped.training_texts, shipped.synonyms, weights_dir, names=["Zdenka Okonkwo-Quist"]
    )
    text = "book an appointment with Zdenka"
    assert (await read(knowing, text)).confidence > (await read(offline, text)).confidence


async def test_a_text_of_nothing_but_a_time_gives_a_time(offline: OfflineClassifier) -> None:
    reading = await read(offline, "tomorrow at 14:30")
    assert reading.intent == "give.time"
    assert reading.confidence >= 0.95
    assert reading.entities["appointment_time"] == {
        "date": "2026-03-07",
        "until_date": None,
        "time": "14:30",
        "until": None,
        "open": None,
        "either_half": False,
        "weekdays": None,
        "order": None,
        "weekday": False,
        "that_week": False,
    }


async def test_a_time_beside_something_unrelated_is_not_an_answer(offline: OfflineClassifier) -> None:
    assert (await read(offline, "the weather tomorrow")).intent == NONE_OF_THESE


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("perfect, see you at 10 tomorrow", "bye"),
        ("all good for friday, thanks, bye", "bye"),
        ("thank you for monday", "thanks"),
        ("ill be ten mins late today", "running.late"),
        ("Monday please, thank you", "give.time"),
        ("Could I see you on Monday?", "give.time"),
        ("need something for Friday, thanks", "give.time"),
    ],
)
async def test_a_time_that_is_mentioned_is_no_wish(
    offline: OfflineClassifier, text: str, intent: str
) -> None:
    assert (await read(offline, text)).intent == intent


async def test_a_bare_number_is_latent(offline: OfflineClassifier) -> None:
    reading = await read(offline, "4")
    assert "appointment_time" not in reading.entities
    assert reading.latent["appointment_time"]


async def test_all_entities_of_a_text_are_found(offline: OfflineClassifier) -> None:
    reading = await read(offline, "can I have couples therapy as a home visit on Monday at 3 pm")
    assert reading.entities["service_type"] == "home visit"
    assert reading.entities["service_description"] == "couples"
    assert isinstance(when := reading.entities["appointment_time"], dict)
    assert (when["date"], when["time"]) == ("2026-03-09", "15:00")


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=200))
async def test_no_text_breaks_it(offline: OfflineClassifier, text: str) -> None:
    reading = await read(offline, text)
    assert all(0 <= confidence <= 1 for _, confidence in reading.scores)


@pytest.mark.parametrize("text", ["", " ", "🎉" * 1600, "a" * 5000, "1" * 3000, "\x00", "((((" * 400])
async def test_odd_texts_are_read_like_any_other(offline: OfflineClassifier, text: str) -> None:
    assert (await read(offline, text)).read_by == "offline"


async def test_it_learns_only_when_the_phrases_are_new(tmp_path: Path) -> None:
    path = weights_file.path_of(tmp_path, weights_file.key_of(TINY))
    await OfflineClassifier.start(TINY, {}, tmp_path)
    before = modified(path)
    await OfflineClassifier.start(TINY, {}, tmp_path)
    assert modified(path) == before
    more = {**TINY, "greeting": [*TINY["greeting"], "hey"]}
    await OfflineClassifier.start(more, {}, tmp_path)
    assert names_in(tmp_path) == {
        weights_file.path_of(tmp_path, weights_file.key_of(phrases)).name for phrases in (TINY, more)
    }


async def test_training_that_fails_says_so(tmp_path: Path) -> None:
    with pytest.raises(TrainingFailed):
        await OfflineClassifier.start({"only.one": ["hi"]}, {}, tmp_path)
    assert names_in(tmp_path) == set()


def test_damaged_weights_are_named(tmp_path: Path) -> None:
    path = weights_file.path_of(tmp_path, weights_file.key_of(TINY))
    path.write_text(json.dumps({"intents": []}), encoding="utf-8")
    with pytest.raises(ValueError, match="delete it"):
        OfflineClassifier(TINY, {}, tmp_path)


def test_the_server_process_never_loads_the_training_libraries() -> None:
    code = (
        "import sys; import channels.understanding.offline as m;"
        "print(sorted({'sklearn', 'numpy', 'scipy'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("earlier", "earlier"),
        ("something earlier please", "earlier"),
        ("too late", "earlier"),
        ("anything later?", "later"),
        ("later", "later"),
        ("another day", "another_day"),
        ("other days please", "another_day"),
        ("is there anything on a different day?", "another_day"),
    ],
)
async def test_other_times_and_which_way_to_look(offline: OfflineClassifier, text: str, way: str) -> None:
    reading = await read(offline, text)
    assert reading.intent == "other.options"
    assert reading.entities["direction"] == way


@pytest.mark.parametrize(
    "text", ["not later please", "later today", "not too early", "no earlier than 3pm", "the other day"]
)
async def test_what_names_no_way_to_look(offline: OfflineClassifier, text: str) -> None:
    assert "direction" not in (await read(offline, text)).entities
