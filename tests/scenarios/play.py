"""Plays one scenario against the real product and compares what comes of each line with the script."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from app.chat import PAGE
from app.clock import Clock
from app.parties import CHAT, address_of, party_of
from app.undelivered import news_of_undelivered
from app.wiring import Product
from engine.events import Heard
from engine.window import is_open
from flows.load import seconds_of
from flows.practice import PracticeBook
from flows.too_fast import marked
from storage.appointments import Appointment
from storage.owed import Owed
from storage.people import Person
from tests.scenarios.script import Deed, Expected, Line, Scenario

WHATSAPP = "whatsapp:"
ON_WHATSAPP = re.compile(r"\+\d+|[A-Z]{2}\.\d+")
"""Somebody who is called by their number or by WhatsApp's id of their user name."""
MANY = re.compile(r"(\d+) × (.+)")


@dataclass
class Played:
    """What came of a scenario."""

    failure: str | None = None
    entries: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    """Flow, state before and trail of every turn: what the journal says."""


class Mismatch(AssertionError):
    """What came of a line is not what the script says."""


class Conversation:
    """Everybody's conversations with the practice, line by line."""

    def __init__(self, products: Iterator[Product], clock: Clock) -> None:
        """Each line is taken by the next product, which has not seen the one before."""
        self._products = products
        self._product = next(products)
        self._clock = clock
        self._last_owed = 0
        self._heard: dict[str, list[Owed]] = {}

    async def play(self, scenario: Scenario) -> Played:
        """Play it to its end, or to the first line of which something else comes."""
        played = Played()
        try:
            for line in scenario.story:
                await self._take(line)
        except Mismatch as mismatch:
            played.failure = str(mismatch)
        played.entries = await self._journal()
        return played

    async def _take(self, line: Line) -> None:
        self._product = next(self._products)
        try:
            await self.do(line.deed)
            lay_there = any(part.what == "advance" for part in line.deed.parts)
            news = await self.news(in_time=not lay_there)
            _compare(line.expected, line.deed.who, news)
            await self._compare_states(line.expected, line.deed.who)
            await self._compare_appointments(line.expected)
            await self.nothing_failed()
        except Mismatch as mismatch:
            raise Mismatch(f"{line.place}: {mismatch}") from None

    async def do(self, deed: Deed) -> None:
        """Let something happen, and everything that follows from it."""
        match deed.what:
            case "advance":
                await self._product.advance(_seconds(deed))
                return
            case "stored as":
                await self._store(deed)
                return
            case "at once":
                await self._at_once(deed.parts)
            case "gets the PIN":
                _, address, _ = self._who(deed.who)
                person = await self._product.storage.people.find("therapist", address)
                assert person, f"{deed.who} is nobody"
                await self._product.storage.pins.set(person.id, deed.text, self._clock())
            case _:
                await self._product.storage.inbox.put(self._said(deed))
        await self._product.settle()

    async def _at_once(self, deeds: Sequence[Deed]) -> None:
        """Everything lies in the inbox before two products begin to take it, side by side."""
        for deed in deeds:
            if deed.what == "advance":
                self._clock.advance(_seconds(deed))
            else:
                await self._product.storage.inbox.put(self._said(deed))
        await asyncio.gather(self._product.settle(), next(self._products).settle())

    async def cut_off(self, deed: Deed, after: int) -> None:
        """Let something happen to a product that dies so many steps of its loop later; the other goes on."""
        for part in deed.parts or (deed,):
            await self._product.storage.inbox.put(self._said(part))
        dying = asyncio.create_task(self._product.settle())
        for _ in range(after):
            await asyncio.sleep(0)
        dying.cancel()
        with suppress(asyncio.CancelledError):
            await dying
        self._product = next(self._products)
        await self._product.settle()

    def titles(self, who: str) -> list[str]:
        """The titles of everything that somebody was ever offered, oldest first."""
        return [option.title for owed in self._heard.get(who, []) for option in owed.message.options]

    async def state(self, who: str) -> str | None:
        """In which state somebody's conversation is."""
        return next((state for name, _, state in (await self._names()).values() if name == who), None)

    async def _store(self, deed: Deed) -> None:
        flow, address, _ = self._who(deed.who)
        async with self._product.storage.transaction() as tx:
            found = await tx.conversations.lock(flow, address, "idle", at=self._clock())
            await tx.conversations.save(found, found.snapshot.evolve(state=deed.text), "", self._clock())

    def _said(self, deed: Deed) -> Heard:
        if deed.what == "misses":
            missed = [one for one in self._heard.get(deed.who, []) if deed.text in one.message.text]
            return replace(*news_of_undelivered(missed[-1], self._clock()), key=f"scenario:{uuid.uuid4()}")
        flow, address, name = self._who(deed.who)
        kind: Literal["text", "tap", "media", "location"] = "text"
        text, tap = deed.text, None
        if deed.what.startswith("taps"):
            kind, text, tap = "tap", "", self._option(deed)
        elif deed.what == "sends":
            many = MANY.fullmatch(deed.text)
            text = many[2] * int(many[1]) if many else ""
            kind = "media" if deed.text == "photo" else "location" if deed.text == "location" else "text"
        heard = Heard(
            key=f"scenario:{uuid.uuid4()}",
            flow=flow,
            address=address,
            kind=kind,
            at=self._clock(),
            text=text,
            tap=tap,
            name=name,
            replied_to=self._named(deed) if deed.what == "answers" else None,
        )
        if deed.what == "tells twilio":
            return replace(heard, data={"opt_out": deed.text})
        return marked(heard) if deed.what == "floods" else heard

    def _who(self, who: str) -> tuple[str, str, str]:
        role, _, name = who.partition(" ")
        if role == "stranger":
            return "stranger", CHAT + name, name
        if ON_WHATSAPP.fullmatch(name):
            return role, WHATSAPP + name, ""
        found = address_of(f"{role}:{name}", self._product.practice())
        return found.flow, found.address, found.name

    def _named(self, deed: Deed) -> str:
        """The channel's name of the last message to somebody that has this in it."""
        heard = [owed for owed in self._heard.get(deed.who, []) if deed.to in owed.message.text]
        if not heard:
            raise Mismatch(f"{deed.who} was never told {deed.to!r}")
        return f"LOCAL{heard[-1].id}"  # as app.chat.HandedOver calls it

    def _option(self, deed: Deed) -> str:
        """The id of the option with this title."""
        offers = [owed.message.options for owed in self._heard.get(deed.who, []) if owed.message.options]
        if deed.what == "taps earlier":
            offers = [offer for offer in offers if any(option.title == deed.text for option in offer)][:1]
        for option in offers[-1] if offers else ():
            if option.title == deed.text:
                return option.id
        raise Mismatch(f"{deed.text!r} was never offered to {deed.who}; the last offer: {offers[-1:]}")

    async def news(self, *, in_time: bool = True) -> dict[str, list[Owed]]:
        """What everybody was told since the last line.

        `in_time`: nothing that was heard lay there while time went by, so nothing may be told too late.
        """
        names = await self._names()
        news: dict[str, list[Owed]] = {}
        while page := await self._product.storage.outbox.since(self._last_owed, PAGE):
            for owed in page:
                news.setdefault(names[owed.conversation_id][0], []).append(owed)
            self._last_owed = page[-1].id
        if in_time:
            _check_in_time(news)
        for who, owed_to in news.items():
            self._heard.setdefault(who, []).extend(owed_to)
        return news

    async def _names(self) -> dict[int, tuple[str, str, str]]:
        """By the conversation's number: who it is with, its flow and its state."""
        practice = self._product.practice()
        return {
            one.id: (_named(one.person, practice), one.flow, one.snapshot.state)
            for one in await self._product.storage.conversations.all_states()
        }

    async def _compare_states(self, expected: Expected, doer: str) -> None:
        wanted = {**expected.states, **({doer: expected.state} if expected.state else {})}
        if wanted:
            states = {who: state for who, _, state in (await self._names()).values()}
            found = {who: states.get(who) for who in wanted}
            if found != wanted:
                raise Mismatch(f"states are {found}, not {wanted}")

    async def _compare_appointments(self, expected: Expected) -> None:
        if expected.appointments is None:
            return
        found = [self._in_words(one) for one in await self._product.storage.appointments.all()]
        if found != list(expected.appointments):
            listed = "".join(f"\n    - {line}" for line in found)
            raise Mismatch(f"the appointments are:{listed or ' none'}")

    def _in_words(self, one: Appointment) -> str:
        practice = self._product.practice()
        client, therapist = (
            _named(person, practice).partition(" ")[2] for person in (one.client, one.therapist)
        )
        starts = datetime.fromtimestamp(one.starts_at * 60, UTC).astimezone(practice.zone)
        when = f"{starts:%a %d %b %H:%M}"
        return f"{one.id}. {client} with {therapist}, {when}, {one.service_type}, {one.service}: {one.status}"

    async def nothing_failed(self) -> None:
        """No turn may fail, whatever is said."""
        failures = await self._product.storage.inbox.failures(1)
        waiting = (await self._product.storage.queues.all())["inbox"].length
        if failures or waiting:
            raise Mismatch(f"a turn failed: {failures}; {waiting} were not taken")

    async def check_silence(self) -> None:
        """Who wants no messages has been sent none since that answers nothing."""
        since = {
            one.id: one.person.opted_out_at
            for one in await self._product.storage.conversations.all_states()
            if one.person.opted_out_at is not None
        }
        for owed in await self._product.storage.outbox.since(0, 10_000):
            unwanted = owed.conversation_id in since and owed.unasked is not None and owed.state == "sent"
            if unwanted and owed.created_at > since[owed.conversation_id]:
                raise Mismatch(f"somebody who wants silence is told:\n{owed.message.text}")

    async def _journal(self) -> list[tuple[str, str, tuple[str, ...]]]:
        return [
            (flow, entry.state_before, entry.trail)
            for number, (_, flow, _) in (await self._names()).items()
            for entry in await self._product.storage.journal.of(number)
        ]


