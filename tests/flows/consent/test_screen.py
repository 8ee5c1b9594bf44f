"""What is heard as a wish for no more messages, or for messages again, and what must not be."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import FlowError
from engine.events import Heard, Kind
from flows.consent.screen import ConsentScreen

SCREEN = ConsentScreen.load()

NO_MORE = (
    "STOP",
    "stop.",
    "Stop please",
    "please stop",
    "stop stop",
    "Unsubscribe",
    "unsubcribe",
    "STOPALL",
    "stop all",
    "opt out",
    "opt-out",
    "I want to opt out",
    "opt me out of these messages",
    "please stop messaging me",
    "Please, stop messaging me!",
    "can you stop texting me?",
    "could you please stop contacting me",
    "stop sending me messages",
    "Stop sending me these texts, thanks",
    "stop sending messages to me",
    "stop writing to me",
    "quit spamming me",
    "stop texting",
    "don't text me any more",
    "Don’t text me anymore.",
    "do not contact me again",
    "dont message me on whatsapp",
    "never write to me again",
    "please don't send me any more messages",
    "no more messages",
    "no more messages please",
    "No more texts!",
    "I don't want any more messages from you",
    "I do not want to receive messages any more",
    "i dont want you to text me again",
    "I don't want to be contacted",
    "unsubscribe me from this",
    "please unsubscribe me",
    "I would like to unsubscribe",
    "take me off your list",
    "remove me from your list please",
    "delete my number",
    "Hi. I found another therapist. Please stop messaging me. Thanks!",
    "I am moving away, so this is it. Don't write to me any more.",
    "Stop\nthanks",
    "stop. stop. stop.",
    "STOPP",
    "Hello. Stop. Thank you.",
    "Please stop. Bye.",
    "you keep messaging me. stop",
    "this is harassment, stop",
    "STOP!!! This is spam",
    "Stop. I never signed up for this.",
    "wrong number, stop",
    "leave me alone. Stop.",
    "STOP - you are harassing me",
    "no more texts pls",
    "take my number off",
    "get my number off your list",
    "remove this number",
    "STOP\u200b",
    "s t o p m e s s a g i n g",
    "baja",
    "no me escribas más",
    "No me escriban más, por favor",
    "no me mandes más mensajes",
    "no me contacten",
    "deja de escribirme",
    "por favor dejen de mandarme mensajes",
    "no quiero recibir más mensajes",
    "no quiero que me escriban",
    "no más mensajes",
    "quiero darme de baja",
    "dame de baja",
    "borra mi número",
    "Hola. No me molesten más.",
    "Alto.\nGracias",
    "alto. alto. alto.",
    "Stop, por favor. Gracias.",
    "esto es acoso, paren",
    "esto es spam, no me escriban",
    "no más mensajes porfa",
    "quiten mi número",
    "saquen mi número de ahí",
    "no me manden nada más",
)
AGAIN = (
    "START",
    "start please",
    "unstop",
    "subscribe me again",
    "opt me back in",
    "opt in",
    "you can message me again",
    "You can write to me again, please",
    "start messaging me again",
    "please start sending me messages again",
    "turn messages back on",
    "please resume messages",
    "I want messages again",
    "puedes escribirme de nuevo",
    "pueden volver a escribirme",
    "quiero recibir mensajes otra vez",
)
PERHAPS = (
    "leave me alone",
    "don't text me before nine",
    "stop it with all those messages",
    "Hi. Please stop flooding my phone with messages",
    "no more of your endless messages",
    "dejen de molestar a la gente",
    "no me estén escribiendo",
    "déjenme en paz",
    "el lunes no me escribas antes de las nueve",
    "¿cómo dejo de recibir mensajes?",
    "I'm done with these messages",
    "please make the messages stop",
    "no dejan de escribirme. basta",
    "basta ya",
)
NEITHER = (
    "stop this booking",
    "stop the booking",
    "stop, wait, I meant 3pm",
    "Stop. I meant Tuesday.",
    "stop. book me for Monday instead",
    "stop it there, thanks",
    "can we stop the therapy?",
    "Thanks. Bye.",
    "this is harassment",
    "wrong number",
    "you keep messaging me the wrong time",
    "this is harassment at my work and I want to talk about it",
    "take my number",
    "paren la reserva",
    "alto ahí, quería decir las 3",
    "¿podemos parar la terapia?",
    "basta con una sesión",
    "stop it",
    "please stop the booking",
    "can we stop at 5?",
    "let's stop there",
    "stop by on Monday?",
    "The bus stop is far. Monday is better.",
    "I want to stop therapy",
    "I want to stop smoking",
    "help me stop",
    "my ex won't stop texting me",
    "he keeps messaging me, I told him to stop messaging me",
    "how do I make her stop contacting me",
    "please don't stop messaging me",
    "why did you stop texting me?",
    "I'll stop texting you",
    "don't call me",
    "did you get my messages?",
    "I got no message from you",
    "no message yet",
    "cancel",
    "end",
    "quit",
    "cancel my appointment",
    "end the session at 5",
    "cancel it and stop",
    "no more appointments on Fridays",
    "I don't want any more therapy",
    "I don't want to come any more",
    "take me off the waiting list",
    "can we start at 5?",
    "start at 10",
    "I want to start therapy",
    "when do we start?",
    "start over",
    "resume",
    "para mañana a las 5",
    "quiero parar la terapia",
    "no puedo el lunes",
    "no quiero ir más",
    "cancelar",
    "me dieron de alta",
    "",
    "?",
)


def said(text: str, kind: Kind = "text", flow: str = "client") -> str | None:
    event = SCREEN(Heard(key="1", flow=flow, address="chat:a", kind=kind, at=0, text=text))
    return event.name if event else None


@pytest.mark.parametrize("text", NO_MORE)
def test_who_wants_no_more_messages_is_heard(text: str) -> None:
    assert said(text) == "stop"


@pytest.mark.parametrize("text", AGAIN)
def test_who_wants_messages_again_is_heard(text: str) -> None:
    assert said(text) == "start"


@pytest.mark.parametrize("text", PERHAPS)
def test_a_client_who_may_want_no_more_messages_is_to_be_asked(text: str) -> None:
    assert said(text) == "may_stop"
    assert said(text, flow="therapist") is None


@pytest.mark.parametrize("text", NEITHER)
def test_what_is_about_something_else_is_left_alone(text: str) -> None:
    assert said(text) is None


def test_stop_counts_for_more_than_start() -> None:
    assert said("Start messaging me again. No, stop messaging me.") == "stop"


def test_what_stands_under_a_picture_counts_and_a_tap_is_none_of_its_business() -> None:
    assert said("stop messaging me", "media") == "stop"
    assert said("stop", "tap") is None


@pytest.mark.parametrize(
    ("told", "event"),
    [
        ("STOP", "opted_out_elsewhere"),
        ("START", "opted_in_elsewhere"),
        ("HELP", "answered_elsewhere"),
        ("MAYBE", None),
    ],
)
@pytest.mark.parametrize("kind", ["text", "tap", "media", "location"])
def test_what_twilio_has_answered_is_heard_as_such(kind: Kind, told: str, event: str | None) -> None:
    heard = Heard(
        key="1", flow="client", address="chat:a", kind=kind, at=0, text="hm", data={"opt_out": told}
    )
    found = SCREEN(heard)
    assert (found.name if found else None) == event


def test_mistakes_in_the_wordings_are_all_told(tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text("language: en\nstops: [a]\nstop: ['{nobody} stop', '?']\n")
    with pytest.raises(FlowError) as refused:
        ConsentScreen.load(tmp_path)
    assert sorted(issue.code for issue in refused.value.issues) == [
        "bad-phrase",
        "bad-phrase",
        "missing-section",
        "unknown-key",
    ]
