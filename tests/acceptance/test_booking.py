"""The main job on the real process: a client books, a therapist approves, and nothing is left in the open."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.acceptance.conftest import MakeServer, twilio_for
from tests.acceptance.server import (
    CLIENT_DOOR,
    PUBLIC,
    THERAPIST,
    THERAPIST_DOOR,
    THERAPIST_NAME,
    THERAPIST_PHONE,
    ZONE,
    Server,
    reaching,
    said,
)
from tests.fakes import twilio_forms as forms
from tests.fakes.dialogflow import FakeDialogflow, Rule
from tests.fakes.mariadb import PrivateMariaDB
from tests.fakes.twilio import THERAPISTS_NUMBER, FakeTwilio

ASKING = "I need an in-call service for tomorrow at 2 PM"
AGREEING = "sounds good to me, go ahead"
NAME = "Wilhelmina Featherstonehaugh"
RULES = [
    Rule(
        ASKING,
        "book.appointment",
        {"service-type": "in-call", "appointment-time": {"days_ahead": 1, "hours": 14}},
    ),
    Rule(AGREEING, "yes"),
]


@dataclass(frozen=True)
class Numbers:
    """One of the two ways in which therapists have their chat."""

    settings: dict[str, str]
    therapists_number: str
    therapist_door: str


ONE = Numbers({}, forms.PRACTICE, CLIENT_DOOR)
TWO = Numbers(
    {"TWILIO_THERAPIST_PHONE_NUMBER": THERAPISTS_NUMBER.removeprefix("whatsapp:")},
    THERAPISTS_NUMBER,
    THERAPIST_DOOR,
)


@pytest.mark.parametrize("numbers", [ONE, TWO], ids=["one number", "two numbers"])
async def test_a_booking_from_the_first_word_to_the_confirmation(
    make_server: MakeServer, numbers: Numbers
) -> None:
    async with FakeDialogflow(RULES) as agent:
        server = make_server(
            **reaching(agent),
            **numbers.settings,
        )
        day = datetime.now(ZONE).date() + timedelta(days=1)
        server.start()
        async with twilio_for(server) as twilio:
            await book(twilio, numbers)
        assert server.stop() == 0
    assert set(agent.texts) == {ASKING, AGREEING}
    the_right_rows(server, f"{day}T14:00")
    nothing_in_plain_sight(server)


def test_the_tables_are_made_by_a_command_of_their_own_and_are_found_again(
    mariadb: PrivateMariaDB, tmp_path: Path
) -> None:
    server = Server(tmp_path, mariadb, {})
    assert server.run("db", "upgrade") == 0, server.log
    made = server.rows("SELECT version_num FROM alembic_version")
    server.set_up()
    assert server.rows("SELECT version_num FROM alembic_version") == made != []
    assert server.rows("SELECT id FROM people WHERE role = 'therapist'")


async def book(twilio: FakeTwilio, numbers: Numbers) -> None:
    """Every message with its signature; every reply to the right person, from the right number."""
    for position, text in enumerate((ASKING, AGREEING), 1):
        answer = await twilio.deliver(CLIENT_DOOR, forms.CLIENT, text, ProfileName=NAME)
        assert (answer.status, answer.tries) == (200, 1)
        await twilio.messages_to(forms.CLIENT, position)
    [request] = await twilio.messages_to(THERAPIST, 1)
    await twilio.deliver(numbers.therapist_door, THERAPIST, "approve 1", to=numbers.therapists_number)
    summary, sent, confirmed = await twilio.messages_to(forms.CLIENT, 3)
    _, approved = await twilio.messages_to(THERAPIST, 2)
    assert len(twilio.messages) == 5
    assert {message.from_ for message in (summary, sent, confirmed)} == {forms.PRACTICE}
    assert {message.from_ for message in (request, approved)} == {numbers.therapists_number}
    what = f"In-call · Individual therapy · {THERAPIST_NAME}"
    assert f"14:00\n{what}" in summary.body
    assert said("confirm_booking") in summary.body
    assert said("request_sent") in sent.body
    assert f"New request #1 from {NAME}" in request.body
    assert f"14:00\n{what}" in request.body
    assert all(f'"{answer} 1"' in request.body for answer in ("approve", "decline"))
    assert f"Approved #1: {NAME}" in approved.body
    assert said("approved") in confirmed.body
    assert f"14:00\n{what}" in confirmed.body
    assert {message.status_callback for message in twilio.messages} == {
        f"{PUBLIC}/webhook/status?o={number}.1" for number in range(1, 6)
    }


def the_right_rows(server: Server, wall_time: str) -> None:
    [appointment] = server.rows("SELECT * FROM appointments")
    assert (appointment["status"], appointment["service"]) == ("confirmed", "individual")
    assert (appointment["service_type"], appointment["wall_time"]) == ("in-call", wall_time)
    starts_at = datetime.fromisoformat(wall_time).replace(tzinfo=ZONE).timestamp() // 60
    assert (appointment["starts_at"], appointment["ends_at"]) == (starts_at, starts_at + 60)
    claims = server.rows("SELECT resource_id, unit FROM claims WHERE appointment_id = %s", appointment["id"])
    units = range(int(starts_at) // 5, int(starts_at) // 5 + 12)
    people = (appointment["therapist_id"], appointment["client_id"])
    assert {(row["resource_id"], row["unit"]) for row in claims} == {(p, u) for p in people for u in units}
    assert [row["state"] for row in server.rows("SELECT state FROM outbox")] == ["sent"] * 5
    assert server.rows("SELECT id FROM inbox WHERE taken_at IS NULL") == []
    journal = server.rows("SELECT event, read_by, trail FROM journal ORDER BY id")
    assert [row["event"] for row in journal] == [
        "book.appointment",
        "yes",
        "request_arrived",
        "approve",
        "approved",
    ]
    assert [row["read_by"] for row in journal] == ["dialogflow", "dialogflow", None, None, None]
    assert json.loads(journal[1]["trail"])[-1] == "send_request.sent"


def nothing_in_plain_sight(server: Server) -> None:
    """No number, name or word of anybody's: not in the database, not in the log, in no usual disguise."""
    stored, log = server.everything_stored(), server.log
    assert '"event": "turn"' in log
    assert "confirmed" in stored
    words = (forms.CLIENT, THERAPIST_PHONE, NAME, THERAPIST_NAME, ASKING, AGREEING)
    for secret in (*words, "approve 1", said("approved"), forms.AUTH_TOKEN):
        for spelling in (
            secret,
            secret.removeprefix("whatsapp:").removeprefix("+"),
            json.dumps(secret)[1:-1],
        ):
            assert spelling not in stored
            assert spelling not in log
