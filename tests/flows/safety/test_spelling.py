"""However a message is typed, its words are found."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.safety.spelling import words_of


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("I'm going to K1LL myself!!!", " . im going to kill myself . "),
        ("k i l l  m y s e l f", " . killmyself . "),
        ("I don’t want to... die", " . i dont want to die . "),
        ("su1c1de / k!ll / $uic1de", " . suicide kill uicide . "),
        ("noooo", " . no . "),
        ("No aguanto más. Quiero morirme", " . no aguanto mas . quiero morirme . "),
        ("kil.l my_self", " . kil l my self . "),
        ("killing\u200b mys\u00adelf", " . killing myself . "),
        ("see you at 3.30 pm?", " . see you at 3 30 pm . "),
        ("at 3pm or 10am", " . at 3pm or 10am . "),
        ("", " . "),
        ("😀", " . "),
        ("me🔫 ⚰️💊💊", " . me emojigun emojicoffin emojipill emojipill . "),
    ],
)
def test_typing_makes_no_difference(typed: str, words: str) -> None:
    assert " ".join(words_of(typed, {})) == words.strip()


def test_known_misspellings_and_single_slips_are_mended() -> None:
    said = words_of("I want to kil myslef", {"kil": "kill"}, ["myself"])
    assert said == [".", "i", "want", "to", "kill", "myself", "."]


@pytest.mark.parametrize(
    ("glued", "words"),
    [
        ("killmyself", ["kill", "myself"]),
        ("iwannakillmyself", ["iwannakillmyself"]),
        ("k i l l m y s e l f", ["kill", "myself"]),
        ("skillmyself", ["skillmyself"]),
    ],
)
def test_what_was_written_in_one_word_is_taken_apart_where_all_of_it_is_known(
    glued: str, words: list[str]
) -> None:
    assert words_of(glued, {}, (), {"kill", "myself"}) == [".", *words, "."]


def test_a_word_that_another_language_looks_for_is_no_slip_and_not_two_words() -> None:
    assert words_of("killmyself myselv", {}, ["myself"], {"kill", "myself"}, {"killmyself", "myselv"}) == [
        ".",
        "killmyself",
        "myselv",
        ".",
    ]


@given(st.text(max_size=300))
def test_any_text_becomes_sentences(text: str) -> None:
    said = words_of(text, {"kil": "kill"}, ["myself", "suicide"], {"kill", "myself"})
    assert said[0] == said[-1] == "."
    assert "" not in said
    assert (".", ".") not in pairwise(said)
