"""YAML as people mean it: every scalar is the text that was written, and everything has a place.

Only what a reader of the file would expect is allowed: no duplicate keys, no anchors, no tags. It
never guesses types: `yes`, `14:30` and `0501234567` stay what they look like.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

import yaml

from engine.errors import Issue
from engine.model import Name, Place

DEEPEST = 30
"""Levels of nesting: more than any file for people has, fewer than could exhaust the parser."""
BEGINNING = Place(1, 1)
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
        if not _is_plain(text, problems):
            return None
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        _note_error(text, error, problems)
        return None
    except yaml.reader.ReaderError as error:
        before = text.encode()[: error.position].decode()  # the parser counts bytes
        place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        problems.add(place, "not-yaml", "there is a character here that YAML does not allow", "remove it")
        return None
    if node is None:
        problems.add(BEGINNING, "empty-file", "the file is empty")
        return None
    return _converted(node, problems)


def _is_plain(text: str, problems: Problems) -> bool:
    """Whether the file says what it shows: aliases and tags make it say something else."""
    depth, plain = 0, True
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        place = _place(event.start_mark) if event.start_mark else BEGINNING
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            problems.add(place, "alias", "anchors and aliases (& and *) are not allowed", "write it out")
            plain = False
        elif getattr(event, "tag", None):
            problems.add(place, "tag", "tags (!) are not allowed", "quote the text")
            plain = False
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            problems.add(place, "too-deep", "this is nested deeper than anybody can read")
            return False
    return plain


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


def _converted(node: yaml.Node, problems: Problems) -> Node:
    place = _place(node.start_mark)
    if isinstance(node, yaml.ScalarNode):
        return Text(node.value, place, quoted=node.style in {"'", '"', "|", ">"})
    if isinstance(node, yaml.SequenceNode):
        return Items(tuple(_converted(item, problems) for item in node.value), place)
    entries: list[tuple[Text, Node]] = []
    seen: dict[str, Place] = {}
    for key_node, value_node in node.value:
        key = _converted(key_node, problems)
        if not isinstance(key, Text):
            problems.add(key.place, "bad-key", "a key must be plain text")
            continue
        if key.text in seen:
            first = seen[key.text].line
            message = f"`{key.text}` stands here twice, first on line {first}, and only one can hold"
            problems.add(key.place, "duplicate-key", message, "remove or rename one of them")
            continue
        seen[key.text] = key.place
        entries.append((key, _converted(value_node, problems)))
    return Keys(tuple(entries), place)
