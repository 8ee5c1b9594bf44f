"""Appointments that new rules would not allow. They stay: nobody's session is called off by a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from flows.practice import PracticeBook
from flows.slots import local
from flows.working_time import working_time
from storage.appointments import Appointment


def left_over(practice: PracticeBook, appointments: Iterable[Appointment]) -> Iterator[Appointment]:
    """Those that do not lie within the working time of their therapist, or whose therapist is gone."""
    therapists = {one.id: one for one in practice.therapists}
    for one in appointments:
        therapist = therapists.get(one.therapist.id)
        if therapist is None:
            yield one
            continue
        before = local(one.starts_at, ZoneInfo(therapist.zone)).date() - timedelta(days=1)
        working = working_time(therapist, one.service, one.service_type, before, 3)
        if not any(start <= one.starts_at and one.ends_at <= end for start, end in working):
            yield one
