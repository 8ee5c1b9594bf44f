"""The crisis screen: does a message sound as if somebody may be in danger? No model, no network.

It goes before everything else, in every state, and errs on the side of answering: a needless answer costs
little. It never assesses anybody: it finds words that a person has reviewed, in `flows/safety/*.yaml`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import FlowError
from engine.events import Event, Heard, Value
from flows.lengths import MESSAGE, check_lengths, units
from flows.safety.helplines import LONGEST_NUMBERS, Helplines
from flows.safety.phrases import Phrases
from flows.safety.spelling import words_of
from flows.safety.word_list import WordList, words_in
from flows.strict_yaml import Node, Problems, read_yaml
from flows.template_limits import check_titles
from flows.texts import other_words

CRISIS = "crisis"
"""The event of somebody who may be in danger."""
SHIPPED = Path(__file__).parent
BLANK = "~"
"""Stands where an idiom stood: no phrase matches it."""
KINDS = ("explicit", "third_person", "oblique")
"""What a lexicon tells apart, the plainest first."""
_SECTIONS = (
    *("language", "common", "reply", "reply_untold", "afterwards", "options"),
    *("groups", "fuzzy", "spellings"),
    *("not_a_crisis", "unless_followed_by", "asked_about", "unless_claimed"),
    *KINDS,
)
_BESIDE = {
    "idioms": "not_a_crisis",
    "spoilers": "unless_followed_by",
    "questions": "asked_about",
    "claims": "unless_claimed",
}
"""Where a lexicon has what is passed over, and what forbids it."""


@dataclass(frozen=True, slots=True)
class Concern:
    """Why a message was taken for one of somebody in danger."""

    language: str
    kind: str
    """One of `KINDS`."""
    rule: str
    """The rule of the lexicon, for the record: `explicit.overdose`."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language's words, ready to be looked for."""

    language: str
    reply: str
    """What such a message is answered with; `{emergency}` and `{helpline}` are filled in."""
    reply_untold: str
    """Likewise where nobody is told of it."""
    afterwards: Mapping[str, Value]
    """What follows, as flows.texts reads it: `OTHER_WORDS` for a conversation in another language."""
    common: frozenset[str]
    """Everyday words, which tell the language of a text that is heard in two."""
    spellings: Mapping[str, str]
    slips: tuple[str, ...]
    known: frozenset[str]
    """The words that occur in phrases."""
    whole: frozenset[str]
    """The words of whatever any language looks for: none of them is another one misspelt, or two in one."""
    idioms: Phrases
    spoilers: Phrases
    """What makes an idiom none where it follows: "(an overdose on chocolate) and sleeping pills"."""
    questions: Phrases
    """Whether something is treated: about nobody, unless somebody claims it."""
    claims: Phrases
    """What claims it: "I have them right now"."""
    rules: Mapping[str, Phrases]
    """By kind."""

    def heard(self, text: str) -> list[str]:
        """The words of a text as this language spells them."""
        return words_of(text, self.spellings, self.slips, self.known, self.whole)

    def concern(self, said: list[str]) -> Concern | None:
        """The plainest that is found."""
        for kind, phrases in self.rules.items():
            for rule, _, _ in phrases.found(said):
                return Concern(self.language, kind, f"{kind}.{rule}")
        return None

    def passed_over(self, said: list[str], *, claimed: bool) -> list[tuple[int, int]]:
        """From where to where nothing is looked for. `claimed`: in whichever language."""
        spoilt = {start for _, start, _ in self.spoilers.found(said)}
        idioms = [(start, end) for _, start, end in self.idioms.found(said) if end not in spoilt]
        return idioms if claimed else idioms + [(start, end) for _, start, end in self.questions.found(said)]

    def commonness(self, text: str) -> int:
        """How many everyday words of this language a text has."""
        return sum(word in self.common for word in words_of(text, {}, (), frozenset()))


