"""Alerts are kept, told on, and answered for once."""

from __future__ import annotations

import asyncio

from storage.store import Storage
from tests.storage.samples import ADDRESS, NOW, conversation_with


async def raised(storage: Storage) -> int:
    conversation = await conversation_with(storage)
    return await storage.alerts.raise_(conversation.person.id, "explicit.overdose", NOW)


async def test_an_alert_is_kept_with_whom_it_is_about(storage: Storage) -> None:
    number = await raised(storage)
    alert = await storage.alerts.get(number)
    assert alert
    assert (alert.client.address, alert.rule, alert.raised_at, alert.told) == (
        ADDRESS,
        "explicit.overdose",
        NOW,
        1,
    )
    assert alert.acknowledged_by is None
    assert await storage.alerts.get(number + 1) is None


async def test_the_last_one_of_a_client_is_found(storage: Storage) -> None:
    first, second = await raised(storage), await raised(storage)
    alert = await storage.alerts.get(first)
    assert alert
    last = await storage.alerts.last_of(alert.client.id)
    assert last
    assert last.id == second
    assert await storage.alerts.last_of(alert.client.id + 1000) is None


async def test_telling_others_is_counted(storage: Storage) -> None:
    number = await raised(storage)
    await storage.alerts.tell_again(number)
    alert = await storage.alerts.get(number)
    assert alert
    assert alert.told == 2


async def test_one_person_answers_for_it(storage: Storage) -> None:
    number = await raised(storage)
    helpers = [await conversation_with(storage, f"chat:{n}", "therapist") for n in range(4)]
    answers = await asyncio.gather(
        *(storage.alerts.acknowledge(number, helper.person.id, NOW) for helper in helpers)
    )
    assert sorted(answers) == [False, False, False, True]
    alert = await storage.alerts.get(number)
    assert alert
    assert alert.acknowledged_by == helpers[answers.index(True)].person.id
