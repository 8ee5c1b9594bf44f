"""What must hold of appointments and claims at any moment, worked out anew from the tables alone.

Written without the code that it judges: plain statements, and the law in Python.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations

from sqlalchemy import Connection, text

from storage.revision import connection
from storage.settings import StorageSettings

UNIT = 5
APPOINTMENTS = text(
    "SELECT id, therapist_id, client_id, replaces, claimed_from, claimed_until FROM appointments "
    "WHERE status IN ('held', 'pending', 'confirmed') "
    "UNION ALL "
    "SELECT a.id, a.therapist_id, a.client_id, a.replaces, p.claimed_from, p.claimed_until "
    "FROM appointments a JOIN proposals p ON p.appointment_id = a.id WHERE a.status = 'proposed'"
)
WITHOUT_PROPOSALS = text(
    "SELECT count(*) FROM appointments WHERE status = 'proposed' "
    "AND id NOT IN (SELECT appointment_id FROM proposals)"
)
APART = text(
    "SELECT count(*) FROM (SELECT a.series FROM appointments a JOIN appointments b ON b.series = a.series "
    "WHERE a.status IN ('held', 'pending') AND (b.status <> a.status OR b.expires_at <> a.expires_at) "
    "GROUP BY a.series) apart"
)
ROWS = text(
    "SELECT id, therapist_id, client_id, status, replaces, series, claimed_from, claimed_until, created_at "
    "FROM appointments ORDER BY id"
)
CLAIMS = text("SELECT resource_id, unit, appointment_id FROM claims")


@dataclass(frozen=True, slots=True)
class Taken:
    """A stretch that an active appointment takes, or one of those it may come to take."""

    appointment: int
    therapist: int
    client: int
    replaces: int | None
    since: int
    until: int

    def units(self) -> Iterator[tuple[int, int]]:
        """Each person and unit that it needs."""
        for person in {self.therapist, self.client}:
            for unit in range(self.since // UNIT, -(-self.until // UNIT)):
                yield person, unit

    def meets(self, other: Taken) -> bool:
        """Whether one person would have to be in two places."""
        is_one = self.appointment == other.appointment
        is_move = self.replaces == other.appointment or other.replaces == self.appointment
        shared = {self.therapist, self.client} & {other.therapist, other.client}
        in_time = self.since < other.until and other.since < self.until
        return bool(shared) and in_time and not is_one and not is_move


@contextmanager
def looked_at(servers: Sequence[StorageSettings]) -> Iterator[Connection]:
    """A connection that sees everything that was committed, also by way of another node of a cluster."""
    with connection(servers[-1]) as opened:
        if len(servers) > 1:
            opened.execute(text("SET SESSION wsrep_sync_wait = 1"))
        yield opened


def overlaps(opened: Connection) -> int:
    """How many pairs of active appointments have one person in two places: must be 0."""
    by_person: dict[int, list[Taken]] = {}
    for one in _taken(opened):
        for person in {one.therapist, one.client}:
            by_person.setdefault(person, []).append(one)
    found = {
        (one.appointment, other.appointment)
        for stretches in by_person.values()
        for one, other in combinations(stretches, 2)
        if one.meets(other)
    }
    return len(found)


def claims_astray(opened: Connection) -> int:
    """How many claims belong to nothing active, or are missing of something active: must be 0."""
    without: int = opened.execute(WITHOUT_PROPOSALS).scalar_one()
    return len(_astray(opened)) + without


def what_is_astray(opened: Connection) -> str:
    """Every appointment of which claims are astray, with its row: where to begin to look."""
    owners = Counter(owner for owner, _, _ in _astray(opened))
    rows = [row._asdict() for row in opened.execute(ROWS) if row.id in owners]
    unknown = owners.keys() - {row["id"] for row in rows}
    lines = [f"{owners[row['id']]} claims astray of {row}" for row in rows]
    return "\n".join([*lines, *(f"{owners[one]} claims of {one}, which does not exist" for one in unknown)])


def _astray(opened: Connection) -> set[tuple[int, int, int]]:
    """Appointment, person and unit of every claim that is there in vain, or is missing."""
    taken = list(_taken(opened))
    standing = {one.appointment for one in taken}
    needed = {(one.appointment, *unit) for one in taken for unit in one.units()}
    claimed = {(owner, person, unit) for person, unit, owner in opened.execute(CLAIMS)}
    replaced = {one.appointment: one.replaces for one in taken if one.replaces in standing}
    shared = {
        (owner, person, unit)
        for owner, person, unit in needed
        if owner in replaced and (replaced[owner], person, unit) in claimed
    }
    return claimed ^ (needed - shared)


def series_apart(opened: Connection) -> int:
    """How many series wait, and not as one: must be 0."""
    found: int = opened.execute(APART).scalar_one()
    return found


def _taken(opened: Connection) -> Iterator[Taken]:
    for row in opened.execute(APPOINTMENTS):
        yield Taken(*row)
