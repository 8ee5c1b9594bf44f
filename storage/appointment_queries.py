"""The statements of `appointments`, some of them for lists of different lengths. Nothing runs here."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    case,
    cast,
    delete,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
    update,
)

from storage.lifecycle import ACTIVE, WAITING, Move
from storage.people import COLUMNS as PERSON
from storage.sql import Insert, Query, given, listed
from storage.tables import appointments, blocked_times, claims, people, proposals

OWN = (
    appointments.c.id,
    appointments.c.service,
    appointments.c.service_type,
    appointments.c.starts_at,
    appointments.c.ends_at,
    appointments.c.claimed_from,
    appointments.c.claimed_until,
    appointments.c.zone,
    appointments.c.wall_time,
    appointments.c.status,
    appointments.c.expires_at,
    appointments.c.cancelled_by,
    appointments.c.address,
    appointments.c.client_confirmed_at,
    appointments.c.replaces,
    appointments.c.cancelled_late,
    appointments.c.reason,
    appointments.c.series,
)
_therapist = people.alias("therapist_person")
_client = people.alias("client_person")
_THERAPIST = tuple(_therapist.c[column.name] for column in PERSON)
_CLIENT = tuple(_client.c[column.name] for column in PERSON)
_SELECT = (
    select(*OWN, *_THERAPIST, *_CLIENT)
    .join(_therapist, _therapist.c.id == appointments.c.therapist_id)
    .join(_client, _client.c.id == appointments.c.client_id)
)
_unexpired = or_(appointments.c.expires_at.is_(None), appointments.c.expires_at > given("now"))
_RUN_OUT = (appointments.c.status.in_(WAITING), appointments.c.expires_at <= given("now"))

ADD = Insert(appointments)
BY_OP_KEY = Query(select(appointments.c.id).where(appointments.c.op_key == given("op_key")))
_OF_SERIES = appointments.c.series == given("appointment")
_OTHERS = and_(_OF_SERIES, appointments.c.id != given("appointment"))
_EXPIRED = {"status": "expired", "expires_at": null(), "updated_at": given("at")}
EXPIRE = Query(
    update(appointments).where(appointments.c.id == given("appointment"), *_RUN_OUT).values(**_EXPIRED)
)
EXPIRE_OTHERS = Query(
    update(appointments).where(_OTHERS, appointments.c.status.in_(WAITING)).values(**_EXPIRED)
)
LEAD = Query(
    update(appointments).where(appointments.c.id == given("appointment")).values(series=appointments.c.id)
)
JOIN = Query(
    update(appointments).where(appointments.c.id == given("appointment")).values(series=given("lead"))
)
SERIES = Query(_SELECT.where(_OF_SERIES).order_by(appointments.c.starts_at, appointments.c.id))
_LEADS = func.coalesce(appointments.c.series, appointments.c.id) == appointments.c.id
COUNT_OPEN = Query(
    select(func.count())
    .select_from(appointments)
    .where(
        appointments.c.client_id == given("client"),
        appointments.c.status.in_(WAITING),
        _unexpired,
        _LEADS,
    )
)
RECORD = Query(
    select(
        func.sum(case((appointments.c.status == "no_show", 1), else_=0)),
        func.sum(func.coalesce(appointments.c.cancelled_late, 0)),
    ).where(
        appointments.c.client_id == given("client"),
        appointments.c.status.in_(("no_show", "cancelled")),
        appointments.c.starts_at > given("since"),
    )
)
REMOVE = Query(delete(appointments).where(appointments.c.id == given("appointment")))
GET = Query(_SELECT.where(appointments.c.id == given("appointment")))
ALL = Query(_SELECT.order_by(appointments.c.id))
COMING = Query(
    _SELECT.where(
        appointments.c.ends_at > given("after"),
        appointments.c.status.in_([status for status in ACTIVE if status != "held"]),
    ).order_by(appointments.c.starts_at, appointments.c.id)
)


END_MOVES_OF = Query(
    update(appointments)
    .where(appointments.c.replaces == given("appointment"), appointments.c.status.in_(WAITING))
    .values(status="cancelled", expires_at=null(), updated_at=given("at"))
)
MARK = Query(
    update(appointments)
    .where(appointments.c.id == given("appointment"), appointments.c.status == "confirmed")
    .values(
        updated_at=case(
            (appointments.c.updated_at < given("at"), given("at")), else_=appointments.c.updated_at + 1
        )
    )
)
REPLACING = Query(
    _SELECT.where(appointments.c.replaces == given("appointment")).order_by(appointments.c.id.desc())
)
KEPT = Query(
    select(func.count())
    .select_from(appointments)
    .where(
        appointments.c.client_id == given("client"),
        appointments.c.therapist_id == given("therapist"),
        appointments.c.status.in_(("confirmed", "completed")),
        appointments.c.ends_at <= given("until"),
    )
)
WITH_SOMEBODY = ("pending", "confirmed", "completed", "no_show", "cancelled")
"""A client has chosen this therapist, who did not decline."""
SEEN_LAST_BY = Query(
    select(appointments.c.therapist_id)
    .where(appointments.c.client_id == given("client"), appointments.c.status.in_(WITH_SOMEBODY))
    .order_by(appointments.c.starts_at.desc())
    .limit(1)
)
SET_TIME = Query(
    update(appointments)
    .where(appointments.c.id == given("appointment"))
    .values(
        starts_at=given("starts"),
        ends_at=given("ends"),
        claimed_from=given("since"),
        claimed_until=given("until"),
        zone=given("in_zone"),
        wall_time=given("wall"),
    )
)


@cache
def move_on(move: Move) -> Query:
    """One row, if it is where the move begins."""
    return Query(update(appointments).where(*_begins(move)).values(**_changes(move)))


@cache
def move_others_on(move: Move) -> Query:
    """Likewise, of a series that begins with it, whatever still waits."""
    waiting = [status for status in move.frm if status in WAITING]
    return Query(
        update(appointments).where(_OTHERS, appointments.c.status.in_(waiting)).values(**_changes(move))
    )


def _changes(move: Move) -> dict[str, Any]:
    return {
        "status": move.to,
        "expires_at": given("until"),
        "cancelled_by": move.by or appointments.c.cancelled_by,
        "cancelled_late": func.coalesce(given("late"), appointments.c.cancelled_late),
        "reason": func.coalesce(given("why"), appointments.c.reason),
        "address": func.coalesce(given("where"), appointments.c.address),
        "updated_at": given("at"),
    }


@cache
def lock(move: Move) -> Query:
    """Likewise, and nobody else changes it any more."""
    return Query(select(appointments.c.id).where(*_begins(move)).with_for_update())


def _begins(move: Move) -> list[ColumnElement[bool]]:
    in_time = [_unexpired] if move.in_time else []
    return [appointments.c.id == given("appointment"), appointments.c.status.in_(move.frm), *in_time]


def _in_time(statement: Select[Any]) -> Query:
    return Query(statement.order_by(appointments.c.starts_at, appointments.c.id))


@cache
def of_client(count: int) -> Query:
    """A client's, of so many statuses."""
    return _in_time(
        _SELECT.where(
            appointments.c.client_id == given("client"),
            appointments.c.status.in_(listed("status", count)),
            appointments.c.ends_at > given("after"),
        )
    )


