"""The practice as the simulator's phones see it: the same inbox, turns and outbox as with WhatsApp."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from app.diagrams import diagram_of, path_of
from app.parties import CHAT, UnknownName, address_of, party_of
from app.wiring import Product
from channels.simulator.desk import (
    Booking,
    Bubble,
    Choice,
    Diagram,
    Party,
    Place,
    Status,
    UnknownParty,
    View,
)
from engine.events import Heard
from storage.conversations import Conversation
from storage.owed import Owed

LOOK_SECONDS = 0.15
"""How often a waiting page looks for news."""
PAGE = 500
"""Rows that are read at once."""
FIRST_CLIENT = "Ana"
"""Has a phone from the beginning, so that there is somebody to try it with."""
UNDER_WAY = frozenset({"pending", "sending"})
"""States of an outbox row that something will still become of."""
STATUS: Mapping[str, Status] = {"pending": "queued", "sending": "queued", "sent": "delivered"}


@dataclass(frozen=True, slots=True)
class _Shown:
    """A bubble, and the version at which it became what it is."""

    bubble: Bubble
    version: int


class SimulatorDesk:
    """Implements channels.simulator.desk.Desk on a product that hands its messages over at once."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._clients = {f"client:{FIRST_CLIENT}": FIRST_CLIENT}
        self._shown: dict[str, _Shown] = {}
        self._order: list[str] = []
        self._places: dict[str, Place] = {}
        self._appointments: tuple[Booking, ...] = ()
        self._settled = 0  # nothing becomes of outbox rows up to this number any more
        self._version = 1
        self._looking = asyncio.Lock()

    async def say(self, party: str, text: str, message_id: str) -> None:
        """See Desk."""
        await self._hear(party, message_id, text, None)

    async def tap(self, party: str, option_id: str, title: str, message_id: str) -> None:
        """See Desk."""
        await self._hear(party, message_id, title, option_id)

    async def _hear(self, party: str, message_id: str, text: str, tap: str | None) -> None:
        if party.startswith("client:") and party not in self._clients:
            raise UnknownParty
        try:
            who = address_of(party, self._product.practice())
        except UnknownName as error:
            raise UnknownParty(str(error)) from None
        now = self._product.clock()
        key = f"simulator:{party}:{message_id}"
        if key not in self._shown:
            self._show(
                key,
                Bubble(
                    number=0,
                    party=party,
                    direction="in",
                    text=text,
                    at=now,
                    status="received",
                    message_id=message_id,
                ),
            )
        kind: Literal["text", "tap"] = "text" if tap is None else "tap"
        await self._product.turns.take_in(
            Heard(
                key=key,
                flow=who.flow,
                address=who.address,
                kind=kind,
                at=now,
                text=text,
                tap=tap,
                name=who.name,
            )
        )

    async def advance(self, seconds: int) -> None:
        """See Desk."""
        await self._product.advance(seconds)
        self._version += 1

    async def open_client(self, name: str) -> str:
        """See Desk."""
        party = f"client:{name.strip()}"
        address_of(party, self._product.practice())
        if party not in self._clients:
            self._clients[party] = name.strip()
            self._version += 1
        return party

    async def parties(self) -> list[Party]:
        """See Desk."""
        therapists = [
            Party(f"therapist:{one.code}", one.name, "therapist")
            for one in self._product.practice().therapists
        ]
        return [Party(party, name, "client") for party, name in self._clients.items()] + therapists

    async def diagrams(self) -> dict[str, Diagram]:
        """See Desk. Strangers have no phone here, so their flow is not drawn."""
        flows = self._product.flow_file.flows
        return {name: diagram_of(flow) for name, flow in flows.items() if name in {"client", "therapist"}}

    async def changed(self, version: int, timeout: float) -> int:  # noqa: ASYNC109  # a poll's length
        """See Desk."""
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout
        while True:
            await self._look()
            if self._version > version or loop.time() >= until:
                return self._version
            await asyncio.sleep(LOOK_SECONDS)

    async def view(self, since: int) -> View:
        """See Desk."""
        await self._look()
        practice = self._product.practice()
        return View(
            version=self._version,
            now=self._product.clock(),
            zone=practice.zone.key,
            practice=practice.rules.name,
            parties=tuple(await self.parties()),
            messages=tuple(
                shown.bubble for key in self._order if (shown := self._shown[key]).version > since
            ),
            places=dict(self._places),
            appointments=self._appointments,
            flows="".join(sorted(flow.structure for flow in self._product.flow_file.flows.values())),
        )

    # Looking for news

    async def _look(self) -> None:
        async with self._looking:
            storage, practice = self._product.storage, self._product.practice()
            told = await self._told()  # first, so that all their conversations are known
            conversations = await storage.conversations.all_states()
            names = {one.id: party_of(one.person, practice) for one in conversations}
            await self._look_for_turns(conversations, names)
            waiting = {heard.key for heard in await storage.inbox.waiting(PAGE)}
            for key in self._order:
                bubble = self._shown[key].bubble
                if bubble.direction == "in" and bubble.status == "received" and key not in waiting:
                    self._show(key, replace(bubble, status="handled"))
            for owed in told:
                if owed.unasked is None or owed.state not in UNDER_WAY:  # it may yet be withheld
                    self._show(f"outbox:{owed.id}", _bubble(owed, names[owed.conversation_id]))
            under_way = (owed.id - 1 for owed in told if owed.state in UNDER_WAY)
            self._settled = min(under_way, default=told[-1].id if told else self._settled)
            await self._look_for_appointments()

    async def _told(self) -> list[Owed]:
        """Messages from the first on that was under way, however many."""
        told: list[Owed] = []
        after = self._settled
        while page := await self._product.storage.outbox.since(after, PAGE):
            told += page
            after = page[-1].id
        return told

    async def _look_for_turns(self, conversations: list[Conversation], names: Mapping[int, str]) -> None:
        for one in conversations:
            party, known = names[one.id], self._places.get(names[one.id])
            if one.snapshot.turn == 0 or (known and known.turn == one.snapshot.turn):
                continue
            last = (await self._product.storage.journal.of(one.id))[-1]
            self._places[party] = Place(
                flow=one.flow,
                state=one.snapshot.state,
                turn=one.snapshot.turn,
                path=path_of(self._product.flow_file.flows[one.flow], last.state_before, last.trail),
                trail=last.trail,
            )
            self._version += 1

    async def _look_for_appointments(self) -> None:
        practice = self._product.practice()
        found = tuple(
            Booking(
                id=one.id,
                status=one.status,
                client=one.client.name or one.client.address.removeprefix(CHAT),
                therapist=practice.therapist_name(one.therapist.id),
                service=practice.service(one.service).title,
                starts_at=one.starts_at * 60,
            )
            for one in await self._product.storage.appointments.all()
        )
        if found != self._appointments:
            self._appointments = found
            self._version += 1

    def _show(self, key: str, bubble: Bubble) -> None:
        known = self._shown.get(key)
        number = known.bubble.number if known else len(self._order) + 1
        bubble = replace(bubble, number=number)
        if known and known.bubble == bubble:
            return
        if not known:
            self._order.append(key)
        self._version += 1
        self._shown[key] = _Shown(bubble, self._version)


def _bubble(owed: Owed, party: str) -> Bubble:
    return Bubble(
        number=0,
        party=party,
        direction="out",
        text=owed.message.text,
        at=owed.created_at,
        status=STATUS.get(owed.state, "failed"),
        options=tuple(Choice(option.id, option.title) for option in owed.message.options),
    )
