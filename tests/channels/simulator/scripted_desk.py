"""A desk with a script instead of a practice behind it: enough talk to prove the page with.

It keeps everything in memory and takes one turn after the other, like the real one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from channels.simulator.desk import (
    Booking,
    Bubble,
    Choice,
    Diagram,
    Edge,
    Party,
    Place,
    Status,
    UnknownParty,
    View,
)
from tests.channels.simulator.scripted_flows import diagrams

MONDAY = 1_804_492_800  # 8 March 2027, 08:00 UTC
MENU = ("Book an appointment", "Free times", "My appointments")
TYPES = ("In-call at the practice", "Clinic visit", "Out-call", "Home visit")
SERVICES = ("Individual therapy", "Couples therapy", "First conversation")
STARTS = {
    f"{day} Mar, {hour:02}:00": MONDAY + (date - 8) * 86_400 + (hour - 9) * 3_600
    for day, date in (("Tue 9", 9), ("Wed 10", 10))
    for hour in (9, 11, 14, 16)
}
TIMES = tuple(STARTS)


class ScriptedDesk:
    """See `Desk`. `thinking` holds every turn back while it is cleared."""

    def __init__(self) -> None:
        self.thinking = asyncio.Event()
        self.thinking.set()
        self.now, self.version = MONDAY, 1
        self._parties = [Party("client:Ana", "Ana", "client")]
        self._parties += [Party("therapist:anna", "Anna Berg", "therapist")]
        self._parties += [Party("therapist:malik", "Malik Odum", "therapist")]
        self._bubbles: dict[int, tuple[int, Bubble]] = {}
        self._seen: set[str] = set()
        self._places: dict[str, Place] = {}
        self._wishes: dict[str, list[str]] = {}
        self._bookings: list[Booking] = []
        self._news = asyncio.Condition()
        self._turns = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def say(self, party: str, text: str, message_id: str) -> None:
        await self._take_in(party, text, message_id, None)

    async def tap(self, party: str, option_id: str, title: str, message_id: str) -> None:
        await self._take_in(party, title, message_id, option_id)

    async def advance(self, seconds: int) -> None:
        self.now += seconds
        for party, place in list(self._places.items()):
            if place.flow == "client" and place.state.startswith(("choosing", "confirming")):
                self._move(party, [(place.state, "idle", "after 2h", "")])
                self._show(party, "out", "Nothing was booked. Write whenever you like.", "delivered", ())
        await self._tell()

    async def open_client(self, name: str) -> str:
        party = Party(f"client:{name}", name, "client")
        if party not in self._parties:
            self._parties.append(party)
            await self._tell()
        return party.id

    async def parties(self) -> list[Party]:
        return list(self._parties)

    async def diagrams(self) -> dict[str, Diagram]:
        return diagrams()

    async def view(self, since: int) -> View:
        return View(
            version=self.version,
            now=self.now,
            zone="Europe/Berlin",
            practice="Lindenhof Practice",
            parties=tuple(self._parties),
            messages=tuple(bubble for version, bubble in self._bubbles.values() if version > since),
            places=dict(self._places),
            appointments=tuple(self._bookings),
        )

    async def changed(self, version: int, timeout: float) -> int:  # noqa: ASYNC109  # as the Protocol says
        try:
            async with asyncio.timeout(timeout), self._news:
                await self._news.wait_for(lambda: self.version > version)
        except TimeoutError:
            pass
        return self.version

    async def _take_in(self, party: str, text: str, message_id: str, option: str | None) -> None:
        if party not in {known.id for known in self._parties}:
            raise UnknownParty
        if message_id in self._seen:
            return
        self._seen.add(message_id)
        number = self._show(party, "in", text, "received", (), message_id)
        await self._tell()
        task = asyncio.create_task(self._take_turn(party, number, text, option))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take_turn(self, party: str, number: int, text: str, option: str | None) -> None:
        async with self._turns:
            await self.thinking.wait()
            replies = (
                self._answer_therapist(party, option)
                if party.startswith("therapist")
                else (self._answer_client(party, text, option))
            )
            for to, words, options in replies:
                self._show(to, "out", words, "delivered", options)
            self.version += 1
            self._bubbles[number] = (self.version, replace(self._bubbles[number][1], status="handled"))
            await self._tell()

    def _answer_client(
        self, party: str, text: str, option: str | None
    ) -> Iterator[tuple[str, str, tuple[Choice, ...]]]:
        state = self._places[party].state if party in self._places else "idle"
        wishes = self._wishes.setdefault(party, [])
        picked = option is not None and option.startswith(f"{state}.")
        if text.lower() == "human":
            self._move(party, [(state, "with_a_person", "human", "called")])
            yield party, "I have asked the practice to get in touch with you.", ()
        elif state == "idle" and ("book" in text.lower() or picked):
            self._move(party, _by_way_of("idle", "choosing_service_type", "book.appointment", "type_missing"))
            yield party, "Where would you like to meet?", _options("choosing_service_type", TYPES)
        elif state == "choosing_service_type" and picked:
            wishes.append(text)
            self._move(party, _by_way_of(state, "choosing_service", "pick_option", "service_missing"))
            yield party, "What is the appointment for?", _options("choosing_service", SERVICES)
        elif state == "choosing_service" and picked:
            wishes.append(text)
            self._move(party, _by_way_of(state, "choosing_time", "pick_option", "time_missing"))
            yield (
                party,
                "These times are free with Anna Berg. Which one suits?",
                _options("choosing_time", TIMES),
            )
        elif state == "choosing_time" and picked:
            wishes.append(text)
            self._move(
                party,
                [
                    *_by_way_of(state, "holding_slot", "pick_option", "complete"),
                    ("holding_slot", "confirming", "", "held"),
                ],
            )
            summary = f"{wishes[-2]} · {wishes[-3]}\n{text}, 50 minutes, with Anna Berg"
            yield (
                party,
                f"{summary}\n\nShall I send this to Anna Berg?",
                _options("confirming", ("Yes", "No")),
            )
        elif state == "confirming" and text == "Yes":
            self._move(party, [(state, "waiting_for_therapist", "yes", "sent")])
            yield party, "Sent. I will write as soon as Anna Berg has answered, by 6 pm at the latest.", ()
            request = (
                f"New request from {party.removeprefix('client:')}\n{wishes[-2]} · {wishes[-3]}\n{wishes[-1]}"
            )
            choices = (Choice(f"approve:{party}", "Approve"), Choice(f"decline:{party}", "Decline"))
            self._move("therapist:anna", [("idle", "idle", "request_arrived", "read")])
            self._book(party, "requested")
            yield "therapist:anna", request, choices
        else:
            self._move(party, [(state, state, "misheard", "")])
            yield (
                party,
                "Hello, this is the Lindenhof Practice. What can I do for you?",
                _options("idle", MENU),
            )

    def _answer_therapist(
        self, party: str, option: str | None
    ) -> Iterator[tuple[str, str, tuple[Choice, ...]]]:
        verdict, _, client = (option or "").partition(":")
        if verdict == "approve":
            self._move(party, [("idle", "idle", "approve", "approved")])
            self._move(client, [("waiting_for_therapist", "idle", "approved", "current")])
            self._book(client, "confirmed")
            yield party, f"Approved. {client.removeprefix('client:')} has been told.", ()
            yield client, "Anna Berg has said yes: your appointment is confirmed.", ()
        elif verdict == "decline":
            self._move(party, [("idle", "giving_reason", "decline", "declined")])
            self._move(client, [("waiting_for_therapist", "idle", "declined", "current")])
            self._book(client, "declined")
            yield party, "Declined. A word to the client?", ()
            yield client, "Anna Berg cannot take this time. Shall I look for another?", ()
        else:
            self._move(party, [("idle", "idle", "help", "")])
            yield party, "Requests will arrive here. Tap Approve or Decline below one.", ()

    def _book(self, client: str, status: str) -> None:
        name, wishes = client.removeprefix("client:"), self._wishes[client]
        self._bookings = [booking for booking in self._bookings if booking.client != name]
        self._bookings.append(
            Booking(
                id=len(self._bookings) + 1,
                status=status,
                client=name,
                therapist="Anna Berg",
                service=wishes[-2],
                starts_at=STARTS[wishes[-1]],
            )
        )

    def _move(self, party: str, hops: list[tuple[str, str, str, str]]) -> None:
        path = tuple(Edge(*hop) for hop in hops)
        turn = self._places[party].turn + 1 if party in self._places else 1
        flow = party.partition(":")[0]
        self._places[party] = Place(flow=flow, state=path[-1].target, turn=turn, path=path)
        self.version += 1

    def _show(
        self,
        party: str,
        direction: Literal["in", "out"],
        text: str,
        status: Status,
        options: tuple[Choice, ...],
        message_id: str = "",
    ) -> int:
        number = len(self._bubbles) + 1
        self.version += 1
        bubble = Bubble(
            number=number,
            party=party,
            direction=direction,
            text=text,
            at=self.now,
            status=status,
            options=options,
            message_id=message_id,
        )
        self._bubbles[number] = (self.version, bubble)
        return number

    async def _tell(self) -> None:
        self.version += 1
        async with self._news:
            self._news.notify_all()


def _options(state: str, titles: tuple[str, ...]) -> tuple[Choice, ...]:
    return tuple(Choice(f"{state}.{index}", title) for index, title in enumerate(titles, 1))


def _by_way_of(state: str, target: str, event: str, outcome: str) -> list[tuple[str, str, str, str]]:
    return [(state, "next_question", event, "noted"), ("next_question", target, "", outcome)]
