"""From where a conversation stands and what happened to where it goes and what is owed for it.

Pure: no I/O, no clock, no randomness. `take_turn` calls it once for the event that was heard and
once more for the outcome of every step that it asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.effects import Effect, Say, Signal
from engine.errors import TurnFailed
from engine.events import NOTHING, STALE_SIGNAL, STALE_WAIT, WAIT, Event, Values
from engine.machine import ENOUGH, FlowMachine, outcome_event
from engine.model import HERE, NO_STEP, Rule, State, Target
from engine.ports import Outcome
from engine.snapshot import Snapshot

MISHEARD = "misheard"
LOST = "lost"
"""The text for somebody whose stored state is no longer in the flow."""
RENAMED = "renamed"
UNANSWERED = frozenset({WAIT, STALE_WAIT, STALE_SIGNAL})
"""What nobody said, so that nobody is told that it was not understood."""
NO_OUTCOME = Outcome("")


@dataclass(frozen=True, slots=True)
class Done:
    """A step has run."""

    step: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Decision:
    """What one event leads to."""

    snapshot: Snapshot
    effects: tuple[Effect, ...]
    trail: str
    """The rule or outcome that was followed, for the journal."""
    step: str | None = None
    """The step to run before anything else can be decided."""


def decide(machine: FlowMachine, snapshot: Snapshot, event: Event | Done, now: int) -> Decision:
    """Follow the one rule that applies.

    Any event and any stored state lead somewhere: what means nothing here counts as misheard. Raises
    TurnFailed only for an outcome that its step never declared.
    """
    if isinstance(event, Done):
        return _after_step(machine, snapshot, event, now)
    state = machine.flow.standing(snapshot.state)
    if state is None or state.name != snapshot.state:
        return _find_place_again(machine, snapshot, state, event, now)
    if event.name == MISHEARD:
        return _misheard(machine, snapshot, state, event, now)
    if found := machine.rule_for(snapshot, event, now):
        return _follow(machine, snapshot.evolve(state=found[0], misses=0), found[1], now)
    if event.name in UNANSWERED:
        return _unanswered(machine, snapshot, state, event, now)
    return _misheard(machine, snapshot, state, event, now)


def _unanswered(machine: FlowMachine, snapshot: Snapshot, state: State, event: Event, now: int) -> Decision:
    """Nobody said this, so nobody is told when it means nothing here."""
    if event.name == WAIT and state.wait:
        return _leave(machine, snapshot, WAIT, state.wait.target, now)
    wakes_at = None if event.name == WAIT else snapshot.wakes_at  # what has rung does not ring again
    return Decision(snapshot.evolve(wakes_at=wakes_at), (), f"{state.name}:{event.name}~ignored")


def _follow(machine: FlowMachine, snapshot: Snapshot, rule: Rule, now: int) -> Decision:
    """Run the rule's step, or go straight where the rule leads."""
    if rule.step:
        return Decision(snapshot, (), rule.name, rule.step)
    arrived = _arrive(machine, snapshot, outcome_event(None, NO_STEP), rule.targets[NO_STEP], NO_OUTCOME, now)
    return replace(arrived, trail=rule.name)


def _after_step(machine: FlowMachine, snapshot: Snapshot, done: Done, now: int) -> Decision:
    rule = machine.rule_at(snapshot.state)
    if rule is None or done.outcome.name not in rule.targets:
        msg = f"{snapshot.state}: step {done.step} ended as {done.outcome.name!r}, which it never declared"
        raise TurnFailed(msg)
    trigger = outcome_event(done.step, done.outcome.name)
    remembering = snapshot.remember(done.outcome.remembers)
    return _arrive(machine, remembering, trigger, rule.targets[done.outcome.name], done.outcome, now)


def _leave(machine: FlowMachine, snapshot: Snapshot, trigger: str, target: Target, now: int) -> Decision:
    """Leave a state because nothing came, or nothing that could be understood."""
    return _arrive(machine, snapshot.evolve(misses=0), trigger, target, NO_OUTCOME, now)


