"""In which form a message goes out: decided when it is sent, by when its person was last heard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from app.clock import Clock
from app.whatsapp_delivery import READ_EVERY, TOO_LATE, WhatsAppDelivery
from channels.contents import frame_payload, template_payload
from channels.whatsapp import WhatsApp
from engine.effects import Filled, Message, Option
from engine.errors import DeliveryRefused, DeliveryUnknown, FreeTextRefused
from engine.window import FREE_SECONDS
from storage.contents import GONE, StoredContent
from storage.owed import Owed
from storage.revision import migrate
from storage.settings import StorageSettings
from storage.store import Storage
from tests.channels.conftest import ONE_NUMBER
from tests.fakes import twilio_forms as forms
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_faults import Fault

NOW = 1_800_000_000
APPROVE = (Option("approve:7", "Approve", "approve"),)
NEWS = Message("News for Ada\nLovelace here.", (), Filled("news", "en", {"who": "Ada\nLovelace", "x": "y"}))
ROW = StoredContent(name="", sid="", kind="template", text_key="news", language="en", created_at=NOW)


@dataclass
class Post:
    """The channel, with everything that it reads and writes."""

    delivery: WhatsAppDelivery
    storage: Storage
    clock: Clock
    twilio: FakeTwilio

    async def make(self, body: str = "There is news for {{1}} here.", *, approval: str = "approved",
                   places: tuple[str, ...] = ("who",), buttons: tuple[Option, ...] = ()) -> None:  # fmt: skip
        """One template, made here and over there."""
        number = len(self.twilio.contents.contents)
        titles = [option.title for option in buttons]
        made = self.twilio.contents.create(template_payload(f"news_{number}", "en", body, titles, places))
        made.approval["status"] = approval
        events = tuple(option.event for option in buttons)
        row = replace(ROW, name=f"news_{number}", sid=made.sid, body=body, places=places, buttons=events)
        await self.storage.contents.keep(replace(row, approval=approval))

    async def make_frame(self, kind: str, count: int) -> None:
        """Something to tap with so many options."""
        payload = frame_payload(f"{kind}_{count}", "en", kind, count, "Choose")
        made = self.twilio.contents.create(payload)
        row = replace(ROW, name=f"{kind}_{count}", sid=made.sid, kind=kind, text_key="")
        await self.storage.contents.keep(replace(row, buttons=("",) * count))

    async def send(self, message: Message, *, silent: int | None = 0, template_only: bool = False) -> None:
        """Send a message to somebody who has been silent for so many seconds."""
        await self.delivery.send(self.owed(message, silent=silent, template_only=template_only))

    async def found(self, message: Message) -> list[str]:
        """The bodies of what may be this message, in Twilio's list."""
        sids = await self.delivery.look_for(replace(self.owed(message), created_at=0))
        return [sent.body for sent in self.twilio.messages if sent.sid in sids]

    def owed(self, message: Message, *, silent: int | None = 0, template_only: bool = False) -> Owed:
        """A message to somebody who has been silent for so many seconds."""
        return Owed(
            id=1,
            conversation_id=1,
            turn=1,
            position=0,
            flow="client",
            address=forms.CLIENT,
            message=message,
            state="sending",
            attempts=1,
            provider_status=None,
            error_code=None,
            created_at=NOW,
            started_at=NOW,
            resent=0,
            template_only=template_only,
            is_urgent=False,
            heard_at=None if silent is None else NOW - silent,
        )


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    settings = StorageSettings(sqlite_path=tmp_path / "post.sqlite3", secret_key="post")
    await migrate(settings)
    clock = Clock()
    clock.stand_at(NOW)
    storage = await Storage.open(settings, clock=clock)
    async with (
        FakeTwilio() as twilio,
        WhatsApp(account := replace(ONE_NUMBER, api_base_url=twilio.url)) as whatsapp,
    ):
        yield Post(WhatsAppDelivery(whatsapp, account, storage, clock), storage, clock, twilio)
    await storage.close()


@pytest.mark.parametrize(("silent", "body"), [
    (FREE_SECONDS - 1, "News for Ada\nLovelace here."),
    (FREE_SECONDS, "There is news for Ada · Lovelace here."),
    (None, "There is news for Ada · Lovelace here."),
])  # fmt: skip
async def test_free_text_as_long_as_it_is_taken_and_then_the_template(
    post: Post, silent: int | None, body: str
) -> None:
    await post.make()
    await post.send(NEWS, silent=silent)
    assert [message.body for message in post.twilio.messages] == [body]


async def test_what_came_back_goes_out_as_a_template_however_lately_somebody_wrote(post: Post) -> None:
    await post.make()
    await post.send(NEWS, template_only=True)
    assert post.twilio.messages[0].content_sid is not None


async def test_free_text_that_is_refused_as_too_late_is_told_apart_from_what_is_lost(post: Post) -> None:
    post.twilio.closed.add(forms.CLIENT)
    await post.make()
    with pytest.raises(FreeTextRefused):
        await post.send(NEWS)
    await post.send(NEWS, template_only=True)
    assert [message.body for message in post.twilio.messages] == ["There is news for Ada · Lovelace here."]


async def test_a_template_has_its_buttons_with_the_ids_of_this_message(post: Post) -> None:
    await post.make(buttons=APPROVE)
    await post.send(replace(NEWS, options=APPROVE), silent=None)
    assert post.twilio.messages[0].buttons == (("Approve", "approve:7"),)


@pytest.mark.parametrize("approval", ["unsubmitted", "received", "pending", "rejected", "paused", "disabled"])
async def test_without_an_approved_template_nothing_is_sent_in_vain(post: Post, approval: str) -> None:
    await post.make(approval=approval)
    with pytest.raises(DeliveryRefused, match=r"`news` in `en` is not approved. Run `templates push`") as one:
        await post.send(NEWS, silent=FREE_SECONDS)
    assert one.value.code == TOO_LATE
    assert post.twilio.attempts == []


