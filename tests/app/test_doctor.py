"""`therapy-booking doctor` on a machine where little is set up yet. It looks, and leaves no trace."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.app.command import CHECKOUT, run

KEY = {"SECRET_KEY": "a key that is long enough, surely"}
TINY = Path(CHECKOUT) / "tests" / "scenarios" / "practices" / "tiny.yaml"


def visited(folder: Path, **settings: str) -> dict[str, str]:
    """What the doctor printed: each check with its verdict and words."""
    done = run(folder, "doctor", settings={"WEIGHTS_DIR": str(folder / "weights"), **KEY, **settings})
    assert (done.returncode, done.stderr) == (1, b""), done.stderr.decode()
    lines = (line.partition(": ") for line in done.stdout.decode().splitlines() if ": " in line)
    return {name[4:].strip(): f"{name[:4].strip()} {words}" for name, _, words in lines}


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in folder.rglob("*")
    }


def test_where_nothing_is_yet_nothing_is_made(tmp_path: Path) -> None:
    told = visited(tmp_path)
    assert told["database"].startswith("FAIL There is no database file")
    assert "db upgrade" in told["database"]
    assert list(tmp_path.iterdir()) == []


def test_a_database_is_looked_at_and_left_as_it_was(tmp_path: Path) -> None:
    assert run(tmp_path, "db", "upgrade").returncode == 0
    before = contents(tmp_path)
    told = visited(tmp_path)
    assert told["database"].startswith("ok ")
    assert "READ COMMITTED" not in told["database"]
    assert told["practice"].startswith("FAIL")
    assert contents(tmp_path) == before
    with closing(sqlite3.connect(tmp_path / "var" / "therapy_booking.sqlite3")) as database:
        assert database.execute("SELECT * FROM sealing_marks").fetchall() == []


def test_an_empty_file_has_no_tables_yet(tmp_path: Path) -> None:
    (tmp_path / "empty.sqlite3").touch()
    told = visited(tmp_path, SQLITE_PATH="empty.sqlite3")
    assert told["database"].startswith("FAIL The database has no tables yet")
    assert (tmp_path / "empty.sqlite3").stat().st_size == 0


def test_a_key_beside_the_file_is_a_key(tmp_path: Path) -> None:
    assert run(tmp_path, "practice", "load", str(TINY)).returncode == 0
    told = visited(tmp_path, SECRET_KEY="")
    assert told["secret key"].startswith("ok kept in var/secret_key")
    assert told["practice"].startswith("ok ")


def test_a_setting_that_cannot_be_read_is_a_finding_among_the_others(tmp_path: Path) -> None:
    told = visited(tmp_path, PORT="abc", DB_PORT="many", CLIENT_WEBHOOK_URL="booking.example.com")
    assert [name for name, words in told.items() if words.startswith("FAIL")] == [
        "DB_PORT",
        "CLIENT_WEBHOOK_URL",
        "PORT",
        "Twilio settings",
    ]
    assert "abc" not in told["PORT"]
    assert told["database"] == "- not looked at: first mend “DB_PORT”"
    assert told["webhook settings"] == "- not looked at: first mend “CLIENT_WEBHOOK_URL”"
    assert told["flows and texts"].startswith("ok ")
