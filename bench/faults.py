"""Whole bookings while Twilio goes wrong; then the books are checked.

    python -m bench.faults --bookings 160
    python -m bench.faults --bookings 80 --blind  # Twilio's list can never be read

Of the messages that the server sends, one in ten is taken but answered with 500, one in twenty is not
answered in time (half of these were taken). Reports come in any order, some twice, some before the answer,
some never. Three in a hundred are taken and reported as undelivered. One request in five for Twilio's
list fails. Dialogflow is away for a minute. One client in eight is in distress and says so in the middle of
the booking. At the end, when everything has settled:

- every message that was answered with 200 was taken by one turn, and no two appointments overlap;
- no reply came twice but for what is urgent, which may, rather than come late;
- every one came but for those that were reported as undelivered three times, and
  those of which nobody can know: these are exactly what `therapy-booking outbox unknown` lists;
- of every reply the furthest report is written down;
- of everybody in distress somebody was told and has answered for it, and their booking went on afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc

from bench.crashes import (
    ALERT,
    CLAIMED,
    DAYS_AHEAD,
    OVERLAPS,
    OWED_CLAIMS,
    TAKEN,
    UNSETTLED,
    Answers,
    Load,
    number_in,
    outbox_number,
    request_for,
)
from tests.acceptance.server import PUBLIC, THERAPIST, Server, ServerFailedError, reaching
from tests.fakes.dialogflow import FakeDialogflow, Rule
from tests.fakes.mariadb import PrivateMariaDB
from tests.fakes.twilio import FakeTwilio
from tests.fakes.twilio_faults import Fault

PEOPLE = 8
DISTRESSED_EACH = 8
PATIENCE = 40.0
SETTLING_SECONDS = 330
"""A message that came back for the second time waits five minutes."""
NEWS = ("sent", "delivered", "read")
FURTHEST = ("sent", "undelivered", "delivered", "read")
AWAY_AFTER = 10
"""Readings after which Dialogflow goes."""
MOST_RESENT = 2
"""How often the product sends a message again that came back."""
PASSING = 63012
"""Trouble at Meta: worth another try."""
SENDING_FAULTS = {Fault.ERROR_AFTER: 0.10, Fault.SILENCE_BEFORE: 0.025, Fault.SILENCE_AFTER: 0.025}
LIST_FAULTS = {Fault.UNAVAILABLE: 0.1, Fault.BAD_GATEWAY: 0.1}
IN_DOUBT = "SELECT count(*) AS n FROM outbox WHERE state = 'unknown'"
READ_BY = "SELECT read_by, count(*) AS n FROM journal WHERE read_by IS NOT NULL GROUP BY read_by"
ALERTS = "SELECT count(*) AS n FROM alerts"
ANSWERED_FOR = "SELECT count(*) AS n FROM alerts WHERE acknowledged_by IS NOT NULL"
BOOKED = "SELECT count(*) AS n FROM appointments WHERE status = 'confirmed'"


@dataclass
class Outcome(Answers):
    """What the books say at the end."""

    lost: int = 0
    """Messages answered with 200 that no turn, or more than one, has taken: must be 0."""
    failed: int = 0
    """Inbox rows that were put aside: must be 0."""
    booked: int = 0
    wrong_bookings: int = 0
    """Overlaps, and claims astray: must be 0."""
    states: Counter[str] = field(default_factory=Counter)
    """Outbox rows by state."""
    faults: Counter[str] = field(default_factory=Counter)
    undelivered: int = 0
    """Messages that were taken and reported as undelivered."""
    resent: int = 0
    """Replies sent again after they had been looked for, or had come back."""
    resent_urgent: int = 0
    """Of these the ones that tell somebody in danger whom to call, or are the alert."""
    given_up: int = 0
    """Replies that were reported as undelivered each of the three times that they were sent."""
    unsent: list[int] = field(default_factory=list)
    """Other replies that never came although their state is not `unknown`: must be none."""
    twice: list[int] = field(default_factory=list)
    """Replies that came more than once: must be none."""
    urgent_twice: int = 0
    """Numbers to call, and alerts, that came more than once: they may, rather than come late."""
    listed: list[int] = field(default_factory=list)
    """What the operator's command lists."""
    unknown: list[int] = field(default_factory=list)
    read_by: Counter[str] = field(default_factory=Counter)
    """Messages by the classifier that read them."""
    misreported: list[int] = field(default_factory=list)
    """Replies of which something else is written down than the furthest report: must be none."""
    distressed: int = 0
    """Clients who said that they were in danger."""
    alerts: int = 0
    """Alerts raised: must be as many."""
    told: int = 0
    """Messages about them that reached the therapist."""
    answered_for: int = 0
    """Alerts that the therapist has answered for."""
    unsettled: int = 0

    @property
    def good(self) -> bool:
        """Nothing lost, nothing twice, and what cannot be known is listed."""
        unheard = self.distressed - self.alerts
        unanswered = 0 if self.unknown else self.alerts - self.answered_for
        wrong = (self.lost, self.failed, self.wrong_bookings, self.unsettled, unheard, unanswered)
        return (
            not (any(wrong) or self.unsent or self.twice or self.misreported) and self.listed == self.unknown
        )

    def __str__(self) -> str:
        """Several lines of figures."""
        return "\n".join(
            [
                f"{self.answered} messages: {self.lost} lost or taken twice, {self.failed} put aside",
                f"  read by {dict(self.read_by)}",
                f"{self.booked} bookings approved, {self.wrong_bookings} overlaps or claims astray",
                f"{self.distressed} in distress: {self.alerts} alerts",
                f"  {self.told} reached the therapist, {self.answered_for} answered for",
                f"faults: {dict(self.faults)}; {self.undelivered} taken and not delivered",
                f"{self.states.total()} replies owed: {dict(self.states)}, {self.unsettled} unsettled",
                f"  {len(self.unsent)} never came, {len(self.twice)} came twice, {self.resent} sent again",
                f"  {self.urgent_twice} urgent ones came twice rather than late",
                f"  {self.given_up} given up after three attempts that were reported as undelivered",
                f"  {len(self.unknown)} unknown: {self.unknown}; listed by the command: {self.listed}",
                f"  {len(self.misreported)} with another report than the furthest",
            ]
        )