def _check_in_time(news: dict[str, list[Owed]]) -> None:
    """Whatever is said to somebody silent for long may go out as a template: `flows check` promises it."""
    for who, owed_to in news.items():
        for owed in owed_to:
            if owed.message.template is None and not is_open(owed.heard_at, owed.created_at):
                raise Mismatch(f"{who} is told too late, and not by a template:\n{owed.message.text}")


def _named(person: Person, practice: PracticeBook) -> str:
    """How a script calls somebody."""
    if person.role == "client" and person.address.startswith(WHATSAPP):
        return f"client {person.address.removeprefix(WHATSAPP)}"
    return party_of(person, practice).replace(":", " ", 1)


def _seconds(deed: Deed) -> int:
    seconds = seconds_of(deed.text)
    assert seconds, f"{deed.text} is no length of time"
    return seconds


def _compare(expected: Expected, doer: str, news: dict[str, list[Owed]]) -> None:
    wanted = {**expected.told, **({doer: expected.answer} if expected.answer is not None and doer else {})}
    for who in sorted(set(news) - set(wanted) - ({doer} if expected.answer is None else set())):
        raise Mismatch(f"{who} is told, unexpectedly:\n{_text(news[who])}")
    for who, parts in wanted.items():
        text = _text(news.get(who, []))
        for part in parts:
            if part not in text:
                raise Mismatch(f"{who} is not told {part!r}, but:\n{text or 'nothing'}")
        if not parts and text:
            raise Mismatch(f"{who} is told, unexpectedly:\n{text}")
    for part in expected.unsaid:
        if part in (text := _text(news.get(doer, []))):
            raise Mismatch(f"{doer} is told {part!r}:\n{text}")
    offers = [owed.message.options for owed in news.get(doer, []) if owed.message.options]
    titles = tuple(option.title for option in offers[-1]) if offers else ()
    if expected.options is not None and titles != expected.options:
        raise Mismatch(f"{doer} is offered {list(titles)}, not {list(expected.options)}")
    if missing := [title for title in expected.among_options if title not in titles]:
        raise Mismatch(f"{doer} is not offered {missing}, but {list(titles)}")


def _text(owed: Sequence[Owed]) -> str:
    return "\n".join(one.message.text for one in owed)
