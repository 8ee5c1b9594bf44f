"""Somebody with nothing but the sentences that a person really wrote in a recorded dialogue.

Annotations decide only which sentence answers; no text is made and no value is mended. Sentences are used
in the order in which they were said, none twice.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

Dialogue: TypeAlias = dict[str, Any]
Moment: TypeAlias = tuple[str, str]
"""A day and a time, as the data write them."""

SLOTS = {"appointment_date", "appointment_time"}


@dataclass(frozen=True)
class Sentence:
    """What a person said in one turn, and what the annotators noted of it."""

    position: int
    text: str
    acts: frozenset[str]
    gives: frozenset[str]
    books: bool
    """Whether it asks for an appointment."""

    @classmethod
    def of(cls, position: int, turn: Sequence[Any]) -> Self:
        """From a turn of the data."""
        _, text, notes = turn
        acts = notes.get("acts") or []
        books = any(act[0] == "AFFIRM_INTENT" or "BookAppointment" in str(act[2:]) for act in acts)
        gives = frozenset(act[1] for act in acts if act[0] == "INFORM" and act[1] in SLOTS)
        return cls(position, text, frozenset(act[0] for act in acts), gives, books)

    @property
    def reacts(self) -> bool:
        """Whether it agrees to something or refuses it."""
        return bool(self.acts & {"AFFIRM", "NEGATE"})

    @property
    def settles(self) -> bool:
        """Whether it answers the question if a booking is right."""
        return self.reacts or bool(self.gives)


class Person:
    """Answers what the bot asks."""

    def __init__(self, dialogue: Dialogue) -> None:
        """Take the sentences said to the practice, and one said to others if only that names the day."""
        self.dialogue = dialogue
        turns = [(n, turn) for n, turn in enumerate(dialogue["turns"]) if turn[0] == "U"]
        self.sentences = [Sentence.of(n, turn) for n, turn in turns if turn[2].get("acts")]
        self.elsewhere = self._day_named_elsewhere(turns)
        self.said = -1
        """The position of the sentence that was said last."""
        calls = [n for n, turn in enumerate(dialogue["turns"]) if _books(turn)]
        self._last_request = calls[-1] if calls else 0
        given = {slot for sentence in self.sentences for slot in sentence.gives}
        self.names_all = given | ({"appointment_date"} if self.elsewhere else set()) == SLOTS
        """Whether day and time are anywhere in this person's words."""

    def _day_named_elsewhere(self, turns: Sequence[tuple[int, Any]]) -> Sentence | None:
        """The first sentence with the very words that were noted as the day, where it was never given."""
        if any("appointment_date" in sentence.gives for sentence in self.sentences):
            return None
        days = [
            day.lower() for _, turn in turns for day in turn[2].get("new", {}).get("appointment_date", ())
        ]
        others = ((n, turn) for n, turn in turns if turn[2].get("other"))
        named = (Sentence.of(n, turn) for n, turn in others if any(day in turn[1].lower() for day in days))
        return next(named, None)

    def answer(self, asked: str) -> str | None:
        """The sentence that answers, or None if this person has none.

        `asked`: "time", "confirm", "choice" among things this person knows nothing of, or "" for nothing.
        """
        if self.said < 0:
            return self._next(lambda sentence: sentence.position >= 0)
        match asked:
            case "confirm":
                return self._next(lambda sentence: sentence.settles, before=self._last_request)
            case "time":
                return self._time()
            case "":
                return self._next(lambda sentence: sentence.books or bool(sentence.gives))
        return None

    def _time(self) -> str | None:
        """What was said before anything had to be confirmed; else the day; else what comes next."""
        reactions = (one.position for one in self.sentences if one.position > self.said and one.reacts)
        before = next(reactions, self._last_request)
        if answer := self._next(lambda sentence: bool(sentence.gives), before=before):
            return answer
        if self.elsewhere:
            day, self.elsewhere = self.elsewhere, None
            return day.text
        return self._next(lambda sentence: bool(sentence.gives))

    def _next(self, suits: Callable[[Sentence], bool], before: int = sys.maxsize) -> str | None:
        for sentence in self.sentences:
            if self.said < sentence.position < before and suits(sentence):
                self.said = sentence.position
                return sentence.text
        return None

    def requests(self) -> list[Moment]:
        """The days and times asked for in the person's own words, in order."""
        return list(self._requests())

    def _requests(self) -> Iterator[Moment]:
        since = -1
        for position, turn in enumerate(self.dialogue["turns"]):
            if not _books(turn):
                continue
            own = any(since < sentence.position < position and sentence.gives for sentence in self.sentences)
            if own or since < 0:
                asked = turn[2]["call"][1]
                yield asked["appointment_date"], asked["appointment_time"]
            since = position


class Talker(Person):
    """Says every sentence in its order, whatever is asked, and picks only where a choice is offered."""

    def __init__(self, dialogue: Dialogue) -> None:
        """The sentence said to others takes its place, but this bot need not have listened to it."""
        super().__init__(dialogue)
        if self.elsewhere:
            self.names_all = False
            if self.elsewhere not in self.sentences:
                self.sentences = sorted([*self.sentences, self.elsewhere], key=lambda one: one.position)

    def answer(self, asked: str) -> str | None:
        """The next sentence."""
        return None if asked == "choice" else self._next(lambda sentence: sentence.position >= 0)

    @property
    def finished(self) -> bool:
        """Whether everything has been said."""
        return self.said == self.sentences[-1].position


def _books(turn: Sequence[Any]) -> bool:
    return bool((turn[2].get("call") or [""])[0] == "BookAppointment")
