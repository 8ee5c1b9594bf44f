"""Values found by their synonyms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.understanding.entities import EntityFinder
from flows.vocabulary import load_understanding

SYNONYMS = load_understanding().synonyms
LISTED = {value for values in SYNONYMS.values() for value in values}
FINDER = EntityFinder(SYNONYMS)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("In-Call please", "in-call"),
        ("incall", "in-call"),
        ("an out call", "out-call"),
        ("could you do home visits?", "home visit"),
        ("at home", "home visit"),
        ("the clinic", "clinic visit"),
        ("at the clnic visit", None),
        ("not at the clinic, at my place", "home visit"),
        ("nothing of that", None),
    ],
)
def test_where_the_session_is(text: str, value: str | None) -> None:
    assert FINDER.find(text).get("service_type") == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("couples therapy", "couples"),
        ("cuples therapy", "couples"),
        ("coupels theraphy", "couples"),
        ("my wife and I", "couples"),
        ("in a couple of days", None),
        ("I have panic attacks", "anxiety"),
        ("cognitive behavioral therapy", "cbt"),
        ("family-therapy", "family"),
    ],
)
def test_what_the_session_is_for(text: str, value: str | None) -> None:
    assert FINDER.find(text).get("service_description") == value


def test_the_longest_synonym_wins() -> None:
    finder = EntityFinder({"kind": {"child": ["child"], "play": ["child play group"], "group": ["group"]}})
    assert finder.find("a child play group") == {"kind": "play"}


@pytest.mark.parametrize("text", ["request 12", "approve #12 please", "the request no. 12", "request #012"])
def test_the_number_of_a_request(text: str) -> None:
    assert FINDER.find(text)["request"] == "12"


@given(st.text())
def test_no_value_is_invented(text: str) -> None:
    assert all(value in LISTED for name, value in FINDER.find(text).items() if name != "request")
