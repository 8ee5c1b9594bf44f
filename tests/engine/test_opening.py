"""The answer at the beginning of a longer message: what counts as one, and what never does."""

from __future__ import annotations

import pytest

from engine.events import Reading
from engine.opening import has_reservations, opening_answer, sentences
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
    reservations=frozenset({"but", "not"}),
    changes_of_mind=frozenset({"instead"}),
    acknowledgements=frozenset({"okay"}),
)


ANSWERS = frozenset({"yes", "no"})


def opening(text: str, *readings: tuple[str, float]) -> str | None:
    """The answer in a message whose first sentences the classifier reads like this."""
    reading = Reading(scores=(), sentences=tuple((one,) for one in readings), read_by="test")
    return opening_answer(VOCABULARY, text, reading, ANSWERS)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Yes, and where is it?", "yes"),
        ("Yes! Where is it?", "yes"),
        ("yes please do. Where is it?", "yes"),
        ("Okay, that works. Where is it?", "yes"),
        ("That works, thanks", "yes"),
        ("No. Where is it?", "no"),
        ("No. But where is it?", "no"),
        ("Thanks, yes", "yes"),
        ("Yes! I am not lost, but where is it?", "yes"),
        ("YES", "yes"),
    ],
)
def test_the_first_clause_answers_whatever_follows(text: str, answer: str) -> None:
    assert opening(text) == answer


@pytest.mark.parametrize(
    "text",
    [
        "Okay, where is it?",
        "Yes? Where is it?",
        "Yes, but not so early",
        "Sure. Make it Friday instead",
        "Sure. But is it warm?",
        "Yes I wonder where it is",
        "Yes-men are a nuisance, that works",
        "Where is it? Yes",
        "",
        "... !",
    ],
)
def test_what_is_not_clear_is_no_answer(text: str) -> None:
    assert opening(text) is None


@pytest.mark.parametrize(
    ("text", "readings", "answer"),
    [
        ("That suits me. Where is it?", [("yes", 0.8)], "yes"),
        ("Okay. That suits me. Where is it?", [("yes", 0.9), ("yes", 0.8)], "yes"),
        ("That suits me. Where is it?", [("yes", 0.4)], None),
        ("That suits me. But where is it?", [("yes", 0.8)], None),
        ("Suits me? Where is it?", [("yes", 0.8)], None),
        ("So kind. Where is it?", [("thanks", 0.9)], None),
        ("That suits me. Where is it?", [], None),
    ],
)
def test_a_first_sentence_answers_as_it_is_read(
    text: str, readings: list[tuple[str, float]], answer: str | None
) -> None:
    assert opening(text, *readings) == answer


def test_sentences_are_those_that_others_follow() -> None:
    assert sentences("It suits me!! Where is it? Bye") == ["It suits me!!", "Where is it?"]
    assert sentences("It suits me.Where is it") == ["It suits me."]
    assert sentences("at 4.30 p.m. please") == []
    assert sentences("It suits me.") == []


def test_reservations_are_those_behind_an_answer() -> None:
    assert has_reservations(VOCABULARY, "Okay, but where is it?", ANSWERS)
    assert has_reservations(VOCABULARY, "Yes. Take the red one instead", ANSWERS)
    assert not has_reservations(VOCABULARY, "Yes, where is it?", ANSWERS)
    assert not has_reservations(VOCABULARY, "Not that one, but this", ANSWERS)
