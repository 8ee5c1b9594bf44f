"""YAML as people mean it: every scalar is the text that was written, and everything has a place.

Only what a reader of the file would expect is allowed: no duplicate keys, no anchors, no tags. It
never guesses types: `yes`, `14:30` and `0501234567` stay what they look like.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import yaml

from engine.errors import Issue
from engine.model import Name, Place

DEEPEST = 30
"""Levels of nesting: more than any file for people has, fewer than could exhaust the parser."""
BEGINNING = Place(1, 1)
_QUOTES = frozenset("'\"|>")
_TAB = re.compile(r"^ *\t", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar, exactly as written."""

    text: str
    place: Place
    quoted: bool = False

    @property
    def empty(self) -> bool:
        """Nothing was written."""
        return not self.text and not self.quoted

    @property
    def name(self) -> Name:
        """The text as a name that knows its place."""
        return Name(self.text, self.place)


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Keys:
    """A mapping, in the order of the file."""

    entries: tuple[tuple[Text, Node], ...]
    place: Place

    def __iter__(self) -> Iterator[tuple[Text, Node]]:
        """Key and value, in order."""
        return iter(self.entries)

    def get(self, name: str) -> Node | None:
        """The value of a key."""
        return next((value for key, value in self.entries if key.text == name), None)


Node: TypeAlias = Text | Items | Keys


class Problems:
    """Collects the mistakes of one file, so that its author sees all of them at once."""

    def __init__(self, file: str) -> None:
        """`file`: the name that the author knows it by."""
        self.file = file
        self.issues: list[Issue] = []

    def add(self, place: Place, code: str, message: str, hint: str = "") -> None:
        """Note one mistake; the same one twice counts once."""
        issue = Issue(self.file, place.line, place.column, code, message, hint)
        if issue not in self.issues:
            self.issues.append(issue)


def read_yaml(path: Path, problems: Problems) -> Node | None:
    """The file as nodes with places, or None when it is no YAML at all; every mistake is noted."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        problems.add(BEGINNING, "unreadable", f"the file cannot be read: {reason}")
        return None
    return parse_yaml(text, problems)


def parse_yaml(text: str, problems: Problems) -> Node | None:
    """As `read_yaml`, for text at hand."""
    try:
        return _Reading(text, problems).document()
    except yaml.MarkedYAMLError as error:
        _note_error(text, error, problems)
    except yaml.reader.ReaderError as error:
        before = text.encode()[: error.position].decode()  # the parser counts bytes
        place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        problems.add(place, "not-yaml", "there is a character here that YAML does not allow", "remove it")
    except _TooDeep as error:
        problems.add(error.place, "too-deep", "this is nested deeper than anybody can read")
    return None


class _TooDeep(Exception):
    """Something is nested so deep that reading on could exhaust the parser."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place


