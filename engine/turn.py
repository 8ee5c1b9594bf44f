"""The turn loop: how a conversation moves forward. Read this first.

Nothing is sent from here. A reply is a row in the outbox, and that row exists only if the new state does.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.decide import Done, decide
from engine.effects import Effect, Message, Say, Signal
from engine.errors import RunawayTurn
from engine.events import Event, Heard, Reading
from engine.hear import hear
from engine.ports import ConversationLike, Line, Moment, World
from engine.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn did."""

    heard: Heard
    event: str
    before: Snapshot | None = None
    after: Snapshot | None = None
    messages: tuple[Message, ...] = ()
    trail: tuple[str, ...] = ()

    @property
    def taken(self) -> bool:
        """False when this message had been acted on before."""
        return self.after is not None

    @classmethod
    def already_taken(cls, heard: Heard) -> Turn:
        """The message was delivered twice; we act once."""
        return cls(heard, "already_taken")


async def take_turn(heard: Heard, reading: Reading | None, world: World, now: int) -> Turn:
    """Move one conversation forward by one thing that happened to it, in one transaction.

    May be repeated after any failure: nothing has left the process before the commit, and after it
    the inbox row says that the turn was taken.
    """
    machine = world.machines[heard.flow]
    flow = machine.flow
    async with world.storage.transaction() as tx:
        conversation = await tx.lock(heard, flow.start, now)  # lock first, read second
        if not await tx.claim(heard, now):
            return Turn.already_taken(heard)
        before = conversation.snapshot
        event = hear(flow, world.vocabulary, before, heard, reading)
        snapshot = before.evolve(turn=before.turn + 1)
        happened: Event | Done = event
        effects: list[Effect] = []
        trail: list[str] = []
        for _ in range(flow.max_steps):
            decision = decide(machine, snapshot, happened, now)
            snapshot = decision.snapshot
            effects += decision.effects
            trail.append(decision.trail)
            if decision.step is None:
                break
            moment = Moment(flow, conversation, snapshot, event, heard, now)
            happened = Done(decision.step, await world.steps.run(decision.step, moment, tx))
        else:
            raise RunawayTurn(flow.name, before.state, trail)
        says = [effect for effect in effects if isinstance(effect, Say)]
        signals = [effect for effect in effects if isinstance(effect, Signal)]
        messages, snapshot = world.voice.speak(conversation.person.language, snapshot, says)
        await tx.save(conversation, snapshot, flow, now)
        await tx.owe(conversation, heard, messages, signals, snapshot.turn, now)
        await tx.write(_line(heard, reading, conversation, event, snapshot, trail, now))
    return Turn(heard, event.name, before, snapshot, messages, tuple(trail))


def _line(  # noqa: PLR0913
    heard: Heard,
    reading: Reading | None,
    conversation: ConversationLike,
    event: Event,
    after: Snapshot,
    trail: list[str],
    now: int,
) -> Line:
    return Line(
        inbox_id=heard.id,
        conversation_id=conversation.id,
        turn=after.turn,
        event=event.name,
        before=conversation.snapshot.state,
        after=after.state,
        trail=tuple(trail),
        read_by=reading.read_by if reading else None,
        confidence=reading.confidence if reading else None,
        at=now,
    )
