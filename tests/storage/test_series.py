"""A series of appointments is taken all or not at all. The names are those of a list of reported failures."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from engine.errors import TryAgain
from storage.appointments import NewAppointment
from storage.calendar import Together
from storage.lifecycle import LET_GO
from tests.storage.diary import Diary
from tests.storage.samples import NOW, TEN, conversation_with, new_appointment

pytestmark = pytest.mark.usefixtures("law")

WEEK = 7 * 1440


def weekly(diary: Diary, client: int, cause: str, *starts: int) -> list[NewAppointment]:
    return [new_appointment(diary.therapist, client, f"{cause} {start}", start) for start in starts]


def every_week(count: int, start: int = TEN) -> list[int]:
    return [start + WEEK * number for number in range(count)]


async def take_all(diary: Diary, wanted: Sequence[NewAppointment], now: int = NOW) -> Together:
    """As a turn does: whoever is told to try again does so."""
    while True:
        try:
            async with diary.storage.transaction() as tx:
                return await tx.calendar.take_all(wanted, now)
        except TryAgain:
            continue


async def kept(diary: Diary) -> int:
    return len(await diary.storage.appointments.all())


class TestTakingAll:
    async def test_all_are_taken_in_the_order_in_which_they_were_wanted(self, diary: Diary) -> None:
        starts = every_week(6)
        taken = await take_all(diary, weekly(diary, diary.client, "a", *reversed(starts)))
        assert taken.lost == ()
        found = [await diary.read(number) for number in taken.numbers]
        assert [one.starts_at for one in found] == starts[::-1]
        for start in starts:
            assert await diary.refused(f"at {start}", start)

    async def test_c8_if_some_are_taken_none_is_kept(self, diary: Diary) -> None:
        starts = every_week(6)
        for place in (2, 5):
            await diary.add(f"before {place}", starts[place] + 30, status="confirmed", expires_at=None)
        taken = await take_all(diary, weekly(diary, diary.other, "a", *starts))
        assert taken == Together((), (2, 5))
        assert await kept(diary) == 2
        assert not await diary.refused("where it began", starts[0])

    async def test_c8_what_the_client_chose_of_it_is_kept(self, diary: Diary) -> None:
        starts = every_week(4)
        await diary.add("before", starts[1], status="confirmed", expires_at=None)
        chosen = [starts[0], starts[1] + 120, starts[3]]
        taken = await take_all(diary, weekly(diary, diary.other, "a", *chosen))
        assert [(await diary.read(number)).starts_at for number in taken.numbers] == chosen

    async def test_those_that_overlap_each_other_are_not_taken(self, diary: Diary) -> None:
        taken = await take_all(diary, weekly(diary, diary.client, "a", TEN, TEN + 30, TEN + WEEK))
        assert taken == Together((), (1,))
        assert await kept(diary) == 0

    async def test_none_are_no_series(self, diary: Diary) -> None:
        assert await take_all(diary, []) == Together((), ())

    async def test_what_ran_out_gives_way(self, diary: Diary) -> None:
        held = await diary.add("held", TEN + WEEK, status="held")
        wanted = weekly(diary, diary.other, "a", *every_week(3))
        assert (await take_all(diary, wanted, NOW + 599)).lost == (1,)
        assert len((await take_all(diary, wanted, NOW + 600)).numbers) == 3
        assert await diary.status(held) == "expired"

    async def test_nobody_waits_for_what_was_given_up_at_once(self, diary: Diary) -> None:
        await diary.add("before", TEN + WEEK, status="confirmed", expires_at=None)
        async with diary.storage.transaction() as tx:
            await tx.calendar.take_all(weekly(diary, diary.other, "a", *every_week(2)), NOW)
            assert tx.calendar.released == []

    async def test_afterwards_each_is_an_appointment_like_any_other(self, diary: Diary) -> None:
        numbers = (await take_all(diary, weekly(diary, diary.client, "a", *every_week(3)))).numbers
        first, second, third = [await diary.read(number) for number in numbers]
        assert await diary.move_on(second, LET_GO)
        assert [await diary.taken(one) for one in (first, second, third)] == [32, 0, 32]


class TestRaces:
    async def test_c8_of_series_and_single_ones_that_cross_never_a_part(self, diary: Diary) -> None:
        for number in range(8):
            start = TEN + number * 20 * WEEK
            clients = [
                (await conversation_with(diary.storage, f"chat:{number}:{one}")).person.id for one in range(4)
            ]
            rivals = [
                every_week(6, start),
                every_week(6, start + 30)[::-1],
                every_week(3, start + 3 * WEEK),
                [start + 2 * WEEK],
            ]
            wanted = [
                weekly(diary, client, f"{number} {client}", *starts)
                for client, starts in zip(clients, rivals, strict=True)
            ]
            taken = await asyncio.gather(*(take_all(diary, one) for one in wanted))
            kept = Counter(one.client.id for one in await diary.storage.appointments.all())
            for client, starts, together in zip(clients, rivals, taken, strict=True):
                assert kept[client] == len(together.numbers)
                assert kept[client] in (0, len(starts))
            assert any(together.numbers for together in taken)

    async def test_one_transaction_for_each_would_leave_parts(self, diary: Diary) -> None:
        """The control: what the same rivals have if nobody holds the series together."""
        forth, back = every_week(6), every_week(6)[::-1]

        async def one_by_one(client: int, starts: list[int]) -> int:
            took = [await take_all(diary, weekly(diary, client, f"{client}", start)) for start in starts]
            return sum(len(one.numbers) for one in took)

        had = await asyncio.gather(one_by_one(diary.client, forth), one_by_one(diary.other, back))
        assert sum(had) == 6
        assert all(had)
