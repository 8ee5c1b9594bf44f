"""Exact words and commands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.vocabulary import Command, Vocabulary, normalise


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text(alphabet=st.characters(categories=["L"]), max_size=20))
def test_case_does_not_matter(text: str) -> None:
    assert normalise(normalise(text).upper()) == normalise(normalise(text).upper().lower())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  Yes!! ", "yes"),
        ("YESSSS", "yes"),
        ("That’s right.", "that's right"),
        ("👍🏽", "👍"),
        ("*Approve  #12*", "approve #12"),
        ("“ok”", "ok"),
        ("???", ""),
        ("good", "good"),
    ],
)
def test_texts_are_compared_without_their_looks(text: str, said: str) -> None:
    assert normalise(text) == said


@pytest.mark.parametrize("text", ["approve 12", "Approve #12", "APPROVE 0012!", "approve   12."])
def test_a_command_is_known_with_its_number(text: str) -> None:
    vocabulary = Vocabulary(
        intents=("approve",),
        commands=(Command("approve", "approve {request}"), Command("approve", "approve #{request}")),
    )
    found = vocabulary.command(text)
    assert found is not None
    assert (found[0].event, found[1]) == ("approve", {"request": "12"})
    assert vocabulary.command(text, {"decline"}) is None


@pytest.mark.parametrize(
    "text", ["approve", "approve twelve", "approve 12 and 13", "do not approve 12", "12"]
)
def test_anything_else_is_no_command(text: str) -> None:
    vocabulary = Vocabulary(intents=("approve",), commands=(Command("approve", "approve {request}"),))
    assert vocabulary.command(text) is None
    assert vocabulary.command("approve 12?") is None


def test_a_phrase_is_text_and_not_a_pattern() -> None:
    assert Command("help", "what (.*)?").values("what now") is None


def test_words_of_a_command_are_kept_as_they_were_written() -> None:
    tell = Command("tell", "tell {words}", words=frozenset({"words"}))
    assert tell.values(" Tell #12 I'll be\nthere at 3. OK?") == {"words": "#12 I'll be\nthere at 3. OK?"}
    assert tell.values("tell") is None
    assert tell.values("I tell you") is None


def test_a_time_of_a_command_is_left_to_the_classifier() -> None:
    block = Command("block", "block {when}", times=frozenset({"when"}))
    assert block.values("Block tomorrow 2 to 4pm!") == {}
    assert block.values("block tomorrow?") is None
    assert block.values("blocks") is None
