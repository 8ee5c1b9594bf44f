"""Measures what the shipped classifier makes of other people's texts.

    python -m bench.understanding --data DIR [--mistakes N]

DIR holds the evaluation files, one JSON object a line. They are for measuring only: nothing is learnt from
them. What they mean and what came out: docs/understanding.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from app.understand import chosen
from channels.understanding.features import tokens
from channels.understanding.offline import OfflineClassifier
from channels.understanding.times import TimeReader
from engine.narrow import LOW, NONE_OF_THESE
from flows.vocabulary import load_understanding

Row: TypeAlias = dict[str, Any]

OURS = {
    "time.given": "give.time",
    "other_options": "other.options",
    "find_provider": "get.services",
    "bot_challenge": "smalltalk",
    "change_time_in_flow": "modify.appointment",
    "appointment_question": "question",
    "oos": NONE_OF_THESE,
}
"""The bench's names of intents, where they differ from ours."""
TARGETS = (0.10, 0.05, 0.04, 0.02, 0.01)
NOON_APART = 12 * 60
ONE_ENTITY = {"date", "time", "datetime", "daterange", "timerange", "datetimerange"}


class Answer(NamedTuple):
    """What was made of one row."""

    row: Row
    intent: str
    confidence: float
    seen: bool
    """The text says the same as one of our phrases, such as "yes please"."""

    @property
    def right(self) -> bool:
        """One of the labels that count as right."""
        gold = [self.row["gold"], *(self.row.get("accept") or ())]
        return self.intent in {OURS.get(label, label) for label in gold}


def rows_of(folder: Path, name: str) -> list[Row]:
    """Read one evaluation file; an absent one is said and measured as nothing."""
    path = folder / f"{name}.jsonl"
    if not path.exists():
        print(f"{name}: not in {folder.name}, skipped")
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


async def intents(folder: Path, mistakes: int) -> None:
    """Rows right and false accepts, at several thresholds and at the shipped one."""
    rows = rows_of(folder, "intent_bench_dev")
    if not rows:
        return
    understanding = load_understanding()
    with tempfile.TemporaryDirectory() as weights:
        classifier = await OfflineClassifier.start(
            understanding.training_texts, understanding.synonyms, Path(weights)
        )
    now = datetime.fromisoformat("2019-03-01T09:00:00")
    began = time.perf_counter()
    answers = []
    ours = {tuple(tokens(text)) for texts in understanding.training_texts.values() for text in texts}
    for row in rows:
        reading = await classifier.read(row["text"], now=now, address_hash="")
        intent, confidence, _ = chosen(understanding.vocabulary, row["text"], reading)
        answers.append(Answer(row, intent, confidence, tuple(tokens(row["text"])) in ours))
    print(f"{len(rows)} texts, {(time.perf_counter() - began) / len(rows) * 1000:.2f} ms each\n")
    report_intents(answers, mistakes)


def report_intents(answers: Sequence[Answer], mistakes: int) -> None:
    """Print the table of thresholds, then recall by intent at the shipped threshold."""
    strict = [answer for answer in answers if not answer.row.get("soft")]
    asked = [answer for answer in strict if answer.row["gold"] != "oos"]
    unrelated = [answer for answer in strict if answer.row["gold"] == "oos"]
    therapist = [answer for answer in asked if answer.row["src"] == "sgd/Services_4"]
    soft = [answer for answer in answers if answer.row.get("soft") and answer.row["gold"] != "oos"]
    unseen = [answer for answer in asked if not answer.seen]
    sizes = f"{len(asked)} rows that ask for something, {len(unseen)} of them unseen"
    print(f"{sizes}; {len(unrelated)} unrelated")
    print("threshold   right  unseen  false accepts  therapist  soft")
    for low in [0.0, *(threshold_for(unrelated, target) for target in TARGETS), LOW]:
        shares = [share_right(group, low) for group in (asked, unseen, therapist, soft)]
        false = sum(accepted(answer, low) for answer in unrelated) / len(unrelated)
        mark = "  shipped" if low == LOW else ""
        right = f"{shares[0]:.3f}  {shares[1]:6.3f}"
        print(f"{low:9.3f}   {right}  {false:13.3f}  {shares[2]:9.3f}  {shares[3]:.3f}{mark}")
    print()
    for gold in sorted({answer.row["gold"] for answer in asked}):
        group = [answer for answer in asked if answer.row["gold"] == gold]
        print(f"  {gold:20} {share_right(group, LOW):.2f} of {len(group)}")
    wrong = Counter((a.row["gold"], a.intent) for a in asked if not (a.right and accepted(a, LOW)))
    for (gold, intent), number in wrong.most_common(mistakes):
        print(f"  {number:4} {gold} taken for {intent}")
    print()


def accepted(answer: Answer, low: float) -> bool:
    """Whether the bot would act on it."""
    return answer.intent != NONE_OF_THESE and answer.confidence >= low


def share_right(answers: Sequence[Answer], low: float) -> float:
    """Share that is accepted and right."""
    return sum(answer.right and accepted(answer, low) for answer in answers) / max(len(answers), 1)


