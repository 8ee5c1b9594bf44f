"""A series of appointments is taken all or not at all. The names are those of a list of reported failures."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from engine.errors import TryAgain
from storage.appointments import Appointment, NewAppointment
from storage.calendar import Together
from storage.lifecycle import ASK, BOOK, CALL_OFF, CANCEL, DECLINE, KEEP, LAPSE, LET_GO, WITHDRAW, Move
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


async def series(diary: Diary, count: int = 3) -> list[Appointment]:
    numbers = (await take_all(diary, weekly(diary, diary.client, "a", *every_week(count)))).numbers
    return [await diary.read(number) for number in numbers]


class TestWaitingTogether:
    @pytest.mark.parametrize("move", [LET_GO, LAPSE, DECLINE, WITHDRAW, CANCEL])
    async def test_what_ends_the_first_ends_all(self, diary: Diary, move: Move) -> None:
        first, *others = await series(diary)
        assert [one.series for one in (first, *others)] == [first.id] * 3
        assert (first.leads, *(one.leads for one in others)) == (True, False, False)
        if move is not LET_GO:
            assert await diary.move_on(first, ASK, expires_at=NOW + 900)
            assert [await diary.status(one) for one in (first, *others)] == ["pending"] * 3
        assert await diary.move_on(first, move)
        assert [await diary.status(one) for one in (first, *others)] == [move.to] * 3
        assert [await diary.taken(one) for one in (first, *others)] == [0, 0, 0]

    async def test_they_keep_one_deadline(self, diary: Diary) -> None:
        first, *others = await series(diary)
        assert await diary.move_on(first, KEEP, expires_at=NOW + 700, address="Gasse 2")
        for one in (first, *others):
            found = await diary.read(one.id)
            assert (found.expires_at, found.address) == (NOW + 700, "Gasse 2")
        assert not await diary.move_on(first, ASK, NOW + 700)
        assert {await diary.status(one) for one in (first, *others)} == {"held"}

    async def test_all_run_out_when_one_of_them_has_to_give_way(self, diary: Diary) -> None:
        first, *others = await series(diary)
        async with diary.storage.transaction() as tx:
            rival = new_appointment(diary.therapist, diary.other, "rival", others[-1].starts_at)
            assert await tx.calendar.take(rival, NOW + 600)
        assert {await diary.status(one) for one in (first, *others)} == {"expired"}
        assert [await diary.taken(one) for one in (first, *others)] == [0, 0, 0]

    async def test_of_two_answers_to_a_series_one_counts(self, diary: Diary) -> None:
        first, *others = await series(diary)
        assert await diary.move_on(first, ASK, expires_at=NOW + 900)
        answers = await asyncio.gather(
            *(diary.confirm(first) if number % 2 else diary.move_on(first, DECLINE) for number in range(6))
        )
        assert answers.count(True) == 1
        became = "confirmed" if answers.index(True) % 2 else "declined"
        assert {await diary.status(one) for one in (first, *others)} == {became}

    async def test_they_count_as_one_request(self, diary: Diary) -> None:
        await series(diary)
        assert await diary.storage.appointments.count_open(diary.client, NOW) == 1

    async def test_what_one_conversation_holds_is_not_in_its_way(self, diary: Diary) -> None:
        first, *others = await series(diary)
        reach = (first.claimed_from, others[-1].claimed_until)
        busy = diary.storage.appointments.busy
        assert len(await busy([diary.client], *reach, NOW)) == 3
        assert await busy([diary.client], *reach, NOW, besides=first.id) == []


class TestStanding:
    async def test_each_is_an_appointment_like_any_other(self, diary: Diary) -> None:
        first, second, third = await series(diary)
        assert await diary.confirm(first, BOOK)
        assert await diary.move_on(first, CANCEL)
        assert await diary.move_on(third, CALL_OFF)
        statuses = [await diary.status(one) for one in (first, second, third)]
        assert statuses == ["cancelled", "confirmed", "cancelled"]
        assert [await diary.taken(one) for one in (first, second, third)] == [0, 32, 0]

    async def test_what_replaces_one_belongs_to_the_series(self, diary: Diary) -> None:
        first, second, third = await series(diary)
        assert await diary.confirm(first, BOOK)
        later = await diary.add("later", second.starts_at + 300, replaces=second.id)
        assert later.series is None
        assert await diary.confirm(later)
        found = await diary.storage.appointments.of_series(first.id)
        assert [one.id for one in found] == [first.id, second.id, later.id, third.id]
        assert await diary.status(second) == "moved"


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
