"""The language in which the lexicons are written, and how its phrases are looked for. Pure.

    kill|hurt      one of these words            {myself}   one of the entries of a group
    suicid*        whatever begins so            really?    may be missing; (a|b)? likewise
    ..             up to three other words       ^ and $    the beginning and the end of a sentence

Only whole words match, within one sentence.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from typing import TypeAlias

from flows.safety.spelling import END

Groups = Mapping[str, "Choices"]

_LONGEST_GAP = 3
_PLACE = re.compile(r"(?:\((?P<many>[^()]+)\)|(?P<one>[^?()]+))(?P<optional>\?)?")
_WORD = re.compile(r"[^\W_]+\*?")
_GROUP = re.compile(r"\{(\w+)\}")


class BadPhrase(ValueError):
    """A phrase of a lexicon that cannot be read; says why."""


class Choices:
    """Words, or words in a row, of which any will do."""

    def __init__(self, entries: Iterable[str]) -> None:
        """Raises BadPhrase for what is no word."""
        self._plain: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
        self._beginnings: list[tuple[str, tuple[str, ...]]] = []
        self.words: set[str] = set()
        for entry in entries:
            parts = tuple(entry.split())
            if not parts or not all(map(_WORD.fullmatch, parts)):
                raise BadPhrase(f"`{entry}` is no word")
            self.words.update(part for part in parts if not part.endswith("*"))
            if parts[0].endswith("*"):
                self._beginnings.append((parts[0][:-1], parts[1:]))
            else:
                self._plain[parts[0]].append(parts[1:])

    def firsts(self) -> tuple[Iterable[str], Iterable[str]]:
        """The words with which an entry begins, and the beginnings of such words."""
        return self._plain, [beginning for beginning, _ in self._beginnings]

    @cached_property
    def needed(self) -> frozenset[str] | None:
        """The words of which one has to be there; None where other words may begin an entry, too."""
        return None if self._beginnings else frozenset(self._plain)

    def ends(self, said: Sequence[str], at: int) -> Iterator[int]:
        """Where each entry ends that stands at this place."""
        word = said[at]
        for rest in self._plain.get(word, ()):
            if _stands(rest, said, at + 1):
                yield at + 1 + len(rest)
        for beginning, rest in self._beginnings:
            if word.startswith(beginning) and _stands(rest, said, at + 1):
                yield at + 1 + len(rest)


def _stands(rest: Sequence[str], said: Sequence[str], at: int) -> bool:
    if at + len(rest) > len(said):
        return False
    return all(
        word.startswith(part[:-1]) if part.endswith("*") else word == part
        for part, word in zip(rest, said[at : at + len(rest)], strict=True)
    )


@dataclass(frozen=True, slots=True)
class Part:
    """One place of a phrase; without choices it is a gap."""

    choices: tuple[Choices, ...]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase."""

    parts: tuple[Part, ...]
    begins: bool
    """Only at the beginning of a sentence."""
    ends: bool
    """Only at the end of one."""

    @classmethod
    def read(cls, text: str, groups: Groups) -> Phrase:
        """Read it as it is written in a lexicon. Raises BadPhrase."""
        places = text.removeprefix("^").removesuffix("$").split()
        if not places or ".." in (places[0], places[-1]):
            raise BadPhrase("a phrase begins and ends with words")
        parts = tuple(Part(()) if place == ".." else _part(place, groups) for place in places)
        if all(part.optional for part in parts):
            raise BadPhrase("a phrase needs a word that may not be missing")
        return cls(parts, text.startswith("^"), text.endswith("$"))

    def end(self, said: Sequence[str], at: int) -> int | None:
        """Where it ends if it stands at this place."""
        if self.begins and said[at - 1] != END:
            return None
        return next((end for end in self._ends(said, at, 0) if not self.ends or said[end] == END), None)

    def _ends(self, said: Sequence[str], at: int, part: int) -> Iterator[int]:
        if part == len(self.parts):
            yield at
            return
        here = self.parts[part]
        if not here.choices:
            for gap in range(_LONGEST_GAP + 1):
                yield from self._ends(said, at + gap, part + 1)
                if said[at + gap] == END:
                    return
            return
        if said[at] != END:
            for choices in here.choices:
                for end in choices.ends(said, at):
                    yield from self._ends(said, end, part + 1)
        if here.optional:
            yield from self._ends(said, at, part + 1)


def _part(place: str, groups: Groups) -> Part:
    read = _PLACE.fullmatch(place)
    if read is None:
        raise BadPhrase(f"`{place}` cannot be read")
    plain: list[str] = []
    choices: list[Choices] = []
    for choice in (read["many"] or read["one"]).split("|"):
        group = _GROUP.fullmatch(choice)
        if group is None:
            plain.append(choice)
        elif group[1] in groups:
            choices.append(groups[group[1]])
        else:
            raise BadPhrase(f"there is no group `{group[1]}`")
    if plain:
        choices.append(_any_of(tuple(plain)))
    return Part(tuple(choices), bool(read["optional"]))


@cache
def _any_of(words: tuple[str, ...]) -> Choices:
    """One of these words. The same few stand in most phrases of a lexicon."""
    return Choices(words)


_Candidate: TypeAlias = tuple[str, Phrase, frozenset[str] | None]
"""A phrase, what it stands for, and words of which it needs one."""


class Phrases:
    """Many phrases with what each stands for, looked for together."""

    def __init__(self, phrases: Iterable[tuple[str, Phrase]]) -> None:
        """`phrases`: a name, such as that of a rule, and the phrase."""
        self._by_word: defaultdict[str, list[_Candidate]] = defaultdict(list)
        self._by_beginning: defaultdict[str, list[_Candidate]] = defaultdict(list)
        listed = [(name, phrase, _needed(phrase)) for name, phrase in phrases]
        frequency = Counter(chain.from_iterable(words for _, _, needed in listed for words in needed))
        how_frequent = cache(lambda words: sum(map(frequency.__getitem__, words)))
        for name, phrase, needed in listed:
            needs = min(needed, key=how_frequent, default=None)
            for part in phrase.parts:
                for choices in part.choices:
                    words, beginnings = choices.firsts()
                    for word in words:
                        self._by_word[word].append((name, phrase, needs))
                    for beginning in beginnings:
                        self._by_beginning[beginning].append((name, phrase, needs))
                if not part.optional:
                    break

    def found(self, said: Sequence[str]) -> Iterator[tuple[str, int, int]]:
        """Every phrase that stands somewhere: its name, where it begins and where it ends."""
        present = set(said)
        for at, word in enumerate(said):
            candidates = [*self._by_word.get(word, ())]
            for beginning, phrases in self._by_beginning.items():
                if word.startswith(beginning):
                    candidates += phrases
            for name, phrase, needs in candidates:
                if needs is not None and needs.isdisjoint(present):
                    continue  # nearly all: one look at its rarest words spares the whole comparison
                end = phrase.end(said, at)
                if end is not None:
                    yield name, at, end


def _needed(phrase: Phrase) -> list[frozenset[str]]:
    """For each place that may not be missing: the words of which one has to be there."""
    needed = []
    for part in phrase.parts:
        words = [choices.needed for choices in part.choices if choices.needed is not None]
        if part.choices and not part.optional and len(words) == len(part.choices):
            needed.append(words[0].union(*words[1:]))
    return needed
