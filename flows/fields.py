"""Reads a mapping key by key and notes what does not fit. It knows shapes, never what they mean."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from engine.model import NOWHERE, Name, Place
from engine.nearest import nearest
from flows.strict_yaml import Items, Keys, Node, Problems, Text


class Fields:
    """One mapping of a file. Whatever is missing or misshapen is noted, and reads as if it were empty."""

    def __init__(
        self, node: Node | None, what: str, problems: Problems, known: Collection[str] | None = None
    ) -> None:
        """`what` names it to its author. `known`: the only keys it may have; None allows any."""
        self.place = node.place if node else NOWHERE
        self._what = what
        self._problems = problems
        if not (node is None or isinstance(node, Keys) or (isinstance(node, Text) and node.empty)):
            self.note(node.place, "wrong-shape", f"{what} must hold names, each with a colon")
        entries = node.entries if isinstance(node, Keys) else ()
        self._entries = {key.text: (key.name, value) for key, value in entries}
        for key, _ in self._entries.values():
            if known is not None and key not in known:
                self.note(key.place, "unknown-key", f"`{key}` means nothing in {what}", nearest(key, known))

    def note(self, place: Place, code: str, message: str, hint: str = "") -> None:
        """Note one mistake."""
        self._problems.add(place, code, message, hint)

    def __iter__(self) -> Iterator[tuple[Name, Node]]:
        """Keys and values, in the file's order."""
        return iter(self._entries.values())

    def __contains__(self, key: str) -> bool:
        """Whether the key was written."""
        return key in self._entries

    def node(self, key: str) -> Node | None:
        """What was written, whatever its shape."""
        return self._entries[key][1] if key in self._entries else None

    def key(self, name: str) -> Name:
        """The key itself, which knows its place."""
        return self._entries[name][0]

    def section(self, key: str, known: Collection[str] | None = None) -> Fields:
        """A mapping within this one."""
        return Fields(self.node(key), f"`{key}` of {self._what}", self._problems, known)

    def text(self, key: str) -> Name | None:
        """One word or text."""
        node = self.node(key)
        return None if node is None else self._name(node, f"`{key}` of {self._what}")

    def names(self, key: str, *, distinct: bool = False) -> tuple[Name, ...]:
        """A list, or one word instead of a list of one."""
        node = self.node(key)
        if node is None:
            return ()
        nodes = node.items if isinstance(node, Items) else (node,)
        if not nodes:
            self.note(
                node.place, "empty-list", f"`{key}` of {self._what} is empty", "remove it or fill it in"
            )
        found: list[Name] = []
        for item in nodes:
            name = self._name(item, f"`{key}` of {self._what}")
            if name and distinct and name in found:
                self.note(name.place, "duplicate-item", f"`{name}` stands twice in `{key}`", "remove one")
            elif name:
                found.append(name)
        return tuple(found)

    def texts(self, key: str) -> dict[str, str]:
        """A mapping of names to names."""
        section = self.section(key)
        return {name: section.text(name) or "" for name, _ in section}

    def _name(self, node: Node, what: str) -> Name | None:
        if isinstance(node, Text) and node.text:
            return node.name
        self.note(node.place, "wrong-shape", f"{what} must be one word or text")
        return None