def threshold_for(unrelated: Sequence[Answer], target: float) -> float:
    """Find the lowest threshold with at most this share of false accepts."""
    confidences = sorted((a.confidence for a in unrelated if a.intent != NONE_OF_THESE), reverse=True)
    allowed = int(target * len(unrelated))
    return confidences[allowed] + 1e-9 if allowed < len(confidences) else 0.0


def booking_times(folder: Path, mistakes: int) -> None:
    """Day and time both exactly as the source says, in booking utterances."""
    rows = rows_of(folder, "sgd_datetime_dev")
    reader = TimeReader("en")
    plain = asked = 0
    wrong: list[str] = []
    for row in rows:
        found = reader.read(row["text"], datetime.fromisoformat(row["ref"]))
        want = tuple(row[name][1] if name in row else None for name in ("date", "time"))
        plain += day_and_time(found.value) == want
        value = found.latent if row.get("asked") else found.value
        asked += day_and_time(value) == want
        if day_and_time(value) != want:
            wrong.append(f"  {row['text']}  want {want}  got {day_and_time(value)}")
    if rows:
        share, latent = plain / len(rows), asked / len(rows)
        print(f"sgd_datetime: {len(rows)} texts, {share:.3f}; with latent where asked {latent:.3f}")
    print("\n".join(wrong[:mistakes]))


def day_and_time(value: Mapping[str, Any] | None) -> tuple[str | None, str | None]:
    """Day and time of a value."""
    return (value["date"], value["time"]) if value else (None, None)


def duckling_times(folder: Path, language: str) -> None:
    """The start of each expression, at its grain."""
    rows = rows_of(folder, f"duckling_time_{language}_dev")
    reader = TimeReader(language)
    right = 0
    for row in rows:
        found = reader.read(row["text"], datetime.fromisoformat(row["ref"]))
        value = found.latent if row.get("latent") else found.value
        day, _, clock = (row.get("value") or "").partition(" ")
        of_day = row["grain"] in {"second", "minute", "hour"}
        near = value is not None and value["date"] is None and of_day and day <= "2013-02-13"
        same_day = value is not None and (value["date"] == day or near)
        right += same_day and same_clock(value, clock if of_day else "")
    if rows:
        print(f"duckling_time_{language}: {len(rows)} texts, start right {right / len(rows):.3f}")


def recognizers(folder: Path, language: str) -> None:
    """The start of the only expression of each text, against any of the accepted readings."""
    rows = [row for row in rows_of(folder, f"recognizers_{language}_dev") if len(row["ents"]) == 1]
    rows = [row for row in rows if row["ents"][0]["type"] in ONE_ENTITY]
    reader = TimeReader(language)
    right: Counter[str] = Counter()
    for row in rows:
        entity = row["ents"][0]
        value = reader.read(row["text"], datetime.fromisoformat(row["ref"])).value
        right[entity["type"]] += value is not None and any(
            (value["date"] == day or not day) and same_clock(value, clock)
            for day, clock in starts(entity["accept"])
        )
    if rows:
        sizes = Counter(row["ents"][0]["type"] for row in rows)
        kinds = ", ".join(f"{kind} {right[kind]}/{sizes[kind]}" for kind in sorted(sizes))
        share = sum(right.values()) / len(rows)
        print(f"recognizers_{language}: {len(rows)} texts, start right {share:.3f} ({kinds})")


def starts(accept: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """Day and clock time at which each accepted reading begins; empty where it says none."""
    for reading in accept:
        start = reading[0] if isinstance(reading, list) else reading
        parts = (start or "").split(" ")
        yield (
            next((part for part in parts if "-" in part), ""),
            next((part[:5] for part in parts if ":" in part), ""),
        )


def same_clock(value: Mapping[str, Any] | None, clock: str) -> bool:
    """Whether a value's time is this one; either half counts where the text says neither."""
    if value is None or value["time"] is None:
        return value is not None and clock[:5] in {"", "00:00"}
    if not clock:
        return False
    apart = abs(minutes(value["time"]) - minutes(clock))
    return apart == 0 or (bool(value["either_half"]) and apart == NOON_APART)


def minutes(clock: str) -> int:
    """Minutes since midnight."""
    return int(clock[:2]) * 60 + int(clock[3:5])


def negatives(folder: Path) -> None:
    """Texts without a time in which one is found all the same."""
    reader = TimeReader("en")
    now = datetime.fromisoformat("2019-03-01T09:00:00")
    for name in ("recognizers_en_negative", "duckling_time_negative"):
        rows = [row for row in rows_of(folder, name) if row.get("lang", "en") == "en"]
        found = [reader.read(row["text"], now) for row in rows]
        plain, latent = (sum(bool(getattr(one, kind)) for one in found) for kind in ("value", "latent"))
        print(f"{name}: {len(rows)} texts, a time found in {plain}, where one is expected in {latent}")


def main() -> None:
    """Measure everything that the folder has data for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the evaluation files")
    parser.add_argument("--mistakes", type=int, default=0, help="how many of the commonest mistakes to print")
    options = parser.parse_args()
    if not options.data.is_dir():
        sys.exit(f"{options.data}: no such folder; the evaluation files are not part of this project")
    asyncio.run(intents(options.data, options.mistakes))
    booking_times(options.data, options.mistakes)
    for language in ("en", "es"):
        duckling_times(options.data, language)
        recognizers(options.data, language)
    negatives(options.data)


if __name__ == "__main__":
    main()