async def go_wrong(
    server: Server, *, people: int, each: int, seed: int, blind: bool = False, failing: float = 0.0
) -> Outcome:
    """Book `people` × `each` appointments on a server that has been set up, and check the books.

    `blind`: Twilio's list can never be read, so that nobody can know what became of some messages.
    `failing`: how many of the messages that are taken are reported as undelivered.
    """
    outcome, dice = Outcome(), random.Random(seed)
    async with FakeTwilio(port=server.twilio_port, proxies={PUBLIC: server.url}) as twilio:

        def chance(odds: dict[Fault, float]) -> Fault | None:
            thrown = dice.random()
            for fault, odd in odds.items():
                thrown -= odd
                if thrown < 0:
                    outcome.faults[fault.name] += 1
                    return fault
            return None

        twilio.chance = lambda: chance(SENDING_FAULTS)
        twilio.list_fault = lambda: Fault.UNAVAILABLE if blind else chance(LIST_FAULTS)
        twilio.failing = lambda: PASSING if dice.random() < failing else None
        twilio.news, twilio.disorder = NEWS, dice
        await asyncio.to_thread(server.start)
        load = Load(
            twilio, outcome, people=people, each=each, patience=PATIENCE, distressed_each=DISTRESSED_EACH
        )
        talking = asyncio.create_task(load.run())
        await load.said.wait()
        outcome.unsettled = await _settled(server, blind=blind)
        load.over.set()
        await talking
        _check_messages(server, twilio, outcome)
        _check_books(server, load, outcome)
        _check_alerts(server, twilio, load, outcome)
    return outcome


async def _settled(server: Server, *, blind: bool) -> int:
    """Wait for as long as something is taken, sent or looked for; returns how much is under way at the end.

    What is in doubt may stay so.
    """
    last, moved_at = (-1, -1), time.monotonic()
    while time.monotonic() < moved_at + SETTLING_SECONDS:
        now = (number_in(server, UNSETTLED), number_in(server, IN_DOUBT))
        if now == (0, 0) or (blind and not now[0]):
            return 0
        if now != last:
            last, moved_at = now, time.monotonic()
        await asyncio.sleep(0.5)
    return last[0]