async def test_a_text_that_is_no_template_is_refused_with_the_reason(post: Post) -> None:
    with pytest.raises(DeliveryRefused, match="this text is no template") as refused:
        await post.send(Message("Secret words"), silent=FREE_SECONDS)
    assert (refused.value.code, "Secret" in str(refused.value)) == (TOO_LATE, False)


async def test_an_earlier_version_serves_until_the_new_one_is_approved(post: Post) -> None:
    await post.make("An older kind of news for {{1}} here.")
    await post.make("A newer kind of news for {{1}} here.", approval="received")
    await post.send(NEWS, silent=None)
    await post.storage.contents.judged("news_1", "approved")
    post.twilio.contents.contents[(await post.storage.contents.all())[1].sid].approval["status"] = "approved"
    post.clock.advance(READ_EVERY)
    await post.send(NEWS, silent=None)
    assert [message.body[:8] for message in post.twilio.messages] == ["An older", "A newer "]


async def test_a_version_with_places_that_nothing_fills_any_more_is_passed_over(post: Post) -> None:
    await post.make("An older kind of news for {{1}} here.", places=("whom",))
    with pytest.raises(DeliveryRefused):
        await post.send(NEWS, silent=FREE_SECONDS)


async def test_a_template_with_other_buttons_is_another_one(post: Post) -> None:
    await post.make()
    with pytest.raises(DeliveryRefused) as refused:
        await post.send(replace(NEWS, options=APPROVE), silent=FREE_SECONDS)
    assert refused.value.code == TOO_LATE


async def test_somebody_never_heard_gets_words_where_there_is_no_template_until_they_come_back(
    post: Post,
) -> None:
    """They may have written to this number before us, or joined the sandbox: nobody here knows."""
    await post.send(NEWS, silent=None)
    assert [message.body for message in post.twilio.messages] == [NEWS.text]
    with pytest.raises(DeliveryRefused):
        await post.send(NEWS, silent=None, template_only=True)


async def test_options_are_tapped_where_there_is_a_frame_for_them_and_typed_otherwise(post: Post) -> None:
    offer = tuple(Option(f"7.{number}", f"{number} o'clock", "pick") for number in range(1, 6))
    await post.make_frame("buttons", 2)
    await post.make_frame("list", 5)
    for count in (2, 5, 4):
        await post.send(Message("When?\nSay it.", offer[:count]))
    two, five, four = post.twilio.messages
    assert (two.body, len(two.buttons), len(five.buttons)) == ("When? · Say it.", 2, 5)
    assert four.body == "When?\nSay it.\n\n1. 1 o'clock\n2. 2 o'clock\n3. 3 o'clock\n4. 4 o'clock"


async def test_buttons_that_were_deleted_over_there_are_words_again(post: Post) -> None:
    await post.make_frame("buttons", 1)
    post.twilio.contents.contents.clear()
    await post.send(Message("Shall I?", APPROVE))
    assert [message.body for message in post.twilio.messages] == ['Shall I?\n\n↩ "approve 7"']
    assert len(post.twilio.attempts) == 2
    await post.storage.contents.judged("buttons_1", GONE)
    post.clock.advance(READ_EVERY)
    await post.send(Message("Shall I?", APPROVE))
    assert len(post.twilio.attempts) == 3, "known to be gone, they are not tried again"


async def test_a_template_that_was_deleted_over_there_is_not_replaced_by_words(post: Post) -> None:
    await post.make()
    post.twilio.contents.contents.clear()
    with pytest.raises(DeliveryRefused):
        await post.send(NEWS, silent=FREE_SECONDS)
    assert len(post.twilio.attempts) == 1


async def test_who_cannot_be_reached_with_buttons_is_not_tried_with_words(post: Post) -> None:
    await post.make_frame("buttons", 1)
    post.twilio.opted_out.add(forms.CLIENT)
    with pytest.raises(DeliveryRefused):
        await post.send(Message("Shall I?", APPROVE))
    assert len(post.twilio.attempts) == 1


def news(who: str) -> Message:
    """News of somebody, as the newest text has it."""
    return Message(f"News for {who} here.", (), Filled("news", "en", {"who": who}))


async def in_doubt(post: Post, message: Message) -> None:
    """Send a message that is taken although the answer says otherwise."""
    post.twilio.fail(Fault.ERROR_AFTER)
    with pytest.raises(DeliveryUnknown):
        await post.send(message, silent=None)


async def test_a_template_whose_variables_were_cut_is_recognised(post: Post) -> None:
    await post.make("News for {{1}} here.")
    message = news("Ada\nLovelace " * 60)
    await in_doubt(post, message)
    (sent,) = post.twilio.messages
    assert len(sent.body) < len(message.text)
    assert await post.found(message) == [sent.body]
    assert await post.found(news("Somebody else")) == []


async def test_a_template_is_recognised_whatever_its_text_says_by_now(post: Post) -> None:
    await post.make("There is an older kind of news for {{1}} here.")
    await in_doubt(post, NEWS)
    await post.make("There is a newer kind of news for {{1}} here.")
    await post.storage.contents.judged("news_0", GONE)
    post.clock.advance(READ_EVERY)
    assert await post.found(NEWS) == ["There is an older kind of news for Ada · Lovelace here."]


async def test_a_template_of_a_text_in_another_language_is_none_of_these(post: Post) -> None:
    await post.make()
    await in_doubt(post, NEWS)
    other = Filled("news", "es", {"who": "Ada\nLovelace"})
    assert await post.found(replace(NEWS, template=other)) == []
