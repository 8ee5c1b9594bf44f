"""flows.yaml -> the flows it means. Reads the shape; `engine/checks` judges the content.

A bad file never runs: every mistake is collected and raised at once as one `FlowError`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from engine.checks import check
from engine.errors import FlowError
from engine.model import ANYWHERE, NO_STEP, Flow, Flows, Misheard, Name, Rule, State, Target, Wait, Words
from flows.fields import Fields
from flows.strict_yaml import BEGINNING, Items, Node, Problems, Text, read_yaml
from flows.structure import structure

DURATION = re.compile(r"(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,4})m)?")
FLOW_KEYS = ("about", "start", "remembers", "anywhere", "states", "renamed")
ASKING_KEYS = ("ask", "options", "expects", "when", "wait", "misheard")
PASSING_KEYS = ("do", "then")
STATE_KEYS = ("about", *ASKING_KEYS, *PASSING_KEYS)
TARGET_KEYS = ("go", "say", "options", "regarding", "signal")
RULE_KEYS = ("if", "do", "then", *TARGET_KEYS)


def load_flows(path: Path, words: Words) -> Flows:
    """The flows of a file. Raises FlowError with every mistake in it."""
    problems = Problems(str(path))
    flows: Flows = {}
    if node := read_yaml(path, problems):
        flows = FileReader(problems).flows(node)
        if not flows:
            problems.add(BEGINNING, "no-flows", "the file holds no conversation", "name one, with its states")
        check(flows, words, problems.add)
    if problems.issues:
        raise FlowError(problems.issues)
    return flows


def seconds_of(text: str) -> int | None:
    """The length of a duration such as `30m`, `1h30m` or `2d`, or None when it is none."""
    match = DURATION.fullmatch(text.strip())
    if not match or not any(match.groups()):
        return None
    days, hours, minutes = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 or None


class FileReader:
    """Turns nodes into the model, and notes what does not fit."""

    def __init__(self, problems: Problems) -> None:
        """Mistakes go to `problems`; reading goes on after each."""
        self._problems = problems

    def flows(self, node: Node) -> Flows:
        """Every conversation in the file."""
        return {name: self._flow(name, value) for name, value in self._fields(node, "the file")}

    def _fields(self, node: Node | None, what: str, known: Collection[str] | None = None) -> Fields:
        return Fields(node, what, self._problems, known)

    def _flow(self, name: Name, node: Node) -> Flow:
        fields = self._fields(node, f"the flow `{name}`", FLOW_KEYS)
        states: dict[str, State] = {key: self._state(key, value) for key, value in fields.section("states")}
        anywhere: dict[str, tuple[Rule, ...]] = {
            event: self._rules(ANYWHERE, event, value) for event, value in fields.section("anywhere")
        }
        if not fields.text("about"):
            fields.note(name.place, "no-about", f"`{name}` does not say what it is about", "add `about`")
        if not states:
            fields.note(name.place, "no-states", f"`{name}` has no states, so it can hold no conversation")
        start = fields.text("start") or ""
        return Flow(
            name=str(name),
            start=start,
            states=states,
            anywhere=anywhere,
            remembers=fields.texts("remembers"),
            renamed=fields.texts("renamed"),
            structure=structure(start, states, anywhere),
            place=name.place,
        )

    def _state(self, name: Name, node: Node) -> State:
        fields = self._fields(node, f"the state `{name}`", STATE_KEYS)
        passing = None
        if any(key in fields for key in PASSING_KEYS):
            outcomes = self._outcomes(fields, f"the state `{name}`")
            passing = Rule(name, "", 1, None, fields.text("do"), outcomes, name.place)
            for key in filter(fields.__contains__, ASKING_KEYS):
                message = f"`{name}` only runs a step and moves on, so its `{key}` would never be used"
                fields.note(fields.key(key).place, "mixed-state", message, "make it a state of its own")
        return State(
            name=name,
            about=fields.text("about") or "",
            place=name.place,
            ask=fields.text("ask"),
            options=self._options(fields),
            expects=fields.names("expects", distinct=True),
            rules={event: self._rules(name, event, value) for event, value in fields.section("when")},
            wait=self._wait(fields),
            misheard=self._misheard(fields),
            passing=passing,
        )

    def _options(self, fields: Fields) -> tuple[str, ...] | str | None:
        """A word names a remembered list; a list holds events."""
        if isinstance(fields.node("options"), Text):
            return fields.text("options")
        return fields.names("options", distinct=True) or None

    def _rules(self, state: str, event: Name, node: Node) -> tuple[Rule, ...]:
        nodes = node.items if isinstance(node, Items) else (node,)
        if not nodes:
            self._problems.add(node.place, "empty-rule", f"the list of rules for `{event}` is empty")
        return tuple(self._rule(state, event, number, item) for number, item in enumerate(nodes, 1))

    def _rule(self, state: str, event: str, number: int, node: Node) -> Rule:
        what = f"the rule for `{event}`"
        if isinstance(node, Text):
            return Rule(state, event, number, None, None, {NO_STEP: self._target(node, what)}, node.place)
        fields = self._fields(node, what, RULE_KEYS)
        if not any(key in fields for key in PASSING_KEYS):
            target = self._target(node, what, RULE_KEYS)
            return Rule(state, event, number, fields.text("if"), None, {NO_STEP: target}, node.place)
        for key in filter(fields.__contains__, TARGET_KEYS):
            message = f"`{key}` stands beside `do`, so it is unclear for which outcome it holds"
            fields.note(fields.key(key).place, "misplaced-key", message, "write it under an outcome")
        targets = self._outcomes(fields, what)
        return Rule(state, event, number, fields.text("if"), fields.text("do"), targets, node.place)

    def _outcomes(self, fields: Fields, what: str) -> Mapping[str, Target]:
        if "do" not in fields:
            place = fields.key("then").place
            fields.note(place, "no-step", f"{what} has `then` but no `do`", "name the step to run")
        outcomes: dict[str, Target] = {
            outcome: self._target(value, f"the outcome `{outcome}`")
            for outcome, value in fields.section("then")
        }
        if not outcomes:
            place = fields.key("then" if "then" in fields else "do").place
            fields.note(place, "no-outcomes", f"{what} does not say where its step leads", "fill in `then`")
        return outcomes

    def _target(self, node: Node, what: str, known: Collection[str] = TARGET_KEYS) -> Target:
        if isinstance(node, Text):
            if not node.text:
                hint = "name a state, or write {} for nothing at all"
                self._problems.add(node.place, "empty-rule", f"{what} does not say what happens", hint)
            return Target(go=node.name if node.text else None, place=node.place)
        fields = self._fields(node, what, known)
        return Target(
            go=fields.text("go"),
            say=fields.names("say"),
            options=fields.names("options", distinct=True),
            regarding=fields.text("regarding"),
            signal=fields.text("signal"),
            place=node.place,
        )

    def _wait(self, state: Fields) -> Wait | None:
        if "wait" not in state:
            return None
        fields, place = state.section("wait", ("for", "then")), state.key("wait").place
        written, then = fields.text("for"), fields.node("then")
        seconds = seconds_of(written) if written else None
        if seconds is None:
            message = f"`{written}` is no length of time" if written else "`wait` does not say how long"
            self._problems.add(
                written.place if written else place, "bad-duration", message, "write it like 30m, 24h or 2d"
            )
        if then is None:
            self._problems.add(place, "no-target", "`wait` does not say where to go then", "add `then`")
            return None
        return Wait(seconds or 1, self._target(then, "`then` of `wait`"), place)

    def _misheard(self, state: Fields) -> Misheard | None:
        if "misheard" not in state:
            return None
        fields, place = state.section("misheard", ("say", "after", "go")), state.key("misheard").place
        say, after, go = fields.names("say"), fields.text("after"), fields.text("go")
        number = int(after) if after and after.isdecimal() else None
        if after and not number:
            self._problems.add(after.place, "bad-number", f"`after: {after}` is no number from 1 up")
        if bool(go) != bool(after):
            self._problems.add(place, "half-misheard", "`after` and `go` of `misheard` need each other")
        if not say:
            self._problems.add(place, "no-text", "`misheard` must `say` something", "add `say`")
        return Misheard(say, number, go, place)
