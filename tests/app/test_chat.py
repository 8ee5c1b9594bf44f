"""`chat --jsonl`: every line is answered by one line, in a form that others build on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.chat import shown, typed
from tests.app.command import chat, run

BOOKING = "in-call individual therapy on thursday at 10am"


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory, weights: str) -> list[dict[str, Any]]:
    """A whole booking, line by line."""
    lines = [
        {"from": "client:Ana", "text": "book"},
        {"from": "client:Ana", "tap": "1.1"},
        {"from": "client:Ana", "text": BOOKING},
        {"from": "client:Ana", "text": "yes"},
        {"from": "therapist:anna", "tap": "approve:1"},
        {"advance": "25h"},
    ]
    return chat(tmp_path_factory.mktemp("chat"), lines, WEIGHTS_DIR=weights)


def test_each_line_has_one_answer_with_the_same_keys(answers: list[dict[str, Any]]) -> None:
    assert [list(answer) for answer in answers] == [["state", "expects", "messages", "appointments"]] * 6


def test_states_are_told_of_everybody_with_their_flow(answers: list[dict[str, Any]]) -> None:
    assert answers[0]["state"] == {"client:Ana": "client.choosing_service_type"}
    assert answers[1]["state"] == {"client:Ana": "client.choosing_service"}
    assert answers[3]["state"] == {
        "client:Ana": "client.waiting_for_therapist",
        "therapist:anna": "therapist.idle",
    }
    assert answers[4]["state"]["client:Ana"] == "client.idle"


def test_expected_is_what_the_speaker_is_asked_for(answers: list[dict[str, Any]]) -> None:
    assert answers[0]["expects"] == ["service_type", "appointment_time"]
    assert answers[1]["expects"] == ["service_description", "appointment_time"]
    assert answers[4]["expects"] == []
    assert answers[5]["expects"] == []


def test_messages_are_those_of_this_line_in_order(answers: list[dict[str, Any]]) -> None:
    (asked,) = answers[0]["messages"]
    assert asked["to"] == "client:Ana"
    assert asked["text"].startswith("Before we begin: ")  # the notice
    assert asked["text"].endswith("How would you like to meet?")
    assert asked["options"][0] == {"id": "1.1", "title": "In-call"}
    assert [message["to"] for message in answers[3]["messages"]] == ["client:Ana", "therapist:anna"]
    offered = [option["id"] for option in answers[3]["messages"][1]["options"]]
    assert offered == ["approve:1", "decline:1", "propose:1"]
    assert answers[5]["messages"] == []


def test_appointments_are_all_there_are(answers: list[dict[str, Any]]) -> None:
    assert answers[1]["appointments"] == []
    assert answers[5]["appointments"] == [
        {
            "id": 1,
            "status": "confirmed",
            "client": "Ana",
            "therapist": "anna",
            "service": "individual",
            "service_type": "in-call",
            "starts_at": "2026-03-05T10:00:00+01:00",
        }
    ]
    assert [answer["appointments"][0]["status"] for answer in answers[2:]] == [
        "held",
        "pending",
        "confirmed",
        "confirmed",
    ]


BAD = [
    (b"hello", "not JSON"),
    (b"[" * 100_000, "not JSON"),
    (b"[1, 2]", '{"from", "text"}'),
    (b"{}", '{"from", "text"}'),
    (b'{"from": "client:Ana"}', '{"from", "text"}'),
    (b'{"from": "client:Ana", "text": 5}', '{"from", "text"}'),
    (b'{"from": 5, "text": "hi"}', '{"from", "text"}'),
    (b'{"from": "Ana", "text": "hi"}', "client:<name>"),
    (b'{"from": "client:", "text": "hi"}', "client:<name>"),
    (b'{"from": "client:' + b"x" * 61 + b'", "text": "hi"}', "client:<name>"),
    (b'{"from": "doctor:Ana", "text": "hi"}', "client or a therapist"),
    (b'{"from": "therapist:nobody", "text": "hi"}', "Known: therapist:anna, therapist:malik"),
    (b'{"from": "client:Ana", "text": "\\ud800"}', "half a character"),
    (b'{"from": "client:\\ud800", "text": "hi"}', "half a character"),
    (b'{"advance": 25}', '{"from", "text"}'),
    (b'{"advance": "soon"}', "no length of time"),
    (b'{"advance": "-1h"}', "no length of time"),
    (b'{"advance": "0m"}', "no length of time"),
]


def test_a_bad_line_says_what_is_wrong_and_spoils_no_other(tmp_path: Path, weights: str) -> None:
    good = {"from": "client:Ana", "text": "hi"}
    bytes_of_no_text = b'{"from": "client:Ana", "text": "\xff\xfe"}'
    *refused, odd, last = chat(
        tmp_path, [*(line for line, _ in BAD), bytes_of_no_text, b"", good], WEIGHTS_DIR=weights
    )
    assert [list(answer) for answer in refused] == [["error"]] * len(BAD)
    for answer, (line, reason) in zip(refused, BAD, strict=True):
        assert reason in answer["error"], line[:60]
    assert odd["state"] == {"client:Ana": "client.idle"}
    assert "Hello and welcome" in last["messages"][0]["text"]


def test_another_process_goes_on_where_the_first_one_stopped(tmp_path: Path, weights: str) -> None:
    chat(tmp_path, [{"from": "client:Ana", "text": BOOKING}], WEIGHTS_DIR=weights)
    (answer,) = chat(tmp_path, [{"from": "client:Ana", "text": "yes"}], WEIGHTS_DIR=weights)
    assert answer["state"]["client:Ana"] == "client.waiting_for_therapist"
    assert [message["to"] for message in answer["messages"]] == ["client:Ana", "therapist:anna"]


def test_any_locale_will_do(tmp_path: Path, weights: str) -> None:
    (answer,) = chat(
        tmp_path, [{"from": "client:Ünal", "text": BOOKING}], WEIGHTS_DIR=weights, LC_ALL="C", PYTHONUTF8="0"
    )
    assert answer["state"] == {"client:Ünal": "client.confirming"}


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("2026-03-02T09:00", "11:00"),
        ("2026-03-02T12:00:00+01:00", "14:00"),
        ("2026-03-02T11:00:00Z", "14:00"),
    ],
)
def test_time_begins_where_it_was_set(tmp_path: Path, weights: str, now: str, told: str) -> None:
    line = b'{"from": "client:Ana", "text": "in-call individual therapy today"}\n'
    done = run(tmp_path, "chat", "--jsonl", "--now", now, stdin=line, settings={"WEIGHTS_DIR": weights})
    assert f'"title": "Mon 2 Mar, {told}"' in done.stdout.decode()


def test_a_time_that_is_none_is_refused_before_anything_begins(tmp_path: Path) -> None:
    done = run(tmp_path, "chat", "--jsonl", "--now", "tomorrow")
    assert done.returncode == 2
    assert b"2026-03-02T09:00:00" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_broken_flows_are_refused_with_every_mistake(tmp_path: Path, weights: str) -> None:
    broken = tmp_path / "flows.yaml"
    broken.write_text("client:\n  about: x\n  start: nowhere\n  states:\n    idle: {ask: no_such_text}\n")
    settings = {"FLOWS_PATH": str(broken), "WEIGHTS_DIR": weights}
    done = run(tmp_path, "chat", "--jsonl", stdin=b'{"advance": "1h"}\n', settings=settings)
    assert done.returncode == 1
    assert done.stdout == b""
    assert b"flows.yaml:3:10: unknown-state" in done.stderr
    assert b"no_such_text" in done.stderr


def test_the_terminal_speaks_for_whoever_is_named_last() -> None:
    assert typed("hello", "client:you") == ({"from": "client:you", "text": "hello"}, "client:you")
    assert typed("/tap 1.2", "client:you") == ({"from": "client:you", "tap": "1.2"}, "client:you")
    assert typed("/advance 25h", "client:you") == ({"advance": "25h"}, "client:you")
    assert typed("therapist:anna: approve", "client:you") == (
        {"from": "therapist:anna", "text": "approve"},
        "therapist:anna",
    )


def test_the_terminal_shows_words_and_options() -> None:
    message = {"to": "client:you", "text": "One\nTwo", "options": [{"id": "1.1", "title": "Yes"}]}
    assert shown({"messages": [message]}) == "  → client:you: One\n    Two\n      [1.1] Yes"


def test_the_terminal_talks_until_it_is_told_to_end(tmp_path: Path, weights: str) -> None:
    said = b"hello\ntherapist:nobody: hi\n/quit\n"
    done = run(tmp_path, "chat", stdin=said, settings={"WEIGHTS_DIR": weights})
    assert done.returncode == 0
    assert "→ client:you: Hello and welcome!" in done.stdout.decode()
    assert "There is no such therapist" in done.stdout.decode()
