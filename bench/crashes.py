"""`kill -9` of the real server at random moments under load on a real MariaDB; then the books are checked.

    python -m bench.crashes --kills 200

Clients book through signed webhooks, a therapist approves, and the server is killed and started again the
whole time. A form that got no answer is posted again with its MessageSid until it gets one, as an operator's
`#rc=` setting has Twilio do. Every reply must come, so a client waits for what the server owes and, as people
do, writes again when nothing comes. At the end, when everything has settled:

- every message that was answered with 200 has one inbox row, taken by one turn;
- no two active appointments overlap, and the claims are exactly the units of the active appointments;
- every reply was sent exactly once: one whose sending a kill interrupted was looked for in Twilio's list.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import re
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from tests.acceptance.server import CLIENT_DOOR, PUBLIC, THERAPIST, ZONE, Server, said
from tests.fakes import twilio_forms as forms
from tests.fakes.mariadb import PrivateMariaDB
from tests.fakes.twilio import FakeTwilio

PEOPLE = 8
LONGEST_LIFE = 1.5
"""Seconds that a server lives at most before it is killed."""
PATIENCE = 4.0
"""Seconds after which a client writes again."""
SETTLING_SECONDS = 60
DAYS_AHEAD = 3
ALERT = said("person_in_danger")
REQUEST = re.compile(r"New request #(\d+)")
BOOKING = ("hello", None, "yes", "thanks")
"""What a client says; None: asks for their time."""
BOOKING_IN_DISTRESS = ("hello", None, "i want to kill myself", "go on", "yes", "thanks")

OVERLAPS = """
SELECT count(*) AS n FROM appointments a JOIN appointments b ON a.id < b.id
AND (a.therapist_id = b.therapist_id OR a.client_id = b.client_id)
AND a.claimed_from < b.claimed_until AND b.claimed_from < a.claimed_until
WHERE a.status IN ('held', 'pending', 'confirmed') AND b.status IN ('held', 'pending', 'confirmed')
"""
CLAIMED = "SELECT count(*) AS n FROM claims"
OWED_CLAIMS = """
SELECT coalesce(sum(2 * (claimed_until - claimed_from) / 5), 0) AS n FROM appointments
WHERE status IN ('held', 'pending', 'confirmed')
"""
TAKEN = "SELECT i.`key` FROM inbox i JOIN journal j ON j.inbox_id = i.id WHERE i.taken_at IS NOT NULL"
UNSETTLED = """
SELECT (SELECT count(*) FROM inbox WHERE taken_at IS NULL) +
       (SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending')) AS n
"""


@dataclass
class Answers:
    """How the server's door did."""

    answered: int = 0
    """Messages that got a 200."""
    posted_again: int = 0


@dataclass
class Outcome(Answers):
    """What the books say at the end."""

    kills: int = 0
    lost: int = 0
    """Messages answered with 200 that no turn, or more than one, has taken: must be 0."""
    failed: int = 0
    """Inbox rows that were put aside: must be 0."""
    booked: int = 0
    overlaps: int = 0
    claims_astray: int = 0
    owed: int = 0
    states: Counter[str] = field(default_factory=Counter)
    """Outbox rows by state."""
    begun_again: int = 0
    """Replies whose sending was begun more than once."""
    repeated: int = 0
    """Replies that Twilio took more often than their sending was begun: must be 0."""
    unsent: int = 0
    """Replies that Twilio never took: must be 0."""
    twice: list[str] = field(default_factory=list)
    """The replies that came more than once: must be none."""
    unsettled: int = 0
    start_seconds: list[float] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Nothing lost, nothing twice."""
        wrong = (
            *(self.lost, self.failed, self.overlaps, self.claims_astray, self.repeated, self.unsent),
            len(self.twice),
        )
        return not any(wrong) and not self.unsettled and self.states["sent"] == self.owed

    def __str__(self) -> str:
        """Several lines of figures."""
        starts = sorted(self.start_seconds)
        lines = [
            f"{self.kills} kills, {self.answered} messages answered ({self.posted_again} posted again): ",
            f"  {self.lost} lost or taken twice, {self.failed} put aside",
            f"{self.booked} appointments: {self.overlaps} overlaps, {self.claims_astray} claims astray",
            f"{self.owed} replies owed: {dict(self.states)}, {self.unsettled} rows unsettled",
            f"  {self.unsent} never sent, {self.repeated} repeated for no reason",
            f"  {self.begun_again} begun again after a kill; {len(self.twice)} of them came twice",
            *self.twice,
            f"start-up: median {starts[len(starts) // 2]:.2f} s, longest {starts[-1]:.2f} s",
        ]
        return "\n".join(lines)


def request_for(slot: int) -> str:
    """How a client asks for one of the times, of which there are twelve a day."""
    day = datetime.now(ZONE) + timedelta(days=DAYS_AHEAD + slot // 12)
    return f"book an in-call appointment on {day:%d %B %Y} at {8 + slot % 12}:00"


class Load:
    """Clients and a therapist who go on whatever happens to the server."""

    def __init__(
        self,
        twilio: FakeTwilio,
        outcome: Answers,
        *,
        people: int = PEOPLE,
        each: int = 100_000,
        patience: float = PATIENCE,
        distressed_each: int = 0,
    ) -> None:
        """`people`: at the same time; `each`: clients one after the other in the place of one of them.

        `patience`: seconds after which a client writes again. `distressed_each`: one client in so many is
        in distress and says so; 0: none is.
        """
        self._twilio = twilio
        self._outcome = outcome
        self._people = people
        self._each = each
        self._patience = patience
        self._distressed_each = distressed_each
        self.distressed = 0
        """Clients who said so."""
        self.answered: list[str] = []
        self.over = asyncio.Event()
        self.said = asyncio.Event()
        """Set when every client has said everything."""

    async def run(self) -> None:
        """Talk until `over`."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._therapist())
            async with asyncio.TaskGroup() as clients:
                for number in range(self._people):
                    clients.create_task(self._clients(number))
            self.said.set()

    async def _clients(self, number: int) -> None:
        """One client after the other, each with a time of their own."""
        for turn in range(self._each):
            if self.over.is_set():
                return
            phone = f"whatsapp:+4915{number}{turn:07}"
            slot = turn * self._people + number
            in_distress = self._distressed_each > 0 and slot % self._distressed_each == 0
            self.distressed += in_distress
            for position, text in enumerate(BOOKING_IN_DISTRESS if in_distress else BOOKING, 1):
                await self._say(phone, text or request_for(slot))
                with contextlib.suppress(TimeoutError):
                    await self._twilio.messages_to(phone, position, within=self._patience)

    async def _therapist(self) -> None:
        looked, alerts = 0, set[int]()
        while not self.over.is_set():
            with contextlib.suppress(TimeoutError):
                await self._twilio.messages_to(THERAPIST, looked + 1, within=0.5)
            new = [one for one in self._twilio.messages if one.to == THERAPIST][looked:]
            looked += len(new)
            for request in filter(None, (REQUEST.search(one.body) for one in new)):
                await self._say(THERAPIST, f"approve {request[1]}")
            for alert in {outbox_number(one) for one in new if ALERT in one.body} - alerts:
                alerts.add(alert)
                await self._say(THERAPIST, f"acknowledge {len(alerts)}")

    async def _say(self, who: str, text: str) -> None:
        form = forms.message(text, from_=who)
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                answer = await self._twilio.post(CLIENT_DOOR, form)
                if answer.status == 200:
                    self.answered.append(form["MessageSid"])
                    self._outcome.answered += 1
                    return
            self._outcome.posted_again += 1
            await asyncio.sleep(0.05)


async def crash(server: Server, kills: int, seed: int) -> Outcome:
    """Kill a server that has been set up so often, and check the books."""
    dice, outcome = random.Random(seed), Outcome()
    outcome.start_seconds.append(await asyncio.to_thread(server.start))
    async with FakeTwilio(port=server.twilio_port, proxies={PUBLIC: server.url}) as twilio:
        load = Load(twilio, outcome)
        talking = asyncio.create_task(load.run())
        for _ in range(kills):
            await asyncio.sleep(dice.random() * LONGEST_LIFE)
            server.kill()
            outcome.kills += 1
            outcome.start_seconds.append(await asyncio.to_thread(server.start))
        load.over.set()
        await talking
        outcome.unsettled = await _settled(server)
        _check(server, twilio, load, outcome)
    return outcome


async def _settled(server: Server) -> int:
    """Wait for as long as more is taken and sent; returns how much was not.

    Much is left at first: with every kill the therapist's messages wait until the one that was being sent is
    taken for stuck.
    """
    left, moved_at = number_in(server, UNSETTLED), time.monotonic()
    while left and time.monotonic() < moved_at + SETTLING_SECONDS:
        await asyncio.sleep(0.5)
        before, left = left, number_in(server, UNSETTLED)
        if left < before:
            moved_at = time.monotonic()
    return left


def _check(server: Server, twilio: FakeTwilio, load: Load, outcome: Outcome) -> None:
    turns = Counter(
        row["key"]
        for row in server.rows(
            "SELECT i.`key` FROM inbox i JOIN journal j ON j.inbox_id = i.id WHERE i.taken_at > 0"
        )
    )
    outcome.lost = sum(turns[sid] != 1 for sid in load.answered)
    outcome.failed = number_in(server, "SELECT count(*) AS n FROM inbox WHERE failed_reason IS NOT NULL")
    outcome.booked = number_in(
        server, "SELECT count(*) AS n FROM appointments WHERE status IN ('held', 'pending', 'confirmed')"
    )
    outcome.overlaps = number_in(server, OVERLAPS)
    outcome.claims_astray = abs(number_in(server, CLAIMED) - number_in(server, OWED_CLAIMS))
    taken = Counter(outbox_number(message) for message in twilio.messages)
    for row in server.rows("SELECT id, state, attempts FROM outbox ORDER BY id"):
        times = taken[row["id"]]
        outcome.owed += 1
        outcome.states[row["state"]] += 1
        outcome.begun_again += row["attempts"] > 1
        outcome.unsent += not times
        outcome.repeated += times > row["attempts"]
        if times > 1:
            outcome.twice.append(f"  row {row['id']} came {times} times, begun {row['attempts']} times")


def outbox_number(message: Any) -> int:  # noqa: ANN401  # a SentMessage
    """The product marks each message's status callback with its own name of the sending."""
    return int(message.status_callback.rpartition("o=")[2].partition(".")[0])


def number_in(server: Server, sql: str) -> int:
    """The one number `n` that a statement finds."""
    return int(server.rows(sql)[0]["n"])


def main() -> int:
    """Return 1 when anything was lost or happened twice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with PrivateMariaDB() as database, tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), database, {"WEIGHTS_DIR": folder, "DB_POOL_SIZE": "16"})
        server.set_up()
        try:
            outcome = asyncio.run(crash(server, options.kills, options.seed))
        finally:
            server.kill()
    print(outcome)
    return int(not outcome.good)


if __name__ == "__main__":
    sys.exit(main())
