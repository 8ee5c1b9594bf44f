"""The answer with which a longer message begins: "Yes, that works. Where is it?" is a yes. Pure.

Only exact words of the lexicon count, and only up to the first punctuation mark. It never hears a yes
with a reservation ("yes, but not so early") or in mere acknowledgement ("okay, and where is it?").
"""

from __future__ import annotations

import re

from engine.vocabulary import Vocabulary, normalise

_END_OF_CLAUSE = re.compile(r"[.,;:!?\n–—]+")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


def opening_answer(vocabulary: Vocabulary, text: str) -> str | None:
    """The intent of a message's first clauses, if that is clear beyond doubt whatever follows them."""
    phrases: list[str] = []
    rest = text
    while rest.strip():
        end = _END_OF_CLAUSE.search(rest)
        clause, behind = (rest[: end.start()], rest[end.end() :]) if end else (rest, "")
        more = _phrases(vocabulary, normalise(clause).split())
        if not more or (end and "?" in end[0]):
            break
        if phrases and vocabulary.lexicon[more[0]] != vocabulary.lexicon[phrases[0]]:
            break
        phrases += more
        rest = behind
    intents = {vocabulary.lexicon[phrase] for phrase in phrases}
    if len(intents) != 1 or all(phrase in vocabulary.acknowledgements for phrase in phrases):
        return None
    if any(word in vocabulary.reservations for word in _WORD.findall(normalise(rest))):
        return None
    return intents.pop()


def _phrases(vocabulary: Vocabulary, words: list[str]) -> list[str]:
    """The words as phrases of the lexicon, the longest first; none if any word is left over."""
    phrases: list[str] = []
    while words:
        ends = range(len(words), 0, -1)
        length = next((end for end in ends if " ".join(words[:end]) in vocabulary.lexicon), 0)
        if not length:
            return []
        phrases.append(" ".join(words[:length]))
        words = words[length:]
    return phrases