def _arrive(
    machine: FlowMachine, snapshot: Snapshot, trigger: str, target: Target, outcome: Outcome, now: int
) -> Decision:
    """Go where a target says, say what it says, and ask the question of a state that is entered.

    Arriving at the start ends an errand: what was remembered for it is forgotten, and the start's own
    question waits for the next message. `here` asks it.
    """
    known = {**snapshot.memory, **outcome.tells}
    effects: list[Effect] = _said(target, known)
    if target.signal and outcome.to:
        effects.append(Signal(outcome.to.flow, outcome.to.address, target.signal, outcome.sends))
    state = machine.flow.states[machine.after(snapshot.state, trigger)]
    snapshot = snapshot.evolve(state=state.name)
    if state.passing:
        return Decision(snapshot, tuple(effects), trigger, state.passing.step)
    if target.go:
        snapshot, question = _ask(snapshot, state, known)
        if state.name == machine.flow.start and target.go != HERE:  # an errand is over
            snapshot, question = snapshot.evolve(memory=NOTHING, offer=()), []
        effects += question
    return Decision(_awaiting(snapshot, state, now), tuple(effects), trigger)


def _ask(snapshot: Snapshot, state: State, known: Values) -> tuple[Snapshot, list[Effect]]:
    """Ask a state's question. What was offered before is taken back, unless it is offered again."""
    if state.ask is None or state.options is None:
        snapshot = snapshot.evolve(offer=())
    return snapshot, [Say(state.ask, known, state.options)] if state.ask else []


def _awaiting(snapshot: Snapshot, state: State, now: int) -> Snapshot:
    """Every turn that ends in a state with a waiting time begins that time anew."""
    return snapshot.evolve(wakes_at=now + state.wait.seconds if state.wait else None)


def _misheard(machine: FlowMachine, snapshot: Snapshot, state: State, event: Event, now: int) -> Decision:
    """Nothing was understood: say so in ever other words, ask again, and in the end go elsewhere."""
    snapshot = snapshot.evolve(misses=snapshot.misses + 1)
    policy = state.misheard
    if policy is None:
        found = machine.rule_for(snapshot, Event(MISHEARD, event.data), now)
        if found is None:
            return Decision(snapshot, (), f"{state.name}:{event.name}~ignored")
        return _follow(machine, snapshot.evolve(state=found[0]), found[1], now)
    if policy.go and policy.after is not None and snapshot.misses > policy.after:
        return _leave(machine, snapshot, ENOUGH, Target(policy.go), now)
    text = policy.say[min(snapshot.misses, len(policy.say)) - 1]
    snapshot, question = _ask(snapshot, state, snapshot.memory)
    effects = (Say(text, snapshot.memory), *question)
    return Decision(_awaiting(snapshot, state, now), effects, f"{state.name}:{MISHEARD}")


def _find_place_again(
    machine: FlowMachine, snapshot: Snapshot, renamed: State | None, event: Event, now: int
) -> Decision:
    """The stored state has gone from the flow: take its new name, or apologise and begin anew.

    Either way the event is not lost: it is heard in the state that was found.
    """
    if renamed:
        decision = decide(machine, snapshot.evolve(state=renamed.name), event, now)
        return replace(decision, trail=f"{RENAMED} > {decision.trail}")
    start = Snapshot(state=str(machine.flow.start), turn=snapshot.turn, heard_at=snapshot.heard_at)
    decision = decide(machine, start, event, now)
    said = () if event.name in UNANSWERED else (Say(LOST),)
    return replace(decision, effects=said + decision.effects, trail=f"{LOST} > {decision.trail}")


def _said(target: Target, known: Values) -> list[Effect]:
    subject = known.get(target.regarding) if target.regarding else None
    last = len(target.say) - 1
    return [
        Say(text, known, target.options or None, None if subject is None else str(subject))
        if number == last
        else Say(text, known)
        for number, text in enumerate(target.say)
    ]
