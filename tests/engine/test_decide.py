"""Decisions: pure, repeatable, and bound to what was declared."""

from __future__ import annotations

import gc

import pytest

from engine.decide import Done, decide
from engine.effects import Say
from engine.errors import TurnFailed
from engine.events import Event, Value
from engine.machine import Cursor, FlowMachine
from engine.ports import Outcome
from engine.snapshot import Snapshot
from tests.engine.tea_house import GUARDS, GUEST_FLOW, NOW

MACHINE = FlowMachine(GUEST_FLOW, GUARDS)
MINT: Value = {"title": "Mint", "data": {"tea": "Mint"}}
EVENTS = [
    "order",
    "help",
    "leave",
    "misheard",
    "wait",
    "stale_wait",
    "yes",
    "pick_option",
    "ready",
    "nonsense",
]


def test_the_same_question_always_gets_the_same_answer() -> None:
    for state in (*GUEST_FLOW.states, "picking", "gone"):
        for event in EVENTS:
            snapshot = Snapshot(state=state, turn=5, memory={"teas": [MINT]}, misses=2, wakes_at=NOW)
            first = decide(MACHINE, snapshot, Event(event), NOW)
            again = decide(FlowMachine(GUEST_FLOW, GUARDS), snapshot, Event(event), NOW)
            assert first == again
            assert snapshot == Snapshot(state=state, turn=5, memory={"teas": [MINT]}, misses=2, wakes_at=NOW)


def test_a_guard_chooses_between_rules_and_the_first_that_holds_applies() -> None:
    one = Snapshot(state="choosing", memory={"teas": [MINT], "tea": "Mint"})
    two = Snapshot(state="choosing", memory={"teas": [MINT, MINT], "tea": "Mint"})
    taken, asked = decide(MACHINE, one, Event("yes"), NOW), decide(MACHINE, two, Event("yes"), NOW)
    assert (taken.snapshot.state, taken.trail) == ("drinking", "choosing:yes")
    assert (asked.snapshot.state, asked.trail) == ("choosing", "choosing:yes#2")


def test_an_outcome_that_was_never_declared_fails_the_turn() -> None:
    running = decide(MACHINE, Snapshot(state="choosing"), Event("pick_option"), NOW)
    assert running.step == "note"
    with pytest.raises(TurnFailed, match="note ended as 'exploded'"):
        decide(MACHINE, running.snapshot, Done("note", Outcome("exploded")), NOW)


def test_an_outcome_without_a_running_step_fails_the_turn() -> None:
    with pytest.raises(TurnFailed, match="idle: step note"):
        decide(MACHINE, Snapshot(state="idle"), Done("note", Outcome("noted")), NOW)


def test_a_signal_without_a_recipient_is_not_sent() -> None:
    brewing = Snapshot(state="brewing", memory={"tea": "Mint"})
    decision = decide(MACHINE, brewing, Done("brew", Outcome("brewed")), NOW)
    assert all(isinstance(effect, Say) for effect in decision.effects)


def test_what_a_text_says_is_fixed_when_it_is_decided() -> None:
    drinking = Snapshot(state="drinking", memory={"tea": "Mint"})
    decision = decide(MACHINE, drinking, Event("leave"), NOW)
    assert decision.snapshot.memory == {}
    assert decision.effects == (Say("bye", {"tea": "Mint"}),), "the parting words may still name the tea"


def test_the_machine_keeps_nothing_of_a_conversation() -> None:
    for number in range(200):
        decide(MACHINE, Snapshot(state="idle", memory={"n": number}), Event("order"), NOW)
    gc.collect()
    kept = gc.get_objects()
    assert MACHINE._machine.models == []  # noqa: SLF001  # the library's own list of conversations
    assert not any(isinstance(thing, Cursor) for thing in kept)
    assert not any(isinstance(thing, Snapshot) and "n" in thing.memory for thing in kept)
