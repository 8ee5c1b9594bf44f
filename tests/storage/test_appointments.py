"""What every database must do for bookings."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from storage.appointments import ACTIVE, WAITING, Appointment
from storage.claims import UNIT_MINUTES, units
from storage.store import Storage
from tests.storage.conftest import Clock
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
        assert await storage.claims.claim(first, [party.therapist], TEN, TEN + 60)
        for start, free in ((TEN - 60, True), (TEN - 55, False), (TEN + 55, False), (TEN + 60, True)):
            async with storage.transaction() as tx:
                assert await tx.claims.claim(second, [party.therapist], start, start + 60) is free
                await tx.claims.release(second)

    async def test_a_refusal_adds_nothing_and_the_transaction_goes_on(
        self, storage: Storage, party: Party
    ) -> None:
        first = await storage.appointments.add(new_appointment(party.therapist, party.client, "a"))
        assert await storage.claims.claim(first, [party.client], TEN + 30, TEN + 35)
        async with storage.transaction() as tx:
            second = await tx.appointments.add(new_appointment(party.therapist, party.client, "b"))
            assert not await tx.claims.claim(second, [party.client, party.therapist], TEN, TEN + 60)
            assert await tx.claims.claim(second, [party.therapist], TEN + 60, TEN + 65)
        assert await storage.claims.of(second) == [(party.therapist, TEN // 5 + 12)]
        assert await storage.claims.count() == 2

    async def test_an_appointment_whose_time_is_taken_can_be_taken_back(
        self, storage: Storage, party: Party
    ) -> None:
        first = await storage.appointments.add(new_appointment(party.therapist, party.client, "a"))
        assert await storage.claims.claim(first, [party.therapist], TEN, TEN + 60)
        async with storage.transaction() as tx:
            second = await tx.appointments.add(new_appointment(party.therapist, party.client, "b"))
            assert not await tx.claims.claim(second, [party.therapist], TEN, TEN + 60)
            await tx.appointments.remove(second)
        assert [one.id for one in await storage.appointments.all()] == [first]

    async def test_the_same_claim_again_is_good(self, storage: Storage, party: Party) -> None:
        number = await storage.appointments.add(new_appointment(party.therapist, party.client, "a"))
        both = [party.therapist, party.client]
        assert await storage.claims.claim(number, both, TEN, TEN + 60)
        assert await storage.claims.claim(number, both, TEN, TEN + 60)
        assert not await storage.claims.claim(number, both, TEN, TEN + 65)
        assert await storage.claims.count() == 24

    async def test_released_time_is_free(self, storage: Storage, party: Party) -> None:
        first = await storage.appointments.add(new_appointment(party.therapist, party.client, "a"))
        second = await storage.appointments.add(new_appointment(party.therapist, party.client, "b"))
        assert await storage.claims.claim(first, [party.therapist], TEN, TEN + 60)
        async with storage.transaction() as tx:
            await tx.claims.release(first)
            assert await tx.claims.claim(second, [party.therapist], TEN, TEN + 60)

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

    async def test_move_on_from_a_named_status_only(self, storage: Storage, party: Party) -> None:
        number = await storage.appointments.add(new_appointment(party.therapist, party.client, "a"))
        assert not await storage.appointments.move_on(number, frm=("pending",), to="confirmed")
        assert await storage.appointments.move_on(
            number, frm=("held",), to="pending", expires_at=NOW + 900, address="Gasse 2"
        )
        pending = await kept(storage, number)
        assert (pending.status, pending.expires_at, pending.address) == ("pending", NOW + 900, "Gasse 2")
        assert await storage.appointments.move_on(number, frm=ACTIVE, to="cancelled", cancelled_by="client")
        gone = await kept(storage, number)
        assert (gone.status, gone.expires_at, gone.cancelled_by) == ("cancelled", None, "client")
        assert gone.address == "Gasse 2"

    async def test_a_move_that_alters_nothing_is_a_move(self, storage: Storage, party: Party) -> None:
        number = await storage.appointments.add(new_appointment(party.therapist, party.client, "a"))
        for _ in range(2):
            assert await storage.appointments.move_on(number, frm=("held",), to="held", expires_at=NOW + 600)

    async def test_one_of_two_answers_wins(self, storage: Storage, party: Party) -> None:
        number = await storage.appointments.add(
            new_appointment(party.therapist, party.client, "a", status="pending")
        )

        async def answer(status: str) -> bool:
            async with storage.transaction() as tx:
                return await tx.appointments.move_on(number, frm=("pending",), to=status)

        answers = await asyncio.gather(*(answer(status) for status in ("confirmed", "declined") * 4))
        assert answers.count(True) == 1
        assert (await kept(storage, number)).status == ("confirmed", "declined")[answers.index(True) % 2]

    async def test_a_deadline_counts_from_its_second(self, storage: Storage, party: Party) -> None:
        number = await storage.appointments.add(new_appointment(party.therapist, party.client, "a"))
        move_on = storage.appointments.move_on
        assert not await move_on(number, frm=("held",), to="pending", unexpired_at=NOW + 600)
        assert await move_on(number, frm=("held",), to="pending", unexpired_at=NOW + 599)
        assert await move_on(number, frm=("pending",), to="confirmed", unexpired_at=NOW + 9_999)

    async def test_what_gave_way_since_it_was_read_is_not_kept(self, storage: Storage, party: Party) -> None:
        number = await storage.appointments.add(new_appointment(party.therapist, party.client, "a"))
        assert (await kept(storage, number)).status == "held"
        async with storage.transaction() as rival:
            assert await rival.appointments.expire(number, NOW + 600)
        for to in ("held", "pending"):
            async with storage.transaction() as tx:
                move_on = tx.appointments.move_on
                assert not await move_on(number, frm=("held",), to=to, expires_at=NOW + 999, unexpired_at=NOW)
        assert (await kept(storage, number)).status == "expired"

    async def test_what_was_kept_since_it_was_read_does_not_give_way(
        self, storage: Storage, party: Party
    ) -> None:
        number = await storage.appointments.add(new_appointment(party.therapist, party.client, "a"))
        assert await storage.claims.claim(number, [party.therapist], TEN, TEN + 60)
        (read,) = await storage.appointments.expired_colliding([party.therapist], TEN, TEN + 60, NOW + 600)
        async with storage.transaction() as owner:
            assert await owner.appointments.move_on(
                number, frm=("held",), to="held", expires_at=NOW + 1_199, unexpired_at=NOW + 599
            )
        assert not await storage.appointments.expire(read.id, NOW + 600)
        assert await storage.appointments.expire(read.id, NOW + 1_199)

    async def test_the_clock_dates_every_change(self, storage: Storage, party: Party, clock: Clock) -> None:
        number = await storage.appointments.add(new_appointment(party.therapist, party.client, "a"))
        clock.advance(5)
        assert await storage.appointments.move_on(number, frm=WAITING, to="expired")

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
        both = [(party.therapist, TEN - 10, TEN + 70), (party.therapist, TEN + 190, TEN + 270)]
        assert await busy([party.therapist], TEN, TEN + 999, NOW + 599) == both
        assert await busy([party.therapist], TEN, TEN + 999, NOW + 600) == both[1:]
        assert await busy([party.therapist], TEN + 69, TEN + 190, NOW) == both[:1]
        assert await busy([party.therapist], TEN + 70, TEN + 190, NOW) == []
        assert await busy([party.client, party.therapist], TEN, TEN + 99, NOW) == sorted(
            [both[0], (party.client, *both[0][1:])]
        )
        assert await busy([999_999], TEN, TEN + 999, NOW) == []
        assert await busy([party.therapist], TEN, TEN + 999, NOW, besides=hold) == both[1:]
        assert await busy([party.therapist], TEN, TEN + 999, NOW, besides=sure) == both
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

    async def test_what_ran_out_can_be_made_to_give_way(self, storage: Storage, party: Party) -> None:
        old = await storage.appointments.add(new_appointment(party.therapist, party.client, "old"))
        assert await storage.claims.claim(old, [party.therapist, party.client], TEN - 10, TEN + 70)
        colliding = storage.appointments.expired_colliding
        assert await colliding([party.therapist], TEN, TEN + 60, NOW + 599) == []
        assert await colliding([party.therapist], TEN + 70, TEN + 90, NOW + 600) == []
        async with storage.transaction() as tx:
            (found,) = await tx.appointments.expired_colliding([party.therapist], TEN, TEN + 60, NOW + 600)
            assert found.id == old
            assert await tx.appointments.expire(old, NOW + 600)
            await tx.claims.release(old)
            later = new_appointment(party.therapist, party.client, "new", expires_at=NOW + 1200)
            new = await tx.appointments.add(later)
            assert await tx.claims.claim(new, [party.therapist], TEN, TEN + 60)
        assert await colliding([party.therapist], TEN, TEN + 60, NOW + 600) == []
        assert await colliding([], TEN, TEN + 60, NOW + 600) == []
