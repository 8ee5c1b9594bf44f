"""Reads a classifier's scores in the light of a state: which intents mean something here. Pure.

It never raises an intent that the state does not hear, and never makes "none of these" impossible.
"""

from __future__ import annotations

from collections.abc import Collection

from engine.events import Reading
from engine.vocabulary import COMMITTING

NONE_OF_THESE = "out.of.scope"
"""The classifier's word for "this is about something else"."""

LOW = 0.3
"""Below it nothing was understood. With the shipped phrases about 4 % of unrelated messages reach it; it
belongs to them and is to be measured again when they change much (`bench/understanding.py`)."""
COMMITS = 0.5
"""What an answer needs that books something or refuses it: a mistaken "yes" costs more than a question."""
STARTS = 0.4
"""What it needs to begin a booking: whoever writes of their distress in other words has not asked for one."""
STARTING = frozenset({"book.appointment"})


def threshold(intent: str, *, given: bool = False) -> float:
    """The confidence from which an intent is acted upon; `given`: a time or a place came with it."""
    if intent in COMMITTING:
        return COMMITS
    return STARTS if intent in STARTING and not given else LOW


def narrow(reading: Reading, allowed: Collection[str]) -> tuple[tuple[str, float], ...]:
    """The scores of the allowed intents and of "none of these", best first.

    They are scaled so that their sum stays that of the reading: what unknown words took away from the
    classifier's confidence stays taken away.
    """
    kept = [
        (intent, score) for intent, score in reading.scores if intent in allowed or intent == NONE_OF_THESE
    ]
    weight = sum(score for _, score in kept)
    if weight <= 0:
        return ()
    whole = sum(score for _, score in reading.scores)
    scaled = ((intent, min(score / weight * whole, 1.0)) for intent, score in kept)
    return tuple(sorted(scaled, key=lambda scored: -scored[1]))
