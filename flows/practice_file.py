"""The practice file: therapists, services and weekly hours, as whoever runs the practice writes them.

Strict like flows.yaml: every mistake is reported with its place, and a bad file changes nothing.
"""

from __future__ import annotations

import re
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from engine.errors import FlowError
from engine.model import Place
from engine.nearest import nearest
from flows.lengths import ROW_DESCRIPTION
from flows.load import seconds_of
from flows.practice import SERVICE_TYPES
from flows.practice_reminders import read_quiet_hours, read_reminders
from flows.strict_yaml import BEGINNING, Items, Keys, Node, Problems, Text, read_yaml
from storage.claims import UNIT_MINUTES
from storage.practice import (
    CANCELLATIONS,
    MOVES,
    Offering,
    Practice,
    PracticeData,
    Service,
    Therapist,
    WeeklyHours,
)

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HOURS = re.compile(r"(\d{1,2}):([0-5]\d)-(\d{1,2}):([0-5]\d)")
PHONE = re.compile(r"\+[1-9]\d{6,14}")
RULES = {
    "minimum_notice": 2 * 60,
    "hold_for": 10,
    "answer_within": 24 * 60,
    "start_every": 30,
    "break_between": 0,
    "acknowledge_within": 10,
    "move_until": MOVES,
    "cancel_until": CANCELLATIONS,
}
"""Lengths of time in minutes, with what holds when the file does not say."""
MAY_BE_NOTHING = frozenset({"minimum_notice", "break_between", "move_until", "cancel_until", *SERVICE_TYPES})
NOTHING = re.compile(r"0+[mhd]?")
HORIZON = 60 * 24 * 60
DAY = 24 * 60


def read_practice(path: Path, default_phone: str = "") -> PracticeData:
    """The practice that a file describes. Raises FlowError with every mistake in it.

    `default_phone`: the number of the one therapist who has none in the file.
    """
    problems = Problems(path.name)
    node = read_yaml(path, problems)
    data = _PracticeReader(problems, default_phone).read(node) if node else None
    if problems.issues or data is None:
        raise FlowError(problems.issues)
    return data


