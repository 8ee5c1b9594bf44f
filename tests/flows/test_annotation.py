"""Training phrases with their values marked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.annotation import Annotator
from flows.vocabulary import Part, Phrase, load_understanding

UNDERSTANDING = load_understanding()
ANNOTATOR = Annotator(UNDERSTANDING.entities)
ENTITIES = list(UNDERSTANDING.entities)
SYNONYMS = sorted(
    {word for values in UNDERSTANDING.synonyms.values() for words in values.values() for word in words}
)


def marked(*parts: Part | str) -> str:
    """The phrase as it would be written with marks."""
    phrase = Phrase(tuple(part if isinstance(part, Part) else Part(part) for part in parts))
    return "".join(
        f"[{part.text}]({part.entity})" if part.entity else part.text
        for part in ANNOTATOR.annotate(phrase).parts
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("can you come to my house", "can you come to [my house](service_type)"),
        ("Couples Therapy please", "[Couples Therapy](service_description) please"),
        ("a home-visit for my son", "a [home-visit](service_type) for [my son](service_description)"),
        ("in-call or out-call?", "in-call or out-call?"),
        ("not at the clinic", "not at the clinic"),
        ("no, at the clinic", "no, [at the clinic](service_type)"),
        ("the clinical director", "the clinical director"),
        ("hello", "hello"),
    ],
)
def test_listed_values_are_marked(text: str, expected: str) -> None:
    assert marked(text) == expected


def test_of_two_values_neither_is_marked() -> None:
    not_monday = ("not ", Part("Monday", "appointment_time"), ", ", Part("Tuesday", "appointment_time"))
    assert marked(*not_monday) == "not Monday, Tuesday"


def test_what_the_file_marks_stays() -> None:
    phrase = ("a visit ", Part("at my parents'", "service_type"), " or at home")
    assert marked(*phrase) == "a visit [at my parents'](service_type) or at home"


PARTS = st.lists(
    st.builds(
        Part,
        st.lists(
            st.sampled_from([*SYNONYMS, "please", " ", "not", ","]) | st.text(max_size=4), min_size=1
        ).map(" ".join),
        st.none() | st.sampled_from(ENTITIES),
    ).filter(lambda part: bool(part.text)),
    max_size=4,
)


@given(PARTS)
def test_the_parts_joined_are_exactly_the_phrase(parts: list[Part]) -> None:
    phrase = Phrase(tuple(parts))
    annotated = ANNOTATOR.annotate(phrase)
    assert annotated.text == phrase.text
    assert all(part.text for part in annotated.parts)
    marks = [part.entity for part in annotated.parts if part.entity]
    assert len(marks) == len(set(marks)), "an intent's parameter is given once"


def test_every_shipped_phrase_stays_what_it_is() -> None:
    for phrases in UNDERSTANDING.phrases.values():
        for phrase in phrases:
            assert ANNOTATOR.annotate(phrase).text == phrase.text
            entities = [part.entity for part in ANNOTATOR.annotate(phrase).parts if part.entity]
            assert len(entities) == len(set(entities)), phrase.text
