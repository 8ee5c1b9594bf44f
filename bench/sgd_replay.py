"""Replays recorded bookings: what people really said to another assistant, said to this one.

    python -m bench.sgd_replay --data FILE [--in-order] [--limit N] [--failures] [--transcripts N]

Each dialogue is held anew, by a new client, through `therapy-booking chat --jsonl`, with a therapist who
is always free (bench/sgd_practice.yaml). The bot leads; the client answers with sentences of this person:

- it begins with the first sentence of the dialogue;
- where the bot asks nothing in particular: the next sentence that asks to book, or gives a day or time;
- where it asks for a time: the next sentence that gives a day or a time. A day that was only named while
  talking to another service (a weather forecast) is given by that sentence;
- where it asks to confirm: the next sentence that agrees, refuses or gives a day or a time, of those said
  before the booking was made;
- where it asks what this person never said (how to meet, what for), or asks to confirm once more than
  this person ever did: its first option is tapped, and the latter is counted;
- where it asks for a time and nothing is left to say: the dialogue ends, not booked.

With `--in-order` every sentence is said in its order, whatever the bot asks; options are tapped only where
it asks how to meet and what for. Dialogues without any booking are held, too: nothing may be booked.

Compared is the booking that the person asked for last in their own words. Where the recorded assistant
refused a booking and the person then named another time, the therapist here declines that same booking,
and the dialogue goes on. Where the person merely accepted the assistant's counter-offer, that offer does
not exist here: the request before it counts. A dialogue in which the person never named the day or the
time at all is `unsaid`, and not part of the share unless it is booked right.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, TypeAlias

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # so that it also runs as a plain script
from bench.sgd_person import Dialogue, Moment, Person, Talker

Line: TypeAlias = dict[str, Any]

HERE = Path(__file__).resolve().parent
COMMAND = str(Path(sys.executable).with_name("therapy-booking"))
PRACTICE = HERE / "sgd_practice.yaml"
NOW = "2019-03-01T09:00:00"
"""The day on which the dialogues were held."""
WORKERS = 2
MOST_TURNS = 60
WAITING = {"pending", "confirmed"}
OUTCOMES = ("right", "wrong time", "wrong date", "not booked", "booked unasked", "unsaid")


class Chat:
    """One running `therapy-booking chat`, and what it answers."""

    def __init__(self, folder: Path, weights: Path, *, practice: Path = PRACTICE, now: str = NOW) -> None:
        """Load the practice into a database of its own and begin."""
        env = {**os.environ, "SQLITE_PATH": str(folder / "replay.sqlite3"), "WEIGHTS_DIR": str(weights)}
        load = [COMMAND, "practice", "load", str(practice)]
        subprocess.run(load, cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)
        talk = [COMMAND, "chat", "--jsonl", "--now", now]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(talk, cwd=folder, env=env, text=True, stdin=pipe, stdout=pipe)

    def say(self, line: Line) -> Line:
        """Send one line. Raises RuntimeError if the chat has ended or refuses it."""
        told, answered = self._pipes()
        print(json.dumps(line), file=told, flush=True)
        answer: Line = json.loads(answered.readline() or '{"error": "the chat has ended"}')
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def end(self) -> None:
        """Close the input and wait."""
        self._pipes()[0].close()
        self._process.wait(timeout=30)

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        if not (self._process.stdin and self._process.stdout):
            raise RuntimeError("the chat has no pipes")
        return self._process.stdin, self._process.stdout


class Replay:
    """One dialogue held anew."""

    def __init__(self, person: Person, client: str) -> None:
        """`client`: a name that nobody else has."""
        self.person = person
        self.client = client
        self.requests = person.requests()
        self.booked: Moment | None = None
        self.turns = 0
        self.taps_to_confirm = 0
        self.transcript: list[str] = []

    def hold(self, chat: Chat) -> None:
        """Talk until the last request is with the therapist, or nothing is left to say."""
        refused = self.requests[:-1]
        answer: Line = {"expects": [], "messages": [], "appointments": []}
        while self.turns < MOST_TURNS and (line := self._line(answer)):
            answer = self._say(chat, line)
            self.booked = self._asked_for(answer)
            if self.booked in refused:
                refused.remove(self.booked)
                last = self._mine(answer, WAITING)[-1]
                answer = self._say(chat, {"from": "therapist:alex", "text": f"decline {last['id']}"})
                self.booked = None
            elif self.booked and not isinstance(self.person, Talker):
                break
        self._leave_calendar_empty(chat, answer)

    def _line(self, answer: Line) -> Line | None:
        offered = [option for message in answer["messages"] for option in message["options"]]
        asked = "choice" if answer["expects"] else ""
        if [option["title"] for option in offered] == ["Yes", "No"]:
            asked = "confirm"
        elif answer["expects"][:1] == ["appointment_time"]:
            asked = "time"
        if (text := self.person.answer(asked)) is not None:
            return {"from": self.client, "text": text}
        if asked == "time" or not offered or (isinstance(self.person, Talker) and self.person.finished):
            return None
        self.taps_to_confirm += asked == "confirm"
        return {"from": self.client, "tap": offered[0]["id"]}

    def _say(self, chat: Chat, line: Line) -> Line:
        answer = chat.say(line)
        self.turns += line["from"] == self.client
        self.transcript.append(f"{line['from']}: {line.get('text') or 'taps ' + line['tap']}")
        for message in answer["messages"]:
            titles = " ".join(f"[{option['title']}]" for option in message["options"])
            self.transcript.append(f"    bot to {message['to']}: {message['text']} {titles}")
        answer["messages"] = [message for message in answer["messages"] if message["to"] == self.client]
        return answer

    def _asked_for(self, answer: Line) -> Moment | None:
        starts = [one["starts_at"] for one in self._mine(answer, WAITING)]
        return (starts[-1][:10], starts[-1][11:16]) if starts else None

    def _mine(self, answer: Line, statuses: set[str]) -> list[Line]:
        name = self.client.partition(":")[2]
        return [one for one in answer["appointments"] if one["client"] == name and one["status"] in statuses]

    def _leave_calendar_empty(self, chat: Chat, answer: Line) -> None:
        """So that the therapist is free again for the next dialogue."""
        if self._mine(answer, {"held"}):
            answer = chat.say({"from": self.client, "text": "cancel"})
        for one in self._mine(answer, WAITING):
            answer = chat.say({"from": "therapist:alex", "text": f"decline {one['id']}"})
        if left := self._mine(answer, {"held", *WAITING}):
            raise RuntimeError(f"the calendar is not empty again: {left}")

    @property
    def as_recorded(self) -> bool | None:
        """Whether the day and time are those of the recording's final booking; None when it has none."""
        book = self.person.dialogue.get("book") or {}
        if not {"appointment_date", "appointment_time"} <= set(book):
            return None
        return self.booked == (book["appointment_date"], book["appointment_time"])

    @property
    def outcome(self) -> str:
        """What came of it."""
        expected = self.requests[-1] if self.requests else None
        if self.booked == expected:
            return "right"
        if expected is None:
            return "booked unasked"
        if not self.person.names_all:
            return "unsaid"
        if self.booked is None:
            return "not booked"
        return "wrong time" if self.booked[0] == expected[0] else "wrong date"


