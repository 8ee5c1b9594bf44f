"""A tea house: a flow as small as the engine allows, and a world without a database to run it in."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from engine.effects import Message, Option, Signal
from engine.events import NOTHING, Event, Heard, Kind, Reading, Value
from engine.machine import FlowMachine
from engine.model import ANYWHERE, NO_STEP, Flow, Misheard, Rule, State, Target, Wait
from engine.ports import Moment, Outcome, Recipient, Turn, World
from engine.snapshot import Snapshot
from engine.turn import take_turn
from engine.vocabulary import Command, EntityKind, Vocabulary
from flows.texts import Language, Texts

NOW = 1_000_000
GUEST = "guest:1"
Rules = Mapping[str, tuple[Rule, ...]]


def rule(
    state: str, event: str, target: Target | None = None, *, number: int = 1, guard: str | None = None
) -> Rule:
    """A rule without a step."""
    return Rule(state, event, number, guard, None, {NO_STEP: target or Target()})


def doing(state: str, event: str, step: str, **targets: Target) -> Rule:
    """A rule that runs a step."""
    return Rule(state, event, 1, None, step, targets)


def by_event(*rules: Rule) -> Rules:
    """Rules as a state holds them."""
    found: dict[str, tuple[Rule, ...]] = {}
    for one in rules:
        found[one.event] = (*found.get(one.event, ()), one)
    return found


HERE = "here"

GUEST_FLOW = Flow(
    name="guest",
    start="idle",
    anywhere=by_event(
        rule(ANYWHERE, "help", Target("here", say=("help",))),
        rule(ANYWHERE, "leave", Target("idle", say=("bye",))),
        rule(ANYWHERE, "thanks", Target(say=("welcome",))),
        rule(ANYWHERE, "misheard", Target("here", say=("pardon",))),
        rule(ANYWHERE, "media", Target("here", say=("no_pictures",))),
        rule(ANYWHERE, "stale_tap", Target("here", say=("long_gone",))),
        doing(ANYWHERE, "ready", "look", warm=Target(say=("ready",)), cold=Target()),
    ),
    states={
        "idle": State(
            "idle",
            "Nothing is going on.",
            ask="what_now",
            options=("order",),
            rules=by_event(doing("idle", "order", "list_teas", listed=Target("choosing"))),
        ),
        "choosing": State(
            "choosing",
            "The guest picks a tea.",
            ask="which_tea",
            options="teas",
            expects=("tea",),
            wait=Wait(600, Target("idle", say=("too_slow",))),
            misheard=Misheard(("pardon", "pick_one"), 2, "with_waiter"),
            rules=by_event(
                doing("choosing", "pick_option", "note", noted=Target("brewing")),
                doing("choosing", "give.tea", "note", noted=Target("brewing")),
                rule("choosing", "yes", Target("drinking"), guard="one_tea"),
                rule("choosing", "yes", Target("here", say=("which_one",)), number=2),
            ),
        ),
        "brewing": State(
            "brewing",
            "The kitchen is told.",
            passing=Rule(
                "brewing",
                "",
                1,
                None,
                "brew",
                {
                    "brewed": Target("drinking", signal="order_arrived"),
                    "sold_out": Target("choosing", say=("sold_out",)),
                    "again": Target("brewing"),
                },
            ),
        ),
        "drinking": State(
            "drinking",
            "The guest drinks.",
            ask="enjoy",
            rules=by_event(rule("drinking", "order", Target("choosing"))),
        ),
        "with_waiter": State(
            "with_waiter",
            "A waiter comes.",
            ask="waiter_comes",
            wait=Wait(60, Target("idle")),
            rules=by_event(rule("with_waiter", "misheard", Target(say=("waiter_comes",)))),
        ),
    },
    remembers={"tea": "text", "teas": "choices"},
    renamed={"picking": "choosing"},
    structure="guest-1",
)

KITCHEN_FLOW = Flow(
    name="kitchen",
    start="idle",
    anywhere=by_event(
        rule(ANYWHERE, "misheard", Target(say=("pardon",))),
        rule(ANYWHERE, "stale_tap", Target(say=("long_gone",))),
        doing(
            ANYWHERE,
            "order_arrived",
            "read",
            read=Target(say=("new_order",), options=("serve",), regarding="cup"),
        ),
        doing(ANYWHERE, "serve", "serve", served=Target(say=("served",), signal="ready")),
    ),
    states={"idle": State("idle", "Waiting for orders.")},
    remembers={},
    renamed={},
    structure="kitchen-1",
)

FLOWS = {"guest": GUEST_FLOW, "kitchen": KITCHEN_FLOW}


def one_tea(snapshot: Snapshot, event: Event, now: int) -> bool:
    """Just one tea was offered."""
    del event, now
    teas = snapshot.memory.get("teas")
    return isinstance(teas, list) and len(teas) == 1


GUARDS = {"one_tea": one_tea}

VOCABULARY = Vocabulary(
    intents=("order", "help", "leave", "thanks", "yes", "give.tea", "out.of.scope"),
    lexicon={"yes": "yes", "help": "help", "thanks": "thanks", "tea please": "order"},
    commands=(Command("serve", "serve #{cup}"),),
    entities={"tea": EntityKind("tea", "give.tea")},
    reservations=frozenset({"but"}),
)

SAYINGS = (
    "help bye welcome pardon no_pictures long_gone what_now which_tea too_slow pick_one which_one sold_out "
    "waiter_comes lost"
)
TEXTS = Texts(
    {
        "en": Language(
            {
                **{key: f"<{key}>" for key in SAYINGS.split()},
                "enjoy": "Enjoy your {tea}!",
                "ready": "Your {tea} is ready.",
                "new_order": "Cup {cup}: {tea}",
                "served": "Cup {cup} served.",
            },
            {"order": "Order tea", "serve": "Serve"},
        )
    }
)


@dataclass(slots=True)
class Kitchen:
    """The steps. It does what a test told it: `sold_out` teas, endless `looping`, or a fault at `failing`."""

    teas: tuple[str, ...] = ("Green", "Black", "Mint")
    sold_out: frozenset[str] = frozenset()
    looping: bool = False
    failing: str | None = None

    async def run(self, name: str, moment: Moment, tx: MemoryUnit) -> Outcome:
        """One step."""
        tx.rows.ran.append(name)
        if name == self.failing:
            raise ConnectionError(name)
        done = {
            "list_teas": self._list_teas,
            "note": lambda moment: Outcome("noted", remembers={"tea": moment.event.data.get("tea")}),
            "brew": self._brew,
            "read": lambda moment: Outcome("read", tells=moment.event.data),
            "serve": self._serve,
            "look": self._look,
        }
        return done[name](moment)

    def _list_teas(self, moment: Moment) -> Outcome:
        del moment
        teas: list[Value] = [{"title": tea, "data": {"tea": tea}} for tea in self.teas]
        return Outcome("listed", remembers={"teas": teas})

    def _brew(self, moment: Moment) -> Outcome:
        tea = moment.snapshot.memory.get("tea")
        if self.looping:
            return Outcome("again")
        if tea in self.sold_out:
            return Outcome("sold_out", remembers={"tea": None})
        return Outcome("brewed", to=Recipient("kitchen", "kitchen:1"), sends={"cup": 7, "tea": tea})

    def _serve(self, moment: Moment) -> Outcome:
        tells = {"cup": moment.event.data["cup"]}
        return Outcome("served", tells=tells, to=Recipient("guest", GUEST), sends={"tea": "Mint"})

    def _look(self, moment: Moment) -> Outcome:
        return Outcome("warm" if moment.event.data.get("tea") else "cold", tells=moment.event.data)


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever the address belongs to."""

    id: int
    address: str
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation as it was read."""

    id: int
    person: Person
    snapshot: Snapshot


@dataclass(slots=True)
class Rows:
    """What a database would hold."""

    conversations: dict[str, str] = field(default_factory=dict)
    claimed: set[str] = field(default_factory=set)
    outbox: list[Message] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)
    journal: list[Turn] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    named: dict[str, Message] = field(default_factory=dict)
    """Messages by the names that the channel gave them."""


class MemoryUnit:
    """One transaction on `Rows`."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    async def take(self, heard: Heard, start: str, now: int) -> Conversation | None:
        del now
        if heard.key in self.rows.claimed:
            return None
        self.rows.claimed.add(heard.key)
        stored = self.rows.conversations.setdefault(heard.address, written(Snapshot(state=start)))
        return Conversation(1, Person(1, heard.address), read(stored))

    async def answered(self, conversation: Conversation, sid: str) -> Message | None:
        del conversation
        return self.rows.named.get(sid)

    async def save(self, conversation: Conversation, snapshot: Snapshot, flow: Flow, now: int) -> None:
        del flow, now
        self.rows.conversations[conversation.person.address] = written(snapshot)

    async def owe(self, conversation: Conversation, turn: Turn, now: int) -> None:
        del conversation, now
        self.rows.outbox += turn.messages
        self.rows.signals += turn.signals

    async def write(self, conversation: Conversation, turn: Turn, reading: Reading | None, now: int) -> None:
        del conversation, reading, now
        self.rows.journal.append(turn)


