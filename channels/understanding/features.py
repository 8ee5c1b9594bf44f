"""Text -> what the offline classifier counts. The same for training and for reading, and pure.

Times and numbers stay as written: how people word them tells much about what they want.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from engine.vocabulary import normalise

LONGEST = 512
"""Characters read of a message. Longer ones say what they want at the start, or nothing we could use."""

_SPELLED_OUT = {
    "u": "you",
    "r": "are",
    "ur": "your",
    "pls": "please",
    "plz": "please",
    "plse": "please",
    "appt": "appointment",
    "appts": "appointments",
    "apt": "appointment",
    "appointmnt": "appointment",
    "apointment": "appointment",
    "appoinment": "appointment",
    "tmrw": "tomorrow",
    "tmr": "tomorrow",
    "tomorow": "tomorrow",
    "tommorow": "tomorrow",
    "tomorrows": "tomorrow",
    "thx": "thanks",
    "thanx": "thanks",
    "tnx": "thanks",
    "wanna": "want to",
    "gonna": "going to",
    "gotta": "got to",
    "gimme": "give me",
    "lemme": "let me",
    "cuz": "because",
    "im": "i am",
    "ive": "i have",
    "id": "i would",
    "ill": "i will",
    "dont": "do not",
    "doesnt": "does not",
    "didnt": "did not",
    "cant": "can not",
    "cannot": "can not",
    "couldnt": "could not",
    "wont": "will not",
    "wouldnt": "would not",
    "isnt": "is not",
    "arent": "are not",
    "whats": "what is",
    "whens": "when is",
    "wheres": "where is",
    "hows": "how is",
    "thats": "that is",
    "thatll": "that will",
    "lets": "let us",
    "theres": "there is",
    "can't": "can not",
    "won't": "will not",
    "let's": "let us",
}
_ENDINGS = (
    (re.compile(r"\b(\w+)n't\b"), r"\1 not"),
    (re.compile(r"\b(\w+)'re\b"), r"\1 are"),
    (re.compile(r"\b(\w+)'ll\b"), r"\1 will"),
    (re.compile(r"\b(\w+)'ve\b"), r"\1 have"),
    (re.compile(r"\b(\w+)'d\b"), r"\1 would"),
    (re.compile(r"\b(i)'m\b"), r"\1 am"),
    (re.compile(r"\b(it|that|this|what|who|where|when|how|he|she|there|here)'s\b"), r"\1 is"),
)
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_TOKEN = re.compile(rf"{_WORD.pattern}|[?]|[\u2600-\u27bf\U0001f300-\U0001faff]")


def tokens(text: str) -> list[str]:
    """Words as they are compared: short forms spelled out; question marks and pictures are words, too."""
    asks = "?" in text[:LONGEST]
    said = normalise(text[:LONGEST])
    words = [_SPELLED_OUT.get(word, word) for word in said.split()]
    spelled = " ".join(words)
    for ending, full in _ENDINGS:
        spelled = ending.sub(full, spelled)
    found = [part for token in _TOKEN.findall(spelled) for part in _SPELLED_OUT.get(token, token).split()]
    return [*found, "?"] if asks and "?" not in found else found


def word_grams(words: list[str]) -> Iterator[str]:
    """Single words and pairs, with where the text begins and ends."""
    padded = ["<", *words, ">"]
    yield from padded[1:-1]
    for left, right in pairwise(padded):
        yield f"{left} {right}"


def letter_grams(words: list[str]) -> Iterator[str]:
    """Runs of two to four characters within words, blanks around each: they survive typing errors."""
    for word in words:
        padded = f" {word} "
        for length in (2, 3, 4):
            for start in range(max(len(padded) - length + 1, 1)):
                yield padded[start : start + length]


def counts(text: str) -> tuple[dict[str, float], dict[str, float]]:
    """Damped counts (1 + ln n) of word grams and of letter grams."""
    words = tokens(text)
    return _damped(word_grams(words)), _damped(letter_grams(words))


def _damped(grams: Iterator[str]) -> dict[str, float]:
    return {gram: 1.0 + math.log(count) for gram, count in Counter(grams).items()}
