"""Where the practice is kept: loaded as a whole, read as a whole.

Loading replaces all of it in one transaction. A therapist's number stays the same as long as the code or
the address does, so appointments keep their therapist.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Generic, TypeVar

from sqlalchemy import Table, delete, null, select, update

from storage.database import Session
from storage.people import THERAPIST
from storage.practice import (
    DatedHours,
    Offering,
    Practice,
    PracticeData,
    Service,
    Therapist,
    TimeOff,
    WeeklyHours,
)
from storage.sealing import Sealer
from storage.sql import Insert, Query, given
from storage.tables import (
    dated_hours,
    journeys,
    offerings,
    people,
    practice_settings,
    services,
    therapists,
    times_off,
    waitlist,
    weekly_hours,
)

_TRAVEL = "travel_minutes:"
_VERSION = "version"
_NUMBERS = (
    "minimum_notice_minutes",
    "horizon_days",
    "hold_minutes",
    "answer_within_minutes",
    "start_every_minutes",
    "buffer_minutes",
    "acknowledge_within_minutes",
    "move_notice_minutes",
    "cancel_notice_minutes",
    "offer_minutes",
    "most_in_series",
    "quiet_from",
    "quiet_until",
)
_REMINDERS = "reminder_minutes"
_AT_ONCE = "confirm_at_once"

_CLEARED = (weekly_hours, dated_hours, times_off, journeys, offerings, therapists, services)
"""What is replaced by loading, in an order that no foreign key forbids."""
_CLEAR = [Query(delete(table)) for table in _CLEARED]
_ADD_SERVICE, _ADD_THERAPIST, _ADD_JOURNEY = Insert(services), Insert(therapists), Insert(journeys)
_CLEAR_SETTINGS = Query(delete(practice_settings))
_ADD_PERSON = Insert(people)
_ADD_SETTING = Insert(practice_settings)
_SETTINGS = Query(select(practice_settings.c.name, practice_settings.c.value))
_SERVICE = [field.name for field in fields(Service)]
_SERVICES = Query(select(*(services.c[name] for name in _SERVICE)).order_by(services.c.position))
_THERAPISTS = Query(
    select(
        therapists.c.person_id,
        therapists.c.code,
        therapists.c.name,
        therapists.c.zone,
        therapists.c.holidays,
        therapists.c.most_a_day,
        therapists.c.most_a_week,
        people.c.address,
    )
    .join(people, people.c.id == therapists.c.person_id)
    .order_by(therapists.c.position)
)
_JOURNEYS = Query(select(journeys.c.therapist_id, journeys.c.service_type, journeys.c.minutes))
P = TypeVar("P", WeeklyHours, DatedHours, TimeOff, Offering)

_WAIT_FOR_ANYBODY = Query(
    update(waitlist)
    .where(waitlist.c.therapist_id.not_in(select(therapists.c.person_id)))
    .values(therapist_id=null())
)
"""Who waits for a therapist who has left may as well be offered somebody else's time."""
_KNOWN = Query(
    select(people.c.id, people.c.address_hash, therapists.c.code)
    .join(therapists, therapists.c.person_id == people.c.id, isouter=True)
    .where(people.c.role == THERAPIST)
)
_REHASH = Query(update(people).where(people.c.id == given("person")).values(address_hash=given("hash")))
_REWRITE = Query(
    update(people)
    .where(people.c.id == given("person"))
    .values(address_hash=given("hash"), address=given("at"), name=given("called"), zone=given("in_zone"))
)


class _Parts(Generic[P]):
    """What a therapist has several of, in a table whose columns are called as the fields are."""

    def __init__(self, table: Table, part: type[P]) -> None:
        self._part: type[P] = part
        self._names = [field.name for field in fields(part)]
        columns = [table.c.therapist_id, *(table.c[name] for name in self._names)]
        self._all = Query(select(*columns).order_by(*table.primary_key.columns))
        self._add = Insert(table)

    async def read(self, session: Session) -> dict[int, list[P]]:
        """By therapist, in order."""
        found: dict[int, list[P]] = defaultdict(list)
        for therapist_id, *values in await session.fetch(self._all):
            found[therapist_id].append(self._part(*values))
        return found

    async def write(self, session: Session, parts: Mapping[int, Sequence[P]]) -> None:
        """Those of all therapists."""
        rows = [
            {"therapist_id": number, **{name: getattr(part, name) for name in self._names}}
            for number, several in parts.items()
            for part in several
        ]
        await session.insert_all(self._add, rows)


_HOURS, _DATES = _Parts(weekly_hours, WeeklyHours), _Parts(dated_hours, DatedHours)
_OFF, _OFFERS = _Parts(times_off, TimeOff), _Parts(offerings, Offering)


