"""How time is taken and given back: the one way in which appointments and claims are written, together.

    claims = the units of every active appointment (of a `proposed` one: of its proposals),
             but for those that the appointment which it replaces has already

Everything here happens inside the caller's transaction. Who writes to two people's calendars queues up for
both of them first, so that rivals wait instead of colliding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from engine.errors import TurnFailed
from storage.appointments import Appointment, Appointments, NewAppointment
from storage.claims import Claims, Stretch
from storage.lifecycle import GIVE_WAY, PROPOSE, Move
from storage.proposals import Proposal, Proposals
from storage.waitlist import Waitlist


class TimeLost(TurnFailed):
    """An appointment has not the time that its status says: nothing may be built upon that."""


class Together(NamedTuple):
    """What became of appointments that are to be taken all or not at all; one of the two is empty."""

    numbers: tuple[int, ...]
    """Those of the appointments, in the order in which they were wanted."""
    lost: tuple[int, ...]
    """Places in that order, from 0, of those whose time is taken; then nothing was added."""


class Calendar:
    """The protocol over the tables `appointments`, `proposals` and `claims`."""

    def __init__(
        self, appointments: Appointments, proposals: Proposals, claims: Claims, waitlist: Waitlist
    ) -> None:
        self._appointments = appointments
        self._proposals = proposals
        self._claims = claims
        self._waitlist = waitlist
        self.released: list[int] = []
        """Appointments that have given back time in this transaction: somebody may wait for it."""

    async def queue_up(self, *people: int) -> None:
        """Wait for whoever is writing to these people's calendars, until the transaction ends. Deferred."""
        await self._claims.lock_resources(people)

    async def take(self, new: NewAppointment, now: int, proposed: Sequence[Proposal] = ()) -> int | None:
        """Add an appointment with its time, or with those `proposed`.

        None: some of that is taken, or what it is to replace does not stand any more. What has run out gives
        way, whether or not anybody has tidied up. `now` in seconds.
        """
        people = (new.therapist_id, new.client_id)
        stretches = [_of(option) for option in proposed] or [_of(new)]
        await self.queue_up(*people)
        marked = await self._appointments.mark(new.replaces) if new.replaces is not None else None
        number = await self._appointments.add(new)
        is_overtaken = marked is not None and not marked.found
        if is_overtaken or not await self._claim(number, people, stretches, now, sharing=new.replaces):
            await self._appointments.remove(number)
            return None
        if proposed:
            await self._proposals.put(number, proposed)
        return number

    async def take_all(self, wanted: Sequence[NewAppointment], now: int) -> Together:
        """Add all of these appointments with their times, or none if some are taken or overlap each other.

        They are a series then, which is asked for and answered by the number of the first. What has run out
        gives way, also when nothing comes of it. `now` in seconds.
        """
        await self.queue_up(*(person for new in wanted for person in (new.therapist_id, new.client_id)))
        found: list[int | None] = []
        for new in wanted:
            lead = next((number for number in found if number is not None), None)
            found.append(await self.take(replace(new, series=lead), now))
        numbers = tuple(number for number in found if number is not None)
        if numbers and len(numbers) == len(wanted):
            await self._appointments.lead(numbers[0])
            return Together(numbers, ())
        for number in numbers:  # nobody waits for what was never anybody's
            await self._claims.release(number)
            await self._appointments.remove(number)
        return Together((), tuple(place for place, number in enumerate(found) if number is None))

    async def move_on(
        self,
        appointment_id: int,
        move: Move,
        now: int,
        *,
        expires_at: int | None = None,
        address: str | None = None,
        late: bool = False,
        reason: str | None = None,
    ) -> bool:
        """Change an appointment's status by a legal move, and give back what is taken no more.

        False: it is not where the move begins, or its time is over; nothing was changed. Whatever else was to
        replace it ends with it, and with the first of a series that waits the others move on. Moves to
        `confirmed` are `confirm`'s, and to `proposed` `propose`'s.
        """
        if not await self._appointments.move_on(
            appointment_id, move, now, expires_at=expires_at, address=address, late=late, reason=reason
        ):
            return False
        if move.gives_time_back:
            await self._release(appointment_id)
            if move.is_of_what_waits:
                await self._claims.release_series(appointment_id)
            if "confirmed" in move.frm:
                await self._appointments.end_moves_of(appointment_id)
                await self._claims.release_moves_of(appointment_id)
        return True

    async def confirm(
        self, appointment: Appointment, move: Move, now: int, chosen: Proposal | None = None
    ) -> bool:
        """Confirm what was asked for, or the time `chosen` of those proposed; what it replaces gives way.

        False: it is too late for that, and nothing was changed. Raises TimeLost.
        """
        people = (appointment.therapist.id, appointment.client.id)
        await self.queue_up(*people)
        if not await self.move_on(appointment.id, move, now):
            return False
        if appointment.replaces is not None:
            await self.move_on(appointment.replaces, GIVE_WAY, now)
            replaced = await self._appointments.get(appointment.replaces)
            if replaced is not None and replaced.series is not None:
                await self._appointments.join(appointment.id, replaced.series)
        if chosen is None and appointment.replaces is None:
            return True
        if chosen is not None:
            await self._release(appointment.id)
            await self._appointments.set_time(appointment.id, chosen)
        if not await self._claim(appointment.id, people, [_of(chosen or appointment)], now):
            raise TimeLost(f"Appointment {appointment.id} has lost its time.")
        return True

    async def propose(
        self,
        appointment: Appointment,
        options: Sequence[Proposal],
        now: int,
        *,
        expires_at: int,
        reason: str | None = None,
    ) -> bool | None:
        """Offer other times instead of the one asked for, which is free again.

        None: one of the options is taken; False: it is too late to propose. Then nothing was changed.
        """
        people = (appointment.therapist.id, appointment.client.id)
        stretches, shared = [_of(option) for option in options], appointment.replaces
        await self.queue_up(*people)
        if not await self._appointments.lock(appointment.id, PROPOSE, now):
            return False
        if not await self._claim(appointment.id, people, stretches, now, sharing=shared):
            return None
        await self._appointments.move_on(appointment.id, PROPOSE, now, expires_at=expires_at, reason=reason)
        await self._release(appointment.id)
        await self._claims.claim(appointment.id, people, stretches, sharing=shared)
        await self._proposals.put(appointment.id, options)
        return True

    async def expire(self, appointment_id: int, now: int) -> bool:
        """End what has run out, a series by its first. False: it has not, or it has ended otherwise since."""
        if not await self._appointments.expire(appointment_id, now):
            return False
        await self._release(appointment_id)
        await self._claims.release_series(appointment_id)
        return True

    async def _release(self, appointment_id: int) -> None:
        await self._claims.release(appointment_id)
        await self._waitlist.look()
        self.released.append(appointment_id)

    async def _claim(
        self,
        number: int,
        people: tuple[int, int],
        stretches: Sequence[Stretch],
        now: int,
        *,
        sharing: int | None = None,
    ) -> bool:
        """Claim all of it for an appointment, or none; what has run out gives way."""
        if await self._claims.claim(number, people, stretches, sharing=sharing):
            return True
        evicted = await self._evict(people, stretches, now)
        return evicted and await self._claims.claim(number, people, stretches, sharing=sharing)

    async def _evict(self, people: Iterable[int], stretches: Iterable[Stretch], now: int) -> bool:
        """Let what has run out give way. False: there was nothing."""
        evicted = False
        for stretch in stretches:
            for stale in await self._appointments.expired_colliding(people, *stretch, now):
                evicted |= await self.expire(stale.series or stale.id, now)
        return evicted


def _of(time: NewAppointment | Appointment | Proposal) -> Stretch:
    return time.claimed_from, time.claimed_until
