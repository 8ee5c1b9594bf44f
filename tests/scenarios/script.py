"""Scenario files -> what is said and what must come of it. Reads only; it plays nothing.

A story is a list of lines. Each is one deed with what must come of it:

    client Ana: text                    somebody writes
    client +14155550123: text           ... from this number; US.1234: by a user name, without a number
    client Ana taps: title              somebody taps an option of the last message that had any
    client Ana taps earlier: title      ... of the first message that offered it
    client Ana sends: photo | location | nothing | 1600 × word
    client Ana tells twilio: STOP       Twilio's Advanced Opt-Out took it so, and has answered already
    client Ana misses: text             a message with this in it could not be delivered for good
    client Ana floods: text             the first message that comes too fast to be answered
    client Ana answers: {part: text}    somebody replies to the last message of ours with this part in it
    therapist anna gets the PIN: "…"    the operator sets it
    advance: 25h                        time passes
    at once: [...]                      several deeds, nobody waiting for anybody else
    stored as: {client Ana: a_state}    an older version of the flows left the conversation there

What must come of it: `answer` (parts of what the doer is told; [] for silence), `unsaid` (what must not be
among it), `options` (all titles
offered in the answer), `among options`, `told` (parts of what others are told; nobody else is told
anything), `state` (of the doer), `states` (of others) and `appointments` (all there are).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from flows.strict_yaml import Items, Keys, Node, Problems, Text, read_yaml

FOLDER = Path(__file__).parent
DONE = "taps|taps earlier|sends|tells twilio|misses|floods|answers|gets the PIN"
DEED = re.compile(rf"((?:client|therapist|stranger) .+?)(?: ({DONE}))?")
EXPECTATIONS = ("answer", "unsaid", "options", "among options", "told", "state", "states", "appointments")


@dataclass(frozen=True)
class Deed:
    """Something that somebody does, or that happens."""

    what: str
    """`advance`, `at once`, `stored as` or what somebody does: `says` and the others of `DEED`."""
    who: str = ""
    text: str = ""
    to: str = ""
    """Part of the message that is answered."""
    parts: tuple[Deed, ...] = ()


@dataclass(frozen=True)
class Expected:
    """What must come of a deed. None: anything will do."""

    answer: tuple[str, ...] | None = None
    unsaid: tuple[str, ...] = ()
    options: tuple[str, ...] | None = None
    among_options: tuple[str, ...] = ()
    told: dict[str, tuple[str, ...]] = field(default_factory=dict)
    state: str | None = None
    states: dict[str, str] = field(default_factory=dict)
    appointments: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Line:
    """One line of a story."""

    place: str
    """`file.yaml:12`."""
    deed: Deed
    expected: Expected


@dataclass(frozen=True)
class Scenario:
    """One story."""

    title: str
    place: str
    practice: str
    begins: str
    story: tuple[Line, ...]


def scenarios() -> list[Scenario]:
    """Every scenario of every file."""
    return [scenario for path in sorted(FOLDER.glob("*.yaml")) for scenario in _File(path).scenarios()]


class _File:
    """One file. It is written by us, so the first mistake in it ends the reading."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        problems = Problems(path.name)
        self._node = read_yaml(path, problems)
        assert not problems.issues, problems.issues

    def scenarios(self) -> Iterator[Scenario]:
        for title, node in self._pairs(self._node):
            entries = {key.text: value for key, value in self._pairs(node)}
            unknown = set(entries) - {"practice", "begins", "story"}
            assert not unknown, f"{self._at(title)}: {unknown}"
            story = entries["story"]
            assert isinstance(story, Items), f"{self._at(story)}: a story is a list"
            yield Scenario(
                title=title.text,
                place=self._at(title),
                practice=self._text(entries["practice"]) if "practice" in entries else "example",
                begins=self._text(entries["begins"]) if "begins" in entries else "2026-03-02 09:00",
                story=tuple(self._line(item) for item in story.items),
            )

    def _line(self, node: Node) -> Line:
        (first, value), *rest = self._pairs(node)
        expected = {key.text: value for key, value in rest}
        unknown = set(expected) - set(EXPECTATIONS)
        assert not unknown, f"{self._at(node)}: {unknown}"
        options, answer = expected.get("options"), expected.get("answer")
        among, appointments = expected.get("among options"), expected.get("appointments")
        unsaid = expected.get("unsaid")
        return Line(
            self._at(node),
            self._deed(first, value),
            Expected(
                answer=None if answer is None else self._texts(answer),
                unsaid=() if unsaid is None else self._texts(unsaid),
                options=None if options is None else self._texts(options),
                among_options=() if among is None else self._texts(among),
                told={key.text: self._texts(parts) for key, parts in self._pairs(expected.get("told"))},
                state=self._text(expected["state"]) if "state" in expected else None,
                states={key.text: self._text(state) for key, state in self._pairs(expected.get("states"))},
                appointments=None if appointments is None else self._texts(appointments),
            ),
        )

    def _deed(self, key: Text, value: Node) -> Deed:
        if key.text == "advance":
            return Deed("advance", text=self._text(value))
        if key.text == "stored as":
            ((who, state),) = self._pairs(value)
            return Deed("stored as", who.text, self._text(state))
        if key.text == "at once":
            assert isinstance(value, Items), f"{self._at(value)}: several deeds are a list"
            return Deed("at once", parts=tuple(self._deed(*self._pairs(item)[0]) for item in value.items))
        match = DEED.fullmatch(key.text)
        assert match, f"{self._at(key)}: {key.text} is no deed"
        if match[2] == "answers":
            ((to, words),) = self._pairs(value)
            return Deed("answers", match[1], self._text(words), to.text)
        return Deed(match[2] or "says", match[1], self._text(value))

    def _pairs(self, node: Node | None) -> tuple[tuple[Text, Node], ...]:
        if node is None:
            return ()
        assert isinstance(node, Keys), f"{self._at(node)}: names with values are expected"
        return node.entries

    def _texts(self, node: Node) -> tuple[str, ...]:
        return tuple(map(self._text, node.items)) if isinstance(node, Items) else (self._text(node),)

    def _text(self, node: Node) -> str:
        assert isinstance(node, Text), f"{self._at(node)}: one text is expected"
        return node.text

    def _at(self, node: Node) -> str:
        return f"{self._name}:{node.place.line}"
