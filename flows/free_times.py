"""Who could see a client when: working time, less what is taken, for one therapist or for any of several."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from flows.practice import PracticeBook
from flows.slots import DAY, Busy, free_starts, local
from flows.working_time import working_time
from flows.workload import WEEK, Workload
from storage.appointments import Taken
from storage.practice import Therapist

MARGIN = WEEK + DAY
"""Minutes before and after a stretch whose appointments matter for it: those of the same week count."""


@dataclass(frozen=True, slots=True)
class Search:
    """What free times are looked for."""

    therapists: Sequence[Therapist]
    service: str
    service_type: str
    client: int
    """Whose appointments are in the way, too: nobody is in two places at once."""
    own: int | None = None
    """The client's own therapist, who is preferred to the others."""

    @property
    def people(self) -> list[int]:
        """Whose time matters."""
        return [self.client, *(one.id for one in self.therapists)]


def free_times(
    practice: PracticeBook, search: Search, taken: Sequence[Taken], low: int, high: int
) -> dict[int, int]:
    """Every free time from `low` to `high`, and the therapist who is to have it. All in minutes.

    That is the client's own, or else who has fewest appointments in that week. `taken`: everything of these
    people from `MARGIN` before `low` to `MARGIN` after `high`.
    """
    found: dict[int, tuple[int, int]] = {}
    """By start: who, and how many appointments that therapist has in the week."""
    by_person: dict[int, list[Taken]] = defaultdict(list)
    for one in taken:
        by_person[one.person].append(one)
    for therapist in sorted(search.therapists, key=lambda one: one.id != search.own):
        terms = practice.terms(therapist.id, search.service, search.service_type)
        first = local(low, ZoneInfo(therapist.zone)).date() - timedelta(days=1)
        days = (high - low) // DAY + 3
        working = working_time(therapist, search.service, search.service_type, first, days)
        in_the_way = by_person[therapist.id] + by_person[search.client]
        busy = [Busy(one.start, one.end) for one in in_the_way]
        workload = Workload(therapist, by_person[therapist.id])
        for start in free_starts(working, busy, terms.shape, low, high):
            load = workload.of_week(start)
            if load is None:
                continue
            other = found.get(start)
            if other is None or (other[0] != search.own and load < other[1]):
                found[start] = (therapist.id, load)
    return {start: who for start, (who, _) in found.items()}
