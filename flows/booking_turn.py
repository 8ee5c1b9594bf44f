"""What a booking step sees of the turn in which it runs, in the words of booking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from engine.events import Value, Values
from engine.ports import Moment
from flows.calendar_address import CalendarAddresses
from flows.clocks import shares_clock, zones_of_number
from flows.practice import PracticeBook
from flows.slots import instant, local
from flows.texts import Texts, line
from flows.wishes import Wish
from flows.wording import dates_in_words, day_in_full, in_full, zone_in_words
from storage.appointments import Appointment, NewAppointment
from storage.people import Person


@dataclass(frozen=True, slots=True)
class BookingTurn:
    """The moment of a turn, and the practice it happens in."""

    moment: Moment
    practice: PracticeBook
    texts: Texts
    calendars: CalendarAddresses

    @property
    def now(self) -> int:
        """Seconds since the epoch."""
        return self.moment.now

    @property
    def minute(self) -> int:
        """Minutes since the epoch."""
        return self.moment.now // 60

    @property
    def data(self) -> Values:
        """What came with the event that began the turn."""
        return self.moment.event.data

    @property
    def memory(self) -> Values:
        """What the conversation remembers."""
        return self.moment.snapshot.memory

    @property
    def person_id(self) -> int:
        """Whose conversation it is."""
        return self.moment.conversation.person.id

    @property
    def person(self) -> Person:
        """Who that is, as read when the turn began."""
        person = self.moment.conversation.person
        assert isinstance(person, Person)  # noqa: S101  # the engine knows less of people than storage does
        return person

    @property
    def language(self) -> str:
        """What that person reads."""
        return self.moment.conversation.person.language

    @property
    def zone(self) -> ZoneInfo:
        """The practice's time zone, in which all times are shown."""
        return self.practice.zone

    @property
    def their_zone(self) -> str | None:
        """The time zone that the person has said they are in: now, or before this turn."""
        return self.remembered_text("clock") or self.person.zone

    @property
    def their_zones(self) -> tuple[str, ...]:
        """That one; else all that their number may be of, and none where that says nothing."""
        return (self.their_zone,) if self.their_zone else zones_of_number(self.person.address)

    @property
    def cause(self) -> str:
        """A name for this turn that stays the same when it is taken again after a failure."""
        return f"{self.moment.conversation.id}:{self.moment.snapshot.turn}"

    @property
    def wish(self) -> Wish:
        """When it would suit, as far as it was said."""
        return Wish.of(self.memory.get("wanted"))

    def without(self, *names: str) -> BookingTurn:
        """The same turn, as if the conversation did not remember these."""
        return self.knowing(dict.fromkeys(names))

    def knowing(self, more: Values) -> BookingTurn:
        """The same turn, as if the conversation remembered this as well."""
        return replace(self, moment=replace(self.moment, snapshot=self.moment.snapshot.remember(more)))

    def remembered_text(self, name: str) -> str | None:
        """A remembered text or number, as text."""
        value = self.memory.get(name)
        return None if value is None else str(value)

    def remembered_number(self, name: str) -> int | None:
        """A remembered number."""
        return number(self.memory.get(name))

    def when(self, minute: int) -> str:
        """A time in words, with the name of its zone for somebody whose clock shows another."""
        words = in_full(minute, self.zone, self.language, self.minute)
        if shares_clock(self.their_zones, self.zone, minute):
            return words
        return f"{words} ({zone_in_words(minute, self.zone, self.language)})"

    def when_on(self, day: date, minute: int) -> str:
        """A local time in words, be there such a time on that day or not."""
        wanted = instant(day, minute, self.zone)
        wall = local(wanted, self.zone)
        if (wall.date(), wall.hour * 60 + wall.minute) == (day, minute):
            return self.when(wanted)
        return f"{day_in_full(wall, self.language)}, {minute // 60:02}:{minute % 60:02}"

    def when_all(self, minutes: Sequence[int]) -> Value:
        """Likewise of one or several times."""
        if len(minutes) == 1:
            return self.when(*minutes)
        words = dates_in_words(minutes, self.zone, self.language, self.minute)
        if not shares_clock(self.their_zones, self.zone, minutes[0]):
            words = f"{words} ({zone_in_words(minutes[0], self.zone, self.language)})"
        return line("when_repeated", count=len(minutes), dates=words)

    def version_of(self, key: str) -> str:
        """The version of a text as this person reads it: another one whenever its words change."""
        return self.texts.version(self.language, key)

    def summary(self, first: Appointment | NewAppointment, *others: Appointment | NewAppointment) -> Value:
        """An appointment in words, or those of a series: when, how, what for, with whom, where."""
        return line(
            "summary_with_address" if first.address else "summary",
            when=self.when_all([one.starts_at for one in (first, *others)]),
            kind=line(f"type {first.service_type}"),
            service=self.practice.service(first.service).title,
            therapist=self.practice.therapist_name(first.therapist_id) or line("therapist_left"),
            address=first.address,
        )

    def news(self, first: Appointment, *others: Appointment) -> dict[str, Value]:
        """What a therapist is told of an appointment, or of a series."""
        return {
            "request": str(first.id),
            "client": name_of(first.client),
            "phone": phone_of(first.client),
            "when": self.when_all([one.starts_at for one in (first, *others)]),
            "summary": self.summary(first, *others),
        }


def number(value: Value) -> int | None:
    """A whole number that was remembered, told or typed."""
    text = str(value)
    return int(text) if value is not None and text.isascii() and text.isdecimal() else None


def initials_of(person: Person) -> Value:
    """Enough to know who is meant for somebody who knows them."""
    words = (person.name or "").split()
    return "".join(f"{word[0].upper()}." for word in words[:3]) or line("a_client")


def phone_of(person: Person) -> Value:
    """The number under which somebody can be called; words where WhatsApp shows a user name instead."""
    return person.address.rpartition(":")[2] if has_phone(person) else line("no_phone")


def has_phone(person: Person) -> bool:
    """Whether somebody's address holds a number. In chats and simulators the name stands for it."""
    return not person.address.startswith("whatsapp:") or person.address.startswith("whatsapp:+")


def name_of(person: Person | None) -> Value:
    """What somebody calls themselves, if they told."""
    return person.name if person and person.name else line("a_client")