class Practices:
    """The tables of the practice."""

    def __init__(self, session: Session, sealer: Sealer, clock: Callable[[], int]) -> None:
        self._session = session
        self._sealer = sealer
        self._clock = clock

    async def load(self, data: PracticeData) -> PracticeData:
        """Replace the practice; returns it with the therapists' numbers. `version` counts up by itself."""
        async with self._session.atomically() as session:
            version = await Practices(session, self._sealer, self._clock).version()
            numbers = await self._settle_people(session, data)
            for query in _CLEAR:
                await session.change(query)
            await self._write(session, data, numbers)
            await self._write_settings(session, data.practice, version + 1)
            await session.change(_WAIT_FOR_ANYBODY)
        numbered = tuple(replace(one, id=numbers[one.code]) for one in data.therapists)
        return replace(data, therapists=numbered, version=version + 1)

    async def version(self) -> int:
        """How many times a practice was loaded; 0: never."""
        settings: dict[str, str] = dict(await self._session.fetch(_SETTINGS))
        return int(settings.get(_VERSION, 0))

    async def read(self) -> PracticeData | None:
        """The practice, or None before one was loaded."""
        async with self._session.atomically() as session:
            settings: dict[str, str] = dict(await session.fetch(_SETTINGS))
            if _VERSION not in settings:
                return None
            offers, hours = await _OFFERS.read(session), await _HOURS.read(session)
            dates, off = await _DATES.read(session), await _OFF.read(session)
            travel: dict[int, dict[str, int]] = defaultdict(dict)
            for therapist_id, service_type, minutes in await session.fetch(_JOURNEYS):
                travel[therapist_id][service_type] = minutes
            found = await session.fetch(_THERAPISTS)
            given_services = tuple(
                Service(**dict(zip(_SERVICE, row, strict=True))) for row in await session.fetch(_SERVICES)
            )
        return PracticeData(
            practice=_practice_from(settings),
            services=given_services,
            therapists=tuple(
                Therapist(
                    id=number,
                    code=code,
                    name=self._sealer.open(name),
                    zone=zone,
                    holidays=holidays,
                    most_a_day=most_a_day,
                    most_a_week=most_a_week,
                    address=self._sealer.open(address),
                    offers=tuple(offers[number]),
                    hours=tuple(hours[number]),
                    dates=tuple(dates[number]),
                    off=tuple(off[number]),
                    travel_minutes=travel[number],
                )
                for number, code, name, zone, holidays, most_a_day, most_a_week, address in found
            ),
            version=int(settings[_VERSION]),
        )

    async def _settle_people(self, session: Session, data: PracticeData) -> dict[str, int]:
        """Find or make the person behind each therapist's code."""
        known = await session.fetch(_KNOWN)
        by_code = {code: number for number, _, code in known if code}
        by_hash = {address_hash: number for number, address_hash, _ in known}
        hashes = {one.code: self._sealer.index(one.address) for one in data.therapists}
        numbers = {code: by_code[code] for code in hashes if code in by_code}
        for code, address_hash in hashes.items():
            number = by_hash.get(address_hash)
            if code not in numbers and number is not None and number not in numbers.values():
                numbers[code] = number
        # Addresses may have been exchanged, or belong to somebody who left: first all are made free.
        for number in {*numbers.values(), *(by_hash[one] for one in hashes.values() if one in by_hash)}:
            await session.change(_REHASH, person=number, hash=f"moved:{number}")
        for one in data.therapists:
            if one.code in numbers:
                await session.change(
                    _REWRITE,
                    person=numbers[one.code],
                    hash=hashes[one.code],
                    at=self._sealer.seal(one.address),
                    called=self._sealer.seal(one.name),
                    in_zone=one.zone,
                )
            else:
                numbers[one.code] = await session.insert(
                    _ADD_PERSON,
                    role=THERAPIST,
                    address_hash=hashes[one.code],
                    address=self._sealer.seal(one.address),
                    name=self._sealer.seal(one.name),
                    language=data.practice.language,
                    zone=one.zone,
                    created_at=self._clock(),
                    opted_out_at=None,
                    notice_version=None,
                    queued=0,
                )
        return numbers

    async def _write(self, session: Session, data: PracticeData, numbers: Mapping[str, int]) -> None:
        await session.insert_all(
            _ADD_SERVICE,
            [
                {**{name: getattr(one, name) for name in _SERVICE}, "position": position}
                for position, one in enumerate(data.services)
            ],
        )
        await session.insert_all(
            _ADD_THERAPIST,
            [
                {
                    "person_id": numbers[one.code],
                    "code": one.code,
                    "name": self._sealer.seal(one.name),
                    "zone": one.zone,
                    "holidays": one.holidays,
                    "most_a_day": one.most_a_day,
                    "most_a_week": one.most_a_week,
                    "position": position,
                }
                for position, one in enumerate(data.therapists)
            ],
        )
        by_number = {numbers[one.code]: one for one in data.therapists}
        await _OFFERS.write(session, {number: one.offers for number, one in by_number.items()})
        await _HOURS.write(session, {number: one.hours for number, one in by_number.items()})
        await _DATES.write(session, {number: one.dates for number, one in by_number.items()})
        await _OFF.write(session, {number: one.off for number, one in by_number.items()})
        await session.insert_all(
            _ADD_JOURNEY,
            [
                {"therapist_id": number, "service_type": kind, "minutes": minutes}
                for number, one in by_number.items()
                for kind, minutes in one.travel_minutes.items()
            ],
        )

    async def _write_settings(self, session: Session, practice: Practice, version: int) -> None:
        settings: dict[str, str | int] = {
            "name": practice.name,
            "zone": practice.zone,
            "language": practice.language,
            _VERSION: version,
            _REMINDERS: " ".join(map(str, practice.reminder_minutes)),
            _AT_ONCE: ",".join(practice.confirm_at_once),
        }
        settings |= {name: getattr(practice, name) for name in _NUMBERS}
        settings |= {_TRAVEL + kind: minutes for kind, minutes in practice.travel_minutes.items()}
        await session.change(_CLEAR_SETTINGS)
        await session.insert_all(
            _ADD_SETTING, [{"name": name, "value": str(value)} for name, value in settings.items()]
        )


def _practice_from(settings: Mapping[str, str]) -> Practice:
    return Practice(
        name=settings["name"],
        zone=settings["zone"],
        language=settings["language"],
        travel_minutes={
            name.removeprefix(_TRAVEL): int(value)
            for name, value in settings.items()
            if name.startswith(_TRAVEL)
        },
        reminder_minutes=tuple(map(int, settings[_REMINDERS].split())),
        confirm_at_once=tuple(filter(None, settings.get(_AT_ONCE, "").split(","))),
        **{name: int(settings[name]) for name in _NUMBERS},
    )