class MemoryStorage:
    """Keeps rows as a database does: an exception undoes everything since the beginning."""

    def __init__(self) -> None:
        self.rows = Rows()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryUnit]:
        before = copy.deepcopy(self.rows)
        try:
            yield MemoryUnit(self.rows)
        except BaseException:
            self.rows = before
            raise


def written(snapshot: Snapshot) -> str:
    """A snapshot as text, so that nothing survives a turn that a database would not keep."""
    offer = [option.as_json() for option in snapshot.offer]
    kept: dict[str, Any] = {
        "state": snapshot.state,
        "turn": snapshot.turn,
        "memory": dict(snapshot.memory),
        "misses": snapshot.misses,
        "offer": offer,
        "wakes_at": snapshot.wakes_at,
        "heard_at": snapshot.heard_at,
    }
    return json.dumps(kept)


def read(text: str) -> Snapshot:
    """The reverse of `written`."""
    kept = json.loads(text)
    return Snapshot(**{**kept, "offer": tuple(map(Option.from_json, kept["offer"]))})


def fire(heard: Heard) -> Event | None:
    """A screen: whoever smells smoke is heard at once, whatever the conversation is about."""
    return Event("leave", {"seen": "smoke"}) if "smoke" in heard.text else None


class TeaHouse:
    """A guest's conversation and the kitchen's, heard one thing at a time."""

    def __init__(self, kitchen: Kitchen | None = None, flows: Mapping[str, Flow] = FLOWS) -> None:
        self.storage = MemoryStorage()
        self.kitchen = kitchen or Kitchen()
        self.world = World(
            storage=self.storage,
            machines={name: FlowMachine(flow, GUARDS) for name, flow in flows.items()},
            screen=fire,
            vocabulary=VOCABULARY,
            steps=self.kitchen,
            voice=TEXTS,
        )
        self.now = NOW
        self._keys = 0

    async def hears(
        self,
        text: str = "",
        *,
        kind: Kind = "text",
        flow: str = "guest",
        reading: Reading | None = None,
        **more: Any,  # noqa: ANN401  # whatever else Heard has
    ) -> Turn:
        """One thing is heard, under a new key unless one is given."""
        self._keys += 1
        address = GUEST if flow == "guest" else "kitchen:1"
        heard = Heard(
            **{"key": f"k{self._keys}", **more}, flow=flow, address=address, kind=kind, at=self.now, text=text
        )
        return await take_turn(heard, reading, self.world, self.now)

    async def says(self, *texts: str) -> Turn:
        """Several messages, one after the other; the last turn is returned."""
        turns = [await self.hears(text) for text in texts]
        return turns[-1]

    async def taps(self, tap: str, **more: Any) -> Turn:  # noqa: ANN401
        """An option is tapped."""
        return await self.hears(kind="tap", tap=tap, **more)

    def stands(self, address: str = GUEST) -> Snapshot:
        """Where a conversation stands, as it is stored."""
        return read(self.storage.rows.conversations[address])

    def place(self, **changes: Any) -> None:  # noqa: ANN401
        """Put the guest's conversation somewhere, as an older version of the flow might have stored it."""
        self.storage.rows.conversations[GUEST] = written(replace(Snapshot(state="idle"), **changes))


def said(turn: Turn) -> str:
    """All that was answered in a turn."""
    return "\n\n".join(message.text for message in turn.messages)


def means(*scores: tuple[str, float], **entities: Value) -> Reading:
    """What a classifier might have read."""
    return Reading(scores=scores, entities=entities or NOTHING, read_by="test")
