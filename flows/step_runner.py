"""Runs booking steps for the engine, and holds each to what it declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.errors import TurnFailed
from engine.ports import Moment, Outcome
from flows.booking_turn import BookingTurn
from flows.calendar_address import CalendarAddresses
from flows.practice import PracticeBook
from flows.registry import Step
from flows.texts import Texts
from flows.waitlist import offer_released
from storage.units import TurnUnit


@dataclass(frozen=True, slots=True)
class StepRunner:
    """The engine's port for steps."""

    steps: Mapping[str, Step]
    practice: Callable[[], PracticeBook]
    """The practice as it is now."""
    texts: Callable[[], Texts]
    """The texts as they are now."""
    calendars: CalendarAddresses

    async def run(self, name: str, moment: Moment, tx: TurnUnit) -> Outcome:
        """Run a step inside the turn's transaction; what it has given back is offered to who waits for it.

        Raises TurnFailed when it breaks its declaration.
        """
        found = self.steps[name]
        turn = BookingTurn(moment, self.practice(), self.texts(), self.calendars)
        outcome: Outcome = await found.run(turn, tx.tables)
        undeclared = (
            ({outcome.name} - set(found.spec.outcomes))
            | (set(outcome.tells) - set(found.spec.tells))
            | (set(outcome.remembers) - set(found.spec.remembers))
        )
        if undeclared:
            raise TurnFailed(f"The step {name} never declared {', '.join(sorted(undeclared))}.")
        await offer_released(turn, tx.tables)
        return outcome
