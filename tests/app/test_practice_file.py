"""Practice files: every mistake is found, all at once, each where it was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.wiring import EXAMPLE_PRACTICE
from engine.errors import FlowError
from flows.practice_file import read_practice
from flows.practice_notes import notes_on
from storage.practice import DatedHours, PracticeData, TimeOff, WeeklyHours

GOOD = """\
practice:
  name: Small Practice
  zone: Europe/Berlin
rules:
  minimum_notice: 2h
services:
  talk:
    title: Talking
    takes: 50m
  walk:
    title: Walking
therapists:
  mia:
    name: Mia Lund
    phone: "+49 30 5550103"
    services: [talk]
    meets: [in-call, home visit]
    hours:
      monday: [9:00-12:00, 13:00-17:30]
      tuesday: 9:00-24:00
"""


def read(folder: Path, text: str, default_phone: str = "") -> PracticeData:
    file = folder / "practice.yaml"
    file.write_text(text, encoding="utf-8")
    return read_practice(file, default_phone)


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(FlowError) as refused:
        read(folder, text)
    return [f"{one.line}:{one.column} {one.code}" for one in refused.value.issues]


def test_a_good_file_is_read_whole(tmp_path: Path) -> None:
    data = read(tmp_path, GOOD)
    assert (data.practice.name, data.practice.zone) == ("Small Practice", "Europe/Berlin")
    assert data.practice.minimum_notice_minutes == 120
    assert [(service.code, service.minutes) for service in data.services] == [("talk", 50), ("walk", 60)]
    (mia,) = data.therapists
    assert mia.address == "whatsapp:+49305550103"
    assert [(offer.service, offer.service_type) for offer in mia.offers] == [
        ("talk", "in-call"),
        ("talk", "home visit"),
    ]
    assert [(one.weekday, one.from_minute, one.until_minute) for one in mia.hours] == [
        (0, 540, 720),
        (0, 780, 1050),
        (1, 540, 1440),
    ]


def test_the_example_is_good() -> None:
    assert len(read_practice(EXAMPLE_PRACTICE).therapists) == 2


def test_a_therapist_without_a_phone_has_the_one_from_the_settings(tmp_path: Path) -> None:
    text = GOOD.replace('    phone: "+49 30 5550103"\n', "")
    assert read(tmp_path, text, "+49 (151) 123-45678").therapists[0].address == "whatsapp:+4915112345678"
    assert mistakes(tmp_path, text) == ["13:3 bad-phone"]


@pytest.mark.parametrize(
    ("good", "bad", "expected"),
    [
        ("zone: Europe/Berlin", "zone: Europe/Berlim", "3:9 unknown-zone"),
        ("  zone: Europe/Berlin\n", "", "2:3 missing"),
        ("  name: Small Practice\n", "", "2:3 missing"),
        ("name: Mia Lund", "name: [Mia, Lund]", "14:11 wrong-shape"),
        ("    name: Mia Lund\n", "", "13:3 missing"),
        ("title: Talking", "titel: Talking", "8:5 unknown-key"),
        ("title: Talking", f"title: {'x' * 73}", "8:12 long-title"),
        ("rules:", "rulez:", "4:1 unknown-key"),
        ("minimum_notice: 2h", "minimum_notice: soon", "5:19 bad-duration"),
        ("minimum_notice: 2h", "minimum_notice: 7m", "5:19 bad-duration"),
        ("minimum_notice: 2h", "minimum_notice: 90d", "5:19 long-duration"),
        ("minimum_notice: 2h", "waitlist_offer: 25h", "5:19 long-duration"),
        ("minimum_notice: 2h", "most_in_series: 0", "5:19 bad-count"),
        ("minimum_notice: 2h", "most_in_series: many", "5:19 bad-count"),
        ("takes: 50m", "takes: 0m", "9:12 bad-duration"),
        ("takes: 50m", "takes: 52m", "9:12 bad-duration"),
        ("services: [talk]", "services: [tolk]", "16:16 unknown-name"),
        ("meets: [in-call, home visit]", "meets: [in-call, phone]", "17:22 unknown-name"),
        ("monday: [9:00", "moonday: [9:00", "19:7 unknown-day"),
        ("9:00-12:00", "9-12", "19:16 bad-hours"),
        ("9:00-12:00", "12:00-9:00", "19:16 bad-hours"),
        ("9:00-12:00", "9:00-9:75", "19:16 bad-hours"),
        ("9:00-12:00", "9:00-13:30", "19:28 bad-hours"),
        ("9:00-24:00", "9:00-24:30", "20:16 bad-hours"),
        ('"+49 30 5550103"', "5550103", "15:12 bad-phone"),
        ('"+49 30 5550103"', '"+49 30 555-HELP"', "15:12 bad-phone"),
        ("services:\n  talk:", "services: talk\nx:\n  talk:", "6:11 wrong-shape"),
        ("  talk:", "  talk: {title: One}\n  talk:", "8:3 duplicate-key"),
    ],
)
def test_each_mistake_has_its_place(tmp_path: Path, good: str, bad: str, expected: str) -> None:
    assert good in GOOD
    assert expected in mistakes(tmp_path, GOOD.replace(good, bad, 1))


def test_some_lengths_of_time_may_be_nothing(tmp_path: Path) -> None:
    text = GOOD.replace("minimum_notice: 2h", "minimum_notice: 0m\n  break_between: 0")
    assert read(tmp_path, text).practice.minimum_notice_minutes == 0


def test_two_therapists_need_two_phones(tmp_path: Path) -> None:
    other = '  leo:\n    name: Leo\n    phone: "+49305550103"\n'
    assert mistakes(tmp_path, GOOD + other) == ["23:12 same-phone"]


def test_a_practice_needs_therapists_and_they_need_something_to_give(tmp_path: Path) -> None:
    nobody = GOOD[: GOOD.index("therapists:")]
    assert "1:1 no-therapists" in mistakes(tmp_path, nobody)
    assert "16:15 gives-nothing" in mistakes(tmp_path, GOOD.replace("services: [talk]", "services: []"))
    nothing = GOOD.replace("  talk:\n    title: Talking\n    takes: 50m\n  walk:\n    title: Walking\n", "")
    assert any(" no-services" in mistake for mistake in mistakes(tmp_path, nothing))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("Europe/Berlin", "Nowhere").replace("50m", "1s").replace("[talk]", "[tolk]")
    assert [mistake.partition(" ")[2] for mistake in mistakes(tmp_path, text)] == [
        "unknown-zone",
        "bad-duration",
        "unknown-name",
    ]


@pytest.mark.parametrize("text", ["", "just words", "- a\n- list\n", "a: [1\n", "a: &b c\n", "\x00"])
def test_what_is_no_practice_at_all_is_refused(tmp_path: Path, text: str) -> None:
    assert mistakes(tmp_path, text)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FlowError, match="cannot be read"):
        read_practice(tmp_path / "nowhere.yaml")


def test_reminders_and_quiet_hours_are_as_the_file_says_or_as_usual(tmp_path: Path) -> None:
    usual = read(tmp_path, GOOD).practice
    assert (usual.reminder_minutes, usual.quiet_from, usual.quiet_until) == ((1440, 60), 1260, 480)
    text = GOOD.replace("rules:\n", "rules:\n  reminders: [45m, 2d]\n  quiet_hours: 22:30-7:00\n")
    own = read(tmp_path, text).practice
    assert (own.reminder_minutes, own.quiet_from, own.quiet_until) == ((2880, 45), 1350, 420)
    none = GOOD.replace("rules:\n", "rules:\n  reminders: []\n  quiet_hours: none\n")
    assert (read(tmp_path, none).practice.reminder_minutes, read(tmp_path, none).practice.quiet_from) == (
        (),
        0,
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("reminders: [soon]", "5:15 bad-reminder"),
        ("reminders: [8d]", "5:15 bad-reminder"),
        ("reminders: [1h, 2h, 3h, 4h, 5h, 6h]", "5:14 many-reminders"),
        ("quiet_hours: 21:00", "5:16 bad-hours"),
        ("quiet_hours: 21:00-24:00", "5:16 bad-hours"),
        ("quiet_hours: 8:00-8:00", "5:16 bad-hours"),
    ],
)
def test_bad_reminders_are_found(tmp_path: Path, line: str, expected: str) -> None:
    assert mistakes(tmp_path, GOOD.replace("rules:\n", f"rules:\n  {line}\n")) == [expected]


FULL = (
    GOOD.replace("rules:\n", "rules:\n  holidays: DE\n  confirm_at_once: [known clients, in-call]\n").replace(
        "    takes: 50m\n",
        "    takes: 50m\n    price: 90 EUR\n    break_before: 5m\n    break_after: 0\n    start_every: 1h\n"
        "    minimum_notice: 1d\n    horizon: 30d\n",
    )
    + """\
      wednesday: [9:00-12:00 for home visit and talk, 9:00-10:00 for in-call]
    zone: Europe/Lisbon
    takes: {talk: 55m}
    prices: {talk: 100 EUR}
    travel: {home visit: 45m}
    most_a_day: 4
    most_a_week: 12
    holidays: PT-11
    dates:
      2026-12-24: [9:00-11:00]
      2026-12-31: closed
    off:
      - 2026-07-01 to 2026-07-14
      - "2026-05-04 14:00-16:00"
      - 2026-05-05
