"""flows/understanding.yaml -> what can be understood. Strict: every mistake is reported with its place.

It knows no classifier: each gets its phrases and synonyms from here as plain data.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import FlowError
from engine.model import Place
from engine.narrow import NONE_OF_THESE
from engine.nearest import nearest
from engine.vocabulary import Command, EntityKind, Vocabulary, normalise
from flows.strict_yaml import Items, Keys, Node, Problems, Text, read_yaml

SHIPPED = Path(__file__).with_name("understanding.yaml")

SYSTEM_KINDS = ("date-time", "number", "repetition", "any", "words")
"""Entities whose values need no list. `any` takes whatever words are given where it is expected, unless they
are about something else; `words` takes them whatever they are about, and shows them to no classifier."""
READ_HERE = frozenset({"repetition", "words"})
"""Those of them that no classifier finds, so that none has to know them."""

_SECTIONS = ("language", "intents", "entities", "lexicon", "commands")
_MAY_BE_MISSING = (
    *("reservations", "changes_of_mind", "acknowledgements", "always_heard"),
    *("positions", "around_positions"),
)
_ENTITY_KEYS = ("about", "dialogflow", "given_as", "personal", "system", "values")
_MARKED = re.compile(r"\[([^\[\]]+)\]\((\w+)\)")
_STRAY_MARK = re.compile(r"\]\([^)]*|\[[^\]]*\](?!\()|\[[^\]]*$")
_PLACE = re.compile(r"\{(\w+)\}")
LANGUAGES = frozenset({"en", "es"})
"""What the offline classifier and the word lists can read."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a training phrase; `entity` says what it is a value of."""

    text: str
    entity: str | None = None


@dataclass(frozen=True, slots=True)
class Phrase:
    """One training phrase."""

    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """Read as a person would write it."""
        return "".join(part.text for part in self.parts)


