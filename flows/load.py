"""flows.yaml -> the flows it means. Reads the shape; `engine/checks.py` judges the content.

A bad file never runs: every mistake is collected and raised at once as one `FlowError`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection
from pathlib import Path

from engine.checks import check
from engine.errors import FlowError
from engine.model import ANYWHERE, NO_STEP, NOWHERE, Flow, Flows, Misheard, Rule, State, Target, Wait, Words
from engine.nearest import nearest
from flows.strict_yaml import Items, Keys, Node, Problems, Text, read_yaml

DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?")
FLOW_KEYS = ("about", "start", "remembers", "anywhere", "states", "renamed")
STATE_KEYS = ("about", "ask", "options", "expects", "when", "wait", "misheard", "do", "then")
RULE_KEYS = ("if", "do", "then")
TARGET_KEYS = ("go", "say", "options", "regarding", "signal")


def load_flows(path: Path, words: Words) -> Flows:
    """The flows of a file. Raises FlowError with every mistake in it."""
    problems = Problems(path.name)
    flows: Flows = {}
    if node := read_yaml(path, problems):
        flows = FileReader(problems).flows(node)
    if flows:
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
    return ((days * 24 + hours) * 60 + minutes) * 60


class FileReader:
    """Turns nodes into the model, and notes what does not fit."""

    def __init__(self, problems: Problems) -> None:
        """Mistakes go to `problems`; reading goes on after each."""
        self._problems = problems

    def flows(self, node: Node) -> Flows:
        """Every conversation in the file."""
        return {key.text: self._flow(key, value) for key, value in self._keys(node, "the file")}

    def _flow(self, key: Text, node: Node) -> Flow:
        what = f"the flow `{key.text}`"
        self._known_keys(node, FLOW_KEYS, what)
        entries = dict(self._named(node, what))
        states = {
            name: self._state(name, value) for name, value in self._named(entries.get("states"), "`states`")
        }
        anywhere = {
            event: self._rules(ANYWHERE, event, value)
            for event, value in self._named(entries.get("anywhere"), "`anywhere`")
        }
        if not states:
            self._problems.add(
                key.place, "no-states", f"{what} has no states, so it can hold no conversation"
            )
        return Flow(
            name=key.text,
            start=self._text(entries.get("start"), f"`start` of {what}") or "",
            states=states,
            anywhere=anywhere,
            remembers=self._texts(entries.get("remembers"), "`remembers`"),
            renamed=self._texts(entries.get("renamed"), "`renamed`"),
            structure=_structure(states, anywhere),
            place=key.place,
        )

    def _state(self, name: str, node: Node) -> State:
        what = f"the state `{name}`"
        self._known_keys(node, STATE_KEYS, what)
        entries = dict(self._named(node, what))
        passing = None
        if "do" in entries or "then" in entries:
            passing = self._rule(name, "", 1, Keys(self._only(node, ("do", "then")), node.place))
        return State(
            name=name,
            about=self._text(entries.get("about"), f"`about` of {what}") or "",
            place=node.place,
            ask=self._text(entries.get("ask"), f"`ask` of {what}"),
            options=self._options(entries.get("options")),
            expects=self._list(entries.get("expects"), f"`expects` of {what}"),
            rules={
                event: self._rules(name, event, value)
                for event, value in self._named(entries.get("when"), f"`when` of {what}")
            },
            wait=self._wait(entries.get("wait")),
            misheard=self._misheard(entries.get("misheard")),
            passing=passing,
        )

    def _rules(self, state: str, event: str, node: Node) -> tuple[Rule, ...]:
        nodes = node.items if isinstance(node, Items) else (node,)
        return tuple(self._rule(state, event, number, item) for number, item in enumerate(nodes, 1))

    def _rule(self, state: str, event: str, number: int, node: Node) -> Rule:
        what = f"the rule for `{event}`" if event else f"the state `{state}`"
        guard = step = None
        targets = {}
        entries = dict(self._named(node, what)) if isinstance(node, Keys) else {}
        if isinstance(node, Keys):
            self._known_keys(node, RULE_KEYS + TARGET_KEYS, what)
            guard = self._text(entries.get("if"), "`if`")
            step = self._text(entries.get("do"), "`do`")
        if step or "then" in entries:
            targets = {
                outcome: self._target(value, f"the outcome `{outcome}`")
                for outcome, value in self._named(entries.get("then"), "`then`")
            }
            for key, _ in self._only(node, TARGET_KEYS):
                message = f"`{key.text}` stands beside `do`, so it is unclear for which outcome it holds"
                self._problems.add(key.place, "misplaced-key", message, "write it under an outcome in `then`")
            if not step:
                self._problems.add(node.place, "no-step", f"{what} has `then` but no `do`")
            if "then" not in entries:
                self._problems.add(node.place, "no-outcomes", f"{what} has `do` but no `then`")
        else:
            targets = {NO_STEP: self._target(node, what, besides=("if",))}
        return Rule(state, event, number, guard, step, targets, node.place)

    def _target(self, node: Node, what: str, besides: Collection[str] = ()) -> Target:
        if isinstance(node, Text):
            return Target(go=node.text or None, place=node.place)
        self._known_keys(node, (*TARGET_KEYS, *besides), what)
        entries = dict(self._named(node, what))
        return Target(
            go=self._text(entries.get("go"), "`go`"),
            say=self._list(entries.get("say"), "`say`"),
            options=self._list(entries.get("options"), "`options`"),
            regarding=self._text(entries.get("regarding"), "`regarding`"),
            signal=self._text(entries.get("signal"), "`signal`"),
            place=node.place,
        )

    def _wait(self, node: Node | None) -> Wait | None:
        if node is None:
            return None
        self._known_keys(node, ("for", "then"), "`wait`")
        entries = dict(self._named(node, "`wait`"))
        written = self._text(entries.get("for"), "`for`") or ""
        seconds = seconds_of(written)
        if not seconds:
            message = f"`{written}` is no length of time"
            self._problems.add(node.place, "bad-duration", message, "write it like 30m, 24h or 2d")
        if "then" not in entries:
            self._problems.add(node.place, "no-target", "`wait` does not say where to go then")
            return None
        return Wait(seconds or 1, self._target(entries["then"], "`then` of `wait`"), node.place)

    def _misheard(self, node: Node | None) -> Misheard | None:
        if node is None:
            return None
        self._known_keys(node, ("say", "after", "go"), "`misheard`")
        entries = dict(self._named(node, "`misheard`"))
        after = self._text(entries.get("after"), "`after`")
        go = self._text(entries.get("go"), "`go`")
        say = self._list(entries.get("say"), "`say`")
        if after is not None and not after.isdecimal():
            self._problems.add(node.place, "bad-number", f"`after: {after}` is no number")
        if bool(go) != bool(after):
            self._problems.add(node.place, "half-misheard", "`after` and `go` need each other")
        if not say:
            self._problems.add(node.place, "no-text", "`misheard` must `say` something")
        number = int(after) if after and after.isdecimal() else None
        return Misheard(say or ("",), number, go, node.place)

    def _options(self, node: Node | None) -> tuple[str, ...] | str | None:
        if node is None:
            return None
        return node.text if isinstance(node, Text) else self._list(node, "`options`")

    # The shapes

    def _keys(self, node: Node | None, what: str) -> Keys:
        if isinstance(node, Keys):
            return node
        if node is not None and not (isinstance(node, Text) and node.empty):
            self._problems.add(node.place, "wrong-shape", f"{what} must hold names, each with a colon")
        return Keys((), node.place if node else NOWHERE)

    def _named(self, node: Node | None, what: str) -> list[tuple[str, Node]]:
        return [(key.text, value) for key, value in self._keys(node, what)]

    def _only(self, node: Node, names: Collection[str]) -> tuple[tuple[Text, Node], ...]:
        return tuple(entry for entry in node if entry[0].text in names) if isinstance(node, Keys) else ()

    def _known_keys(self, node: Node, known: Collection[str], what: str) -> None:
        for key, _ in self._keys(node, what):
            if key.text not in known:
                message = f"`{key.text}` means nothing in {what}"
                self._problems.add(key.place, "unknown-key", message, nearest(key.text, known))

    def _text(self, node: Node | None, what: str) -> str | None:
        if node is None:
            return None
        if isinstance(node, Text) and not node.empty:
            return node.text
        self._problems.add(node.place, "wrong-shape", f"{what} must be one word or text")
        return None

    def _list(self, node: Node | None, what: str) -> tuple[str, ...]:
        if node is None:
            return ()
        nodes = node.items if isinstance(node, Items) else (node,)
        texts = (self._text(item, what) for item in nodes)
        return tuple(text for text in texts if text)

    def _texts(self, node: Node | None, what: str) -> dict[str, str]:
        return {name: self._text(value, f"`{name}`") or "" for name, value in self._named(node, what)}


def _structure(states: dict[str, State], anywhere: dict[str, tuple[Rule, ...]]) -> str:
    """A hash of the machine without its words: rewording a text disturbs nobody."""

    def rules(by_event: dict[str, tuple[Rule, ...]]) -> object:
        return {
            event: [
                [rule.guard, rule.step, {name: [t.go, t.signal] for name, t in rule.targets.items()}]
                for rule in several
            ]
            for event, several in by_event.items()
        }

    shape = {
        name: [
            rules(dict(state.rules)),
            rules({"": (state.passing,)}) if state.passing else None,
            state.options,
            state.expects,
            [state.wait.seconds, state.wait.target.go] if state.wait else None,
            [state.misheard.after, state.misheard.go] if state.misheard else None,
        ]
        for name, state in states.items()
    }
    text = json.dumps([shape, rules(anywhere)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
