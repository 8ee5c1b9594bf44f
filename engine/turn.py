"""The turn loop: how a conversation moves forward. Read this first.

Nothing is sent from here. A reply is a row in the outbox, and that row exists only if the new state does.
"""

from __future__ import annotations

from engine.decide import LOST, Done, decide
from engine.effects import Effect, Say, Signal
from engine.errors import RunawayTurn
from engine.events import Event, Heard, Reading
from engine.hear import hear
from engine.named import in_context
from engine.ports import Moment, Turn, U, World
from engine.snapshot import Snapshot


async def take_turn(heard: Heard, reading: Reading | None, world: World[U], now: int) -> Turn:
    """Move one conversation forward by one thing that happened to it, in one transaction.

    May be repeated after any failure: nothing has left the process before the commit, and after it
    the inbox row says that the turn was taken.
    """
    machine = world.machines[heard.flow]
    flow = machine.flow
    async with world.storage.transaction() as tx:
        conversation = await tx.take(heard, flow.start, now)  # locks first, reads second
        if conversation is None:
            return Turn.already_taken(heard)
        before = conversation.snapshot
        answered = await tx.answered(conversation, heard.replied_to) if heard.replied_to else None
        screened = world.screen(heard)
        event = (
            in_context(flow, screened, answered)
            if screened
            else hear(flow, world.vocabulary, before, heard, reading, answered)
        )
        snapshot = _beginning(before, heard)
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
        snapshot = _waiting_on(before, snapshot, heard)
        says = [effect for effect in effects if isinstance(effect, Say) and _is_for(heard, effect)]
        signals = tuple(effect for effect in effects if isinstance(effect, Signal))
        messages, after = world.voice.speak(conversation.person.language, snapshot, says)
        is_urgent = event.name in world.urgent
        turn = Turn(heard, event.name, before, after, messages, signals, tuple(trail), is_urgent)
        await tx.save(conversation, after, flow, now)
        await tx.owe(conversation, turn, now)
        await tx.write(conversation, turn, reading, now)
    return turn


def _beginning(before: Snapshot, heard: Heard) -> Snapshot:
    """Where the turn begins: one turn later, and the person heard just now if it was they who spoke."""
    return before.evolve(turn=before.turn + 1, heard_at=heard.at if heard.is_said else before.heard_at)


def _is_for(heard: Heard, say: Say) -> bool:
    """Who has said nothing is not told that a conversation was lost: news comes by itself."""
    return heard.is_said or say.text != LOST


def _waiting_on(before: Snapshot, after: Snapshot, heard: Heard) -> Snapshot:
    """A state waits for its person, so news that leaves it where it was does not begin its wait anew."""
    stays = heard.kind == "signal" and after.state == before.state
    return after.evolve(wakes_at=before.wakes_at) if stays else after
