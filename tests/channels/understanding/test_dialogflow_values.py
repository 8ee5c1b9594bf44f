"""Every shape of date and time that Dialogflow has been seen to send. Now is 6 March 2026."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.understanding.dialogflow_values import entity_values, time_value
from tests.channels.understanding.conftest import FRIDAY_MORNING

DAY = {"year": 2026.0, "month": 3.0, "day": 10.0}
CLOCK = {"hours": 15.0, "minutes": 30.0, "seconds": 0.0, "nanos": 0.0}
LATER = {"year": 2026.0, "month": 3.0, "day": 12.0}

JSON = st.recursive(
    st.none() | st.booleans() | st.floats(-1e4, 1e4) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["year", "month", "day", "hours", "minutes", "startDate", "endDateTime", "future", "x"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=8,
)


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
        ("2026-03-10T15:30:00+01:00", {"date": "2026-03-10", "time": "15:30"}),
        ("2026-03-10", {"date": "2026-03-10"}),
        ("15:30:00", {"time": "15:30"}),
        ("soon", {}),
        ({"year": 2026.0, "month": 2.0, "day": 30.0}, {}),
        ([], {}),
        (None, {}),
    ],
)
def test_a_time(raw: object, expected: dict[str, object]) -> None:
    assert said(raw) == expected


def test_entities_get_our_names_and_plain_values() -> None:
    parameters = {
        "service-type": ["home visit"],
        "appointment-time": DAY,
        "request": 12.0,
        "person": {"name": "A", "original": "Anna"},
        "nothing": "",
    }
    names = {"service-type": "service_type", "appointment-time": "appointment_time"}
    found = entity_values(parameters, names, FRIDAY_MORNING)
    assert found.pop("appointment_time")
    assert found == {"service_type": "home visit", "request": "12", "person": "Anna"}


@given(JSON)
def test_no_shape_breaks_it(raw: object) -> None:
    value = time_value(raw, FRIDAY_MORNING)
    assert value is None or len(value) == 9
