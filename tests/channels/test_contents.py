"""What fills a content: always within Twilio's limits, with every option still to be told from the others."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.contents import fill_frame, fill_template, frame_payload, one_line, template_payload
from engine.effects import Option
from tests.fakes.twilio_contents import ContentBook

TITLE = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=100)


def offer(*titles: str) -> tuple[Option, ...]:
    return tuple(Option(f"7.{number}", title, "pick") for number, title in enumerate(titles, 1))


def test_few_short_options_are_buttons() -> None:
    assert fill_frame("Shall I?\nReally?", offer("Yes", "No")) == (
        "buttons",
        {"1": "Shall I? · Really?", "2": "Yes", "3": "7.1", "4": "No", "5": "7.2"},
    )


def test_more_of_them_are_a_list() -> None:
    found = fill_frame("When?", offer("9:00", "10:00", "11:00", "12:00"))
    assert found
    assert (found[0], len(found[1]), found[1]["8"]) == ("list", 9, "12:00")


@pytest.mark.parametrize("length", [20, 21, 24, 25])
def test_a_title_decides_which_kind_has_room_for_it(length: int) -> None:
    found = fill_frame("Which?", offer("a" * length, "b"))
    assert found
    assert found[0] == {20: "buttons", 21: "list", 24: "list", 25: "described"}[length]


def test_a_long_title_is_cut_and_told_in_full_beside_it() -> None:
    found = fill_frame("Which?", offer("Thursday 7 March, 16:00, with Anna Berg", "Another one"))
    assert found == (
        "described",
        {
            "1": "Which?",
            "2": "Thursday 7 March, 16:00…",
            "3": "7.1",
            "4": "Thursday 7 March, 16:00, with Anna Berg",
            "5": "Another one",
            "6": "7.2",
            "7": "Another one",
        },
    )


@pytest.mark.parametrize(
    "options",
    [
        (),
        offer("Same", "Same"),
        offer("The same long beginning of two", "The same long beginning of three"),
        offer("a" * 73, "b"),
        offer(*map(str, range(11))),
        (Option("x" * 129, "Yes", "yes"),),
    ],
)
def test_what_cannot_be_tapped_stays_words(options: tuple[Option, ...]) -> None:
    assert fill_frame("Which?", options) is None


def test_a_text_too_long_for_it_stays_words() -> None:
    assert fill_frame("x" * 1_024, offer("Yes")) is not None
    assert fill_frame("x" * 1_025, offer("Yes")) is None


@given(st.text(max_size=1_200), st.lists(TITLE, max_size=12))
def test_whatever_is_offered_fits_or_stays_words(text: str, titles: list[str]) -> None:
    found = fill_frame(text, offer(*titles))
    if found is None:
        return
    kind, variables = found
    book = ContentBook()
    made = book.create(json.loads(json.dumps(frame_payload("f", "en", kind, len(titles), "Choose"))))
    body, buttons = made.render(variables)
    assert body == one_line(text)
    assert [id_ for _, id_ in buttons] == [f"7.{number}" for number in range(1, len(titles) + 1)]


@given(st.text(max_size=2_000))
def test_a_variable_is_one_line_and_never_empty(text: str) -> None:
    (value,) = fill_template("", [text], ()).values()
    assert 0 < len(value) <= 300
    assert "\n" not in value
    assert "     " not in value


def test_a_template_has_its_ids_behind_its_places() -> None:
    body = "There is some news for {{1}} about it here."
    payload = template_payload("news_en_1", "en", body, ["Approve", "Decline"], ["Maria"])
    made = ContentBook().create(payload)
    options = (Option("approve:7", "Approve", "approve"), Option("decline:7", "Decline", "decline"))
    assert made.render(fill_template(body, ["Ada\nLovelace"], options)) == (
        "There is some news for Ada · Lovelace about it here.",
        (("Approve", "approve:7"), ("Decline", "decline:7")),
    )


def test_a_template_without_buttons_is_text() -> None:
    made = ContentBook().create(template_payload("n", "en", "Some news for {{1}} here.", [], ["Maria"]))
    assert (made.kind, made.render({"1": "Ada"})) == ("twilio/text", ("Some news for Ada here.", ()))


@given(st.lists(st.builds(str.__mul__, TITLE, st.integers(1, 300)), min_size=5, max_size=5))
def test_whatever_fills_a_template_its_body_has_room_for_it(values: list[str]) -> None:
    body = "All of {{1}} is news, as is {{2}} and {{3}}, besides {{4}} and that of {{5}} here and there."
    made = ContentBook().create(template_payload("n", "en", body, [], ["x"] * 5))
    assert len(made.render(fill_template(body, values, ()))[0]) <= 1_024


def test_values_are_cut_no_more_than_needed() -> None:
    assert fill_template("News: {{1}} and {{2}}.", ["a" * 300, "b" * 300], ()) == {
        "1": "a" * 300,
        "2": "b" * 300,
    }
    cut = fill_template("x" * 600 + "{{1}} and {{2}}.", ["a" * 300, "short"], ())
    assert (cut["1"], cut["2"]) == ("a" * 300, "short")
