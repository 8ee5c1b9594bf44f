"""The command line's words and exit codes, which scripts and other programs rely on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.app.command import run, run_here

TINY = Path(__file__).parent.parent / "scenarios" / "practices" / "tiny.yaml"
COMMANDS = [
    (),
    ("serve",),
    ("demo",),
    ("chat",),
    ("understand",),
    ("db",),
    ("db", "upgrade"),
    ("flows",),
    ("flows", "check"),
    ("consent",),
    ("consent", "show"),
    ("consent", "in"),
    ("consent", "out"),
    ("outbox",),
    ("outbox", "unknown"),
    ("outbox", "resend"),
    ("outbox", "settle"),
    ("practice",),
    ("practice", "load"),
    ("nlu",),
    ("nlu", "push"),
    ("nlu", "diff"),
    ("nlu", "pull-phrases"),
    ("templates",),
    ("templates", "push"),
    ("templates", "status"),
    ("therapist",),
    ("therapist", "pin"),
    ("therapist", "reads"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run_here(*command, "--help")
    assert done.exit_code == 0
    assert "Usage: therapy-booking" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_program_explains_itself_without_importing_what_does_the_work(tmp_path: Path) -> None:
    done = run(tmp_path, "--help", settings={"PYTHONPROFILEIMPORTTIME": "1"})
    assert done.returncode == 0
    assert b"Usage: therapy-booking" in done.stdout
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.decode().splitlines()}
    assert "app.settings" in imported
    assert imported.isdisjoint({"aiohttp", "app.wiring", "google.cloud", "quart", "sqlalchemy", "twilio"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "command", [("fly",), ("chat", "--fast"), ("practice", "load"), ("demo", "--port", "x")]
)
def test_what_is_no_command_ends_with_two(tmp_path: Path, command: tuple[str, ...]) -> None:
    assert run(tmp_path, *command).returncode == 2


def test_the_shipped_flows_are_good(tmp_path: Path) -> None:
    done = run(tmp_path, "flows", "check")
    assert (done.returncode, done.stdout) == (0, b"flows.yaml is good.\n")


def test_mistakes_in_flows_are_listed_and_end_with_one(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "client:\n  about: x\n  start: idle\n  states:\n    idle:\n      about: y\n      ask: nothing\n"
    )
    plain = run(tmp_path, "flows", "check", str(file))
    assert plain.returncode == 1
    assert b"mine.yaml:7:12: " in plain.stdout
    listed = run(tmp_path, "flows", "check", str(file), "--json")
    assert listed.returncode == 1
    issues = json.loads(listed.stdout)
    assert {"file", "line", "column", "code", "message", "hint"} == set(issues[0])
    assert any((issue["line"], issue["column"]) == (7, 12) for issue in issues)


def test_flows_that_are_not_there_end_with_one(tmp_path: Path) -> None:
    done = run(tmp_path, "flows", "check", "nowhere.yaml")
    assert done.returncode == 1
    assert b"cannot be read" in done.stdout


def test_a_practice_is_loaded_all_or_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, "practice", "load", str(TINY))
    assert (done.returncode, done.stdout) == (0, b"Loaded 1 therapists and 1 services of Tiny Practice.\n")
    bad = tmp_path / "bad.yaml"
    bad.write_text(TINY.read_text().replace("Europe/Berlin", "Europe/Berlim"))
    refused = run(tmp_path, "practice", "load", str(bad))
    assert refused.returncode == 1
    assert b"bad.yaml:4:9: unknown-zone" in refused.stderr
    assert b"Europe/Berlin" in refused.stderr
    assert run(tmp_path, "practice", "load", "nowhere.yaml").returncode == 1


def test_the_database_is_upgraded_and_upgraded_again(tmp_path: Path) -> None:
    for _ in range(2):
        done = run(tmp_path, "db", "upgrade")
        assert (done.returncode, done.stdout) == (0, b"The database is up to date.\n")


def test_serving_without_a_key_says_what_to_set(tmp_path: Path) -> None:
    done = run(tmp_path, "serve")
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"SECRET_KEY" in done.stderr or b"WHATSAPP" in done.stderr


def test_a_database_that_is_away_is_a_sentence_and_not_a_traceback(tmp_path: Path) -> None:
    settings = {"DB_HOST": "127.0.0.1", "DB_PORT": "1", "SECRET_KEY": "long enough to be a key, surely"}
    done = run(tmp_path, "db", "upgrade", settings=settings)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"cannot be reached" in done.stderr


def test_a_setting_that_is_none_is_named(tmp_path: Path) -> None:
    done = run(tmp_path, "db", "upgrade", settings={"DB_PORT": "many"})
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"DB_PORT" in done.stderr.upper()


WHATSAPP = {
    "WHATSAPP_SID": "AC" + "0" * 32,
    "WHATSAPP_TOKEN": "token",
    "TWILIO_PHONE_NUMBER": "+15550000001",
    "CLIENT_WEBHOOK_URL": "https://booking.example.com/webhook/client",
}


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({}, b"WHATSAPP_SID, WHATSAPP_TOKEN, TWILIO_PHONE_NUMBER, CLIENT_WEBHOOK_URL"),
        ({"DB_HOST": "127.0.0.1"}, b"SECRET_KEY"),
        (WHATSAPP | {"CLIENT_WEBHOOK_URL": "nonsense"}, b"CLIENT_WEBHOOK_URL"),
        (WHATSAPP, b"SECRET_KEY"),
        (WHATSAPP | {"SECRET_KEY": "s" * 32, "DB_HOST": "127.0.0.1", "DB_PORT": "1"}, b"127.0.0.1:1"),
        (WHATSAPP | {"SECRET_KEY": "s" * 32, "DIALOGFLOW_AGENT_ID": "a"}, b"DIALOGFLOW_PROJECT_ID"),
    ],
    ids=["nothing", "no key", "no address", "no key either", "no database", "half a Dialogflow"],
)
def test_what_is_not_set_up_is_named_and_no_traceback_shown(
    tmp_path: Path, settings: dict[str, str], named: bytes
) -> None:
    if "DIALOGFLOW_AGENT_ID" in settings:
        assert run(tmp_path, "practice", "load", str(TINY), settings=settings).returncode == 0
    done = run(tmp_path, "serve", settings=settings)
    assert done.returncode == 1
    assert named in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_chat_keeps_away_from_real_messages(tmp_path: Path) -> None:
    done = run(tmp_path, "chat", "--jsonl", settings=WHATSAPP)
    assert done.returncode == 1
    assert b"WhatsApp is set up here" in done.stderr


def test_a_wrong_key_is_noticed_and_spoils_nothing(tmp_path: Path) -> None:
    right, wrong = {"SECRET_KEY": "right" * 8}, {"SECRET_KEY": "wrong" * 8}
    assert run(tmp_path, "practice", "load", str(TINY), settings=right).returncode == 0
    refused = run(tmp_path, "practice", "load", str(TINY), settings=wrong)
    assert refused.returncode == 1
    assert b"SECRET_KEY is not the key" in refused.stderr
    assert run(tmp_path, "practice", "load", str(TINY), settings=right).returncode == 0


def test_a_file_that_cannot_be_made_is_said_in_a_sentence(tmp_path: Path) -> None:
    done = run(tmp_path, "db", "upgrade", settings={"SQLITE_PATH": "/proc/nowhere/x.sqlite3"})
    assert done.returncode == 1
    assert b"SQLITE_PATH" in done.stderr
    assert b"Traceback" not in done.stderr


def test_the_file_with_the_mistake_is_named(tmp_path: Path) -> None:
    file = tmp_path / "understood.yaml"
    file.write_text("language: en\n")
    done = run(tmp_path, "flows", "check", settings={"UNDERSTANDING_PATH": str(file)})
    assert done.returncode == 1
    assert b"to mend in understood.yaml." in done.stderr


def test_the_operator_sets_a_pin_and_sees_who_read(tmp_path: Path) -> None:
    where = {"SECRET_KEY": "only for this test, and long enough", "SQLITE_PATH": str(tmp_path / "a.sqlite3")}
    assert run(tmp_path, "practice", "load", str(TINY), settings=where).returncode == 0
    for code, pin, result in (
        ("mia", b"482911\n", (0, b"The PIN of mia is set")),
        ("mia", b"4829\n", (1, b"six to twelve digits")),
        ("zoe", b"482911\n", (1, b"Known: mia")),
    ):
        done = run(tmp_path, "therapist", "pin", code, stdin=pin, settings=where)
        assert done.returncode == result[0], done.stderr
        assert result[1] in done.stdout + done.stderr
        assert pin.strip() not in done.stdout + done.stderr
    done = run(tmp_path, "therapist", "reads", settings=where)
    assert (done.returncode, done.stdout) == (0, b"Nobody has read anything.\n")
