"""The language of the lexicons."""

from __future__ import annotations

import pytest

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
