"""What becomes of messages that are owed, also while the database or the other side is away."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.clock import Clock
from app.deliveries import OVERDUE_SECONDS, Deliveries
from app.settling import STUCK_SECONDS
from engine.effects import Message
from engine.errors import ChannelError, DeliveryDeferred, DeliveryRefused, DeliveryUnknown, FreeTextRefused
from engine.events import Heard, Values
from engine.window import is_open
from storage.owed import Owed
from storage.revision import migrate
from storage.settings import StorageSettings
from storage.store import Storage
from tests.fakes.mariadb import PrivateMariaDB


@dataclass
class Post:
    """A channel that keeps what it was given, and answers when it may."""

    sent: list[int] = field(default_factory=list)
    sids: dict[int, str] = field(default_factory=dict)
    errors: list[ChannelError] = field(default_factory=list)
    """What the next sendings end with."""
    taken: dict[int, list[str]] = field(default_factory=dict)
    """What its list shows of each message."""
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    busy: asyncio.Event = field(default_factory=asyncio.Event)
    refuses_with: int | None = None
    template_only: list[bool] = field(default_factory=list)
    """Whether each sending may only be a template."""

    async def send(self, owed: Owed) -> str:
        self.sent.append(owed.id)
        self.template_only.append(owed.template_only)
        if self.refuses_with is not None:
            raise DeliveryRefused("not that one", code=self.refuses_with)
        self.busy.set()
        await self.may_answer.wait()
        if self.errors:
            raise self.errors.pop(0)
        return self.sids.get(owed.id, f"SM{owed.id}")

    async def look_for(self, owed: Owed) -> list[str]:
        return self.taken.get(owed.id, [])

    def sender(self, flow: str) -> str:
        return "clients" if flow == "client" else "therapists"


@dataclass
class Office:
    """Deliveries under way, with everything around them."""

    storage: Storage
    clock: Clock
    post: Post
    owing: asyncio.Event
    deliveries: Deliveries
    running: asyncio.Task[None]

    async def owe(
        self, *addresses: str, flow: str = "client", urgent: bool = False, heard_at: int | None = None
    ) -> list[int]:
        """One message to each; returns the numbers of all so far."""
        for address in addresses:
            if heard_at is not None:
                await self.hear(address, heard_at)
            async with self.storage.transaction() as tx:
                conversation = await tx.conversations.lock(flow, address, "idle", at=self.clock())
                await tx.outbox.put(conversation, 1, [Message("hello")], self.clock(), urgent=urgent)
        self.owing.set()
        return [owed.id for owed in await self.storage.outbox.since(0, 100)]

    async def hear(self, address: str, at: int) -> None:
        """A client has written then."""
        async with self.storage.transaction() as tx:
            conversation = await tx.conversations.lock("client", address, "idle", at=at)
            await tx.conversations.save(conversation, conversation.snapshot.evolve(heard_at=at), "", at)

    async def say(self, text: str, turn: int, *, unasked: Values | None = None, opted_out: bool) -> None:
        """One message in a conversation, with whose person it is settled whether they want it."""
        async with self.storage.transaction() as tx:
            conversation = await tx.conversations.lock("client", "chat:a", "idle", at=self.clock())
            await tx.people.opt_out(conversation.person.id, self.clock() if opted_out else None)
            await tx.outbox.put(conversation, turn, [Message(text)], self.clock(), unasked=unasked)

    async def heard(self) -> list[Heard]:
        """What conversations are to hear."""
        return await self.storage.inbox.waiting(100)

    async def states(self) -> list[str]:
        """Where each message stands."""
        return [owed.state for owed in await self.storage.outbox.since(0, 100)]

    async def tried(self, times: int) -> None:
        """Wait until so many sendings have been begun."""
        async with asyncio.timeout(20):
            while len(self.post.sent) < times:
                self.owing.set()
                await asyncio.sleep(0)

    async def until(self, *states: str) -> None:
        """Wait until the messages stand so."""
        async with asyncio.timeout(20):
            while await self.states() != list(states):
                self.owing.set()
                await asyncio.sleep(0)


@pytest.fixture
async def office(mariadb: PrivateMariaDB) -> AsyncIterator[Office]:
    settings = StorageSettings(
        host=mariadb.host,
        port=mariadb.port,
        user=mariadb.user,
        password=mariadb.password,
        name=mariadb.create_database(),
        secret_key="post",
    )
    await migrate(settings)
    async with opened(settings) as made:
        yield made


@asynccontextmanager
async def opened(settings: StorageSettings, per_second: float = 80.0) -> AsyncIterator[Office]:
    clock, owing, post = Clock(), asyncio.Event(), Post()
    clock.stand_at(1_800_000_000)
    storage = await Storage.open(settings, clock=clock)
    deliveries = Deliveries(storage, post, clock, owing, per_second=per_second, doubt_seconds=60)
    running = asyncio.create_task(deliveries.run())
    yield Office(storage, clock, post, owing, deliveries, running)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await storage.close()


async def test_what_was_sent_while_the_database_was_away_is_not_sent_again(
    office: Office, mariadb: PrivateMariaDB
) -> None:
    (number,) = await office.owe("chat:a")
    await office.post.busy.wait()
    await asyncio.to_thread(mariadb.kill)
    office.post.may_answer.set()
    office.clock.advance(STUCK_SECONDS + 10)
    await asyncio.to_thread(mariadb.start)
    await office.until("sent")
    assert office.post.sent == [number]


async def test_what_is_still_being_sent_is_not_begun_again(office: Office) -> None:
    (number,) = await office.owe("chat:a")
    await office.post.busy.wait()
    office.clock.advance(STUCK_SECONDS + 10)
    (_, other) = await office.owe("chat:b")
    office.post.may_answer.set()
    await office.until("sent", "sent")
    assert office.post.sent == [number, other]


async def test_a_note_that_cannot_be_written_leaves_the_others_alone(office: Office) -> None:
    numbers = await office.owe("chat:a", "chat:b", "chat:c")
    office.post.sids[numbers[1]] = "S" * 70
    office.post.may_answer.set()
    await office.until("sent", "unknown", "sent")
    assert sorted(office.post.sent) == numbers


async def test_a_stop_waits_for_what_is_under_way_and_for_nothing_else(office: Office) -> None:
    await office.owe("chat:a")
    await office.post.busy.wait()
    finishing = asyncio.create_task(office.deliveries.finish())
    await office.owe("chat:b")
    office.post.may_answer.set()
    await finishing
    assert await office.states() == ["sent", "pending"]
    await office.running


async def test_a_stop_after_a_breakdown_does_not_wait(office: Office) -> None:
    office.running.cancel()
    await asyncio.gather(office.running, return_exceptions=True)
    await office.deliveries.finish()


@pytest.fixture
async def in_a_file(tmp_path: Path) -> StorageSettings:
    settings = StorageSettings(sqlite_path=tmp_path / "post.sqlite3", secret_key="post")
    await migrate(settings)
    return settings


@pytest.fixture
async def small(in_a_file: StorageSettings) -> AsyncIterator[Office]:
    """An office that answers at once, on a file."""
    async with opened(in_a_file) as made:
        made.post.may_answer.set()
        yield made


async def test_in_a_file_it_is_the_same(small: Office) -> None:
    await small.owe("chat:a", "chat:b")
    await small.until("sent", "sent")


async def test_a_doubtful_answer_is_settled_by_the_list(small: Office) -> None:
    small.post.errors = [DeliveryUnknown()]
    (number,) = await small.owe("chat:a")
    await small.until("unknown")
    small.post.taken[number] = ["SM9"]
    small.clock.advance(2)
    await small.until("sent")
    assert small.post.sent == [number]


async def test_what_the_list_never_shows_is_sent_again(small: Office) -> None:
    small.post.errors = [DeliveryUnknown()]
    (number,) = await small.owe("chat:a")
    await small.until("unknown")
    small.clock.advance(61)
    await small.until("sent")
    assert small.post.sent == [number, number]


USED_UP = DeliveryDeferred("used up", retry_after=3600.0, concerns_sender=True)


async def test_a_number_that_is_used_up_rests_and_the_other_goes_on(small: Office) -> None:
    small.post.errors = [USED_UP]
    (first,) = await small.owe("chat:a")
    await small.tried(1)
    await small.until("pending")
    await small.owe("chat:b", "chat:c")
    *_, other = await small.owe("chat:t", flow="therapist")
    await small.until("pending", "pending", "pending", "sent")
    assert small.post.sent == [first, other]


async def test_what_is_urgent_is_tried_soon_however_long_its_number_rests(small: Office) -> None:
    small.post.errors = [USED_UP]
    (first,) = await small.owe("chat:a")
    await small.tried(1)
    await small.until("pending")
    small.post.errors = [USED_UP] * 5
    *_, urgent = await small.owe("chat:b", urgent=True)
    for times, seconds in enumerate((10, 20, 40, 60, 60), start=2):
        await small.tried(times)
        await small.until("pending", "pending")
        assert await small.storage.outbox.due(small.clock() + seconds - 1, 9, ["client"]) == []
        small.clock.advance(seconds)
    await small.until("pending", "sent")
    assert small.post.sent == [first, *[urgent] * 6]


async def test_what_is_urgent_and_never_got_through_is_tried_within_seconds(small: Office) -> None:
    small.post.errors = [DeliveryDeferred("not reachable")] * 2
    (urgent,) = await small.owe("chat:a", urgent=True)
    await small.tried(1)
    await small.until("pending")
    small.clock.advance(1)
    await small.tried(2)
    await small.until("pending")
    small.clock.advance(2)
    await small.until("sent")
    assert small.post.sent == [urgent] * 3


async def test_of_what_is_urgent_and_put_off_for_two_minutes_somebody_hears_once(small: Office) -> None:
    small.post.errors = [DeliveryDeferred("later")] * 3
    await small.owe("chat:a", urgent=True)
    await small.tried(1)
    await small.until("pending")
    assert await small.heard() == []
    for times in (2, 3):
        small.clock.advance(OVERDUE_SECONDS)
        await small.tried(times)
        await small.until("pending")
        assert [one.event for one in await small.heard()] == ["numbers_undelivered"]
    small.clock.advance(OVERDUE_SECONDS)
    await small.until("sent")


async def test_after_the_rest_one_message_tries_before_the_others(small: Office) -> None:
    small.post.errors = [USED_UP]
    await small.owe("chat:a")
    await small.tried(1)
    await small.until("pending")
    first, *others = await small.owe("chat:b", "chat:c", "chat:d")
    small.post.errors = [USED_UP]
    small.clock.advance(3600)
    await small.until("pending", "pending", "pending", "pending")
    await small.tried(2)
    assert len(small.post.sent) == 2
    small.clock.advance(3600)
    await small.until("sent", "sent", "sent", "sent")
    assert sorted(set(small.post.sent)) == [first, *others]
    assert len(small.post.sent) == 6


async def test_a_start_that_fails_leaves_the_number_free_to_try_again(
    small: Office, in_a_file: StorageSettings
) -> None:
    small.post.errors = [USED_UP]
    (number,) = await small.owe("chat:a")
    await small.tried(1)
    await small.until("pending")
    with capture_logs() as lines, closing(sqlite3.connect(in_a_file.sqlite_path, timeout=10)) as other:
        other.execute("BEGIN IMMEDIATE")  # somebody else writes, and does not end
        small.clock.advance(3600)
        async with asyncio.timeout(30):
            while not any(line["event"] == "outbox not reachable" for line in lines):
                small.owing.set()
                await asyncio.sleep(0)
        other.rollback()
    await small.until("sent")
    assert small.post.sent == [number, number]


async def test_what_was_refused_without_asking_does_not_wake_the_number(small: Office) -> None:
    small.post.errors = [USED_UP]
    await small.owe("chat:a")
    await small.tried(1)
    await small.until("pending")
    small.post.errors = [DeliveryRefused(code=63016, was_asked=False), USED_UP]
    await small.owe("chat:b", "chat:c")
    small.clock.advance(3600)
    await small.tried(3)
    await small.until("pending", "failed", "pending")
    assert len(small.post.sent) == 3


async def test_a_refused_person_does_not_stop_the_number(small: Office) -> None:
    small.post.errors = [DeliveryRefused(code=63003)]
    await small.owe("chat:a", "chat:b")
    await small.until("failed", "sent")


TOO_LATE = FreeTextRefused(code=63016)


async def test_free_text_that_is_refused_as_too_late_goes_again_as_a_template_and_so_does_the_rest(
    small: Office,
) -> None:
    now = small.clock()
    small.post.errors = [TOO_LATE]
    (number,) = await small.owe("chat:a", heard_at=now - 60)
    await small.until("sent")
    assert small.post.sent == [number, number]
    assert small.post.template_only == [False, True]
    (owed,) = await small.storage.outbox.since(0, 9)
    assert not is_open(owed.heard_at, now), "what comes next goes as a template at once"
    assert await small.heard() == []


async def test_what_the_person_writes_meanwhile_opens_the_24_hours_again(small: Office) -> None:
    small.post.may_answer.clear()
    small.post.errors = [TOO_LATE]
    await small.owe("chat:a", heard_at=small.clock() - 60)
    await small.post.busy.wait()
    small.clock.advance(5)
    await small.hear("chat:a", small.clock())
    small.post.may_answer.set()
    await small.until("sent")
    (owed,) = await small.storage.outbox.since(0, 9)
    assert owed.heard_at == small.clock()


async def test_what_is_refused_as_a_template_too_is_lost(small: Office) -> None:
    small.post.errors = [TOO_LATE, TOO_LATE]
    await small.owe("chat:a", heard_at=small.clock())
    await small.until("failed")
    assert len(small.post.sent) == 2


async def test_no_number_sends_faster_than_it_may(in_a_file: StorageSettings) -> None:
    """One message in a hundred seconds: of three only one leaves, and the other number's."""
    async with opened(in_a_file, per_second=0.01) as office:
        office.post.may_answer.set()
        await office.owe("chat:a", "chat:b", "chat:c")
        await office.until("sent", "pending", "pending")
        await office.owe("chat:t", flow="therapist")
        await office.until("sent", "pending", "pending", "sent")


