"""Messages that Twilio could not hand over: the server fetches them, and acts on each once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.acceptance.conftest import MakeServer, twilio_for
from tests.acceptance.server import CLIENT_DOOR, said
from tests.fakes import twilio_forms as forms


async def test_what_was_written_while_nobody_answered_is_answered_once(
    make_server: MakeServer, phone: str
) -> None:
    server = make_server(CATCH_UP_EVERY_SECONDS="1")
    hello, helped = (forms.message(text, from_=phone) for text in ("hello", "help"))
    now = datetime.now(UTC)
    async with twilio_for(server) as twilio:
        twilio.receive(helped, now - timedelta(minutes=4))
        twilio.receive(hello, now - timedelta(minutes=5))
        twilio.receive(forms.message("help", from_=f"{phone}9"), now - timedelta(hours=13))
        server.start()
        await twilio.deliver(CLIENT_DOOR, f"{phone}8", "hello")  # so this is no first start
        await twilio.messages_to(f"{phone}8", 1)
        server.kill()
        server.start()
        replies = await twilio.messages_to(phone, 2, within=20)
        assert [
            said(text) in reply.body for text, reply in zip(("welcome", "help"), replies, strict=True)
        ] == [
            True,
            True,
        ]
        late = await twilio.post(CLIENT_DOOR, hello)
        assert late.status == 200
        twilio.receive(forms.message("thanks", from_=phone), now - timedelta(minutes=2))
        assert len(await twilio.messages_to(phone, 3)) == 3
        assert len(twilio.messages) == 4
    heard = server.rows("SELECT `key`, taken_at FROM inbox ORDER BY id")
    assert [row["key"] for row in heard[1:3]] == [hello["MessageSid"], helped["MessageSid"]]
    assert len(heard) == 4
    assert phone.removeprefix("whatsapp:+") not in server.log
    assert '"event": "messages taken in that Twilio could not hand over"' in server.log
