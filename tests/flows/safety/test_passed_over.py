"""What is passed over as an idiom or a question about nobody, and what is heard beside it all the same."""

from __future__ import annotations

import pytest

from flows.safety.screen import CrisisScreen

SCREEN = CrisisScreen.load()


@pytest.mark.parametrize(
    "text",
    [
        "do you treat suicidal thoughts? i have them right now",
        "do you offer therapy for suicidal thoughts? i have them right now",
        "do you help with self harm? i just started again",
        "do you work with suicidal people? i'm one of them",
        "do you treat suicidal thoughts? mine are getting worse",
        "do you treat self harm? it's for me",
        "do you treat self harm? i'm doing it again",
        "¿tratan ideas suicidas? las tengo ahora mismo",
        "¿atienden a personas con ideas suicidas? las tengo ahora mismo",
        "¿trabajan con autolesiones? me pasa cada noche",
        "¿atienden a personas con ideas suicidas? es para mí",
        "do you treat suicidal thoughts? las tengo ahora mismo",
    ],
)
def test_a_question_whether_it_is_treated_hides_nobody_who_claims_it(text: str) -> None:
    assert SCREEN.concern(text)


@pytest.mark.parametrize(
    "text",
    [
        "do you treat suicidal thoughts?",
        "do you offer therapy for suicidal thoughts? what do you charge?",
        "hi, do you help with self harm? i'd like to book for tuesday",
        "¿atienden a personas con ideas suicidas? quisiera una cita",
        "¿atienden a personas que se autolesionan? ¿cuánto cuesta?",
        "¿tratan ideas suicidas?",
        "can i do it on friday? do you treat self harm?",
        "quiero reunirme con ella el lunes, con la doctora",
    ],
)
def test_a_question_that_nobody_claims_is_about_nobody(text: str) -> None:
    assert SCREEN.concern(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "my brother died by suicide last year and i want to follow him",
        "my sister died in march and i want to go with her",
        "i lost my son to suicide and i want to be with him",
        "mi hermano se suicidó hace 2 años y quiero irme con él",
        "mi mujer murió y quiero reunirme con ella",
        "mi mujer murió y quiero reunirme con ella el lunes",
        "perdí a mi hijo por suicidio y quiero seguirlo",
        "mi hermano murió por suicidio y me quiero ir con él",
    ],
)
def test_whoever_wants_to_follow_the_dead_is_heard(text: str) -> None:
    assert SCREEN.concern(text)


@pytest.mark.parametrize(
    "text",
    [
        "overdose on chocolate and sleeping pills",
        "i overdosed on coffee and then some pills",
        "sobredosis de chocolate y somníferos",
        "sobredosis de café con lejía",
    ],
)
def test_an_idiom_is_none_where_danger_follows_it(text: str) -> None:
    assert SCREEN.concern(text)


@pytest.mark.parametrize(
    "text",
    [
        "if im still alive",
        "if i'm alive by friday",
        "si sigo viva para entonces",
        "si sigo vivo",
        "i od'd",
        "i just OD'd on my meds",
        "overdosd on pills",
        "me he envenenado",
        "i poisoned myself",
        "i injected 300 units of insulin",
        "me puse 100 unidades de insulina",
    ],
)
def test_living_until_then_and_what_was_taken_are_heard(text: str) -> None:
    assert SCREEN.concern(text)


@pytest.mark.parametrize(
    "text",
    [
        "🔫",
        "⚰️",
        "💊💊💊",
        "🔫 my head",
        "💊💊💊 goodbye",
        "adiós 💊💊💊",
        "see you soon ⚰️",
        "🔪 wrists",
        "i want to 🔫",
    ],
)
def test_a_picture_says_as_much_as_a_word(text: str) -> None:
    assert SCREEN.concern(text)


@pytest.mark.parametrize(
    "text",
    [
        "overdosed on chocolate and cake",
        "sobredosis de chocolate y café",
        "muero de hambre",
        "lol 💀",
        "💊",
        "take my 💊 at 9",
        "i find it odd that you have no slots",
        "if i'm still in town",
        "quiero seguirla en instagram",
        "i want to follow up",
        "poison ivy, sorry cannot come",
        "si llego a tiempo",
        "a las 12 del mediodía",
        "can I follow him to the new clinic",
        "my mother died, i want to be with my family this week, cancel",
        "mi padre murió y quiero estar con mi familia, cancelo",
        "why i should stay on the waitlist",
        "dudo que lo vea antes del lunes",
    ],
)
def test_what_only_looks_like_it_is_no_crisis(text: str) -> None:
    assert SCREEN.concern(text) is None