@cache
def of_therapist(count: int) -> Query:
    """A therapist's in a stretch of time, of so many statuses."""
    return _in_time(
        _SELECT.where(
            appointments.c.therapist_id == given("therapist"),
            appointments.c.status.in_(listed("status", count)),
            appointments.c.ends_at > given("since"),
            appointments.c.starts_at < given("until"),
        )
    )


@cache
def busy(count: int) -> Query:
    """What takes the time of so many people, as therapists or as clients, or is blocked by them.

    All of it is one value, a JSON array of five numbers for each stretch: person, since, until, appointment,
    and when that starts. A driver in Python takes longer to read a row than the database to find it.
    """
    sides = (appointments.c.therapist_id, appointments.c.client_id)
    own = (
        _taking(
            select(
                side.label("person"),
                appointments.c.claimed_from.label("since"),
                appointments.c.claimed_until.label("until"),
                appointments.c.id.label("appointment"),
                appointments.c.starts_at.label("starts_at"),
            ),
            side,
            count,
        ).where(
            appointments.c.claimed_until > given("since"),
            appointments.c.claimed_from < given("until"),
            appointments.c.status.in_([status for status in ACTIVE if status != "proposed"]),
        )
        for side in sides
    )
    proposed = (
        _taking(
            select(
                side.label("person"),
                proposals.c.claimed_from.label("since"),
                proposals.c.claimed_until,
                appointments.c.id.label("appointment"),
                proposals.c.starts_at,
            ).join(appointments, appointments.c.id == proposals.c.appointment_id),
            side,
            count,
        ).where(
            appointments.c.status == "proposed",
            proposals.c.claimed_until > given("since"),
            proposals.c.claimed_from < given("until"),
        )
        for side in sides
    )
    blocked = select(
        blocked_times.c.therapist_id.label("person"),
        blocked_times.c.from_minute.label("since"),
        blocked_times.c.until_minute,
        literal(0).label("appointment"),
        blocked_times.c.from_minute,
    ).where(
        blocked_times.c.therapist_id.in_(listed("person", count)),
        blocked_times.c.until_minute > given("since"),
        blocked_times.c.from_minute < given("until"),
    )
    # Each part has an index of its own, which OR would keep from being used.
    taken = union_all(*own, *proposed, blocked).subquery("taken")
    one: ColumnElement[str] = cast(taken.c.person, String)
    for column in (taken.c.since, taken.c.until, taken.c.appointment, taken.c.starts_at):
        one = one + "," + cast(column, String)
    return Query(select(literal("[") + func.coalesce(func.group_concat(one), "") + "]"))


def _taking(statement: Select[Any], side: ColumnElement[int], count: int) -> Select[Any]:
    """Of what so many people have: that which has not run out and is in the asker's way."""
    return statement.where(
        side.in_(listed("person", count)),
        or_(appointments.c.status == "confirmed", _unexpired),
        or_(
            func.coalesce(appointments.c.series, appointments.c.id) != given("besides"),
            appointments.c.status != "held",
        ),
        appointments.c.id != given("moving"),
    )


@cache
def colliding(count: int) -> Query:
    """What has run out and still claims the time of so many resources."""
    touching = select(claims.c.appointment_id).where(
        claims.c.resource_id.in_(listed("resource", count)),
        claims.c.unit >= given("since"),
        claims.c.unit < given("until"),
    )
    return Query(
        _SELECT.where(
            appointments.c.id.in_(touching),
            *_RUN_OUT,
        ).order_by(appointments.c.id)
    )
