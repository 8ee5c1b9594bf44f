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
from flows.practice_hours import HoursReader
from flows.practice_reminders import read_quiet_hours, read_reminders
from flows.strict_yaml import BEGINNING, Items, Keys, Node, Problems, Text, read_yaml
from storage.claims import UNIT_MINUTES
from storage.practice import (
    CANCELLATIONS,
    IN_SERIES,
    KNOWN_CLIENTS,
    MOVES,
    OFFERS,
    Offering,
    Practice,
    PracticeData,
    Service,
    Therapist,
)

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
    "waitlist_offer": OFFERS,
}
"""Lengths of time in minutes, with what holds when the file does not say."""
SERVICE_RULES = ("break_before", "break_after", "start_every", "minimum_notice", "horizon")
"""What a service may have otherwise than the practice."""
MAY_BE_NOTHING = frozenset(
    {
        "minimum_notice",
        "break_between",
        "break_before",
        "break_after",
        "move_until",
        "cancel_until",
        *SERVICE_TYPES,
    }
)
LONGEST_PRICE = 64
MOST_APPOINTMENTS = 100
CAPS = ("most_a_day", "most_a_week")
COUNT = re.compile(r"[1-9]\d{0,2}", re.ASCII)
NOTHING = re.compile(r"0+[mhd]?")
HORIZON = 60
"""Days."""
DAY = 24 * 60
LONGEST_SESSION = DAY // 2


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
        self._hours = HoursReader(problems, ())
        self._holidays = ""

    def read(self, node: Node) -> PracticeData:
        entries = self._entries(node, ("practice", "rules", "travel", "services", "therapists"), "the file")
        practice = self._practice(entries)
        services = self._services(entries.get("services"), practice)
        self._hours = HoursReader(self._problems, [service.code for service in services])
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
            entries.get("rules"),
            (*RULES, "horizon", "most_in_series", "reminders", "quiet_hours", "holidays", "confirm_at_once"),
            "`rules`",
        )
        minutes = {name: self._minutes(rules.get(name), name, default) for name, default in RULES.items()}
        horizon = self._days(rules.get("horizon")) or HORIZON
        for name, most, why in (
            ("minimum_notice", horizon * DAY - 1, "nobody could book anything within the horizon"),
            ("waitlist_offer", DAY, "nobody else would be offered it"),
            ("hold_for", DAY, "nobody else could have what one person looks at"),
        ):
            if name in rules and minutes[name] > most:
                self._too_long(rules[name].place, name, why)
        travel = self._entries(entries.get("travel"), SERVICE_TYPES, "`travel`")
        self._holidays = self._hours.holidays(rules.get("holidays"))
        quiet_from, quiet_until = read_quiet_hours(rules.get("quiet_hours"), self._problems)
        return Practice(
            name=self._text(about.get("name"), "the practice's `name`", place),
            zone=self._zone(about.get("zone"), place),
            language=self._text(about["language"], "`language`") if "language" in about else "en",
            minimum_notice_minutes=minutes["minimum_notice"],
            horizon_days=horizon,
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
            offer_minutes=minutes["waitlist_offer"],
            most_in_series=self._count(rules.get("most_in_series"), f"without the line it is {IN_SERIES}")
            or IN_SERIES,
            confirm_at_once=tuple(
                self._chosen(rules["confirm_at_once"], [KNOWN_CLIENTS, *SERVICE_TYPES], "such request")
            )
            if "confirm_at_once" in rules
            else (),
        )

    def _too_long(self, place: Place, name: str, why: str) -> None:
        message = f"`{name}` is so long that {why}"
        self._problems.add(place, "long-duration", message, "make it shorter")

    def _days(self, node: Node | None) -> int | None:
        """A number of whole days; None where none is written."""
        if node is None:
            return None
        minutes, rest = divmod(seconds_of(self._text(node, "`horizon`")) or 0, 60)
        if rest or not minutes or minutes % DAY:
            message = "`horizon` must be a number of days"
            self._problems.add(node.place, "bad-duration", message, "write it like 60d")
            return None
        return minutes // DAY

    def _services(self, node: Node | None, practice: Practice) -> tuple[Service, ...]:
        services = []
        for key, value in self._pairs(node, "`services`"):
            what = f"the service `{key.text}`"
            entries = self._entries(value, ("title", "about", "takes", "price", *SERVICE_RULES), what)
            title = self._text(entries.get("title"), f"the `title` of {what}", key.place)
            if len(title) > ROW_DESCRIPTION:
                message = f"the `title` of {what} has {len(title)} characters, a list takes {ROW_DESCRIPTION}"
                self._problems.add(entries["title"].place, "long-title", message, "say more under `about`")
            days, notice = self._days(entries.get("horizon")), self._own_minutes(entries, "minimum_notice")
            takes = self._minutes(entries.get("takes"), "takes", 60)
            least = practice.minimum_notice_minutes if notice is None else notice
            if least >= (days or practice.horizon_days) * DAY:
                why = "nobody could book it within the horizon"
                where = entries.get("minimum_notice") or entries.get("horizon")
                self._too_long(where.place if where else key.place, "minimum_notice", why)
            if takes > LONGEST_SESSION:
                self._too_long(entries["takes"].place, "takes", "it would last more than half a day")
            services.append(
                Service(
                    code=key.text,
                    title=title,
                    about=self._text(entries["about"], "`about`") if "about" in entries else "",
                    minutes=takes,
                    price=self._price(entries.get("price")) or "",
                    before_minutes=self._own_minutes(entries, "break_before"),
                    after_minutes=self._own_minutes(entries, "break_after"),
                    start_every_minutes=self._own_minutes(entries, "start_every") or None,
                    minimum_notice_minutes=notice,
                    horizon_days=days,
                )
            )
        return tuple(services)

    def _therapist(self, key: Text, node: Node, practice: Practice, codes: list[str]) -> Therapist:
        what = f"the therapist `{key.text}`"
        known = ("name", "phone", "zone", "services", "meets", "takes", "prices", "travel")
        entries = self._entries(node, (*known, "hours", "dates", "off", "holidays", *CAPS), what)
        services = self._chosen(entries.get("services"), codes, "service")
        kinds = self._chosen(entries.get("meets"), list(SERVICE_TYPES), "way to meet")
        for given in (entries.get("services"), entries.get("meets")):
            if isinstance(given, Items) and not given.items:
                message = f"{what} could not be booked for anything"
                self._problems.add(
                    given.place, "gives-nothing", message, "name something, or remove the line"
                )
        takes = self._entries(entries.get("takes"), tuple(services), f"`takes` of {what}")
        prices = self._entries(entries.get("prices"), tuple(services), f"`prices` of {what}")
        travel = self._entries(entries.get("travel"), SERVICE_TYPES, f"`travel` of {what}")
        minutes = {code: self._minutes(value, "takes", 60) for code, value in takes.items()}
        cost = {code: self._price(value) for code, value in prices.items()}
        hours, dates = entries.get("hours"), entries.get("dates")
        return Therapist(
            code=key.text,
            name=self._text(entries.get("name"), f"the `name` of {what}", key.place),
            zone=self._zone(entries["zone"], key.place) if "zone" in entries else practice.zone,
            address=f"whatsapp:{self._phone(entries.get('phone'), key)}",
            offers=tuple(
                Offering(service, kind, minutes.get(service), cost.get(service))
                for service in services
                for kind in kinds
            ),
            hours=tuple(
                sorted(
                    stretch
                    for day, value in self._pairs(hours, f"the `hours` of {what}")
                    for stretch in self._hours.weekly(day, value)
                )
            ),
            dates=tuple(
                sorted(
                    stretch
                    for day, value in self._pairs(dates, f"the `dates` of {what}")
                    for stretch in self._hours.dated(day, value)
                )
            ),
            off=self._hours.off(entries.get("off")),
            holidays=self._hours.holidays(entries["holidays"]) if "holidays" in entries else self._holidays,
            most_a_day=self._count(entries.get("most_a_day")),
            most_a_week=self._count(entries.get("most_a_week")),
            travel_minutes={kind: self._minutes(value, kind, 0) for kind, value in travel.items()},
        )

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

    def _own_minutes(self, entries: dict[str, Node], name: str) -> int | None:
        """A length of time; None where the practice's holds."""
        return self._minutes(entries[name], name, 0) if name in entries else None

    def _price(self, node: Node | None) -> str | None:
        price = self._text(node, "a price") if node else None
        if node and price and len(price) > LONGEST_PRICE:
            message = f"this price has {len(price)} characters, {LONGEST_PRICE} are shown"
            self._problems.add(node.place, "long-price", message, "write it like 90 EUR")
        return price

    def _count(self, node: Node | None, hint: str = "remove the line where there is no limit") -> int | None:
        if node is None:
            return None
        written = node.text if isinstance(node, Text) else ""
        if COUNT.fullmatch(written) and int(written) <= MOST_APPOINTMENTS:
            return int(written)
        message = f"this must be a number of appointments from 1 to {MOST_APPOINTMENTS}"
        self._problems.add(node.place, "bad-count", message, hint)
        return None

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
