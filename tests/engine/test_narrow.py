"""Narrowing a reading to what a state hears."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import Reading
from engine.narrow import COMMITS, LOW, NONE_OF_THESE, narrow, threshold

INTENTS = ["yes", "no", "help", "give.time", "book.appointment", NONE_OF_THESE]


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    """Scores that sum to at most one, as a classifier gives them."""
    weights = draw(st.lists(st.floats(0, 1), min_size=len(INTENTS), max_size=len(INTENTS)))
    known = draw(st.floats(0, 1))
    whole = sum(weights) or 1.0
    scores = [(intent, weight / whole * known) for intent, weight in zip(INTENTS, weights, strict=True)]
    return Reading(scores=tuple(sorted(scores, key=lambda scored: -scored[1])), read_by="test")


@given(readings(), st.sets(st.sampled_from(INTENTS)))
def test_an_intent_that_the_state_does_not_hear_is_gone(reading: Reading, allowed: set[str]) -> None:
    assert {intent for intent, _ in narrow(reading, allowed)} <= allowed | {NONE_OF_THESE}


@given(readings(), st.sets(st.sampled_from(INTENTS)))
def test_what_strange_words_took_away_stays_taken_away(reading: Reading, allowed: set[str]) -> None:
    left = narrow(reading, allowed)
    if left:
        before = sum(score for _, score in reading.scores)
        assert sum(score for _, score in left) == pytest.approx(before, abs=1e-9)


@given(readings(), st.sets(st.sampled_from(INTENTS)))
def test_the_order_of_what_is_left_does_not_change(reading: Reading, allowed: set[str]) -> None:
    left = [intent for intent, _ in narrow(reading, allowed)]
    kept = [intent for intent, _ in reading.scores if intent in allowed or intent == NONE_OF_THESE]
    assert left in ([], kept)


@given(readings(), st.sets(st.sampled_from(INTENTS)))
def test_every_score_stays_a_confidence(reading: Reading, allowed: set[str]) -> None:
    assert all(0 <= score <= 1 for _, score in narrow(reading, allowed))


def test_none_of_these_stays_possible_in_every_state() -> None:
    reading = Reading(scores=((NONE_OF_THESE, 0.7), ("book.appointment", 0.2), ("yes", 0.1)), read_by="test")
    intent, confidence = narrow(reading, {"yes", "no"})[0]
    assert intent == NONE_OF_THESE
    assert confidence == pytest.approx(0.875)


def test_nothing_read_stays_nothing() -> None:
    assert narrow(Reading(scores=(), read_by="test"), {"yes"}) == ()


def test_an_answer_that_commits_needs_more_than_another() -> None:
    assert threshold("yes") == threshold("approve") == COMMITS
    assert threshold("give.time") == LOW < COMMITS
