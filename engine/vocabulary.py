"""The words that need no classifier, and what an entity given by itself means. Pure.

Holds what flows/understanding.yaml says; it never reads that file and never guesses.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
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


@dataclass(frozen=True)
class Command:
    """A fixed phrase with at most a few numbers in it, such as `approve #{request}`."""

    event: str
    phrase: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The phrase, normalised, with a group of digits for every place."""
        parts = _PLACE.split(self.phrase)
        words = [
            re.sub(r"\s+", r"\\s*", re.escape(part.casefold()).replace(r"\ ", " ")) for part in parts[::2]
        ]
        groups = [rf"(?P<{name}>\d{{1,9}})" for name in parts[1::2]]
        return re.compile("".join(a + b for a, b in zip(words, [*groups, ""], strict=True)), re.ASCII)

    def values(self, said: str) -> Mapping[str, Value] | None:
        """What normalised text fills into the places, or None if it is not this command."""
        found = self.pattern.fullmatch(said)
        return {name: str(int(number)) for name, number in found.groupdict().items()} if found else None


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

    def command(self, text: str) -> tuple[str, Mapping[str, Value]] | None:
        """The event and values of the first command that a text is; a question is none."""
        said = "" if is_question(text) else normalise(text)
        for command in self.commands:
            values = command.values(said)
            if values is not None:
                return command.event, values
        return None
