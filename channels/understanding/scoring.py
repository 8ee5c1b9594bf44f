"""Scores a text with trained weights, in plain Python: no numpy in the server. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable

from channels.understanding.features import counts, tokens
from channels.understanding.weights import Block, Weights


class Scorer:
    """The trained classifier. Holds no text and learns nothing."""

    def __init__(self, weights: Weights, *, also_known: Iterable[str] = ()) -> None:
        """`also_known`: names of services, people and places; they must not count as strange words."""
        self._weights = weights
        self._known = frozenset(token for text in also_known for token in tokens(text))

    def scores(self, text: str) -> dict[str, float]:
        """Intent -> confidence from 0 to 1.

        They sum to the share of words that the classifier knows: the stranger the words, the less sure
        it may be. The words of `ignoring`, such as a time found in the text, count as known.
        """
        weights = self._weights
        sums = list(weights.bias)
        for block, grams in zip((weights.words, weights.letters), counts(text), strict=True):
            _add(sums, block, grams)
        top = max(sums)
        powers = [math.exp(value - top) for value in sums]
        scale = self.known_share(text) / sum(powers)
        return {intent: power * scale for intent, power in zip(weights.intents, powers, strict=True)}

    def known_share(self, text: str) -> float:
        """The share of words that occur in some phrase; numbers are always known."""
        words = tokens(text)
        strange = sum(not (word[0].isdigit() or self._knows(word)) for word in words)
        return 1.0 - strange / len(words) if words else 1.0

    def _knows(self, word: str) -> bool:
        return word in self._weights.words.idf or word in self._known


def _add(sums: list[float], block: Block, grams: dict[str, float]) -> None:
    """Add what the grams of one block, scaled to length one, speak for each intent."""
    values = {gram: count * block.idf[gram] for gram, count in grams.items() if gram in block.idf}
    length = math.sqrt(sum(value * value for value in values.values())) or 1.0
    for gram, value in values.items():
        share = value / length
        for position, weight in enumerate(block.rows[gram]):
            sums[position] += share * weight
