"""Replays recorded chats with a doctor's assistant, in which people change their minds and digress.

    python -m bench.star_replay --data FILE [--failures] [--transcripts N]

Every sentence is said in its order, whatever was asked, by a new client on the weekday of the recording at 8
in the morning; the doctors are always free (bench/star_practice.yaml). Counted are:

- crashes: the chat ended or refused a line;
- dead ends: sentences that were answered with nothing, and passed on to nobody;
- wrong bookings: a request that went to a therapist for an hour that this person never named, or although
  they only asked what the doctor had said.

What the person named is found without our own reader: the hours in figures and words of their sentences.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from bench.sgd_replay import Chat

Row: TypeAlias = dict[str, Any]

HERE = Path(__file__).resolve().parent
WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FIRST = 2
"""Of March 2026: a Monday."""
IN_WORDS = [
    *("one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
]
HOUR = re.compile(
    rf"\b(\d{{1,2}})(?::?\d\d)?(?:\b|(?=[ap]\.?m))|\b({'|'.join(IN_WORDS)})\b|\b(noon|midday|midnight)\b",
    re.IGNORECASE,
)
SENT = {"pending", "confirmed"}
WORKERS = 2


@dataclass
class Outcome:
    """What came of one dialogue."""

    id: str
    crashed: str = ""
    silent: int = 0
    booked: list[str] = field(default_factory=list)
    """Starts of what was asked for, as local times."""
    wrong: list[str] = field(default_factory=list)
    has_booking: bool = False
    transcript: list[str] = field(default_factory=list)


def sentences(row: Row) -> list[str]:
    """What the person wrote."""
    return [event[1] for event in row["ev"] if event[0] == "U"]


def hours(texts: Sequence[str]) -> set[int]:
    """Every hour of a clock with twelve that somebody may have named."""
    found = set()
    for text in texts:
        for figures, word, name in HOUR.findall(text):
            hour = int(figures) if figures else IN_WORDS.index(word.lower()) + 1 if word else 12
            found |= {hour % 12} if name or hour <= 24 else set()  # a larger number is a dose
    return found


def hold(chat: Chat, row: Row, client: str) -> Outcome:
    """Say everything; at the end leave nothing behind."""
    outcome, texts = Outcome(row["id"], has_booking="doctor_schedule" in row["tasks"]), sentences(row)
    name, seen = client.partition(":")[2], dict[int, str]()
    try:
        for text in texts:
            answer = chat.say({"from": client, "text": text})
            told = [message for message in answer["messages"] if message["to"] == client]
            outcome.silent += not answer["messages"]  # what was passed on to a person is answered by them
            outcome.transcript += [f"{client}: {text}", *(f"    bot: {message['text']}" for message in told)]
            mine = [one for one in answer["appointments"] if one["client"] == name]
            seen |= {one["id"]: one["starts_at"] for one in mine if one["status"] in SENT}
        chat.say({"from": client, "text": "cancel"})
        for number in seen:
            for doctor in ("alexis", "morgan", "johnson"):
                chat.say({"from": f"therapist:{doctor}", "text": f"decline {number}"})
    except RuntimeError as error:
        outcome.crashed = str(error)
    outcome.booked = sorted(seen.values())
    named = hours(texts)
    outcome.wrong = [
        start for start in outcome.booked if not outcome.has_booking or int(start[11:13]) % 12 not in named
    ]
    return outcome


def replayed(rows: Sequence[Row], weekday: int, weights: Path) -> list[Outcome]:
    """Hold the dialogues of one weekday, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        now = f"2026-03-{FIRST + weekday:02}T08:00:00"
        chat = Chat(Path(folder), weights, practice=HERE / "star_practice.yaml", now=now)
        outcomes = [hold(chat, row, f"client:w{weekday}x{number}") for number, row in enumerate(rows)]
        chat.end()
    return outcomes


def weekday_of(row: Row) -> int:
    """The day on which a dialogue was held, as its instructions say; Monday where they do not."""
    found = re.search("|".join(WEEK), f"{row['wizard_task']} {row['user_task']}")
    return WEEK.index(found[0]) if found else 0


def main() -> None:
    """Replay a file."""
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=shape)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--failures", action="store_true", help="ids and values of what went wrong")
    parser.add_argument(
        "--transcripts", type=int, default=0, help="print so many conversations that went wrong"
    )
    parser.add_argument("--weights", type=Path, default=Path("var"), help="where trained weights are kept")
    given = parser.parse_args()
    if not given.data.exists():
        sys.exit(f"{given.data} is absent; nothing was measured.")
    by_day: dict[int, list[Row]] = defaultdict(list)
    for line in given.data.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        by_day[weekday_of(row)].append(row)
    given.weights.mkdir(exist_ok=True)
    with ThreadPoolExecutor(WORKERS) as pool:
        running = [pool.submit(replayed, rows, day, given.weights.resolve()) for day, rows in by_day.items()]
    outcomes = [outcome for part in running for outcome in part.result()]
    booking = Counter(bool(one.booked) for one in outcomes if one.has_booking)
    print(
        f"{len(outcomes)} dialogues: {sum(bool(one.crashed) for one in outcomes)} crashed, "
        f"{sum(one.silent for one in outcomes)} sentences answered with nothing, "
        f"{sum(bool(one.wrong) for one in outcomes)} with a wrong booking; "
        f"of {booking.total()} with a booking {booking[True]} sent a request"
    )
    bad = [one for one in outcomes if one.crashed or one.silent or one.wrong]
    for one in bad if given.failures else ():
        print(one.id, one.crashed, f"silent {one.silent}", "wrong", *one.wrong)
    for one in bad[: given.transcripts]:
        print("\n".join(["", one.id, *one.transcript]))


if __name__ == "__main__":
    main()