def replayed(dialogues: Sequence[Dialogue], number: int, kind: type[Person], weights: Path) -> list[Replay]:
    """Hold these dialogues, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        chat = Chat(Path(folder), weights)
        replays = [Replay(kind(dialogue), f"client:p{number}x{n}") for n, dialogue in enumerate(dialogues)]
        for replay in replays:
            replay.hold(chat)
        chat.end()
    return replays


def report(replays: Sequence[Replay], *, failures: bool, transcripts: int) -> None:
    """Print what came of them; of the data only ids and values, unless transcripts are wanted."""
    counts = Counter(replay.outcome for replay in replays)
    counted = len(replays) - counts["unsaid"]
    print(f"{counted} dialogues, right {counts['right'] / max(counted, 1):.1%}")
    print(", ".join(f"{outcome} {counts[outcome]}" for outcome in OUTCOMES))
    recorded = [replay.as_recorded for replay in replays if replay.as_recorded is not None]
    print(f"the same as the recording's final booking {sum(recorded)} of {len(recorded)}")
    print(f"turns on average {sum(replay.turns for replay in replays) / max(len(replays), 1):.1f}")
    print(f"confirmed by a tap in the end {sum(replay.taps_to_confirm > 0 for replay in replays)}")
    for replay in replays if failures else ():
        if replay.outcome != "right":
            expected = replay.requests[-1:]
            print(
                replay.person.dialogue["id"], replay.outcome, "expected", *expected, "booked", replay.booked
            )
    for replay in replays[:transcripts]:
        print("\n".join(["", replay.person.dialogue["id"], *replay.transcript]))


def options() -> argparse.Namespace:
    """What the command line says."""
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=shape)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--in-order", action="store_true", help="say every sentence, whatever is asked")
    parser.add_argument("--limit", type=int, help="only the first dialogues")
    parser.add_argument("--failures", action="store_true", help="ids, categories and values of failures")
    parser.add_argument("--transcripts", type=int, default=0, help="print the first conversations")
    parser.add_argument("--weights", type=Path, default=Path("var"), help="where trained weights are kept")
    return parser.parse_args()


def main() -> None:
    """Replay a file."""
    given = options()
    if not given.data.exists():
        sys.exit(f"{given.data} is absent; nothing was measured.")
    rows = [json.loads(line) for line in given.data.read_text(encoding="utf-8").splitlines()]
    dialogues = [row for row in rows if given.in_order or Person(row).requests()][: given.limit]
    kind = Talker if given.in_order else Person
    given.weights.mkdir(exist_ok=True)
    with ThreadPoolExecutor(WORKERS) as pool:
        running = [
            pool.submit(replayed, dialogues[n::WORKERS], n, kind, given.weights.resolve())
            for n in range(WORKERS)
        ]
    replays = [replay for part in running for replay in part.result()]
    report(replays, failures=given.failures, transcripts=given.transcripts)


if __name__ == "__main__":
    main()
