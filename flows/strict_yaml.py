"""YAML as people mean it: every scalar is the text that was written, and everything has a place.

Only what a reader of the file would expect is allowed: no duplicate keys, no anchors, no tags. It
never guesses types: `yes`, `14:30` and `0501234567` stay what they look like.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import yaml

from engine.errors import Issue
from engine.model import Place


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
        """Note one mistake."""
        self.issues.append(Issue(self.file, place.line, place.column, code, message, hint))


def read_yaml(path: Path, problems: Problems) -> Node | None:
    """The file as nodes with places, or None when it is no YAML at all; every mistake is noted."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        problems.add(Place(1, 1), "unreadable", f"the file cannot be read: {reason}")
        return None
    return parse_yaml(text, problems)


def parse_yaml(text: str, problems: Problems) -> Node | None:
    """As `read_yaml`, for text at hand."""
    try:
        _refuse_tricks(text, problems)
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        problems.add(place, "not-yaml", f"this is not valid YAML: {error.problem or error.context}")
        return None
    except yaml.YAMLError:
        problems.add(Place(1, 1), "not-yaml", "the file holds characters that YAML does not allow")
        return None
    if node is None:
        problems.add(Place(1, 1), "empty-file", "the file is empty")
        return None
    return None if problems.issues else _converted(node, problems)


def _refuse_tricks(text: str, problems: Problems) -> None:
    """Aliases and tags make a file say something else than it shows."""
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        place = Place(event.start_mark.line + 1, event.start_mark.column + 1) if event.start_mark else Place()
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            problems.add(place, "alias", "anchors and aliases (& and *) are not allowed", "write it out")
        elif getattr(event, "tag", None) and not isinstance(event, yaml.DocumentStartEvent):
            problems.add(place, "tag", "tags (!) are not allowed", "quote the text")


def _converted(node: yaml.Node, problems: Problems) -> Node:
    place = Place(node.start_mark.line + 1, node.start_mark.column + 1)
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
            problems.add(key.place, "duplicate-key", f"`{key.text}` stands here twice; first on line {first}")
            continue
        seen[key.text] = key.place
        entries.append((key, _converted(value_node, problems)))
    return Keys(tuple(entries), place)
