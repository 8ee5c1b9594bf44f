"""How other schedulers have booked somebody twice, each as a test that it does not happen here.

The names are those of a list of failures that users of such programs have reported. A10 is of group sessions,
which there are none of here.
"""

from __future__ import annotations

import asyncio
import random

import pytest

from engine.effects import Message
from engine.errors import TryAgain
from storage.appointments import NewAppointment
from storage.lifecycle import ACCEPT, APPROVE, ASK, DECLINE
from storage.store import Storage
from tests.storage.diary import Diary, option
from tests.storage.samples import NOW, TEN, conversation_with, new_appointment

pytestmark = pytest.mark.usefixtures("law")


async def take(storage: Storage, new: NewAppointment) -> bool:
    """As a turn does: whoever is told to try again does so."""
    while True:
        try:
            async with storage.transaction() as tx:
                return await tx.calendar.take(new, NOW) is not None
        except TryAgain:
            continue


async def crowd(storage: Storage, count: int) -> list[int]:
    return [(await conversation_with(storage, f"chat:{number}")).person.id for number in range(count)]


async def test_a1_of_many_who_want_one_time_one_has_it(diary: Diary) -> None:
    people = await crowd(diary.storage, 16)
    wanted = [new_appointment(diary.therapist, client, f"{client}") for client in people]
    taken = await asyncio.gather(*(take(diary.storage, new) for new in wanted))
    assert taken.count(True) == 1


async def test_a2_times_that_overlap_without_being_equal_are_not_taken_twice(diary: Diary) -> None:
    dice = random.Random(2)  # noqa: S311  # to be repeatable
    people = await crowd(diary.storage, 8)
    wanted = []
    for number in range(60):
        start, length = TEN + 5 * dice.randrange(72), dice.choice((25, 30, 50, 60, 80))
        wanted.append(
            new_appointment(
                diary.therapist,
                dice.choice(people),
                f"{number}",
                start,
                ends_at=start + length,
                claimed_from=start - dice.choice((0, 15, 30)),
                claimed_until=start + length + dice.choice((0, 10, 40)),
                service=dice.choice(("massage", "talk")),
            )
        )
    taken = await asyncio.gather(*(take(diary.storage, new) for new in wanted))
    assert 1 < taken.count(True) < len(wanted)


async def test_a3_while_a_request_waits_there_is_no_second_one_for_its_time(diary: Diary) -> None:
    first = await diary.add("first")
    assert await diary.refused("second", status="pending")
    assert await diary.refused("held only")
    assert await diary.confirm(first)
    assert await diary.refused("third")


async def test_a4_two_devices_approve_once(diary: Diary) -> None:
    request = await diary.add("a")
    answers = await asyncio.gather(*(diary.confirm(request) for _ in range(8)))
    assert answers.count(True) == 1


async def test_a5_a_hold_ends_by_itself_whether_or_not_anybody_tidies_up(diary: Diary) -> None:
    await diary.add("mischief", status="held")
    later = new_appointment(diary.therapist, diary.other, "patience", expires_at=NOW + 9_999)
    async with diary.storage.transaction() as tx:
        assert await tx.calendar.take(later, NOW + 599) is None
    async with diary.storage.transaction() as tx:
        assert await tx.calendar.take(later, NOW + 600)
    assert await diary.storage.appointments.count_open(diary.client, NOW + 600) == 0
    assert await diary.storage.appointments.count_open(diary.other, NOW + 600) == 1


async def test_a6_only_what_is_held_can_be_asked_for(diary: Diary) -> None:
    held = await diary.add("a", status="held")
    assert await diary.refused("somebody else, past the hold")
    later = new_appointment(diary.therapist, diary.other, "b", expires_at=NOW + 9_999)
    async with diary.storage.transaction() as tx:
        assert await tx.calendar.take(later, NOW + 600)
    assert not await diary.move_on(held, ASK, NOW + 599, expires_at=NOW + 9_999)
    assert await diary.status(held) == "expired"


async def test_a9_what_reaches_into_a_break_is_refused_by_the_database(diary: Diary) -> None:
    await diary.add("a", status="confirmed", expires_at=None)
    bare = {"claimed_from": TEN + 65, "claimed_until": TEN + 125}
    assert await diary.refused("forged, within the break", TEN + 65, **bare)
    bare = {"claimed_from": TEN + 70, "claimed_until": TEN + 130}
    assert not await diary.refused("behind the break", TEN + 70, **bare)


async def test_a11_no_way_to_another_time_leads_past_the_claims(diary: Diary) -> None:
    assert not await diary.refused("somebody else", TEN + 300, status="confirmed", expires_at=None)
    request = await diary.add("a")
    assert await diary.propose(request, TEN + 330) is None
    assert await diary.propose(request, TEN + 120)
    assert await diary.confirm(request, ACCEPT, chosen=option(TEN + 120))
    moved = new_appointment(diary.therapist, diary.client, "b", TEN + 270, replaces=request.id)
    assert not await take(diary.storage, moved)


async def test_a12_nothing_is_said_of_what_was_not_kept(diary: Diary) -> None:
    conversation = await conversation_with(diary.storage, "chat:client")

    async def broken_off() -> None:
        async with diary.storage.transaction() as tx:
            assert await tx.calendar.take(new_appointment(diary.therapist, diary.client, "a"), NOW)
            await tx.outbox.put(conversation, 1, [Message("It is yours.")], NOW)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await broken_off()
    assert await diary.storage.outbox.since(0, 10) == []
    assert await diary.storage.appointments.all() == []
    assert await diary.storage.claims.count() == 0


async def test_a13_midnight_is_a_minute_like_any_other(diary: Diary) -> None:
    midnight = TEN // 1440 * 1440 + 1440
    await diary.add("half past eleven", midnight - 30)
    assert await diary.refused("at midnight", midnight)
    assert not await diary.refused("behind the break", midnight + 50)


async def test_a8_what_was_declined_can_be_booked_at_once_by_the_same_person(diary: Diary) -> None:
    for number in range(3):
        request = await diary.add(f"{number}")
        assert await diary.move_on(request, DECLINE)
        assert not await diary.confirm(request, APPROVE)
