"""The language of the lexicons."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.safety.phrases import BadPhrase, Choices, Phrase, Phrases
from flows.safety.spelling import words_of

GROUPS = {"want": Choices(["want to", "wanna"]), "me": Choices(["myself", "me"])}


def finds(phrase: str, text: str) -> bool:
    phrases = Phrases([("it", Phrase.read(phrase, GROUPS))])
    known = {"wanna", "kill", "me"}
    return any(phrases.found(words_of(text, {}, (), known)))


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("{want} kill|hurt {me}", "I want to hurt myself", True),
        ("{want} kill|hurt {me}", "I want to hug myself", False),
        ("{want} kill|hurt {me}", "wannakillme", True),
        ("suicid*", "Suicidality", True),
        ("suicid*", "nosuicide", False),
        ("no point .. going on", "there is no point in going on", True),
        ("no point .. going on", "no point in all of this going on", False),
        ("no point .. going on", "no point. going on", False),
        ("(really|just)? want to die", "I want to die", True),
        ("i (really|just)? want to die", "I just want to die", True),
        ("i {want}? die", "i die", True),
        ("^kms$", "hello. kms!", True),
        ("^kms$", "kms route", False),
        ("die$", "let me die tomorrow", False),
    ],
)
def test_a_phrase_finds_what_it_says(phrase: str, text: str, *, found: bool) -> None:
    assert finds(phrase, text) is found


@pytest.mark.parametrize(
    "phrase", ["", "^", "..", "die ..", "{nobody} dies", "a||b", "what?!", "(a|b", "maybe?"]
)
def test_a_phrase_that_cannot_be_read_is_refused(phrase: str) -> None:
    with pytest.raises(BadPhrase):
        Phrase.read(phrase, GROUPS)


LEXICON = [
    "{want} kill|hurt {me}",
    "suicid* note?",
    "no point .. going on",
    "i (really|just)? want to die",
    "^kms$",
    "die$",
    "(i|we)? {want} .. die*",
]
PIECES = [
    *("want", "to", "wanna", "kill", "me", "suicidal", "note", "no point", "going", "on", "i", "just", "die"),
    *("dying", "kms", ".", "x", "want to hurt myself", "no point in going on", "i really want to die"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=8))
def test_looking_for_many_together_finds_what_each_finds_alone(pieces: list[str]) -> None:
    said = [".", *" ".join(pieces).split(), "."]
    listed = [(text, Phrase.read(text, GROUPS)) for text in LEXICON]
    alone = {
        (text, at, end)
        for text, phrase in listed
        for at in range(1, len(said))
        if (end := phrase.end(said, at)) is not None and end > at
    }
    assert set(Phrases(listed).found(said)) == alone