@dataclass(frozen=True, slots=True)
class EntityValues:
    """How values of one entity look."""

    about: str
    dialogflow: str
    """Its name in Dialogflow, such as `service-type`."""
    system: str | None
    """One of `SYSTEM_KINDS`, or None when the values are listed."""
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Value -> synonyms."""
    personal: bool = False
    """It tells something private, such as an address or an illness: kept out of Dialogflow's logs."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """All of flows/understanding.yaml."""

    language: str
    vocabulary: Vocabulary
    phrases: Mapping[str, tuple[Phrase, ...]]
    entities: Mapping[str, EntityValues]

    @property
    def training_texts(self) -> dict[str, tuple[str, ...]]:
        """Intent -> texts, for the offline classifier."""
        return {intent: tuple(phrase.text for phrase in phrases) for intent, phrases in self.phrases.items()}

    @property
    def synonyms(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """Entity -> value -> synonyms, for the entities whose values are listed."""
        return {name: dict(entity.values) for name, entity in self.entities.items() if entity.values}


def load_understanding(path: Path = SHIPPED) -> Understanding:
    """Read the file. Raises `FlowError` with every mistake in it."""
    problems = Problems(path.name)
    node = read_yaml(path, problems)
    if problems.issues or node is None:
        raise FlowError(problems.issues)
    understanding = _Reader(problems).read(node)
    if problems.issues:
        raise FlowError(problems.issues)
    return understanding


class _Reader:
    """Turns nodes into data and notes what does not fit."""

    def __init__(self, problems: Problems) -> None:
        self._note = problems.add
        self._said: dict[str, str] = {}
        """Phrases as they are said, each with the intent that it stands under."""

    def read(self, node: Node) -> Understanding:
        sections = {key.text: value for key, value in self._keys(node, _SECTIONS + _MAY_BE_MISSING)}
        for missing in [name for name in _SECTIONS if name not in sections]:
            self._note(node.place, "missing-section", f"`{missing}` is missing from this file")
        kinds, entities = self._entities(sections.get("entities"))
        phrases = {
            intent.text: self._phrases(intent, block, kinds)
            for intent, block in self._keys(sections.get("intents"))
        }
        self._check_language(sections.get("language"))
        if "intents" in sections and NONE_OF_THESE not in phrases:
            self._note(node.place, "missing-intent", f"without `{NONE_OF_THESE}` every message would match")
        vocabulary = Vocabulary(
            intents=tuple(phrases),
            lexicon=self._lexicon(sections.get("lexicon"), phrases),
            commands=self._commands(sections.get("commands"), entities),
            entities=kinds,
            reservations=self._words(sections.get("reservations")),
            always_heard=self._words(sections.get("always_heard")),
            changes_of_mind=self._words(sections.get("changes_of_mind")),
            acknowledgements=self._words(sections.get("acknowledgements")),
            positions=self._positions(sections.get("positions")),
            around_positions=self._words(sections.get("around_positions")),
        )
        return Understanding(self._text(sections.get("language")), vocabulary, phrases, entities)

    def _phrases(self, intent: Text, block: Node, kinds: Mapping[str, EntityKind]) -> tuple[Phrase, ...]:
        """One phrase a line; empty lines do not count."""
        lines = [(number, line.strip()) for number, line in enumerate(self._text(block).split("\n"), start=1)]
        phrases = tuple(
            self._phrase(line, Place(block.place.line + number, 1), kinds) for number, line in lines if line
        )
        for number, line in lines:
            said = _MARKED.sub(r"\1", line).casefold()
            if said and said in self._said:
                message = f"this phrase stands under `{self._said[said]}` already"
                place = Place(block.place.line + number, 1)
                self._note(place, "repeated-phrase", message, "keep one of the two")
            self._said.setdefault(said, intent.text)
        if not phrases:
            self._note(intent.place, "no-phrases", f"`{intent.text}` has no phrases to learn from")
        return phrases

    def _check_language(self, node: Node | None) -> None:
        """Dialogflow's names begin with ISO 639-1's, with a country behind some of them."""
        language = self._text(node).partition("-")[0]
        if node is not None and language not in LANGUAGES:
            message = f"`{language}` is no language that can be read here"
            self._note(node.place, "unknown-language", message, f"known: {', '.join(sorted(LANGUAGES))}")

    def _phrase(self, line: str, place: Place, kinds: Mapping[str, EntityKind]) -> Phrase:
        """`text [words](entity) text`, split at the marks."""
        parts: list[Part] = []
        end = 0
        for mark in _MARKED.finditer(line):
            if mark[2] not in kinds:
                self._unknown(place, "entity", mark[2], kinds)
            parts += [Part(line[end : mark.start()]), Part(mark[1], mark[2])]
            end = mark.end()
        if stray := _STRAY_MARK.search(line, end):
            message = f"this phrase has a mark that does not end: `{stray[0]}`"
            self._note(place, "stray-mark", message, "write marks as [words](entity)")
        parts.append(Part(line[end:]))
        return Phrase(tuple(part for part in parts if part.text))

    def _entities(self, node: Node | None) -> tuple[dict[str, EntityKind], dict[str, EntityValues]]:
        kinds: dict[str, EntityKind] = {}
        entities: dict[str, EntityValues] = {}
        for name, described in self._keys(node):
            fields = {key.text: value for key, value in self._keys(described, _ENTITY_KEYS)}
            system = self._text(fields["system"]) if "system" in fields else None
            if system is not None and system not in SYSTEM_KINDS:
                self._unknown(fields["system"].place, "kind", system, SYSTEM_KINDS)
            if ("values" in fields) == (system is not None):
                self._note(name.place, "entity-values", f"`{name.text}` needs either `values` or `system`")
            for needed in [key for key in ("about", "dialogflow", "given_as") if key not in fields]:
                self._note(name.place, "missing-key", f"`{name.text}` has no `{needed}`")
            kinds[name.text] = EntityKind(
                name.text, self._text(fields.get("given_as")), system == "any", system == "words"
            )
            values = {value.text: self._texts(words) for value, words in self._keys(fields.get("values"))}
            about, dialogflow = self._text(fields.get("about")), self._text(fields.get("dialogflow"))
            personal = self._yes_or_no(fields.get("personal"))
            entities[name.text] = EntityValues(about, dialogflow, system, values, personal)
        return kinds, entities

    def _yes_or_no(self, node: Node | None) -> bool:
        said = self._text(node)
        if node is not None and said not in {"true", "false"}:
            self._note(node.place, "not-true-or-false", f"`{said}` is neither true nor false")
        return said == "true"

    def _lexicon(self, node: Node | None, intents: Mapping[str, object]) -> dict[str, str]:
        lexicon: dict[str, str] = {}
        for intent, words in self._keys(node):
            if intent.text not in intents:
                self._unknown(intent.place, "intent", intent.text, intents)
            for word in self._texts(words):
                said = normalise(word)
                if lexicon.setdefault(said, intent.text) != intent.text:
                    taken = lexicon[said]
                    self._note(intent.place, "two-meanings", f"`{word}` means `{taken}` already")
        return lexicon

    def _commands(self, node: Node | None, entities: Mapping[str, EntityValues]) -> tuple[Command, ...]:
        """An event that only commands mean needs no phrases to learn from."""
        commands: list[Command] = []
        of = {kind: {name for name, one in entities.items() if one.system == kind} for kind in SYSTEM_KINDS}
        for event, phrases in self._keys(node):
            for phrase in self._texts(phrases):
                places = frozenset(_PLACE.findall(phrase))
                for name in sorted(places - set(entities)):
                    self._unknown(event.place, "entity", name, entities)
                words, times = places & (of["any"] | of["words"]), places & of["date-time"]
                commands.append(Command(event.text, phrase, words, times))
        return tuple(commands)

    def _positions(self, node: Node | None) -> dict[str, int]:
        """`first: 1`, and `last: -1` counted from the end."""
        positions: dict[str, int] = {}
        for word, place in self._keys(node):
            number = self._text(place)
            if not number.lstrip("-").isdecimal() or int(number) == 0:
                self._note(
                    place.place, "not-a-position", f"`{number}` is no place in a list", "write 1, 2 or -1"
                )
                continue
            positions[normalise(word.text)] = int(number)
        return positions

    def _keys(self, node: Node | None, known: tuple[str, ...] = ()) -> list[tuple[Text, Node]]:
        if node is None:
            return []
        if not isinstance(node, Keys):
            self._note(node.place, "not-a-mapping", "names with values are expected here")
            return []
        for key, _ in node:
            if known and key.text not in known:
                self._unknown(key.place, "key", key.text, known)
        return list(node)

    def _words(self, node: Node | None) -> frozenset[str]:
        return frozenset(normalise(word) for word in self._texts(node)) if node else frozenset()

    def _texts(self, node: Node) -> tuple[str, ...]:
        if not isinstance(node, Items):
            self._note(node.place, "not-a-list", "a list is expected here", "write [a, b]")
            return ()
        return tuple(self._text(item) for item in node.items)

    def _text(self, node: Node | None) -> str:
        if node is None:
            return ""
        if not isinstance(node, Text):
            self._note(node.place, "not-text", "text is expected here")
            return ""
        return node.text

    def _unknown(self, place: Place, what: str, name: str, known: Collection[str]) -> None:
        self._note(place, f"unknown-{what}", f"there is no {what} `{name}`", nearest(name, known))