"""
)


def test_all_that_a_service_and_a_therapist_may_have_of_their_own(tmp_path: Path) -> None:
    data = read(tmp_path, FULL)
    assert data.practice.confirm_at_once == ("known clients", "in-call")
    talk, walk = data.services
    assert (talk.price, talk.before_minutes, talk.after_minutes, talk.start_every_minutes) == (
        "90 EUR",
        5,
        0,
        60,
    )
    assert (talk.minimum_notice_minutes, talk.horizon_days) == (1440, 30)
    assert (walk.price, walk.before_minutes, walk.minimum_notice_minutes, walk.horizon_days) == (
        "",
        None,
        None,
        None,
    )
    (mia,) = data.therapists
    assert (mia.zone, mia.holidays, mia.most_a_day, mia.most_a_week) == ("Europe/Lisbon", "PT-11", 4, 12)
    assert {(offer.minutes, offer.price) for offer in mia.offers} == {(55, "100 EUR")}
    assert mia.travel_minutes == {"home visit": 45}
    assert [hours for hours in mia.hours if hours.weekday == 2] == [
        WeeklyHours(2, 540, 600, "", "in-call"),
        WeeklyHours(2, 540, 720, "talk", "home visit"),
    ]
    assert mia.dates == (DatedHours("2026-12-24", 540, 660), DatedHours("2026-12-31", 0, 0))
    assert mia.off == (
        TimeOff("2026-05-04", 840, "2026-05-04", 960),
        TimeOff("2026-05-05", 0, "2026-05-05", 1440),
        TimeOff("2026-07-01", 0, "2026-07-14", 1440),
    )


def test_the_practices_holidays_are_its_therapists_unless_they_keep_none(tmp_path: Path) -> None:
    text = GOOD.replace("rules:\n", "rules:\n  holidays: DE\n")
    assert read(tmp_path, text).therapists[0].holidays == "DE"
    assert read(tmp_path, text + "    holidays: none\n").therapists[0].holidays == ""


@pytest.mark.parametrize(
    ("good", "bad", "code"),
    [
        ("holidays: DE\n", "holidays: XX\n", "unknown-holidays"),
        ("holidays: PT-11", "holidays: PT-77", "unknown-holidays"),
        ("holidays: PT-11", "holidays: [PT]", "unknown-holidays"),
        ("confirm_at_once: [known clients", "confirm_at_once: [clients", "unknown-name"),
        ("price: 90 EUR", f"price: {'x' * 65}", "long-price"),
        ("start_every: 1h", "start_every: often", "bad-duration"),
        ("horizon: 30d", "horizon: 0d", "bad-duration"),
        ("horizon: 30d", "horizon: 36h", "bad-duration"),
        ("horizon: 30d", "horizon: 1d", "long-duration"),
        ("takes: 50m", "takes: 30h", "long-duration"),
        ("confirm_at_once", "hold_for: 2d\n  confirm_at_once", "long-duration"),
        ("9:00-10:00 for in-call", "9:07-10:00 for in-call", "bad-hours"),
        ("takes: {talk: 55m}", "takes: {tolk: 55m}", "unknown-key"),
        ("takes: {talk: 55m}", "takes: {walk: 55m}", "unknown-key"),
        ("prices: {talk: 100 EUR}", "prices: 100 EUR", "wrong-shape"),
        ("travel: {home visit: 45m}", "travel: {homevisit: 45m}", "unknown-key"),
        ("most_a_day: 4", "most_a_day: 0", "bad-count"),
        ("most_a_day: 4", "most_a_day: many", "bad-count"),
        ("most_a_week: 12", "most_a_week: 101", "bad-count"),
        ("zone: Europe/Lisbon", "zone: Europe/Lisbonn", "unknown-zone"),
        ("for home visit and talk", "for homevisit", "unknown-name"),
        ("9:00-10:00 for in-call", "9:00-10:00 for home visit and talk", "bad-hours"),
        ("2026-12-24: [9:00-11:00]", "2026-13-24: [9:00-11:00]", "bad-date"),
        ("2026-12-24: [9:00-11:00]", "christmas: [9:00-11:00]", "bad-date"),
        ("2026-12-31: closed", "2026-12-31: shut", "bad-hours"),
        ("2026-12-31: closed", "2026-12-31: []", "no-hours"),
        ("2026-07-01 to 2026-07-14", "2026-07-14 to 2026-07-01", "bad-date"),
        ("2026-07-01 to 2026-07-14", "in July", "bad-date"),
        ("2026-05-04 14:00-16:00", "2026-05-04 16:00-14:00", "bad-date"),
        ("2026-05-04 14:00-16:00", "2026-05-04 14:00-16:00 for talk", "bad-date"),
    ],
)
def test_mistakes_in_working_time_are_found(tmp_path: Path, good: str, bad: str, code: str) -> None:
    assert good in FULL
    assert [mistake.partition(" ")[2] for mistake in mistakes(tmp_path, FULL.replace(good, bad, 1))] == [code]


ODD = """\
practice: {name: Small Practice, zone: Europe/Berlin}
services:
  talk: {title: Talking, takes: 50m}
  walk: {title: Walking, takes: 2h}
  swim: {title: Swimming}
therapists:
  mia: {name: Mia Lund, phone: "+49 30 5550103", services: [talk]}
  bo:
    name: Mia Lund
    phone: "+49 30 5550104"
    services: [walk]
    most_a_day: 3
    most_a_week: 2
    hours: {monday: 9:00-10:00}
"""


def test_what_is_allowed_and_probably_not_meant_is_noted(tmp_path: Path) -> None:
    notes = list(notes_on(read(tmp_path, ODD)))
    assert len(notes) == 5
    for words in ("Nobody gives `swim`", "2 therapists are called Mia Lund", "`mia` has no hours"):
        assert any(words in note for note in notes)
    assert any("shorter than the 120 minutes" in note for note in notes)
    assert any("`most_a_day` of `bo` is more" in note for note in notes)
    assert list(notes_on(read_practice(EXAMPLE_PRACTICE))) == []
