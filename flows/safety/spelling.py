"""How a message is compared with the lexicons: its words, however they were typed. Pure.

Case, accents, apostrophes, drawn-out and spaced-out letters, digits for letters and punctuation inside
words make no difference. Sentence ends stay, as a dot between words. A few pictures are words (`emojigun`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping

from engine.nearest import one_slip

END = "."
"""The token that stands between sentences, and at both ends of a message."""

_LOOKALIKES = str.maketrans("013457@$!", "oieastasi")
_PICTURES = str.maketrans(
    {
        picture: f" emoji{name} "
        for name, pictures in {
            "skull": "💀☠",
            "gun": "🔫",
            "knife": "🔪🗡",
            "coffin": "⚰🪦",
            "pill": "💊",
            "rope": "🪢",
            "blood": "🩸",
        }.items()
        for picture in pictures
    }
)
"""Pictures that are kept as words; all others say nothing."""
_APOSTROPHES = re.compile("['’‘`´]")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff]")
_DISGUISED = re.compile(r"(?=\w*[^\W\d_])[^\W_]+(?:[@$!][^\W\d_]+)*(?:[@$](?!\w))?")
"""A word with letters in it, and signs that stand for letters."""
_CLOCK_TIME = re.compile(r"\d{1,2}[ap]m")
"""Its digits are digits: "3pm" is no disguised word."""
_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")
_ENDS = re.compile(r"[!?;\n]+|(?<!\.)\.(?=\s|$)")
"""Three dots end nothing: "I want to... die"."""
_SPACED_OUT = re.compile(r"(?<!\S)(?:[^\W\d_] ){3,}[^\W\d_](?!\S)")
_LONG_WORD = 6
_GLUED = 8
_LONGEST_GLUED = 60
_LONGEST_KNOWN = 15


def words_of(
    text: str,
    spellings: Mapping[str, str],
    slips: Collection[str] = (),
    known: Collection[str] = (),
    whole: Collection[str] = (),
) -> list[str]:
    """The words of a message in order, with `END` before, between and after its sentences.

    `spellings`: misspelt word -> word. `slips`: words that one wrong, missing, added or exchanged letter
    does not hide. `known`: words that are found again when they were written in one. `whole`: further words
    that are what they are.
    """
    plain = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold().translate(_PICTURES)
    plain = "".join(one for one in unicodedata.normalize("NFD", plain) if unicodedata.category(one) != "Mn")
    plain = _DISGUISED.sub(_undisguised, _APOSTROPHES.sub("", plain))
    plain = _DRAWN_OUT.sub(r"\1", plain)
    said = [END]
    for sentence in _ENDS.split(plain):
        words = [part for word in _words(sentence) for part in _mended(word, spellings, slips, known, whole)]
        said += [*words, END] if words else []
    return said


def _undisguised(word: re.Match[str]) -> str:
    return word[0] if _CLOCK_TIME.fullmatch(word[0]) else word[0].translate(_LOOKALIKES)


def _words(sentence: str) -> list[str]:
    plain = " ".join(re.sub(r"[^\w\s]|_", " ", sentence).split())
    return _SPACED_OUT.sub(lambda run: run[0].replace(" ", ""), plain).split()


def _mended(
    word: str,
    spellings: Mapping[str, str],
    slips: Collection[str],
    known: Collection[str],
    whole: Collection[str],
) -> list[str]:
    if spelt := spellings.get(word):
        return spelt.split()
    if len(word) < _LONG_WORD - 1 or word in known or word in whole:
        return [word]
    if slip := next((right for right in slips if one_slip(word, right)), None):
        return [slip]
    return _apart(word, known) or [word]


def _apart(word: str, known: Collection[str]) -> list[str]:
    """A long word taken apart into known ones ("killmyself"), the fewest; empty if that cannot be done."""
    if len(word) < _GLUED or not known:
        return []
    best: dict[int, list[str]] = {0: []}
    for end in range(1, min(len(word), _LONGEST_GLUED) + 1):
        for start in range(max(0, end - _LONGEST_KNOWN), end):
            if start in best and word[start:end] in known:
                parts = [*best[start], word[start:end]]
                if end not in best or len(parts) < len(best[end]):
                    best[end] = parts
    return best.get(len(word), [])
