"""What people must have been told of each appointment, worked out from what became of it.

Looks when everything is settled: no turn is waiting and no deadline is to come. Told is what lies in the
outbox; what it is about and why it was said stands beside it and in the journal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from storage.appointments import Appointment
from storage.store import Storage

PAGE = 1_000
ONCE = frozenset(
    {
        *("approved", "declined", "called_off", "request_expired", "proposal_lapsed", "request_arrived"),
        *("request_withdrawn", "client_cancelled", "request_lapsed", "booked_at_once"),
        *("proposal_accepted", "proposal_refused", "proposal_unanswered"),
    }
)
"""News that nobody may hear twice of the same appointment."""
OF_ALL = ONCE | {"client_not_told", "client_not_reached"}
"""What is said of all of a series where it is said of the first."""
TOOK_PLACE = frozenset({"confirmed", "completed", "no_show", "moved"})
BELIED: Mapping[str, AbstractSet[str]] = {
    "approved": TOOK_PLACE | {"cancelled"},
    "booked_at_once": TOOK_PLACE | {"cancelled"},
    "proposal_accepted": TOOK_PLACE | {"cancelled"},
    "declined": {"declined"},
    "proposal_refused": {"declined"},
    "request_expired": {"expired"},
    "proposal_lapsed": {"expired"},
    "request_lapsed": {"expired"},
    "proposal_unanswered": {"expired"},
    "called_off": {"cancelled"},
    "client_cancelled": {"cancelled"},
    "request_withdrawn": {"cancelled"},
}
"""News with the statuses that do not belie it."""


@dataclass
class Heard:
    """How often either side was told which news of one appointment."""

    client: Counter[str] = field(default_factory=Counter)
    therapist: Counter[str] = field(default_factory=Counter)


async def news_astray(storage: Storage) -> list[str]:
    """What somebody was told wrongly, twice, or not at all: must be empty."""
    appointments = await storage.appointments.all()
    heard = await _heard(storage, _together(appointments))
    return [
        f"{one.id} ({one.status}): {fault}"
        for one in appointments
        for fault in _faults(one, heard.get(one.id, Heard()))
    ]


def _together(appointments: Sequence[Appointment]) -> dict[int, set[int]]:
    """By the first of a series all that were asked for with it."""
    series: dict[int, set[int]] = {}
    for one in appointments:
        if one.series is not None and one.replaces is None:
            series.setdefault(one.series, set()).add(one.id)
    return series


async def _heard(storage: Storage, together: Mapping[int, set[int]]) -> dict[int, Heard]:
    """By appointment, from every message that answered nothing and says what it is about.

    What was said of the first of a series was said of all, but for what names the others that it is about.
    """
    events = {
        (talk.id, entry.turn): entry.event
        for talk in await storage.conversations.all_states()
        for entry in await storage.journal.of(talk.id)
    }
    heard: dict[int, Heard] = {}
    last = 0
    while page := await storage.outbox.since(last, PAGE):
        for owed in page:
            told = owed.unasked or {}
            about, others = told.get("appointment"), told.get("others")
            if not isinstance(about, int):
                continue
            event = events[owed.conversation_id, owed.turn]
            named = {one for one in others if isinstance(one, int)} if isinstance(others, list) else None
            is_of_all = event in OF_ALL and named is None
            for number in {about} | (together.get(about, set()) if is_of_all else named or set()):
                one = heard.setdefault(number, Heard())
                side = one.client if owed.flow == "client" else one.therapist
                side[event] += 1
        last = page[-1].id
    return heard


def _faults(one: Appointment, heard: Heard) -> Iterator[str]:
    for side in (heard.client, heard.therapist):
        for event, times in side.items():
            if event in ONCE and times > 1:
                yield f"{event} was told {times} times"
            if one.status not in BELIED.get(event, {one.status}):
                yield f"{event} was told"
    wanted_of_client, wanted_of_therapist = _must_be_told(one, heard)
    has_phoned = "client_not_told" in heard.therapist  # who wants no messages is phoned instead
    if wanted_of_client and not has_phoned and not wanted_of_client & heard.client.keys():
        yield f"the client was not told {sorted(wanted_of_client)}"
    if wanted_of_therapist and not wanted_of_therapist & heard.therapist.keys():
        yield f"the therapist was not told {sorted(wanted_of_therapist)}"


def _must_be_told(one: Appointment, heard: Heard) -> tuple[AbstractSet[str], AbstractSet[str]]:
    """Of which news the client must have heard one, and of which the therapist; none: of nothing."""
    knows_client, knows_therapist = bool(heard.client), bool(heard.therapist)
    by_client = one.cancelled_by == "client"
    match one.status:
        case "confirmed" | "completed" | "no_show" | "moved":
            is_own_doing = bool({"booked_at_once", "proposal_accepted"} & heard.therapist.keys())
            return (set() if is_own_doing else {"approved"}), set()
        case "declined":
            return (set(), {"proposal_refused"}) if by_client else ({"declined"}, set())
        case "expired" if knows_client or knows_therapist:
            return {"request_expired", "proposal_lapsed"}, {"request_lapsed", "proposal_unanswered"}
        case "cancelled" if one.cancelled_by == "therapist":
            return {"called_off"}, set()
        case "cancelled" if by_client and knows_therapist:
            return set(), {"client_cancelled", "request_withdrawn"}
    return set(), set()
