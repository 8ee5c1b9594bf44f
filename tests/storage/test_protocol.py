"""The calendar as a state machine: whatever is done in whatever order, claims are those of what stands.

Beside the races of bench/protocol.py, whose failures cannot be told again, this tells the shortest story.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bench.law import claims_astray, looked_at, overlaps, series_apart
from storage.lifecycle import ACCEPT, APPROVE, ASK, MOVES, Move
from storage.proposals import Proposal
from storage.settings import StorageSettings
from storage.store import Storage, Transaction
from tests.storage.diary import option
from tests.storage.samples import NOW, TEN, conversation_with, new_appointment

STARTS = st.integers(0, 11).map(lambda place: TEN + 30 * place)
PEOPLE = st.integers(0, 1)
AGO = st.integers(0, 3)
"""Which appointment is meant: 0 is the latest."""
WAIT = 900
T = TypeVar("T")
SEVERAL = st.lists(STARTS, min_size=1, max_size=3, unique=True)
CONFIRMING = frozenset(name for name, move in MOVES.items() if move.to == "confirmed")
OTHERS = sorted(MOVES.keys() - CONFIRMING - {"propose", "give_way"})


class DiedHere(Exception):
    """The process ends before its transaction does."""


class Protocol(RuleBasedStateMachine):
    """Two therapists and two clients of a practice, one thing after the other."""

    empty: StorageSettings
    """A migrated database that nobody uses."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._folder = tempfile.TemporaryDirectory()
        self._settings = replace(self.empty, sqlite_path=Path(self._folder.name) / "protocol.sqlite3")
        shutil.copy(self.empty.sqlite_path, self._settings.sqlite_path)
        self._now, self._causes = NOW, 0
        self._known: list[int] = []
        self._storage: Storage = self._runner.run(Storage.open(self._settings, clock=lambda: self._now))

    @initialize()
    def people_meet(self) -> None:
        self._therapists = [self._met(f"t{one}", "therapist") for one in range(2)]
        self._clients = [self._met(f"c{one}", "client") for one in range(2)]

    def _met(self, name: str, role: str) -> int:
        return self._runner.run(conversation_with(self._storage, f"chat:{name}", role)).person.id

    def _do(self, deed: Callable[[Transaction], Awaitable[T]], *, dies: bool) -> T | None:
        async def whole() -> T:
            async with self._storage.transaction() as tx:
                done = await deed(tx)
                if dies:
                    await tx.claims.count()  # whatever was deferred has reached the database
                    raise DiedHere
                return done

        try:
            return self._runner.run(whole())
        except DiedHere:
            return None

    def _one(self, ago: int) -> int:
        return self._known[max(0, len(self._known) - 1 - ago)]

    def _cause(self) -> str:
        self._causes += 1
        return f"cause {self._causes}"

    @rule(therapist=PEOPLE, client=PEOPLE, start=STARTS, dies=st.booleans())
    def hold(self, therapist: int, client: int, start: int, *, dies: bool) -> None:
        new = new_appointment(
            self._therapists[therapist],
            self._clients[client],
            self._cause(),
            start,
            status="held",
            expires_at=self._now + WAIT,
        )
        self._known += filter(None, [self._do(lambda tx: tx.calendar.take(new, self._now), dies=dies)])

    @rule(therapist=PEOPLE, client=PEOPLE, starts=SEVERAL, dies=st.booleans())
    def hold_series(self, therapist: int, client: int, starts: list[int], *, dies: bool) -> None:
        wanted = [
            new_appointment(
                self._therapists[therapist],
                self._clients[client],
                self._cause(),
                start,
                status="held",
                expires_at=self._now + WAIT,
            )
            for start in starts
        ]
        taken = self._do(lambda tx: tx.calendar.take_all(wanted, self._now), dies=dies)
        self._known += taken.numbers if taken else ()

    @precondition(lambda self: self._known)
    @rule(ago=AGO, starts=SEVERAL, offers=st.booleans(), dies=st.booleans())
    def move(self, ago: int, starts: list[int], *, offers: bool, dies: bool) -> None:
        """Of what does not stand any more nothing may come."""
        one = self._one(ago)

        async def moving(tx: Transaction) -> int | None:
            found = await tx.appointments.get(one)
            assert found
            new = new_appointment(
                found.therapist.id,
                found.client.id,
                self._cause(),
                starts[0],
                status="proposed" if offers else "held",
                expires_at=self._now + WAIT,
                replaces=one,
            )
            options = [option(start) for start in starts] if offers else ()
            number = await tx.calendar.take(new, self._now, options)
            assert number is None or found.status == "confirmed"
            return number

        self._known += filter(None, [self._do(moving, dies=dies)])

    @precondition(lambda self: self._known)
    @rule(ago=AGO, starts=SEVERAL, dies=st.booleans())
    def propose(self, ago: int, starts: list[int], *, dies: bool) -> None:
        one = self._one(ago)

        async def proposing(tx: Transaction) -> None:
            found = await tx.appointments.get(one)
            assert found
            if found.series is None:  # a series is taken as a whole
                options = [option(start) for start in starts]
                await tx.calendar.propose(found, options, self._now, expires_at=self._now + WAIT)

        self._do(proposing, dies=dies)

    @precondition(lambda self: self._known)
    @rule(ago=AGO, name=st.sampled_from(sorted(CONFIRMING)), place=PEOPLE, dies=st.booleans())
    def confirm(self, ago: int, name: str, place: int, *, dies: bool) -> None:
        one = self._one(ago)

        async def confirming(tx: Transaction) -> None:
            found, move = await tx.appointments.get(one), MOVES[name]
            assert found
            options: list[Proposal] = await tx.proposals.of(one) if move == ACCEPT else []
            if self._may_be_answered(found.series, one, move) and (options or move != ACCEPT):
                chosen = options[place % len(options)] if options else None
                await tx.calendar.confirm(found, move, self._now, chosen)

        self._do(confirming, dies=dies)

    @precondition(lambda self: self._known)
    @rule(ago=AGO)
    def go_on(self, ago: int) -> None:
        """As it mostly goes: asked for, approved, or one of the times taken."""
        one = self._one(ago)

        async def going_on(tx: Transaction) -> None:
            found = await tx.appointments.get(one)
            assert found
            if found.status == "held" and found.leads:
                await tx.calendar.move_on(one, ASK, self._now, expires_at=self._now + WAIT)
            elif found.status == "pending" and found.leads:
                await tx.calendar.confirm(found, APPROVE, self._now)
            elif found.status == "proposed":
                await tx.calendar.confirm(found, ACCEPT, self._now, (await tx.proposals.of(one))[0])

        self._do(going_on, dies=False)

    @precondition(lambda self: self._known)
    @rule(ago=AGO, name=st.sampled_from(OTHERS), dies=st.booleans())
    def change(self, ago: int, name: str, *, dies: bool) -> None:
        one = self._one(ago)

        async def changing(tx: Transaction) -> None:
            found, move = await tx.appointments.get(one), MOVES[name]
            assert found
            if self._may_be_answered(found.series, one, move):
                until = None if move.gives_time_back else self._now + WAIT
                await tx.calendar.move_on(one, move, self._now, expires_at=until)

        self._do(changing, dies=dies)

    @staticmethod
    def _may_be_answered(series: int | None, one: int, move: Move) -> bool:
        """What waits of a series is answered by its first."""
        return series in {None, one} or not move.is_of_what_waits

    @rule(seconds=st.sampled_from([1, WAIT - 1, WAIT]))
    def time_passes(self, seconds: int) -> None:
        self._now += seconds

    @invariant()
    def claims_are_those_of_what_stands(self) -> None:
        with looked_at([self._settings]) as opened:
            assert (claims_astray(opened), overlaps(opened), series_apart(opened)) == (0, 0, 0)

    def teardown(self) -> None:
        self._runner.run(self._storage.close())
        self._runner.close()
        self._folder.cleanup()


@pytest.mark.timeout(300)
def test_in_whatever_order_claims_are_those_of_what_stands(sqlite_settings: StorageSettings) -> None:
    machine = type("OnThisDatabase", (Protocol,), {"empty": sqlite_settings})
    machine.TestCase.settings = settings(  # type: ignore[attr-defined]
        max_examples=40,
        stateful_step_count=50,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    machine.TestCase().runTest()  # type: ignore[attr-defined]
