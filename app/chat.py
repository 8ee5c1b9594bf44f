"""Conversations in a terminal, or line by line as JSON: the same turns on the same database."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from typing import Any

from app.clock import Clock
from app.deliveries import Channel
from app.parties import address_of, party_of
from app.wiring import Product
from engine.errors import TherapyBookingError
from engine.events import Heard
from flows.load import seconds_of
from storage.appointments import Appointment
from storage.owed import Owed
from storage.store import Storage

PAGE = 500


class NotALine(TherapyBookingError):
    """The line is none of: {"from", "text"}, {"from", "tap"}, {"advance"}."""


class HandedOver:
    """The channel of chats and simulators: whatever is owed counts as delivered at once."""

    async def send(self, owed: Owed) -> str:
        """See app.deliveries.Channel."""
        return f"LOCAL{owed.id}"

    async def look_for(self, owed: Owed) -> list[str]:
        """Nothing leaves this process: what it had not marked as sent, nobody has seen."""
        del owed
        return []

    def sender(self, flow: str) -> str:
        """There are no numbers."""
        del flow
        return "chat"


def handed_over(storage: Storage, clock: Clock) -> Channel:  # noqa: ARG001  # as every channel is made
    """Make that channel."""
    return HandedOver()


class Chat:
    """A conversation with everybody at once."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._last_owed = 0

    async def begin(self) -> None:
        """Skip what was said before."""
        while owed := await self._product.storage.outbox.since(self._last_owed, PAGE):
            self._last_owed = owed[-1].id

    async def hear(self, line: dict[str, Any]) -> dict[str, Any]:
        """Take one line through its turns and tell what came of it. Raises NotALine or UnknownName."""
        match line:
            case {"advance": str(length)}:
                seconds = seconds_of(length)
                if seconds is None:
                    raise NotALine(f"{length!r} is no length of time such as 25h, 30m or 2d.")
                await self._product.advance(seconds)
                return await self._answer(None)
            case {"from": str(party), "text": str(text)}:
                await self._say(party, text=text)
            case {"from": str(party), "tap": str(tap)}:
                await self._say(party, tap=tap)
            case _:
                raise NotALine
        return await self._answer(party)

    async def _say(self, party: str, *, text: str = "", tap: str | None = None) -> None:
        who = address_of(party, self._product.practice())
        await self._product.storage.inbox.put(
            Heard(
                key=f"chat:{uuid.uuid4()}",
                flow=who.flow,
                address=who.address,
                kind="text" if tap is None else "tap",
                at=self._product.clock(),
                text=text,
                tap=tap,
                name=who.name,
            )
        )
        await self._product.settle()

    async def _answer(self, party: str | None) -> dict[str, Any]:
        practice = self._product.practice()
        conversations = await self._product.storage.conversations.all_states()
        names = {one.id: party_of(one.person, practice) for one in conversations}
        states = {names[one.id]: (one.flow, one.snapshot.state) for one in conversations}
        expects: tuple[str, ...] = ()
        if party:
            who = address_of(party, practice)
            for one in conversations:
                if (one.flow, one.person.address) == (who.flow, who.address):
                    state = self._product.flow_file.flows[one.flow].states.get(one.snapshot.state)
                    expects = state.expects if state else ()
        return {
            "state": {name: f"{flow}.{state}" for name, (flow, state) in states.items()},
            "expects": list(expects),
            "messages": [_message(owed, names) async for owed in self._news()],
            "appointments": [
                self._appointment(one) for one in await self._product.storage.appointments.all()
            ],
        }

    async def _news(self) -> AsyncIterator[Owed]:
        while page := await self._product.storage.outbox.since(self._last_owed, PAGE):
            for owed in page:
                yield owed
            self._last_owed = page[-1].id

    def _appointment(self, one: Appointment) -> dict[str, Any]:
        practice = self._product.practice()
        starts = datetime.fromtimestamp(one.starts_at * 60, UTC).astimezone(practice.zone)
        return {
            "id": one.id,
            "status": one.status,
            "client": party_of(one.client, practice).partition(":")[2],
            "therapist": party_of(one.therapist, practice).partition(":")[2],
            "service": one.service,
            "service_type": one.service_type,
            "starts_at": starts.isoformat(),
        }


def _message(owed: Owed, names: dict[int, str]) -> dict[str, Any]:
    return {
        "to": names[owed.conversation_id],
        "text": owed.message.text,
        "options": [{"id": option.id, "title": option.title} for option in owed.message.options],
    }


async def answer_lines(chat: Chat, lines: Iterable[str]) -> AsyncIterator[str]:
    """One JSON line for every line that holds anything; what cannot be used is answered with `error`."""
    for line in lines:
        if not line.strip():
            continue
        try:
            answer = await chat.hear(_parsed(line))
        except TherapyBookingError as error:
            answer = {"error": str(error)}
        yield json.dumps(answer, ensure_ascii=False)


def _parsed(line: str) -> dict[str, Any]:
    try:
        parsed = json.loads(line)
        json.dumps(parsed, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise NotALine("The line holds half a character, which nobody can write or store.") from None
    except (ValueError, RecursionError):
        raise NotALine("The line is not JSON.") from None
    if not isinstance(parsed, dict):
        raise NotALine
    return parsed


TAP = re.compile(r"/tap (\S+)")
ADVANCE = re.compile(r"/advance (\S+)")
SPEAKER = re.compile(r"((?:client|therapist):[^\s:]+):\s*(.*)")
HELP = """Type as the client. "therapist:anna: approve" speaks as somebody else from then on.
/tap ID taps an option, /advance 25h moves the clock, /quit ends."""


def typed(line: str, speaker: str) -> tuple[dict[str, Any], str]:
    """What somebody typed at the terminal, as a line of JSON would say it, and who speaks from now on."""
    if advance := ADVANCE.fullmatch(line):
        return {"advance": advance[1]}, speaker
    if named := SPEAKER.fullmatch(line):
        speaker, line = named[1], named[2]
    if tap := TAP.fullmatch(line):
        return {"from": speaker, "tap": tap[1]}, speaker
    return {"from": speaker, "text": line}, speaker


def shown(answer: dict[str, Any]) -> str:
    """An answer as the terminal shows it."""
    lines = []
    for message in answer["messages"]:
        lines += [f"  → {message['to']}: " + message["text"].replace("\n", "\n    ")]
        lines += [f"      [{option['id']}] {option['title']}" for option in message["options"]]
    return "\n".join(lines)
