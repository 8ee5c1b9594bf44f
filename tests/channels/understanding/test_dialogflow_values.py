"""Every shape of date and time that Dialogflow has been seen to send. Now is Friday, 6 March 2026, 09:00."""

from __future__ import annotations

import math
from datetime import date, time
from typing import Any

import pytest
from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from channels.understanding.dialogflow_times import time_value
from channels.understanding.dialogflow_values import entity_values, plain
from channels.understanding.times import TimeReader
from flows.vocabulary import load_understanding
from flows.wishes import Wish
from tests.channels.understanding.conftest import FRIDAY_MORNING

DAY = {"year": 2026.0, "month": 3.0, "day": 10.0}
CLOCK = {"hours": 15.0, "minutes": 30.0, "seconds": 0.0, "nanos": 0.0}
LATER = {"year": 2026.0, "month": 3.0, "day": 12.0}
NOBODYS_DAY = {"year": 2026.0, "month": 2.0, "day": 30.0}
OFFLINE = TimeReader("en")
SHIPPED = load_understanding()
KEYS = {
    *("date", "until_date", "time", "until", "open", "either_half"),
    *("weekdays", "weekday", "that_week", "order"),
}

NAMES = [
    "year", "month", "day", "hours", "minutes", "seconds", "startDate", "endDate", "startTime", "endTime",
    "startDateTime", "endDateTime", "future", "past", "partial", "date_time", "original", "name", "x",
]  # fmt: skip
NUMBERS = st.floats() | st.integers(-3, 70).map(float) | st.sampled_from([2026.0, 9999.0, 1e300, math.inf])
TEXTS = st.text(max_size=12) | st.from_regex(
    r"\A[0-9]{1,5}-[0-9]{1,2}-[0-9]{1,2}(T[0-9:]{1,8}(Z|[+-][0-9:]{2,5})?)?(/[-0-9T:]{1,16})?\Z"
)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=12,
)


def at(day: int, hours: float | None = None, minutes: float = 0.0, *, month: float = 3.0) -> dict[str, float]:
    """A day of 2026, and a time on it."""
    date = {"year": 2026.0, "month": month, "day": float(day)}
    return date if hours is None else date | clock(hours, minutes)


def clock(hours: float, minutes: float = 0.0) -> dict[str, float]:
    return {"hours": hours, "minutes": minutes, "seconds": 0.0, "nanos": 0.0}


def said(raw: object) -> dict[str, object]:
    """What is not empty in the value."""
    return {key: part for key, part in (time_value(raw, FRIDAY_MORNING) or {}).items() if part}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (DAY, {"date": "2026-03-10"}),
        (CLOCK, {"time": "15:30"}),
        ({**DAY, **CLOCK}, {"date": "2026-03-10", "time": "15:30"}),
        ([{**DAY, **CLOCK}, DAY], {"date": "2026-03-10", "time": "15:30"}),
        ({"month": 3.0, "day": 10.0}, {"date": "2026-03-10"}),
        ({"month": 2.0, "day": 1.0}, {"date": "2027-02-01"}),
        ({"future": DAY, "past": {**DAY, "year": 2025.0}}, {"date": "2026-03-10"}),
        ({**DAY, "future": LATER}, {"date": "2026-03-10"}),
        ({**at(1), "future": LATER}, {"date": "2026-03-12"}),
        ({"past": at(3), "partial": {"month": 3.0, "day": 10.0}}, {"date": "2026-03-10"}),
        ({"past": at(3)}, {"date": "2026-03-03"}),
        ({"date_time": "2026-03-10T15:30:00+01:00"}, {"date": "2026-03-10", "time": "15:30"}),
        ({"day": 4.0}, {"date": "2026-04-04"}),
        ({"month": 4.0}, {"date": "2026-04-01", "until_date": "2026-04-30"}),
        ({"year": 2026.0, "month": 4.0, "day": 0.0}, {"date": "2026-04-01", "until_date": "2026-04-30"}),
        ({"year": 2027.0}, {"date": "2027-01-01", "until_date": "2027-12-31"}),
        ({"month": 2.0, "day": 29.0}, {"date": "2028-02-29"}),
        ({"hours": 24.0}, {"time": "00:00"}),
        ({"hours": 99.0}, {}),
        ([DAY, LATER], {"date": "2026-03-10", "until_date": "2026-03-12", "weekdays": [1, 3]}),
        ([DAY, CLOCK], {"date": "2026-03-10", "time": "15:30"}),
        ([CLOCK, DAY], {"date": "2026-03-10", "time": "15:30"}),
        ([DAY, at(25)], {"date": "2026-03-10"}),
        ([at(10, 10), at(12, 15)], {"date": "2026-03-10", "time": "10:00"}),
        ([NOBODYS_DAY, DAY], {"date": "2026-03-10"}),
        ({"startDate": DAY, "endDate": LATER}, {"date": "2026-03-10", "until_date": "2026-03-12"}),
        ({"startTime": CLOCK, "endTime": {"hours": 17.0}}, {"time": "15:30", "until": "17:00"}),
        (
            {"startDateTime": {**DAY, "hours": 12.0}, "endDateTime": {**DAY, "hours": 17.0}},
            {"date": "2026-03-10", "time": "12:00", "until": "17:00"},
        ),
        (
            {"startDateTime": {**DAY, "hours": 0.0}, "endDateTime": {**LATER, "hours": 0.0}},
            {"date": "2026-03-10", "until_date": "2026-03-11"},
        ),
        (
            {"startDateTime": at(10, 0), "endDateTime": at(10, 23, 59)},
            {"date": "2026-03-10"},
        ),
        (
            {"startDateTime": at(10, 22), "endDateTime": at(11, 2)},
            {"date": "2026-03-10", "time": "22:00", "open": "after"},
        ),
        ({"startDateTime": at(10, 17)}, {"date": "2026-03-10", "time": "17:00", "open": "after"}),
        ({"endDate": LATER}, {"date": "2026-03-06", "until_date": "2026-03-12"}),
        ({"startDate": DAY}, {"date": "2026-03-10"}),
        (
            {"startDate": "2026-03-10", "endDate": "2026-03-12"},
            {"date": "2026-03-10", "until_date": "2026-03-12"},
        ),
        ({"startDate": LATER, "endDate": DAY}, {"date": "2026-03-12"}),
        ({"startDate": None, "endDate": "soon"}, {}),
        ({"startTime": clock(0), "endTime": clock(23, 59)}, {}),
        ("2026-03-10T15:30:00+01:00", {"date": "2026-03-10", "time": "15:30"}),
        ("2026-03-10T14:30:00Z", {"date": "2026-03-10", "time": "15:30"}),
        ("2026-03-10T15:30:00", {"date": "2026-03-10", "time": "15:30"}),
        ("2026-03-10/2026-03-12", {"date": "2026-03-10", "until_date": "2026-03-12"}),
        ("0001-01-01T00:00:00+14:00", {}),
        ("9999-12-31", {}),
        ({"year": 9999.0, "month": 12.0, "day": 31.0}, {}),
        ("2026-03-10", {"date": "2026-03-10"}),
        ("15:30:00", {"time": "15:30"}),
        ("soon", {}),
        (NOBODYS_DAY, {}),
        ([], {}),
        (None, {}),
    ],
)
def test_a_time(raw: object, expected: dict[str, object]) -> None:
    assert said(raw) == expected


