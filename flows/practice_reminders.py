"""What the practice file says of messages that nobody asked for: when they come, and when they never do."""

from __future__ import annotations

import re

from flows.load import seconds_of
from flows.strict_yaml import Items, Node, Problems, Text
from storage.practice import QUIET, REMINDERS

HOURS = re.compile(r"(\d{1,2}):([0-5]\d)-(\d{1,2}):([0-5]\d)")
NONE = "none"
DAY = 24 * 60
LONGEST = 7 * DAY
"""Minutes. Who is reminded earlier has forgotten it again."""
MOST = 5


def read_reminders(node: Node | None, problems: Problems) -> tuple[int, ...]:
    """How many minutes before an appointment its client is reminded, the earliest first."""
    if node is None:
        return REMINDERS
    items = node.items if isinstance(node, Items) else (node,)
    found = set()
    for item in items:
        seconds = seconds_of(item.text) if isinstance(item, Text) else None
        if seconds is None or seconds % 60 or not 0 < seconds // 60 <= LONGEST:
            message = "a reminder comes a length of time before the appointment, seven days at most"
            problems.add(item.place, "bad-reminder", message, "write them like [24h, 1h], or [] for none")
        else:
            found.add(seconds // 60)
    if len(found) > MOST:
        problems.add(node.place, "many-reminders", f"more than {MOST} reminders would only annoy")
    return tuple(sorted(found, reverse=True))


def read_quiet_hours(node: Node | None, problems: Problems) -> tuple[int, int]:
    """From which minute of the local day until which nobody is written to unasked; the same: never so."""
    if node is None:
        return QUIET
    written = node.text.replace(" ", "") if isinstance(node, Text) else ""
    if written == NONE:
        return 0, 0
    match = HOURS.fullmatch(written)
    numbers = [int(part) for part in match.groups()] if match else [DAY, 0, DAY, 0]
    begins, ends = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
    if max(begins, ends) >= DAY or begins == ends:
        message = "these are no hours of the day"
        problems.add(node.place, "bad-hours", message, "write them like 21:00-8:00, or `none`")
        return QUIET
    return begins, ends
