"""With whom a client would like to be: one by name, anybody, or somebody else than is on offer."""

from __future__ import annotations

from collections.abc import Sequence

from engine.events import Value
from flows.booking_turn import BookingTurn
from flows.therapist_names import asked_for, asks_for_another, asks_for_anybody, turned_down
from storage.practice import Therapist


def said_with_whom(turn: BookingTurn) -> dict[str, Value]:
    """What was said about the therapist, to be remembered."""
    text = turn.moment.heard.text
    if named := asked_for(text, turn.practice.therapists):
        return {"asked_for": named.id, "not_with": None, "slot": None}
    if unwanted := turned_down(text, turn.practice.therapists):
        return {"asked_for": None, "not_with": unwanted.id, "slot": None}
    if asks_for_another(text) and (now := _on_offer(turn)) is not None:
        return {"asked_for": None, "not_with": now, "slot": None}
    if asks_for_anybody(text):
        return {"asked_for": None, "not_with": None}
    return {}


def not_turned_down(turn: BookingTurn, therapists: Sequence[Therapist]) -> list[Therapist]:
    """Those whom the client has not turned down."""
    return [one for one in therapists if one.id != turn.remembered_number("not_with")]


def _on_offer(turn: BookingTurn) -> int | None:
    """The one therapist whom the client has been offered last, if there is just one."""
    if (asked := turn.remembered_number("asked_for")) is not None:
        return asked
    offered = turn.memory.get("offered_times")
    choices = offered if isinstance(offered, list) and not turn.memory.get("slot") else []
    therapists = {_therapist_of(choice) for choice in choices}
    return therapists.pop() if len(therapists) == 1 else turn.remembered_number("therapist")


def _therapist_of(choice: Value) -> int | None:
    match choice:
        case {"data": {"slot": {"therapist": therapist}}}:
            return int(str(therapist))
    return None
