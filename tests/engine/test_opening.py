"""The answer at the beginning of a longer message: what counts as one, and what never does."""

from __future__ import annotations

import pytest

from engine.opening import opening_answer
from engine.vocabulary import Vocabulary

VOCABULARY = Vocabulary(
    intents=("yes", "no", "thanks"),
    lexicon={
        "yes": "yes",
        "okay": "yes",
        "sure": "yes",
        "please do": "yes",
        "that works": "yes",
        "no": "no",
        "thanks": "thanks",
    },
    reservations=frozenset({"but", "instead"}),
    acknowledgements=frozenset({"okay"}),
)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Yes, and where is it?", "yes"),
        ("Yes! Where is it?", "yes"),
        ("yes please do. Where is it?", "yes"),
        ("Okay, that works. Where is it?", "yes"),
        ("That works, thanks", "yes"),
        ("No. Where is it?", "no"),
        ("YES", "yes"),
    ],
)
def test_the_first_clause_answers_whatever_follows(text: str, answer: str) -> None:
    assert opening_answer(VOCABULARY, text) == answer


@pytest.mark.parametrize(
    "text",
    [
        "Okay, where is it?",
        "Yes? Where is it?",
        "Yes, but not so early",
        "Sure. Make it Friday instead",
        "Yes I wonder where it is",
        "Yes-men are a nuisance, that works",
        "Where is it? Yes",
        "",
        "... !",
    ],
)
def test_what_is_not_clear_is_no_answer(text: str) -> None:
    assert opening_answer(VOCABULARY, text) is None
