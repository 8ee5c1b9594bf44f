"""Training phrases as Dialogflow wants them: every value of an entity marked as one. Pure.

Its console marks values by itself, its API does not. What flows/understanding.yaml marks stays marked;
elsewhere a listed value is. Two values of one entity in a phrase are a comparison or a correction, and no
choice: neither is marked. It never changes a phrase: the parts joined are exactly what was written.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from flows.vocabulary import EntityValues, Part, Phrase

_DENIED = re.compile(r"\b(?:not|no|without|except)\s+(?:(?:a|an|the|at|in|on|to|any)\s+)*$", re.IGNORECASE)


class Annotator:
    """Knows the listed values of all entities by their synonyms."""

    def __init__(self, entities: Mapping[str, EntityValues]) -> None:
        """`entities`: by name, as in flows/understanding.yaml."""
        self._words = {
            name: pattern for name, entity in entities.items() if (pattern := _pattern(entity)) is not None
        }

    def annotate(self, phrase: Phrase) -> Phrase:
        """The same phrase with its values marked."""
        parts = _without_comparisons(phrase.parts)
        for entity, words in self._words.items():
            if any(part.entity == entity for part in phrase.parts):
                continue
            found = [(part, place) for part in parts for place in _places(part, words)]
            if len(found) == 1:
                ((marked, place),) = found
                parts = tuple(
                    piece
                    for part in parts
                    for piece in (_split(part, entity, *place) if part is marked else [part])
                )
        return Phrase(parts)


def _without_comparisons(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    marks = Counter(part.entity for part in parts)
    return tuple(Part(part.text) if marks[part.entity] > 1 else part for part in parts)


def _pattern(entity: EntityValues) -> re.Pattern[str] | None:
    """Any synonym as whole words, the longest first; a hyphen may be a blank."""
    synonyms = {word for value, words in entity.values.items() for word in (value.replace("_", " "), *words)}
    if not synonyms:
        return None
    spelt = [
        r"[\s-]+".join(map(re.escape, re.split(r"[\s-]+", synonym)))
        for synonym in sorted(synonyms, key=lambda synonym: (-len(synonym), synonym))
    ]
    return re.compile(rf"(?<![\w-])(?:{'|'.join(spelt)})(?![\w-])", re.IGNORECASE)


def _places(part: Part, words: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Where a value stands in words that nothing has marked yet, unless it is denied there."""
    if part.entity is not None:
        return
    for found in words.finditer(part.text):
        if not _DENIED.search(part.text[: found.start()]):
            yield found.span()


def _split(part: Part, entity: str, start: int, end: int) -> list[Part]:
    pieces = [Part(part.text[:start]), Part(part.text[start:end], entity), Part(part.text[end:])]
    return [piece for piece in pieces if piece.text]
