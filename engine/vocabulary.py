"""The words that need no classifier, and what an entity given by itself means. Pure.

Holds what flows/understanding.yaml says; it never reads that file and never guesses.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from engine.events import Value

_CURLY = str.maketrans({"‘": "'", "’": "'", "`": "'", "\u00b4": "'", "“": '"', "”": '"'})
_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\ufeff]")
"""Zero-width characters, variation selectors and skin tones: they change looks, not meaning."""
_EDGES = " \t.,;:!?\"'()[]-–—_*~…"
COMMITTING = frozenset({"yes", "approve", "decline"})
"""Intents of answers that book something or refuse it."""
_PLACE = re.compile(r"\{(\w+)\}")


def normalise(text: str) -> str:
    """The text as it is compared: lower case, plain quotes, single blanks, no punctuation around it.

    Letters drawn out ("yesss", "noooo") count once. Normalising twice changes nothing.
    """
    before = None
    while text != before:
        before, text = text, _normalised_once(text)
    return text


def _normalised_once(text: str) -> str:
    plain = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold().translate(_CURLY)
    return " ".join(_DRAWN_OUT.sub(r"\1", plain).split()).strip(_EDGES)


def is_question(text: str) -> bool:
    """Whether it ends as a question."""
    return text.rstrip(" \t\n!.…)\"'").endswith("?")


@dataclass(frozen=True, slots=True)
class EntityKind:
    """One kind of thing that a message may give."""

    name: str
    given_as: str
    """The event that its being given alone means, such as `give.time`."""
    free_text: bool = False
    """Any words at all are a value where it is expected, as with an address."""
    verbatim: bool = False
    """Whatever is said where it is expected is a value, word for word, and no classifier gets to see it."""


@dataclass(frozen=True)
class Command:
    """A fixed phrase with a few places in it, such as `approve #{request}`."""

    event: str
    phrase: str
    words: frozenset[str] = frozenset()
    """Its places that take any words, exactly as they were written."""
    times: frozenset[str] = frozenset()
    """Its places whose values a classifier finds. All other places take a number."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The phrase with a group for every place; only around numbers may a blank be missing."""
        parts = _PLACE.split(self.phrase)
        blank = r"\\s+" if self.words or self.times else r"\\s*"
        fixed = [re.sub(r"\s+", blank, re.escape(part.casefold()).replace(r"\ ", " ")) for part in parts[::2]]
        groups = [self._group(name) for name in parts[1::2]]
        return re.compile("".join(a + b for a, b in zip(fixed, [*groups, ""], strict=True)), self._flags)

    def _group(self, name: str) -> str:
        if name in self.times:
            return ".+"
        return rf"(?P<{name}>.+)" if name in self.words else rf"(?P<{name}>\d{{1,9}})"

    @property
    def _flags(self) -> re.RegexFlag:
        return re.IGNORECASE | re.DOTALL if self.words else re.ASCII

    def values(self, text: str, said: str | None = None) -> Mapping[str, Value] | None:
        """What a text fills into the places that take numbers and words, or None if it is not this command.

        A question names no number to act on: "approve 12?" is none. `said`: the text normalised, if known.
        """
        if _PLACE.search(self.phrase) and not self.words and is_question(text):
            return None
        plain = text.strip().translate(_CURLY) if self.words else said or normalise(text)
        found = self.pattern.fullmatch(plain)
        if not found:
            return None
        return {
            name: said.strip() if name in self.words else str(int(said))
            for name, said in found.groupdict().items()
        }


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything that can be understood."""

    intents: tuple[str, ...]
    lexicon: Mapping[str, str] = field(default_factory=dict)
    """Normalised text -> intent."""
    commands: tuple[Command, ...] = ()
    entities: Mapping[str, EntityKind] = field(default_factory=dict)
    reservations: frozenset[str] = frozenset()
    """Words after which a yes is no plain yes, such as "but"."""
    changes_of_mind: frozenset[str] = frozenset()
    """Words that take a yes back even a sentence later, such as "instead"."""
    acknowledgements: frozenset[str] = frozenset()
    """What agrees when it stands alone, and means little before something else, such as "okay"."""
    always_heard: frozenset[str] = frozenset()
    """Intents whose exact words are never taken for words to somebody else."""
    positions: Mapping[str, int] = field(default_factory=dict)
    """Word -> which option of a list it means; 1 is the first, -1 the last."""
    around_positions: frozenset[str] = frozenset()
    """What may stand beside such a word, such as "the" and "one"."""

    def position(self, said: str) -> int | None:
        """Which option normalised text means, if it says its place in the list and nothing else."""
        left = [word for word in said.split() if word not in self.around_positions]
        return self.positions.get(left[0]) if len(left) == 1 else None

    def exact(self, text: str) -> str | None:
        """The intent of which a text is an exact word. A question answers nothing: "approve?" is none."""
        intent = self.lexicon.get(normalise(text))
        return None if intent in COMMITTING and is_question(text) else intent

    def command(
        self, text: str, events: Collection[str] | None = None
    ) -> tuple[Command, Mapping[str, Value]] | None:
        """The first command that a text is, with its values. `events`: only those that mean one of these."""
        said = normalise(text)
        for command in self.commands:
            if events is None or command.event in events:
                values = command.values(text, said)
                if values is not None:
                    return command, values
        return None
