"""A PIN that was typed, right or wrong, is nowhere afterwards; what people tell each other is kept sealed."""

from __future__ import annotations

from itertools import cycle

from sqlalchemy import select

from app.data_store import storage_settings
from storage.revision import connection
from storage.sealing import Sealer
from storage.tables import metadata
from tests.scenarios.play import Conversation
from tests.scenarios.script import Deed
from tests.scenarios.stage import Stage

ANNA, ANA = "therapist anna", "client Ana"
STORY = (
    Deed("gets the PIN", ANNA, "482911"),
    Deed("says", ANA, "in-call individual therapy thursday at 9am"),
    Deed("says", ANA, "yes"),
    Deed("says", ANNA, "history Ana"),
    Deed("says", ANNA, "482912"),
    Deed("says", ANNA, "482911"),
)


def test_a_typed_pin_is_kept_nowhere(sqlite_stage: Stage) -> None:
    sqlite_stage.clear()
    conversation = Conversation(cycle(sqlite_stage.products), sqlite_stage.clock)
    for deed in STORY:
        sqlite_stage.do(conversation.do(deed))
    kept = _everything(sqlite_stage, opened=True)
    assert any("history Ana" in one for one in kept)  # it is looked at the right place
    assert [one for one in kept if "482911" in one or "482912" in one] == []


def test_what_people_tell_each_other_is_readable_nowhere(sqlite_stage: Stage) -> None:
    sqlite_stage.clear()
    conversation = Conversation(cycle(sqlite_stage.products), sqlite_stage.clock)
    for deed in (
        Deed("says", ANA, "person"),
        Deed("says", ANA, "the doctor says it is my lungs"),
        Deed("says", ANNA, "your lungs are in good hands"),
        Deed("says", "client Bo", "person"),
        Deed("says", ANNA, "so are your lungs"),  # asks for whom, and remembers it meanwhile
    ):
        sqlite_stage.do(conversation.do(deed))
    assert sum("lungs" in one for one in _everything(sqlite_stage, opened=True)) >= 5  # all of it
    assert [one for one in _everything(sqlite_stage, opened=False) if "lungs" in one] == []


def _everything(stage: Stage, *, opened: bool) -> list[str]:
    """Every value of every table, as it is or opened where it is sealed."""
    where = storage_settings(stage.settings)
    sealer = Sealer(where.secret_key)
    with connection(where) as open_connection:
        return [
            sealer.open(value) if opened and str(value).startswith("gAAAA") else str(value)
            for table in metadata.sorted_tables
            for row in open_connection.execute(select(table))
            for value in row
        ]
