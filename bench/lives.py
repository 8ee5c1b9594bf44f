"""Clients and therapists live through appointments by what they write, all at once, and are cut off.

    python -m bench.lives --operations 20000              # whole conversations, on SQLite
    python -m bench.lives --operations 20000 --mariadb

One story after the other, each on an emptied database with two products on it. One operation in twenty is
cut off in the middle of its turns, as when a process dies, and taken up by the other product. After each
operation the claims are those of the active appointments (`bench.law`); after each story everybody has
heard what became of each appointment, once (`bench.news`).
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from secrets import token_hex

import structlog
from pydantic import SecretStr

from app.data_store import storage_settings
from app.settings import Settings
from bench.law import claims_astray, looked_at, overlaps, series_apart
from bench.news import news_astray
from storage.appointments import Appointment
from storage.lifecycle import ACTIVE
from tests.fakes.mariadb import PrivateMariaDB
from tests.scenarios.play import Conversation, Mismatch
from tests.scenarios.script import Deed
from tests.scenarios.stage import Stage, stage

STORY = 60
"""Operations on one database before it is emptied."""
CLIENTS = ("client Ana", "client Ben", "client Cleo")
THERAPISTS = ("therapist anna", "therapist malik")
DAYS = ("thursday", "friday", "monday", "tuesday")
SO_OFTEN = ("for two weeks", "for three weeks", "three times", "for two months")
HOURS = ("9am", "10am", "11am", "2pm", "3pm")


@dataclass
class Result:
    """What came of it."""

    done: Counter[str] = field(default_factory=Counter)
    """Operations, by what they were to do."""
    ends: Counter[str] = field(default_factory=Counter)
    """Appointments, by their last status."""
    cut_off: int = 0
    faults: list[str] = field(default_factory=list)
    """Must be empty."""
    story: list[str] = field(default_factory=list)
    """What had been done before the first of them."""

    def __str__(self) -> str:
        """Lines of figures."""
        done = ", ".join(f"{count} {name}" for name, count in sorted(self.done.items()))
        ends = ", ".join(f"{count} {name}" for name, count in sorted(self.ends.items()))
        lines = [
            f"{self.done.total()} operations: {done}; {self.cut_off} cut off",
            f"{self.ends.total()} appointments: {ends}",
            f"{len(self.faults)} claims astray, overlaps, or news wrong, missing or twice",
        ]
        return "\n".join([*lines, *self.faults[:20], *self.story])


class Lives:
    """Stories on one stage."""

    def __init__(self, on: Stage, result: Result, seed: int) -> None:
        self._stage = on
        self._result = result
        self._dice = random.Random(seed)

    def story(self) -> None:
        """Everybody does something, `STORY` times; then everything that was begun comes to its end."""
        self._stage.clear()
        self._stage.do(self._live(Conversation(cycle(self._stage.products), self._stage.clock)))

    async def _live(self, conversation: Conversation) -> None:
        told: list[str] = []
        storage = self._stage.products[0].storage
        try:
            for _ in range(STORY):
                name, deed = self._choose(await storage.appointments.all())
                told.append(f"{deed.what} {deed.who}: {deed.text or deed.parts}")
                self._result.done[name] += 1
                await self._do(conversation, deed)
                self._look()
                await conversation.nothing_failed()
            await conversation.do(Deed("advance", text="4d"))
            self._look()
            self._note(await news_astray(storage))
        except Mismatch as mismatch:
            self._note([str(mismatch)])
        if self._result.faults:
            self._result.story = told
        self._result.ends.update(one.status for one in await storage.appointments.all())

    async def _do(self, conversation: Conversation, deed: Deed) -> None:
        """Do it; one in twenty is cut off somewhere, and taken up again."""
        if self._dice.random() < 0.05 and deed.what != "advance":
            self._result.cut_off += 1
            await conversation.cut_off(deed, self._dice.randint(1, 400))
        else:
            await conversation.do(deed)

    def _look(self) -> None:
        with looked_at([storage_settings(self._stage.settings)]) as opened:
            self._note(
                f"{count} {what}"
                for what, count in (
                    ("overlaps", overlaps(opened)),
                    ("claims astray", claims_astray(opened)),
                    ("series apart", series_apart(opened)),
                )
                if count
            )

    def _note(self, faults: Iterator[str] | list[str]) -> None:
        self._result.faults += faults

    def _choose(self, appointments: list[Appointment]) -> tuple[str, Deed]:
        """Somebody's next move: mostly one that an appointment's status invites, sometimes any."""
        dice = self._dice
        if dice.random() < 0.08:
            return "at once", Deed("at once", parts=tuple(self._move(appointments)[1] for _ in range(3)))
        if dice.random() < 0.06:
            return "time passes", Deed("advance", text=dice.choice(("9m", "11m", "3h", "13h", "25h")))
        return self._move(appointments)

    def _move(self, appointments: list[Appointment]) -> tuple[str, Deed]:
        dice = self._dice
        client, therapist = dice.choice(CLIENTS), dice.choice(THERAPISTS)
        when = f"{dice.choice(DAYS)} at {dice.choice(HOURS)}"
        asks = Deed("says", client, f"in-call individual therapy {when}")
        repeats = Deed("says", client, f"in-call individual therapy every {when} {dice.choice(SO_OFTEN)}")
        standing = [one for one in appointments if one.status in ACTIVE]
        if not standing or dice.random() < 0.25:
            return ("ask", asks) if dice.random() < 0.7 else ("repeat", repeats)
        one = dice.choice(standing if dice.random() < 0.9 else appointments)
        number = one.id
        by_client = {
            "agree": ("yes", "yes", "yes", "1"),
            "refuse": ("no", "cancel", "stop"),
            "move": ("move my appointment", f"move my appointment to {when}", when),
            "cancel": ("cancel my appointment", "yes"),
            "settle": ("skip it", "only once", "1", "this and all later ones", "only this one"),
            "come back": ("start", "my appointments", "book"),
        }
        by_therapist = {
            "approve": (f"approve {number}", f"approve {number}", f"approve {number} +15", "approve", "yes"),
            "decline": (f"decline {number}", "decline", "skip", "no"),
            "propose": (f"propose {number}", f"move {number}", "1", "2", "send", "send", when),
            "call off": (f"cancel {number}", "skip", "keep it", "this and all later ones", "only this one"),
            "mark": (f"no show {number}", f"came {number}"),
        }
        if dice.random() < 0.5:
            name = dice.choice(("agree", "agree", "agree", *by_client))
            return name, Deed("says", client, dice.choice(by_client[name]))
        name = dice.choice(("approve", "propose", "propose", *by_therapist))
        return name, Deed("says", therapist, dice.choice(by_therapist[name]))


def live(on: Stage, operations: int, seed: int = 1) -> Result:
    """Live through so many operations, or until something is wrong."""
    result = Result()
    lives = Lives(on, result, seed)
    while result.done.total() < operations and not result.faults:
        lives.story()
    return result


@contextmanager
def _settings(folder: Path, *, on_mariadb: bool) -> Iterator[Settings]:
    common = Settings(_env_file=None, secret_key=SecretStr(token_hex()), sqlite_path=folder / "lives.sqlite3")
    if not on_mariadb:
        yield common
        return
    with PrivateMariaDB(durable=False) as server:
        yield common.model_copy(
            update={
                "db_host": server.host,
                "db_port": server.port,
                "db_user": server.user,
                "db_password": SecretStr(server.password),
                "db_name": server.create_database(),
            }
        )


def main() -> int:
    """Live; 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--operations", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mariadb", action="store_true", help="on a MariaDB of its own instead")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with (
        tempfile.TemporaryDirectory(prefix="lives-") as folder,
        _settings(Path(folder), on_mariadb=options.mariadb) as settings,
        stage(settings) as opened,
    ):
        result = live(opened, options.operations, options.seed)
    print(result)
    return int(bool(result.faults))


if __name__ == "__main__":
    sys.exit(main())
