"""Phrases -> weights, in a short process of its own, because scikit-learn is too big for the server.

    python -m channels.understanding.training WEIGHTS_FILE < phrases.json

`phrases.json` maps each intent to its texts. The server never imports this module.
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from scipy.sparse import hstack
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from channels.understanding.features import counts
from channels.understanding.weights import Block, Weights, save

STRENGTH = 3.0
"""How far the weights may follow the phrases (scikit-learn's C)."""
DIGITS = 4
"""Decimals kept of each weight: more changes no answer."""

Counts: TypeAlias = "list[dict[str, float]]"


def train(phrases: Mapping[str, Sequence[str]]) -> Weights:
    """Learn which grams speak for which intent."""
    labelled = [(intent, counts(text)) for intent, texts in phrases.items() for text in texts]
    labels = [intent for intent, _ in labelled]
    blocks = [_weighed([grams[block] for _, grams in labelled]) for block in (0, 1)]
    vectorizers = [DictVectorizer().fit(rows) for rows, _ in blocks]
    matrix = hstack([v.transform(rows) for v, (rows, _) in zip(vectorizers, blocks, strict=True)]).tocsr()
    model = LogisticRegression(C=STRENGTH, max_iter=2000).fit(matrix, labels)
    columns = model.coef_.T.round(DIGITS).tolist()
    made: list[Block] = []
    for vectorizer, (_, idf) in zip(vectorizers, blocks, strict=True):
        names = vectorizer.get_feature_names_out().tolist()
        made.append(Block(idf, dict(zip(names, columns[: len(names)], strict=True))))
        columns = columns[len(names) :]
    return Weights(model.classes_.tolist(), model.intercept_.round(DIGITS).tolist(), *made)


def _weighed(rows: Counts) -> tuple[Counts, dict[str, float]]:
    """Damped counts times how telling each gram is, each row of length one."""
    seen = Counter(gram for row in rows for gram in row)
    idf = {gram: round(math.log((1 + len(rows)) / (1 + n)) + 1.0, DIGITS) for gram, n in seen.items()}
    weighed = []
    for row in rows:
        values = {gram: count * idf[gram] for gram, count in row.items()}
        length = math.sqrt(sum(value * value for value in values.values())) or 1.0
        weighed.append({gram: value / length for gram, value in values.items()})
    return weighed, idf


def main() -> None:
    """Train from standard input and write the file named on the command line."""
    save(train(json.load(sys.stdin)), Path(sys.argv[1]))


if __name__ == "__main__":
    main()
