"""Steps that find out once which clock a client goes by whose number is of another time zone."""

from __future__ import annotations

from engine.events import Value
from engine.ports import Outcome
from flows.booking_turn import BookingTurn
from flows.choices import MOST
from flows.clocks import clocks, shares_clock, zones_of_number
from flows.registry import step
from flows.wishes import Wish
from storage.store import Transaction

HALF_A_DAY, A_DAY = 12 * 60, 24 * 60
NEARLY = 10
"""Minutes between what somebody reads from a clock and what it shows when that arrives."""


@step("known", "unsure", remembers=("offered_clocks",))
async def find_clock(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Find out whether it is known what the client's clock shows; otherwise offer what it may show."""
    slot = turn.memory.get("slot")
    begins = int(str(slot["start"])) if isinstance(slot, dict) else turn.minute
    if turn.their_zone or shares_clock(turn.their_zones, turn.zone, begins):
        return Outcome("known")
    offered: list[Value] = [
        {"title": shown, "data": {"zone": zone}} for shown, zone in _possible(turn).items()
    ]
    return Outcome("unsure", remembers={"offered_clocks": offered[:MOST]})


@step("taken", remembers=("clock",))
async def take_clock(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Keep the zone of the clock that the client has picked."""
    zone = str(turn.data["zone"])
    await tx.people.settle(turn.person_id, zone=zone)
    return Outcome("taken", remembers={"clock": zone})


@step("noted", "unclear", remembers=("clock",))
async def note_clock(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Keep the zone whose clock shows the time that the client has written."""
    zone = _zone_of(turn, Wish.of(turn.data.get("appointment_time")))
    if zone is None:
        return Outcome("unclear")
    await tx.people.settle(turn.person_id, zone=zone)
    return Outcome("noted", remembers={"clock": zone})


@step("guessed", remembers=("clock",))
async def guess_clock(turn: BookingTurn, tx: Transaction) -> Outcome:
    """Keep the first zone that the client's number may be of."""
    zone = (*zones_of_number(turn.person.address), turn.zone.key)[0]
    await tx.people.settle(turn.person_id, zone=zone)
    return Outcome("guessed", remembers={"clock": zone})


def _possible(turn: BookingTurn) -> dict[str, str]:
    """What the client's clock may show now, the practice's time first, each with a zone."""
    return clocks((turn.zone.key, *zones_of_number(turn.person.address)), turn.minute)


def _zone_of(turn: BookingTurn, said: Wish) -> str | None:
    """Whose clock shows about the time that was said, if it was a time."""
    if said.start is None or said.end is not None:
        return None
    around = HALF_A_DAY if said.either_half else A_DAY
    for shown, zone in _possible(turn).items():
        hours, minutes = shown.split(":")
        apart = (int(hours) * 60 + int(minutes) - said.start) % around
        if min(apart, around - apart) <= NEARLY:
            return zone
    return None
