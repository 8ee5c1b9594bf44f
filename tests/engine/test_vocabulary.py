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
    assert vocabulary.command(normalise(text)) == ("approve", {"request": "12"})


@pytest.mark.parametrize(
    "text", ["approve", "approve twelve", "approve 12 and 13", "do not approve 12", "12"]
)
def test_anything_else_is_no_command(text: str) -> None:
    vocabulary = Vocabulary(intents=("approve",), commands=(Command("approve", "approve {request}"),))
    assert vocabulary.command(normalise(text)) is None


def test_a_phrase_is_text_and_not_a_pattern() -> None:
    assert Command("help", "what (.*)?").values("what now") is None
