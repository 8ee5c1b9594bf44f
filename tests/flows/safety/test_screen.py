"""How well the crisis screen hears, on phrases that were written by somebody who did not know the lexicons.

These are gates: a change of a lexicon that makes it hear less, or start at booking talk, does not pass.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import FlowError
from engine.events import Heard
from flows.safety.screen import CRISIS, CrisisScreen
from flows.strict_yaml import Items, Keys, Problems, Text, read_yaml

SCREEN = CrisisScreen.load()
HERE = Path(__file__).parent


def phrases(language: str) -> dict[str, list[str]]:
    """The labelled phrases of a language, by kind."""
    path = HERE / f"phrases.{language}.yaml"
    problems = Problems(path.name)
    node = read_yaml(path, problems)
    assert isinstance(node, Keys)
    assert not problems.issues
    return {
        kind.text: [item.text for item in value.items if isinstance(item, Text)]
        for kind, value in node
        if isinstance(value, Items)
    }


LABELLED = {language: phrases(language) for language in ("en", "es")}


@pytest.mark.parametrize(("kind", "least"), [("explicit", 0.98), ("oblique", 0.90), ("third_person", 0.90)])
@pytest.mark.parametrize("language", LABELLED)
def test_nearly_all_who_may_be_in_danger_are_heard(language: str, kind: str, least: float) -> None:
    said = LABELLED[language][kind]
    missed = [text for text in said if SCREEN.concern(text) is None]
    assert 1 - len(missed) / len(said) >= least, missed


@pytest.mark.parametrize(("kind", "most"), [("booking", 0.01), ("idiom", 0.05)])
@pytest.mark.parametrize("language", LABELLED)
def test_hardly_anything_else_is_taken_for_it(language: str, kind: str, most: float) -> None:
    said = LABELLED[language][kind]
    alarms = [(text, concern.rule) for text in said if (concern := SCREEN.concern(text))]
    assert len(alarms) / len(said) < most, alarms


@pytest.mark.parametrize("language", LABELLED)
def test_there_are_enough_phrases_to_tell(language: str) -> None:
    assert sum(map(len, LABELLED[language].values())) >= 300


def test_an_idiom_hides_nothing_that_stands_beside_it() -> None:
    concern = SCREEN.concern("this wait is killing me and I want to kill myself")
    assert concern
    assert concern.kind == "explicit"


def test_the_answer_comes_in_the_language_of_the_message_with_the_numbers_of_the_country() -> None:
    def answer(text: str, address: str) -> str:
        heard = Heard(key="1", flow="client", address=address, kind="text", at=0, text=text)
        event = SCREEN(heard)
        assert event
        assert event.name == CRISIS
        return str(event.data["reply"])

    english = answer("I want to die", "whatsapp:+12125550100")
    spanish = answer("me quiero morir", "whatsapp:+34600111222")
    assert "988" in english
    assert "024" in spanish
    assert english.split()[:3] != spanish.split()[:3]
    assert "{" not in english + spanish


def test_what_nobody_wrote_is_no_crisis() -> None:
    assert SCREEN(Heard(key="1", flow="client", address="a", kind="signal", at=0, event="approved")) is None


def test_a_lexicon_with_mistakes_is_refused_with_all_of_them(tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text(
        "language: en\nexplicit: {wish: ['{nobody} dies', 'a||b']}\nobliqe: {x: [y]}\n"
    )
    with pytest.raises(FlowError) as refused:
        CrisisScreen.load(tmp_path)
    assert sorted(issue.code for issue in refused.value.issues) == [
        "bad-phrase",
        "bad-phrase",
        *["missing-section"] * 3,
        "no-reply",
        "unknown-key",
    ]


def test_a_reply_that_no_message_has_room_for_is_refused(tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text(f"language: en\nreply: '{{emergency}} {{helpline}} {'x' * 1_200}'\n")
    with pytest.raises(FlowError, match=r"en.yaml:2:8: long-text: `reply` leaves no 200 characters"):
        CrisisScreen.load(tmp_path)
