"""What a booking costs at Dialogflow, counted at the real process, with an agent that `nlu push` has made."""

from __future__ import annotations

import asyncio

from tests.acceptance.conftest import MakeServer, twilio_for
from tests.acceptance.server import CLIENT_DOOR, THERAPIST, reaching, said
from tests.fakes import twilio_forms as forms
from tests.fakes.dialogflow import FakeDialogflow
from tests.fakes.twilio import FakeTwilio

ASKING = "I want to book an appointment"
MOST = 2


async def test_a_whole_booking_costs_at_most_two_calls(make_server: MakeServer, phone: str) -> None:
    async with FakeDialogflow() as agent:
        server = make_server(
            **reaching(agent),
        )
        assert await asyncio.to_thread(server.run, "nlu", "push") == 0
        server.start()
        async with twilio_for(server) as twilio:
            await book(twilio, phone)
        assert server.stop() == 0
    heard = server.rows("SELECT event, read_by FROM journal WHERE read_by IS NOT NULL ORDER BY id")
    assert [row["status"] for row in server.rows("SELECT status FROM appointments")] == ["confirmed"]
    print(f"paid calls for one booking: {len(agent.requests)}")  # noqa: T201  # the figure that is asked for
    assert agent.texts == [ASKING]
    assert heard == [{"event": "book.appointment", "read_by": "dialogflow"}]
    assert len(agent.requests) <= MOST


async def book(twilio: FakeTwilio, phone: str) -> None:
    """A title, a number, a yes, a tap: all but the first message need nobody's help."""
    answers = 0
    for text in (ASKING, "In-call", "1", "yes"):
        await twilio.deliver(CLIENT_DOOR, phone, text)
        answers += 1
        await twilio.messages_to(phone, answers)
    [request] = await twilio.messages_to(THERAPIST, 1)
    assert "New request" in request.body
    await twilio.post(CLIENT_DOOR, forms.tap("approve:1", "Approve", from_=THERAPIST))
    *_, confirmed = await twilio.messages_to(phone, answers + 1)
    assert said("approved") in confirmed.body