class _PracticeReader:
    """Turns nodes into the practice, and notes what does not fit."""

    def __init__(self, problems: Problems, default_phone: str) -> None:
        self._problems = problems
        self._default_phone = default_phone
        self._phones: set[str] = set()

    def read(self, node: Node) -> PracticeData:
        entries = self._entries(node, ("practice", "rules", "travel", "services", "therapists"), "the file")
        services = self._services(entries.get("services"))
        practice = self._practice(entries)
        therapists = tuple(
            self._therapist(key, value, practice, [service.code for service in services])
            for key, value in self._pairs(entries.get("therapists"), "`therapists`")
        )
        if not therapists:
            self._problems.add(node.place, "no-therapists", "without therapists there is nothing to book")
        if not services:
            self._problems.add(node.place, "no-services", "without services there is nothing to book")
        return PracticeData(practice=practice, services=services, therapists=therapists)

    def _practice(self, entries: dict[str, Node]) -> Practice:
        section = entries.get("practice")
        about = self._entries(section, ("name", "zone", "language"), "`practice`")
        place = section.place if section else BEGINNING
        rules = self._entries(
            entries.get("rules"), (*RULES, "horizon", "reminders", "quiet_hours"), "`rules`"
        )
        minutes = {name: self._minutes(rules.get(name), name, default) for name, default in RULES.items()}
        travel = self._entries(entries.get("travel"), SERVICE_TYPES, "`travel`")
        quiet_from, quiet_until = read_quiet_hours(rules.get("quiet_hours"), self._problems)
        return Practice(
            name=self._text(about.get("name"), "the practice's `name`", place),
            zone=self._zone(about.get("zone"), place),
            language=self._text(about["language"], "`language`") if "language" in about else "en",
            minimum_notice_minutes=minutes["minimum_notice"],
            horizon_days=max(1, self._minutes(rules.get("horizon"), "horizon", HORIZON) // DAY),
            hold_minutes=minutes["hold_for"],
            answer_within_minutes=minutes["answer_within"],
            start_every_minutes=minutes["start_every"] or 30,
            buffer_minutes=minutes["break_between"],
            acknowledge_within_minutes=minutes["acknowledge_within"],
            travel_minutes={kind: self._minutes(value, kind, 0) for kind, value in travel.items()},
            reminder_minutes=read_reminders(rules.get("reminders"), self._problems),
            quiet_from=quiet_from,
            quiet_until=quiet_until,
            move_notice_minutes=minutes["move_until"],
            cancel_notice_minutes=minutes["cancel_until"],
        )

    def _services(self, node: Node | None) -> tuple[Service, ...]:
        services = []
        for key, value in self._pairs(node, "`services`"):
            what = f"the service `{key.text}`"
            entries = self._entries(value, ("title", "about", "takes"), what)
            title = self._text(entries.get("title"), f"the `title` of {what}", key.place)
            if len(title) > ROW_DESCRIPTION:
                message = f"the `title` of {what} has {len(title)} characters, a list takes {ROW_DESCRIPTION}"
                self._problems.add(entries["title"].place, "long-title", message, "say more under `about`")
            services.append(
                Service(
                    code=key.text,
                    title=title,
                    about=self._text(entries["about"], "`about`") if "about" in entries else "",
                    minutes=self._minutes(entries.get("takes"), "takes", 60),
                )
            )
        return tuple(services)

    def _therapist(self, key: Text, node: Node, practice: Practice, codes: list[str]) -> Therapist:
        what = f"the therapist `{key.text}`"
        entries = self._entries(node, ("name", "phone", "services", "meets", "hours"), what)
        services = self._chosen(entries.get("services"), codes, "service")
        kinds = self._chosen(entries.get("meets"), list(SERVICE_TYPES), "way to meet")
        for given in (entries.get("services"), entries.get("meets")):
            if isinstance(given, Items) and not given.items:
                message = f"{what} could not be booked for anything"
                self._problems.add(
                    given.place, "gives-nothing", message, "name something, or remove the line"
                )
        hours = [
            stretch
            for day, value in self._pairs(entries.get("hours"), f"the `hours` of {what}")
            for stretch in self._day(day, value)
        ]
        return Therapist(
            code=key.text,
            name=self._text(entries.get("name"), f"the `name` of {what}", key.place),
            zone=practice.zone,
            address=f"whatsapp:{self._phone(entries.get('phone'), key)}",
            offers=tuple(Offering(service, kind) for service in services for kind in kinds),
            hours=tuple(sorted(hours)),
        )

    def _day(self, day: Text, node: Node) -> list[WeeklyHours]:
        if day.text not in WEEKDAYS:
            message = f"`{day.text}` is no day of the week"
            self._problems.add(day.place, "unknown-day", message, nearest(day.text, WEEKDAYS))
            return []
        weekday = WEEKDAYS.index(day.text)
        found: list[WeeklyHours] = []
        for item in node.items if isinstance(node, Items) else (node,):
            match = HOURS.fullmatch(item.text.replace(" ", "")) if isinstance(item, Text) else None
            numbers = [int(part) for part in match.groups()] if match else [0, 0, 0, 0]
            start, end = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
            if not 0 <= start < end <= DAY:
                message = f"this is no stretch of {day.text}"
                self._problems.add(item.place, "bad-hours", message, "write it like 9:00-12:30")
            elif found and start < found[-1].until_minute:
                message = f"the hours of {day.text} overlap or are out of order"
                self._problems.add(item.place, "bad-hours", message)
            else:
                found.append(WeeklyHours(weekday, start, end))
        return found

    def _phone(self, node: Node | None, key: Text) -> str:
        written = self._text(node, "`phone`") if node else self._default_phone
        number = re.sub(r"[\s()-]", "", written.removeprefix("whatsapp:"))
        if not PHONE.fullmatch(number):
            message = f"the phone of `{key.text}` must be written in full, with + and the country"
            place = node.place if node else key.place
            self._problems.add(place, "bad-phone", message, 'write it like "+49 151 12345678"')
        elif number in self._phones:
            place = node.place if node else key.place
            self._problems.add(place, "same-phone", f"`{key.text}` has the phone of another therapist")
        self._phones.add(number)
        return number

    def _zone(self, node: Node | None, place: Place) -> str:
        zone = self._text(node, "the practice's `zone`", place)
        if node and zone not in available_timezones():
            message = f"`{zone}` is no time zone"
            self._problems.add(node.place, "unknown-zone", message, nearest(zone, available_timezones()))
        return zone if zone in available_timezones() else str(ZoneInfo("UTC"))

    def _minutes(self, node: Node | None, name: str, default: int) -> int:
        if node is None:
            return default
        written = self._text(node, f"`{name}`")
        seconds = 0 if name in MAY_BE_NOTHING and NOTHING.fullmatch(written) else seconds_of(written)
        if seconds is None or seconds // 60 % UNIT_MINUTES:
            message = f"`{name}` must be a length of time in steps of {UNIT_MINUTES} minutes"
            self._problems.add(node.place, "bad-duration", message, "write it like 50m, 2h or 60d")
            return default
        return seconds // 60

    def _chosen(self, node: Node | None, known: list[str], what: str) -> list[str]:
        """The listed names; all of them when nothing is listed."""
        if node is None:
            return known
        chosen = []
        for item in node.items if isinstance(node, Items) else (node,):
            name = self._text(item, f"a {what}")
            if name in known:
                chosen.append(name)
            elif name:
                message = f"there is no {what} `{name}`"
                self._problems.add(item.place, "unknown-name", message, nearest(name, known))
        return chosen

    def _entries(self, node: Node | None, known: tuple[str, ...], what: str) -> dict[str, Node]:
        entries = {}
        for key, value in self._pairs(node, what):
            if key.text in known:
                entries[key.text] = value
            else:
                message = f"`{key.text}` means nothing in {what}"
                self._problems.add(key.place, "unknown-key", message, nearest(key.text, known))
        return entries

    def _pairs(self, node: Node | None, what: str) -> tuple[tuple[Text, Node], ...]:
        if isinstance(node, Keys):
            return node.entries
        if node is not None and not (isinstance(node, Text) and node.empty):
            self._problems.add(node.place, "wrong-shape", f"{what} must hold names, each with a colon")
        return ()

    def _text(self, node: Node | None, what: str, place: Place = BEGINNING) -> str:
        """One text. `place`: where it is missing."""
        if isinstance(node, Text) and node.text:
            return node.text
        if node is not None:
            self._problems.add(node.place, "wrong-shape", f"{what} must be one text")
        else:
            self._problems.add(place, "missing", f"{what} is missing")
        return ""
