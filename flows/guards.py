"""Predicates that flows.yaml may put after `if`. Pure: they see the conversation, the event and the time."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from engine.events import Event
from engine.snapshot import Snapshot
from flows.slots import local
from flows.wishes import Wish

CLEARLY = 0.6
"""How sure a classifier must be of a no that gives a held time back."""
OFTEN = 3
LATELY = 12 * 3600
"""Seconds. With what follows it stays far inside the 24 hours in which free text may be sent."""
TODAY = 23 * 3600
"""Seconds. Whoever wrote so lately can be written to in free text."""


def one_time_is_offered(snapshot: Snapshot, event: Event, now: int) -> bool:
    """Just one time was offered, so a plain yes can only mean that one."""
    offered = snapshot.memory.get("offered_times")
    return isinstance(offered, list) and len(offered) == 1


def agrees_to_the_held_time(snapshot: Snapshot, event: Event, now: int) -> bool:
    """The person said yes and named the time that is being held anyway, and nothing of how often."""
    slot = snapshot.memory.get("slot")
    if "yes" not in (event.data.get("intent"), event.data.get("opening")) or not isinstance(slot, dict):
        return False
    if speaks_of_how_often(snapshot, event, now):
        return False
    wall = local(int(str(slot["start"])), ZoneInfo(str(slot["zone"])))
    wish = Wish.of(event.data.get("appointment_time"))
    return not wish.shift and wish.suits_day(wall.date()) and wish.suits_minute(wall.hour * 60 + wall.minute)


def speaks_of_another_time(snapshot: Snapshot, event: Event, now: int) -> bool:
    """What was wished for is to be instead of a time that there is: "an hour later", "move it to Friday"."""
    return "moves" in event.data or bool(Wish.of(event.data.get("appointment_time")).shift)


def only_rules_out_a_day(snapshot: Snapshot, event: Event, now: int) -> bool:
    """The person cannot come on a day, and wishes for no other: "I'm ill, I can't come tomorrow"."""
    return "without" in event.data and "appointment_time" not in event.data


def names_one_time(snapshot: Snapshot, event: Event, now: int) -> bool:
    """Besides the answer there is a day with a time in what the person wrote, and not merely a day."""
    return Wish.of(event.data.get("appointment_time")).one_moment


def speaks_of_how_often(snapshot: Snapshot, event: Event, now: int) -> bool:
    """In what the person wrote there is how often it is to be: "only once", "every other week".

    Of a series that is being booked "until the end of March" says so, too.
    """
    return "repetition" in event.data or ("repeats" in snapshot.memory and "last_day" in event.data)


def leaves_out_a_day(snapshot: Snapshot, event: Event, now: int) -> bool:
    """There is a series, and the person has ruled out a day of it: "not on the 17th"."""
    return "repeats" in snapshot.memory and ("without" in event.data or "away" in event.data)


def asks_something_too(snapshot: Snapshot, event: Event, now: int) -> bool:
    """Besides the answer there is a question in what the person wrote."""
    return event.data.get("intent") == "question"


def said_exactly(snapshot: Snapshot, event: Event, now: int) -> bool:
    """It was tapped or said in the very words for it; no classifier had to find out what was meant."""
    return "intent" not in event.data


def said_clearly(snapshot: Snapshot, event: Event, now: int) -> bool:
    """It was said in the very words for it, or began with them, or the classifier was all but certain."""
    sure = float(str(event.data.get("confidence") or 0)) >= CLEARLY
    return sure or event.data.get("opening") == event.name or said_exactly(snapshot, event, now)


def answers_a_person(snapshot: Snapshot, event: Event, now: int) -> bool:
    """It was written in reply to a message in which we passed on somebody's own words."""
    return "relay" in event.data


def danger_was_spoken_of(snapshot: Snapshot, event: Event, now: int) -> bool:
    """Words of danger were heard, and the person has not said since that they want to go on."""
    return "numbers" in snapshot.memory


def misheard_often(snapshot: Snapshot, event: Event, now: int) -> bool:
    """Nothing has been understood three times in a row."""
    return snapshot.misses >= OFTEN


def is_only_looking(snapshot: Snapshot, event: Event, now: int) -> bool:
    """The person wants to see what is free, and has neither begun to book nor named one time."""
    named = "slot" in event.data or Wish.of(event.data.get("appointment_time")).one_moment
    return "service_type" not in snapshot.memory and not named


def concerns_this_request(snapshot: Snapshot, event: Event, now: int) -> bool:
    """The news is about the request that this conversation is waiting for, not about another one."""
    awaited = snapshot.memory.get("appointment")
    return awaited is not None and event.data.get("appointment") == awaited


def awaited_lately(snapshot: Snapshot, event: Event, now: int) -> bool:
    """It is about the request that this conversation waits for, and the person wrote within half a day."""
    lately = snapshot.heard_at is not None and now <= snapshot.heard_at + LATELY
    return lately and concerns_this_request(snapshot, event, now)


def heard_today(snapshot: Snapshot, event: Event, now: int) -> bool:
    """The person wrote so lately that WhatsApp takes whatever words somebody has for them."""
    return snapshot.heard_at is not None and now <= snapshot.heard_at + TODAY


def was_reminded(snapshot: Snapshot, event: Event, now: int) -> bool:
    """The last thing that the person was told is that an appointment is coming."""
    return snapshot.memory.get("reminded") is not None


def concerns_what_is_moved(snapshot: Snapshot, event: Event, now: int) -> bool:
    """The news is about the appointment that the request in this conversation is to replace."""
    moving = snapshot.memory.get("moving")
    return moving is not None and event.data.get("appointment") == moving


def times_were_proposed(snapshot: Snapshot, event: Event, now: int) -> bool:
    """A therapist has proposed other times, and the person has not answered."""
    return snapshot.memory.get("proposal") is not None


def was_interrupted(snapshot: Snapshot, event: Event, now: int) -> bool:
    """A request came between a question to the therapist and their answer, so a yes may be to either."""
    return snapshot.memory.get("interrupted") is not None


def was_offered(snapshot: Snapshot, event: Event, now: int) -> bool:
    """The last thing that the person was told is that a time which they wait for is free."""
    return snapshot.memory.get("on_offer") is not None


def is_about_the_same_request(snapshot: Snapshot, event: Event, now: int) -> bool:
    """The request that is named is the one that was read out."""
    read_out = snapshot.memory.get("request")
    return read_out is not None and event.data.get("request") == str(read_out)


GUARDS = {
    guard.__name__: guard
    for guard in (
        one_time_is_offered,
        agrees_to_the_held_time,
        asks_something_too,
        speaks_of_another_time,
        only_rules_out_a_day,
        names_one_time,
        speaks_of_how_often,
        leaves_out_a_day,
        said_exactly,
        said_clearly,
        answers_a_person,
        danger_was_spoken_of,
        misheard_often,
        is_only_looking,
        concerns_this_request,
        awaited_lately,
        heard_today,
        was_reminded,
        concerns_what_is_moved,
        times_were_proposed,
        was_interrupted,
        was_offered,
        is_about_the_same_request,
    )
}

RECENT = {awaited_lately.__name__: LATELY, heard_today.__name__: TODAY}
"""Guards that hold only of somebody heard at most so many seconds ago."""

IMPLIED = {awaited_lately.__name__: concerns_this_request.__name__}
"""Guards, each with another one that holds whenever it does: behind that one it would never be asked."""
