"""The compiled flow, and the facts about `transitions` that it stands on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from transitions import Machine, MachineError

from engine.events import Event
from engine.machine import Cursor, FlowMachine
from engine.model import NO_STEP, Flow, Rule, State, Target
from engine.snapshot import Snapshot
from tests.engine.tea_house import GUARDS, GUEST_FLOW, by_event


def built(*guards: Callable[..., bool]) -> Machine:
    """Two candidates for one event, each with its own guard, and one without."""
    machine = Machine(model=None, states=["a"], initial=None, auto_transitions=False)
    for number, guard in enumerate(guards, 1):
        machine.add_state(f"b{number}")
        machine.add_transition("go", "a", f"b{number}", conditions=[guard])
    machine.add_state("rest")
    machine.add_transition("go", "a", "rest")
    return machine


# Facts about the library


def test_candidates_are_tried_in_the_order_in_which_they_were_added() -> None:
    tried: list[str] = []

    def no(name: str) -> Callable[..., bool]:
        def guard() -> bool:
            tried.append(name)
            return False

        return guard

    cursor = Cursor("a")
    assert built(no("first"), no("second")).events["go"].trigger(cursor)
    assert tried == ["first", "second"]
    assert cursor.state == "rest"


def test_guards_behind_the_first_that_holds_are_not_asked() -> None:
    asked: list[str] = []

    def second(*_: object) -> bool:
        asked.append("second")
        return True

    cursor = Cursor("a")
    assert built(lambda *_: True, second).events["go"].trigger(cursor)
    assert (cursor.state, asked) == ("b1", [])


def test_a_guard_is_given_what_the_trigger_was_given() -> None:
    seen: list[tuple[object, ...]] = []

    def guard(*facts: object) -> bool:
        seen.append(facts)
        return True

    built(guard).events["go"].trigger(Cursor("a"), "snapshot", 7)
    assert seen == [("snapshot", 7)]


def test_an_object_with_slots_need_not_be_registered_and_is_not_kept() -> None:
    machine = built()
    cursor = Cursor("a")
    machine.events["go"].trigger(cursor)
    assert cursor.state == "rest"
    assert machine.models == []
    assert not hasattr(cursor, "__dict__"), "nothing was bound to it"


def test_no_guard_that_holds_is_false_and_no_candidate_at_all_is_an_error() -> None:
    machine = Machine(model=None, states=["a", "b"], initial=None, auto_transitions=False)
    machine.add_transition("go", "a", "b", conditions=[lambda: False])
    assert machine.events["go"].trigger(Cursor("a")) is False
    with pytest.raises(MachineError):
        machine.events["go"].trigger(Cursor("b"))


def test_a_guard_that_fails_fails_the_trigger_and_moves_nothing() -> None:
    def broken() -> bool:
        raise ZeroDivisionError

    cursor = Cursor("a")
    with pytest.raises(ZeroDivisionError):
        built(broken).events["go"].trigger(cursor)
    assert cursor.state == "a"


def test_there_are_no_ways_past_the_rules() -> None:
    assert not [name for name in built().events if name.startswith("to_")]


# The compiled flow


def machine() -> FlowMachine:
    return FlowMachine(GUEST_FLOW, GUARDS)


def found(state: str, event: str) -> str | None:
    result = machine().rule_for(Snapshot(state=state), Event(event), 0)
    return result[1].name if result else None


def test_a_states_own_rule_goes_before_the_one_for_anywhere() -> None:
    assert found("with_waiter", "misheard") == "with_waiter:misheard"
    assert found("drinking", "misheard") == "anywhere:misheard"


@pytest.mark.parametrize(
    "event", ["nonsense", "note.noted", "done", "", "to_idle", "wait", "misheard.enough"]
)
def test_an_unknown_event_finds_no_rule(event: str) -> None:
    assert found("choosing", event) is None


@pytest.mark.parametrize("state", ["brewing", "gone", "", "choosing~choosing:yes"])
def test_no_rule_is_found_where_no_conversation_can_stand(state: str) -> None:
    assert found(state, "order") is None


def test_a_rule_without_a_guard_ends_the_search_and_its_followers_do_not_exist() -> None:
    first = Rule("s", "go", 1, None, None, {NO_STEP: Target("s")})
    flow = Flow(
        "f",
        "s",
        {"s": State("s", "", rules=by_event(first, replace(first, number=2)))},
        by_event(replace(first, state="anywhere")),
        {},
        {},
        "",
    )
    assert flow.rules(flow.states["s"], "go") == (first,)


def test_every_outcome_leads_where_the_flow_says() -> None:
    flow_machine = machine()
    for state in GUEST_FLOW.waiting_states:
        for event in GUEST_FLOW.hears(state):
            for rule in GUEST_FLOW.rules(state, event):
                for outcome, target in rule.targets.items():
                    trigger = f"{rule.step}.{outcome}" if rule.step else "done"
                    after = flow_machine.after(f"{state.name}~{rule.name}", trigger)
                    assert after == (state.name if target.go in {None, "here"} else target.go)