SAME_WORDS = [
    ("tomorrow", at(7)),
    ("tomorrow at 2pm", at(7, 14)),
    ("tomorrow at 4", at(7, 16)),
    ("tomorrow at 4", at(7, 4)),
    ("tomorrow at 10", at(7, 10)),
    ("today at 8", at(6, 8)),
    ("today at 4 pm", at(6, 16)),
    ("friday 13.3. at 16:00", at(13, 16)),
    ("next Monday at 10:30 am", at(9, 10, 30)),
    ("thursday", at(12)),
    ("on thursday at 2pm", at(12, 14)),
    ("next thursday", at(12)),
    ("at noon", clock(12)),
    ("tomorrow at 09:30", at(7, 9, 30)),
    ("tomorrow at half past 2", at(7, 2, 30)),
    ("15 March at 3", at(15, 3)),
    ("tomorrow evening at 7", at(7, 19)),
    ("between 11 and 1 tomorrow", {"startDateTime": at(7, 11), "endDateTime": at(7, 13)}),
    ("March 10th", {"month": 3.0, "day": 10.0}),
    ("the 2nd of March", {"month": 3.0, "day": 2.0}),
    ("the 4th", {"day": 4.0}),
    ("at 3:30 pm", clock(15, 30)),
    ("half past 11 in the morning", clock(11, 30)),
    ("by 14:00 please", clock(14)),
    ("tomorrow between 2 and 4", {"startDateTime": at(7, 14), "endDateTime": at(7, 16)}),
    ("tomorrow between 9:30 and 11", {"startDateTime": at(7, 9, 30), "endDateTime": at(7, 11)}),
    ("tomorrow from 10 to 2", {"startDateTime": at(7, 10), "endDateTime": at(7, 14)}),
    ("tomorrow afternoon", {"startDateTime": at(7, 12), "endDateTime": at(7, 19)}),
    ("tonight", {"startDateTime": at(6, 18), "endDateTime": at(7, 0)}),
    ("next week", {"startDate": at(9), "endDate": at(15)}),
    ("this week", {"startDate": at(2), "endDate": at(8)}),
    ("this weekend", {"startDate": at(7), "endDate": at(8)}),
    ("in April", {"startDate": at(1, month=4.0), "endDate": at(30, month=4.0)}),
    ("in April", {"month": 4.0}),
    ("before noon", {"endTime": clock(12)}),
    ("after 5pm", {"startTime": clock(17)}),
    ("any time after 5", {"startTime": clock(17)}),
    ("either tuesday or thursday", [at(10), at(12)]),
    ("tuesday or wednesday at 11", [at(10), at(11, 11)]),
    ("in two days", at(8)),
]


