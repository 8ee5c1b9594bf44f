"""Checks of rules: what they refer to, where their outcomes lead, and in which order they are tried."""

from __future__ import annotations

from collections.abc import Mapping

from engine.checks.subject import Subject
from engine.model import ANYWHERE, HERE, NO_STEP, Rule, State, StepSpec, Target, place_of
from engine.nearest import nearest

REPORTED = frozenset({"pick_option", "stale_tap", "misheard", "media", "location"})
"""What the engine itself reports, besides intents, commands and signals."""


def check_rules(subject: Subject) -> None:
    """Note every wrong name in a rule, every outcome without a way on, and every rule that never applies."""
    flow = subject.flow
    heard = subject.words.events | subject.words.signals | REPORTED | signals_to(subject)
    for rule in flow.all_rules():
        if rule.event:
            subject.known(rule.event, heard, "event", rule.place)
        if rule.guard:
            subject.known(rule.guard, subject.words.guards, "guard", rule.place)
        if rule.step and subject.known(rule.step, subject.words.steps, "step", rule.place):
            _check_outcomes(subject, rule)
        for outcome, target in rule.targets.items():
            _check_target(subject, rule, outcome, target)
    for state in flow.states.values():
        _check_ways_on(subject, state)
        _check_order(subject, state.rules)
        _check_defaults(subject, state)
    _check_order(subject, flow.anywhere)


def signals_to(subject: Subject) -> frozenset[str]:
    """The events that other flows put into this one's inboxes; of an unknown step nobody can tell whose."""
    return frozenset(
        target.signal
        for other in subject.flows.values()
        for rule in other.all_rules()
        if rule.step and ((spec := subject.spec(rule)) is None or spec.reaches == subject.flow.name)
        for target in rule.targets.values()
        if target.signal
    )


def _check_outcomes(subject: Subject, rule: Rule) -> None:
    spec = subject.spec(rule)
    if spec is None or not rule.targets:  # that nothing is said of any outcome was noted on reading
        return
    for outcome in spec.outcomes:
        if outcome not in rule.targets:
            message = f"`{spec.name}` may end as `{outcome}`, and then the conversation would be stuck"
            place = place_of(rule.step or "", rule.place)
            subject.note(place, "missing-outcome", message, f"add `{outcome}` under `then`")
    for outcome, target in rule.targets.items():
        if outcome not in spec.outcomes:
            message = f"`{spec.name}` never ends as `{outcome}`"
            missing = [name for name in spec.outcomes if name not in rule.targets]
            hint = nearest(outcome, missing) or nearest(outcome, spec.outcomes)
            subject.note(place_of(outcome, target.place), "extra-outcome", message, hint)


def _check_target(subject: Subject, rule: Rule, outcome: str, target: Target) -> None:
    subject.known_state(target.go, target.place)
    if not rule.event and target.go in {None, HERE}:
        message = f"`{rule.state}` is only passed through, but `{outcome}` leads nowhere"
        subject.note(place_of(outcome, target.place), "no-target", message, "add `go`")
    spec = subject.spec(rule)
    if spec and spec.reaches:
        _check_signal(subject, spec, outcome, target)
    elif target.signal and (spec or outcome == NO_STEP):  # an unknown step was noted already
        message = f"`signal: {target.signal}` needs a step that knows whom to tell"
        place = place_of(target.signal, target.place)
        subject.note(place, "signal-to-nobody", message, "run such a step, or remove `signal`")


def _check_signal(subject: Subject, spec: StepSpec, outcome: str, target: Target) -> None:
    """Whether the other party hears of what happened, and can."""
    place, due = place_of(target.signal or outcome, target.place), spec.signals.get(outcome)
    reached = subject.flows.get(str(spec.reaches))
    if reached is None:
        message = f"`{spec.name}` tells somebody in the flow `{spec.reaches}`, which is not in this file"
        subject.note(place, "unknown-flow", message, nearest(str(spec.reaches), subject.flows))
    elif target.signal and not due:
        message = f"`{spec.name}` has nobody to tell of `{outcome}`, so this signal would not be sent"
        subject.note(place, "signal-to-nobody", message, "remove `signal`")
    elif target.signal != due:
        message = f"`{spec.name}` ends as `{outcome}`, and `{reached.name}` would not hear of it"
        subject.note(place, "unsent-signal", message, f"write `signal: {due}`")
    elif due and not reached.always_hears(due):
        message = f"not every state of `{reached.name}` hears the signal `{due}`, so it would be lost"
        subject.note(place, "unheard-signal", message, nearest(due, reached.anywhere))


def _check_ways_on(subject: Subject, state: State) -> None:
    """Where silence and misunderstandings lead, and whether what is expected can be answered."""
    if state.wait:
        subject.known_state(state.wait.target.go, state.wait.target.place)
        for name in (state.wait.target.signal, *state.wait.target.options):
            if name:
                message = f"a `wait` can only `say` and `go`, so `{name}` would never be sent"
                subject.note(place_of(name, state.wait.place), "misplaced-key", message, "remove it")
    if state.misheard:
        subject.known_state(state.misheard.go, state.misheard.place)
    for entity in state.expects:
        event = subject.words.entities.get(entity)
        if event and event not in subject.flow.hears(state):
            message = f"`{state.name}` expects `{entity}` but has no rule for `{event}`"
            place = place_of(entity, state.place)
            subject.note(place, "unheard-answer", message, f"add `{event}` under `when`")
    if not state.passing and not state.misheard and "misheard" not in subject.flow.hears(state):
        message = f"what nobody can understand would get no answer in `{state.name}`"
        subject.note(state.place, "no-misheard", message, "add `misheard` here or under `anywhere`")
    if state.misheard and "misheard" in state.rules:
        message = f"`{state.name}` has `misheard` beside `when`, so this rule would never apply"
        subject.note(state.rules["misheard"][0].place, "hidden-rule", message, "keep one of the two")


def _check_order(subject: Subject, by_event: Mapping[str, tuple[Rule, ...]]) -> None:
    """Rules are tried in order: what stands behind one that always applies is never reached."""
    for event, rules in by_event.items():
        seen: set[str] = set()
        for rule in rules:
            if None in {other.guard for other in rules[: rule.number - 1]}:
                message = f"a rule for `{event}` before this one has no `if`, so this one never applies"
                subject.note(rule.place, "hidden-rule", message, "put the rule without `if` last")
            elif rule.guard in seen:
                message = f"a rule for `{event}` before this one has the same `if`, so this one never applies"
                subject.note(place_of(rule.guard or "", rule.place), "hidden-rule", message, "remove one")
            elif (wider := subject.words.implied.get(rule.guard or "")) in seen:
                message = f"whenever this rule's `if` holds, `{wider}` before it does, so it never applies"
                subject.note(place_of(rule.guard or "", rule.place), "hidden-rule", message, "put it first")
            if rule.guard:
                seen.add(rule.guard)


def _check_defaults(subject: Subject, state: State) -> None:
    """When every `if` fails the event would count as not understood, though it was."""
    events = subject.flow.hears(state) if state.name == subject.flow.start else state.rules
    for event in sorted(events):
        rules = subject.flow.rules(state, event)
        if rules and all(rule.guard for rule in rules):
            last = rules[-1]
            where = "anywhere" if last.state == ANYWHERE else f"`{state.name}`"
            message = f"every rule for `{event}` in {where} has an `if`: when none holds, nothing happens"
            place = place_of(last.guard or "", last.place)
            subject.note(place, "no-default", message, "add a last rule without `if`")
