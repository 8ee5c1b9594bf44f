"""What somebody asked for against the free times: which is meant, which suit, which are nearest."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import Value
from flows.choices import DAYS as MOST_DAYS
from flows.choices import MOST, choose, days_with_room, rest_of_day
from flows.slots import instant, local
from flows.wishes import Wish

ZONE = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 3, 2)
DAYS = [date(2026, 3, day) for day in range(2, 8)]


def at(day: date, clock: str) -> int:
    hours, minutes = clock.split(":")
    return instant(day, int(hours) * 60 + int(minutes), ZONE)


def walls(starts: tuple[int, ...]) -> list[str]:
    return [local(start, ZONE).strftime("%d %H:%M") for start in starts]


def grid(*days: date, begin: int = 8, end: int = 20) -> list[int]:
    return [at(day, f"{hour}:{minute}") for day in days for hour in range(begin, end) for minute in (0, 30)]


def wish(**value: Value) -> Wish:
    return Wish.of(dict(value))


def test_a_day_and_a_time_that_are_free_are_meant() -> None:
    choice = choose(grid(*DAYS), wish(date="2026-03-03", time="16:00"), ZONE)
    assert choice.exact == at(DAYS[1], "16:00")
    assert choice.suits


@pytest.mark.parametrize(
    ("free", "meant"),
    [
        (["04:00", "16:00"], "02 16:00"),  # nobody comes at four in the morning, if it can be helped
        (["04:00"], "02 04:00"),
        (["16:00"], "02 16:00"),
    ],
)
def test_without_am_or_pm_what_is_free_settles_it(free: list[str], meant: str) -> None:
    choice = choose(
        [at(MONDAY, clock) for clock in free], wish(date="2026-03-02", time="4:00", either_half=True), ZONE
    )
    assert choice.exact is not None
    assert walls((choice.exact,)) == [meant]


@pytest.mark.parametrize(
    ("time", "minutes"),
    [
        ("09:00", (540, 1260)),
        ("04:00", (960, 240)),
        ("12:00", (720, 0)),
        ("07:30", (1170, 450)),
        ("12:30", (750,)),
        ("16:00", (960,)),
    ],
)
def test_the_likelier_half_of_the_day_comes_first(time: str, minutes: tuple[int, ...]) -> None:
    assert wish(time=time, either_half=True).minutes() == minutes


def test_a_new_day_keeps_the_time_and_a_new_time_keeps_the_day() -> None:
    first = wish(date="2026-03-03", time="4:00", either_half=True)
    assert first.and_now(wish(date="2026-03-05")) == wish(date="2026-03-05", time="4:00", either_half=True)
    assert first.and_now(wish(time="10:00")) == wish(date="2026-03-03", time="10:00")
    assert first.and_now(Wish()) == first
    assert Wish().and_now(first) == first
    both = wish(date="2026-03-06", time="11:00")
    assert first.and_now(both) == both


@pytest.mark.parametrize(
    ("value", "suiting", "not_suiting"),
    [
        ({"time": "17:00", "open": "after"}, ["17:00", "23:30"], ["16:59", "08:00"]),
        ({"time": "10:00", "open": "before"}, ["00:00", "09:59"], ["10:00", "18:00"]),
        ({"time": "09:00", "until": "12:00"}, ["09:00", "11:59"], ["08:59", "12:00"]),
        ({"time": "02:00", "until": "04:00", "either_half": True}, ["02:30", "15:59"], ["16:00", "12:00"]),
        (
            {"time": "11:00", "until": "01:00", "either_half": True},
            ["11:00", "12:59"],
            ["13:00", "23:30", "00:30"],
        ),
        ({"time": "22:00", "until": "02:00"}, ["22:00", "23:59"], ["01:00", "21:59"]),
        ({"until": "12:00"}, ["00:00", "11:59"], ["12:00"]),
        ({"time": "15:00"}, ["15:00"], ["15:01", "03:00"]),
        ({}, ["00:00", "23:59"], []),
    ],
)
def test_times_of_day_that_suit(value: dict[str, Value], suiting: list[str], not_suiting: list[str]) -> None:
    asked = Wish.of(value)
    for clock, suits in [(clock, True) for clock in suiting] + [(clock, False) for clock in not_suiting]:
        minute = int(clock[:2]) * 60 + int(clock[3:])
        assert asked.suits_minute(minute) is suits, clock
        assert (asked.minutes_away(minute) == 0) is suits, clock


def test_before_eleven_is_no_time_of_the_night() -> None:
    early = wish(until="11:00", open="before", either_half=True)
    assert early.suits_minute(10 * 60 + 59)
    assert not early.suits_minute(14 * 60)


AFTERNOON = {"time": "14:00", "until": "16:00"}
THAT_WEEK = {"date": "2026-03-03", "until_date": "2026-03-08", "that_week": True}
LATER = {"date": "2026-03-12", "until_date": "2026-03-15", "that_week": True}
NEXT_WEEK = {"date": "2026-03-09", "until_date": "2026-03-15"}


@pytest.mark.parametrize(
    ("older", "newer", "both"),
    [
        (AFTERNOON, NEXT_WEEK, NEXT_WEEK),
        (AFTERNOON, {"weekdays": [5, 6]}, {"weekdays": [5, 6]}),
        (AFTERNOON, {"date": "2026-03-05"}, {"date": "2026-03-05", **AFTERNOON}),
        ({"time": "15:00"}, NEXT_WEEK, {"time": "15:00", **NEXT_WEEK}),
        (NEXT_WEEK, {"weekdays": [1, 2]}, {**NEXT_WEEK, "weekdays": [1, 2]}),
        ({"date": "2026-03-02"}, {"weekdays": [1, 2]}, {"weekdays": [1, 2]}),
        ({"weekdays": [0, 1, 2]}, {"weekdays": [1, 2, 3]}, {"weekdays": [1, 2]}),
        ({"weekdays": [0, 1]}, {"weekdays": [5, 6]}, {"weekdays": [5, 6]}),
        ({"weekdays": [0, 1]}, AFTERNOON, {"weekdays": [0, 1], **AFTERNOON}),
        ({**NEXT_WEEK, **AFTERNOON}, {"order": "earliest"}, {"order": "earliest"}),
        ({"order": "earliest"}, {"date": "2026-03-05"}, {"date": "2026-03-05"}),
        ({"date": "2026-03-11", "time": "15:00"}, THAT_WEEK, {**LATER, "time": "15:00"}),
        ({"date": "2026-03-15"}, THAT_WEEK, {**LATER, "date": "2026-03-16", "until_date": "2026-03-16"}),
        (AFTERNOON, THAT_WEEK, THAT_WEEK),
    ],
)
def test_what_stays_of_an_older_wish(
    older: dict[str, Value], newer: dict[str, Value], both: dict[str, Value]
) -> None:
    assert Wish.of(older).and_now(Wish.of(newer)) == Wish.of(both)


def test_days_of_the_week_that_do_not_suit_are_not_offered() -> None:
    asked = wish(weekdays=[1, 3])
    offered = walls(choose(grid(*DAYS), asked, ZONE).offered)
    assert {wall[:2] for wall in offered} == {"03", "05"}
    assert walls(choose(grid(MONDAY), asked, ZONE).offered)[0] == "02 08:00"
    assert not choose(grid(MONDAY), asked, ZONE).suits


def test_as_soon_as_possible_is_the_very_first_times() -> None:
    free = grid(*DAYS)
    assert choose(free, wish(order="earliest"), ZONE).offered == tuple(free[:MOST])


def test_days_come_first_where_nothing_was_said_and_the_times_are_too_many() -> None:
    free = grid(*DAYS[:2], begin=9, end=12)
    days = days_with_room(free, Wish(), ZONE)
    assert [(day.date, day.times) for day in days] == [(DAYS[0], 6), (DAYS[1], 6)]
    assert days_with_room(free[:MOST], Wish(), ZONE) == ()
    assert days_with_room(grid(DAYS[0]), Wish(), ZONE) == ()
    for said in (
        wish(time="09:00"),
        wish(date="2026-03-03"),
        wish(weekdays=[1]),
        wish(order="earliest"),
    ):
        assert days_with_room(free, said, ZONE) == ()


def test_the_days_and_the_earliest_time_fit_in_one_message() -> None:
    days = [date(2026, 3, day) for day in range(2, 22)]
    assert len(days_with_room(grid(*days), Wish(), ZONE)) == MOST_DAYS == MOST - 1


def test_a_range_of_days_suits_from_the_first_to_the_last() -> None:
    range_ = wish(date="2026-03-03", until_date="2026-03-05")
    assert [range_.suits_day(day) for day in DAYS] == [False, True, True, True, False, False]
    assert not range_.one_moment
    assert wish(date="2026-03-03").suits_day(DAYS[1])


def test_when_nothing_suits_the_nearest_are_offered_in_order_and_said_to_be_so() -> None:
    free = [at(MONDAY, "09:00"), at(MONDAY, "17:00"), at(DAYS[3], "12:00")]
    choice = choose(free, wish(date="2026-03-02", time="12:00"), ZONE)
    assert not choice.suits
    assert choice.exact is None
    assert choice.offered == tuple(free)
    many = choose(grid(MONDAY, begin=14), wish(date="2026-03-02", time="13:00"), ZONE)
    assert walls(many.offered)[0] == "02 14:00"
    assert len(many.offered) == MOST


def test_nearness_counts_from_the_end_of_a_range_too() -> None:
    free = [*grid(MONDAY, begin=8, end=10), at(MONDAY, "12:00"), *grid(MONDAY, begin=17, end=20)]
    choice = choose(free, wish(date="2026-03-02", time="10:00", until="12:00"), ZONE)
    assert not choice.suits
    assert at(MONDAY, "12:00") in choice.offered


def test_many_days_show_a_few_times_of_each_and_one_day_shows_more() -> None:
    several = walls(choose(grid(*DAYS), Wish(), ZONE).offered)
    assert len(several) == MOST
    assert len({wall[:2] for wall in several}) == 4
    one = walls(choose(grid(*DAYS), wish(date="2026-03-04"), ZONE).offered)
    assert len(one) <= MOST
    assert {wall[:2] for wall in one} == {"04"}
    assert one[0] == "04 08:00"
    assert int(one[-1][3:5]) >= 17, "spread over the day, not the first few"


def test_a_full_day_is_shown_in_turns_until_nothing_is_left() -> None:
    day, free = wish(date="2026-03-04"), grid(*DAYS)
    shown, seen = choose(free, day, ZONE).offered, set[int]()
    while shown:
        assert not seen & set(shown)
        seen |= set(shown)
        shown = rest_of_day(free, day, shown, ZONE)
    assert seen == set(grid(DAYS[2]))
    assert rest_of_day(free, Wish(), free[:MOST], ZONE) == ()


def test_nothing_free_offers_nothing() -> None:
    choice = choose([], wish(date="2026-03-02"), ZONE)
    assert choice.exact is None
    assert choice.offered == ()


JUNK: list[Value] = [
    None,
    "tomorrow",
    7,
    [],
    {"date": "2026-13-45"},
    {"time": "99:99"},
    {"time": 4},
    {"time": "x:y"},
]


@pytest.mark.parametrize("value", JUNK)
def test_what_cannot_be_read_is_as_good_as_unsaid(value: Value) -> None:
    assert Wish.of(value).anything


clocks = st.none() | st.integers(0, 1439).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
dates = st.none() | st.sampled_from([day.isoformat() for day in DAYS])
values = st.fixed_dictionaries(
    {
        "date": dates,
        "until_date": dates,
        "time": clocks,
        "until": clocks,
        "open": st.sampled_from([None, "after", "before"]),
        "either_half": st.booleans(),
        "weekdays": st.none() | st.lists(st.integers(0, 6), unique=True),
        "order": st.sampled_from([None, "earliest"]),
        "that_week": st.booleans(),
    }
)


@given(value=values)
def test_a_wish_survives_being_remembered(value: dict[str, Value]) -> None:
    asked = Wish.of(value)
    assert Wish.of(asked.as_value()) == asked


@given(older=values, newer=values)
def test_new_days_and_new_times_of_day_always_hold(older: dict[str, Value], newer: dict[str, Value]) -> None:
    said, both = Wish.of(newer), Wish.of(older).and_now(Wish.of(newer))
    if said.first and not said.that_week:
        assert (both.first, both.last, both.weekdays) == (said.first, said.last, said.weekdays)
    if said.names_days:
        assert both.weekdays <= said.weekdays
    if said.start is not None or said.end is not None:
        assert (both.start, both.end) == (said.start, said.end)
    if said.names_days and said.first != said.last and both.end is not None:
        assert both.end == said.end


@given(value=values, free=st.lists(st.sampled_from(grid(*DAYS, begin=0, end=24)), unique=True).map(sorted))
def test_whatever_is_offered_is_free_and_suits_or_is_said_not_to(
    value: dict[str, Value], free: list[int]
) -> None:
    asked = Wish.of(value)
    choice = choose(free, asked, ZONE)
    clock = {start: datetime.fromtimestamp(start * 60, ZONE) for start in free}
    suiting = [
        start
        for start, wall in clock.items()
        if asked.suits_day(wall.date()) and asked.suits_minute(wall.hour * 60 + wall.minute)
    ]
    assert set(choice.offered) <= set(free)
    assert list(choice.offered) == sorted(choice.offered)
    assert len(choice.offered) <= MOST
    assert bool(choice.offered) == bool(free)
    if suiting:
        assert choice.suits
        assert set(choice.offered) <= set(suiting)
    elif free:
        assert not choice.suits
    if choice.exact is not None:
        assert choice.exact in suiting
        assert choice.offered == (choice.exact,)


def test_within_other_days_it_is_the_same_weekday() -> None:
    tuesday = Wish(date(2026, 3, 3), date(2026, 3, 3), 900)
    next_week = Wish(date(2026, 3, 9), date(2026, 3, 15), 900)
    assert next_week.on_weekday_of(tuesday) == Wish(date(2026, 3, 10), date(2026, 3, 10), 900)
    two_days = Wish(date(2026, 3, 11), date(2026, 3, 12), 900)
    assert two_days.on_weekday_of(tuesday) == two_days
    thursday = Wish(date(2026, 3, 12), date(2026, 3, 12), 900)
    assert thursday.on_weekday_of(tuesday) == thursday