class _Reading:
    """Makes nodes of what the parser meets, in one go: aliases and tags are seen nowhere else."""

    def __init__(self, text: str, problems: Problems) -> None:
        self._met: Iterator[Any] = yaml.parse(text, Loader=yaml.CSafeLoader)
        self._problems = problems
        self._plain = True

    def document(self) -> Node | None:
        """The one document, or None when the file says something else than it shows."""
        next(self._met)  # the beginning of the file
        if isinstance(next(self._met), yaml.StreamEndEvent):
            self._problems.add(BEGINNING, "empty-file", "the file is empty")
            return None
        node = self._node(next(self._met), 1)
        next(self._met)  # the end of the document
        after = next(self._met)
        if not isinstance(after, yaml.StreamEndEvent):
            raise yaml.composer.ComposerError(None, None, "another document begins", after.start_mark)
        return node if self._plain else None

    def _node(self, event: Any, depth: int) -> Node:  # noqa: ANN401  # an event that begins a node
        """The node that begins with what was met."""
        place = _place(event.start_mark)
        if event.anchor is not None:
            self._refuse(place, "alias", "anchors and aliases (& and *) are not allowed", "write it out")
        elif getattr(event, "tag", None):
            self._refuse(place, "tag", "tags (!) are not allowed", "quote the text")
        if isinstance(event, yaml.ScalarEvent):
            return Text(event.value, place, quoted=event.style in _QUOTES)
        if isinstance(event, yaml.AliasEvent):
            return Text("", place)
        if depth > DEEPEST:
            raise _TooDeep(place)
        if isinstance(event, yaml.SequenceStartEvent):
            return Items(
                tuple(self._node(item, depth + 1) for item in self._until(yaml.SequenceEndEvent)), place
            )
        return Keys(tuple(self._entries(depth)), place)

    def _until(self, end: type[yaml.Event]) -> Iterator[Any]:
        """What is met before a list or a mapping ends."""
        while not isinstance(event := next(self._met), end):
            yield event

    def _entries(self, depth: int) -> Iterator[tuple[Text, Node]]:
        """The keys of a mapping, each once, with what they hold."""
        seen: dict[str, Place] = {}
        for event in self._until(yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            value = self._node(next(self._met), depth + 1)
            if not isinstance(key, Text):
                self._problems.add(key.place, "bad-key", "a key must be plain text")
            elif key.text in seen:
                first = seen[key.text].line
                message = f"`{key.text}` stands here twice, first on line {first}, and only one can hold"
                self._problems.add(key.place, "duplicate-key", message, "remove or rename one of them")
            else:
                seen[key.text] = key.place
                yield key, value

    def _refuse(self, place: Place, code: str, message: str, hint: str) -> None:
        self._problems.add(place, code, message, hint)
        self._plain = False


def _note_error(text: str, error: yaml.MarkedYAMLError, problems: Problems) -> None:
    """Point where the author has to look, which is often before the place where the parser gave up."""
    context = error.context or ""
    unclosed = any(kind in context for kind in ("flow mapping", "flow sequence", "quoted"))
    mark = error.context_mark if unclosed or "simple key" in context else None
    mark = mark or error.problem_mark or error.context_mark
    place = _place(mark) if mark else BEGINNING
    hint = "close what begins here" if unclosed else "a colon may be missing, or blanks before the line"
    if tab := _TAB.search(text):
        place = Place(text.count("\n", 0, tab.start()) + 1, tab.end() - tab.start())
        hint = "indent with blanks, not with tabs"
    elif not unclosed:
        place = _suspect(text.splitlines(), place)
    problems.add(place, "not-yaml", f"this is not valid YAML: {error.problem or context}", hint)


def _suspect(lines: list[str], place: Place) -> Place:
    """Where the mistake is likelier than where it was noticed.

    That is the only line with an odd number of blanks before it, or else the line before, if that has no
    colon or stands deeper or less deep than the lines around it suggest.
    """
    rows = [number for number, line in enumerate(lines, 1) if line.strip() and line.strip()[0] not in "#-"]
    at = rows.index(place.line) if place.line in rows else 0
    if at == 0 or lines[place.line - 1].count("{") != lines[place.line - 1].count("}"):
        return place
    depths = [len(lines[number - 1]) - len(lines[number - 1].lstrip()) for number in rows]
    odd = [index for index, depth in enumerate(depths) if depth % 2]
    if len(odd) == 1:
        return Place(rows[odd[0]], depths[odd[0]] + 1)
    above, before, here, below = ([0, *depths, 0])[at - 1 : at + 3]
    opens = [lines[number - 1].rstrip().endswith(":") for number in rows]
    no_colon = not re.search(r":(\s|$)", lines[rows[at - 1] - 1])
    too_deep = before > here and before > above + 2
    settled = here == below and not opens[at]
    too_shallow = before < here and not opens[at - 1] and (settled or (opens[at - 2] and before <= above))
    return Place(rows[at - 1], before + 1) if no_colon or too_deep or too_shallow else place


class _Mark(Protocol):
    """What PyYAML's two kinds of marks have in common; they count from 0."""

    line: int
    column: int


def _place(mark: _Mark) -> Place:
    return Place(mark.line + 1, mark.column + 1)