@pytest.mark.parametrize(("words", "raw"), SAME_WORDS)
def test_the_same_words_give_the_same_value_as_offline(words: str, raw: object) -> None:
    assert time_value(raw, FRIDAY_MORNING, words) == OFFLINE.read(words, FRIDAY_MORNING).value


def as_dialogflow_tells(value: dict[str, Any]) -> dict[str, Any]:
    """The structure of Dialogflow's that says the same as a value of ours."""
    day = {} if value["date"] is None else at_date(value["date"])
    begin, end = value["time"], value["until"]
    last = day if value["until_date"] is None else at_date(value["until_date"])
    names = ("startDateTime", "endDateTime") if day else ("startTime", "endTime")
    if value["open"] == "before":
        return {names[1]: day | at_clock(end or begin)}
    if value["open"] == "after":
        return {names[0]: day | at_clock(begin)}
    if value["until_date"] or end:
        ends = last | (at_clock(end or begin) if begin else {})
        return {names[0]: day | (at_clock(begin) if begin else {}), names[1]: ends}
    return day | (at_clock(begin) if begin else {})


def at_date(iso: str) -> dict[str, float]:
    return dict(zip(("year", "month", "day"), map(float, iso.split("-")), strict=True))


def at_clock(text: str) -> dict[str, float]:
    return clock(*map(float, text.split(":")))


def test_every_time_in_our_phrases_means_the_same_from_dialogflow_as_offline() -> None:
    """But for what Dialogflow has no shape for: days that do not suit, and "as soon as possible"."""
    parts = [part for phrases in SHIPPED.phrases.values() for phrase in phrases for part in phrase.parts]
    times = [part.text for part in parts if part.entity == "appointment_time"]
    read = {text: value for text in times if (value := OFFLINE.read(text, FRIDAY_MORNING).value)}
    told = {text: value for text, value in read.items() if not (value["weekdays"] or value["order"])}
    assert len(told) > len(times) / 2
    assert {
        text: time_value(as_dialogflow_tells(value), FRIDAY_MORNING, text) for text, value in told.items()
    } == told


@pytest.mark.parametrize(
    ("words", "hours"),
    [("I am free at 4", 16), ("3 people, at 16:00", 16), ("on the 4th at 16:00", 16), ("at lunch", 12)],
)
def test_the_half_of_the_day_is_doubted_only_where_it_was_left_open(words: str, hours: float) -> None:
    value = time_value(at(10, hours), FRIDAY_MORNING, words)
    assert value is not None
    assert value["time"] == f"{int(hours)}:00"
    assert value["either_half"] is (words == "I am free at 4")


def test_entities_get_our_names_and_plain_values() -> None:
    parameters = {
        "service-type": ["home visit"],
        "appointment-time": DAY,
        "request": 12.0,
        "person": {"name": "A", "original": "Anna"},
        "nothing": "",
        "list of nothing": [None, ""],
        "whether": True,
    }
    names = {"service-type": "service_type", "appointment-time": "appointment_time"}
    found = entity_values(parameters, names, FRIDAY_MORNING)
    assert found.pop("appointment_time")
    assert found == {"service_type": "home visit", "request": "12", "person": "Anna"}


@given(JSON, st.sampled_from(["", "at 4", "tomorrow", "on monday at 9"]))
def test_no_structure_whatsoever_breaks_it(raw: object, text: str) -> None:
    struct = struct_pb2.Struct()
    struct.update({"appointment-time": raw, "service-type": raw})
    names = {"appointment-time": "appointment_time", "service-type": "service_type"}
    found = entity_values(plain(struct), names, FRIDAY_MORNING, text)
    value = found.get("appointment_time")
    assert value is None or (isinstance(value, dict) and set(value) == KEYS)
    assert isinstance(found.get("service_type"), str | None)
    Wish.of(value)  # what the booking makes of it


@pytest.mark.parametrize("value", [{}, {"number_value": math.nan}, {"number_value": math.inf}])
def test_a_value_that_says_nothing_is_nothing(value: dict[str, float]) -> None:
    struct = struct_pb2.Struct(fields={"service_type": struct_pb2.Value(**value)})
    assert entity_values(plain(struct), {}, FRIDAY_MORNING) == {}


@given(st.dates(FRIDAY_MORNING.date(), date(2199, 12, 31)), st.times())
def test_a_whole_structure_is_what_it_says(day: date, moment: time) -> None:
    raw = {part: float(getattr(day, part)) for part in ("year", "month", "day")}
    raw |= {"hours": float(moment.hour), "minutes": float(moment.minute)}
    value = time_value(raw, FRIDAY_MORNING)
    assert value is not None
    assert (value["date"], value["time"]) == (str(day), f"{moment:%H:%M}")