async def test_who_wants_no_messages_gets_answers_only_and_their_conversation_hears_of_the_rest(
    small: Office,
) -> None:
    office = small
    await office.say("approved", 1, unasked={"appointment": 7}, opted_out=True)
    await office.say("hold lapsed", 2, unasked={}, opted_out=True)
    await office.say("an answer", 3, opted_out=True)
    await office.until("sent")  # of what was withheld nothing is told
    (answer,) = await office.storage.outbox.since(0, 100)
    assert (answer.message.text, office.post.sent) == ("an answer", [answer.id])
    heard = await office.heard()
    assert [(one.event, dict(one.data)) for one in heard] == [
        ("news_withheld", {"appointment": 7}),
        ("news_withheld", {}),
    ]
    assert {(one.flow, one.address, one.kind) for one in heard} == {("client", "chat:a", "signal")}


async def test_what_had_to_wait_is_withheld_from_who_opted_out_meanwhile(small: Office) -> None:
    office = small
    office.post.errors = [DeliveryDeferred("later", retry_after=60.0)]
    await office.say("approved", 1, unasked={"appointment": 7}, opted_out=False)
    await office.tried(1)
    await office.until("pending")
    await office.say("you will hear no more", 2, opted_out=True)
    office.clock.advance(60)
    await office.until("sent")
    assert [one.event for one in await office.heard()] == ["news_withheld"]


async def test_who_wants_messages_gets_all(small: Office) -> None:
    await small.say("approved", 1, unasked={"appointment": 7}, opted_out=False)
    await small.until("sent")
    assert await small.heard() == []


@pytest.mark.parametrize(
    ("code", "event", "how"),
    [
        (21610, "opted_out_elsewhere", {"how": "error 21610"}),
        (63033, "opted_out_elsewhere", {"how": "error 63033"}),
        (63003, "news_undelivered", {}),
    ],
)
async def test_who_has_opted_out_or_cannot_be_reached_is_known_from_the_refusal(
    small: Office, code: int, event: str, how: Values
) -> None:
    office = small
    office.post.refuses_with = code
    await office.say("approved", 1, unasked={"appointment": 7}, opted_out=False)
    await office.until("failed")
    heard = await office.heard()
    assert [(one.event, dict(one.data)) for one in heard] == [(event, {"appointment": 7, **how})]


async def test_of_an_answer_that_could_not_be_delivered_nothing_is_heard(small: Office) -> None:
    small.post.refuses_with = 63003
    await small.say("an answer", 1, opted_out=False)
    await small.until("failed")
    assert await small.heard() == []
