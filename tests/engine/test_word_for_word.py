"""Words that a state takes as they are, words written in reply to a message, and commands with a time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.effects import Message, Option
from engine.events import NOTHING, Event, Heard, Reading
from engine.hear import hear, understood_without_reading
from engine.model import ANYWHERE, Flow, State, Target
from engine.named import in_context
from engine.snapshot import Snapshot
from engine.vocabulary import Command, EntityKind, Vocabulary
from tests.engine.tea_house import by_event, means, rule

VOCABULARY = Vocabulary(
    intents=("order", "thanks", "bye"),
    lexicon={"order": "order", "thanks": "thanks", "bye": "bye"},
    commands=(
        Command("order", "order {tea}"),
        Command("reserve", "reserve {when}", times=frozenset({"when"})),
    ),
    entities={
        "wish": EntityKind("wish", "give.wish", verbatim=True),
        "table": EntityKind("table", "give.table"),
        "tea": EntityKind("tea", "give.tea"),
    },
)
FLOW = Flow(
    name="guest",
    start="idle",
    anywhere=by_event(
        rule(ANYWHERE, "order", Target()),
        rule(ANYWHERE, "reserve", Target()),
        rule(ANYWHERE, "thanks", Target()),
        rule(ANYWHERE, "give.table", Target()),
        rule(ANYWHERE, "bill", Target("idle", say=("bill",), options=("leave",), regarding="table")),
        rule(ANYWHERE, "leave", Target()),
    ),
    states={
        "idle": State("idle", "Nothing."),
        "wishing": State(
            "wishing",
            "The guest says anything.",
            expects=("wish",),
            rules=by_event(rule("wishing", "give.wish", Target()), rule("wishing", "bye", Target("idle"))),
        ),
    },
    remembers={},
    renamed={},
    structure="",
)
BILL = Message("Your bill.", (Option("leave:7", "Leave", "leave"),))


def heard(
    text: str, state: str = "wishing", reading: Reading | None = None, answered: Message | None = None
) -> Event:
    thing = Heard(key="k", flow="guest", address="a", kind="text", at=0, text=text)
    return hear(FLOW, VOCABULARY, Snapshot(state=state), thing, reading, answered)


@pytest.mark.parametrize("text", ["I would like to order", "thanks", "order", "3", "reserve it?"])
def test_whatever_is_said_is_taken_word_for_word(text: str) -> None:
    assert heard(text, reading=means(("order", 1.0), wish="nothing of this")) == Event("give.wish")


def test_a_command_and_a_word_of_the_state_itself_mean_what_they_mean() -> None:
    assert heard("order 3") == Event("order", {"tea": "3"})
    assert heard("bye") == Event("bye")


def test_a_word_that_is_always_heard_is_taken_for_no_words_to_somebody_else() -> None:
    vocabulary = replace(VOCABULARY, always_heard=frozenset({"thanks"}))
    thing = Heard(key="k", flow="guest", address="a", kind="text", at=0, text="Thanks!")
    wishing = Snapshot(state="wishing")
    assert hear(FLOW, vocabulary, wishing, thing, None) == Event("thanks")
    assert hear(FLOW, VOCABULARY, wishing, thing, None) == Event("give.wish")


def test_no_classifier_is_asked_for_it() -> None:
    thing = Heard(key="k", flow="guest", address="a", kind="text", at=0, text="my secret")
    assert understood_without_reading(FLOW, VOCABULARY, Snapshot(state="wishing"), thing) == Event(
        "give.wish"
    )


def test_no_classifier_is_asked_for_words_in_reply() -> None:
    thing = Heard(key="k", flow="guest", address="a", kind="text", at=0, text="my secret")
    idle = Snapshot(state="idle")
    assert understood_without_reading(FLOW, VOCABULARY, idle, thing) is None
    assert understood_without_reading(FLOW, VOCABULARY, idle, thing, BILL) == Event(
        "give.table", {"table": "7"}
    )


def test_a_command_with_a_time_takes_it_from_the_reading() -> None:
    reading = means(("order", 1.0), when={"date": "2026-03-03"})
    assert heard("reserve tomorrow", "idle", reading) == Event("reserve", {"when": {"date": "2026-03-03"}})
    thing = Heard(key="k", flow="guest", address="a", kind="text", at=0, text="reserve tomorrow")
    assert understood_without_reading(FLOW, VOCABULARY, Snapshot(state="wishing"), thing) is None


@pytest.mark.parametrize("text", ["thanks", "order", "too much?", "2"])
def test_words_in_reply_are_given_to_what_the_message_is_about(text: str) -> None:
    assert heard(text, "idle", means(("order", 1.0)), BILL) == Event("give.table", {"table": "7"})


@pytest.mark.parametrize("text", ["Leave", "go"])
def test_the_title_of_an_option_or_a_word_for_it_is_that_option(text: str) -> None:
    vocabulary = Vocabulary(intents=("leave",), lexicon={"go": "leave"}, entities=VOCABULARY.entities)
    thing = Heard(key="k", flow="guest", address="a", kind="text", at=0, text=text)
    event = hear(FLOW, vocabulary, Snapshot(state="idle"), thing, None, BILL)
    assert event == Event("leave", {"table": "7"})


def test_a_reply_to_a_message_about_nothing_is_heard_as_ever() -> None:
    assert heard("thanks", "idle", means(("thanks", 1.0)), Message("Hello.")) == Event("thanks", NOTHING)


def test_what_a_screen_heard_keeps_what_the_answered_message_is_about() -> None:
    alarm = Event("alarm", {"numbers": "112"})
    assert in_context(FLOW, alarm, BILL) == Event("alarm", {"table": "7", "numbers": "112"})
    assert in_context(FLOW, alarm, Message("Hello.")) == in_context(FLOW, alarm, None) == alarm
