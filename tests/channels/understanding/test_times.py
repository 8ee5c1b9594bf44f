"""What texts say about time. Now is Friday, 6 March 2026, 09:00."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.understanding.times import TimeReader
from tests.channels.understanding.conftest import FRIDAY_MORNING

READER = TimeReader("en")
SPANISH = TimeReader("es", day_first=True)


KEYS = {
    *("date", "until_date", "time", "until", "open", "either_half"),
    *("weekdays", "weekday", "that_week", "order"),
}


def said(text: str, *, reader: TimeReader = READER, latent: bool = False) -> dict[str, object]:
    """What is not empty in the value; how its one day was named has a test of its own."""
    found = reader.read(text, FRIDAY_MORNING)
    value = found.latent if latent else found.value
    return {key: part for key, part in (value or {}).items() if part and key != "weekday"}


@pytest.mark.parametrize(
    ("text", "date", "time"),
    [
        ("tomorrow at 2pm", "2026-03-07", "14:00"),
        ("tmrw 5pm", "2026-03-07", "17:00"),
        ("next Monday at 10:30 am", "2026-03-09", "10:30"),
        ("the 12th at quarter past 5 in the evening", "2026-03-12", "17:15"),
        ("evening 5:30 on March 9th", "2026-03-09", "17:30"),
        ("half past 11 in the morning", None, "11:30"),
        ("by 14:00 please", None, "14:00"),
        ('at 6 o"clock in the evening', None, "18:00"),
        ("friday 13.3. at 16:00", "2026-03-13", "16:00"),
        ("today at 4 pm", "2026-03-06", "16:00"),
        ("noon on Tuesday", "2026-03-10", "12:00"),
        ("can you book one for March 10th", "2026-03-10", None),
    ],
)
def test_a_day_and_a_time(text: str, date: str | None, time: str | None) -> None:
    expected = {"date": date, "time": time}
    assert said(text) == {key: part for key, part in expected.items() if part}


@pytest.mark.parametrize(
    ("text", "time", "until"),
    [
        ("tomorrow between 2 and 4", "14:00", "16:00"),
        ("between 2 and 4 tomorrow", "14:00", "16:00"),
        ("tomorrow between 9:30 and 11", "09:30", "11:00"),
    ],
)
def test_between_two_times(text: str, time: str, until: str) -> None:
    expected = {"date": "2026-03-07", "time": time, "until": until, "either_half": True}
    assert said(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "I have slept badly for two weeks now",
        "it has been like this for a few days",
        "trouble with my boss",
        "book the first therapist please",
        "I ran my seventh marathon in six days",
        "it is my 9th attempt",
        "it got worse in two weeks",
        "I've lost 5 kilos in a month",
        "I haven't slept in three days",
    ],
)
def test_what_is_told_is_no_time(text: str) -> None:
    assert said(text, latent=True) == {}


@pytest.mark.parametrize(
    "text",
    [
        "can I come in two weeks",
        "I wanted to come in two weeks",
        "I was told to come back in two weeks",
        "I have moved here and would like a session in two weeks",
    ],
)
def test_what_is_asked_for_is_a_time(text: str) -> None:
    assert said(text) == {"date": "2026-03-20"}


@pytest.mark.parametrize(
    "text", ["later that week", "something later in the week", "later on that same week"]
)
def test_the_rest_of_a_week_begins_tomorrow(text: str) -> None:
    rest = {"date": "2026-03-07", "until_date": "2026-03-08", "that_week": True}
    assert said(text) == rest


def test_days_from_now_are_no_time_of_day() -> None:
    assert said("in two days") == {"date": "2026-03-08"}
    assert said("a week from today") == {"date": "2026-03-13"}
    assert said("in the afternoon of the 12th of this month, 3 pm") == {"date": "2026-03-12", "time": "15:00"}


def test_now_before_a_time_says_nothing() -> None:
    assert said("let's book that now, at 10:15 am") == {"time": "10:15"}


def test_from_ten_to_two_runs_over_noon() -> None:
    assert said("tomorrow from 10 to 2") == {"date": "2026-03-07", "time": "10:00", "until": "14:00"}


def test_a_part_of_a_day_is_a_stretch() -> None:
    assert said("tomorrow afternoon") == {"date": "2026-03-07", "time": "12:00", "until": "19:00"}


def test_a_week_is_a_stretch_of_days() -> None:
    assert said("sometime next week") == {"date": "2026-03-09", "until_date": "2026-03-15"}
    assert said("this week") == {"date": "2026-03-06", "until_date": "2026-03-08"}
    assert said("this weekend") == {"date": "2026-03-07", "until_date": "2026-03-08"}
    assert said("in April") == {"date": "2026-04-01", "until_date": "2026-04-30"}


def test_a_bare_hour_is_read_as_people_are_awake_and_said_to_be_unsure() -> None:
    assert said("tomorrow at 4") == {"date": "2026-03-07", "time": "16:00", "either_half": True}
    assert said("tomorrow at 10") == {"date": "2026-03-07", "time": "10:00", "either_half": True}
    assert said("any time after 5") == {"time": "17:00", "open": "after", "either_half": True}
    assert said("today at 8") == {"date": "2026-03-06", "time": "20:00", "either_half": True}


def test_before_and_after() -> None:
    assert said("before noon") == {"until": "12:00", "open": "before"}
    assert said("after 5pm tomorrow")["open"] == "after"


@pytest.mark.parametrize("text", ["Monday, no sorry, Tuesday", "no tuesday"])
def test_corrections(text: str) -> None:
    assert said(text) == {"date": "2026-03-10"}


def test_a_time_that_is_only_denied_says_nothing() -> None:
    assert said("not at 3pm") == {}


def test_day_and_time_in_two_places_are_one_value() -> None:
    text = "I can come Tuesday if that suits you, let's say half past three pm"
    assert said(text) == {"date": "2026-03-10", "time": "15:30"}


def test_a_day_of_next_week_is_looked_for_in_it() -> None:
    assert said("next week works, maybe on friday")["date"] == "2026-03-13"


def test_a_day_without_a_year_is_in_the_future() -> None:
    assert said("the 2nd of March")["date"] == "2027-03-02"
    assert said("the 4th")["date"] == "2026-04-04"


def test_a_wrong_weekday_does_not_send_us_years_ahead() -> None:
    assert said("Monday, March 12th")["date"] == "2026-03-12"


def test_a_bare_number_is_a_time_only_where_one_is_expected() -> None:
    assert said("4") == {}
    assert said("4", latent=True) == {"time": "16:00", "either_half": True}


def test_days_joined_are_alternatives() -> None:
    both = {"date": "2026-03-10", "until_date": "2026-03-12", "weekdays": [1, 3]}
    assert said("either tuesday or thursday") == both
    assert said("tuesday, thursday") == both
    assert said("tuesday and wednesday or thursday")["weekdays"] == [1, 2, 3]
    assert said("tuesday or tomorrow")["weekdays"] == [1, 5]


@pytest.mark.parametrize(
    ("text", "weekdays"),
    [
        ("not monday", [1, 2, 3, 4, 5, 6]),
        ("anything but monday or tuesday", [2, 3, 4, 5, 6]),
        ("monday doesn't work for me", [1, 2, 3, 4, 5, 6]),
        ("no mondays please", [1, 2, 3, 4, 5, 6]),
        ("weekdays", [0, 1, 2, 3, 4]),
        ("no weekends", [0, 1, 2, 3, 4]),
        ("weekends only", [5, 6]),
    ],
)
def test_days_of_the_week_that_suit(text: str, weekdays: list[int]) -> None:
    assert said(text) == {"weekdays": weekdays}


def test_a_day_that_is_denied_beside_one_that_is_meant() -> None:
    assert said("not Monday, Tuesday")["date"] == "2026-03-10"
    assert said("next week but not on friday")["weekdays"] == [0, 1, 2, 3, 5, 6]
    assert said("weekdays after 4pm") == {"time": "16:00", "open": "after", "weekdays": [0, 1, 2, 3, 4]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("not too early", {"time": "10:00", "open": "after"}),
        ("not too late please", {"until": "17:00", "open": "before"}),
        ("not before 2pm", {"time": "14:00", "open": "after"}),
        ("no mornings", {"time": "12:00", "open": "after"}),
        ("evenings", {"time": "18:00", "open": "after"}),
        ("tuesday arvo", {"date": "2026-03-10", "time": "12:00", "until": "19:00"}),
    ],
)
def test_limits_of_the_day(text: str, value: dict[str, object]) -> None:
    assert said(text) == value


@pytest.mark.parametrize("text", ["asap", "as soon as possible", "the earliest", "first available please"])
def test_as_soon_as_possible(text: str) -> None:
    assert said(text) == {"order": "earliest"}


@pytest.mark.parametrize(
    "text", ["tuesday 11", "no, tue 11", "Tuesday, 11 please", "tues eleven", "tuesday 11.", "tuesday 1100"]
)
def test_a_bare_hour_after_a_day_is_its_time(text: str) -> None:
    assert said(text) == {"date": "2026-03-10", "time": "11:00", "either_half": True}


def test_what_follows_a_day_is_not_always_its_hour() -> None:
    assert said("tuesday 11 march") == {"date": "2026-03-11"}
    assert said("tuesday 11 people come") == {"date": "2026-03-10"}


def test_the_hour_that_it_is_now_is_a_time_as_well() -> None:
    assert said("at 9", latent=True) == {"time": "09:00", "either_half": True}


@pytest.mark.parametrize(
    "text",
    [
        "47",
        "0",
        "2031",
        "second",
        "Elm Street 14, Berlin",
        "12 Elm Street",
        "My number is 030 1234567",
        "Thanks Ann 12",
        "my daughter is 9",
    ],
)
def test_numbers_that_are_no_times_are_none_even_where_one_is_expected(text: str) -> None:
    assert said(text, latent=True) == {}


@pytest.mark.parametrize("text", ["4", "make it 4", "no, 4 please", "how about 4?", "I'd rather take 4"])
def test_a_number_among_small_words_is_a_time_where_one_is_expected(text: str) -> None:
    assert said(text, latent=True) == {"time": "16:00", "either_half": True}


@pytest.mark.parametrize("text", ["now tell me", "the first one", "you may call me", "this one", "hello"])
def test_nothing_about_a_time_is_nothing(text: str) -> None:
    assert said(text) == {}


def test_dates_in_figures_follow_the_custom_of_the_place() -> None:
    assert said("5/6")["date"] == "2026-05-06"
    assert said("5/6", reader=TimeReader("en", day_first=True))["date"] == "2026-06-05"
    assert said("25/6")["date"] == "2026-06-25"


def test_spanish() -> None:
    assert said("mañana por la mañana", reader=SPANISH) == {
        "date": "2026-03-07",
        "time": "04:00",
        "until": "12:00",
    }
    assert said("el lunes a las 4 de la tarde", reader=SPANISH) == {"date": "2026-03-09", "time": "16:00"}


def test_the_words_of_a_time_are_cut_from_the_text_itself() -> None:
    assert SPANISH.read("café mañana a las 3", FRIDAY_MORNING).words == "mañana a las 3"


@settings(deadline=None)
@given(st.text(max_size=80))
def test_no_text_breaks_the_reader(text: str) -> None:
    value = READER.read(text, FRIDAY_MORNING).latent
    assert value is None or set(value) == KEYS


@settings(deadline=None)
@given(st.from_regex(r"[0-9]{1,6}[-/.: ][0-9]{1,6}([-/.: ]?(am|pm|th|[0-9]{1,6}))?", fullmatch=True))
def test_no_figures_break_the_reader(text: str) -> None:
    value = READER.read(f"at {text}", FRIDAY_MORNING).latent
    assert value is None or set(value) == KEYS


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("thursday", True),
        ("on thursday at 2pm", True),
        ("on fri", True),
        ("tues eleven", True),
        ("monday the 16th", False),
        ("next thursday", False),
        ("this thursday", False),
        ("thursday next week", False),
        ("tomorrow", False),
        ("not on thursday", False),
        ("tuesday or thursday", False),
        ("12 march", False),
    ],
)
def test_a_weekday_alone_is_marked(text: str, *, alone: bool) -> None:
    value = READER.read(text, FRIDAY_MORNING).value
    assert value
    assert bool(value["weekday"]) is alone


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("wensday at 10", {"date": "2026-03-11", "time": "10:00", "either_half": True}),
        ("thurday 2 pm", {"date": "2026-03-12", "time": "14:00"}),
        ("tomorow", {"date": "2026-03-07"}),
        ("between 10 and 12 on monday", {"date": "2026-03-09", "time": "10:00", "until": "12:00"}),
        ("monday from 10 to 12", {"date": "2026-03-09", "time": "10:00", "until": "12:00"}),
        ("in a fortnight", {"date": "2026-03-20"}),
        ("in two weeks on tuesday at 4pm", {"date": "2026-03-17", "time": "16:00"}),
        ("the week after next", {"date": "2026-03-16", "until_date": "2026-03-22"}),
        ("the day after", {}),
        (
            "tuesday or wednesday at 11",
            {
                "date": "2026-03-10",
                "until_date": "2026-03-11",
                "time": "11:00",
                "either_half": True,
                "weekdays": [1, 2],
            },
        ),
    ],
)
def test_ways_of_saying_it_that_were_once_misread(text: str, expected: dict[str, object]) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("not on the 17th", ("2026-03-17",)),
        ("skip the 31st", ("2026-03-31",)),
        ("every tuesday but not the 17th or the 24th", ("2026-03-17", "2026-03-24")),
        ("leave out 24 march please", ("2026-03-24",)),
        ("except tuesday the 17th", ("2026-03-17",)),
        ("not on monday", ()),  # of a weekday all are meant
        ("on the 17th", ()),
        ("not in april", tuple(f"2026-04-{day:02}" for day in range(1, 31))),
        ("not this year", ()),  # nobody is away for so long
    ],
)
def test_dates_that_are_ruled_out(text: str, days: tuple[str, ...]) -> None:
    assert READER.read(text, FRIDAY_MORNING).without == days