def _check_messages(server: Server, twilio: FakeTwilio, outcome: Outcome) -> None:
    came = Counter(outbox_number(message) for message in twilio.messages if message.sid not in twilio.failed)
    outcome.undelivered = len(twilio.failed)
    for row in server.rows("SELECT * FROM outbox ORDER BY id"):
        number = row["id"]
        outcome.states[row["state"]] += 1
        outcome.resent += row["resent"] > 0
        outcome.resent_urgent += row["resent"] > 0 and row["urgent"]
        if row["state"] == "unknown":
            outcome.unknown.append(number)
        elif not came[number] and row["provider_status"] == "undelivered" and row["resent"] == MOST_RESENT:
            outcome.given_up += 1
        elif not came[number]:
            outcome.unsent.append(number)
        if came[number] > 1 and row["urgent"]:
            outcome.urgent_twice += 1
        elif came[number] > 1:
            outcome.twice.append(number)
        if row["provider_status"] != _furthest_report(twilio, row):
            outcome.misreported.append(number)
    printed = server.output_of("outbox", "unknown", "--json")
    outcome.listed = [json.loads(line)["id"] for line in printed.splitlines()]


def _furthest_report(twilio: FakeTwilio, row: dict[str, Any]) -> str | None:
    """What must be written down of a reply.

    One that is in doubt keeps the name of an earlier attempt, if one came back, and none of its reports.
    """
    if row["state"] == "unknown":
        return None
    reported = twilio.reported.get(row["provider_sid"], set())
    return next((status for status in reversed(FURTHEST) if status in reported), None)


def _check_alerts(server: Server, twilio: FakeTwilio, load: Load, outcome: Outcome) -> None:
    outcome.distressed = load.distressed
    outcome.alerts, outcome.answered_for = number_in(server, ALERTS), number_in(server, ANSWERED_FOR)
    came = [message for message in twilio.messages if message.sid not in twilio.failed]
    outcome.told = len({outbox_number(one) for one in came if one.to == THERAPIST and ALERT in one.body})


def _check_books(server: Server, load: Load, outcome: Outcome) -> None:
    turns = Counter(row["key"] for row in server.rows(TAKEN))
    outcome.lost = sum(turns[sid] != 1 for sid in load.answered)
    outcome.failed = number_in(server, "SELECT count(*) AS n FROM inbox WHERE failed_reason IS NOT NULL")
    outcome.read_by.update({row["read_by"]: row["n"] for row in server.rows(READ_BY)})
    outcome.booked = number_in(server, BOOKED)
    astray = abs(number_in(server, CLAIMED) - number_in(server, OWED_CLAIMS))
    outcome.wrong_bookings = number_in(server, OVERLAPS) + astray


async def with_dialogflow(server: Server, options: argparse.Namespace) -> Outcome:
    """Go wrong, with an agent that is away for a while."""
    async with FakeDialogflow() as agent:
        server.environment |= reaching(agent)
        if await asyncio.to_thread(server.run, "nlu", "push"):
            raise ServerFailedError(server.log[-4000:])
        _teach(agent, options.bookings)
        away = asyncio.create_task(_be_away(agent, options.away))
        try:
            return await go_wrong(
                server,
                people=PEOPLE,
                each=max(1, options.bookings // PEOPLE),
                seed=options.seed,
                blind=options.blind,
                failing=options.failing,
            )
        finally:
            away.cancel()
            await asyncio.gather(away, return_exceptions=True)


def _teach(agent: FakeDialogflow, bookings: int) -> None:
    """What the clients of the load say, with the values in it; a real agent would find them itself."""
    for slot in range(bookings):
        moment = {"days_ahead": DAYS_AHEAD + slot // 12, "hours": 8 + slot % 12}
        values = {"service-type": "in-call", "appointment-time": moment}
        agent.add(Rule(request_for(slot), "book.appointment", values))


async def _be_away(agent: FakeDialogflow, seconds: float) -> None:
    while len(agent.requests) < AWAY_AFTER:  # noqa: ASYNC110  # another process asks
        await asyncio.sleep(0.1)
    agent.fail(grpc.StatusCode.UNAVAILABLE, None)
    await asyncio.sleep(seconds)
    agent.recover()


def main() -> int:
    """Return 1 when anything was lost or happened twice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--bookings", type=int, default=160)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--failing", type=float, default=0.03, help="share reported as undelivered")
    parser.add_argument("--blind", action="store_true", help="Twilio's list can never be read")
    parser.add_argument("--away", type=float, default=60.0, help="seconds for which Dialogflow is away")
    options = parser.parse_args()
    with PrivateMariaDB() as database, tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), database, {"WEIGHTS_DIR": folder, "CATCH_UP_EVERY_SECONDS": "5"})
        server.set_up()
        try:
            outcome = asyncio.run(with_dialogflow(server, options))
        finally:
            server.kill()
    print(outcome)
    return int(not outcome.good)


if __name__ == "__main__":
    sys.exit(main())
