"""The life of an appointment, and the time that it takes at each moment of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import product

import pytest

from storage.appointments import NewAppointment
from storage.lifecycle import (
    ACCEPT,
    ACTIVE,
    ASK,
    BOOK,
    CALL_OFF,
    CANCEL,
    COMPLETE,
    DECLINE,
    KEEP,
    LAPSE,
    LAPSE_UNANSWERED,
    LET_GO,
    MOVES,
    REFUSE,
    STATUSES,
    WITHDRAW,
    Move,
)
from tests.storage.diary import Diary, as_often_as_asked, option
from tests.storage.samples import NOW, TEN, new_appointment

pytestmark = pytest.mark.usefixtures("law")

LAWFUL = {
    ("held", "keep"): "held",
    ("held", "let_go"): "cancelled",
    ("held", "ask"): "pending",
    ("held", "book"): "confirmed",
    ("pending", "approve"): "confirmed",
    ("pending", "decline"): "declined",
    ("pending", "propose"): "proposed",
    ("pending", "withdraw"): "cancelled",
    ("pending", "cancel"): "cancelled",
    ("pending", "call_off"): "cancelled",
    ("pending", "lapse"): "expired",
    ("proposed", "accept"): "confirmed",
    ("proposed", "refuse"): "declined",
    ("proposed", "withdraw"): "cancelled",
    ("proposed", "cancel"): "cancelled",
    ("proposed", "call_off"): "cancelled",
    ("proposed", "lapse_unanswered"): "expired",
    ("confirmed", "cancel"): "cancelled",
    ("confirmed", "call_off"): "cancelled",
    ("confirmed", "give_way"): "moved",
    ("confirmed", "complete"): "completed",
    ("confirmed", "miss"): "no_show",
    ("completed", "miss"): "no_show",
    ("no_show", "complete"): "completed",
    ("expired", "lapse"): "expired",
    ("expired", "lapse_unanswered"): "expired",
}
"""Every pair of status and move at which something happens; at all the others nothing does."""


class TestMoves:
    async def test_c7_every_pair_of_status_and_move(self, diary: Diary) -> None:
        for number, (status, name) in enumerate(product(STATUSES, MOVES)):
            one = await diary.storage.appointments.get(
                await diary.storage.appointments.add(
                    new_appointment(
                        diary.therapist, diary.client, f"{status} {name}", TEN + 120 * number, status=status
                    )
                )
            )
            assert one
            async with diary.storage.transaction() as tx:
                moved = await tx.appointments.move_on(one.id, MOVES[name], NOW)
            assert moved == ((status, name) in LAWFUL), f"{status}: {name}"
            assert await diary.status(one) == LAWFUL.get((status, name), status)
        async with diary.storage.transaction() as tx:  # what stands here has never claimed anything
            for one in await tx.appointments.all():
                await tx.appointments.move_on(one.id, Move(ACTIVE, "cancelled"), NOW)

    async def test_a_move_that_alters_nothing_is_a_move(self, diary: Diary) -> None:
        held = await diary.add("a", status="held")
        for _ in range(2):
            assert await diary.move_on(held, KEEP, expires_at=NOW + 600)

    async def test_what_is_told_is_kept(self, diary: Diary) -> None:
        one = await diary.add("a", status="held")
        assert await diary.move_on(one, ASK, expires_at=NOW + 900, address="Gasse 2")
        assert await diary.move_on(one, CANCEL, late=True)
        gone = await diary.read(one.id)
        assert (gone.address, gone.cancelled_by, gone.cancelled_late) == ("Gasse 2", "client", 1)
        assert gone.expires_at is None
        other = await diary.add("b")
        assert await diary.move_on(other, DECLINE, reason="Bin krank")
        declined = await diary.read(other.id)
        assert (declined.reason, declined.cancelled_by) == ("Bin krank", None)
        third = await diary.add("c", status="confirmed", expires_at=None)
        assert await diary.move_on(third, CALL_OFF)
        called_off = await diary.read(third.id)
        assert (called_off.cancelled_by, called_off.cancelled_late) == ("therapist", None)

    async def test_a_deadline_counts_from_its_second(self, diary: Diary) -> None:
        one = await diary.add("a", status="held")
        assert not await diary.move_on(one, ASK, NOW + 600)
        assert await diary.move_on(one, ASK, NOW + 599, expires_at=NOW + 700)
        assert not await diary.confirm(one, now=NOW + 700)
        assert await diary.confirm(one, now=NOW + 699)
        assert (await diary.read(one.id)).expires_at is None

    async def test_a4_of_two_answers_one_counts(self, diary: Diary) -> None:
        one = await diary.add("a")
        answers = await asyncio.gather(
            *(diary.confirm(one) if number % 2 else diary.move_on(one, DECLINE) for number in range(8))
        )
        assert answers.count(True) == 1
        assert await diary.status(one) == ("confirmed" if answers.index(True) % 2 else "declined")

    async def test_a8_whatever_ends_gives_its_time_back_at_once(self, diary: Diary) -> None:
        for status, move in (
            ("held", LET_GO),
            ("pending", DECLINE),
            ("pending", WITHDRAW),
            ("pending", LAPSE),
            ("confirmed", CANCEL),
            ("confirmed", CALL_OFF),
            ("confirmed", COMPLETE),
        ):
            one = await diary.add(f"{status} {move}", status=status)
            assert await diary.refused(f"{status} {move} too early")
            assert await diary.move_on(one, move)
            assert await diary.taken(one) == 0

    async def test_what_ran_out_gives_way(self, diary: Diary) -> None:
        old = await diary.add("a", status="held")
        new = new_appointment(diary.therapist, diary.other, "b", TEN + 30, expires_at=NOW + 1200)
        async with diary.storage.transaction() as tx:
            assert await tx.calendar.take(new, NOW + 599) is None
        async with diary.storage.transaction() as tx:
            assert await tx.calendar.take(new, NOW + 600)
        assert await diary.status(old) == "expired"
        assert not await diary.move_on(old, KEEP, NOW + 599)

    async def test_what_ran_out_gives_way_to_a_longer_way(self, diary: Diary) -> None:
        one = await diary.add("a", expires_at=NOW + 9_999)
        old = new_appointment(
            diary.therapist, diary.other, "b", TEN + 90, status="held", expires_at=NOW + 600
        )
        async with diary.storage.transaction() as tx:
            number = await tx.calendar.take(old, NOW)
        wider = replace(option(TEN), claimed_until=TEN + 100)
        assert await diary.confirm(one, now=NOW + 600, chosen=wider)
        assert number
        assert await diary.status(await diary.read(number)) == "expired"

    async def test_what_was_kept_since_it_was_read_does_not_give_way(self, diary: Diary) -> None:
        held = await diary.add("a", status="held")
        assert await diary.move_on(held, KEEP, NOW + 599, expires_at=NOW + 1_199)
        async with diary.storage.transaction() as tx:
            assert not await tx.calendar.expire(held.id, NOW + 600)
            assert await tx.calendar.expire(held.id, NOW + 1_199)


class TestMoving:
    async def test_the_confirmed_time_stays_until_the_new_one_is_approved(self, diary: Diary) -> None:
        old = await diary.add("old", status="confirmed", expires_at=None)
        new = await diary.add("new", TEN + 30, replaces=old.id)
        assert await diary.taken(old) == 32
        assert await diary.taken(new) == 12
        assert await diary.refused("at the old time")
        assert await diary.refused("at the new time", TEN + 90)
        assert await diary.confirm(new)
        assert [await diary.status(one) for one in (old, new)] == ["moved", "confirmed"]
        assert [await diary.taken(one) for one in (old, new)] == [0, 32]
        assert not await diary.refused("where it was", TEN - 60)

    @pytest.mark.parametrize("move", [DECLINE, WITHDRAW, LAPSE])
    async def test_if_it_comes_to_nothing_all_stays_as_it_was(self, diary: Diary, move: Move) -> None:
        old = await diary.add("old", status="confirmed", expires_at=None)
        new = await diary.add("new", TEN + 30, replaces=old.id)
        assert await diary.move_on(new, move)
        assert await diary.status(old) == "confirmed"
        assert [await diary.taken(one) for one in (old, new)] == [32, 0]

    @pytest.mark.parametrize("move", [CANCEL, CALL_OFF, COMPLETE])
    async def test_what_ends_takes_its_move_along(self, diary: Diary, move: Move) -> None:
        old = await diary.add("old", status="confirmed", expires_at=None)
        new = await diary.add("new", TEN + 30, replaces=old.id)
        assert await diary.move_on(old, move)
        assert await diary.status(new) == "cancelled"
        assert not await diary.confirm(new)
        assert [await diary.taken(one) for one in (old, new)] == [0, 0]

    @pytest.mark.parametrize("move", [CANCEL, CALL_OFF, COMPLETE])
    async def test_what_has_ended_is_moved_no_more(self, diary: Diary, move: Move) -> None:
        """However it stood when somebody looked."""
        old = await diary.add("old", status="confirmed", expires_at=None)
        assert await diary.move_on(old, move)
        new = new_appointment(diary.therapist, diary.client, "new", TEN + 30, replaces=old.id)
        async with diary.storage.transaction() as tx:
            assert await tx.calendar.take(new, NOW) is None
        assert await diary.taken(old) == 0
        assert not await diary.refused("where it would be", TEN + 30)

    async def test_of_moving_and_ending_at_once_the_end_counts(self, diary: Diary) -> None:
        for number in range(6):
            old = await diary.add(f"old {number}", TEN + 240 * number, status="confirmed", expires_at=None)
            start = TEN + 240 * number + 30
            new = new_appointment(diary.therapist, diary.client, f"new {number}", start, replaces=old.id)

            async def move(new: NewAppointment = new) -> int | None:
                async with diary.storage.transaction() as tx:
                    return await tx.calendar.take(new, NOW)

            moved, ended = await asyncio.gather(as_often_as_asked(move), diary.move_on(old, CALL_OFF))
            assert ended
            if moved is not None:
                assert await diary.status(await diary.read(moved)) == "cancelled"
            assert not await diary.refused(f"where it would be {number}", start)

    async def test_one_of_approving_the_move_and_cancelling_the_old_one_counts(self, diary: Diary) -> None:
        for number in range(6):
            old = await diary.add(f"old {number}", status="confirmed", expires_at=None)
            new = await diary.add(f"new {number}", TEN + 30, replaces=old.id)
            approved, cancelled = await asyncio.gather(diary.confirm(new), diary.move_on(old, CANCEL))
            assert approved != cancelled
            statuses = [await diary.status(one) for one in (old, new)]
            assert statuses == (["moved", "confirmed"] if approved else ["cancelled", "cancelled"])
            if approved:
                await diary.move_on(new, CALL_OFF)


class TestProposing:
    async def test_all_options_are_taken_and_the_time_asked_for_is_free(self, diary: Diary) -> None:
        one = await diary.add("a")
        assert await diary.propose(one, TEN + 120, TEN + 150, TEN + 600)
        proposed = await diary.read(one.id)
        assert (proposed.status, proposed.expires_at, proposed.reason) == ("proposed", NOW + 900, "ill")
        assert [option.starts_at for option in await diary.storage.proposals.of(one.id)] == [
            TEN + 120,
            TEN + 150,
            TEN + 600,
        ]
        assert not await diary.refused("the time asked for", expires_at=NOW + 5)
        for start in (TEN + 120, TEN + 200, TEN + 600):
            assert await diary.refused(f"at {start}", start)
        busy = await diary.storage.appointments.busy([diary.client], TEN, TEN + 999, NOW)
        assert [(one.start, one.end) for one in busy] == [
            (TEN + start - 10, TEN + start + 70) for start in (120, 150, 600)
        ]
        assert await diary.storage.appointments.busy([diary.client], TEN, TEN + 999, NOW + 900) == []

    async def test_the_chosen_one_is_kept_and_the_others_are_free(self, diary: Diary) -> None:
        one = await diary.add("a")
        assert await diary.propose(one, TEN + 120, TEN + 600)
        assert await diary.confirm(one, ACCEPT, chosen=option(TEN + 600))
        accepted = await diary.read(one.id)
        assert (accepted.status, accepted.starts_at, accepted.ends_at) == ("confirmed", TEN + 600, TEN + 660)
        assert accepted.wall_time == "2027-01-16T12:00"
        assert not await diary.refused("the other option", TEN + 120)
        assert await diary.refused("the chosen one", TEN + 600)

    async def test_if_one_is_taken_nothing_is_proposed(self, diary: Diary) -> None:
        one = await diary.add("a")
        assert not await diary.refused("somebody else", TEN + 600, status="confirmed", expires_at=None)
        assert await diary.propose(one, TEN + 120, TEN + 570) is None
        assert await diary.status(one) == "pending"
        assert await diary.taken(one) == 32
        assert await diary.storage.proposals.of(one.id) == []

    async def test_what_ran_out_gives_way_to_a_proposal(self, diary: Diary) -> None:
        one = await diary.add("a", expires_at=NOW + 9_999)
        assert not await diary.refused("somebody else", TEN + 600)
        assert await diary.propose(one, TEN + 570) is None
        assert await diary.propose(one, TEN + 570, now=NOW + 600)

    async def test_too_late_is_too_late(self, diary: Diary) -> None:
        one = await diary.add("a")
        assert await diary.propose(one, TEN + 120, now=NOW + 600) is False
        assert await diary.propose(one, TEN + 120)
        assert await diary.propose(one, TEN + 240) is False
        assert not await diary.confirm(one, ACCEPT, NOW + 900, option(TEN + 120))
        async with diary.storage.transaction() as tx:
            assert await tx.calendar.expire(one.id, NOW + 900)
        assert await diary.taken(one) == 0

    @pytest.mark.parametrize("move", [REFUSE, WITHDRAW, CALL_OFF, LAPSE_UNANSWERED])
    async def test_if_none_suits_everything_is_free(self, diary: Diary, move: Move) -> None:
        one = await diary.add("a")
        assert await diary.propose(one, TEN + 120, TEN + 600)
        assert await diary.move_on(one, move)
        assert await diary.taken(one) == 0

    async def test_a_therapist_moves_what_is_confirmed(self, diary: Diary) -> None:
        old = await diary.add("old", status="confirmed", expires_at=None)
        new = new_appointment(
            diary.therapist, diary.client, "new", status="proposed", replaces=old.id, expires_at=NOW + 900
        )
        async with diary.storage.transaction() as tx:
            number = await tx.calendar.take(new, NOW, [option(TEN + 30), option(TEN + 300)])
        assert number
        assert await diary.taken(old) == 32
        assert await diary.confirm(await diary.read(number), ACCEPT, chosen=option(TEN + 30))
        assert [await diary.status(one) for one in (old, await diary.read(number))] == ["moved", "confirmed"]
        assert not await diary.refused("the other option", TEN + 300)


async def test_what_nobody_need_be_asked_for_is_booked_at_once(diary: Diary) -> None:
    held = await diary.add("a", status="held")
    assert await diary.confirm(held, BOOK)
    assert not await diary.confirm(held, BOOK)
    assert await diary.taken(held) == 32
