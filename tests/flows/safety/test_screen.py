"""How well the crisis screen hears, on phrases that were written by somebody who did not know the lexicons.

These are gates: a change of a lexicon that makes it hear less, or start at booking talk, does not pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import FlowError
from engine.events import Heard, Kind, Value
from flows.safety.screen import CRISIS, CrisisScreen
from flows.strict_yaml import Items, Keys, Problems, Text, read_yaml
from flows.template_limits import PLACE
from flows.texts import Texts

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


@pytest.mark.parametrize(
    "text",
    [
        "I wont be around tomorrow",
        "I can't do this anymore on Fridays",
        "I can't do it Tuesdays any more",
        "I can't do this anymore at 7pm",
        "I can't do this anymore at 3pm, could we switch?",
        "I can't live with this schedule",
        "we cannot work with these opening hours",
        "Not going to be around next Friday, could we move it?",
        "I can't live with this printer",
        "no aguanto el dolor de espalda",
        "no puedo vivir sin mi perro",
        "no puedo seguir con este horario",
        "ya no puedo los martes, trabajo",
        "mañana no estaré, lo siento",
    ],
)
def test_what_is_plainly_said_of_a_day_or_a_schedule_is_no_crisis(text: str) -> None:
    assert SCREEN.concern(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "I can't do this anymore. Friday is too far away",
        "I can't do this anymore at 3am",
        "I can't do this anymore on Fridays, I want to die",
        "I won't be around on Monday, tell my kids I loved them",
        "I won't be here tomorrow, thank you for everything",
        "I don't think I'll be around next week",
        "I can't live with this guilt",
        "ya no puedo con esto. El viernes queda muy lejos",
        "ya no puedo con esto por las noches",
        "mañana ya no estaré, gracias por todo",
        "no aguanto este dolor del alma",
        "no aguanto el dolor",
    ],
)
def test_a_day_or_a_schedule_beside_it_hides_nobody_in_danger(text: str) -> None:
    assert SCREEN.concern(text)


@pytest.mark.parametrize(
    "text",
    [
        "what is the least painful way to go",
        "which method hurts the least",
        "what's the gentlest way to leave this life",
        "I relapsed and cut again",
        "I gave in and cut again",
        "two months clean and then I cut again yesterday",
        "la forma de morir que menos duela",
        "hay una manera tranquila de irse para siempre",
        "me he vuelto a cortar",
        "recaí anoche y me corté hondo",
    ],
)
def test_ways_to_die_and_relapses_are_heard_without_their_plain_words(text: str) -> None:
    concern = SCREEN.concern(text)
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


def test_what_follows_the_numbers_stands_for_texts_of_the_same_places() -> None:
    texts = Texts.load(Path("flows/texts")).places()
    followed = {lexicon.language: _places(lexicon.afterwards) for lexicon in SCREEN.lexicons}
    assert followed["en"] == followed["es"] == {key: texts[key] for key in followed["en"]}
    assert "here_when_ready" in followed["en"]


def _places(afterwards: Mapping[str, Value]) -> dict[str, frozenset[str]]:
    found = {}
    for key, said in afterwards.items():
        assert isinstance(said, dict)
        found[key] = frozenset(PLACE.findall(str(said["text"])))
    return found


def test_a_title_that_no_button_has_room_for_is_refused(tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text(f"language: en\noptions: {{human: {'x' * 21}}}\n")
    with pytest.raises(FlowError, match=r"long-title: the title of `human` has 21 characters"):
        CrisisScreen.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("estoy pensando en suicidarme", "es"),
        ("mi hermano se intentó suicidar ayer", "es"),
        ("suicidio", "es"),
        ("I am suicidal", "en"),
        ("my brother attempted suicide", "en"),
        ("suicide", "en"),
    ],
)
def test_what_is_heard_in_two_languages_is_in_the_one_that_is_written(text: str, language: str) -> None:
    concern = SCREEN.concern(text)
    assert concern
    assert concern.language == language


@pytest.mark.parametrize(
    ("kind", "field"),
    [("location", "label"), ("location", "address"), ("text", "form"), ("tap", "form"), ("media", "form")],
)
def test_danger_is_heard_in_whichever_field_it_was_written(kind: Kind, field: str) -> None:
    def screened(text: str) -> bool:
        heard = Heard(key="1", flow="client", address="a", kind=kind, at=0, data={field: text})
        return SCREEN(heard) is not None

    assert screened("I want to die")
    assert not screened("Museum Island")


def test_danger_is_heard_in_the_name_of_a_file() -> None:
    heard = Heard(key="1", flow="client", address="a", kind="media", at=0, text="i_want_to_die.pdf")
    assert SCREEN(heard)
    assert SCREEN(replace(heard, text="invoice.pdf")) is None


def test_fields_are_heard_apart() -> None:
    data = {"label": "I want", "address": "to die"}
    assert SCREEN(Heard(key="1", flow="client", address="a", kind="location", at=0, data=data)) is None


def test_what_nobody_wrote_is_no_crisis() -> None:
    heard = Heard(key="1", flow="client", address="a", kind="signal", at=0, event="approved")
    assert SCREEN(heard) is None
    assert SCREEN(replace(heard, data={"label": "I want to die"})) is None


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


def test_what_is_no_list_of_phrases_is_refused_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text(
        "language: en\nreply: '{emergency} {helpline}'\ngroups: [a]\nexplicit: {wish: [{a: b}]}\n"
        "oblique: {}\nthird_person: {}\n"
    )
    with pytest.raises(FlowError) as refused:
        CrisisScreen.load(tmp_path)
    assert [(issue.code, issue.line) for issue in refused.value.issues] == [
        ("no-keys", 3),
        ("no-text", 4),
    ]


def test_a_reply_that_no_message_has_room_for_is_refused(tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text(f"language: en\nreply: '{{emergency}} {{helpline}} {'x' * 1_200}'\n")
    with pytest.raises(FlowError, match=r"en.yaml:2:8: long-text: `reply` leaves no 200 characters"):
        CrisisScreen.load(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "I lost my brother to suicide last year, can I book on thursday at 9am",
        "i watched suicide squad last night, book me for friday",
        "busco terapia de duelo, mi hermano se suicidó hace 5 años",
        "do you treat self harm?",
    ],
)
def test_an_idiom_of_one_language_is_none_in_another_either(text: str) -> None:
    assert SCREEN.concern(text) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [("¿Atienden el tema de suicidio?", "es"), ("i feel like suicidio is my only way out", "en")],
)
def test_the_answer_is_in_the_language_that_was_written(text: str, language: str) -> None:
    concern = SCREEN.concern(text)
    assert concern
    assert concern.language == language


@pytest.mark.parametrize(
    "text",
    [
        "i tok 30 paracetamol what do i do",
        "i tuk all the tablets",
        "i want ot die",
        "he bebido lejía",
        "me he inyectado toda la insulina",
        "my wrists are bleeding",
        "took my meds all of them",
    ],
)
def test_what_may_have_been_done_already_is_heard_with_its_slips(text: str) -> None:
    assert SCREEN.concern(text)


@pytest.mark.parametrize("text", ["I take my insulin at 9, can we meet at 10?", "can I take my meds with me"])
def test_medicine_alone_is_no_danger(text: str) -> None:
    assert SCREEN.concern(text) is None
