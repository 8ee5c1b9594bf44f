"""The crisis screen: does a message sound as if somebody may be in danger? No model, no network.

It goes before everything else, in every state, and errs on the side of answering: a needless answer costs
little. It never assesses anybody: it finds words that a person has reviewed, in `flows/safety/*.yaml`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import FlowError
from engine.events import Event, Heard
from flows.lengths import MESSAGE, units
from flows.safety.helplines import LONGEST_NUMBERS, Helplines
from flows.safety.phrases import BadPhrase, Choices, Phrase, Phrases
from flows.safety.spelling import words_of
from flows.strict_yaml import Items, Keys, Node, Problems, Text, read_yaml

CRISIS = "crisis"
"""The event of somebody who may be in danger."""
SHIPPED = Path(__file__).parent
BLANK = "~"
"""Stands where an idiom stood: no phrase matches it."""
KINDS = ("explicit", "third_person", "oblique")
"""What a lexicon tells apart, the plainest first."""
_SECTIONS = ("language", "reply", "groups", "fuzzy", "spellings", "not_a_crisis", *KINDS)


@dataclass(frozen=True, slots=True)
class Concern:
    """Why a message was taken for one of somebody in danger."""

    language: str
    kind: str
    """One of `KINDS`."""
    rule: str
    """The rule of the lexicon, for the record: `explicit.overdose`."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language's words, ready to be looked for."""

    language: str
    reply: str
    """What such a message is answered with; `{emergency}` and `{helpline}` are filled in."""
    spellings: Mapping[str, str]
    slips: tuple[str, ...]
    known: frozenset[str]
    """The words that occur in phrases."""
    idioms: Phrases
    rules: Mapping[str, Phrases]
    """By kind."""

    def concern(self, text: str) -> Concern | None:
        """The plainest that is found."""
        said = words_of(text, self.spellings, self.slips, self.known)
        for _, start, end in list(self.idioms.found(said)):
            said[start:end] = [BLANK] * (end - start)
        for kind, phrases in self.rules.items():
            for rule, _, _ in phrases.found(said):
                return Concern(self.language, kind, f"{kind}.{rule}")
        return None


@dataclass(frozen=True, slots=True)
class CrisisScreen:
    """All languages at once: a person in distress may write in any of them."""

    lexicons: Sequence[Lexicon]
    helplines: Helplines

    @classmethod
    def load(cls, folder: Path = SHIPPED) -> CrisisScreen:
        """Read every lexicon and the numbers to call. Raises FlowError with every mistake in them."""
        lexicons, issues = [], []
        for path in sorted(folder.glob("??.yaml")):
            problems = Problems(f"{folder.name}/{path.name}")
            node = read_yaml(path, problems)
            lexicons += [_LexiconReader(problems).read(node)] if node else []
            issues += problems.issues
        if issues:
            raise FlowError(issues)
        return cls(lexicons, Helplines.load(folder / "lines.yaml"))

    def __call__(self, heard: Heard) -> Event | None:
        """See engine.ports.Screen. The event carries what is answered, in the language of the message."""
        concern = self.concern(heard.text) if heard.text else None
        if concern is None:
            return None
        numbers = self.helplines.at(heard.address)
        reply = next(one.reply for one in self.lexicons if one.language == concern.language)
        for name, value in (("emergency", numbers.emergency), ("helpline", numbers.helpline)):
            reply = reply.replace(f"{{{name}}}", value)
        return Event(CRISIS, {"rule": concern.rule, "reply": reply})

    def concern(self, text: str) -> Concern | None:
        """The plainest concern that a text gives in any language; None for nearly all."""
        found = [concern for lexicon in self.lexicons if (concern := lexicon.concern(text))]
        return min(found, key=lambda concern: KINDS.index(concern.kind), default=None)


class _LexiconReader:
    """Turns nodes into a lexicon, and notes what does not fit."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems

    def read(self, node: Node) -> Lexicon:
        sections = dict(self._pairs(node))
        for name in [name for name in ("reply", *KINDS) if name not in sections]:
            self._problems.add(
                node.place, "missing-section", f"there is no `{name}`: nobody would be heard by it"
            )
        for name in set(sections) - set(_SECTIONS):
            self._problems.add(node.place, "unknown-key", f"`{name}` means nothing in a lexicon")
        groups = {name: self._choices(value) for name, value in self._pairs(sections.get("groups"))}
        spellings = {
            wrong.text: right
            for right, value in self._pairs(sections.get("spellings"))
            for wrong in self._texts(value)
        }
        idioms = self._phrases("idiom", sections.get("not_a_crisis"), groups)
        rules = {
            kind: [
                found
                for name, value in self._pairs(sections.get(kind))
                for found in self._phrases(name, value, groups)
            ]
            for kind in KINDS
        }
        language, reply = sections.get("language"), sections.get("reply")
        if not (isinstance(reply, Text) and "{emergency}" in reply.text and "{helpline}" in reply.text):
            self._problems.add(node.place, "no-reply", "`reply` must name {emergency} and {helpline}")
        elif units(reply.text) + 2 * LONGEST_NUMBERS > MESSAGE:
            message = (
                f"`reply` leaves no {LONGEST_NUMBERS} characters each for {{emergency}} and {{helpline}}"
            )
            self._problems.add(reply.place, "long-text", message, "say it in fewer")
        slips = tuple(one.text for one in self._texts(sections.get("fuzzy")))
        known = {
            word
            for phrases in rules.values()
            for _, phrase in phrases
            for part in phrase.parts
            for choices in part.choices
            for word in choices.words
        }
        return Lexicon(
            language=language.text if isinstance(language, Text) else "",
            reply=reply.text if isinstance(reply, Text) else "",
            spellings=spellings,
            slips=slips,
            known=frozenset(known | set(slips)),
            idioms=Phrases(idioms),
            rules={kind: Phrases(found) for kind, found in rules.items()},
        )

    def _choices(self, node: Node) -> Choices:
        try:
            return Choices(entry.text for entry in self._texts(node))
        except BadPhrase as error:
            self._problems.add(node.place, "bad-phrase", f"this group cannot be used: {error}")
            return Choices(())

    def _phrases(
        self, name: str, node: Node | None, groups: Mapping[str, Choices]
    ) -> list[tuple[str, Phrase]]:
        found = []
        for phrase in self._texts(node):
            try:
                found.append((name, Phrase.read(phrase.text, groups)))
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

    def _texts(self, node: Node | None) -> list[Text]:
        items = node.items if isinstance(node, Items) else (node,) if node else ()
        for item in items:
            if not isinstance(item, Text):
                self._problems.add(item.place, "no-text", "here a phrase is expected")
        return [item for item in items if isinstance(item, Text)]
