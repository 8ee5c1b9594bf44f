"""Requests that nobody expects, at the webhooks of the real server: it answers each and goes on.

    python -m bench.fuzz --requests 10000

Hypothesis makes them: signed, badly signed and unsigned; forms with every field that Twilio documents and any
value in it, and bodies that are no form. At the end:

- none was answered with 5xx, and none was left without an answer;
- everything that was taken in has been through its turn, and nothing was put aside;
- everybody who wrote says hello and gets an answer.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from bench.crashes import number_in
from tests.acceptance.server import PUBLIC, Server
from tests.fakes import twilio_forms as forms
from tests.fakes.mariadb import PrivateMariaDB
from tests.fakes.twilio import FakeTwilio

FORM = "application/x-www-form-urlencoded"
ANSWER_SECONDS = 15.0
SETTLING_SECONDS = 120.0
PHONES = [f"whatsapp:+49157000000{number:02}" for number in range(20)] + ["whatsapp:DE.4566546130240823"]
OPEN = "SELECT count(*) AS n FROM inbox WHERE taken_at IS NULL AND failed_reason IS NULL"
OWED = "SELECT count(*) AS n FROM outbox WHERE state IN ('pending', 'sending', 'unknown')"
PUT_ASIDE = "SELECT count(*) AS n FROM inbox WHERE failed_reason IS NOT NULL"


@dataclass(frozen=True)
class Request:
    """One request at one of the doors."""

    door: str
    query: str
    content_type: str
    body: bytes
    signature: str | None


@dataclass
class Outcome:
    """What the server did."""

    statuses: Counter[int] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    """Requests answered with 5xx or not at all: must be none."""
    left_over: int = 0
    """Inbox rows that no turn has taken: must be 0."""
    put_aside: int = 0
    """Inbox rows that failed for good: must be 0."""
    people: int = 0
    """Who got an answer to "hello" at the end."""

    @property
    def good(self) -> bool:
        """Nothing broke, and nobody is stuck."""
        return not (self.broken or self.left_over or self.put_aside) and self.people == len(PHONES)

    def __str__(self) -> str:
        """Several lines of figures."""
        answers = ", ".join(f"{count} × {status}" for status, count in sorted(self.statuses.items()))
        return "\n".join(
            [
                f"{self.statuses.total()} requests: {answers}",
                f"{len(self.broken)} answered with 5xx or not at all",
                *self.broken[:10],
                f"{self.left_over} messages left over, {self.put_aside} put aside",
                f"{self.people} of {len(PHONES)} people answered afterwards",
            ]
        )


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
ODD = st.sampled_from(
    [
        *(
            "",
            " ",
            "\0",
            "-1",
            "9" * 40,
            "1e9",
            "true",
            "null",
            "[]",
            "{}",
            "[" * 2_000,
            "😀" * 900,
            "x" * 3_000,
        ),
        *('{"a": {"id": "7.2"}}', '{"id": 7}', "STOP", "START", "image/jpeg", "2", "interactive", "contacts"),
        *(
            "approve:1",
            "1.1",
            "whatsapp:",
            "whatsapp:+0",
            "'; DROP TABLE inbox; --",
            "%s%n{0}",
            "\u202e\u200b",
        ),
        *("SM" + "0" * 32, "SM" + "0" * 63, "sm", "MM1"),
    ]
)
SAYING = st.sampled_from(
    [
        *(
            "hello",
            "I want to book an appointment",
            "in-call",
            "tomorrow at 3pm",
            "yes",
            "no",
            "1",
            "2",
            "cancel",
        ),
        *("help", "show me my appointments", "#1", "approve 1", "decline 1", "stop", "thanks"),
    ]
)
NAMES = st.sampled_from(sorted(forms.everything())) | TEXT
CHANGES = st.dictionaries(NAMES, ODD | TEXT, max_size=6)
KINDS: list[Callable[..., forms.Fields]] = [
    forms.message,
    lambda text: forms.tap("1.1", text),
    lambda text: forms.media("image/jpeg", text),
    lambda text: forms.location("52.52", "13.40", Label=text),
    lambda text: forms.everything(Body=text, MessageSid=forms.new_sid()),
]


@st.composite
def fields(draw: st.DrawFn, door: str) -> forms.Fields:
    """The fields of a form: what Twilio sends, with a few of them changed."""
    if door == "status":
        status = draw(st.sampled_from(["sent", "delivered", "undelivered", "teleported"]))
        usual = forms.status(forms.new_sid(), status, error_code=draw(st.none() | st.integers(0, 10**12)))
    else:
        usual = draw(st.sampled_from(KINDS))(draw(SAYING | TEXT | ODD))
        usual |= {"From": draw(st.sampled_from(PHONES))}
    return usual | draw(st.just({}) | CHANGES)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """A request, good or bad."""
    door = draw(st.sampled_from(["client", "client", "client", "therapist", "status"]))
    query = draw(
        st.sampled_from(
            ["", "", "?o=1", "?o=99999999", "?o=x", "?a=%ff&a", "?%s", "?o=1&o=2", "?o=" + "9" * 30]
        )
    )
    url = f"{PUBLIC}/webhook/{door}{query}"
    if draw(st.integers(0, 9)) == 0:
        body = draw(st.binary(max_size=300) | st.just(b"a&" * 1_001) | st.just(b"x" * 70_000))
        kind = draw(
            st.sampled_from([FORM, "", "application/json", "multipart/form-data; boundary=x", "text/plain"])
        )
        return Request(
            door, query, kind, body, draw(st.sampled_from([forms.sign(url, []), None, "nonsense"]))
        )
    form = draw(fields(door))
    body = urlencode(form).encode()
    signed = forms.sign(url, form.items())
    return Request(door, query, FORM, body, draw(st.sampled_from([signed] * 8 + [None, signed[::-1], "é"])))


def send(server: Server, request: Request) -> int:
    """Send it; returns the status of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=ANSWER_SECONDS)
    headers = {"Content-Type": request.content_type, "Host": "practice.example"}
    if request.signature is not None:
        headers["X-Twilio-Signature"] = quote(request.signature, safe="/+=")
    try:
        connection.request("POST", f"/webhook/{request.door}{request.query}", request.body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def bombard(server: Server, outcome: Outcome, count: int, seed: int) -> None:
    """Send so many requests, one after the other."""

    @seeded(seed)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(requests())
    def one(request: Request) -> None:
        try:
            status = send(server, request)
        except (OSError, http.client.HTTPException) as error:
            outcome.broken.append(f"  {type(error).__name__}: {request}")
            return
        outcome.statuses[status] += 1
        if status >= http.client.INTERNAL_SERVER_ERROR:
            outcome.broken.append(f"  {status}: {request}")

    one()


async def fuzz(server: Server, count: int, seed: int) -> Outcome:
    """Bombard a server that has been set up, and see whether everybody is still served."""
    outcome = Outcome()
    async with FakeTwilio(port=server.twilio_port, proxies={PUBLIC: server.url}) as twilio:
        await asyncio.to_thread(server.start)
        await asyncio.to_thread(bombard, server, outcome, count, seed)
        await _settled(server)
        outcome.left_over = number_in(server, OPEN)
        outcome.put_aside = number_in(server, PUT_ASIDE)
        outcome.people = sum([await _is_answered(twilio, phone) for phone in PHONES])
    return outcome


async def _settled(server: Server) -> None:
    end = time.monotonic() + SETTLING_SECONDS
    while (number_in(server, OPEN) or number_in(server, OWED)) and time.monotonic() < end:  # noqa: ASYNC110  # another process works
        await asyncio.sleep(0.5)


async def _is_answered(twilio: FakeTwilio, phone: str) -> bool:
    before = sum(message.to == phone for message in twilio.messages)
    await twilio.deliver(f"{PUBLIC}/webhook/client", phone, "done")  # else it may go to a person
    try:
        await twilio.messages_to(phone, before + 1)
    except TimeoutError:
        return False
    return True


def main() -> int:
    """Return 1 when anything broke."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with PrivateMariaDB() as database, tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), database, {"WEIGHTS_DIR": folder})
        server.set_up()
        try:
            outcome = asyncio.run(fuzz(server, options.requests, options.seed))
        finally:
            server.kill()
    print(outcome)
    return int(not outcome.good)


if __name__ == "__main__":
    sys.exit(main())
