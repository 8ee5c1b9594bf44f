"""What training leaves behind and reading needs: one JSON file, named after the phrases it was made from.

No pickle: a weights file must never be able to run code.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

FORMAT = 1
"""Raise it whenever features or training change, so that old weights are not used with new code."""


@dataclass(frozen=True, slots=True)
class Block:
    """The weights of one kind of gram."""

    idf: dict[str, float]
    """Gram -> how telling it is."""
    rows: Mapping[str, Sequence[float]]
    """Gram -> its weight for each intent."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A trained classifier."""

    intents: list[str]
    bias: list[float]
    words: Block
    letters: Block


def key_of(phrases: Mapping[str, Sequence[str]]) -> str:
    """Name these phrases: the same phrases in any order of intents give the same key."""
    ordered = {intent: list(texts) for intent, texts in sorted(phrases.items())}
    content = json.dumps([FORMAT, ordered], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def path_of(folder: Path, key: str) -> Path:
    """Where the weights for a key are kept."""
    return folder / f"intents-{key}.json"


def load(path: Path) -> Weights:
    """Read weights. Raises `FileNotFoundError`, or `ValueError` when the file is damaged."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        words, letters = (_packed(**stored[name]) for name in ("words", "letters"))
        return Weights(stored["intents"], stored["bias"], words, letters)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path.name} is damaged; delete it and it is made anew") from error


def _packed(idf: dict[str, float], rows: dict[str, list[float]]) -> Block:
    """Keep the weights as plain machine numbers: a quarter of the memory of Python's own."""
    return Block(idf, {gram: array("f", row) for gram, row in rows.items()})


def save(weights: Weights, path: Path) -> None:
    """Write weights so that a reader sees either all of them or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(weights), file, ensure_ascii=False, separators=(",", ":"))
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
