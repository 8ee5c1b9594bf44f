"""The classifier that needs no network and no account: trained weights, synonyms and Duckling.

It learns from flows/understanding.yaml in a process of its own whenever the phrases changed. It never
learns from what people write, and it keeps nothing of it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Final, Self

import structlog

from channels.understanding import weights as weights_file
from channels.understanding.directions import only_a_direction
from channels.understanding.features import tokens
from channels.understanding.fillers import FILLERS
from channels.understanding.local_entities import LocalEntities
from channels.understanding.scoring import Scorer
from channels.understanding.times import TimesFound
from engine.errors import ChannelError
from engine.events import Reading
from engine.narrow import NONE_OF_THESE
from engine.opening import sentences

log = structlog.get_logger(__name__)

ROOT: Final = str(Path(__file__).resolve().parents[2])
"""Where the training process finds this package, wherever it is started from."""
ONE_THREAD: Final = {"OMP_NUM_THREADS": "1"}
"""For the training's linear algebra: its matrices are so small that threads mostly wait for one another."""
GIVES_TIME: Final = "give.time"
OTHER_OPTIONS: Final = "other.options"
NOTHING_ELSE: Final = 0.95
"""How sure it is that a message of nothing but a time gives a time."""


class TrainingFailed(ChannelError):
    """The offline classifier could not be trained; the reason stands above in the log."""


class OfflineClassifier:
    """Reads English (or another language's) messages without asking anybody."""

    name: Final = "offline"
    paid: Final = False

    def __init__(
        self,
        phrases: Mapping[str, Sequence[str]],
        entities: Mapping[str, Mapping[str, Sequence[str]]],
        weights_dir: Path,
        *,
        names: Iterable[str] = (),
        language: str = "en",
        day_first: bool = False,
    ) -> None:
        """Needs the weights that `start` makes. Raises `FileNotFoundError` without them.

        `names`: of services, therapists and places; they do not count as strange words.
        `day_first`: whether 3/4 is the third of April.
        """
        path = weights_file.path_of(weights_dir, weights_file.key_of(phrases))
        synonyms = [word for values in entities.values() for words in values.values() for word in words]
        self._scorer = Scorer(weights_file.load(path), also_known=[*names, *synonyms])
        self.entities = LocalEntities(entities, language=language, day_first=day_first)
        """What finds the entities; it serves other classifiers, too."""
        self._language = language

    @classmethod
    async def start(
        cls,
        phrases: Mapping[str, Sequence[str]],
        entities: Mapping[str, Mapping[str, Sequence[str]]],
        weights_dir: Path,
        *,
        names: Iterable[str] = (),
        language: str = "en",
        day_first: bool = False,
    ) -> Self:
        """Make the classifier ready; train it first, in a few seconds, if these phrases are new."""
        await asyncio.to_thread(weights_dir.mkdir, parents=True, exist_ok=True)
        path = weights_file.path_of(weights_dir, weights_file.key_of(phrases))
        if not await asyncio.to_thread(path.exists):
            await _train(phrases, path)
        return cls(phrases, entities, weights_dir, names=names, language=language, day_first=day_first)

    async def read(self, text: str, *, now: datetime, address_hash: str) -> Reading:
        """Every intent with its confidence, best first, and what the text gives."""
        del address_hash  # only paid classifiers need to tell people apart
        found = self.entities.find(text, now)
        scores = self._scorer.scores(text)
        likeliest = max(scores, key=lambda intent: scores[intent])
        repetition = found.repetition
        says_how_long = repetition.says_nothing_else or repetition.last_day is not None
        says_when = says_how_long or only_days_denied(found.times)
        if says_when or only_a_time(found.times, likeliest=likeliest):
            scores = _almost_surely(GIVES_TIME, scores)
        elif only_a_direction(text):
            scores = _almost_surely(OTHER_OPTIONS, scores)
        return Reading(
            scores=_ranked(scores),
            entities=found.entities,
            latent=found.latent,
            sentences=tuple(_ranked(self._scorer.scores(sentence)) for sentence in sentences(text)),
            language=self._language,
            read_by=self.name,
        )


def _ranked(scores: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(scores.items(), key=lambda scored: -scored[1]))


def _almost_surely(intent: str, scores: Mapping[str, float]) -> dict[str, float]:
    """The scores where the words leave next to no doubt about the intent."""
    others = {name: score * (1 - NOTHING_ELSE) for name, score in scores.items()}
    before = others.get(intent, 0.0)
    return {**others, intent: before + NOTHING_ELSE * (1 - before)}


CANNOT = frozenset({("can", "not"), ("could", "not"), ("will", "not")})
"""Who says so names a time, but none that suits."""
MAY_NAME_A_TIME = frozenset({NONE_OF_THESE, "cancel.appointment"})
"""What is often said with a time and hardly another word: "can't Thursday" asks for no appointment."""
MENTIONS_A_TIME = frozenset({"bye", "thanks", "running.late"})
"""What mentions a time and wishes for none, though all its words may come with one: "see you on Monday"."""
WISHES = frozenset(
    {
        "?",
        "please",
        "want",
        "like",
        "need",
        "prefer",
        "would",
        "can",
        "could",
        "may",
        "shall",
        "how",
        "what",
        "any",
    }
)
"""With one of these it is a wish all the same: "Monday please, thank you"."""


AROUND_A_DENIAL = FILLERS | {
    "no",
    "except",
    "without",
    "leave",
    "leaving",
    "out",
    "skip",
    "skipping",
    "sorry",
    "come",
    "attend",
    "there",
    "here",
    "unavailable",
}


def only_a_time(times: TimesFound, *, likeliest: str) -> bool:
    """Whether a text gives a time and says next to nothing else.

    One other word is allowed unless it makes the text be about something else ("the weather tomorrow").
    A mere mention of a day is no wish ("thanks, see you on Monday").
    """
    said = tokens(times.rest)
    if said and likeliest in MENTIONS_A_TIME and WISHES.isdisjoint(said):
        return False
    if times.value is None or "cancel" in said or any(pair in CANNOT for pair in pairwise(said)):
        return False
    others = [word for word in said if word not in FILLERS and word != "?"]
    return not others or (len(others) == 1 and likeliest not in MAY_NAME_A_TIME)


def only_days_denied(times: TimesFound) -> bool:
    """Whether a text rules out days and says next to nothing else: "not on the 17th, please"."""
    return bool(times.without) and {word for word in tokens(times.rest) if word != "?"} <= AROUND_A_DENIAL


async def _train(phrases: Mapping[str, Sequence[str]], path: Path) -> None:
    """Run the training in a short process of its own, so that its memory is given back."""
    search = os.pathsep.join(filter(None, (ROOT, os.environ.get("PYTHONPATH"))))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "channels.understanding.training",
        str(path),
        stdin=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": search, **ONE_THREAD},
    )
    content = {intent: list(texts) for intent, texts in phrases.items()}
    await process.communicate(json.dumps(content).encode())
    if process.returncode != 0:
        raise TrainingFailed
    log.info("offline classifier trained", intents=len(content), phrases=sum(map(len, content.values())))
