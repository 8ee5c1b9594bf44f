"""Whom a client asks for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows.therapist_names import asked_for, asks_for_another, asks_for_anybody, turned_down
from storage.practice import Therapist

ANNA = Therapist(code="anna", name="Anna Berg", zone="UTC", address="chat:a", offers=(), hours=())
BOTH = (ANNA, replace(ANNA, code="anne", name="Anne Berg-Osei"))


@pytest.mark.parametrize(
    "text",
    ["with anna", "on friday with Anna please", "can I see anna", "Dr. Berg at 3", "Anna Berg", "con anna"],
)
def test_a_therapist_is_asked_for_by_name(text: str) -> None:
    assert asked_for(text, (ANNA,)) is ANNA


@pytest.mark.parametrize(
    "text", ["this is anna", "anna here", "with annabel", "with my bergamot", "", "friday", "with joanna"]
)
def test_a_name_alone_asks_for_nobody(text: str) -> None:
    assert asked_for(text, (ANNA,)) is None


def test_a_name_that_fits_two_asks_for_neither() -> None:
    assert asked_for("with dr berg", BOTH) is None
    assert asked_for("with anne", BOTH) is BOTH[1]


@pytest.mark.parametrize("text", ["with anybody", "any therapist", "anyone is fine", "whoever is free"])
def test_somebody_may_take_anybody(text: str) -> None:
    assert asks_for_anybody(text)


@pytest.mark.parametrize(
    "text", ["somebody else please", "another therapist", "anyone else?", "a different one", "otra terapeuta"]
)
def test_somebody_may_want_another_one(text: str) -> None:
    assert asks_for_another(text)
    assert not asks_for_anybody(text)


@pytest.mark.parametrize("text", ["friday", "with anna", "my body hurts", ""])
def test_other_words_say_nothing_of_it(text: str) -> None:
    assert not asks_for_anybody(text)
    assert not asks_for_another(text)


@pytest.mark.parametrize(
    "text",
    [
        "not with anna",
        "I don't want to see Dr Berg",
        "anybody but not with anna",
        "without Anna Berg",
        "except Anna Berg",
    ],
)
def test_somebody_may_be_turned_down(text: str) -> None:
    assert turned_down(text, (ANNA,)) is ANNA
    assert asked_for(text, (ANNA,)) is None


@pytest.mark.parametrize(
    "text", ["with anna", "not on friday, with anna", "no, with anna", "I can't wait, see anna"]
)
def test_who_is_asked_for_is_not_turned_down(text: str) -> None:
    assert turned_down(text, (ANNA,)) is None
    assert asked_for(text, (ANNA,)) is ANNA
