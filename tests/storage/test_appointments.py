"""What every database must do for bookings."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from storage.appointments import Appointment, Taken
from storage.claims import UNIT_MINUTES, units
from storage.lifecycle import ACTIVE
from storage.store import Storage
from tests.storage.samples import NOW, TEN, conversation_with, new_appointment


@dataclass
class Party:
    therapist: int
    client: int


@pytest.fixture
async def party(storage: Storage) -> Party:
    therapist = await conversation_with(storage, "chat:therapist", "therapist")
    client = await conversation_with(storage, "chat:client")
    return Party(therapist.person.id, client.person.id)


async def kept(storage: Storage, number: int) -> Appointment:
    appointment = await storage.appointments.get(number)
    assert appointment
    return appointment


class TestClaims:
    async def test_time_is_taken_once(self, storage: Storage, party: Party) -> None:
        first = await storage.appointments.add(new_appointment(party.therapist, party.client, "a"))
        second = await storage.appointments.add(new_appointment(party.therapist, party.client, "b"))
        assert await storage.claims.claim(first, [party.therapist], [(TEN, TEN + 60)])
        for start, free in ((TEN - 60, True), (TEN - 55, False), (TEN + 55, False), (TEN + 60, True)):
            async with storage.transaction() as tx:
                assert await tx.claims.claim(second, [party.therapist], [(start, start + 60)]) is free
                await tx.claims.release(second)

    async def test_a_refusal_adds_nothing_and_the_transaction_goes_on(
        self, storage: Storage, party: Party
    ) -> None:
        first = await storage.appointments.add(new_appointment(party.therapist, party.client, "a"))
        assert await storage.claims.claim(first, [party.client], [(TEN + 30, TEN + 35)])
        async with storage.transaction() as tx:
            second = await tx.appointments.add(new_appointment(party.therapist, party.client, "b"))
            assert not await tx.claims.claim(second, [party.client, party.therapist], [(TEN, TEN + 60)])
            assert await tx.claims.claim(second, [party.therapist], [(TEN + 60, TEN + 65)])
        assert await storage.claims.of(second) == [(party.therapist, TEN // 5 + 12)]
        assert await storage.claims.count() == 2

    async def test_an_appointment_whose_time_is_taken_can_be_taken_back(
        self, storage: Storage, party: Party
    ) -> None:
        first = await storage.appointments.add(new_appointment(party.therapist, party.client, "a"))
        assert await storage.claims.claim(first, [party.therapist], [(TEN, TEN + 60)])
        async with storage.transaction() as tx:
            second = await tx.appointments.add(new_appointment(party.therapist, party.client, "b"))
            assert not await tx.claims.claim(second, [party.therapist], [(TEN, TEN + 60)])
            await tx.appointments.remove(second)
        assert [one.id for one in await storage.appointments.all()] == [first]

    async def test_what_it_has_already_is_good(self, storage: Storage, party: Party) -> None:
        number = await storage.appointments.add(new_appointment(party.therapist, party.client, "a"))
        both = [party.therapist, party.client]
        assert await storage.claims.claim(number, both, [(TEN, TEN + 60)])
        assert await storage.claims.claim(number, both, [(TEN, TEN + 60)])
        assert await storage.claims.count() == 24
        assert await storage.claims.claim(number, both, [(TEN + 30, TEN + 65), (TEN + 90, TEN + 95)])
        assert await storage.claims.count() == 28

    async def test_what_is_to_be_replaced_is_in_no_way_and_keeps_what_it_has(
        self, storage: Storage, party: Party
    ) -> None:
        old, new, other = [
            await storage.appointments.add(new_appointment(party.therapist, party.client, cause))
            for cause in ("old", "new", "other")
        ]
        assert await storage.claims.claim(old, [party.therapist], [(TEN, TEN + 60)])
        half_past = [(TEN + 30, TEN + 90)]
        assert not await storage.claims.claim(new, [party.therapist], half_past, sharing=other)
        assert await storage.claims.claim(new, [party.therapist], half_past, sharing=old)
        assert len(await storage.claims.of(old)) == 12
        assert await storage.claims.of(new) == [(party.therapist, TEN // 5 + unit) for unit in range(12, 18)]
        assert not await storage.claims.claim(other, [party.therapist], [(TEN + 85, TEN + 145)], sharing=old)

    async def test_released_time_is_free(self, storage: Storage, party: Party) -> None:
        first = await storage.appointments.add(new_appointment(party.therapist, party.client, "a"))
        second = await storage.appointments.add(new_appointment(party.therapist, party.client, "b"))
        assert await storage.claims.claim(first, [party.therapist], [(TEN, TEN + 60)])
        async with storage.transaction() as tx:
            await tx.claims.release(first)
            assert await tx.claims.claim(second, [party.therapist], [(TEN, TEN + 60)])

    async def test_locking_nobody_or_somebody_unknown_is_harmless(self, storage: Storage) -> None:
        async with storage.transaction() as tx:
            await tx.claims.lock_resources([])
            await tx.claims.lock_resources([5, 3, 5])

    @examples(deadline=None)
    @given(start=st.integers(0, 10**8), length=st.integers(1, 10**4), later=st.integers(0, 10**4))
    def test_units_meet_whenever_the_times_do(self, start: int, length: int, later: int) -> None:
        one, other = units(start, start + length), units(start + later, start + later + length)
        if later < length:
            assert set(one) & set(other)
        assert set(range(start, start + length)) <= {
            minute for unit in one for minute in range(unit * UNIT_MINUTES, (unit + 1) * UNIT_MINUTES)
        }
        assert len(one) * UNIT_MINUTES < length + 2 * UNIT_MINUTES

    @examples(deadline=None)
    @given(unit=st.integers(0, 10**7), count=st.integers(1, 500))
    def test_neighbours_on_the_grid_do_not_meet(self, unit: int, count: int) -> None:
        end = (unit + count) * UNIT_MINUTES
        assert not set(units(unit * UNIT_MINUTES, end)) & set(units(end, end + UNIT_MINUTES))


class TestAppointments:
    async def test_are_kept_whole(self, storage: Storage, party: Party) -> None:
        new = new_appointment(party.therapist, party.client, "a", address="Bäckerstraße 1")
        appointment = await kept(storage, await storage.appointments.add(new))
        for name in ("service", "service_type", "starts_at", "ends_at", "claimed_from", "claimed_until"):
            assert getattr(appointment, name) == getattr(new, name)
        for name in ("zone", "wall_time", "address", "status", "expires_at"):
            assert getattr(appointment, name) == getattr(new, name)
        assert (appointment.therapist.address, appointment.client.address) == (
            "chat:therapist",
            "chat:client",
        )
        assert await storage.appointments.get(999_999) is None

    async def test_the_same_cause_makes_one(self, storage: Storage, party: Party) -> None:
        async def book(starts_at: int) -> int:
            async with storage.transaction() as tx:
                return await tx.appointments.add(
                    new_appointment(party.therapist, party.client, "turn:7", starts_at)
                )

        numbers = await asyncio.gather(*(book(TEN + 60 * hour) for hour in range(6)))
        assert len(set(numbers)) == 1
        assert len(await storage.appointments.all()) == 1

    async def test_are_found_by_client_and_by_therapist(self, storage: Storage, party: Party) -> None:
        add = storage.appointments.add
        late = await add(new_appointment(party.therapist, party.client, "a", TEN + 600))
        early = await add(new_appointment(party.therapist, party.client, "b", status="confirmed"))
        await add(new_appointment(party.client, party.therapist, "c"))
        of_client, of_therapist = storage.appointments.of_client, storage.appointments.of_therapist

        found = await of_client(party.client, ACTIVE, TEN)
        assert [one.id for one in found] == [early, late]
        assert [one.id for one in await of_client(party.client, ACTIVE, TEN + 60)] == [late]
        assert [one.id for one in await of_client(party.client, ["confirmed"], TEN)] == [early]
        assert [one.id for one in await of_therapist(party.therapist, ACTIVE, TEN + 59, TEN + 600)] == [early]
        assert [one.id for one in await of_therapist(party.therapist, ACTIVE, TEN + 60, TEN + 601)] == [late]

    async def test_busy_is_what_takes_time_now(self, storage: Storage, party: Party) -> None:
        add, busy = storage.appointments.add, storage.appointments.busy
        hold = await add(new_appointment(party.therapist, party.client, "held"))
        sure = await add(
            new_appointment(party.therapist, party.client, "sure", TEN + 200, status="confirmed")
        )
        await add(new_appointment(party.therapist, party.client, "gone", TEN + 400, status="declined"))
        both = [
            Taken(party.therapist, TEN - 10, TEN + 70, appointment=hold, starts_at=TEN),
            Taken(party.therapist, TEN + 190, TEN + 270, appointment=sure, starts_at=TEN + 200),
        ]
        assert await busy([party.therapist], TEN, TEN + 999, NOW + 599) == both
        assert await busy([party.therapist], TEN, TEN + 999, NOW + 600) == both[1:]
        assert await busy([party.therapist], TEN + 69, TEN + 190, NOW) == both[:1]
        assert await busy([party.therapist], TEN + 70, TEN + 190, NOW) == []
        assert await busy([party.client, party.therapist], TEN, TEN + 99, NOW) == sorted(
            [both[0], both[0]._replace(person=party.client)]
        )
        assert await busy([999_999], TEN, TEN + 999, NOW) == []
        assert await busy([party.therapist], TEN, TEN + 999, NOW, besides=hold) == both[1:]
        assert await busy([party.therapist], TEN, TEN + 999, NOW, besides=sure) == both
        assert await busy([party.therapist], TEN, TEN + 999, NOW, moving=sure) == both[:1]
        assert await busy([], TEN, TEN + 999, NOW) == []

    async def test_what_is_open_of_a_client_is_counted(self, storage: Storage, party: Party) -> None:
        add, count_open = storage.appointments.add, storage.appointments.count_open
        await add(new_appointment(party.therapist, party.client, "held"))
        await add(
            new_appointment(party.therapist, party.client, "asked", status="pending", expires_at=NOW + 9)
        )
        await add(new_appointment(party.therapist, party.client, "sure", status="confirmed", expires_at=None))
        await add(new_appointment(party.therapist, party.client, "gone", status="declined"))
        assert [await count_open(party.client, NOW + later) for later in (8, 9, 600)] == [2, 1, 0]
        assert await count_open(party.therapist, NOW) == 0