@dataclass(frozen=True, slots=True)
class CrisisScreen:
    """All languages at once: a person in distress may write in any of them."""

    lexicons: Sequence[Lexicon]
    helplines: Helplines

    @classmethod
    def load(cls, folder: Path = SHIPPED) -> CrisisScreen:
        """Read every lexicon and the numbers to call. Raises FlowError with every mistake in them."""
        lexicons, issues = [], []
        for path in sorted(folder.glob("??.yaml")):
            problems = Problems(f"{folder.name}/{path.name}")
            node = read_yaml(path, problems)
            lexicons += [_lexicon(node, problems)] if node else []
            issues += problems.issues
        if issues:
            raise FlowError(issues)
        languages = [lexicon.language for lexicon in lexicons]
        whole = frozenset[str]().union(*(lexicon.whole for lexicon in lexicons))
        lexicons = [replace(lexicon, whole=whole) for lexicon in lexicons]
        return cls(lexicons, Helplines.load(folder / "lines.yaml", languages))

    def __call__(self, heard: Heard) -> Event | None:
        """See engine.ports.Screen. The event carries what is answered, in the language of the message."""
        concern = self.concern(written) if (written := heard.written) else None
        if concern is None:
            return None
        numbers = self.helplines.at(heard.address, concern.language)
        lexicon = next(one for one in self.lexicons if one.language == concern.language)
        replies = {"reply": lexicon.reply, "reply_untold": lexicon.reply_untold}
        for name, value in (("emergency", numbers.emergency), ("helpline", numbers.helpline)):
            replies = {key: reply.replace(f"{{{name}}}", value) for key, reply in replies.items()}
        told: dict[str, Value] = {"language": lexicon.language, "afterwards": dict(lexicon.afterwards)}
        return Event(CRISIS, {"rule": concern.rule, **replies, **told})

    def concern(self, text: str) -> Concern | None:
        """The plainest concern that a text gives in any language; None for nearly all.

        What is an idiom in one language is none in another either. The answer is in the language in which the
        text is written, whichever heard it.
        """
        said = {lexicon.language: lexicon.heard(text) for lexicon in self.lexicons}
        claimed = any(any(one.claims.found(said[one.language])) for one in self.lexicons)
        idioms = [
            (start, end, len(said[one.language]))
            for one in self.lexicons
            for start, end in one.passed_over(said[one.language], claimed=claimed)
        ]
        for words in said.values():
            for start, end, length in idioms:
                if len(words) == length:  # the same words, spelt otherwise
                    words[start:end] = [BLANK] * (end - start)
        found = [
            (KINDS.index(concern.kind), -lexicon.commonness(text), concern)
            for lexicon in self.lexicons
            if (concern := lexicon.concern(said[lexicon.language]))
        ]
        if not found:
            return None
        written = max(self.lexicons, key=lambda lexicon: lexicon.commonness(text))
        plainest = min(found, key=lambda one: one[:2])[2]
        heard_in = next(one for one in self.lexicons if one.language == plainest.language)
        is_other = written.commonness(text) > heard_in.commonness(text)
        return replace(plainest, language=written.language) if is_other else plainest


def _afterwards(words: WordList, problems: Problems) -> dict[str, Value]:
    """What follows the numbers, by the key of the text that it stands for; what does not fit is noted."""
    titles = {name: "".join(said) for name, said in words.named_texts("options")}
    texts = {name: "".join(said) for name, said in words.named_texts("afterwards")}
    check_titles(titles, problems.add)
    check_lengths(texts, problems.add)
    return {name: other_words(text, titles) for name, text in texts.items()}


def _lexicon(node: Node, problems: Problems) -> Lexicon:
    """Read a lexicon, and note what does not fit."""
    words = WordList(node, problems, known=_SECTIONS, needed=("reply", *KINDS), kind="a lexicon")
    reply = words.text("reply")
    untold = words.text("reply_untold") or reply
    for name, text in (("reply", reply), *((("reply_untold", untold),) if untold != reply else ())):
        if not ("{emergency}" in text and "{helpline}" in text):
            problems.add(node.place, "no-reply", f"`{name}` must name {{emergency}} and {{helpline}}")
        elif units(text) + 2 * LONGEST_NUMBERS > MESSAGE:
            message = (
                f"`{name}` leaves no {LONGEST_NUMBERS} characters each for {{emergency}} and {{helpline}}"
            )
            problems.add(words.place(name), "long-text", message, "say it in fewer")
    spellings = {wrong: right for right, typed in words.named_texts("spellings") for wrong in typed}
    rules = {kind: words.named_phrases(kind) for kind in KINDS}
    slips = tuple(words.texts("fuzzy"))
    known = words_in(phrase for found in rules.values() for _, phrase in found) | frozenset(slips)
    beside = {name: words.phrases(section) for name, section in _BESIDE.items()}
    return Lexicon(
        language=words.text("language"),
        reply=reply,
        reply_untold=untold,
        afterwards=_afterwards(words, problems),
        common=frozenset(words.texts("common")),
        spellings=spellings,
        slips=slips,
        known=known,
        whole=known.union(*map(words_in, beside.values())),
        **{name: Phrases((name, phrase) for phrase in phrases) for name, phrases in beside.items()},
        rules={kind: Phrases(found) for kind, found in rules.items()},
    )
