"""Does somebody want no more messages, or want them again? Whole sentences, no model, no network.

It goes before everything but the crisis screen, in every state. Only what was plainly said is acted on; a
client who may have meant it is asked, by flows.yaml. Twilio's own opt-out is heard here too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import FlowError
from engine.events import Event, Heard
from flows.safety.phrases import Phrases
from flows.safety.spelling import END, words_of
from flows.safety.word_list import WordList, words_in
from flows.strict_yaml import Node, Problems, read_yaml

STOP = "stop"
"""Somebody wants no more messages."""
MAY_STOP = "may_stop"
"""A client may want no more messages, and has to be asked."""
START = "start"
"""Somebody wants them again."""
OPTED_OUT_ELSEWHERE = "opted_out_elsewhere"
"""They told Twilio, which has answered already or has refused a message since."""
OPTED_IN_ELSEWHERE = "opted_in_elsewhere"
ANSWERED_ELSEWHERE = "answered_elsewhere"
"""They asked Twilio for help and got it."""
NEWS_WITHHELD = "news_withheld"
"""Something that was to be said was not, as the person wants no messages."""

ELSEWHERE: Mapping[str, str] = {
    "STOP": OPTED_OUT_ELSEWHERE,
    "START": OPTED_IN_ELSEWHERE,
    "HELP": ANSWERED_ELSEWHERE,
}
"""What Twilio's Advanced Opt-Out made of a message -> the event."""
TOLD_TWILIO = "twilio"
"""How the ledger says it."""
REFUSED = "error "
"""Likewise, before the code of Twilio's, where it refused a message."""
EVENTS = frozenset({STOP, MAY_STOP, START, *ELSEWHERE.values()})
CLIENT = "client"
"""The flow of those who are asked; a therapist who writes so may speak of a client."""
SHIPPED = Path(__file__).parent
_PHRASES = ("stop", "stop_alone", "beside", "perhaps", "not_perhaps", "start", "start_alone")
_SECTIONS = ("language", "groups", "fuzzy", *_PHRASES)
YES = frozenset({"yes", "yeah", "yep", "ok", "okay", "sure", "si"})
AND = "and"
_CLEAREST_FIRST = (STOP, START, MAY_STOP)


@dataclass(frozen=True, slots=True)
class Wordings:
    """How it is said in one language."""

    slips: tuple[str, ...]
    known: frozenset[str]
    """The words that occur in phrases."""
    sentences: Phrases
    """Each named after its event; they hold wherever they stand as a sentence."""
    alone: Phrases
    """Likewise, but only if nothing else is said in the message."""
    beside: Phrases
    """Sentences that say nothing else, such as thanks and complaints."""
    doubts: Phrases
    """With one of these in the message nobody may have meant to have no more messages."""

    def events(self, text: str) -> set[str]:
        """Every event that a text may be."""
        said = words_of(text, {}, self.slips, self.known)
        found = {name for name, _, _ in self.sentences.found(said)}
        found |= self._said_alone(said)
        if not found and self._is_stop_and_yes(said):
            found.add(MAY_STOP)
        if MAY_STOP in found and any(self.doubts.found(said)):
            found.discard(MAY_STOP)
        return found

    def _is_stop_and_yes(self, said: Sequence[str]) -> bool:
        """Whether the first sentence says so and a yes follows: "Stop! Yes" is no yes to anything."""
        beginning = said.index(END) + 1
        if not any(name == STOP and start == beginning for name, start, _ in self.alone.found(said)):
            return False
        rest = [word for word in said[beginning:] if word != AND]
        behind = rest[rest.index(END) + 1 :]
        return bool(behind) and behind[0] in YES

    def _said_alone(self, said: Sequence[str]) -> set[str]:
        """The events of which each sentence is one, or says nothing else: "Stop. Stop. Thanks"."""
        alone: dict[str, set[int]] = {}
        for name, start, _ in self.alone.found(said):
            alone.setdefault(name, set()).add(start)
        if not alone:
            return set()
        starts = {place + 1 for place, word in enumerate(said[:-1]) if word == END}
        rest = {start for _, start, _ in self.beside.found(said)}
        return {name for name, places in alone.items() if starts <= places | rest}


@dataclass(frozen=True, slots=True)
class ConsentScreen:
    """All languages at once."""

    languages: Sequence[Wordings]

    @classmethod
    def load(cls, folder: Path = SHIPPED) -> ConsentScreen:
        """Read every language. Raises FlowError with every mistake."""
        languages, issues = [], []
        for path in sorted(folder.glob("??.yaml")):
            problems = Problems(f"{folder.name}/{path.name}")
            node = read_yaml(path, problems)
            languages += [_wordings(node, problems)] if node else []
            issues += problems.issues
        if issues:
            raise FlowError(issues)
        return cls(languages)

    def __call__(self, heard: Heard) -> Event | None:
        """See engine.ports.Screen."""
        if elsewhere := ELSEWHERE.get(str(heard.data.get("opt_out"))):
            return Event(elsewhere, {"how": TOLD_TWILIO})
        if heard.kind == "tap" or not heard.text:
            return None
        found = {event for wordings in self.languages for event in wordings.events(heard.text)}
        if heard.flow != CLIENT:
            found.discard(MAY_STOP)
        event = next((event for event in _CLEAREST_FIRST if event in found), None)
        return Event(event) if event else None


def _wordings(node: Node, problems: Problems) -> Wordings:
    """Read how it is said in one language, and note what does not fit."""
    words = WordList(node, problems, known=_SECTIONS, needed=("stop", "start"), kind="wordings")
    phrases = {name: words.phrases(name) for name in _PHRASES}
    slips = tuple(words.texts("fuzzy"))
    return Wordings(
        slips,
        words_in(phrase for found in phrases.values() for phrase in found) | frozenset(slips),
        Phrases(
            (event, phrase)
            for event, name in ((STOP, "stop"), (MAY_STOP, "perhaps"), (START, "start"))
            for phrase in phrases[name]
        ),
        Phrases((name, phrase) for name in (STOP, START) for phrase in phrases[f"{name}_alone"]),
        Phrases(("beside", phrase) for phrase in phrases["beside"]),
        Phrases(("doubt", phrase) for phrase in phrases["not_perhaps"]),
    )
