"""Looks at one thing after the other, and tells for each what was found or what to do.

A check that needs another one is passed over when that one failed, so that one mistake is told once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from engine.errors import TherapyBookingError

Verdict: TypeAlias = Literal["good", "bad", "skipped"]


class Ailment(TherapyBookingError):
    """Something is not as it has to be."""

    def __init__(self, what: str, cure: str) -> None:
        """`what` is wrong, and what the operator can do about it: a sentence each."""
        super().__init__(what)
        self.cure = cure


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at."""

    name: str
    look: Callable[[], Awaitable[str]]
    """Returns what was found, in a few words. Raises Ailment, or an error of ours that says what to do."""
    needs: tuple[str, ...] = ()
    """Names of checks without which this one cannot be made, and of settings that have to be readable."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check came to."""

    name: str
    verdict: Verdict
    told: str
    cure: str = ""


async def examine(checks: Sequence[Check]) -> AsyncIterator[Finding]:
    """Make all checks, in their order."""
    not_good: set[str] = set()
    for check in checks:
        missing = [name for name in check.needs if name in not_good]
        finding = (
            Finding(check.name, "skipped", f"not looked at: first mend “{missing[0]}”")
            if missing
            else await _made(check)
        )
        if finding.verdict != "good":
            not_good.add(check.name)
        yield finding


async def _made(check: Check) -> Finding:
    try:
        return Finding(check.name, "good", await check.look())
    except Ailment as ailment:
        return Finding(check.name, "bad", str(ailment), ailment.cure)
    except TherapyBookingError as error:
        return Finding(check.name, "bad", str(error))
