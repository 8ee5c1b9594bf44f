"""Finds values that are listed with synonyms, such as kinds of service, and numbers of requests. Pure.

Tolerates case, hyphens and one slip in a long word. It never invents a value that is not listed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from engine.events import Value
from engine.nearest import one_slip
from engine.vocabulary import normalise

LONG_WORD: Final = 6
"""Letters from which one slip is forgiven; in shorter words a slip is too often another word."""
_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)?|,|\.")
_DENIALS: Final = frozenset({"not", "without", "except", "no"})
_BETWEEN: Final = frozenset({"a", "an", "the", "at", "in", "on", "to", "any"})
_REQUEST: Final = re.compile(
    r"#\s?(\d{1,9})\b|\brequest(?: no\.?| number| nr\.?)? #?(\d{1,9})\b", re.IGNORECASE
)


_Synonyms: TypeAlias = Mapping[str, Sequence[tuple[tuple[str, ...], str]]]
"""First letter -> the words of a synonym, and the value that they name."""


class _Match(NamedTuple):
    words: int
    position: int
    value: str


class EntityFinder:
    """Knows the values of some entities by their synonyms."""

    def __init__(self, entities: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        """`entities`: entity -> value -> synonyms. A value's own name is a synonym, too."""
        self._synonyms = {entity: _by_first_letter(values) for entity, values in entities.items()}

    def find(self, text: str) -> dict[str, Value]:
        """The value of each entity that the text names, by its longest synonym.

        Two of them ("the difference between in-call and out-call") name none: nobody has chosen yet.
        """
        words = _words(text)
        found: dict[str, Value] = {}
        for entity, synonyms in self._synonyms.items():
            matches = list(_matches(words, synonyms))
            if len(values := _named(matches)) == 1:
                found[entity] = values.pop()
        if number := _REQUEST.search(text):
            found["request"] = str(int(number[1] or number[2]))
        return found


def _named(matches: list[_Match]) -> set[str]:
    """The values that are named; what lies within a longer name is part of that."""
    values: set[str] = set()
    taken: set[int] = set()
    for match in sorted(matches, key=lambda match: (-match.words, match.position)):
        place = set(range(match.position, match.position + match.words))
        if not place & taken:
            values.add(match.value)
            taken |= place
    return values


def _by_first_letter(values: Mapping[str, Sequence[str]]) -> _Synonyms:
    """No slip is forgiven in the first letter, so only these few have to be compared with a word."""
    letters: defaultdict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
    for value, synonyms in values.items():
        for synonym in (value.replace("_", " "), *synonyms):
            if words := tuple(_words(synonym)):
                letters[words[0][0]].append((words, value))
    return letters


def _words(text: str) -> list[str]:
    return _WORD.findall(normalise(text).replace("-", " "))


def _matches(words: list[str], synonyms: _Synonyms) -> Iterator[_Match]:
    for start, word in enumerate(words):
        candidates = synonyms.get(word[0])
        if not candidates or _denied(words[:start]):
            continue
        for synonym, value in candidates:
            if _same(words[start : start + len(synonym)], synonym):
                yield _Match(len(synonym), start, value)


def _denied(before: list[str]) -> bool:
    """`not at the clinic` does not name the clinic; `no, at the clinic` does."""
    while before and before[-1] in _BETWEEN:
        before = before[:-1]
    return bool(before) and before[-1] in _DENIALS


def _same(said: list[str], synonym: tuple[str, ...]) -> bool:
    if len(said) != len(synonym):
        return False
    if len(synonym) == 1 and said[0].rstrip("s") == synonym[0].rstrip("s"):
        return said[0] == synonym[0]  # "a couple of days" is not about couples
    return all(word == other or _nearly(word, other) for word, other in zip(said, synonym, strict=True))


def _nearly(word: str, other: str) -> bool:
    """Whether a long word has one slip in it, never in its first letter; or a short one lacks its plural."""
    if min(len(word), len(other)) < LONG_WORD or word[0] != other[0]:
        return f"{word}s" == other or word == f"{other}s"
    return one_slip(word, other)
