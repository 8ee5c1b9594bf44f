"""What texts say about how often. Now is Friday, 6 March 2026, 09:00."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.understanding.local_entities import (
    AS_WELL,
    AWAY,
    LAST_DAY,
    SEVERAL_A_WEEK,
    TIME,
    TOGETHER,
    WITHOUT,
    EntitiesFound,
    LocalEntities,
)
from channels.understanding.repetitions import REPETITION
from tests.channels.understanding.conftest import FRIDAY_MORNING

READER = LocalEntities({})
SPANISH = LocalEntities({}, language="es", day_first=True)


def read(text: str, reader: LocalEntities = READER) -> EntitiesFound:
    return reader.find(text, FRIDAY_MORNING)


def said(text: str, reader: LocalEntities = READER, *, latent: bool = False) -> object:
    found = read(text, reader)
    value = found.entities.get(REPETITION)
    if latent:
        value = found.latent.get(REPETITION, value)
    return tuple(value.values()) if isinstance(value, dict) else value


def when(text: str, reader: LocalEntities = READER) -> tuple[object, object]:
    value = read(text, reader).entities.get(TIME) or {}
    assert isinstance(value, dict)
    return value.get("date"), value.get("time")


@pytest.mark.parametrize(
    ("text", "repetition", "time"),
    [
        ("every Tuesday at 3 for six weeks", (1, 6, None), ("2026-03-10", "15:00")),
        ("I'd like to come each tuesday at 3pm for 6 weeks", (1, 6, None), ("2026-03-10", "15:00")),
        ("Tuesdays at 3 for six weeks", (1, 6, None), ("2026-03-10", "15:00")),
        ("weekly for 8 weeks on Mondays at 10", (1, 8, None), ("2026-03-09", "10:00")),
        ("six weekly sessions, from next Monday at 9am", (1, 6, None), ("2026-03-09", "09:00")),
        ("every other Monday at 10, five times", (2, 5, None), ("2026-03-09", "10:00")),
        ("every two weeks on thursday at noon for two months", (2, 4, None), ("2026-03-12", "12:00")),
        ("every 3 weeks", (3, None, None), (None, None)),
        ("once a month, on a wednesday", (4, None, None), ("2026-03-11", None)),
        ("each Thursday until Christmas at 5pm", (1, None, "2026-12-25"), ("2026-03-12", "17:00")),
        ("every thursday at 5 until the end of april", (1, None, "2026-04-30"), ("2026-03-12", "17:00")),
        ("every tuesday from 2 until 4", (1, None, None), ("2026-03-10", "14:00")),
        ("same time every week", (1, None, None), (None, None)),
        ("three times a week", (1, None, None), (None, None)),  # a day at a time
        ("two sessions a week, tuesday at 3pm, for four weeks", (1, 4, None), ("2026-03-10", "15:00")),
        ("every tuesday at 3, the last one on 31 march", (1, None, "2026-03-31"), ("2026-03-10", "15:00")),
        ("every tuesday at 3pm for the rest of march", (1, None, "2026-03-31"), ("2026-03-10", "15:00")),
        ("tomorrow at 3 and then every week", (1, None, None), ("2026-03-07", "15:00")),
        ("book me for 10 sessions, every wednesday at 11", (1, 10, None), ("2026-03-11", "11:00")),
        ("every tuesday at 9am, twice", (1, 2, None), ("2026-03-10", "09:00")),
        ("no, only once", (1, 1, None), (None, None)),
        ("just one appointment, on tuesday at 3pm", (1, 1, None), ("2026-03-10", "15:00")),
        ("not every week", (1, 1, None), (None, None)),
        ("only one session a week for five weeks", (1, 5, None), (None, None)),
        ("every tuesday at 3 for thirty weeks", (1, 30, None), ("2026-03-10", "15:00")),
        ("make it five weeks", (None, 5, None), (None, None)),  # changes a series, begins none
        ("two sessions please", (None, 2, None), (None, None)),
    ],
)
def test_how_often(text: str, repetition: object, time: object) -> None:
    assert (said(text), when(text)) == (repetition, time)


NEXT_WEEK = [f"2026-03-{day:02}" for day in range(9, 16)]


@pytest.mark.parametrize(
    ("text", "without", "away"),
    [
        ("not next week", NEXT_WEEK, None),
        ("I can't come next week", NEXT_WEEK, None),
        ("not from 9 to 11 march", NEXT_WEEK[:3], None),
        ("except the week of 9 march", NEXT_WEEK, None),
        ("sorry, I won't be there on the 10th", ["2026-03-10"], None),
        ("not in the afternoon", None, None),
        ("not at the weekend", None, None),
        ("not on monday", None, None),
        ("not until 2028", None, None),
        ("I'm away from 9 to 11 march", None, NEXT_WEEK[:3]),
        ("no, I'm on holiday next week", None, NEXT_WEEK),
        ("I am travelling on the 10th", None, ["2026-03-10"]),
        ("I'm off at 5 next week", None, None),  # a time of day is a wish
    ],
)
def test_days_that_do_not_suit(text: str, without: object, away: object) -> None:
    found = read(text).entities
    assert (found.get(WITHOUT), found.get(AWAY)) == (without, away)


@pytest.mark.parametrize(
    ("text", "several"),
    [
        ("twice a week", True),
        ("two sessions a week, tuesday at 3pm", True),
        ("every day at 9", True),
        ("every weekday at 3 for two weeks", True),
        ("once a week", None),
        ("I'm free every day", None),
        ("every tuesday and thursday at 3", None),  # these are named
    ],
)
def test_several_in_one_week(text: str, several: object) -> None:
    assert read(text).entities.get(SEVERAL_A_WEEK) == several


@pytest.mark.parametrize(
    ("text", "as_well"),
    [
        ("and thursdays too", True),
        ("can I also come on fridays at 10", True),
        ("another one on friday at 11", True),
        ("yes, and one on friday", True),
        ("thursday at 10 works too", None),
        ("and what about thursday at 10?", None),
        ("too late, at 2pm", None),
        ("tuesday and thursday at 3", None),
        ("also with anna", None),  # no day
    ],
)
def test_a_day_beside_another(text: str, as_well: object) -> None:
    assert read(text).entities.get(AS_WELL) == as_well


@pytest.mark.parametrize(
    ("text", "last_day"),
    [
        ("until the end of march", "2026-03-31"),
        ("until 30 June", "2026-06-30"),
        ("no, only until 17 march please", "2026-03-17"),
        ("yes but until april 14", "2026-04-14"),
        ("up to the 24th", "2026-03-24"),
        ("let's keep going till the end of april", "2026-04-30"),
        ("stop after the 24th", "2026-03-24"),
        ("it should end on 31 march", "2026-03-31"),
        ("the last one on 31 march please", "2026-03-31"),
        ("for the rest of the year", "2026-12-31"),
        ("move the last one on 31 march", None),
        ("my holiday ends on friday", None),
        ("not until april", None),
        ("I can't until the end of march", None),
        ("until 4pm", None),
        ("until further notice", None),
        ("at 4pm until the end of march", None),
        ("every tuesday until the end of march", None),  # how often was said with it
    ],
)
def test_a_last_day_alone(text: str, last_day: object) -> None:
    assert read(text).entities.get(LAST_DAY) == last_day


@pytest.mark.parametrize(
    ("text", "together", "first"),
    [
        ("every Tuesday and Thursday at 3 for four weeks", ["2026-03-10", "2026-03-12"], "2026-03-10"),
        ("every monday at noon and every tuesday at 2, 3 times", ["2026-03-09", "2026-03-10"], "2026-03-09"),
        ("mondays at 2pm and wednesdays at 11am for 3 weeks", ["2026-03-09", "2026-03-11"], "2026-03-09"),
        ("every monday & wednesday for 3 weeks", ["2026-03-09", "2026-03-11"], "2026-03-09"),
        ("Monday at noon and Tuesday at 2", ["2026-03-09", "2026-03-10"], "2026-03-09"),
        ("10 march at 3pm and also 24 march at 4pm", ["2026-03-10", "2026-03-24"], "2026-03-10"),
        ("tuesday at 3pm, thursday at 4pm", ["2026-03-10", "2026-03-12"], "2026-03-10"),
        ("Monday and Tuesday at 2", ["2026-03-09", "2026-03-10"], "2026-03-09"),
        ("Monday or Tuesday at 2", None, "2026-03-09"),
        ("monday, wednesday or thursday at 2", None, "2026-03-09"),
        ("I'm free on tuesday and thursday", None, "2026-03-10"),
        ("tuesday and thursday afternoon", None, "2026-03-10"),
        ("wednesday at 11 and thursday doesn't work", None, "2026-03-11"),
        ("monday at 2, no, tuesday at 3", None, "2026-03-10"),
    ],
)
def test_days_that_are_asked_for_at_once(text: str, together: object, first: object) -> None:
    assert (read(text).entities.get(TOGETHER), when(text)[0]) == (together, first)


@pytest.mark.parametrize(
    "text",
    [
        "every time I call nobody answers",
        "every day at 9",
        "I work nights every Monday, so please on friday at 10am",
        "I go to the gym every Tuesday, can I book on wednesday at 10am",
        "every morning",
        "I can't come every week",
        "I don't want to come weekly",
        "I have been ill for six weeks",
        "in six weeks",
        "12 Elm Street",
        "only one of them",
        "everybody",
        "tuesday at 3",
        "I could come on tuesdays",
    ],
)
def test_what_is_not_by_the_week_is_no_repetition(text: str) -> None:
    assert said(text) is None


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("6", (None, 6, None)),
        ("six please", (None, 6, None)),
        ("let's say 10 weeks", (None, 10, None)),
        ("until the end of May", (None, None, "2026-05-31")),
        ("once", (1, 1, None)),
        ("one", (1, 1, None)),
        ("just the one", (1, 1, None)),
        ("at 4", None),
        ("tuesday at 4", None),
        ("4 or 5", None),
        ("four dogs", None),
        ("no idea", None),
    ],
)
def test_an_answer_to_how_many(text: str, answer: object) -> None:
    """Counts only where it was asked for."""
    assert said(text, latent=True) == answer


@pytest.mark.parametrize(
    ("text", "repetition"),
    [
        ("todos los martes a las 15:00 durante seis semanas", (1, 6, None)),
        ("cada semana", (1, None, None)),
        ("cada dos semanas, cinco veces", (2, 5, None)),
        ("una vez al mes", (4, None, None)),
        ("solo una vez", (1, 1, None)),
        ("cada vez que llamo", None),
    ],
)
def test_in_spanish(text: str, repetition: object) -> None:
    assert said(text, SPANISH) == repetition


@settings(max_examples=100)
@given(
    st.text(max_size=60), st.sampled_from(["every tuesday", "weekly", "until june", "6 weeks", "once", ""])
)
def test_it_reads_anything_and_loses_nothing_else(text: str, more: str) -> None:
    found = read(f"{text} {more}")
    rest = found.repetition.rest
    assert found.repetition.value is not None or rest == f"{text} {more}"
    for word in rest.split():
        assert word in f"{text} {more}"


def test_words_without_any_other_are_a_wish_for_a_time() -> None:
    assert read("every other week, please").repetition.says_nothing_else
    assert not read("does it hurt every week").repetition.says_nothing_else
