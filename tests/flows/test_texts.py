"""Sentences and options: filled in literally, offered with ids that stay, the same in every language."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.effects import Option, Say
from engine.errors import FlowError
from engine.events import Value
from engine.snapshot import Snapshot
from flows.texts import Language, Texts, line

TEXTS = Texts(
    {
        "en": Language(
            {
                "hello": "Hello {name}!",
                "ask": "Yes or no?",
                "times": "When?",
                "list": "All:\n{list}",
                "row": "- {what}",
                "news": "Request {request}",
            },
            {"yes": "Yes", "no": "No", "approve": "Approve"},
        ),
        "de": Language(
            {key: f"<{key}>" for key in ("hello", "ask", "times", "list", "row", "news")},
            {"yes": "Ja", "no": "Nein", "approve": "Annehmen"},
        ),
    }
)
HERE = Snapshot(state="s", turn=7)
TIMES: list[Value] = [{"title": f"{hour}:00", "data": {"start": hour}} for hour in (9, 10)]


def spoken(*says: Say, language: str = "en", snapshot: Snapshot = HERE) -> list[str]:
    return [message.text for message in TEXTS.speak(language, snapshot, says)[0]]


@pytest.mark.parametrize(
    "name", ["{name}", "{request}", "%s", "{0.__class__}", "\\1", "{{x}}", "'; DROP TABLE"]
)
def test_what_is_filled_in_is_never_read_as_a_template(name: str) -> None:
    assert spoken(Say("hello", {"name": name})) == [f"Hello {name}!"]


def test_lists_and_texts_within_texts_are_put_into_words() -> None:
    rows: list[Value] = [line("row", what="a"), line("row", what=None), "plain"]
    assert spoken(Say("list", {"list": rows})) == ["All:\n- a\n- \nplain"]
    assert spoken(Say("hello", {"name": line("row", what="a")}), language="de") == ["<hello>"]


def test_a_language_that_nobody_translated_falls_back() -> None:
    assert spoken(Say("ask"), language="fr") == ["Yes or no?"]


def test_what_is_remembered_in_other_words_is_said_so_and_nothing_else_is() -> None:
    others: dict[str, Value] = {"ask": {"text": "¿Sí o no, {name}?", "titles": {"yes": "Sí"}}}
    remembered: dict[str, Value] = {"other_words": others, "name": "Ana"}
    (asked,), _ = TEXTS.speak("en", HERE, [Say("ask", remembered, ("yes", "no"))])
    assert (asked.text, [option.title for option in asked.options]) == ("¿Sí o no, Ana?", ["Sí", "No"])
    (other,), _ = TEXTS.speak("en", HERE, [Say("times", remembered, ("yes",))])
    assert (other.text, other.options[0].title) == ("When?", "Yes")


def test_one_turn_is_one_message_and_only_a_second_offer_begins_another() -> None:
    assert spoken(Say("hello", {"name": "A"}), Say("ask", options=("yes", "no"))) == [
        "Hello A!\n\nYes or no?"
    ]
    assert spoken(Say("ask", options=("yes", "no")), Say("hello", {"name": "A"})) == [
        "Yes or no?\n\nHello A!"
    ]
    two = (Say("news", {"request": "1"}, ("approve",), "1"), Say("ask", options=("yes", "no")))
    assert spoken(*two) == ["Request 1", "Yes or no?"]
    assert spoken() == []


def test_options_carry_the_turn_and_the_same_ones_asked_again_keep_their_ids() -> None:
    (asked,), after = TEXTS.speak("en", HERE, [Say("ask", options=("yes", "no"))])
    assert asked.options == (Option("7.1", "Yes", "yes"), Option("7.2", "No", "no"))
    assert after.offer == asked.options
    (again,), later = TEXTS.speak("en", after.evolve(turn=9), [Say("ask", options=("yes", "no"))])
    assert again.options == asked.options
    (other,), _ = TEXTS.speak("en", later.evolve(turn=10), [Say("ask", options=("yes",))])
    assert other.options[0].id == "10.1"


def test_remembered_choices_are_options_with_what_they_mean() -> None:
    snapshot = HERE.evolve(memory={"times": TIMES})
    (asked,), after = TEXTS.speak("en", snapshot, [Say("times", options="times")])
    assert [(option.id, option.title, option.event, option.data) for option in asked.options] == [
        ("7.1", "9:00", "pick_option", {"start": 9}),
        ("7.2", "10:00", "pick_option", {"start": 10}),
    ]
    (again,), _ = TEXTS.speak("en", after.evolve(turn=8), [Say("times", options="times")])
    assert again.options == asked.options
    fewer = after.evolve(turn=8, memory={"times": TIMES[1:]})
    (less,), _ = TEXTS.speak("en", fewer, [Say("times", options="times")])
    assert less.options[0].id == "8.1"


def test_an_empty_list_of_choices_takes_the_old_offer_back() -> None:
    offered = HERE.evolve(offer=(Option("6.1", "9:00", "pick_option", {"start": 9}),), memory={"times": []})
    (asked,), after = TEXTS.speak("en", offered, [Say("times", options="times")])
    assert asked.options == ()
    assert after.offer == ()


def test_standing_options_carry_their_subject_and_are_no_offer() -> None:
    offered = HERE.evolve(offer=(Option("6.1", "Yes", "yes"),))
    (news,), after = TEXTS.speak("en", offered, [Say("news", {"request": "12"}, ("approve",), "12")])
    assert news.options == (Option("approve:12", "Approve", "approve"),)
    assert after.offer == offered.offer


def test_what_the_checks_need_to_know_of_the_texts() -> None:
    assert TEXTS.places()["hello"] == {"name"}
    assert TEXTS.places()["ask"] == frozenset()
    assert TEXTS.titles() == {"yes", "no", "approve"}


EN = "options:\n  yes: Yes\ntexts:\n  hello: Hello {name}\n  bye: Bye\n"


@pytest.mark.parametrize(
    ("de", "issue"),
    [
        ("options:\n  yes: Ja\ntexts:\n  hello: Hallo {name}\n", "missing-translation: the text `bye`"),
        ("options: {}\ntexts:\n  hello: Hallo {name}\n  bye: B\n", "missing-translation: the option `yes`"),
        ("options:\n  yes: Ja\ntexts:\n  hello: Hallo {nam}\n  bye: B\n", "other-places: the text `hello`"),
        ("options:\n  yes: Ja\ntexts:\n  hello: Hallo {name}\n  bye:\n", "5:3: no-text: `bye`"),
        ("option:\n  yes: Ja\ntexts:\n  hello: Hallo {name}\n  bye: B\n", "1:1: unknown-key: `option`"),
        ("texts:\n  bye: [x\n", "2:8: not-yaml"),
    ],
)
def test_a_language_that_lacks_something_is_refused(tmp_path: Path, de: str, issue: str) -> None:
    (tmp_path / "en.yaml").write_text(EN, encoding="utf-8")
    (tmp_path / "de.yaml").write_text(de, encoding="utf-8")
    with pytest.raises(FlowError) as refused:
        Texts.load(tmp_path)
    assert f"{tmp_path.name}/de.yaml:" in str(refused.value)
    assert issue in str(refused.value)


def test_the_shipped_texts_load() -> None:
    shipped = Texts.load(Path(__file__).parents[2] / "flows" / "texts")
    assert "lost" in shipped.places()
