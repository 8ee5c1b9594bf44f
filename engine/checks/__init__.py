"""Finds mistakes in flows without running them: what a client would otherwise meet first.

Each check is a small function over one flow. None stops at its first finding, and none raises.
"""

from __future__ import annotations

from engine.checks.names import check_names
from engine.checks.paths import check_paths
from engine.checks.personal import check_behind, check_personal
from engine.checks.rules import check_rules
from engine.checks.sayings import check_sayings
from engine.checks.silence import check_silence
from engine.checks.subject import Note, Subject
from engine.model import Flows, Place, Words, place_of

__all__ = ["Note", "check"]


def check(flows: Flows, words: Words, note: Note) -> None:
    """Note every mistake that can be seen without running a flow."""
    for flow in flows.values():
        subject = Subject(flow, flows, words, note)
        check_names(subject)
        check_rules(subject)
        check_sayings(subject)
        check_paths(subject)
        check_silence(subject)
        check_personal(subject)
        check_behind(subject)
        _check_urgent(subject)
        _check_demanded(subject)
        _check_timers(subject)
    _check_timed_signals(flows, words, note)
    for name in sorted(words.flows - flows.keys()):
        place = next((flow.place for flow in flows.values()), Place(1, 1))
        note(place, "no-such-flow", f"whoever is in the flow `{name}` would get no answer", f"add `{name}`")


def _check_urgent(subject: Subject) -> None:
    """What goes before everything else is of no use to somebody whose conversation cannot hear it."""
    for event in sorted(subject.words.urgent):
        if not subject.flow.always_hears(event):
            message = (
                f"`{event}` may be heard at any moment, but some state of `{subject.flow.name}` does not"
            )
            subject.note(subject.flow.place, "unheard-urgent", message, f"add `{event}` under `anywhere`")
    for rule in subject.flow.all_rules():
        brings = subject.words.replies.get(rule.event)
        for target in rule.targets.values() if brings else ():
            if not any(brings in subject.words.texts.get(text, ()) for text in target.say):
                message = f"`{rule.event}` brings what has to be said at once, and nothing here says it"
                subject.note(target.place, "unsaid-reply", message, f"say a text with a place `{{{brings}}}`")


def _check_demanded(subject: Subject) -> None:
    """What the law wants obeyed, such as "no more messages", is no matter of how a flow is written."""
    flow = subject.flow
    for event, step in subject.words.demanded.get(flow.name, {}).items():
        enough = all if event in subject.words.urgent else any
        for state in flow.waiting_states:
            rules = flow.rules(state, event)
            if not rules or not enough(rule.step == step for rule in rules):
                message = f"`{event}` has to `do: {step}` wherever it is heard, but not in `{state.name}`"
                place = state.rules[event][0].place if event in state.rules else flow.place
                subject.note(place, "undone-demand", message, f"add a rule for `{event}` with `do: {step}`")
                break


def _check_timers(subject: Subject) -> None:
    """Whoever sets a timer has to hear it ring."""
    for rule in subject.flow.all_rules():
        spec = subject.spec(rule)
        for event in spec.sets if spec else ():
            if not subject.flow.always_hears(event):
                message = f"`{rule.step}` sets a timer for `{event}`, and some state does not hear it ring"
                place = place_of(rule.step or "", rule.place)
                subject.note(place, "unheard-signal", message, f"add `{event}` under `anywhere`")


def _check_timed_signals(flows: Flows, words: Words, note: Note) -> None:
    """What a timer sends has to be heard whenever it comes, by the flow that set the timer."""
    for signal in sorted(words.signals):
        hearing = [flow for flow in flows.values() if any(rule.event == signal for rule in flow.all_rules())]
        for flow in hearing or list(flows.values())[:1]:
            if not flow.always_hears(signal):
                message = f"a timer may send `{signal}` at any time, but some state does not hear it"
                note(flow.place, "unheard-signal", message, f"add `{signal}` under `anywhere`")
