"""The answer with which a longer message begins: "Yes, that works. Where is it?" is a yes. Pure.

What counts is exact words of the lexicon up to a punctuation mark, or what a classifier makes of the first
sentence. It never hears a yes with a reservation ("yes, but not so early") or in mere acknowledgement
("okay, and where is it?").
"""

from __future__ import annotations

import re
from collections.abc import Collection

from engine.events import Reading
from engine.narrow import COMMITS
from engine.vocabulary import COMMITTING, Vocabulary, normalise

_END_OF_CLAUSE = re.compile(r"[.,;:!?\n–—]+")
_END_OF_SENTENCE = re.compile(r"(?<=\w\w)\s*[.!?\n]+(?!\d)")
_SENTENCE_IS_OVER = re.compile(r"[.!\n]\s*$")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
MOST_SENTENCES = 3
"""Nobody begins with more than three sentences before the answer."""


def sentences(text: str) -> list[str]:
    """The first sentences of a message, each with its punctuation; empty when there is only one."""
    ends = [found.end() for found in _END_OF_SENTENCE.finditer(text) if text[found.end() :].strip()]
    starts = [0, *ends]
    return [text[start:end].strip() for start, end in zip(starts, ends, strict=False)][:MOST_SENTENCES]


def opening_answer(
    vocabulary: Vocabulary, text: str, reading: Reading, answers: Collection[str]
) -> str | None:
    """Which of the answers, which are intents, a message begins with beyond doubt, whatever follows."""
    return _exact(vocabulary, text, answers) or _as_read(vocabulary, text, reading, answers)


def has_reservations(vocabulary: Vocabulary, text: str, answers: Collection[str]) -> bool:
    """Whether a message begins with an answer and then takes it back: "yes, but not so early"."""
    phrases, rest = _lead(vocabulary, text, answers)
    return bool(phrases) and _holds_back(vocabulary, text, rest)


def _exact(vocabulary: Vocabulary, text: str, answers: Collection[str]) -> str | None:
    """The answer that the first clauses are in the words of the lexicon."""
    phrases, rest = _lead(vocabulary, text, answers)
    intents = {vocabulary.lexicon[phrase] for phrase in phrases}
    if len(intents) != 1 or all(phrase in vocabulary.acknowledgements for phrase in phrases):
        return None
    intent = intents.pop()
    return None if intent in COMMITTING and _holds_back(vocabulary, text, rest) else intent


def _lead(vocabulary: Vocabulary, text: str, answers: Collection[str]) -> tuple[list[str], str]:
    """The answers among the first clauses, as far as these are words of the lexicon, and what follows."""
    phrases: list[str] = []
    rest = text
    while rest.strip():
        end = _END_OF_CLAUSE.search(rest)
        clause, behind = (rest[: end.start()], rest[end.end() :]) if end else (rest, "")
        more = _phrases(vocabulary, normalise(clause).split())
        if not more or (end and "?" in end[0]):
            break
        phrases += [phrase for phrase in more if vocabulary.lexicon[phrase] in answers]
        rest = behind
    return phrases, rest


def _as_read(vocabulary: Vocabulary, text: str, reading: Reading, answers: Collection[str]) -> str | None:
    """The answer that a classifier sees in the first sentence that says anything."""
    rest = text
    for sentence, scores in zip(sentences(text), reading.sentences, strict=False):
        rest = rest.partition(sentence)[2]
        if all(word in vocabulary.acknowledgements for word in _WORD.findall(normalise(sentence))):
            continue
        intent, confidence = scores[0] if scores else (None, 0.0)
        held_back = intent in COMMITTING and _holds_back(vocabulary, text, rest)
        clear = not sentence.endswith("?") and confidence >= COMMITS and not held_back
        return intent if intent in answers and clear else None
    return None


def _holds_back(vocabulary: Vocabulary, text: str, rest: str) -> bool:
    """Whether the same sentence goes on with a reservation, the next begins with one, or a mind changes."""
    goes_on = not _SENTENCE_IS_OVER.search(text.removesuffix(rest))
    next_words = _WORD.findall(normalise(_END_OF_SENTENCE.split(rest, maxsplit=1)[0]))
    reserved = any(word in vocabulary.reservations for word in (next_words if goes_on else next_words[:1]))
    return reserved or any(word in vocabulary.changes_of_mind for word in _WORD.findall(normalise(rest)))


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
