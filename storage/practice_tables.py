"""Where the practice is kept: loaded as a whole, read as a whole.

Loading replaces all of it in one transaction. A therapist's number stays the same as long as the code or
the address does, so appointments keep their therapist.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace

from sqlalchemy import delete, select, update

from storage.database import Session
from storage.people import THERAPIST
from storage.practice import Offering, Practice, PracticeData, Service, Therapist, WeeklyHours
from storage.sealing import Sealer
from storage.sql import Insert, Query, given
from storage.tables import offerings, people, practice_settings, services, therapists, weekly_hours

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
    "quiet_from",
    "quiet_until",
)
_REMINDERS = "reminder_minutes"

_CLEAR = [Query(delete(table)) for table in (weekly_hours, offerings, therapists, services)]
_CLEAR_SETTINGS = Query(delete(practice_settings))
_ADD_PERSON = Insert(people)
_ADD_THERAPIST = Insert(therapists)
_ADD_SERVICE = Insert(services)
_ADD_OFFERING = Insert(offerings)
_ADD_HOURS = Insert(weekly_hours)
_ADD_SETTING = Insert(practice_settings)
_SETTINGS = Query(select(practice_settings.c.name, practice_settings.c.value))
_SERVICES = Query(
    select(services.c.code, services.c.title, services.c.about, services.c.minutes).order_by(
        services.c.position
    )
)
_THERAPISTS = Query(
    select(therapists.c.person_id, therapists.c.code, therapists.c.name, therapists.c.zone, people.c.address)
    .join(people, people.c.id == therapists.c.person_id)
    .order_by(therapists.c.position)
)
_OFFERINGS = Query(
    select(offerings.c.therapist_id, offerings.c.service, offerings.c.service_type).order_by(
        offerings.c.therapist_id, offerings.c.service, offerings.c.service_type
    )
)
_HOURS = Query(
    select(
        weekly_hours.c.therapist_id,
        weekly_hours.c.weekday,
        weekly_hours.c.from_minute,
        weekly_hours.c.until_minute,
    ).order_by(weekly_hours.c.therapist_id, weekly_hours.c.weekday, weekly_hours.c.from_minute)
)
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
            offers: dict[int, list[Offering]] = defaultdict(list)
            for therapist_id, service, service_type in await session.fetch(_OFFERINGS):
                offers[therapist_id].append(Offering(service, service_type))
            hours: dict[int, list[WeeklyHours]] = defaultdict(list)
            for therapist_id, *stretch in await session.fetch(_HOURS):
                hours[therapist_id].append(WeeklyHours(*stretch))
            found = await session.fetch(_THERAPISTS)
            given_services = tuple(
                Service(code=code, title=title, about=about, minutes=minutes)
                for code, title, about, minutes in await session.fetch(_SERVICES)
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
                    address=self._sealer.open(address),
                    offers=tuple(offers[number]),
                    hours=tuple(hours[number]),
                )
                for number, code, name, zone, address in found
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
                )
        return numbers

    async def _write(self, session: Session, data: PracticeData, numbers: Mapping[str, int]) -> None:
        await session.insert_all(
            _ADD_SERVICE,
            [
                {
                    "code": one.code,
                    "title": one.title,
                    "about": one.about,
                    "minutes": one.minutes,
                    "position": position,
                }
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
                    "position": position,
                }
                for position, one in enumerate(data.therapists)
            ],
        )
        await session.insert_all(
            _ADD_OFFERING,
            [
                {
                    "therapist_id": numbers[one.code],
                    "service": offering.service,
                    "service_type": offering.service_type,
                }
                for one in data.therapists
                for offering in one.offers
            ],
        )
        await session.insert_all(
            _ADD_HOURS,
            [
                {
                    "therapist_id": numbers[one.code],
                    "weekday": hours.weekday,
                    "from_minute": hours.from_minute,
                    "until_minute": hours.until_minute,
                }
                for one in data.therapists
                for hours in one.hours
            ],
        )

    async def _write_settings(self, session: Session, practice: Practice, version: int) -> None:
        settings: dict[str, str | int] = {
            "name": practice.name,
            "zone": practice.zone,
            "language": practice.language,
            _VERSION: version,
            _REMINDERS: " ".join(map(str, practice.reminder_minutes)),
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
        **{name: int(settings[name]) for name in _NUMBERS},
    )
