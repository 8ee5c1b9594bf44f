"""What Twilio tells only after it took a message: who is not in the sandbox, that a number is locked."""

from __future__ import annotations

from tests.acceptance.conftest import MakeServer, twilio_for
from tests.acceptance.server import CLIENT_DOOR, said
from tests.fakes.twilio_sandbox import Sandbox


async def test_in_the_sandbox_only_members_are_reached_and_the_log_says_what_to_do(
    make_server: MakeServer, phone: str
) -> None:
    server = make_server()
    server.start()
    async with twilio_for(server) as twilio:
        twilio.sandbox = Sandbox()
        await twilio.deliver(CLIENT_DOOR, phone, "hello")
        await server.logged("the person has to join the sandbox first")
        [row] = server.rows("SELECT state, provider_status, error_code FROM outbox")
        assert row == {"state": "sent", "provider_status": "undelivered", "error_code": 63015}
        await twilio.deliver(CLIENT_DOOR, phone, "join calm-river")
        await twilio.deliver(CLIENT_DOOR, phone, "help")
        _, helped = await twilio.messages_to(phone, 2)
        assert said("help") in helped.body
        assert len(server.rows("SELECT id FROM inbox")) == 2
        assert '"event": "sending rests"' not in server.log

        twilio.passed += 3  # it takes one message in three seconds
        twilio.undeliverable[phone] = 63012
        await twilio.deliver(CLIENT_DOOR, phone, "help")
        await server.logged("message not delivered, it is sent again")
        del twilio.undeliverable[phone]
        twilio.passed += 3
        server.write("UPDATE outbox SET next_try_at = 0")  # the minute is over
        *_, failed, came = await twilio.messages_to(phone, 4)
        assert failed.body == came.body

        twilio.passed += 3
        twilio.undeliverable[phone] = 63051
        await twilio.deliver(CLIENT_DOOR, phone, "hello")
        await server.logged("sending rests")
        await twilio.deliver(CLIENT_DOOR, phone, "help")
        await server.until_taken()
        assert server.rows("SELECT state FROM outbox ORDER BY id DESC LIMIT 1") == [{"state": "pending"}]
        assert len(twilio.messages) == 5
    assert phone.removeprefix("whatsapp:+") not in server.log
