"""The crisis screen: does a message sound as if somebody may be in danger? No model, no network.

It goes before everything else, in every state, and errs on the side of answering: a needless answer costs
little. It never assesses anybody: it finds words that a person has reviewed, in `flows/safety/*.yaml`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import FlowError
from engine.events import Event, Heard
from flows.lengths import MESSAGE, units
from flows.safety.helplines import LONGEST_NUMBERS, Helplines
from flows.safety.phrases import Phrases
from flows.safety.spelling import words_of
from flows.safety.word_list import WordList, words_in
from flows.strict_yaml import Node, Problems, read_yaml

CRISIS = "crisis"
"""The event of somebody who may be in danger."""
SHIPPED = Path(__file__).parent
BLANK = "~"
"""Stands where an idiom stood: no phrase matches it."""
KINDS = ("explicit", "third_person", "oblique")
"""What a lexicon tells apart, the plainest first."""
_SECTIONS = (
    *("language", "reply", "reply_untold", "common", "groups", "fuzzy", "spellings", "not_a_crisis"),
    *KINDS,
), kind="a lexicon")
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
    return Lexicon(
        language=words.text("language"),
        reply=reply,
        reply_untold=untold,
        common=frozenset(words.texts("common")),
        spellings=spellings,
        slips=slips,
        known=words_in(phrase for found in rules.values() for _, phrase in found) | frozenset(slips),
        idioms=Phrases(("idiom", phrase) for phrase in words.phrases("not_a_crisis")),
        rules={kind: Phrases(found) for kind, found in rules.items()},
    )
