"""The private calendar: whoever has the address sees when appointments are, and nobody sees anything else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import icalendar
import pytest
from ical.calendar_stream import IcsCalendarStream
from quart import Quart

from app.chat import handed_over
from app.settings import Settings
from app.web import web_app
from app.wiring import Product, product
from channels.twilio_account import TwilioAccount
from engine.events import Heard
from flows.calendar_address import CalendarAddresses
from storage.appointments import NewAppointment
from storage.lifecycle import CANCEL

ANA = "chat:Ana"
PATH = re.compile(r"http://127\.0\.0\.1:8000(/webhook/calendar/\S+\.ics)")
START = int(datetime(2026, 3, 28, 9, tzinfo=UTC).timestamp()) // 60


@pytest.fixture
async def running(tmp_path: Path, weights: str) -> AsyncIterator[Product]:
    settings = Settings(
        _env_file=None,
        sqlite_path=tmp_path / "feed.sqlite3",
        weights_dir=Path(weights),
        refusals_per_minute=5,
    )
    async with product(settings, handed_over, demonstration=True) as made:
        made.clock.stand_at((START - 24 * 60) * 60)
        yield made


@pytest.fixture
def web(running: Product) -> Quart:
    return web_app(running, TwilioAccount())


async def asks(running: Product, text: str, flow: str = "client", address: str = ANA) -> str:
    """What somebody is answered; the path of the feed in it."""
    heard = Heard(key=f"{flow}{text}", flow=flow, address=address, kind="text", at=running.clock(), text=text)
    await running.storage.inbox.put(heard)
    await running.settle()
    said = "\n".join(owed.message.text for owed in await running.storage.outbox.since(0, 100))
    found: list[str] = PATH.findall(said)
    return found[-1]


async def book(running: Product, start: int = START, status: str = "confirmed") -> int:
    async with running.storage.transaction() as tx:
        client = (await tx.conversations.lock("client", ANA, "idle", at=running.clock())).person.id
        new = NewAppointment(
            therapist_id=running.practice().therapists[0].id,
            client_id=client,
            service="individual",
            service_type="home visit",
            starts_at=start,
            ends_at=start + 50,
            claimed_from=start,
            claimed_until=start + 50,
            zone="Europe/Berlin",
            wall_time="",
            address="12 Canal Street",
            status=status,
            op_key=f"feed:{start}",
        )
        number = await tx.calendar.take(new, running.clock())
    assert number is not None
    return number


async def fetched(web: Quart, path: str) -> bytes:
    response = await web.test_client().get(path)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "private" in response.headers["Cache-Control"]
    return bytes(await response.get_data(as_text=False))


async def test_two_parsers_read_the_same_times(running: Product, web: Quart) -> None:
    """Of two days with a clock change between them: the instants are right, whatever zone shows them."""
    for day in (0, 1):
        await book(running, START + day * 24 * 60)
    body = await fetched(web, await asks(running, "calendar link"))
    expected = [datetime.fromtimestamp((START + day * 1440) * 60, UTC) for day in (0, 1)]
    events = icalendar.Calendar.from_ical(body).walk("VEVENT")
    assert [event.decoded("dtstart") for event in events] == expected
    assert [event.decoded("dtend") - event.decoded("dtstart") for event in events] == [
        timedelta(minutes=50)
    ] * 2
    other = IcsCalendarStream.calendar_from_ics(body.decode())  # by other people: not wrong in the same way
    assert [event.dtstart for event in other.events] == expected
    assert [event.status.value for event in other.events if event.status] == ["CONFIRMED", "CONFIRMED"]


async def test_it_tells_when_and_nothing_else(running: Product, web: Quart) -> None:
    await book(running)
    therapist = running.practice().therapists[0].address
    for path in (
        await asks(running, "calendar link"),
        await asks(running, "calendar", "therapist", therapist),
    ):
        body = (await fetched(web, path)).decode()
        assert "SUMMARY:Appointment\r\n" in body
        assert not [
            word for word in ("Ana", "Anna", "Canal", "therapy session", "home", "individual") if word in body
        ]


async def test_what_is_cancelled_keeps_its_name_and_counts_up(running: Product, web: Quart) -> None:
    number = await book(running)
    path = await asks(running, "calendar link")
    (before,) = icalendar.Calendar.from_ical(await fetched(web, path)).walk("VEVENT")
    running.clock.advance(60)
    async with running.storage.transaction() as tx:
        assert await tx.calendar.move_on(number, CANCEL, running.clock())
    (after,) = icalendar.Calendar.from_ical(await fetched(web, path)).walk("VEVENT")
    assert after.decoded("uid") == before.decoded("uid")
    assert (before.decoded("status"), after.decoded("status")) == ("CONFIRMED", "CANCELLED")
    assert after.decoded("sequence") > before.decoded("sequence")
    assert after.decoded("last-modified") > before.decoded("last-modified")


async def test_what_nobody_has_decided_is_tentative_and_a_hold_is_not_shown(
    running: Product, web: Quart
) -> None:
    await book(running, status="pending")
    await book(running, START + 120, status="held")
    (event,) = icalendar.Calendar.from_ical(await fetched(web, await asks(running, "calendar"))).walk(
        "VEVENT"
    )
    assert event.decoded("status") == "TENTATIVE"


async def test_a_new_link_ends_the_old_one(running: Product, web: Quart) -> None:
    first = await asks(running, "calendar link")
    assert await asks(running, "my calendar") == first
    second = await asks(running, "new calendar link")
    assert second != first
    assert (await web.test_client().get(first)).status_code == 404
    await fetched(web, second)


async def test_other_tokens_tell_nothing(running: Product, web: Quart) -> None:
    token = (await asks(running, "calendar link")).rpartition("/")[2].removesuffix(".ics")
    spoilt = [token + "0", token[:-1], "2" + token[1:], token.partition("-")[0], "..", token + "%00", ""]
    invented = [f"{person}-1-{'0' * 64}" for person in ("1", "9223372036854775808", "99999999999999999999")]
    for other in (*spoilt, *invented, "1-1-" + "%C3%A9" * 64):
        response = await web.test_client().get(f"/webhook/calendar/{other}.ics")
        assert response.status_code == 404, other


async def test_somebody_who_never_asked_has_no_feed(running: Product, web: Quart) -> None:
    await book(running)
    person = await running.storage.people.find("client", ANA)
    assert person
    address = CalendarAddresses("", running.storage.prove).of(person.id, 1)
    assert (await web.test_client().get(f"/webhook/calendar{address}")).status_code == 404


async def test_who_guesses_is_turned_away(running: Product, web: Quart) -> None:
    path = await asks(running, "calendar link")
    wrong = f"/webhook/calendar/1-1-{'0' * 64}.ics"

    async def status(of: str) -> int:
        response = await web.test_client().get(of, scope_base={"client": ("192.0.2.7", 50_000)})
        return response.status_code

    assert [await status(wrong) for _ in range(6)] == [404] * 5 + [429]
    assert await status(path) == 429
    running.clock.advance(61)
    assert await status(path) == 200


async def test_two_who_ask_at_once_get_the_same_link(running: Product) -> None:
    await book(running)
    person = await running.storage.people.find("client", ANA)
    assert person
    versions = await asyncio.gather(*(running.storage.calendar_links.begin(person.id) for _ in range(4)))
    assert versions == [1] * 4
