"""Whose conversation a message belongs to: the client's flow or the therapist's."""

from __future__ import annotations

from channels.ports import Door, Therapists


class Route:
    """Decides by the door a message came through and by who wrote it.

    With two numbers the door tells: at the therapists' door only therapists are served, and a therapist
    who writes to the practice's number is a client there. With one number the writer tells.
    """

    def __init__(self, therapists: Therapists, *, one_number: bool) -> None:
        self._therapists = therapists
        self._one_number = one_number

    async def flow_of(self, door: Door, address: str) -> str:
        """`client`, `therapist`, or `stranger`: nobody we know, at the therapists' door."""
        if door == "therapist":
            return "therapist" if await self._therapists.is_therapist(address) else "stranger"
        if self._one_number and await self._therapists.is_therapist(address):
            return "therapist"
        return "client"
