"""How soon the real server acknowledges a webhook while it has much to do: Twilio waits for it.

    python -m bench.acknowledgements --seconds 8 --people 16

Every message is stored before it is acknowledged; understanding, the turn and the reply come after.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path

from tests.acceptance.server import CLIENT_DOOR, PUBLIC, Server
from tests.fakes.mariadb import PrivateMariaDB
from tests.fakes.twilio import FakeTwilio

SAYING = ("hello", "I want to book an appointment", "in-call", "tomorrow afternoon", "cancel")
REPLY_SECONDS = 30.0


async def measure(server: Server, people: int, seconds: float) -> tuple[list[float], list[float]]:
    """Milliseconds until the acknowledgement, and until the reply, of every message."""
    acknowledged: list[float] = []
    replied: list[float] = []
    async with FakeTwilio(port=server.twilio_port, proxies={PUBLIC: server.url}) as twilio:
        end = time.perf_counter() + seconds

        async def person(number: int) -> None:
            phone, said = f"whatsapp:+4915{number:09}", 0
            while time.perf_counter() < end:
                began = time.perf_counter()
                answer = await twilio.deliver(CLIENT_DOOR, phone, SAYING[said % len(SAYING)])
                assert answer.status == 200
                acknowledged.append((time.perf_counter() - began) * 1000)
                said += 1
                await twilio.messages_to(phone, said, within=REPLY_SECONDS)
                replied.append((time.perf_counter() - began) * 1000)

        await asyncio.gather(*(person(number) for number in range(people)))
    return acknowledged, replied


def figures(name: str, milliseconds: list[float]) -> str:
    """Median and the slow end."""
    ordered = sorted(milliseconds)
    return (
        f"{name}: {len(ordered)} measured, median {statistics.median(ordered):.1f} ms, "
        f"p95 {ordered[int(len(ordered) * 0.95)]:.1f} ms, longest {ordered[-1]:.1f} ms"
    )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--people", type=int, nargs="+", default=[1, 16])
    options = parser.parse_args()
    with PrivateMariaDB() as database, tempfile.TemporaryDirectory() as folder:
        tireless = {"ANSWERS_PER_MINUTE": "1000000", "MESSAGES_PER_HOUR": "1000000"}  # unlike people
        server = Server(Path(folder), database, {"WEIGHTS_DIR": folder, **tireless})
        server.set_up()
        first = server.start()
        server.stop()
        try:
            print(f"start-up: {first:.2f} s with training, then {server.start():.2f} s")
            for people in options.people:
                acknowledged, replied = asyncio.run(measure(server, people, options.seconds))
                print(f"{people} at a time (machine's load {os.getloadavg()[0]:.1f})")
                print(" ", figures("acknowledged", acknowledged))
                print(" ", figures("replied", replied))
            print(f"resident: {server.resident_mib():.0f} MiB")
        finally:
            server.kill()


if __name__ == "__main__":
    main()
