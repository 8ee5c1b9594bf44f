"""Reads a file of phrases strictly: sections, groups of words, phrases. What does not fit is noted.

It knows how such a file is written and nothing of what its sections mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.model import Place
from flows.safety.phrases import BadPhrase, Choices, Phrase
from flows.strict_yaml import Items, Keys, Node, Problems, Text


class WordList:
    """One file's sections, of which each is read when it is asked for."""

    def __init__(
        self, node: Node, problems: Problems, *, known: Sequence[str], needed: Sequence[str], kind: str
    ) -> None:
        """Note sections that are not `known`, and `needed` ones that are missing. `kind`: what this is."""
        self._problems = problems
        self._sections = dict(self._pairs(node))
        for name in [name for name in needed if name not in self._sections]:
            problems.add(node.place, "missing-section", f"there is no `{name}`: nobody would be heard by it")
        for name in sorted(set(self._sections) - set(known)):
            problems.add(node.place, "unknown-key", f"`{name}` means nothing in {kind}")
        self._groups = {name: self._choices(value) for name, value in self.pairs("groups")}

    def text(self, section: str) -> str:
        """A section that is one text; empty if there is none."""
        node = self._sections.get(section)
        return node.text if isinstance(node, Text) else ""

    def place(self, section: str) -> Place:
        """Where a section stands that is there."""
        return self._sections[section].place

    def texts(self, section: str) -> list[str]:
        """A section that is a list of texts."""
        return self._texts(self._sections.get(section))

    def pairs(self, section: str) -> list[tuple[str, Node]]:
        """A section of names, each with what it holds."""
        return self._pairs(self._sections.get(section))

    def named_texts(self, section: str) -> list[tuple[str, list[str]]]:
        """A section of names, each with a list of texts."""
        return [(name, self._texts(node)) for name, node in self.pairs(section)]

    def phrases(self, section: str) -> list[Phrase]:
        """A section that is a list of phrases."""
        return self._phrases(self._sections.get(section))

    def named_phrases(self, section: str) -> list[tuple[str, Phrase]]:
        """A section of names, each with a list of phrases: every phrase with its name."""
        return [(name, phrase) for name, node in self.pairs(section) for phrase in self._phrases(node)]

    def _choices(self, node: Node) -> Choices:
        try:
            return Choices(self._texts(node))
        except BadPhrase as error:
            self._problems.add(node.place, "bad-phrase", f"this group cannot be used: {error}")
            return Choices(())

    def _phrases(self, node: Node | None) -> list[Phrase]:
        found = []
        for phrase in self._text_nodes(node):
            try:
                found.append(Phrase.read(phrase.text, self._groups))
            except BadPhrase as error:
                self._problems.add(phrase.place, "bad-phrase", f"this phrase cannot be used: {error}")
        return found

    def _pairs(self, node: Node | None) -> list[tuple[str, Node]]:
        if node is None:
            return []
        if not isinstance(node, Keys):
            self._problems.add(node.place, "no-keys", "here names are expected, each with what it holds")
            return []
        return [(key.text, value) for key, value in node]

    def _texts(self, node: Node | None) -> list[str]:
        return [text.text for text in self._text_nodes(node)]

    def _text_nodes(self, node: Node | None) -> list[Text]:
        items = node.items if isinstance(node, Items) else (node,) if node else ()
        for item in items:
            if not isinstance(item, Text):
                self._problems.add(item.place, "no-text", "here a phrase is expected")
        return [item for item in items if isinstance(item, Text)]


def words_in(phrases: Iterable[Phrase]) -> frozenset[str]:
    """The words that occur in phrases."""
    different = {choices for phrase in phrases for part in phrase.parts for choices in part.choices}
    return frozenset().union(*(choices.words for choices in different))
